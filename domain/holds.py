"""Why a result is held for a person, what accepting it would replace, and whether it can be accepted at all.

Everything here is computed from the state. So a reason whose cause has gone is not shown any more, and a reason that
has come since is known when a person decides (R1, R2).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from domain import requirements
from domain.events import Replaced, ResultFacts
from domain.plurals import counted
from domain.state import Held, State
from domain.vocabulary import HoldReason, RefusalCode

_OF_ATTEMPTS = (HoldReason.TOO_EARLY, HoldReason.TOO_MANY_ATTEMPTS)

# These reasons do not go away by themselves: another content stays known, and only a new delivery of the same content
# brings another flag or a score.
_LASTING = (HoldReason.CONFLICT, HoldReason.UNSCORED, HoldReason.FLAG_CONTRADICTS_SCORE)
_KNOWN = frozenset(HoldReason)


class Reason(NamedTuple):
    """One reason for a hold, and an explanation for people, as a phrase."""

    code: HoldReason
    explanation: str


def reasons(state: State, result: ResultFacts, *, flag: bool | None = None, unscored: str = "") -> list[Reason]:
    """Every reason to hold this result, the most important first.

    Args:
        flag: the vendor's own statement whether it is a pass, if there is one.
        unscored: why the result has no score.
    """
    found = list(_of_delivery(result, flag, unscored))
    current = state.current(result.result_id)
    if current and current.revision == result.revision and current.digest != result.digest:
        found.insert(0, conflict(result))
    if outdated(state, result):
        return found
    if requirements.taken_before_purchase(state, result):
        early = "it was taken before the day of the purchase" if state.window else "the purchase is not confirmed yet"
        found.append(Reason(HoldReason.BEFORE_PURCHASE, early))
    if _is_judged(state, result):
        found += [reason for reason in (_too_early(state, result), _one_too_many(state, result)) if reason]
    if _undoes_a_pass(state, result):
        found.append(Reason(HoldReason.AFTER_CERTIFICATION, "it would turn a pass into a fail after certification"))
    return found


def of_exposed(state: State, result: ResultFacts) -> list[Reason]:
    """The reasons to hold a result that was left aside and has no pass before it any more.

    It was taken already. So only the wait and the number of attempts are looked at (R1), without what a person has
    waived for it (R2).
    """
    waived = state.aside_waived.get(result.result_id, ())
    return [reason for reason in reasons(state, result) if reason.code in _OF_ATTEMPTS and reason.code not in waived]


def _of_delivery(result: ResultFacts, flag: bool | None, unscored: str) -> Iterator[Reason]:
    if result.outcome == "scored" and result.score is None:
        yield Reason(HoldReason.UNSCORED, unscored or "it could not be scored")
    elif flag is not None and flag != result.passed:
        yield contradiction(result)


def conflict(result: ResultFacts) -> Reason:
    """The reason of a result whose revision was delivered before with other content (rule 11)."""
    return Reason(HoldReason.CONFLICT, f"revision {result.revision} was delivered before with other content")


def contradiction(result: ResultFacts) -> Reason:
    """The reason of a result whose flag says the opposite of its score (rule 11)."""
    says, is_ = ("not passed", "passed") if result.passed else ("passed", "not passed")
    return Reason(HoldReason.FLAG_CONTRADICTS_SCORE, f"the vendor's flag says {says}, the score says {is_}")


def _is_judged(state: State, result: ResultFacts) -> bool:
    """Whether the wait and the number of attempts are looked at (R1).

    Not for what uses no attempt, not after certification, and not for the correction of an attempt that stands, on the
    same day and in the same assessment: it takes the place of that attempt.
    """
    if state.certificate or result.outcome == "voided" or requirements.after_pass(state, result):
        return False
    return not requirements.corrects_attempt(state, result)


def _too_early(state: State, result: ResultFacts) -> Reason | None:
    """The attempts that are too near. A pass is too near only to attempts before it (R1)."""
    others = requirements.counted(requirements.without(state, result.result_id), result.domain)
    place, wait = requirements.as_taken(result), state.programme.rules.retakes.wait_days
    near = [
        other
        for other in others
        if requirements.as_taken(other) < place and requirements.too_close(other, result, state.programme)
    ]
    if not result.passed:
        after = next((other for other in others if requirements.as_taken(other) > place), None)
        near += [after] if after and requirements.too_close(result, after, state.programme) else []
    if not near:
        return None
    return Reason(HoldReason.TOO_EARLY, f"less than {counted(wait, 'day')} apart from the attempt {near[0].result_id}")


def _one_too_many(state: State, result: ResultFacts) -> Reason | None:
    """Whether no attempt is left for this result. For a pass only the attempts before it count (rule 10)."""
    others = requirements.without(state, result.result_id)
    used = requirements.assess(others, result.domain).attempts
    if result.passed:
        place = requirements.as_taken(result)
        used = sum(requirements.as_taken(other) < place for other in requirements.counted(others, result.domain))
    if used < state.attempts:
        return None
    are_used = f"{counted(used, 'attempt')} {'is' if used == 1 else 'are'} used"
    return Reason(HoldReason.TOO_MANY_ATTEMPTS, f"{are_used} already, and no more are allowed")


def _undoes_a_pass(state: State, result: ResultFacts) -> bool:
    """Whether a holder's assessment would not be passed any more, because no other pass stands in it (R14)."""
    return state.certificate is not None and bool(undone(state, requirements.accepting(state, result)))


