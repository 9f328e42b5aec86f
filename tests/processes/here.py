"""What needs no process of its own: Certpath's worker on a thread, and a command at a real terminal in this process."""

import asyncio
import os
import pty
import sys
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

from cli.main import run as run_command
from runtime.clients import connect_at
from runtime.connection import silent_runtime
from runtime.embedded import EmbeddedServer
from runtime.settings import record_in
from tests.processes.engine import Engine, engine
from tests.processes.programs import ONE_AT_A_TIME, Ended, Place, surroundings
from tests.scheme import worker_settings
from tests.waiting import PATIENCE
from worker import build_worker


@contextmanager
def impatient() -> Iterator[None]:
    """Commands in this process ask after a moment whether there is a worker, and not after three seconds of silence."""
    with mock.patch("client.answers._SOON", 0.3):
        yield


@asynccontextmanager
async def engine_here(folder: Path, server: EmbeddedServer) -> AsyncIterator[Engine]:
    """A namespace of one's own, and Certpath's worker on a thread of this process, for the length of the block."""
    async with engine(folder, server, working=False) as running:
        with worker_on_a_thread(running):
            yield running


@contextmanager
def worker_on_a_thread(running: Engine) -> Iterator[None]:
    """Certpath's worker with an event loop of its own: a command that runs in this process blocks the loop of a test.

    It saves the two seconds of CPU that the start of a `worker.py` needs.
    """
    loop = asyncio.new_event_loop()
    ready, stop = threading.Event(), asyncio.Event()

    async def work() -> None:
        client = await connect_at(running.place.address, silent_runtime(), namespace=running.place.namespace)
        settings = worker_settings(outbox=running.worker.outbox, record_url=record_in(running.folder))
        async with build_worker(client, settings):
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(work(),), daemon=True)
    thread.start()
    try:
        assert ready.wait(PATIENCE), "the worker has not started"
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(PATIENCE)
        assert not thread.is_alive(), "the worker has not ended"
        loop.close()


def drawn_here(arguments: Sequence[str], place: Place, *, keys: bytes = b"", piped: bool = False) -> Ended:
    """Run the command line to its end in this process, at a real terminal where these keys were typed already.

    What is drawn there counts as stdout. `piped`: only stdin is the terminal; stdout and stderr are pipes.
    """
    ended: list[Ended] = []
    thread = threading.Thread(target=lambda: ended.append(_drawn(arguments, place, keys, piped=piped)), daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert ended, f"starter.py {' '.join(arguments)} has not ended"
    return ended[0]


def _drawn(arguments: Sequence[str], place: Place, keys: bytes, *, piped: bool) -> Ended:
    environment = mock.patch.dict(os.environ, surroundings(place, {"TERM": "xterm", "COLUMNS": "100"}), clear=True)
    screen, inside = pty.openpty()
    os.write(screen, keys)
    readers = [_Reader(os.dup(screen))]
    if piped:
        (read_out, write_out), (read_err, write_err) = os.pipe(), os.pipe()
        readers = [_Reader(read_out), _Reader(read_err)]
    else:
        write_out, write_err = os.dup(inside), os.dup(inside)
    with ONE_AT_A_TIME, environment, os.fdopen(inside) as stdin:
        before, sys.stdin = sys.stdin, stdin
        try:
            with (
                os.fdopen(write_out, "w") as out,
                os.fdopen(write_err, "w") as err,
                redirect_stdout(out),
                redirect_stderr(err),
            ):
                code = run_command(arguments)
        finally:
            sys.stdin = before
    written = [reader.text() for reader in readers]
    os.close(screen)
    return Ended(code, *written, *[""] * (2 - len(written)))


class _Reader:
    """Reads a terminal or a pipe to its end on a thread: one that nobody reads fills up, and its writer waits."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._read = b""
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            while more := os.read(self._number, 65536):
                self._read += more
        except OSError:
            pass  # the other end of a terminal was closed
        finally:
            os.close(self._number)

    def text(self) -> str:
        """Everything that was written, as soon as the other end is closed."""
        self._thread.join(PATIENCE)
        return self._read.decode(errors="replace")
