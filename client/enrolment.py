"""Enrolling one person: the start input checked, the workflow started once, and whether it is under way."""

import asyncio
import time
from datetime import UTC, date, datetime
from typing import Any, Literal, NamedTuple

from temporalio.client import Client, WorkflowExecutionDescription, WorkflowFailureError
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from client import answers, asking, rpc_errors, scheme
from client.candidacy import Candidacy, is_closing, is_open, never_began, status_of
from client.comparison import differing
from client.errors import (
    Closed,
    FieldError,
    InvalidFields,
    NeverBegan,
    NotFound,
    NoWorker,
    OpenedBefore,
    Refused,
    StillClosing,
    Unreadable,
)
from client.payloads import instant
from domain.commands import Registration
from domain.digests import digest_of, matches
from domain.messages import InvalidMessage, check_times, parse, read_json
from domain.vocabulary import Status
from runtime import search_attributes
from runtime.connection import TASK_QUEUE, WORKFLOW
from views.contact import ContactView
from views.markdown import Markdown
from views.status import StatusView

Outcome = Literal["registered", "already enrolled"]

ENROLLED_OTHERWISE = "enrolled-with-other-data"
"""The code of the refusal of somebody who is enrolled already, with other data."""

_TAKEN_UP_SECONDS = 15.0
"""So long a registration may take until a worker has taken it up. Temporal gives a task that was lost on its way to a
worker out again after ten seconds."""
_WORKER_STARTS_SECONDS = 1.0

_REGISTRATION = "registration"
_DIGEST = "registration_digest"
_OPENED = "registered_at"
_ACT = "enrolled_by"


class Enrolment(NamedTuple):
    """A registration that has been checked: whose it is, the start input as JSON text, and what others need of it.

    `digest` is that of its content, the same for every spelling, as `domain.digests.digest_of` makes it.
    """

    candidacy: Candidacy
    payload: bytes
    digest: str
    email: str
    purchase_reference: str | None
    purchased_at: datetime | date | None


def checked(payload: bytes) -> Enrolment:
    """The registration in this JSON text, ready to be sent. Raises `InvalidFields` with each wrong field."""
    try:
        registration = _read(payload)
        check_times(_REGISTRATION, registration, datetime.now(UTC))
    except InvalidMessage as error:
        errors = [FieldError(one.field, one.problem) for one in error.problems]
        raise InvalidFields("The registration has mistakes:", errors) from error
    purchase = registration.purchase
    return Enrolment(
        Candidacy(registration.candidate_id, registration.designation),
        payload,
        digest_of(registration),
        registration.email,
        purchase.reference if purchase else None,
        purchase.purchased_at if purchase else None,
    )


def _read(payload: bytes) -> Registration:
    return parse(Registration, _REGISTRATION, read_json(_REGISTRATION, payload))


async def enrol(
    client: Client,
    enrolment: Enrolment,
    title: str | None,
    *,
    again: bool = False,
    act: str | None = None,
    recorded: str | None = None,
) -> Outcome:
    """Start the candidacy, unless it is open already with the same data.

    `again` opens a new candidacy where an earlier one is closed; without it, that is refused (rule 24). A workflow that
    failed is no earlier one: its registration was invalid, so a corrected one is started in any case. `act` names what
    is carried out, where that may be interrupted and begun again: it opens a candidacy once. `recorded` is the
    status in which the record has the candidacy as closed, if it has: Temporal may have forgotten it.

    Raises as `check_enrolled` does where somebody is enrolled already, and as `check_not_opened_by`; `StillClosing`
    where a new one is wanted, and the workflow of the closed one still runs; `Unreachable`.
    """
    candidacy = enrolment.candidacy
    if again and act:
        await check_not_opened_by(client, candidacy, act)
    if recorded and not again:
        await check_not_forgotten(client, candidacy, recorded)
    policy = WorkflowIDReusePolicy.ALLOW_DUPLICATE if again else WorkflowIDReusePolicy.REJECT_DUPLICATE
    if await _started(client, enrolment, title, policy, act):
        return "registered"
    if never_began(await candidacy.describe(client)):
        # Temporal also allows a start after a termination by this policy, so it is used only after a failure.
        if await _started(client, enrolment, title, WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY, act):
            return "registered"
    try:
        await check_enrolled(client, enrolment)
    except Closed as closed:
        if not again:
            raise
        # With `again` the start fails only where a workflow runs. If that has ended since, the next try works too.
        raise still_closing(candidacy, closed.status) from closed
    return "already enrolled"


def still_closing(candidacy: Candidacy, status: str) -> StillClosing:
    """The error for a closed candidacy that nobody can follow under the same id yet."""
    return StillClosing(
        f"The candidacy of {candidacy} is closed ({status}), and its last notices or records still go out: run the "
        "same command again.",
        candidacy.workflow_id,
        status,
    )


async def _started(
    client: Client, enrolment: Enrolment, title: str | None, policy: WorkflowIDReusePolicy, act: str | None
) -> bool:
    """Start the workflow; False where the policy does not allow it, or where it runs already. Raises `Unreachable`."""
    candidacy = enrolment.candidacy
    try:
        await client.start_workflow(
            WORKFLOW,
            answers.raw(enrolment.payload),
            id=candidacy.workflow_id,
            task_queue=TASK_QUEUE,
            id_reuse_policy=policy,
            memo={_DIGEST: enrolment.digest, _OPENED: instant(datetime.now(UTC)), **({_ACT: act} if act else {})},
            search_attributes=_search_attributes(enrolment),
            # Shown in the UI, and never encrypted: nothing personal.
            static_summary=Markdown("{} {}").format(candidacy.designation, candidacy.candidate_id),
            static_details=Markdown("Candidacy of {} for {}.").format(
                candidacy.candidate_id, title or candidacy.designation
            ),
        )
    except WorkflowAlreadyStartedError:
        return False
    except RPCError as error:
        raise rpc_errors.explained(error) from error
    return True


