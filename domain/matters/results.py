"""Self-assessments, and results of assessments: they are counted, held for a person, or corrected (rules 8 to 13, 16).

A result may come twice, late, and in several revisions. What counts is when the assessment was taken, not when its
result arrived.
"""

from __future__ import annotations

from datetime import datetime

from domain import requirements
from domain.commands import (
    RecordAssessmentResult,
    RecordSelfAssessment,
    ResolveHeldResult,
)
from domain.decision import Decision, Matter, Refused
from domain.events import (
    AssessmentFailed,
    AssessmentPassed,
    NoShowRecorded,
    ResultCorrected,
    ResultEvent,
    ResultFacts,
    ResultHeld,
    ResultRecorded,
    ResultResolved,
    ResultVoided,
    SelfAssessmentRecorded,
)
from domain.inquiries import Inquiry, ResponsesScored, ScoreResponses
from domain.messages import digest_of
from domain.state import Held, State, hold_key
from domain.types import Score
from domain.vocabulary import HoldReason, RefusalCode

# How much the state remembers. It is carried to each new run, so it must stay small. No real candidacy gets here.
MAX_HELD = 40
MAX_HELD_ANSWERS = 1000
MAX_RESULTS = 120
MAX_REVISIONS = 5
MAX_ENDED_HOLDS = 100


class _Hold(Exception):
    """The result must be held for a person to decide."""

    def __init__(self, reason: HoldReason, explanation: str) -> None:
        self.reason = reason
        self.explanation = explanation


# --- deciders -----------------------------------------------------------------------------------------------


def record_self_assessment(decision: Decision, command: RecordSelfAssessment) -> None:
    """Records a self-assessment. It never counts towards the certificate (rule 16).

    Raises:
        Refused: the purchase is not confirmed yet.
    """
    state = decision.state
    if state.window is None:
        raise Refused(RefusalCode.PURCHASE_NOT_CONFIRMED, "self-assessments are free from the confirmed purchase on")
    score = Score(points=command.percentage)
    if command.taken_at is not None and state.self_assessed_at.get(command.domain) == command.taken_at:
        if state.self_assessments.get(command.domain) == score:
            return
    decision.record(
        SelfAssessmentRecorded,
        domain=command.domain,
        score=score,
        taken_at=command.taken_at or decision.at,
        guidance=guidance(state, score),
    )


def guidance(state: State, score: Score) -> str:
    """The advice that a self-assessment gives the candidate (rule 16)."""
    return "strength" if score.reaches(state.programme.passing_score) else "needs development"


def responses_to_score(_state: State, command: RecordAssessmentResult) -> Inquiry | None:
    """Asks for the score of a result that comes as responses; None for any other (rule 8)."""
    if command.form is None or command.responses is None:
        return None
    return ScoreResponses(command.form, command.domain, command.responses)


def record_result(decision: Decision, command: RecordAssessmentResult) -> None:
    """Counts a result, or holds it for a person. A result that is known already changes nothing (rules 10, 11).

    Raises:
        Refused: the candidacy has no assessments, the assessment was taken after the window, this revision is held
            with other content, or too many results are held.
    """
    state = decision.state
    if state.path == "advancement":
        raise Refused(RefusalCode.NO_ASSESSMENTS, "the advancement path asks for no assessments")
    scored = decision.answer(ResponsesScored) or ResponsesScored(command.score)
    facts = _facts(state, command, scored.score)
    known = state.revisions.get(facts.result_id, {})
    key = hold_key(facts.result_id, facts.revision)
    held = state.held.get(key)
    if facts.digest in (known.get(facts.revision), held and held.result.digest, state.ended_holds.get(key)):
        return
    if held:
        raise Refused(
            RefusalCode.ALREADY_HELD,
            f"result {facts.result_id} revision {facts.revision} is held with other content; resolve it first",
        )
    try:
        _admit(decision, facts, command.passed, scored.unscored)
    except _Hold as hold:
        _hold(decision, facts, hold)


def _facts(state: State, result: RecordAssessmentResult, score: Score | None) -> ResultFacts:
    """The result as the engine records it. The score decides whether it is a pass, not the vendor's flag (rule 8)."""
    return ResultFacts(
        result_id=result.result_id,
        revision=result.revision,
        domain=result.domain,
        taken_at=result.taken_at,
        outcome=result.outcome,
        score=score,
        passed=score is not None and score.reaches(state.programme.passing_score),
        source=result.source,
        form=result.form,
        # Responses that are scored are not needed again, and every later run would have to carry them.
        responses=None if score else result.responses,
        digest=digest_of(result),
    )


