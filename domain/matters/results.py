"""Results of assessments: they are counted, held for a person, or corrected (rules 8 to 13).

A result may come twice, late, and in several revisions. What counts is when the assessment was taken, not when its
result arrived. `domain/holds.py` says why a result is held, and `domain/known_results.py` what is remembered of it.
"""

from __future__ import annotations

from domain import calendar, holds, known_results, requirements
from domain.commands import RecordAssessmentResult, ResolveHeldResult
from domain.contents import content_digest
from domain.decision import Decision, Matter, Refused
from domain.events import (
    AssessmentFailed,
    AssessmentPassed,
    AttentionRaised,
    NoShowRecorded,
    ResultCorrected,
    ResultFacts,
    ResultHeld,
    ResultRecorded,
    ResultResolved,
    ResultVoided,
)
from domain.inquiries import Inquiry, ResponsesScored, ScoreResponses
from domain.repeats import same_person
from domain.state import EndedHold, Held, State, revision_key
from domain.types import Score
from domain.vocabulary import Attention, AttentionKind, HoldReason, RefusalCode

# How much may be held. It is carried to each new run, so it must stay small. No real candidacy gets here.
MAX_HELD = 40
MAX_HELD_ANSWERS = 1000
MAX_HELD_CONTENTS = 5

MAX_UNSCORED = 200
"""Characters of the reason why a result has no score, which stands in its event twice."""

# --- a result arrives ---------------------------------------------------------------------------------------


def responses_to_score(state: State, command: RecordAssessmentResult) -> Inquiry | None:
    """Asks for the score of a result that comes as responses; None for any other (rule 8).

    None also where no score changes what comes of the result. A feed that is delivered whole every night has such
    results each time, and to ask for their scores would write to the history each time.
    """
    if command.form is None or command.responses is None or state.path == "advancement":
        return None
    facts = _facts(state, command, None)
    if not _held_alike(state, facts) and (
        known_results.is_known(state, facts) or requirements.taken_after_window(state, facts)
    ):
        return None
    return ScoreResponses(command.form, command.domain, command.responses)


def record_result(decision: Decision, command: RecordAssessmentResult) -> None:
    """Takes a result, or holds it for a person. A result that is known already changes nothing (rules 10, 11).

    Raises:
        Refused: the candidacy has no assessments, the assessment was taken after the window, or too much is held.
    """
    state = decision.state
    if state.path == "advancement":
        raise Refused(RefusalCode.NO_ASSESSMENTS, "the advancement path asks for no assessments")
    scored = decision.answer(ResponsesScored) or ResponsesScored(command.score)
    facts = _facts(state, command, scored.score)
    if same := _held_alike(state, facts):
        _deliver_again(decision, same, facts, command.passed)
        return
    if known_results.is_known(state, facts):
        return
    if state.window and requirements.taken_after_window(state, facts):
        raise Refused(
            RefusalCode.OUTSIDE_WINDOW, f"it was taken after the testing window ended on {state.window.deadline}"
        )
    unscored = scored.unscored[:MAX_UNSCORED]
    found = holds.reasons(state, facts, flag=command.passed, unscored=unscored)
    if not any(reason.code is HoldReason.CONFLICT for reason in found) and _has_other_content(state, facts):
        found.insert(0, holds.conflict(facts))
    if holds.outdated(state, facts) and not any(reason.code is HoldReason.CONFLICT for reason in found):
        decision.record(ResultRecorded, result=facts, superseded=True)
    elif found:
        _check_room(state, facts)
        _hold(decision, facts, found, unscored=unscored)
    else:
        take(decision, facts)


def _held_alike(state: State, facts: ResultFacts) -> Held | None:
    """The hold of this very content of this revision; None if there is none."""
    alike = (hold for hold in state.held.values() if (hold.key, hold.result.digest) == (_key(facts), facts.digest))
    return next(alike, None)


def _key(facts: ResultFacts) -> str:
    return revision_key(facts.result_id, facts.revision)


def _facts(state: State, result: RecordAssessmentResult, score: Score | None) -> ResultFacts:
    """The result as the engine records it. The score decides whether it is a pass, not the vendor's flag (rule 8)."""
    return ResultFacts(
        result_id=result.result_id,
        revision=result.revision,
        domain=result.domain,
        taken_at=result.taken_at,
        outcome=result.outcome,
        score=score,
        passed=score is not None and score.reaches(state.passing_score),
        source=result.source,
        form=result.form,
        # Responses that are scored are not needed again, and every later run would have to carry them.
        responses=None if score else result.responses,
        digest=content_digest(result),
    )


