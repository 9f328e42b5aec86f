"""The requirements of a designation (rule 7): which are met, which are missing, and what the candidate can still do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal, NamedTuple

from domain import calendar
from domain.events import ResultFacts
from domain.scheme import Programme
from domain.state import State
from domain.vocabulary import Status


class Assessment(NamedTuple):
    """Where one assessment stands, computed from its accepted results (rule 9).

    `deciding` is the pass, or else the newest scored result. `next_attempt_on` is a day in the body's zone.
    """

    domain: str
    status: Literal["open", "passed", "exhausted"]
    attempts: int
    deciding: ResultFacts | None
    next_attempt_on: date | None


def assess(state: State, domain: str) -> Assessment:
    """The assessment of one domain, computed from its accepted results in order of (`taken_at`, `result_id`).

    A failure or a no-show uses an attempt, a voided attempt does not (rule 12). The first pass stands (rule 9).
    """
    attempts = 0
    last: ResultFacts | None = None
    newest_scored: ResultFacts | None = None
    for result in counted(state, domain):
        attempts += 1
        if result.passed:
            return Assessment(domain=domain, status="passed", attempts=attempts, deciding=result, next_attempt_on=None)
        last = result
        newest_scored = result if result.score else newest_scored
    none_left = attempts >= state.attempts
    return Assessment(
        domain=domain,
        status="exhausted" if none_left else "open",
        attempts=attempts,
        deciding=newest_scored,
        next_attempt_on=None if none_left or last is None else _next_attempt_on(state, last),
    )


def _next_attempt_on(state: State, last: ResultFacts) -> date | None:
    """The first day (body's zone) of the next attempt; None where an attempt on that day could not count (R15)."""
    window, zone = state.window, state.zone
    if window is None or window.closed or state.certificate or state.closed:
        return None
    day = calendar.add_days(calendar.day_of(last.taken_at, zone), state.programme.rules.retakes.wait_days)
    ends_at = attempts_settle_at(state)
    if day > window.deadline or (ends_at is not None and ends_at <= calendar.start_of(day, zone)):
        return None
    return day


def attempts_settle_at(state: State) -> datetime | None:
    """When (UTC) a candidacy with used-up attempts closes; None where no attempts are used up.

    Of settlements that overlap, the latest end counts, that of the testing window included (R4).
    """
    if not state.settlements:
        return None
    latest = max(state.settlements.values())
    overlaps = state.window is not None and latest > state.window.closes_at
    return max(latest, state.window.settles_at) if state.window and overlaps else latest


def counted(state: State, domain: str) -> list[ResultFacts]:
    """The accepted results of a domain that use an attempt, in the order in which they were taken."""
    return sorted(_attempts(state, domain), key=as_taken)


def _attempts(state: State, domain: str) -> list[ResultFacts]:
    """The accepted results of a domain that use an attempt, in no order."""
    return [result for result in state.results.values() if result.domain == domain and result.outcome != "voided"]


def as_taken(result: ResultFacts) -> tuple[datetime, str]:
    """The place of a result in the order in which results were taken (rule 9)."""
    return result.taken_at, result.result_id


def passed(state: State, domain: str) -> bool:
    """Whether the assessment of this domain is passed."""
    return any(result.passed for result in _attempts(state, domain))


def exhausted(state: State) -> list[str]:
    """The domains of the required assessments at which every attempt was used without a pass."""
    attempts, limit = _attempts_of_all(state), state.attempts
    return [
        domain for domain in required(state) if _without_pass(used := attempts.get(domain, [])) and len(used) >= limit
    ]


def _any_open(state: State) -> bool:
    """Whether a required assessment is neither passed nor exhausted."""
    attempts, limit = _attempts_of_all(state), state.attempts
    return any(_without_pass(used := attempts.get(domain, [])) and len(used) < limit for domain in required(state))


def _attempts_of_all(state: State) -> dict[str, list[ResultFacts]]:
    """The accepted results that use an attempt, in no order, by their domain."""
    attempts: dict[str, list[ResultFacts]] = {}
    for result in state.results.values():
        if result.outcome != "voided":
            attempts.setdefault(result.domain, []).append(result)
    return attempts


def _without_pass(attempts: list[ResultFacts]) -> bool:
    return not any(result.passed for result in attempts)


def first_pass(state: State, domain: str) -> ResultFacts | None:
    """The pass that decides this assessment; None where it is not passed (rule 9)."""
    return next((result for result in counted(state, domain) if result.passed), None)


def after_pass(state: State, result: ResultFacts) -> bool:
    """Whether a result was taken after the pass of its assessment, so that it counts as nothing (R17)."""
    deciding = first_pass(without(state, result.result_id), result.domain)
    return deciding is not None and as_taken(result) > as_taken(deciding)


def without(state: State, result_id: str) -> State:
    """The state in which this result was never taken."""
    if state.current(result_id) is None:
        return state
    return state.having(
        results={key: result for key, result in state.results.items() if key != result_id},
        aside={key: result for key, result in state.aside.items() if key != result_id},
    )


def accepting(state: State, result: ResultFacts) -> State:
    """The state in which this result stands, in place of its other revisions.

    It counts, or it is left aside where it was taken after the pass of its assessment (R17). The correction of an
    attempt stays an attempt, also where an earlier pass has arrived since: what was accepted stays accepted (R1).
    For a holder nothing is judged any more: what was left aside counts as soon as the pass before it is gone (R1, R14).
    """
    stays_attempt = corrects_attempt(state, result)
    state = without(state, result.result_id)
    if result.outcome != "voided" and not stays_attempt and after_pass(state, result):
        state = state.having(aside={**state.aside, result.result_id: result})
    else:
        state = state.having(results={**state.results, result.result_id: result})
    if state.certificate:
        for left in exposed(state):
            if not after_pass(state, left):
                counting = without(state, left.result_id)
                state = counting.having(results={**counting.results, left.result_id: left})
    return state


def corrects_attempt(state: State, result: ResultFacts) -> bool:
    """Whether this result takes the place of an attempt that stands, of the same assessment and day (R1)."""
    stands = state.results.get(result.result_id)
    if stands is None or stands.outcome == "voided" or stands.domain != result.domain:
        return False
    return calendar.day_of(stands.taken_at, state.zone) == calendar.day_of(result.taken_at, state.zone)


def exposed(state: State) -> list[ResultFacts]:
    """The results left aside that have no pass before them any more, in the order in which they were taken (R1)."""
    domains = dict.fromkeys(result.domain for result in state.aside.values())
    passes = {domain: first_pass(state, domain) for domain in domains}
    return sorted(
        (
            result
            for result in state.aside.values()
            if (deciding := passes[result.domain]) is None or as_taken(result) < as_taken(deciding)
        ),
        key=as_taken,
    )


def assessments(state: State) -> dict[str, Assessment]:
    """Every assessment that the candidacy requires, by domain; none on the advancement path (rule 22)."""
    return {domain: assess(state, domain) for domain in required(state)}


def required(state: State) -> Iterable[str]:
    """The domains of the assessments that the candidacy requires."""
    return () if state.path == "advancement" else state.requirements.domains


def all_passed(state: State) -> bool:
    """Whether every assessment that the candidacy requires is passed."""
    attempts = _attempts_of_all(state)
    return not any(_without_pass(attempts.get(domain, [])) for domain in required(state))


def experience_met(state: State) -> bool:
    """Whether the experience is met on a day no later than the testing deadline, or none is required (rule 14)."""
    if state.requirements.experience is None:
        return True
    if state.experience_met_on is None or state.window is None:
        return False
    return state.experience_met_on <= state.window.deadline


def experience_met_so_far(state: State) -> bool:
    """Whether the experience is met as far as people can be told: before the purchase there is no deadline to miss."""
    if state.window is None and state.experience_met_on is not None:
        return True
    return experience_met(state)


def experience_counts_from(state: State) -> date | None:
    """The day on which the experience was met, or will be by what is recorded so far; None where nothing counts.

    What has met it stays what people are told, also where another record of an earlier day has come since (R8).
    """
    return state.experience_met_on or min((claim.met_on for claim in state.experience if claim.met_on), default=None)


def work_product_met(state: State) -> bool:
    """Whether the work product is passed, or none is required (rule 15)."""
    return not state.requirements.work_product or state.work_product.status == "passed"


def all_met(state: State) -> bool:
    """Whether every requirement of the designation is met (rule 7)."""
    return state.window is not None and experience_met(state) and work_product_met(state) and all_passed(state)


def missing(state: State) -> list[str]:
    """The unmet requirements, as phrases for people: `the work product`."""
    phrases = [] if state.window else ["the confirmed purchase"]
    for domain, assessment in assessments(state).items():
        if assessment.status != "passed":
            phrases.append(f"the assessment {state.requirements.domains[domain]}")
    if not experience_met_so_far(state):
        phrases.append(f"the experience ({state.requirements.experience})")
    if not work_product_met(state):
        phrases.append("the work product")
    return phrases


def can_act(state: State) -> bool:
    """Whether the candidate can still do something inside the testing window. If not, no reminder goes out (rule 5)."""
    if state.window is None or state.window.closed or state.settlements or state.certificate or state.closed:
        return False
    if _any_open(state):
        return True
    if state.requirements.work_product and _may_hand_in(state):
        return True
    return not experience_met(state) and not any(claim.met_on for claim in state.experience)


def _may_hand_in(state: State) -> bool:
    """Whether a work product, or its revision, may be submitted now.

    When a revision is overdue, another work product may follow, unless the missed revision is one failure too many
    (R5).
    """
    product = state.work_product
    if product.status == "revise" and product.settles_at is not None:
        return product.failures + 1 < state.programme.rules.work_product.failures
    return product.status in ("open", "revise", "failed")


def undecided(state: State) -> bool:
    """Whether a person still has to decide on a result taken, or a work product submitted, in time (rule 3)."""
    return any(taken_in_window(state, hold.result) for hold in state.held.values()) or work_product_pending(state)


def taken_in_window(state: State, result: ResultFacts) -> bool:
    """Whether a result was taken between the day of the purchase and the end of the window (rules 3, 13, R3)."""
    return not taken_before_purchase(state, result) and not taken_after_window(state, result)


def taken_before_purchase(state: State, result: ResultFacts) -> bool:
    """Whether the purchase is not confirmed, or was made on a later day, in the body's zone, than the result (R3)."""
    return state.window is None or calendar.day_of(result.taken_at, state.zone) < state.window.opens_on


def taken_after_window(state: State, result: ResultFacts) -> bool:
    """Whether a result was taken after the testing window had ended (rule 3)."""
    return state.window is not None and result.taken_at >= state.window.closes_at


def work_product_pending(state: State) -> bool:
    """Whether a work product may still be passed after the testing window: it is under review or revised (rule 15)."""
    product, rules = state.work_product, state.programme.rules.work_product
    if rules.inside_window == "passed":
        return False
    return product.status in ("submitted", "revise")


def status(state: State) -> Status:
    """The status of the candidacy. The contract says what each status means."""
    if state.closed:
        return state.closed
    if state.suspension:
        return Status.SUSPENDED
    if state.certificate:
        return state.certificate.phase
    if state.window is None:
        return Status.AWAITING_PURCHASE
    assessed = all_passed(state)
    if assessed and state.requirements.work_product and state.under_review:
        return Status.AWAITING_REVIEW
    if state.window.closed or state.settlements:
        return Status.SETTLING
    if assessed and work_product_met(state) and not experience_met(state):
        return Status.AWAITING_EXPERIENCE
    return Status.TESTING


def too_close(earlier: ResultFacts, later: ResultFacts, programme: Programme) -> bool:
    """Whether fewer days lie between two attempts than the wait that the scheme asks for (rule 10)."""
    zone = programme.body.zone
    apart = calendar.day_of(later.taken_at, zone) - calendar.day_of(earlier.taken_at, zone)
    return apart < timedelta(days=programme.rules.retakes.wait_days)


def shown_passing_score(state: State) -> str:
    """The passing score in percent, without trailing zeros."""
    return f"{Decimal(state.passing_score).normalize():f}"
