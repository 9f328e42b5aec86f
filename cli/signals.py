"""Ctrl-C, SIGTERM and a closed terminal as a polite request to stop, for the length of a block."""

import asyncio
import signal
from typing import Any

from cli import output
from client.pool import Stopping

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """The first signal asks to stop, and says so; the second one asks again. A context manager."""

    def __init__(self, stopping: Stopping) -> None:
        self._stopping = stopping
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> None:
        for number in _SIGNALS:
            handler = signal.getsignal(number)
            # Started under nohup, it is to outlive its terminal.
            if handler is not signal.SIG_IGN:
                self._before[number] = handler
                asyncio.get_running_loop().add_signal_handler(number, self._on_signal)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            asyncio.get_running_loop().remove_signal_handler(number)
            signal.signal(number, handler)

    def _on_signal(self) -> None:
        if not self._stopping.times:
            output.say("Stopping: what is under way is being finished. Ctrl-C once more does not wait for it.")
        self._stopping.ask()
