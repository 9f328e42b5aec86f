"""Waits for conditions, and never takes a cancellation of the workflow for a cancellation of whoever waits.

With an internal flag, which is still off by default, the SDK ends each wait that meets a cancellation of the workflow
with `CancelledError`, in whatever coroutine, also where the condition comes true years later. But a cancellation is a
command here, which the rules may refuse. So only the run itself hears of it, and all other waits end as they always do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from temporalio import workflow


async def until(condition: Callable[[], bool]) -> None:
    """Waits for a condition.

    Raises:
        asyncio.CancelledError: the task that waits was cancelled.
    """
    with despite_a_cancelled_workflow():
        await workflow.wait_condition(condition)


@contextmanager
def despite_a_cancelled_workflow() -> Iterator[None]:
    """For one wait. Where it ends with `CancelledError`, and nobody has cancelled the task that waits, it has ended."""
    cancelled_before = _cancelled()
    try:
        yield
    except asyncio.CancelledError:
        if _cancelled() > cancelled_before:
            raise


def _cancelled() -> int:
    """How often the task that is being executed was cancelled."""
    task = asyncio.current_task()
    return task.cancelling() if task else 0
