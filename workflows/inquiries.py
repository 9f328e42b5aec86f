"""What the workflow asks of the world, with the patience for each. Decisions await inquiries, never effects.

Why these numbers: an attempt that hangs is given up after `start_to_close`; one whose worker was killed no longer sends
heartbeats, and is given up after `heartbeat`; a failed one is tried again with growing pauses; the whole is bounded by
`schedule_to_close` where somebody waits for the answer. Failures that are somebody's input are not retried: the
activities mark them so.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from types import NoneType
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities import requests
    from domain.commands import Contact
    from domain.effects import Notify, OpenAdvancement
    from domain.state import State
    from workflows import traces

_SECONDS_10 = timedelta(seconds=10)
_PATIENT = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))
_NOTICE = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(minutes=15)
)


async def load_programme(designation: str, *, patience: timedelta | None) -> requests.LoadedProgramme:
    """The current programme of a designation; without a bound an unreadable scheme file waits until it is mended."""
    loaded: requests.LoadedProgramme = await traces.activity(
        requests.LOAD_PROGRAMME,
        requests.ProgrammeRequest(designation=designation),
        requests.LoadedProgramme,
        start_to_close_timeout=_SECONDS_10,
        schedule_to_close_timeout=patience,
        retry_policy=_PATIENT,
        summary=f"load the current scheme for {designation}",
    )
    return loaded


async def score_responses(form: str, domain: str, responses: dict[str, str]) -> requests.ScoringAnswer:
    """The score of responses; where no answer comes in a minute, the result is held like any that cannot be scored."""
    try:
        answer: requests.ScoringAnswer = await traces.activity(
            requests.SCORE_RESPONSES,
            requests.ScoringRequest(form=form, domain=domain, responses=responses),
            requests.ScoringAnswer,
            start_to_close_timeout=_SECONDS_10,
            schedule_to_close_timeout=timedelta(minutes=1),
            retry_policy=_PATIENT,
            summary=f"score form {form}",
        )
    except ActivityError as error:
        return requests.ScoringAnswer(unscored=f"the answer key could not be asked: {told(error)}")
    return answer


async def ask_lower(state: State, number: str) -> requests.SupersedeAnswer:
    """The lower certificate's answer, asked for until it comes: a question without an answer may still have been heard.

    Raises:
        ActivityError: the question itself is wrong, and was not asked.
    """
    answer: requests.SupersedeAnswer = await traces.activity(
        requests.SUPERSEDE_LOWER,
        requests.SupersedeRequest(
            workflow_id=state.advances_from or "",
            by_workflow_id=state.workflow_id,
            by_number=number,
            at=workflow.now(),
        ),
        requests.SupersedeAnswer,
        start_to_close_timeout=timedelta(minutes=1),
        heartbeat_timeout=_SECONDS_10,
        retry_policy=_PATIENT,
        summary="ask the lower certificate to give way",
    )
    return answer


async def send_notice(notice: Notify, workflow_id: str, enrolment: str, contact: Contact, until: datetime) -> None:
    """Sends a notice, trying again until that instant.

    Raises:
        ActivityError: it is undeliverable.
    """
    await traces.activity(
        requests.SEND_NOTICE,
        requests.NoticeRequest(
            key=f"{workflow_id}:{enrolment}:{notice.sequence}",
            notice=notice.notice,
            queued_at=notice.queued_at,
            to_name=contact.name,
            to_email=contact.email,
            facts=notice.facts,
        ),
        NoneType,
        start_to_close_timeout=timedelta(minutes=2),
        heartbeat_timeout=_SECONDS_10,
        schedule_to_close_timeout=until - workflow.now(),
        retry_policy=_NOTICE,
        summary=f"notice: {notice.notice.replace('-', ' ')}",
    )


async def open_advancement(opening: OpenAdvancement, state: State, contact: Contact) -> str | None:
    """Opens the target's workflow, however long that takes; answers why where that is not possible."""
    registration: dict[str, Any] = {
        "candidate_id": state.candidate_id,
        **contact.model_dump(),
        "designation": opening.target,
        "purchase": {"reference": opening.reference, "purchased_at": opening.purchased_at.isoformat()},
        "experience": opening.experience,
        "advances_from": {"designation": state.designation, "workflow_id": state.workflow_id},
    }
    try:
        answer: requests.OpeningAnswer = await traces.activity(
            requests.OPEN_ADVANCEMENT,
            requests.OpeningRequest(
                key=f"{state.workflow_id}:{state.enrolment}:{opening.sequence}",
                workflow_id=opening.workflow_id,
                registration={field: value for field, value in registration.items() if value is not None},
                summary=f"{state.candidate_id}: {opening.target}, advancing from {state.designation}",
            ),
            requests.OpeningAnswer,
            start_to_close_timeout=timedelta(minutes=1),
            heartbeat_timeout=_SECONDS_10,
            retry_policy=_PATIENT,
            summary=f"open the advancement to {opening.target}",
        )
    except ActivityError as error:
        return told(error)
    return answer.refusal


def never_again(error: ActivityError) -> bool:
    """Whether the activity itself said that another attempt cannot help."""
    return isinstance(error.cause, ApplicationError) and error.cause.non_retryable


def told(error: ActivityError) -> str:
    """Why an activity failed, in its own words."""
    cause = error.cause
    return cause.message if isinstance(cause, ApplicationError) else str(cause or error)
