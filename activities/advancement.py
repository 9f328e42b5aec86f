"""Talks to the other candidacy of an advancement: opens the higher one, asks the lower certificate to give way, and
tells either of them what has happened to the other.

All are calls to Temporal with a time limit. If the server or a worker does not answer, the activity fails and is tried
again. If the rules say no, the activity succeeds and returns the reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import TypeAdapter, ValidationError
from temporalio import activity
from temporalio.client import (
    Client,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.heartbeats import heartbeating, is_heard, outcome_of
from activities.programme import current_scheme
from activities.requests import (
    OPEN_ADVANCEMENT,
    SUPERSEDE_LOWER,
    TELL_CANDIDACY,
    OpeningAnswer,
    OpeningRequest,
    SupersedeAnswer,
    SupersedeRequest,
    TellingRequest,
)
from domain.types import Instant
from domain.vocabulary import CLOSED, Status, without_code
from runtime.connection import TASK_QUEUE, WORKFLOW
from runtime.search_attributes import CANDIDATE_ID, CERTIFICATION_STATUS, DESIGNATION

OPENED_BY = "opened_by"
"""The memo field by which an attempt recognises what an earlier one has opened. Continue-as-new keeps it."""

_NOT_IN_FORCE = (Status.GRACE, Status.LAPSED, Status.SUSPENDED)
"""The statuses in which a certificate cannot give way now, but may later."""

_CLOSED = "the lower certificate's workflow is closed"

_RPC = timedelta(seconds=10)
_ANSWER_SECONDS = 20.0
_INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)


class Advancement:
    """The activities of rules 22 and 23, with the Temporal client that they use and the file of the scheme."""

    def __init__(self, client: Client, scheme: Path) -> None:
        self._client = client
        self._scheme = scheme

    @activity.defn(name=OPEN_ADVANCEMENT)
    async def open_advancement(self, request: OpeningRequest) -> OpeningAnswer:
        """Open the workflow of the higher designation, once for each key.

        It first looks for a workflow that an earlier attempt has opened, and finds it also if it is closed. The reuse
        policy must allow a second run, because a new request may follow a failed advancement. So without that look, an
        attempt after a lost answer would open a second candidacy if the first has ended meanwhile.

        Today's scheme decides whether the advancement is still offered. The workflow of the higher designation would
        fail where it is not, and nobody would tell the lower candidacy.

        Raises:
            ApplicationError: for another attempt: of type SchemeInvalid while the scheme's file cannot be read, of type
                EarlierStillOpen while an earlier candidacy is closed and still sends its last notices.
        """
        async with heartbeating():
            opening = asyncio.create_task(self._open_advancement(request))
            try:
                return await asyncio.shield(opening)
            except asyncio.CancelledError:
                if not is_heard():
                    opening.cancel()
                    raise
                # The candidacy waits for an answer, and must not be told that nothing was opened where it was.
                return await outcome_of(opening)

    async def _open_advancement(self, request: OpeningRequest) -> OpeningAnswer:
        handle = self._client.get_workflow_handle(request.workflow_id)
        found = await _described(handle)
        if found is not None and await _opened_by(found) == request.key:
            return OpeningAnswer(refusal=await _failure(handle) if _has_failed(found) else None)
        if refusal := await asyncio.to_thread(self._not_offered, request.registration):
            return OpeningAnswer(refusal=refusal)
        try:
            await self._start(request)
        except WorkflowAlreadyStartedError:
            # Look again: an earlier attempt may have opened it since the first look.
            found = await _described(handle)
            if found is None or await _opened_by(found) != request.key:
                return OpeningAnswer(refusal=_occupied(request, found))
        return OpeningAnswer()

    def _not_offered(self, registration: Mapping[str, Any]) -> str | None:
        """Why today's scheme lets no such candidacy begin; None where it does."""
        scheme = current_scheme(self._scheme)
        target, lower = registration["designation"], registration["advances_from"]["designation"]
        if target not in scheme.designations:
            return f"the scheme {scheme.version} has no designation {target}"
        if lower not in scheme.programme(target).advances_from:
            return f"in the scheme {scheme.version}, {lower} does not advance to {target}"
        return None

    async def _start(self, request: OpeningRequest) -> None:
        registration = request.registration
        await self._client.start_workflow(
            WORKFLOW,
            registration,
            id=request.workflow_id,
            task_queue=TASK_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            memo={OPENED_BY: request.key},
            static_summary=request.summary,
            search_attributes=TypedSearchAttributes(
                [
                    SearchAttributePair(CANDIDATE_ID, str(registration["candidate_id"])),
                    SearchAttributePair(DESIGNATION, str(registration["designation"])),
                ]
            ),
            rpc_timeout=_RPC,
        )

    @activity.defn(name=SUPERSEDE_LOWER)
    async def supersede_lower(self, request: SupersedeRequest) -> SupersedeAnswer:
        """Ask the lower certificate to give way, and return the instant (UTC) at which it did.

        The published status is read first. A certificate that is not in force is asked every day, and its timeline
        would fill with refusals; so a status that says "not now" is the answer. Otherwise the update is sent, even to a
        certificate that is closed but still sends its last notices: it may have given way to this number already, and
        the answer was lost with a killed worker.

        The update is idempotent: for the same number, the lower certificate returns the same instant again. But each
        attempt sends it under a new update id, because the server repeats the first answer to an id for the rest of the
        run. A certificate that was suspended at the first attempt would otherwise be refused for ever.

        If the server has forgotten the lower workflow, the answer says so. It never takes a certificate away: the lower
        candidacy does not close before its `confirm_superseded` has reached the candidacy that asks.
        """
        async with heartbeating():
            return await self._supersede_lower(request)

    async def _supersede_lower(self, request: SupersedeRequest) -> SupersedeAnswer:
        handle = self._client.get_workflow_handle(request.workflow_id)
        standing = await _standing(handle)
        if standing in _NOT_IN_FORCE:
            return SupersedeAnswer(reason=f"the certificate is not in force: {standing}")
        payload = {
            "by_workflow_id": request.by_workflow_id,
            "by_number": request.by_number,
            "at": request.at.isoformat(),
        }
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                receipt = await handle.execute_update("supersede", payload, id=f"supersede:{uuid4()}", rpc_timeout=_RPC)
        except WorkflowUpdateFailedError as error:
            return SupersedeAnswer(reason=_refusal(error))
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
            raise _silent() from None
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return await _from_the_closed(handle, request)
        return SupersedeAnswer(superseded_at=_instant(receipt, "superseded_at"))

    @activity.defn(name=TELL_CANDIDACY)
    async def tell_candidacy(self, request: TellingRequest) -> None:
        """Send a message of the engine to another candidacy.

        A signal is enough: once the server has it, the other workflow takes it before it can close. A message that
        arrives twice is known there by its message id and by its content. A candidacy that is closed or unknown needs
        no message, so that is no error.
        """
        async with heartbeating():
            handle = self._client.get_workflow_handle(request.workflow_id)
            try:
                await handle.signal(request.message, request.payload, rpc_timeout=_RPC)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise


