"""Speaks to the other candidacy of an advancement: opens the higher one, asks the lower one to give way.

Both are calls to Temporal itself, bounded in time. A server or worker that does not answer is retried; an
answer from the rules is an answer here too, never an error.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from pydantic import TypeAdapter, ValidationError
from temporalio import activity
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
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
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.heartbeats import heartbeating
from activities.requests import (
    OPEN_ADVANCEMENT,
    SUPERSEDE_LOWER,
    OpeningAnswer,
    OpeningRequest,
    SupersedeAnswer,
    SupersedeRequest,
)
from domain.types import Instant
from domain.vocabulary import Status
from runtime.connection import TASK_QUEUE
from runtime.search_attributes import CANDIDATE_ID, CERTIFICATION_STATUS, DESIGNATION

WORKFLOW = "CertificationWorkflow"
OPENED_BY = "opened_by"
"""The memo field that tells our own earlier attempt from another candidacy. Continue-as-new keeps it."""

_NOT_IN_FORCE = (Status.GRACE, Status.LAPSED, Status.SUSPENDED)
"""The statuses of an open certificate that cannot give way now, and may later."""

_RPC = timedelta(seconds=10)
_ANSWER_SECONDS = 20.0
_INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)


class Advancement:
    """The two activities of rule 22 and 23, with the client that they speak through."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @activity.defn(name=OPEN_ADVANCEMENT)
    async def open_advancement(self, request: OpeningRequest) -> OpeningAnswer:
        """Open the target's workflow, once for each key.

        Looked for first, even closed: the reuse policy allows a second run (an explicit request may follow a
        failed advancement), so a retry after a lost answer would open a second candidacy where the first has
        ended meanwhile.
        """
        async with heartbeating():
            return await self._open_advancement(request)

    async def _open_advancement(self, request: OpeningRequest) -> OpeningAnswer:
        handle = self._client.get_workflow_handle(request.workflow_id)
        if await _opened_by(handle) == request.key:
            return OpeningAnswer()
        try:
            await self._start(request)
        except WorkflowAlreadyStartedError:
            # Asked again: two attempts of ours may have raced, the first one's answer lost.
            if await _opened_by(handle) != request.key:
                target = request.registration.get("designation", "this designation")
                return OpeningAnswer(refusal=f"there is already an open candidacy for {target}")
        return OpeningAnswer()

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
        """Ask the lower certificate to give way, and answer with the instant at which it did.

        The published status is read first: a certificate that waits for its reinstatement is asked every day, and its
        timeline should not fill with refusals. Only a status that says "not now" is answered from there. Every other
        lower certificate is asked by the update, one that is closed but still sends its last notices included: it may
        have given way to this very number, and the answer was lost with a killed worker.

        The update is idempotent: the lower certificate answers the same number with the same instant again. The
        update's id is a fresh one for each attempt, because the server repeats an id's first answer for the rest of
        the run: a certificate suspended at the first asking would be refused for ever.
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


async def _opened_by(handle: WorkflowHandle[Any, Any]) -> str | None:
    """Whose opening the newest candidacy of this id came from; None where it came otherwise, or is none."""
    try:
        description = await handle.describe(rpc_timeout=_RPC)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    opened_by: str | None = await description.memo_value(OPENED_BY, None, type_hint=str)
    return opened_by


async def _standing(handle: WorkflowHandle[Any, Any]) -> str | None:
    """The published status of a lower certificate that is open; None where it is closed, unknown or not found."""
    try:
        description = await handle.describe(rpc_timeout=_RPC)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    if description.status is not WorkflowExecutionStatus.RUNNING:
        return None
    return description.typed_search_attributes.get(CERTIFICATION_STATUS)


def _refusal(error: WorkflowUpdateFailedError) -> str:
    """The rules' own no. Anything else is raised: asking again may go better (it closed, or continued)."""
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type == "Refused":
        return cause.message
    kind = cause.type if isinstance(cause, ApplicationError) else type(cause).__name__
    raise ApplicationError(f"The lower certificate gave no answer ({kind}).", type="LowerUnclear") from None


async def _from_the_closed(handle: WorkflowHandle[Any, Any], request: SupersedeRequest) -> SupersedeAnswer:
    """A closed workflow takes no update, but it may be closed because it gave way to us, the answer lost.

    Its timeline can be asked as long as its history is retained.
    """
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
    return SupersedeAnswer(reason="the lower certificate's workflow is closed")


def _instant(answer: Any, field: str) -> datetime:
    try:
        return _INSTANT.validate_python(answer[field])
    except (KeyError, TypeError, ValidationError):
        # A worker of another version answered: a newer one will do better.
        raise ApplicationError(f"The lower certificate's answer has no {field}.", type="LowerUnclear") from None


def _silent() -> ApplicationError:
    return ApplicationError("The lower certificate's workflow does not answer.", type="LowerSilent")
