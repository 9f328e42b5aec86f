"""How our processes stop: when a signal asks them to, and without a crash on exit."""

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
    """An event that SIGTERM, Ctrl-C or a closed terminal sets. A second signal then ends the process at once.

    Call this inside the running loop, on the main thread.
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
    """Flush the output and end the process at once with exit code `code`.

    A process that has made a Temporal client crashes in 3 to 10 % of ordinary interpreter exits (sdk-python issue 300:
    a Rust thread asks for the GIL of an interpreter that is gone). So the ordinary exit of the interpreter is skipped,
    and `atexit` handlers do not run.
    """
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        # Ignore a closed pipe (`starter.py list | head -1`), and a write that a signal has interrupted.
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            stream.flush()
    os._exit(code)