def _admit(decision: Decision, facts: ResultFacts, flag: bool | None, unscored: str) -> None:
    """Counts a result that nothing speaks against. `flag` is the vendor's own statement whether it is a pass.

    Raises:
        _Hold: a person must decide on it.
        Refused: the assessment was taken after the testing window.
    """
    state = decision.state
    known = state.revisions.get(facts.result_id, {})
    if facts.revision in known:
        raise _Hold(HoldReason.CONFLICT, f"revision {facts.revision} was delivered before with other content")
    # Only a higher revision that was counted makes this one obsolete. One that is held may still be rejected.
    if any(revision > facts.revision for revision in known):
        decision.record(ResultRecorded, result=facts, superseded=True)
        return
    if state.window and facts.taken_at >= state.window.closes_at:
        raise Refused(
            RefusalCode.OUTSIDE_WINDOW, f"it was taken after the testing window ended on {state.window.deadline}"
        )
    if facts.outcome == "scored" and facts.score is None:
        raise _Hold(HoldReason.UNSCORED, unscored or "it could not be scored")
    if flag is not None and flag != facts.passed:
        says, is_ = ("passed", "not passed") if flag else ("not passed", "passed")
        raise _Hold(HoldReason.FLAG_CONTRADICTS_SCORE, f"the vendor's flag says {says}, the score says {is_}")
    # Check this last: a result held only for a missing purchase is admitted automatically when the purchase arrives.
    _after_purchase(state, facts)
    count(decision, facts)


def _after_purchase(state: State, facts: ResultFacts) -> None:
    """Checks that the assessment was taken after the purchase; when its result arrives does not count (rules 3, 13).

    Raises:
        _Hold: it was not, or the purchase is not confirmed yet.
    """
    if state.window is None:
        raise _Hold(HoldReason.BEFORE_PURCHASE, "the purchase is not confirmed yet")
    if facts.taken_at < state.window.purchased_at:
        raise _Hold(HoldReason.BEFORE_PURCHASE, "it was taken before the purchase")


def count(decision: Decision, facts: ResultFacts) -> None:
    """Counts a result: as a new attempt, as a correction, or as one that changes nothing (rules 9 to 11).

    Raises:
        _Hold: a person must decide on it.
    """
    state = decision.state
    current = state.results.get(facts.result_id)
    others = {key: result for key, result in state.results.items() if key != facts.result_id}
    before = requirements.assess(state.programme, state.results, facts.domain)
    if current and state.certificate:
        after = requirements.assess(state.programme, {**others, facts.result_id: facts}, current.domain)
        if requirements.assess(state.programme, state.results, current.domain).status == "passed" != after.status:
            raise _Hold(HoldReason.AFTER_CERTIFICATION, "it would turn a pass into a fail after certification")
    elif state.certificate or _taken_after_pass(before.deciding if before.status == "passed" else None, facts):
        if not current:
            decision.record(ResultVoided if facts.outcome == "voided" else ResultRecorded, result=facts)
            return
    elif facts.outcome != "voided":
        _fits(state, others, facts)
    if current:
        decision.record(ResultCorrected, result=facts, previous=current)
    else:
        _record_attempt(decision, facts, others)


def _taken_after_pass(passed: ResultFacts | None, facts: ResultFacts) -> bool:
    """Whether a result was taken after the pass of its assessment; False where there is no pass."""
    if passed is None or passed.result_id == facts.result_id:
        return False
    return (facts.taken_at, facts.result_id) > (passed.taken_at, passed.result_id)


def _fits(state: State, others: dict[str, ResultFacts], facts: ResultFacts) -> None:
    """Checks that an attempt is not too close to another one, and not one too many (rule 10).

    For a pass only the attempts before it are looked at, because an attempt after a pass changes nothing.

    Raises:
        _Hold: it is too close, or one too many.
    """
    counted = requirements.counted(others, facts.domain)
    place = (facts.taken_at, facts.result_id)
    earlier = [result for result in counted if (result.taken_at, result.result_id) < place]
    later = [result for result in counted if (result.taken_at, result.result_id) > place]
    wait = state.programme.rules.retakes.wait_days
    near = [result for result in earlier if requirements.too_close(result, facts, state.programme)]
    if not facts.passed:
        near += [result for result in later[:1] if requirements.too_close(facts, result, state.programme)]
    if near:
        raise _Hold(HoldReason.TOO_EARLY, f"less than {wait} days apart from the attempt {near[0].result_id}")
    used = len(earlier) if facts.passed else requirements.assess(state.programme, others, facts.domain).attempts
    if used >= state.programme.rules.retakes.attempts:
        raise _Hold(HoldReason.TOO_MANY_ATTEMPTS, f"{used} attempts are used already, and no more are allowed")


