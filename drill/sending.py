"""Sends the messages of the drill in different ways, as docs/integrations.md says, and notes what came back."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from temporalio.client import (
    Client,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from client.candidacy import is_open
from drill.lives import Life, Sent
from drill.steps import Part, Step
from trials.patience import until_answered

Handle = WorkflowHandle[Any, Any]

ONE_ANSWER = ("update", "update twice", "signal and update")
"""The ways that end with an answer, for a message on which the next one builds."""
WAYS = (*ONE_ANSWER, "signal", "signal twice", "update without id")
_ANSWER_SECONDS = 30.0
_RPC = timedelta(seconds=10)
_COMPLETED = ("already completed", "aborted by closing workflow")
"""What the server says of an update to a run that has ended, and of one that came while the run was ending."""


@dataclass
class Sender:
    """Sends the messages of all candidacies, and counts them."""

    client: Client
    patience: float
    """Seconds for one message, or one question, to be answered."""
    ways: Counter[str] = field(default_factory=Counter)
    again: Counter[str] = field(default_factory=Counter)
    """How often a message had to be sent again, by the reason."""

    def handle(self, life: Life) -> Handle:
        return self.client.get_workflow_handle(life.workflow_id)

    async def send(self, life: Life, step: Step, part: Part, way: str) -> Sent:
        """Sends one message in this way, and returns what came back."""
        if way == "update without id" and step.name != "record_self_assessment":
            way = "update"  # the content of a self-assessment is its own; other messages are known by their ids
        key = None if way == "update without id" else f"{life.candidate_id}:{life.stage.designation}:{len(life.sent)}"
        self.ways[way] += 1
        sent = Sent(step, part, way, key, begun_at=time.time())
        life.sent.append(sent)
        if way.startswith("signal"):
            for _ in range(1 + (way == "signal twice")):
                await self._signal(life, sent)
        if "update" in way:
            for _ in range(1 + (way == "update twice")):
                await self._update(life, sent)
        sent.ended_at = time.time()
        return sent

    async def _signal(self, life: Life, sent: Sent) -> None:
        async def signal() -> None:
            sent.times += 1
            try:
                await self.handle(life).signal(sent.step.name, sent.payload, rpc_timeout=_RPC)
            except RPCError as error:
                if not await self._has_closed(life, error):
                    raise

        await until_answered(f"the signal {sent.step.name} to {life.workflow_id}", signal, self.patience)

    async def _update(self, life: Life, sent: Sent) -> None:
        what = f"the update {sent.step.name} to {life.workflow_id}"
        await until_answered(what, lambda: self._update_once(life, sent), self.patience)

    async def _update_once(self, life: Life, sent: Sent) -> None:
        """Sends the update.

        Raises:
            TimeoutError: it must be sent again.
        """
        sent.times += 1
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                receipt: dict[str, Any] = await self.handle(life).execute_update(
                    sent.step.name, sent.payload, id=str(uuid4()), rpc_timeout=_RPC
                )
        except WorkflowUpdateFailedError as error:
            cause = error.cause
            kind = cause.type if isinstance(cause, ApplicationError) else None
            if kind == "AcceptedUpdateCompletedWorkflow":
                raise self._again("its run ended beside it") from None
            sent.refused = _code(cause) if kind == "Refused" else kind or repr(cause)
            return
        except RPCError as error:
            if await self._has_closed(life, error):
                return
            if _is_completed(error):
                raise self._again("its run had ended") from None
            self.again[error.status.name] += 1
            raise
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
            raise self._again("no answer in time") from None
        if sent.receipt is None or not receipt["duplicate"]:
            sent.receipt = receipt

    async def _has_closed(self, life: Life, error: RPCError) -> bool:
        """Whether this error says that the candidacy has closed: nobody will ever answer this message.

        Then it has closed because of an earlier attempt, whose receipt can be queried. If no attempt was taken, the
        accounting names the message as lost. A run that is just being continued also says that it is completed.
        """
        return _is_completed(error) and not is_open(await self.handle(life).describe(rpc_timeout=_RPC))

    def _again(self, why: str) -> TimeoutError:
        self.again[why] += 1
        return TimeoutError(why)

    async def query(self, life: Life, name: str, *arguments: Any) -> Any:
        """Asks a candidacy until a worker answers."""

        async def query() -> Any:
            async with asyncio.timeout(_ANSWER_SECONDS):
                return await self.handle(life).query(name, *arguments, rpc_timeout=_RPC)

        return await until_answered(f"the query {name} of {life.workflow_id}", query, self.patience)


def _is_completed(error: RPCError) -> bool:
    return error.status is RPCStatusCode.NOT_FOUND and any(said in error.message for said in _COMPLETED)


def _code(cause: BaseException | None) -> str:
    details = cause.details if isinstance(cause, ApplicationError) else ()
    return str(details[0]["code"]) if details else repr(cause)
