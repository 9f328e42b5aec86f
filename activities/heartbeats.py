"""Heartbeats: without them, the server would notice only at the activity's timeout that a worker is gone."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TypeVar

from temporalio import activity

_BEATS_A_TIMEOUT = 4
T = TypeVar("T")


@asynccontextmanager
async def heartbeating() -> AsyncIterator[None]:
    """Sends heartbeats while the block runs, several in each heartbeat timeout of the activity.

    An activity that was scheduled without a heartbeat timeout sends none. If the server has given this attempt up, the
    answer to a heartbeat says so, and the block is cancelled.

    Raises:
        asyncio.CancelledError: the server has given this attempt up.
    """
    timeout = activity.info().heartbeat_timeout
    if not timeout:
        yield
        return
    beating = asyncio.create_task(_beat(timeout / _BEATS_A_TIMEOUT))
    try:
        yield
    finally:
        beating.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beating


async def _beat(interval: timedelta) -> None:
    while True:
        # Sleep first. Most activities are finished by then and need no heartbeat.
        await asyncio.sleep(interval.total_seconds())
        activity.heartbeat()


def is_heard() -> bool:
    """Whether the answer of this attempt still counts, although the attempt was cancelled.

    It does where the candidacy has taken the attempt back, or a person has paused or reset the activity. Otherwise the
    server or the worker has given it up.
    """
    details = activity.cancellation_details() if activity.in_activity() else None
    return details is not None and (details.cancel_requested or details.paused or details.reset)


async def outcome_of(work: asyncio.Future[T]) -> T:
    """Waits for what becomes of work that has begun, also where a worker that stops cancels the attempt once more."""
    while not work.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([work])
    return work.result()