def _has_other_content(state: State, facts: ResultFacts) -> bool:
    """Whether this revision was rejected, replaced or superseded with other content, or is held with it (R6)."""
    return _key(facts) in state.former or any(hold.key == _key(facts) for hold in state.held.values())


def _deliver_again(decision: Decision, hold: Held, facts: ResultFacts, flag: bool | None) -> None:
    """Takes away the reasons of a hold that a new delivery of its content answers (R16).

    A delivery without a contradicting flag takes away the contradiction, and one that could be scored the missing
    score. Any other is a duplicate. After certification, what is held waits for a person (R1).
    """
    state = decision.state
    if state.certificate:
        return
    scored_now = HoldReason.UNSCORED in hold.reasons and facts.score is not None
    contradicts = flag is not None and facts.score is not None and flag != facts.passed
    answered = HoldReason.FLAG_CONTRADICTS_SCORE in hold.reasons and not contradicts
    if not scored_now and not answered:
        return
    found = [reason for reason in holds.reasons(state, facts, flag=flag) if reason.code not in hold.waived]
    found[:0] = [reason for reason in holds.standing(state, hold) if _stays(reason, found)]
    if found:
        _hold(decision, facts, found, waived=hold.waived, instead_of=hold.hold)
    else:
        take(decision, facts)


def _stays(reason: holds.Reason, found: list[holds.Reason]) -> bool:
    """Whether a new delivery of its content leaves this reason of a hold as it is: it brings a flag and a score."""
    answered = reason.code in (HoldReason.UNSCORED, HoldReason.FLAG_CONTRADICTS_SCORE)
    return holds.lasts(reason.code) and not answered and reason.code not in [other.code for other in found]


def take(decision: Decision, facts: ResultFacts) -> None:
    """Takes a result that nothing speaks against: as an attempt, as a correction, or as one that changes nothing."""
    state = decision.state
    current = state.current(facts.result_id)
    if current and holds.outdated(state, facts):
        decision.record(ResultRecorded, result=facts, superseded=True)
    elif current and (current.revision, current.digest) != (facts.revision, facts.digest):
        decision.record(ResultCorrected, result=facts, previous=current)
    elif facts.outcome == "voided":
        decision.record(ResultVoided, result=facts)
    elif state.certificate or requirements.passed(state, facts.domain):
        decision.record(ResultRecorded, result=facts, attempt=_attempt(state, facts))
    elif facts.passed:
        decision.record(AssessmentPassed, result=facts)
    else:
        after = requirements.assess(requirements.accepting(state, facts), facts.domain)
        decision.record(
            NoShowRecorded if facts.outcome == "no_show" else AssessmentFailed,
            result=facts,
            attempts=after.attempts,
            attempts_left=max(0, state.attempts - after.attempts),
            next_attempt_on=after.next_attempt_on,
        )


def _attempt(state: State, facts: ResultFacts) -> int | None:
    """The number of an attempt, by the moment at which it was taken; None for one that counts as nothing (R17)."""
    if requirements.after_pass(state, facts):
        return None
    counted = requirements.counted(requirements.accepting(state, facts), facts.domain)
    return 1 + [result.result_id for result in counted].index(facts.result_id)


def _check_room(state: State, facts: ResultFacts) -> None:
    """Checks that one more result can be held.

    Raises:
        Refused: too many results, responses, or contents of one revision are held already.
    """
    held = [hold.result for hold in state.held.values()]
    if len(held) >= MAX_HELD:
        raise Refused(RefusalCode.TOO_MANY_HELD, f"{MAX_HELD} results are held already; resolve some first")
    if sum(len(result.responses or ()) for result in [*held, facts]) > MAX_HELD_ANSWERS:
        raise Refused(
            RefusalCode.TOO_MANY_HELD, f"{MAX_HELD_ANSWERS} answers are held already; resolve some results first"
        )
    if sum(_key(result) == _key(facts) for result in held) >= MAX_HELD_CONTENTS:
        raise Refused(
            RefusalCode.ALREADY_HELD,
            f"result {facts.result_id} revision {facts.revision} is held with {MAX_HELD_CONTENTS} other contents"
            " already; resolve some of them first",
        )


def _hold(
    decision: Decision,
    facts: ResultFacts,
    found: list[holds.Reason],
    *,
    unscored: str | None = None,
    waived: tuple[HoldReason, ...] = (),
    instead_of: int | None = None,
) -> None:
    """Holds a result for a person. `instead_of` is the number of the hold that this one continues."""
    decision.record(
        ResultHeld,
        result=facts,
        reason=found[0].code,
        reasons=tuple(reason.code for reason in found),
        explanation=holds.explanation(decision.state, facts, found),
        waived=waived,
        instead_of=instead_of,
        replaces=holds.replaced(decision.state, facts),
        unscored=unscored or None,
    )


