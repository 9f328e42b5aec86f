"""How a process of ours stops: asked by a signal, and out without a crash."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from typing import NoReturn

# A closed terminal (SIGHUP) must not leave servers behind.
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def stop_requested() -> asyncio.Event:
    """An event that SIGTERM, Ctrl-C or a closed terminal sets; a second one then ends the process the rude way.

    Call it inside the running loop, on the main thread.
    """
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()

    def on_signal() -> None:
        asked.set()
        for number in _SIGNALS:
            loop.remove_signal_handler(number)

    for number in _SIGNALS:
        loop.add_signal_handler(number, on_signal)
    return asked


def leave(code: int) -> NoReturn:
    """End the process at once with `code`, everything written so far flushed.

    A process that has made a Temporal client crashes in 3 to 10 % of ordinary interpreter exits
    (sdk-python issue 300: a Rust thread asks for the GIL of an interpreter that is gone), so the
    interpreter's own way out is skipped. `atexit` handlers do not run.
    """
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        # A closed pipe (`starter.py list | head -1`) is no news to anybody; nor is a line that a signal cut in two.
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            stream.flush()
    os._exit(code)
