"""Asking again and again ends when its time is over, and when somebody cancels it."""

import asyncio

import pytest
from temporalio.client import WorkflowUpdateRPCTimeoutOrCancelledError

from tests.waiting import eventually
from trials.patience import Impatient, until_answered


async def cancelled_as_by_the_sdk() -> None:
    """Waits for ever. A cancellation becomes the error that the SDK raises for an update without an answer."""
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError as error:
        raise WorkflowUpdateRPCTimeoutOrCancelledError() from error


async def test_an_update_that_hides_its_cancellation_is_not_asked_for_ever() -> None:
    with pytest.raises(Impatient, match=r"no answer within 0\.1 s: the update"):
        await until_answered("the update", cancelled_as_by_the_sdk, 0.1)


async def test_whoever_cancels_the_asking_ends_it() -> None:
    asking = asyncio.create_task(until_answered("the update", cancelled_as_by_the_sdk, 3600))
    await asyncio.sleep(0)
    asking.cancel()
    await eventually(asking.done)
    assert asking.cancelled()


async def test_a_time_limit_for_each_attempt_leads_to_another_attempt() -> None:
    attempts = []

    async def attempt() -> int:
        attempts.append(1)
        async with asyncio.timeout(0.01):
            await cancelled_as_by_the_sdk() if len(attempts) < 3 else None
        return len(attempts)

    assert await until_answered("the update", attempt, 600) == 3
