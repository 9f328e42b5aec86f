"""The requirements of a designation (rule 7): which are met, which are missing, and what the candidate can still do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from domain import calendar
from domain.events import ResultFacts
from domain.scheme import Programme
from domain.state import State
from domain.vocabulary import Status


@dataclass(frozen=True, slots=True)
class Assessment:
    """Where one assessment stands, computed from its accepted results (rule 9).

    `deciding` is the pass, or else the newest scored result. `next_attempt_on` is a day in the body's zone.
    """

    domain: str
    status: Literal["open", "passed", "exhausted"]
    attempts: int
    deciding: ResultFacts | None
    next_attempt_on: date | None


def assess(programme: Programme, results: dict[str, ResultFacts], domain: str) -> Assessment:
    """The assessment of one domain, computed from its accepted results in order of (`taken_at`, `result_id`).

    A failure or a no-show uses an attempt, a voided attempt does not (rule 12). The first pass stands (rule 9).
    """
    attempts = 0
    last: ResultFacts | None = None
    newest_scored: ResultFacts | None = None
    for result in counted(results, domain):
        attempts += 1
        if result.passed:
            return Assessment(domain=domain, status="passed", attempts=attempts, deciding=result, next_attempt_on=None)
        last = result
        newest_scored = result if result.score else newest_scored
    exhausted = attempts >= programme.rules.retakes.attempts
    next_on = None
    if last is not None and not exhausted:
        next_on = calendar.add_days(
            calendar.day_of(last.taken_at, programme.body.zone), programme.rules.retakes.wait_days
        )
    return Assessment(
        domain=domain,
        status="exhausted" if exhausted else "open",
        attempts=attempts,
        deciding=newest_scored,
        next_attempt_on=next_on,
    )


def counted(results: dict[str, ResultFacts], domain: str) -> list[ResultFacts]:
    """The accepted results of a domain that use an attempt, in the order in which they were taken."""
    attempts = [result for result in results.values() if result.domain == domain and result.outcome != "voided"]
    return sorted(attempts, key=lambda result: (result.taken_at, result.result_id))


def assessments(state: State) -> dict[str, Assessment]:
    """Every assessment that the candidacy requires, by domain; none on the advancement path (rule 22)."""
    if state.path == "advancement":
        return {}
    return {domain: assess(state.programme, state.results, domain) for domain in state.programme.domains}


def experience_met(state: State) -> bool:
    """Whether the experience is met on a day no later than the testing deadline, or none is required (rule 14)."""
    if state.programme.experience is None:
        return True
    if state.experience_met_on is None or state.window is None:
        return False
    return state.experience_met_on <= state.window.deadline


def work_product_met(state: State) -> bool:
    """Whether the work product is passed, or none is required (rule 15)."""
    return not state.programme.work_product or state.work_product.status == "passed"


def all_met(state: State) -> bool:
    """Whether every requirement of the designation is met (rule 7)."""
    return (
        state.window is not None
        and experience_met(state)
        and work_product_met(state)
        and all(assessment.status == "passed" for assessment in assessments(state).values())
    )


def missing(state: State) -> list[str]:
    """The unmet requirements, as phrases for people: `the work product`."""
    phrases = [] if state.window else ["the confirmed purchase"]
    for domain, assessment in assessments(state).items():
        if assessment.status != "passed":
            phrases.append(f"the assessment {state.programme.domains[domain]}")
    if not experience_met(state):
        phrases.append(f"the experience ({state.programme.experience})")
    if not work_product_met(state):
        phrases.append("the work product")
    return phrases


def can_act(state: State) -> bool:
    """Whether the candidate can still do something inside the testing window. If not, no reminder goes out (rule 5)."""
    if state.window is None or state.window.closed or state.settlements or state.certificate or state.closed:
        return False
    if any(assessment.status == "open" for assessment in assessments(state).values()):
        return True
    if state.programme.work_product and state.work_product.status in ("open", "revise", "failed"):
        return True
    claim = state.experience
    return not experience_met(state) and (claim is None or claim.met_on is None)


def undecided(state: State, at: datetime) -> bool:
    """Whether a person still has to decide on a result taken, or a work product submitted, in time (rule 3)."""
    window = state.window
    in_time = [hold for hold in state.held.values() if window and hold.result.taken_at < window.closes_at]
    return bool(in_time) or work_product_pending(state, at)


def work_product_pending(state: State, at: datetime) -> bool:
    """Whether a work product may still be passed after the testing window: it is under review or revised (rule 15)."""
    product, rules = state.work_product, state.programme.rules.work_product
    if rules.inside_window == "passed":
        return False
    if product.status == "submitted":
        return True
    return product.status == "revise" and product.due_at is not None and at < product.due_at


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
    assessed = all(assessment.status == "passed" for assessment in assessments(state).values())
    if assessed and state.programme.work_product and state.work_product.status == "submitted":
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


def shown_passing_score(programme: Programme) -> str:
    """The passing score in percent, without trailing zeros."""
    return f"{Decimal(programme.passing_score).normalize():f}"
