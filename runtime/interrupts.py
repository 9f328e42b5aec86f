"""Ctrl-C, in the ways in which a command takes it: it ends at once, it is asked to stop, or its work is given up.

`starter.py` imports this module first, with any Python, whether or not a package is installed. So it imports little,
and of the standard library alone: until it is loaded, Ctrl-C ends in a traceback.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

TYPE_CHECKING = False  # to import `typing` takes longer than all of the above
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable, Coroutine
    from typing import Any, TypeVar

    T = TypeVar("T")

INTERRUPTED = 130
"""The exit code of a command that Ctrl-C has ended."""

# A closed terminal (SIGHUP) must not leave anything half done either.
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


_further = ""


class Interrupted(BaseException):
    """Ctrl-C, SIGTERM or a closed terminal has ended the work. No exception that anybody catches by the way."""

    def __init__(self) -> None:
        super().__init__("Interrupted.")


class Adding:
    """For the length of a block, a Ctrl-C that ends this process says this sentence too. A context manager."""

    def __init__(self, sentence: str) -> None:
        self._sentence = sentence

    def __enter__(self) -> None:
        global _further
        _further = f"  {self._sentence}\n"

    def __exit__(self, *_: object) -> None:
        global _further
        _further = ""


def end_at_once() -> None:
    """From now on Ctrl-C ends this process with exit code 130. Call it in the main thread.

    No exception is raised: it could stop an import half way, and with a Temporal client in the process the
    interpreter's own way out may crash. Nothing that runs under this handler needs to clean up.
    """
    signal.signal(signal.SIGINT, _end)


def _end(*_: Any) -> None:
    # Ctrl-C may come while stderr is being written, so bypass its buffer.
    try:
        os.write(2, f"Interrupted.\n{_further}".encode(errors="replace"))
        sys.stdout.flush()
    except (OSError, ValueError, RuntimeError):
        pass  # a closed pipe, or stdout in the middle of a write
    finally:
        os._exit(INTERRUPTED)


class Calling:
    """For the length of a block, calls `on_signal` in the loop at each Ctrl-C, SIGTERM or closed terminal.

    A signal that is ignored (SIGHUP under `nohup`) stays ignored. Outside the main thread no signal arrives, and
    nothing is changed. A context manager.
    """

    def __init__(self, loop: AbstractEventLoop, on_signal: Callable[[], object]) -> None:
        self._loop = loop
        self._on_signal = on_signal
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        for number in _SIGNALS:
            handler = signal.getsignal(number)
            if handler is not signal.SIG_IGN:
                self._before[number] = handler
                self._loop.add_signal_handler(number, self._on_signal)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            self._loop.remove_signal_handler(number)
            signal.signal(number, handler)


def run(work: Coroutine[Any, Any, T], *, busy: bool = False) -> T:
    """Runs the work in a loop of its own. Ctrl-C, SIGTERM and a closed terminal give it up: it cleans up, and ends.

    A further signal changes nothing, because it would leave behind what is being cleaned up. `busy`: the work keeps the
    loop waiting for long, with calls that block. Then such a call is ended where it stands, and raises `Interrupted`.

    Raises `Interrupted`, and what the work raises.
    """
    import asyncio  # not at the top: `starter.py` ends sooner without it

    return asyncio.run(_interruptible(work, busy=busy))


async def _interruptible(work: Coroutine[Any, Any, T], *, busy: bool) -> T:
    import asyncio

    loop, running, asked = asyncio.get_running_loop(), asyncio.ensure_future(work), False

    def give_up(*_: object) -> None:
        nonlocal asked
        if asked:
            return
        asked = True
        if busy and asyncio.current_task(loop) is running:
            raise Interrupted
        loop.call_soon_threadsafe(running.cancel)

    before = {}
    if threading.current_thread() is threading.main_thread():  # no signal arrives in another one
        heard = [number for number in _SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
        before = {number: signal.signal(number, give_up) for number in heard}
    try:
        done = await running
    except BaseException:
        if asked:  # whatever fails now fails because of it
            raise Interrupted from None
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if asked:
        raise Interrupted
    return done