async def under_way(client: Client, candidacy: Candidacy, patience: float = _TAKEN_UP_SECONDS) -> StatusView | None:
    """The first answer of `status`; None where no worker gives one within `patience` seconds: the registration waits.

    Raises `InvalidFields` or `Refused` where the engine found the registration wrong after all; `Unreachable`.
    """
    if not await _soon_polls(client):
        return None
    until = time.monotonic() + patience
    while time.monotonic() < until:
        found = None
        try:
            found = await asking.status(client, candidacy)
        except NoWorker:
            if not await answers.worker_polls(client):
                return None  # otherwise the task was lost on its way, and comes once more
        except (Refused, NeverBegan):
            pass  # the engine has not come that far yet, or never will
        if not is_open(await candidacy.describe(client)):
            await _check_accepted(client, candidacy)
        if found and found.sequence:
            return found
        await asyncio.sleep(0.1)
    return None


async def _soon_polls(client: Client) -> bool:
    """Whether a worker asks for work, also one that has just been started."""
    if await answers.worker_polls(client):
        return True
    await asyncio.sleep(_WORKER_STARTS_SECONDS)
    return await answers.worker_polls(client)


async def _check_accepted(client: Client, candidacy: Candidacy) -> None:
    try:
        with rpc_errors.explaining():
            await candidacy.handle(client).result()
    except WorkflowFailureError as error:
        raise answers.refusal(error.cause, candidacy) from error


async def check_enrolled(client: Client, enrolment: Enrolment) -> None:
    """Returns where this very enrolment is there and open.

    Raises `NotFound`, `Closed`, and `Refused` with the code `ENROLLED_OTHERWISE`; `NoWorker` where only a worker knows.
    """
    candidacy = enrolment.candidacy
    description = await candidacy.describe(client)
    if never_began(description):
        raise candidacy.never_began()
    if not is_open(description) or is_closing(description):
        status = status_of(description)
        raise Closed(f"The candidacy of {candidacy} is closed ({status}).", candidacy.workflow_id, status)
    fields = await _differing(client, enrolment, description)
    if fields is None or fields:
        named = f" ({', '.join(fields)})" if fields else ""
        raise Refused(
            f"{candidacy} is enrolled already, with other data{named}: nothing was changed. To change it, use "
            "`contact`, `confirm-purchase` or `experience`.",
            code=ENROLLED_OTHERWISE,
        )


async def check_ended(client: Client, candidacy: Candidacy) -> None:
    """Raises `StillClosing` where the candidacy is closed and its workflow runs, so that no new one can be opened."""
    try:
        description = await candidacy.describe(client)
    except NotFound:
        return
    if is_closing(description):
        raise still_closing(candidacy, status_of(description))


async def check_not_forgotten(client: Client, candidacy: Candidacy, recorded: str) -> None:
    """Raises `Closed` where Temporal does not know this candidacy any more, which the record has as closed."""
    try:
        description = await candidacy.describe(client)
    except NotFound:
        pass
    else:
        if not never_began(description):
            return
    raise Closed(f"The candidacy of {candidacy} is closed ({recorded}).", candidacy.workflow_id, recorded)


async def check_not_opened_by(client: Client, candidacy: Candidacy, act: str) -> None:
    """Raises `OpenedBefore` where this act has opened the candidacy, and it is closed by now."""
    try:
        description = await candidacy.describe(client)
    except NotFound:
        return
    if (is_open(description) and not is_closing(description)) or never_began(description):
        return
    if (await description.memo()).get(_ACT) == act:
        status = status_of(description)
        raise OpenedBefore(
            f"The candidacy of {candidacy} was opened and is closed ({status}).", candidacy.workflow_id, status
        )


async def _differing(
    client: Client, enrolment: Enrolment, description: WorkflowExecutionDescription
) -> tuple[str, ...] | None:
    """The fields that differ from what is enrolled; none where it is the same list, whoever saved it (R16).

    None where they differ, and nobody can say in what: no worker answers, or one of an older build.

    Raises `NoWorker` where only a worker knows whether anything differs: the candidacy was started by another client.
    """
    digest = (await description.memo()).get(_DIGEST)
    registration = _read(enrolment.payload)
    if digest is not None and matches(digest, registration):
        return ()
    try:
        known = await _taken_up(client, enrolment.candidacy)
    except (NoWorker, Refused, Unreadable):
        if digest is None:
            raise
        return None
    return differing(registration, known, scheme.facts())


async def _taken_up(client: Client, candidacy: Candidacy) -> ContactView:
    """What the candidacy knows, once its registration is taken up: before, it has no purchase and no experience."""
    until = time.monotonic() + _TAKEN_UP_SECONDS
    while True:
        known = await asking.contact(client, candidacy)
        if known.sequence or time.monotonic() > until:
            return known
        await asyncio.sleep(0.1)


def _search_attributes(enrolment: Enrolment) -> TypedSearchAttributes:
    """So that the UI and `list` find the candidacy from its first moment, worker or not.

    Where a purchase comes with the registration, only the engine can say whether it opens the window. The status is
    then left out until a worker has taken the registration up.
    """
    pairs: list[SearchAttributePair[Any]] = [
        SearchAttributePair(search_attributes.CANDIDATE_ID, enrolment.candidacy.candidate_id),
        SearchAttributePair(search_attributes.DESIGNATION, enrolment.candidacy.designation),
    ]
    if enrolment.purchase_reference is None:
        pairs.append(SearchAttributePair(search_attributes.CERTIFICATION_STATUS, Status.AWAITING_PURCHASE))
    return TypedSearchAttributes(pairs)
