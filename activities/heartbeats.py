"""Heartbeats: the server learns within seconds that a worker is gone, instead of waiting for the activity's timeout."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio import activity

_BEATS_A_TIMEOUT = 4


@asynccontextmanager
async def heartbeating() -> AsyncIterator[None]:
    """Heartbeat while the block runs, several times in each heartbeat timeout of the activity.

    An activity that was scheduled without a heartbeat timeout does not heartbeat. Through the heartbeats an attempt
    also learns that the server has given it up; the block is then cancelled (`asyncio.CancelledError`).
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
        # The pause comes first: most activities are done by then, and cost the server no call at all.
        await asyncio.sleep(interval.total_seconds())
        activity.heartbeat()
