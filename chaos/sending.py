"""Sends messages as docs/integrations.md says: without an answer, a message is sent again with the same message id."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar
from uuid import uuid4

from temporalio.client import (
    Client,
    WorkflowHandle,
    WorkflowUpdateFailedError,
)
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from chaos.plans import Candidacy, Plan, Step
from runtime.connection import TASK_QUEUE, WORKFLOW
from trials.patience import until_answered, until_none

Handle = WorkflowHandle[Any, Any]
T = TypeVar("T")

WAYS = ("update", "signal", "signal twice", "signal and update", "answer lost", "abandoned, then repeated")
_REFUSABLE = ("update", "answer lost")
"""The ways for a message that must be refused. A refused signal is left out, because it would be recorded each time."""

_ANSWER_SECONDS = 6.0
_RPC = timedelta(seconds=5)


class Unexpected(Exception):
    """A message got an answer that it must not get. The text says which."""


@dataclass(frozen=True)
class Sent:
    """A message that was sent, perhaps several times, with the receipt or the refusal that came back last."""

    step: Step
    message_id: str
    way: str
    receipt: dict[str, Any] | None = None
    refused: str | None = None

    @property
    def payload(self) -> dict[str, Any]:
        return {**self.step.payload, "message_id": self.message_id}


@dataclass
class Sender:
    """Sends the messages of all journeys, and counts them."""

    client: Client
    patience: float
    """Seconds for one message, or one question, to be answered."""
    ways: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    """How many signals, updates and starts were attempted."""

    def handle(self, plan: Plan, candidacy: Candidacy) -> Handle:
        return self.client.get_workflow_handle(plan.workflow_id(candidacy))

    async def start(self, plan: Plan, candidacy: Candidacy, dice: random.Random) -> None:
        """Starts a candidacy. Sometimes the first answer is lost on purpose, and the start is repeated."""

        async def start() -> None:
            self.calls += 1
            try:
                await self.client.start_workflow(
                    WORKFLOW,
                    plan.registration(candidacy),
                    id=plan.workflow_id(candidacy),
                    task_queue=TASK_QUEUE,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    rpc_timeout=_RPC,
                )
            except WorkflowAlreadyStartedError:
                return  # an earlier attempt started it, and its answer was lost

        if dice.random() < 0.3:
            await _lose_the_answer(start, dice)
        await self.until_answered(f"the start of {plan.workflow_id(candidacy)}", start)

    async def send(self, handle: Handle, step: Step, message_id: str, dice: random.Random) -> Sent:
        """Sends one message in a random way, until it is certain that it was taken or refused."""
        way = dice.choice(_REFUSABLE if step.refused else WAYS)
        self.ways[way] += 1
        sent = Sent(step, message_id, way)
        if way == "signal" or way == "signal twice":
            for _ in range(1 + (way == "signal twice")):
                await self.signal(handle, sent)
            return sent
        if way == "signal and update":
            _, answered = await asyncio.gather(self.signal(handle, sent), self.update(handle, sent))
            return answered
        if way == "answer lost":
            await _lose_the_answer(lambda: self._update_once(handle, sent), dice)
        elif way == "abandoned, then repeated":
            await _lose_the_answer(lambda: self._update_once(handle, sent), dice)
            await asyncio.sleep(dice.uniform(0.5, 3))
            await self.signal(handle, sent)
            return sent
        return await self.update(handle, sent)

    async def signal(self, handle: Handle, sent: Sent) -> None:
        """Sends the message as a signal, until the server has it."""

        async def signal() -> None:
            self.calls += 1
            try:
                await handle.signal(sent.step.name, sent.payload, rpc_timeout=_RPC)
            except RPCError as error:
                if not _closed(error):
                    raise

        await self.until_answered(f"the signal {sent.step.name} to {handle.id}", signal)

    async def update(self, handle: Handle, sent: Sent) -> Sent:
        """Sends the message as an update until there is an answer, and returns it.

        Raises:
            Unexpected: the message was refused, and must not be.
        """
        told = f"the update {sent.step.name} to {handle.id}"
        return await self.until_answered(told, lambda: self._update_once(handle, sent))

    async def _update_once(self, handle: Handle, sent: Sent) -> Sent:
        self.calls += 1
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                receipt: dict[str, Any] = await handle.execute_update(
                    sent.step.name, sent.payload, id=str(uuid4()), rpc_timeout=_RPC
                )
        except WorkflowUpdateFailedError as error:
            code = _code(error)
            if code != sent.step.refused:
                raise Unexpected(f"{handle.id}: {sent.step.name} {sent.message_id} was answered with {code}") from None
            return Sent(sent.step, sent.message_id, sent.way, refused=code)
        except RPCError as error:
            if _run_has_ended(error):
                raise TimeoutError("its run ended beside it") from None  # sent again, it is known whether it was taken
            if not _closed(error):
                raise
            return sent
        return Sent(sent.step, sent.message_id, sent.way, receipt=receipt)

    async def query(self, handle: Handle, name: str, *arguments: Any) -> Any:
        """Asks a workflow until a worker answers."""

        async def query() -> Any:
            async with asyncio.timeout(_ANSWER_SECONDS):
                return await handle.query(name, *arguments, rpc_timeout=_RPC)

        return await self.until_answered(f"the query {name} of {handle.id}", query)

    async def until_taken(self, handle: Handle, message_ids: list[str]) -> None:
        """Waits until the candidacy has taken all of these message ids, without which a later message may be refused.

        Raises:
            Impatient: it has not in time.
        """

        async def missing() -> str:
            known = await self.query(handle, "receipts", message_ids)
            absent = sorted(set(message_ids) - known.keys())
            return f"{handle.id}: never taken: {', '.join(absent)}" if absent else ""

        await self.until_none(missing)

    async def until_opened(self, handle: Handle) -> None:
        """Waits until the engine itself has opened this candidacy.

        Raises:
            Impatient: it does not in time.
        """

        async def missing() -> str:
            try:
                await self.until_answered(f"describing {handle.id}", lambda: handle.describe(rpc_timeout=_RPC))
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
                return f"{handle.id}: never opened"
            return ""

        await self.until_none(missing)

    async def until_none(self, missing: Callable[[], Awaitable[str]]) -> None:
        """Asks what is missing, until nothing is missing.

        Raises:
            Impatient: something is still missing when the time is over; the message is the last answer.
        """
        await until_none(missing, self.patience)

    async def until_answered(self, what: str, attempt: Callable[[], Awaitable[T]]) -> T:
        """Attempts something until there is an answer.

        Raises:
            Impatient: there is none in time.
        """
        return await until_answered(what, attempt, self.patience)


def _closed(error: RPCError) -> bool:
    """Whether the candidacy has closed meanwhile. Then an earlier attempt was taken, and its receipt can be queried.

    If no attempt was taken, the accounting names the message as lost.
    """
    return error.status is RPCStatusCode.NOT_FOUND and "already completed" in error.message


def _run_has_ended(error: RPCError) -> bool:
    """Whether the update came while its run ended. The candidacy may have closed, or goes on in another run."""
    return error.status is RPCStatusCode.NOT_FOUND and "aborted by closing workflow" in error.message


async def _lose_the_answer(attempt: Callable[[], Awaitable[Any]], dice: random.Random) -> None:
    """Attempts something and does not wait for the answer. The attempt may succeed, fail, or succeed later."""
    asked = asyncio.ensure_future(attempt())
    await asyncio.wait({asked}, timeout=dice.uniform(0.001, 0.06))
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)


def _code(error: WorkflowUpdateFailedError) -> str:
    """The code of a refusal, or the other error with which an update failed."""
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type == "Refused" and cause.details:
        return str(cause.details[0]["code"])
    return f"{type(cause).__name__}: {cause}"
