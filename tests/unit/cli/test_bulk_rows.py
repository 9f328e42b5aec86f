"""What the bulk verbs say about bad rows, and what Ctrl-C does to them."""

import asyncio
import os
import signal
import threading

import pytest

from cli import exits, interrupts
from cli.bulk import carrying, rows
from client.pool import Stopping
from feeds.checking import Sheet
from feeds.table import Problem
from tests.waiting import eventually


def test_bad_rows_start_nothing_unless_they_are_to_be_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    problems = [Problem(3, "name", "is empty"), Problem(3, "email", "has no @"), Problem(7, None, "is too long")]
    sheet = Sheet([], problems, 9, ("notes",))
    with pytest.raises(exits.BadInput) as stop:
        rows.without_bad(sheet, "c.csv", skip=False)
    assert stop.value.notes == tuple(map(str, problems))
    assert len(stop.value.facts["problems"]) == 3
    assert rows.without_bad(sheet, "c.csv", skip=True) == {3: "name: is empty; email: has no @", 7: "is too long"}
    told = capsys.readouterr().err
    assert "2 of 9 rows of c.csv are bad and left out" in told
    assert "'notes'" in told


async def test_every_signal_asks_to_stop_and_the_first_one_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    stopping = Stopping()
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    # A signal that was ignored stays ignored, as under nohup or in the background of a shell: the tests may run there.
    before = {number: signal.signal(number, signal.SIG_DFL) for number in signals}
    try:
        with interrupts.Calling(asyncio.get_running_loop(), lambda: carrying.ask_to_stop(stopping)):
            sent: list[int] = []
            for number in signals:
                os.kill(os.getpid(), number)
                sent.append(number)
                await eventually(lambda: stopping.times == len(sent))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert capsys.readouterr().err.count("Stopping: ") == 1


async def test_the_handlers_of_before_are_there_again_and_what_nohup_ignores_stays_ignored() -> None:
    def ours(*_: object) -> None:
        """Nothing."""

    before = {number: signal.signal(number, ours) for number in (signal.SIGINT, signal.SIGTERM)}
    before[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    stopping = Stopping()
    try:
        with interrupts.Calling(asyncio.get_running_loop(), stopping.ask):
            os.kill(os.getpid(), signal.SIGHUP)
            await asyncio.sleep(0.01)
        assert stopping.times == 0
        assert signal.getsignal(signal.SIGINT) is ours
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def test_outside_the_main_thread_no_handler_is_touched() -> None:
    before = signal.getsignal(signal.SIGINT)
    found = []

    async def inside() -> None:
        assert threading.current_thread() is not threading.main_thread()
        with interrupts.Calling(asyncio.get_running_loop(), lambda: None):
            found.append(signal.getsignal(signal.SIGINT))

    await asyncio.to_thread(asyncio.run, inside())
    assert found == [before]
