"""Asks and sends again and again, for a limited time, because servers and workers are away while a trial runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from time import monotonic
from typing import TypeVar

from temporalio.client import WorkflowQueryFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError, RPCStatusCode

T = TypeVar("T")

_PAUSE_SECONDS = (0.3, 3.0)
"""The first and the longest pause between two attempts. Each is a quarter of the time that was waited until then, so
that waiting senders do not slow the others, and none waits much longer than it must."""
# Errors of a server that is away, that is starting, or that has just lost the worker that should answer.
_PASSING = frozenset(
    {
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.FAILED_PRECONDITION,
        RPCStatusCode.ABORTED,
        RPCStatusCode.INTERNAL,
        RPCStatusCode.UNKNOWN,
    }
)


class Impatient(Exception):
    """Something did not happen in its time. The message says what."""


async def until_none(missing: Callable[[], Awaitable[str]], seconds: float) -> None:
    """Asks what is missing, until nothing is missing.

    Raises:
        Impatient: something is still missing when the time is over; the message is the last answer.
    """
    last = "nothing was answered"
    pauses = _growing()
    try:
        async with asyncio.timeout(seconds):
            while last := await missing():  # noqa: ASYNC110 - it happens in another process
                await asyncio.sleep(next(pauses))
    except TimeoutError:
        raise Impatient(last) from None


async def until_answered(what: str, attempt: Callable[[], Awaitable[T]], seconds: float) -> T:
    """Attempts something until there is an answer.

    Raises:
        Impatient: there is none in time.
    """
    last: BaseException | None = None
    pauses = _growing()
    try:
        async with asyncio.timeout(seconds):
            while True:
                try:
                    return await attempt()
                except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError, WorkflowQueryFailedError) as error:
                    last = error
                except RPCError as error:
                    if error.status not in _PASSING:
                        raise
                    last = error
                _end_if_cancelled()
                await asyncio.sleep(next(pauses))
    except TimeoutError:
        raise Impatient(f"no answer within {seconds:g} s: {what} ({last!r})") from None


def _end_if_cancelled() -> None:
    """Ends the task if somebody has cancelled it, as the timeout around the attempts does.

    The SDK turns the cancellation of an update into an error like that of an update without an answer, so the error
    does not say which of the two it was. Who only tried again would never end.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _growing() -> Iterator[float]:
    shortest, longest = _PAUSE_SECONDS
    begun_at = monotonic()
    while True:
        yield min(max(shortest, (monotonic() - begun_at) / 4), longest)