# --- a person decides ---------------------------------------------------------------------------------------


def held_responses_to_score(state: State, command: ResolveHeldResult) -> Inquiry | None:
    """Asks again for the score of a held result that is accepted now, because its answer key may have come since."""
    try:
        hold = _decided_hold(state, command)
    except Refused:
        return None  # the decision itself says why
    held = hold.result if hold else None
    if held is None or command.decision == "reject" or held.score or held.form is None or held.responses is None:
        return None
    return ScoreResponses(held.form, held.domain, held.responses, hold=hold.hold if hold else None)


def resolve_held_result(decision: Decision, command: ResolveHeldResult) -> None:
    """Accepts or rejects a held result, as a person decided (rules 10, 11). A rejected result uses no attempt.

    Accepting waives the reasons of the hold, and only those: where another one has come since, the result is held once
    more (R2). The same decision by the same person again changes nothing (R7).

    Raises:
        Refused: no such result is held, it was decided in another way, it is not clear which hold is meant, or the
            result cannot be accepted now.
    """
    scored = decision.answer(ResponsesScored) or ResponsesScored()
    # The score belongs to one hold. While it was scored, another one may have taken its place.
    named = command if scored.hold is None else command.model_copy(update={"hold": scored.hold})
    hold = _decided_hold(decision.state, named)
    if hold is None:
        return
    if command.decision == "accept":
        _accept(decision, command, hold, scored)
    else:
        _resolve(decision, command, hold, hold.result)


def _accept(decision: Decision, command: ResolveHeldResult, hold: Held, scored: ResponsesScored) -> None:
    before, facts = decision.state, hold.result
    refusal = holds.not_acceptable(before, facts)
    if refusal:
        raise Refused(*refusal)
    if facts.outcome == "scored" and facts.score is None:
        if scored.score is None:
            raise Refused(RefusalCode.CANNOT_SCORE, f"the result still cannot be scored: {scored.unscored}")
        passed = scored.score.reaches(before.passing_score)
        facts = facts.model_copy(update={"score": scored.score, "passed": passed})
    facts = facts.model_copy(update={"responses": None})
    since = holds.since(before, hold, facts)
    if since:
        _resolve(decision, command, hold, facts, held_again=True)
        waived = tuple(dict.fromkeys((*hold.waived, *hold.reasons)))
        _hold(decision, facts, since, waived=waived, instead_of=hold.hold)
        return
    _resolve(decision, command, hold, facts, previous=holds.replaced(before, facts))
    undone = holds.undone(before, decision.state) if before.certificate else []
    if undone:
        titles = ", ".join(before.requirements.domains[domain] for domain in undone)
        attention = Attention(AttentionKind.REQUIREMENT_UNDONE)
        decision.record(
            AttentionRaised,
            attention=attention,
            reason=f"the certificate stands, and {titles} is no longer passed: result {facts.result_id} was accepted",
        )


def _resolve(decision: Decision, command: ResolveHeldResult, hold: Held, facts: ResultFacts, **more: object) -> None:
    decision.record(
        ResultResolved,
        result=facts.model_copy(update={"responses": None}),
        decision=command.decision,
        by=command.by,
        reason=command.reason,
        hold=hold.hold,
        **more,
    )


def _decided_hold(state: State, command: ResolveHeldResult) -> Held | None:
    """The hold that a decision means; None if the same decision was given before (R2, R7).

    Raises:
        Refused: no such result is held, it was decided in another way, or it is not clear which hold is meant.
    """
    open_ = [hold for hold in state.held.values() if _means(command, hold.hold, hold.key)]
    ended = {number: hold for number, hold in state.ended_holds.items() if _means(command, number, hold.key)}
    alike = [hold for hold in ended.values() if hold.decision == command.decision]
    decided = [hold for hold in alike if same_person(hold.by, command.by)]
    if any(hold.reason == known_results.reason_hash(command.reason) for hold in decided):
        return None
    if not open_:
        if decided:
            return None
        raise Refused(RefusalCode.NOT_HELD, _not_held(state, command, ended))
    if len({hold.key for hold in open_}) > 1:
        revisions = ", ".join(str(hold.result.revision) for hold in open_)
        raise Refused(
            RefusalCode.WHICH_REVISION, f"several revisions of {command.result_id} are held: name one of {revisions}"
        )
    if command.hold is None and holds.must_be_named(state, open_[0]):
        numbers = " or ".join(str(hold.hold) for hold in open_)
        raise Refused(
            RefusalCode.WHICH_HOLD,
            f"revision {open_[0].result.revision} of {command.result_id} has been held more than once: name the hold,"
            f" {numbers}",
        )
    return open_[0]