async def _described(handle: WorkflowHandle[Any, Any]) -> WorkflowExecutionDescription | None:
    """What the server knows of the newest workflow of this id; None if there is none."""
    try:
        return await handle.describe(rpc_timeout=_RPC)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise


async def _opened_by(description: WorkflowExecutionDescription) -> str | None:
    """The key of the request that opened this workflow; None if no request did."""
    opened_by: str | None = await description.memo_value(OPENED_BY, None, type_hint=str)
    return opened_by


def _has_failed(description: WorkflowExecutionDescription) -> bool:
    """Whether the workflow never became a candidacy: nothing but an invalid registration fails one."""
    return description.status is WorkflowExecutionStatus.FAILED


async def _failure(handle: WorkflowHandle[Any, Any]) -> str:
    """Why a workflow that has failed did so."""
    try:
        await handle.result(follow_runs=False, rpc_timeout=_RPC)
    except WorkflowFailureError as error:
        return error.cause.message if isinstance(error.cause, ApplicationError) else str(error.cause)
    return "its workflow has failed"


def _occupied(request: OpeningRequest, description: WorkflowExecutionDescription | None) -> str:
    """Why a new candidacy cannot be opened beside the one that is found.

    Raises:
        ApplicationError: the earlier one is closed, so that another attempt will find it ended.
    """
    target = request.registration["designation"]
    if description is None or description.typed_search_attributes.get(CERTIFICATION_STATUS) in CLOSED:
        raise ApplicationError(
            f"The earlier candidacy for {target} is closed, and its workflow has not ended yet.",
            type="EarlierStillOpen",
            category=ApplicationErrorCategory.BENIGN,
        )
    return f"there is already an open candidacy for {target}"


