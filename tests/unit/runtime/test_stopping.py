"""A process is asked to stop by a signal, and gives its work up then."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from runtime.settings import ROOT
from runtime.stopping import stop_requested, unless
from tests.waiting import PATIENCE

HANGS = """
import asyncio, signal
from runtime.stopping import stop_requested

for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):  # a shell has its background jobs ignore some
    signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)

async def work():
    stop = stop_requested()
    print("at work", flush=True)
    try:
        await stop.wait()
    finally:
        print("cleaning up", flush=True)
        try:
            await asyncio.sleep(3600)
        finally:
            print("given up", flush=True)

asyncio.run(work())
"""
"""A process whose clean-up never ends."""


@pytest.fixture
def _own_handler() -> Iterator[None]:
    """Puts back what Ctrl-C does in the process of the tests."""
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_own_handler")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_a_signal_asks_to_stop(number: signal.Signals) -> None:
    asked = stop_requested()
    assert not asked.is_set()
    signal.raise_signal(number)
    await asked.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_second_signal_ends_at_once_a_process_that_hangs_in_its_clean_up(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HANGS], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "at work\n"
            process.send_signal(number)
            assert process.stdout.readline() == "cleaning up\n"
            process.send_signal(number)
            out, err = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert (process.returncode, out, err) == (-number, "", "")


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