def _means(command: ResolveHeldResult, number: int, key: str) -> bool:
    """Whether a decision may mean the hold with this number, of the id and revision in `key`."""
    if command.hold is not None and command.hold != number:
        return False
    result_id, _, revision = key.rpartition("#")
    return result_id == command.result_id and command.revision in (None, int(revision))


def _not_held(state: State, command: ResolveHeldResult, ended: dict[int, EndedHold]) -> str:
    """Says that a result is not held; where it was decided, also who decided what and when (R7)."""
    wanted = (
        f"result {command.result_id}" if command.hold is None else f"result {command.result_id}, hold {command.hold},"
    )
    if not ended:
        return f"{wanted} is not held"
    hold = list(ended.values())[-1]
    on = calendar.day_of(hold.at, state.zone)
    if hold.decision is None:
        return f"{wanted} is not held any more since {on}: look at the timeline"
    verb = "accepted" if hold.decision == "accept" else "rejected"
    return f"{wanted} is decided: {hold.by} {verb} it on {on}"


# --- conclusions --------------------------------------------------------------------------------------------


def judge_exposed(decision: Decision) -> None:
    """Judges the results that were left aside while a pass stood before them, now that it is gone (R1).

    In the order in which they were taken, each is taken, or held where the wait or the number of attempts says so.
    """
    if decision.state.closed or decision.state.certificate:
        return
    for facts in requirements.exposed(decision.state):
        if requirements.after_pass(decision.state, facts):
            continue  # one that was taken earlier has just passed the assessment
        found = holds.of_exposed(decision.state, facts)
        if found:
            _hold(decision, facts, found, waived=decision.state.aside_waived.get(facts.result_id, ()))
        else:
            take(decision, facts)


def release_held(decision: Decision) -> None:
    """Takes each held result none of whose reasons is left; where another reason has come, it is held for that (R1).

    So a result that was held because the purchase was missing is taken when the purchase is confirmed (rule 13). After
    certification, what is held stays held for a person.
    """
    waiting = sorted(decision.state.held.values(), key=lambda hold: (*requirements.as_taken(hold.result), hold.hold))
    for hold in waiting:
        state = decision.state
        if state.closed or state.certificate or hold.hold not in state.held:
            continue
        if not _is_free(state, hold) or _gives_way(state, hold):
            continue
        since = holds.since(state, hold, hold.result)
        if not since:
            take(decision, hold.result)
        elif not _is_awaited(state, hold):
            _hold(decision, hold.result, since, waived=hold.waived, instead_of=hold.hold)


def _is_free(state: State, hold: Held) -> bool:
    """Whether none of the reasons of a hold is left."""
    return not holds.not_acceptable(state, hold.result) and not holds.standing(state, hold)


def _gives_way(state: State, hold: Held) -> bool:
    """Whether a newer revision of the same result can be taken as well, which ends this hold (R6)."""
    return any(
        other.result.revision > hold.result.revision
        and _is_free(state, other)
        and not holds.since(state, other, other.result)
        for other in _of_the_same_result(state, hold)
    )


def _is_awaited(state: State, hold: Held) -> bool:
    """Whether a lower revision is free, and is decided first: the new hold says what accepting it replaces (R18)."""
    return any(
        other.result.revision < hold.result.revision and _is_free(state, other)
        for other in _of_the_same_result(state, hold)
    )


def _of_the_same_result(state: State, hold: Held) -> list[Held]:
    """The other holds of the same result."""
    return [
        other
        for other in state.held.values()
        if other.result.result_id == hold.result.result_id and other.hold != hold.hold
    ]


MATTER = Matter(
    deciders={
        RecordAssessmentResult: record_result,
        ResolveHeldResult: resolve_held_result,
    },
    inquiries={
        RecordAssessmentResult: responses_to_score,
        ResolveHeldResult: held_responses_to_score,
    },
    folds={
        AssessmentPassed: known_results.on_counted,
        AssessmentFailed: known_results.on_counted,
        NoShowRecorded: known_results.on_counted,
        ResultVoided: known_results.on_counted,
        ResultCorrected: known_results.on_counted,
        ResultRecorded: known_results.on_recorded,
        ResultHeld: known_results.on_held,
        ResultResolved: known_results.on_resolved,
    },
)