def _record_attempt(decision: Decision, facts: ResultFacts, others: dict[str, ResultFacts]) -> None:
    if facts.outcome == "voided":
        decision.record(ResultVoided, result=facts)
        return
    if facts.passed:
        decision.record(AssessmentPassed, result=facts)
        return
    after = requirements.assess(decision.state.programme, {**others, facts.result_id: facts}, facts.domain)
    limit = decision.state.programme.rules.retakes.attempts
    decision.record(
        NoShowRecorded if facts.outcome == "no_show" else AssessmentFailed,
        result=facts,
        attempts=after.attempts,
        attempts_left=max(0, limit - after.attempts),
        next_attempt_on=after.next_attempt_on,
    )


def _hold(decision: Decision, facts: ResultFacts, hold: _Hold) -> None:
    """Holds a result for a person.

    Raises:
        Refused: too many results, or too many responses, are held already.
    """
    own_key = hold_key(facts.result_id, facts.revision)
    others = [held.result for key, held in decision.state.held.items() if key != own_key]
    if len(others) >= MAX_HELD:
        raise Refused(RefusalCode.TOO_MANY_HELD, f"{MAX_HELD} results are held already; resolve some first")
    if sum(len(result.responses or ()) for result in [*others, facts]) > MAX_HELD_ANSWERS:
        raise Refused(
            RefusalCode.TOO_MANY_HELD, f"{MAX_HELD_ANSWERS} answers are held already; resolve some results first"
        )
    decision.record(ResultHeld, result=facts, reason=hold.reason, explanation=hold.explanation)


def held_responses_to_score(state: State, command: ResolveHeldResult) -> Inquiry | None:
    """Asks again for the score of a held result that is accepted now, because its answer key may have come since."""
    held = _find_held(state, command, command.revision).result
    if command.decision == "reject" or held.score or held.form is None or held.responses is None:
        return None
    return ScoreResponses(held.form, held.domain, held.responses, revision=held.revision)


def resolve_held_result(decision: Decision, command: ResolveHeldResult) -> None:
    """Accepts or rejects a held result, as a person decided (rules 10, 11). A rejected result uses no attempt.

    Raises:
        Refused: no such result is held, several revisions are and none is named, the purchase is not confirmed yet, or
            the result still cannot be scored.
    """
    scored = decision.answer(ResponsesScored) or ResponsesScored()
    # The score belongs to one revision. While it was scored, another revision may have replaced the one that was held.
    facts = _find_held(decision.state, command, scored.revision or command.revision).result
    if command.decision == "accept":
        if decision.state.window is None:
            raise Refused(RefusalCode.PURCHASE_NOT_CONFIRMED, "a result can be accepted once the purchase is confirmed")
        if facts.outcome == "scored" and facts.score is None:
            if scored.score is None:
                raise Refused(RefusalCode.CANNOT_SCORE, f"the result still cannot be scored: {scored.unscored}")
            passed = scored.score.reaches(decision.state.programme.passing_score)
            facts = facts.model_copy(update={"score": scored.score, "passed": passed})
    facts = facts.model_copy(update={"responses": None})
    decision.record(ResultResolved, result=facts, decision=command.decision, by=command.by, reason=command.reason)


def _find_held(state: State, resolution: ResolveHeldResult, revision: int | None) -> Held:
    """The held result that a resolution means. With `revision`, only this revision of it.

    Raises:
        Refused: no such result is held, or several revisions are held and none is named.
    """
    holds = [hold for hold in state.held.values() if hold.result.result_id == resolution.result_id]
    if revision is not None:
        holds = [hold for hold in holds if hold.result.revision == revision]
    if not holds:
        raise Refused(RefusalCode.NOT_HELD, f"no result {resolution.result_id} is held")
    if len(holds) > 1:
        revisions = ", ".join(str(hold.result.revision) for hold in holds)
        raise Refused(
            RefusalCode.WHICH_REVISION, f"several revisions of {resolution.result_id} are held: name one of {revisions}"
        )
    return holds[0]


# --- conclusions --------------------------------------------------------------------------------------------


def admit_after_purchase(decision: Decision) -> None:
    """Counts the results that were held for a missing purchase, if they were taken after the purchase (rule 13)."""
    state = decision.state
    if state.window is None or state.closed or state.path == "advancement":
        return
    waiting = [hold for hold in state.held.values() if hold.reason == HoldReason.BEFORE_PURCHASE]
    for hold in sorted(waiting, key=_as_taken):
        if hold.key not in decision.state.held:
            continue  # a higher revision of this result was counted just now
        if state.window.purchased_at <= hold.result.taken_at < state.window.closes_at:
            try:
                count(decision, hold.result)
            except _Hold as other:
                decision.record(ResultHeld, result=hold.result, reason=other.reason, explanation=other.explanation)


def _as_taken(hold: Held) -> tuple[datetime, str, int]:
    return hold.result.taken_at, hold.result.result_id, hold.result.revision


