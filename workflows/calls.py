"""Every call of an activity, with its timeouts: inquiries, whose answers decisions wait for, and effects.

An attempt that hangs is given up after `start_to_close`. An attempt whose worker was killed sends no more heartbeats,
and is given up after the heartbeat timeout. A failed attempt is repeated after pauses that grow. If a decision waits
for the answer, `schedule_to_close` limits all attempts together, with two exceptions: the programme of a registration,
without which nothing can begin, and the question whether a lower certificate gives way. An activity that knows that
another attempt cannot help, for example because the designation is unknown, marks its failure as not retryable.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from types import NoneType
from typing import Any, TypeVar, Unpack

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.workflow import ActivityCancellationType, ActivityConfig

with workflow.unsafe.imports_passed_through():
    from activities import requests
    from domain.characters import allowed
    from domain.effects import Notify, OpenAdvancement, TellCandidacy
    from domain.inquiries import (
        Answer,
        AskLower,
        Inquiry,
        LoadProgramme,
        LowerAnswer,
        ProgrammeLoaded,
        ResponsesScored,
        ScoreResponses,
    )
    from domain.personal import ContactRecord
    from domain.scheme import Programme
    from domain.state import State
    from views.markdown import Markdown
    from workflows import traces

_SECONDS_10 = timedelta(seconds=10)
_SCORING_PATIENCE = timedelta(minutes=1)
_SCHEME_PATIENCE = timedelta(minutes=10)
_PATIENT = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))
_NOTICE = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(minutes=15)
)
T = TypeVar("T")
# A build before the record answers a notice with nothing, as histories and waiting activities still do.
_AnswerOrNone: Any = requests.NoticeAnswer | None


class Failed(Exception):
    """A call has failed for good. The message is the activity's own explanation.

    `refused` is True if the activity marked the failure as not retryable.
    """

    def __init__(self, error: ActivityError) -> None:
        cause = error.cause
        super().__init__(cause.message if isinstance(cause, ApplicationError) else str(cause or error))
        self.refused = isinstance(cause, ApplicationError) and cause.non_retryable


async def _call(name: str, request: Any, result_type: type[T], **options: Unpack[ActivityConfig]) -> T:
    """The answer of an activity.

    Raises:
        Failed: the activity has failed for good.
    """
    try:
        return await traces.activity(name, request, result_type, **options)
    except ActivityError as error:
        raise Failed(error) from error


# --- inquiries ----------------------------------------------------------------------------------------------


async def ask(inquiry: Inquiry) -> Answer:
    """The answer to an inquiry that a decision needs.

    Raises:
        Failed: there is no answer, and the inquiry's rule does not say what counts instead.
    """
    return await _CALLS[type(inquiry)](inquiry)


async def load_programme(designation: str, *, patience: timedelta | None = None) -> Programme:
    """The current programme of a designation. Without `patience`, waits until an unreadable scheme file is repaired.

    Raises:
        Failed: there is no such designation, or the scheme could not be loaded in time.
    """
    loaded = await _call(
        requests.LOAD_PROGRAMME,
        requests.ProgrammeRequest(designation=designation),
        requests.LoadedProgramme,
        start_to_close_timeout=_SECONDS_10,
        schedule_to_close_timeout=patience,
        retry_policy=_PATIENT,
        summary=Markdown("load the current scheme for {}").format(designation),
    )
    return loaded.programme


async def _programme_for_a_cycle(inquiry: LoadProgramme) -> Answer:
    """Loads the programme for a new cycle. If that fails, the cycle continues under the old programme (rule 18)."""
    try:
        return ProgrammeLoaded(await load_programme(inquiry.designation, patience=_SCHEME_PATIENCE))
    except Failed:
        return ProgrammeLoaded(None)


async def _score(inquiry: ScoreResponses) -> Answer:
    """Scores responses. If that takes too long, the result is held, like any that cannot be scored (rule 8)."""
    try:
        answer = await _call(
            requests.SCORE_RESPONSES,
            requests.ScoringRequest(form=inquiry.form, domain=inquiry.domain, responses=dict(inquiry.responses)),
            requests.ScoringAnswer,
            start_to_close_timeout=_SECONDS_10,
            schedule_to_close_timeout=_SCORING_PATIENCE,
            retry_policy=_PATIENT,
            summary=Markdown("score form {}").format(inquiry.form),
        )
    except Failed as failed:
        reason = f"the answer key could not be asked: {failed}"
        return ResponsesScored(unscored=reason, hold=inquiry.hold)
    return ResponsesScored(answer.score, answer.unscored, inquiry.hold)


async def _ask_lower(inquiry: AskLower) -> Answer:
    """Asks until there is an answer: the lower certificate may have given way, and its answer been lost (rule 23)."""
    request = requests.SupersedeRequest(
        workflow_id=inquiry.workflow_id,
        by_workflow_id=inquiry.by_workflow_id,
        by_number=inquiry.by_number,
        at=workflow.now(),
    )
    answer = await _call(
        requests.SUPERSEDE_LOWER,
        request,
        requests.SupersedeAnswer,
        start_to_close_timeout=timedelta(minutes=1),
        heartbeat_timeout=_SECONDS_10,
        retry_policy=_PATIENT,
        summary="ask the lower certificate to give way",
    )
    return LowerAnswer(answer.superseded_at, answer.reason)


_CALLS: Mapping[type, Callable[[Any], Awaitable[Answer]]] = {
    LoadProgramme: _programme_for_a_cycle,
    ScoreResponses: _score,
    AskLower: _ask_lower,
}


# --- effects ------------------------------------------------------------------------------------------------


async def send_notices(
    notices: Sequence[Notify],
    state: State,
    contact: ContactRecord,
    until: datetime,
    to_record: requests.RecordRequest | None,
) -> requests.NoticeAnswer:
    """Sends the first of these notices, with further attempts until the instant `until` (UTC), and the others after it.

    Records `to_record` too. The answer says how many of the others were sent.

    Raises:
        Failed: the first notice could not be delivered. None of the others was sent, as far as is known.
    """
    first, *following = (_notice(notice, state, contact) for notice in notices)
    request = requests.NoticeRequest(
        **dict(first),
        workflow_id=state.workflow_id,
        enrolment=state.enrolment,
        to_record=to_record,
        following=following,
    )
    answer = await _call(
        requests.SEND_NOTICE,
        request,
        _AnswerOrNone,
        start_to_close_timeout=timedelta(minutes=2),
        heartbeat_timeout=_SECONDS_10,
        schedule_to_close_timeout=until - workflow.now(),
        retry_policy=_NOTICE,
        # A candidacy that takes a notice back must know whether it was sent.
        cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        summary=Markdown("{}: {}").format(
            "notices" if len(notices) > 1 else "notice",
            Markdown(", ").join(notice.notice.replace("-", " ") for notice in notices),
        ),
    )
    return answer or requests.NoticeAnswer()


def _notice(notice: Notify, state: State, contact: ContactRecord) -> requests.Notice:
    return requests.Notice(
        key=f"{state.workflow_id}:{state.enrolment}:{notice.sequence}",
        notice=notice.notice,
        queued_at=notice.queued_at,
        to_name=contact.name,
        to_email=contact.email,
        facts=notice.facts,
        about=notice.sequence,
    )


async def record_events(request: requests.RecordRequest) -> int:
    """Records events, with any number of attempts, and returns the number of the last one that is recorded.

    Raises:
        Failed: the call was taken back. The events are not recorded, as far as is known.
    """
    answer = await _call(
        requests.RECORD_EVENTS,
        request,
        requests.RecordAnswer,
        start_to_close_timeout=timedelta(minutes=1),
        heartbeat_timeout=_SECONDS_10,
        retry_policy=_PATIENT,
        cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        summary="hand the events over to the record",
    )
    return answer.recorded


async def open_advancement(opening: OpenAdvancement, state: State, contact: ContactRecord) -> str | None:
    """Opens the workflow of the higher designation, with any number of attempts.

    Returns None, or the reason why the rules do not allow it.

    Raises:
        Failed: the call was taken back, and nothing was opened.
    """
    request = requests.OpeningRequest(
        key=f"{state.workflow_id}:{state.enrolment}:{opening.sequence}",
        workflow_id=opening.workflow_id,
        registration=_registration(opening, state, contact),
        summary=Markdown("{}: {}, advancing from {}").format(state.candidate_id, opening.target, state.designation),
    )
    answer = await _call(
        requests.OPEN_ADVANCEMENT,
        request,
        requests.OpeningAnswer,
        start_to_close_timeout=timedelta(minutes=1),
        heartbeat_timeout=_SECONDS_10,
        retry_policy=_PATIENT,
        # A candidacy that gives up the opening must know whether it took place.
        cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        summary=Markdown("open the advancement to {}").format(opening.target),
    )
    return answer.refusal


def _registration(opening: OpenAdvancement, state: State, contact: ContactRecord) -> dict[str, Any]:
    """The start input of the higher candidacy. What an older build has recorded must fit the messages of today."""
    experience = opening.experience and {
        field: allowed(value, as_name=field == "attested_by") if value else value
        for field, value in opening.experience.items()
    }
    registration: dict[str, Any] = {
        "candidate_id": state.candidate_id,
        "name": allowed(contact.name, as_name=True),
        "email": allowed(contact.email),
        "publish": contact.publish,
        "designation": opening.target,
        "purchase": {"reference": allowed(opening.reference), "purchased_at": opening.purchased_at.isoformat()},
        "experience": experience,
        "advances_from": {
            "designation": state.designation,
            "workflow_id": state.workflow_id,
            "known": list(contact.known),
        },
    }
    return {field: value for field, value in registration.items() if value is not None}


async def tell_candidacy(effect: TellCandidacy) -> None:
    """Sends a message to the other candidacy of an advancement, with any number of attempts. It is never taken back."""
    await _call(
        requests.TELL_CANDIDACY,
        requests.TellingRequest(workflow_id=effect.workflow_id, message=effect.message, payload=effect.fields),
        NoneType,
        start_to_close_timeout=timedelta(minutes=1),
        heartbeat_timeout=_SECONDS_10,
        retry_policy=_PATIENT,
        summary="tell the other candidacy of the advancement",
    )