async def _standing(handle: WorkflowHandle[Any, Any]) -> str | None:
    """The published status of a lower certificate; None if its workflow is closed or missing, or has published none."""
    description = await _described(handle)
    if description is None or description.status is not WorkflowExecutionStatus.RUNNING:
        return None
    return description.typed_search_attributes.get(CERTIFICATION_STATUS)


def _refusal(error: WorkflowUpdateFailedError) -> str:
    """The reason why the rules refuse the update.

    Raises:
        ApplicationError: the update failed for another cause, for example because the run ended meanwhile. Another
            attempt may succeed.
    """
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type == "Refused":
        code = cause.details[0].get("code") if cause.details and isinstance(cause.details[0], dict) else None
        return without_code(cause.message, code)
    kind = cause.type if isinstance(cause, ApplicationError) else type(cause).__name__
    raise ApplicationError(f"The lower certificate gave no answer ({kind}).", type="LowerUnclear") from None


async def _from_the_closed(handle: WorkflowHandle[Any, Any], request: SupersedeRequest) -> SupersedeAnswer:
    """Looks into the timeline of a closed workflow, which may be closed because it gave way and the answer was lost.

    A closed workflow takes no update, but its timeline can be queried as long as the server retains its history. Only
    workers of the build on which it ended answer that, and they may have been stopped long ago. So they are not asked
    where the published status says already that it has ended in another way.
    """
    if await _ended_otherwise(handle):
        return SupersedeAnswer(reason=_CLOSED)
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            timeline = await handle.query("timeline", rpc_timeout=_RPC)
    except TimeoutError:
        raise _silent() from None
    except WorkflowQueryFailedError as error:
        raise ApplicationError(
            f"The lower certificate's timeline cannot be read: {error.message}", type="LowerUnclear"
        ) from None
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return SupersedeAnswer(reason="the lower certificate's workflow is not found")
    for entry in timeline:
        if entry.get("type") == "Superseded" and entry.get("by_number") == request.by_number:
            return SupersedeAnswer(superseded_at=_instant(entry, "at"))
    return SupersedeAnswer(reason=_CLOSED)


async def _ended_otherwise(handle: WorkflowHandle[Any, Any]) -> bool:
    """Whether a candidacy has ended in another way than by giving way to a higher certificate."""
    description = await _described(handle)
    if description is None or description.status is not WorkflowExecutionStatus.COMPLETED:
        return False
    status = description.typed_search_attributes.get(CERTIFICATION_STATUS)
    return status in CLOSED and status != Status.SUPERSEDED


def _instant(answer: Any, field: str) -> datetime:
    try:
        return _INSTANT.validate_python(answer[field])
    except (KeyError, TypeError, ValidationError):
        # A worker of another version has answered. Another attempt may reach a newer worker.
        raise ApplicationError(f"The lower certificate's answer has no {field}.", type="LowerUnclear") from None


def _silent() -> ApplicationError:
    # Expected while its worker is busy or away, and tried again: Temporal shows the last failure beside the attempts.
    return ApplicationError(
        "The lower certificate's workflow does not answer.",
        type="LowerSilent",
        category=ApplicationErrorCategory.BENIGN,
    )
