"""The demonstration: the people of `examples/` on a real server, then lives of many years in seconds.

Everything goes through the public contract. Where a candidacy stands, and what has happened, is asked by queries; some
counts are made of receipts and of the mails in the outbox. What is shown is handed to a `Narrator`; who shows it, and
how, is not the demo's concern.
"""

import logging
import tempfile
from pathlib import Path

from demo import lives, people
from demo.narrator import Narrator
from runtime import logs
from runtime.connection import silent_runtime

__all__ = ["Narrator", "play"]


async def play(narrator: Narrator) -> None:
    """Both parts, one after the other; cancelled, it stops its servers first.

    Raises `runtime.embedded.ServerFailed` where a server cannot be started, and the errors of `client.errors`.
    """
    # What the engine refuses belongs to the story; only what should not happen is worth a line.
    logs.configure(level=logging.WARNING)
    runtime = silent_runtime()
    with tempfile.TemporaryDirectory(prefix="certpath-demo-") as folder:
        await people.play(Path(folder), runtime, narrator)
        await lives.play(Path(folder), runtime, narrator)
