"""The work product: the candidate submits a reference to it, and another person reviews it (rule 15)."""

from __future__ import annotations

from collections.abc import Iterator

from domain import calendar
from domain.commands import ReviewWorkProduct, RingAlarm, SubmitWorkProduct
from domain.decision import Alarm, Decision, Matter, Refused
from domain.events import WorkProductFailed, WorkProductPassed, WorkProductReturned, WorkProductSubmitted
from domain.matters.attention import REVIEW_WAITING
from domain.matters.contact import not_the_candidate
from domain.messages import digest_of
from domain.state import State, Window
from domain.types import Score
from domain.vocabulary import AlarmKind, RefusalCode

MAX_SUBMISSIONS = 20


def submit(decision: Decision, command: SubmitWorkProduct) -> None:
    """Takes a work product that was submitted in time (rules 3, 15). The same submission again changes nothing.

    Raises:
        Refused: none is required, it was not submitted in time, the purchase is missing, one is passed or under
            review already, or the submission id was used before.
    """
    state = decision.state
    product = state.work_product
    digest = digest_of(command)
    if product.digests.get(command.submission_id) == digest:
        return
    if not state.programme.work_product:
        raise Refused(RefusalCode.NOT_REQUIRED, f"{state.designation} asks for no work product")
    if state.window is None:
        raise Refused(RefusalCode.PURCHASE_NOT_CONFIRMED, "a work product is taken once the purchase is confirmed")
    if product.status == "passed":
        raise Refused(RefusalCode.ALREADY_PASSED, "the work product is passed already")
    if product.status == "submitted":
        raise Refused(RefusalCode.UNDER_REVIEW, f"the work product {product.submission_id} is under review")
    if command.submission_id in product.digests:
        raise Refused(
            RefusalCode.SUBMISSION_KNOWN, f"the submission {command.submission_id} was reviewed already; give a new id"
        )
    _in_time(decision, state.window, command)
    decision.record(
        WorkProductSubmitted,
        submission_id=command.submission_id,
        uri=command.uri,
        sha256=command.sha256,
        submitted_at=command.submitted_at or decision.at,
        digest=digest,
    )


def _in_time(decision: Decision, window: Window, command: SubmitWorkProduct) -> None:
    """Checks the instant of submission, which counts instead of the instant of arrival (rule 3).

    Raises:
        Refused: it was submitted outside the testing window, or the revision is overdue.
    """
    submitted_at = command.submitted_at or decision.at
    product = decision.state.work_product
    if submitted_at < calendar.start_of(window.opens_on, decision.state.zone):
        raise Refused(
            RefusalCode.OUTSIDE_WINDOW, f"it was submitted before the testing window opened on {window.opens_on}"
        )
    if product.status == "revise" and product.due_at is not None:
        if submitted_at >= product.due_at:
            raise Refused(RefusalCode.REVISION_OVERDUE, f"the revision was due on {product.due_on}")
        return
    if submitted_at >= window.closes_at:
        raise Refused(
            RefusalCode.OUTSIDE_WINDOW, f"it was submitted after the testing window ended on {window.deadline}"
        )


def review(decision: Decision, command: ReviewWorkProduct) -> None:
    """Takes the verdict on the work product that is under review (rule 15).

    Raises:
        Refused: this work product is not under review, the reviewer is the candidate, or the verdict is not allowed.
    """
    state = decision.state
    product = state.work_product
    not_the_candidate(decision, command.reviewer)
    if product.status != "submitted" or product.submission_id != command.submission_id:
        raise Refused(RefusalCode.NOT_UNDER_REVIEW, f"no work product {command.submission_id} is under review")
    strict = state.programme.rules.work_product.inside_window == "passed"
    if strict and state.window and decision.at >= state.window.closes_at:
        raise Refused(RefusalCode.OUTSIDE_WINDOW, f"the work product had to be passed by {state.window.deadline}")
    score = Score(points=command.percentage) if command.percentage is not None else None
    if command.verdict == "passed":
        _pass(decision, command, score)
    elif command.verdict == "revise":
        _return(decision, command)
    else:
        decision.record(
            WorkProductFailed,
            submission_id=command.submission_id,
            reviewer=command.reviewer,
            score=score,
            comments=command.comments,
        )


def _pass(decision: Decision, command: ReviewWorkProduct, score: Score | None) -> None:
    passing_score = decision.state.programme.passing_score
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


def _return(decision: Decision, command: ReviewWorkProduct) -> None:
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
        comments=command.comments,
        due_on=due_on,
        due_at=calendar.end_of(due_on, state.zone),
    )


def alarms(state: State) -> Iterator[Alarm]:
    product = state.work_product
    if product.status == "revise" and product.due_at is not None:
        yield Alarm(at=product.due_at, kind=AlarmKind.REVISION)


def ring_revision(decision: Decision, _command: RingAlarm) -> None:
    """Fails the work product, because its revision was not submitted in time."""
    decision.record(WorkProductFailed, submission_id=decision.state.work_product.submission_id, cause="revision-missed")


def on_submitted(state: State, event: WorkProductSubmitted) -> State:
    product = state.work_product
    digests = dict(list({**product.digests, event.submission_id: event.digest}.items())[-MAX_SUBMISSIONS:])
    changes = {
        "status": "submitted",
        "submission_id": event.submission_id,
        "uri": event.uri,
        "arrived_at": event.at,
        "due_on": None,
        "due_at": None,
        "digests": digests,
    }
    # The review asks for attention from now on, whatever else is still to come (R19).
    return state.having(work_product=product.model_copy(update=changes)).raising(REVIEW_WAITING)


def on_returned(state: State, event: WorkProductReturned) -> State:
    product = state.work_product
    changes = {
        "status": "revise",
        "due_on": event.due_on,
        "due_at": event.due_at,
        "revisions": product.revisions + 1,
    }
    return _reviewed(state.having(work_product=product.model_copy(update=changes)))


def on_passed(state: State, _event: WorkProductPassed) -> State:
    changes = {"status": "passed", "due_on": None, "due_at": None}
    return _reviewed(state.having(work_product=state.work_product.model_copy(update=changes)))


def on_failed(state: State, _event: WorkProductFailed) -> State:
    product = state.work_product
    changes = {"status": "failed", "due_on": None, "due_at": None, "failures": product.failures + 1}
    return _reviewed(state.having(work_product=product.model_copy(update=changes)))


def _reviewed(state: State) -> State:
    return state.resolving(REVIEW_WAITING)


MATTER = Matter(
    deciders={SubmitWorkProduct: submit, ReviewWorkProduct: review},
    alarms=alarms,
    rings={AlarmKind.REVISION: ring_revision},
    folds={
        WorkProductSubmitted: on_submitted,
        WorkProductReturned: on_returned,
        WorkProductPassed: on_passed,
        WorkProductFailed: on_failed,
    },
)
