"""The work product: the candidate submits a reference to it, and another person reviews it (rule 15)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime

from domain import calendar, repeats
from domain.commands import ReviewWorkProduct, RingAlarm, SubmitWorkProduct
from domain.decision import Alarm, Decision, Matter, Refused
from domain.digests import digest_of, matches
from domain.events import (
    RevisionOverdue,
    WorkProductFailed,
    WorkProductPassed,
    WorkProductReturned,
    WorkProductSubmitted,
)
from domain.matters.attention import REVIEW_WAITING
from domain.matters.closing import settlement
from domain.matters.contact import not_the_candidate
from domain.matters.window import settlement_end
from domain.plurals import counted
from domain.state import State, Submission, Window, WorkProduct
from domain.types import Score
from domain.vocabulary import AlarmKind, RefusalCode

MAX_SUBMISSIONS = 20
_HASH_LENGTH = 20
_NOT_DUE: dict[str, object] = {"due_on": None, "due_at": None, "settles_at": None}


def submit(decision: Decision, command: SubmitWorkProduct) -> None:
    """Takes a work product that was submitted in time (rules 3, 15; R5).

    The same submission again changes nothing (R7).

    Raises:
        Refused: none is required, it was not submitted in time, the purchase is missing, one is passed or under
            review already, or the submission id was used before.
    """
    state = decision.state
    product = state.work_product
    other = _other_content(product, command)
    if other is None:
        return
    if not state.requirements.work_product:
        raise Refused(RefusalCode.NOT_REQUIRED, f"{state.designation} asks for no work product")
    if state.window is None:
        raise Refused(RefusalCode.PURCHASE_NOT_CONFIRMED, "a work product is taken once the purchase is confirmed")
    if product.status == "passed":
        raise Refused(RefusalCode.ALREADY_PASSED, f"the work product is passed already{other}")
    if product.status == "submitted":
        raise Refused(RefusalCode.UNDER_REVIEW, f"the work product {product.submission_id} is under review{other}")
    if command.submission_id in product.digests:
        raise Refused(
            RefusalCode.SUBMISSION_KNOWN,
            f"the submission {command.submission_id} was reviewed already{other}; give a new id",
        )
    _in_time(decision, state.window, command)
    decision.record(
        WorkProductSubmitted,
        submission_id=command.submission_id,
        uri=command.uri,
        sha256=command.sha256,
        submitted_at=command.submitted_at or decision.at,
        digest=digest_of(command),
    )


def _other_content(product: WorkProduct, command: SubmitWorkProduct) -> str | None:
    """How a submission differs from the one with the same id, as a part of a sentence; None if it is the same (R7).

    Empty where no submission has this id.
    """
    known = product.submissions.get(command.submission_id)
    if known is None:  # a state of an older build has the digest alone
        return None if matches(product.digests.get(command.submission_id, ""), command) else ""
    given = {"uri": _short(command.uri), "sha256": command.sha256, "submitted_at": command.submitted_at}
    fields = repeats.differing(known.model_dump(), given)
    return f", and was delivered with another {repeats.listed(fields)}" if fields else None


def _short(uri: str) -> str:
    """A hash of the address, which may have a thousand characters."""
    return hashlib.sha256(uri.encode()).hexdigest()[:_HASH_LENGTH]


def _in_time(decision: Decision, window: Window, command: SubmitWorkProduct) -> None:
    """Checks the instant of submission, which counts instead of the instant of arrival (rule 3, R5).

    Raises:
        Refused: it was submitted outside the testing window, arrived after its settlement, or the revision is overdue.
    """
    submitted_at = command.submitted_at or decision.at
    product = decision.state.work_product
    if submitted_at < calendar.start_of(window.opens_on, decision.state.zone):
        raise Refused(
            RefusalCode.OUTSIDE_WINDOW, f"it was submitted before the testing window opened on {window.opens_on}"
        )
    if product.status == "revise" and product.due_at is not None:
        if submitted_at >= product.due_at:
            _replace_revision(decision, window, submitted_at)
        return
    if submitted_at >= window.closes_at:
        raise Refused(
            RefusalCode.OUTSIDE_WINDOW, f"it was submitted after the testing window ended on {window.deadline}"
        )
    if settlement(window) in decision.state.asked:
        days = decision.state.programme.rules.testing.settlement_days
        raise Refused(
            RefusalCode.OUTSIDE_WINDOW,
            f"it arrived more than {counted(days, 'day')} after the testing window ended on {window.deadline}",
        )


def _replace_revision(decision: Decision, window: Window, submitted_at: datetime) -> None:
    """Ends the settlement of an overdue revision, because a new work product was submitted after its due day (R5).

    The revision counts as failed.

    Raises:
        Refused: the testing window was over by then, or that failure would be one too many. The revision's settlement
            runs on.
    """
    product = decision.state.work_product
    if submitted_at >= window.closes_at:
        raise Refused(
            RefusalCode.REVISION_OVERDUE,
            f"the revision was due on {product.due_on}, and the testing window ended on {window.deadline}",
        )
    if product.failures + 1 >= decision.state.programme.rules.work_product.failures:
        raise Refused(
            RefusalCode.REVISION_OVERDUE,
            f"the revision was due on {product.due_on}; no new work product may follow when it counts as failed",
        )
    _miss_revision(decision)


def review(decision: Decision, command: ReviewWorkProduct) -> None:
    """Takes the verdict on the work product that is under review (rule 15). The same again changes nothing (R7).

    Raises:
        Refused: this work product is not under review, the reviewer is the candidate, or the verdict is not allowed.
    """
    state = decision.state
    product = state.work_product
    known, what = product.verdicts.get(command.submission_id), f"the work product {command.submission_id}"
    if repeats.given_before(decision, known, what, command.verdict, command.reviewer, command.percentage):
        return
    not_the_candidate(decision, command.reviewer, namesake=command.not_the_candidate)
    if product.status != "submitted" or product.submission_id != command.submission_id:
        raise Refused(RefusalCode.NOT_UNDER_REVIEW, f"no work product {command.submission_id} is under review")
    strict = state.programme.rules.work_product.inside_window == "passed"
    if strict and state.window and decision.at >= state.window.closes_at:
        raise Refused(RefusalCode.OUTSIDE_WINDOW, f"the work product had to be passed by {state.window.deadline}")
    score = Score(points=command.percentage) if command.percentage is not None else None
    if command.verdict == "passed":
        _pass(decision, command, score)
    elif command.verdict == "revise":
        _return(decision, command, score)
    else:
        decision.record(
            WorkProductFailed,
            submission_id=command.submission_id,
            reviewer=command.reviewer,
            score=score,
            comments=command.comments,
        )


def _pass(decision: Decision, command: ReviewWorkProduct, score: Score | None) -> None:
    passing_score = decision.state.passing_score
    if score is not None and not score.reaches(passing_score):
        raise Refused(
            RefusalCode.BELOW_PASSING_SCORE, f"{score.shown} % is below the passing score of {passing_score} %"
        )
    decision.record(
        WorkProductPassed,
        submission_id=command.submission_id,
        reviewer=command.reviewer,
        score=score,
        comments=command.comments,
    )


def _return(decision: Decision, command: ReviewWorkProduct, score: Score | None) -> None:
    state = decision.state
    rules = state.programme.rules.work_product
    if state.work_product.revisions >= rules.revisions:
        raise Refused(
            RefusalCode.NO_REVISION_LEFT, "it was returned for revision before; the verdict is passed or failed"
        )
    due_on = calendar.add_days(decision.day, rules.revision_days)
    if rules.inside_window == "passed" and state.window:
        due_on = min(due_on, state.window.deadline)
    decision.record(
        WorkProductReturned,
        submission_id=command.submission_id,
        reviewer=command.reviewer,
        score=score,
        comments=command.comments,
        due_on=due_on,
        due_at=calendar.end_of(due_on, state.zone),
    )


def alarms(state: State) -> Iterator[Alarm]:
    """The due day of a revision, and afterwards the end of its settlement (R5)."""
    product = state.work_product
    if product.status == "revise" and product.settles_at is not None:
        yield Alarm(at=product.settles_at, kind=AlarmKind.REVISION_SETTLED)
    elif product.status == "revise" and product.due_at is not None:
        yield Alarm(at=product.due_at, kind=AlarmKind.REVISION)


def ring_revision(decision: Decision, _command: RingAlarm) -> None:
    """Begins the settlement of a revision, in which one that was submitted in time may still arrive (R5)."""
    state = decision.state
    product = state.work_product
    if product.due_on is not None:
        decision.record(
            RevisionOverdue,
            submission_id=product.submission_id,
            due_on=product.due_on,
            settles_at=settlement_end(state.programme, product.due_on),
        )


def ring_revision_settled(decision: Decision, _command: RingAlarm) -> None:
    _miss_revision(decision)


def _miss_revision(decision: Decision) -> None:
    """Fails the work product, because its revision was not submitted in time (rule 15)."""
    decision.record(WorkProductFailed, submission_id=decision.state.work_product.submission_id, cause="revision-missed")


def on_submitted(state: State, event: WorkProductSubmitted) -> State:
    product = state.work_product
    digests = dict(list({**product.digests, event.submission_id: event.digest}.items())[-MAX_SUBMISSIONS:])
    content = Submission(uri=_short(event.uri), sha256=event.sha256, submitted_at=event.submitted_at)
    submissions = {**product.submissions, event.submission_id: content}
    changes = {
        **_NOT_DUE,
        "status": "submitted",
        "submission_id": event.submission_id,
        "uri": event.uri,
        "arrived_at": event.at,
        "digests": digests,
        "submissions": {key: known for key, known in submissions.items() if key in digests},
    }
    # The review asks for attention from now on, whatever else is still to come (R19). It does not where no verdict is
    # taken any more, because the work product had to be passed inside the testing window (rule 15).
    submitted = state.having(work_product=product.model_copy(update=changes))
    return submitted.raising(REVIEW_WAITING) if submitted.under_review else submitted


def on_returned(state: State, event: WorkProductReturned) -> State:
    product = state.work_product
    changes = {
        "status": "revise",
        "due_on": event.due_on,
        "due_at": event.due_at,
        "settles_at": None,
        "revisions": product.revisions + 1,
    }
    return _reviewed(state, event, "revise", changes)


def on_overdue(state: State, event: RevisionOverdue) -> State:
    return state.having(work_product=state.work_product.model_copy(update={"settles_at": event.settles_at}))


def on_passed(state: State, event: WorkProductPassed) -> State:
    return _reviewed(state, event, "passed", {**_NOT_DUE, "status": "passed"})


def on_failed(state: State, event: WorkProductFailed) -> State:
    changes = {**_NOT_DUE, "status": "failed", "failures": state.work_product.failures + 1}
    if event.cause == "revision-missed":
        return state.having(work_product=state.work_product.model_copy(update=changes))
    return _reviewed(state, event, "failed", changes)


def _reviewed(
    state: State,
    event: WorkProductReturned | WorkProductPassed | WorkProductFailed,
    verdict: str,
    changes: dict[str, object],
) -> State:
    """The state with these changes of the work product, after a person's verdict on it."""
    known, by = state.work_product.verdicts, event.reviewer or ""
    verdicts = repeats.remembering(known, event.submission_id, verdict, by, event.at, event.score)
    product = state.work_product.model_copy(update={**changes, "verdicts": verdicts})
    return state.having(work_product=product).resolving(REVIEW_WAITING)


MATTER = Matter(
    deciders={SubmitWorkProduct: submit, ReviewWorkProduct: review},
    alarms=alarms,
    rings={AlarmKind.REVISION: ring_revision, AlarmKind.REVISION_SETTLED: ring_revision_settled},
    folds={
        WorkProductSubmitted: on_submitted,
        WorkProductReturned: on_returned,
        RevisionOverdue: on_overdue,
        WorkProductPassed: on_passed,
        WorkProductFailed: on_failed,
    },
)