# --- folds --------------------------------------------------------------------------------------------------


def on_self_assessment(state: State, event: SelfAssessmentRecorded) -> State:
    newest = state.self_assessed_at.get(event.domain)
    if newest is not None and newest > event.taken_at:
        return state
    return state.having(
        self_assessments={**state.self_assessments, event.domain: event.score},
        self_assessed_at={**state.self_assessed_at, event.domain: event.taken_at},
    )


def on_counted(state: State, event: ResultEvent) -> State:
    """Adds a result to those that count, and ends the holds of its revisions up to this one."""
    # No rule needs these fields again. The event keeps source and form.
    facts = event.result.model_copy(update={"responses": None, "source": None, "form": None})
    state = _known(state, facts)
    results = {key: result for key, result in state.results.items() if key != facts.result_id}
    bounded = _bounded(state, {**results, facts.result_id: facts})
    kept = {key: known for key, known in state.revisions.items() if key in bounded}
    state = state.having(results=bounded, revisions=kept)
    return _end_holds(state, _holds_of(state, facts.result_id, below=facts.revision + 1))


def on_recorded(state: State, event: ResultRecorded) -> State:
    if event.superseded:
        return _known(state, event.result)
    return on_counted(state, event)


def on_held(state: State, event: ResultHeld) -> State:
    result = event.result
    state = _end_holds(state, _holds_of(state, result.result_id, below=result.revision))
    hold = Held(result=result, reason=event.reason, explanation=event.explanation, since=event.at)
    return state.having(held={**state.held, hold.key: hold}).raising(hold.attention)


def on_resolved(state: State, event: ResultResolved) -> State:
    if event.decision == "accept":
        return on_counted(state, event)
    key = hold_key(event.result.result_id, event.result.revision)
    return _end_holds(state, [hold for hold in state.held.values() if hold.key == key])


def _known(state: State, facts: ResultFacts) -> State:
    """Remembers the content of a revision, so that the same result sent again is recognised (rule 11)."""
    revisions = {**state.revisions.get(facts.result_id, {}), facts.revision: facts.digest}
    newest = dict(sorted(revisions.items())[-MAX_REVISIONS:])
    others = {key: value for key, value in state.revisions.items() if key != facts.result_id}
    return state.having(revisions={**others, facts.result_id: newest})


def _holds_of(state: State, result_id: str, *, below: int) -> list[Held]:
    """The holds of a result whose revision is lower than `below`."""
    holds = [hold for hold in state.held.values() if hold.result.result_id == result_id]
    return [hold for hold in holds if hold.result.revision < below]


def _end_holds(state: State, ended: list[Held]) -> State:
    """Ends holds, and remembers their content, so that the same result sent again is recognised (rule 11)."""
    digests = {hold.key: hold.result.digest for hold in ended}
    remembered = dict(list({**state.ended_holds, **digests}.items())[-MAX_ENDED_HOLDS:])
    held = {key: hold for key, hold in state.held.items() if key not in digests}
    state = state.having(held=held, ended_holds=remembered)
    still_held = {hold.result.result_id for hold in held.values()}
    for hold in ended:
        if hold.result.result_id not in still_held:
            state = state.resolving(hold.attention)
    return state


def _bounded(state: State, results: dict[str, ResultFacts]) -> dict[str, ResultFacts]:
    """At most `MAX_RESULTS` results: forgets the oldest that change nothing, because voided or taken after a pass.

    If such a result is delivered again, it is recorded again, and changes nothing again.
    """
    if len(results) <= MAX_RESULTS:
        return results
    passes = {
        domain: assessment.deciding
        for domain in state.programme.domains
        if (assessment := requirements.assess(state.programme, results, domain)).status == "passed"
    }
    idle = [
        key
        for key, result in results.items()
        if result.outcome == "voided" or _taken_after_pass(passes.get(result.domain), result)
    ]
    forgotten = set(idle[: len(results) - MAX_RESULTS])
    return {key: result for key, result in results.items() if key not in forgotten}


MATTER = Matter(
    deciders={
        RecordSelfAssessment: record_self_assessment,
        RecordAssessmentResult: record_result,
        ResolveHeldResult: resolve_held_result,
    },
    inquiries={
        RecordAssessmentResult: responses_to_score,
        ResolveHeldResult: held_responses_to_score,
    },
    folds={
        SelfAssessmentRecorded: on_self_assessment,
        AssessmentPassed: on_counted,
        AssessmentFailed: on_counted,
        NoShowRecorded: on_counted,
        ResultVoided: on_counted,
        ResultCorrected: on_counted,
        ResultRecorded: on_recorded,
        ResultHeld: on_held,
        ResultResolved: on_resolved,
    },
)
