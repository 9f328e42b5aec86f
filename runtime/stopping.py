"""How a process that serves stops when a signal asks it to."""

import asyncio
import signal

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
