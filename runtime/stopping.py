"""How a process that serves stops when a signal asks it to."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

# A closed terminal (SIGHUP) must not leave servers behind.
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def stop_requested() -> asyncio.Event:
    """An event that SIGTERM, Ctrl-C or a closed terminal sets. A second signal then ends the process at once.

    Call this inside the running loop, on the main thread.
    """
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()

    def on_signal() -> None:
        asked.set()
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
        # For Ctrl-C asyncio puts Python's own handler back, which raises `KeyboardInterrupt` and cancels all tasks.
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    for number in _SIGNALS:
        loop.add_signal_handler(number, on_signal)
    return asked


async def unless(stop: asyncio.Event, work: Coroutine[Any, Any, object]) -> None:
    """Do this work, and give it up as soon as `stop` is set. Raises what the work raises."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
    finally:
        for task in (working, stopping):
            task.cancel()
