"""The demonstration: the people of `examples/` on a real server, then lives of many years in seconds.

Everything goes through the public contract, and everything shown was asked for by queries.
"""

import asyncio
import logging
import signal
import tempfile
from pathlib import Path

from cli import exits


async def play() -> int:
    """Both parts, one after the other. Raises `exits.Stop` where a server cannot be started."""
    from runtime import logs
    from runtime.embedded import ServerFailed

    # What the engine refuses belongs to the story; only what should not happen is worth a line.
    logs.configure(level=logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="certpath-demo-") as folder:
        playing = asyncio.ensure_future(_parts(Path(folder)))
        # A demo that is stopped must not leave its servers behind.
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, playing.cancel)
        try:
            await playing
        except asyncio.CancelledError:
            return exits.INTERRUPTED
        except ServerFailed as error:
            raise exits.Unreachable(str(error)) from error
    return exits.DONE


async def _parts(folder: Path) -> None:
    from cli.demo import lives, people
    from cli.session import silent_runtime

    runtime = silent_runtime()
    await people.play(folder, runtime)
    await lives.play(folder, runtime)