def undone(before: State, after: State) -> list[str]:
    """The domains that were passed before and are not passed any more."""
    return [
        domain
        for domain in requirements.assessments(before)
        if requirements.passed(before, domain) and not requirements.passed(after, domain)
    ]


def outdated(state: State, result: ResultFacts) -> bool:
    """Whether a newer revision of this result stands, so that this one can only be rejected (R6)."""
    current = state.current(result.result_id)
    return current is not None and current.revision > result.revision


def standing(state: State, hold: Held) -> list[Reason]:
    """The reasons of a hold that are left. A reason of the hold whose cause has gone is left out (R1)."""
    now = {reason.code: reason for reason in reasons(state, hold.result)}
    found = [_lasting(hold, code) if lasts(code) else now.get(code) for code in hold.reasons]
    return [reason for reason in found if reason]


def lasts(code: HoldReason) -> bool:
    """Whether a reason stays until a person decides. One that only a newer build knows stays too."""
    return code in _LASTING or code not in _KNOWN


def since(state: State, hold: Held, result: ResultFacts) -> list[Reason]:
    """The reasons that have come since the result was held: accepting it does not waive them (R2).

    `result` is the held result, with its score if it has been scored meanwhile.
    """
    return [reason for reason in reasons(state, result) if reason.code not in {*hold.reasons, *hold.waived}]


def _lasting(hold: Held, code: HoldReason) -> Reason:
    if code is HoldReason.CONFLICT:
        return conflict(hold.result)
    if code is HoldReason.FLAG_CONTRADICTS_SCORE:
        return contradiction(hold.result)
    if code is HoldReason.UNSCORED:
        return Reason(code, hold.unscored or "it could not be scored")
    return Reason(code, f"{code}, a reason that a newer build has found")


def explanation(state: State, result: ResultFacts, found: list[Reason]) -> str:
    """The reasons in one phrase for people; where it is so, also that the pass stands either way (R17)."""
    phrases = [reason.explanation for reason in found]
    if pass_stands(state, result):
        title = state.requirements.domains.get(result.domain, result.domain)
        phrases.append(f"{title} is passed, and the pass stands either way")
    return "; ".join(phrases)


def pass_stands(state: State, result: ResultFacts) -> bool:
    """Whether the assessment of this result is passed, and stays passed if the result is accepted."""
    after = state if outdated(state, result) else requirements.accepting(state, result)
    return requirements.passed(state, result.domain) and requirements.passed(after, result.domain)


def replaced(state: State, result: ResultFacts) -> Replaced | None:
    """What accepting this result replaces; None where nothing stands under its id, or something newer does (R18)."""
    current = state.current(result.result_id)
    if current is None or outdated(state, result):
        return None
    if (current.revision, current.digest) == (result.revision, result.digest):
        return None
    return Replaced(
        domain=current.domain,
        result_id=current.result_id,
        revision=current.revision,
        percentage=current.score.shown if current.score else None,
        passed=current.passed,
    )


def not_acceptable(state: State, result: ResultFacts) -> tuple[RefusalCode, str] | None:
    """Why this result cannot be accepted now, whoever asks: a code, and a sentence for people; None where it can be."""
    if state.window is None:
        return RefusalCode.PURCHASE_NOT_CONFIRMED, "a result can be accepted once the purchase is confirmed"
    if requirements.taken_after_window(state, result):
        return RefusalCode.OUTSIDE_WINDOW, f"it was taken after the testing window ended on {state.window.deadline}"
    current = state.current(result.result_id)
    if current and outdated(state, result):
        newer = f"revision {current.revision} of {result.result_id} is newer and stands"
        return RefusalCode.NEWER_REVISION, f"{newer}: revision {result.revision} can only be rejected"
    return None


def must_be_named(state: State, hold: Held) -> bool:
    """Whether a decision must name this hold, because its id and revision has been held more than once (R2)."""
    others = [other.key for number, other in state.held.items() if number != hold.hold]
    return hold.key in others or any(ended.key == hold.key for ended in state.ended_holds.values())


def could_save(state: State, hold: Held, domain: str) -> bool:
    """Whether accepting this hold could still pass an assessment, or give an attempt at it back (R4)."""
    result = hold.result
    if requirements.taken_before_purchase(state, result) or not_acceptable(state, result):
        return False
    if result.outcome == "scored" and result.score is None:
        result = result.model_copy(update={"passed": True})
    before, after = (
        requirements.assess(state, domain),
        requirements.assess(requirements.accepting(state, result), domain),
    )
    return after.status == "passed" or after.attempts < before.attempts
