"""Temporal's answers and silences as typed errors, and how long to wait for an answer."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import WorkerVersioningMode
from temporalio.api.taskqueue.v1 import PollerInfo
from temporalio.client import Client
from temporalio.common import RawValue

from client.errors import ClientError, FieldError, InvalidFields, NotServed, NoWorker, Refused
from client.rpc_errors import explaining
from domain.vocabulary import without_code
from runtime.connection import TASK_QUEUE
from runtime.pollers import pollers_of

T = TypeVar("T")

_SOON = 3.0


def raw(payload: bytes) -> RawValue:
    """JSON text as an argument, byte for byte."""
    return RawValue(Payload(metadata={"encoding": b"json/plain"}, data=payload))


async def patient(
    client: Client,
    work: Coroutine[Any, Any, T],
    seconds: float,
    nobody: Callable[[], Awaitable[NoWorker | None]] | None = None,
) -> T:
    """The answer that a worker must give. Raises `TimeoutError`, and `NoWorker` early where there is none.

    `nobody` is asked after some seconds of silence; it says why no worker can answer, if that is known.
    """
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=min(seconds, _SOON))
        if not done and seconds > _SOON:
            if not await worker_polls(client):
                raise await missing(client, seconds)
            if nobody and (known := await nobody()):
                raise known
            done, _ = await asyncio.wait({task}, timeout=seconds - _SOON)
        if not done:
            raise TimeoutError
        return task.result()
    finally:
        # Awaited even when cancelled: what nobody fetches is complained about when the process ends.
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def refusal(cause: BaseException | None, about: object) -> ClientError:
    """The typed errors of the contract: `InvalidFields`, or `Refused`."""
    kind = getattr(cause, "type", None)
    details: Any = getattr(cause, "details", None)
    facts = details[0] if details and isinstance(details[0], dict) else {}
    message = getattr(cause, "message", None) or str(cause)
    if kind == "InvalidMessage":
        errors = [_field_error(error) for error in facts.get("errors", []) if isinstance(error, dict)]
        told = "it has these mistakes." if errors else message
        return InvalidFields(f"{about} does not take this message: {told}", errors)
    if kind == "Refused":
        code = facts.get("code")
        reason = without_code(message, code)
        return Refused(f"{about}: refused, {reason}", reason=reason, code=code)
    return Refused(f"{about}: failed on this message, {message}")


def _field_error(error: dict[str, Any]) -> FieldError:
    return FieldError(str(error.get("field") or ""), str(error.get("problem")))


async def missing(client: Client, seconds: float) -> NoWorker:
    """Why nobody answered: no worker at all, or one that is too busy. Raises `Unreachable`."""
    if await worker_polls(client):
        return NoWorker(
            f"No answer within {seconds:g} seconds, although a worker was seen in the last one or two minutes: "
            "look at its log, then try again."
        )
    return NoWorker("No worker answers: start one with ./worker.py, then try again.")


async def worker_polls(client: Client) -> bool:
    """Whether a worker of any build asked for work lately. Raises `Unreachable`.

    The time-skipping server cannot tell, so the answer is true there: a worker that is silent is only slow.
    """
    try:
        return bool(await polling(client))
    except NotServed:
        return True


async def polling(client: Client) -> set[str | None]:
    """The builds whose workers asked for work lately, as `deployment:build`; None for workers without a build.

    A worker that has ended counts for about a minute more. Raises `Unreachable`.
    """
    with explaining():
        found = [poller async for some in pollers_of(client, TASK_QUEUE, "workflow", retry=True) for poller in some]
    # A poll lasts a minute, so a living worker was seen within the last one. The server remembers it for five.
    newest = datetime.now(UTC) - timedelta(seconds=70)
    return {_build_of(poller) for poller in found if poller.last_access_time.ToDatetime(UTC) > newest}


def _build_of(poller: PollerInfo) -> str | None:
    options = poller.deployment_options
    if options.worker_versioning_mode != WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED:
        return None
    return f"{options.deployment_name}:{options.build_id}"
