"""Many things at once, a bounded number at a time, until all are done, somebody stops it, or Temporal is gone."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

from cli import output

T = TypeVar("T")

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_GRACE_SECONDS = 10.0


async def run(things: Iterable[T], work: Callable[[T], Awaitable[None]], at_once: int) -> bool:
    """Do `work` on every thing. Answers False where Ctrl-C, SIGTERM or a closed terminal ended it early.

    What is under way then is finished, for a bounded time; a second Ctrl-C does not wait for it. Raises the first
    failure of `work`, when what else was under way is finished too.
    """
    waiting = iter(things)
    over = asyncio.Event()
    failures: list[Exception] = []

    async def one_after_another() -> None:
        try:
            for thing in waiting:
                if over.is_set():
                    return
                await work(thing)
        except Exception as failure:  # noqa: BLE001 - raised below, when the others have ended
            failures.append(failure)
            over.set()

    workers = [asyncio.create_task(one_after_another()) for _ in range(at_once)]
    with _Signals(over, workers) as signals:
        await _all_or(over, workers)
        _, late = await asyncio.wait(workers, timeout=_GRACE_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.wait(workers)
    if signals.came:
        return False  # what failed on the way out is told by the next run
    if failures:
        raise failures[0]
    return True


async def _all_or(over: asyncio.Event, workers: "list[asyncio.Task[None]]") -> None:
    """Until every worker has ended, or it is over before."""
    ending = asyncio.create_task(over.wait())
    pending: set[asyncio.Task[Any]] = {ending, *workers}
    while not ending.done() and pending != {ending}:
        _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
    ending.cancel()


class _Signals:
    """Ctrl-C as a polite end, and the second one as an end at once; for the length of the block."""

    def __init__(self, over: asyncio.Event, workers: "list[asyncio.Task[None]]") -> None:
        self.came = False
        self._over = over
        self._workers = workers
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "_Signals":
        for number in _SIGNALS:
            handler = signal.getsignal(number)
            # Started under nohup, it is to outlive its terminal.
            if handler is not signal.SIG_IGN:
                self._before[number] = handler
                asyncio.get_running_loop().add_signal_handler(number, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            asyncio.get_running_loop().remove_signal_handler(number)
            signal.signal(number, handler)

    def _on_signal(self) -> None:
        if self.came:
            for task in self._workers:
                task.cancel()
            return
        self.came = True
        self._over.set()
        output.say("Stopping: what is under way is being finished. Ctrl-C once more does not wait for it.")
