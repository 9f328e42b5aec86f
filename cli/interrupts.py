"""Ctrl-C, in the two ways in which a command takes it: it ends at once, or it is asked to stop.

`starter.py` needs this module before it knows whether any package is installed: it imports the standard library alone.
"""

from __future__ import annotations  # any Python may start it

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

INTERRUPTED = 130
"""The exit code of a command that Ctrl-C has ended."""

# A closed terminal (SIGHUP) must not leave anything half done either.
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def end_at_once() -> None:
    """From now on Ctrl-C ends this process with exit code 130. Call it in the main thread.

    No exception is raised: it could stop an import half way, and with a Temporal client in the process the
    interpreter's own way out may crash. Nothing that runs under this handler needs to clean up.
    """
    signal.signal(signal.SIGINT, _end)


def _end(*_: Any) -> None:
    # Ctrl-C may come while stderr is being written, so bypass its buffer.
    try:
        os.write(2, b"Interrupted.\n")
        # A pipe may be closed, and stdout may be in the middle of a write.
        with suppress(OSError, ValueError, RuntimeError):
            sys.stdout.flush()
    finally:
        os._exit(INTERRUPTED)


@contextmanager
def calling(loop: AbstractEventLoop, on_signal: Callable[[], object]) -> Iterator[None]:
    """For the length of the block, call `on_signal` in the loop at each Ctrl-C, SIGTERM or closed terminal.

    A signal that is ignored (SIGHUP under `nohup`) stays ignored. Outside the main thread no signal arrives, and
    nothing is changed.
    """
    here = threading.current_thread() is threading.main_thread()
    before = {number: signal.getsignal(number) for number in _SIGNALS if here}
    handled = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    for number in handled:
        loop.add_signal_handler(number, on_signal)
    try:
        yield
    finally:
        for number in handled:
            loop.remove_signal_handler(number)
            signal.signal(number, before[number])
