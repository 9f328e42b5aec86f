"""Enrolling one person: the start input checked, the workflow started once, and whether it is under way."""

import asyncio
import time
from typing import TYPE_CHECKING, Any, Literal

from cli import answers, candidates, exits
from cli.candidates import Candidacy
from domain.vocabulary import Status

if TYPE_CHECKING:
    from temporalio.client import Client, WorkflowExecutionDescription
    from temporalio.common import TypedSearchAttributes

Outcome = Literal["registered", "already enrolled"]

_DIGEST = "registration_digest"
_OPENED = "registered_at"
_ACT = "enrolled_by"


def checked(registration: dict[str, Any]) -> dict[str, Any]:
    """The registration as it will be sent. Raises `exits.BadInput` with each wrong field."""
    from datetime import UTC, datetime

    from domain.commands import Registration
    from domain.messages import InvalidMessage, check_times, parse

    try:
        check_times("registration", parse(Registration, "registration", registration), datetime.now(UTC))
    except InvalidMessage as error:
        errors = [{"field": one.field, "problem": one.problem} for one in error.problems]
        notes = [f"{one.field}: {one.problem}" for one in error.problems]
        raise exits.BadInput("The registration has mistakes:", notes, errors=errors) from error
    return registration


class OpenedBefore(exits.Closed):
    """The candidacy that this very act has opened is closed since; the same act does not open a second one."""


async def enrol(
    client: "Client",
    registration: dict[str, Any],
    title: str | None,
    *,
    again: bool = False,
    act: str | None = None,
) -> Outcome:
    """Start the candidacy, unless it is open already with the same data. Raises `exits.Stop`.

    `again` opens a new candidacy where an earlier one is closed; without it, that is refused (rule 24). `act` names
    what is carried out, where that may be interrupted and begun again: it opens a candidacy once.
    """
    from temporalio.common import WorkflowIDReusePolicy
    from temporalio.exceptions import WorkflowAlreadyStartedError

    from runtime.connection import TASK_QUEUE

    candidacy = Candidacy(registration["candidate_id"], registration["designation"])
    if again and act:
        await check_not_opened_by(client, candidacy, act)
    try:
        await client.start_workflow(
            candidates.WORKFLOW,
            registration,
            id=candidacy.workflow_id,
            task_queue=TASK_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE if again else WorkflowIDReusePolicy.REJECT_DUPLICATE,
            memo={_DIGEST: _digest(registration), _OPENED: _now(), **({_ACT: act} if act else {})},
            search_attributes=_search_attributes(registration),
            # Shown in the UI, and never encrypted: nothing personal.
            static_summary=f"{candidacy.designation} {candidacy.candidate_id}",
            static_details=f"Candidacy of {candidacy.candidate_id} for {title or candidacy.designation}.",
        )
    except WorkflowAlreadyStartedError:
        await enrolled(client, candidacy, registration)
        return "already enrolled"
    return "registered"


async def under_way(client: "Client", candidacy: Candidacy, patience: float = 8.0) -> dict[str, Any] | None:
    """The first answer of `status`; None where no worker gives one in time: the registration waits.

    Raises `exits.BadInput` where the engine found the registration wrong after all.
    """
    if not await answers.worker_polls(client):
        return None
    until = time.monotonic() + patience
    while time.monotonic() < until:
        try:
            status = await candidacy.query(client, "status")
        except exits.NoWorker:
            return None
        except exits.Refused:  # the engine has not come that far yet, or never will
            status = None
        if not candidates.is_open(await candidacy.describe(client)):
            await _check_accepted(client, candidacy)
        if status and status.get("sequence"):
            return dict(status)
        await asyncio.sleep(0.1)
    return None


async def _check_accepted(client: "Client", candidacy: Candidacy) -> None:
    from temporalio.client import WorkflowFailureError

    try:
        await candidacy.handle(client).result()
    except WorkflowFailureError as error:
        raise answers.refusal(error.cause, candidacy) from error


async def enrolled(client: "Client", candidacy: Candidacy, registration: dict[str, Any]) -> None:
    """That this very enrolment is there and open. Raises `exits.Stop` where it is not."""
    description = await candidacy.describe(client)
    if not candidates.is_open(description):
        status = candidates.status_of(description)
        raise exits.Closed(
            f"The candidacy of {candidacy} is closed ({status}); --re-enrol opens a new one on purpose.",
            workflow_id=candidacy.workflow_id,
            status=status,
        )
    if not await _same(client, candidacy, description, registration):
        raise exits.Refused(
            f"{candidacy} is enrolled already, with other data: nothing was changed. To change it, use "
            "`contact`, `confirm-purchase` or `experience`.",
            code="enrolled-with-other-data",
        )


async def check_not_opened_by(client: "Client", candidacy: Candidacy, act: str) -> None:
    """Raises `OpenedBefore` where this act has opened the candidacy, and it is closed by now."""
    try:
        description = await candidacy.describe(client)
    except exits.NotFound:
        return
    if not candidates.is_open(description) and (await description.memo()).get(_ACT) == act:
        status = candidates.status_of(description)
        raise OpenedBefore(f"The candidacy of {candidacy} was opened and is closed ({status}).", status=status)


async def _same(
    client: "Client",
    candidacy: Candidacy,
    description: "WorkflowExecutionDescription",
    registration: dict[str, Any],
) -> bool:
    digest = (await description.memo()).get(_DIGEST)
    if digest is not None:
        return bool(digest == _digest(registration))
    # Started by another client, without a memo: the engine knows what matters.
    status = await candidacy.query(client, "status")
    purchase = registration.get("purchase") or {}
    same_name = status.get("name") == registration["name"].strip()
    given, known = purchase.get("purchased_at"), status.get("purchased_at")
    return same_name and (not purchase or (known is not None and _same_instant(given, known)))


def _same_instant(given: str | None, known: str) -> bool:
    from datetime import datetime

    return given is None or datetime.fromisoformat(given) == datetime.fromisoformat(known)


def _digest(registration: dict[str, Any]) -> str:
    """Of the meaning, not the spelling."""
    from domain.commands import Registration
    from domain.messages import digest_of

    return digest_of(Registration.model_validate(registration))


def _now() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _search_attributes(registration: dict[str, Any]) -> "TypedSearchAttributes":
    """So that the UI and `list` find the candidacy from its first moment, worker or not."""
    from temporalio.common import SearchAttributePair, TypedSearchAttributes

    from runtime import search_attributes

    return TypedSearchAttributes(
        [
            SearchAttributePair(search_attributes.CANDIDATE_ID, registration["candidate_id"]),
            SearchAttributePair(search_attributes.DESIGNATION, registration["designation"]),
            SearchAttributePair(search_attributes.CERTIFICATION_STATUS, Status.AWAITING_PURCHASE),
        ]
    )
