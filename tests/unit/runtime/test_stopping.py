"""A process is asked to stop by a signal, and gives its work up then."""

import asyncio
import signal

import pytest

from runtime.stopping import stop_requested, unless


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_a_signal_asks_to_stop(number: signal.Signals) -> None:
    asked = stop_requested()
    assert not asked.is_set()
    signal.raise_signal(number)
    await asked.wait()


async def test_work_that_ends_first_is_done_and_its_error_is_raised() -> None:
    done = []

    async def work() -> None:
        done.append(True)

    async def fails() -> None:
        raise ValueError("no")

    await unless(asyncio.Event(), work())
    assert done == [True]
    with pytest.raises(ValueError, match="no"):
        await unless(asyncio.Event(), fails())


async def test_work_is_given_up_when_the_process_is_asked_to_stop() -> None:
    stop, begun, given_up = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def endless() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()

    working = asyncio.create_task(unless(stop, endless()))
    await begun.wait()
    stop.set()
    await working
    await given_up.wait()
