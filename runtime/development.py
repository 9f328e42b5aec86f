"""A Temporal server and a worker for a developer's machine: the server in one process, the worker in another.

The worker is a process of its own so that its crash takes nothing with it: it is started again.
"""

import asyncio
import contextlib
import os
import shlex
import sys
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

from runtime.connection import CannotConnect
from runtime.embedded import EmbeddedServer, ServerFailed, embedded_server
from runtime.kept_database import alone, claim_if_new, may_go_on
from runtime.leashed import leashed
from runtime.namespaces import ensure
from runtime.ports import Listener, listener, listening
from runtime.settings import ROOT, STATE, record_in
from runtime.stopping import stop_requested

DEFAULT_PORT = 7233
DEFAULT_DB = STATE / "temporal.db"
RETENTION = timedelta(days=1826)
"""How long closed candidacies are kept: as in an installation, and not for a day, as Temporal's own server would."""

_RECORD = ("CERTPATH_RECORD_URL", "CERTPATH_RECORD_URL_FILE")
_BAD_SETTINGS = 2
_DRAIN_SECONDS = 15.0
_RESTART_SECONDS = 2.0
_LONGEST_PAUSE = 30.0


class CannotServe(Exception):
    """The server cannot be started or has ended. The message is one line: what is wrong, and what to do."""


class PortInUse(CannotServe):
    """Somebody listens on this port already: the process `listener`, or one that the system does not name."""

    def __init__(self, port: int, listener: Listener | None) -> None:
        super().__init__(f"Port {port} is in use{f' by {listener}' if listener else ''}.")
        self.port = port
        self.listener = listener


class WorkerRefusesSettings(Exception):
    """The worker cannot start with the settings of this environment, and has said why."""


async def serve(port: int, ui_port: int, db: Path, say: Callable[[str], None], *, anyway: bool = False) -> None:
    """Run until SIGTERM or Ctrl-C; `say` is given lines for people.

    `port` and `ui_port` are those of the server and of its Web UI; `db` is a SQLite file. The server's log lies beside
    it, and so does the record, unless the environment says where that is. With `anyway`, candidacies in `db` that
    belong to other code are continued all the same. Raises `CannotServe`, `WorkerRefusesSettings`, and `OtherBuild`,
    `NoDatabase` and `InUse` of `runtime/kept_database.py`.
    """
    if port == ui_port:
        raise CannotServe(f"The server and its Web UI cannot both listen on port {port}: choose another --ui-port.")
    for number in (port, ui_port):
        if listening(number):
            raise PortInUse(number, listener(number))
    with alone(db):
        await _serve(port, ui_port, db, say, anyway=anyway)
    say("Stopped; everything is kept.")


async def _serve(port: int, ui_port: int, db: Path, say: Callable[[str], None], *, anyway: bool) -> None:
    stop = stop_requested()
    claim_if_new(db)
    try:
        async with embedded_server(db=db, port=port, ui=True, ui_port=ui_port, log=db.with_suffix(".log")) as server:
            client = await server.client()
            await may_go_on(client, db, anyway=anyway)
            await ensure(client, RETENTION, create=False)
            record = record_beside(db) if not any(os.environ.get(name, "").strip() for name in _RECORD) else None
            _greet(server, db, record, say)
            await _work(server, record, stop, say, lambda: may_go_on(client, db, anyway=anyway))
    except (ServerFailed, CannotConnect) as error:
        raise CannotServe(str(error)) from error


def record_beside(db: Path) -> str:
    """The address of the record of the candidacies in `db`. Each database has its own, because candidacies differ."""
    return record_in(STATE) if db == DEFAULT_DB else f"sqlite:///{db.with_suffix('.record.db')}"


def _greet(server: EmbeddedServer, db: Path, record: str | None, say: Callable[[str], None]) -> None:
    say(f"Temporal  {server.address}  (data in {db})")
    say(f"Record    {record.removeprefix('sqlite:///') if record else 'where CERTPATH_RECORD_URL says'}")
    say(f"Web UI    {server.ui_url}")
    others = {"TEMPORAL_ADDRESS": server.address} if server.port != DEFAULT_PORT else {}
    if record and record != record_in(STATE):
        others["CERTPATH_RECORD_URL"] = record
    if others:
        say("In a second terminal first:")
        say(f"  export {' '.join(f'{name}={shlex.quote(value)}' for name, value in others.items())}")
    say("In a second terminal, for example:")
    say("  ./starter.py register --candidate C-1 --name 'Ana Ruiz' --email ana@example.org --designation CCMA")
    say("  ./starter.py status C-1 CCMA")
    say("Ctrl-C stops the server and the worker.")


async def _work(
    server: EmbeddedServer,
    record: str | None,
    stop: asyncio.Event,
    say: Callable[[str], None],
    check: Callable[[], Awaitable[None]],
) -> None:
    """Keep a worker running until `stop`. Raises as `serve` does where there is no point in going on.

    `check` is called before a worker is started again, because that one may have other code: a file was edited since.
    """
    pause = _RESTART_SECONDS
    while not stop.is_set():
        worker = await _worker(server, record)
        try:
            await _first(stop.wait(), worker.wait(), _ended(server))
        finally:
            await _end(worker)
        if stop.is_set():
            return
        if server.pid is None:
            raise CannotServe(f"The Temporal server has ended by itself; its log is {server.log}.")
        if worker.returncode == _BAD_SETTINGS:
            raise WorkerRefusesSettings("The worker cannot start with these settings, see above.")
        say(f"The worker has ended (code {worker.returncode}); starting it again in {pause:g} seconds.")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)
            return
        await check()
        pause = min(2 * pause, _LONGEST_PAUSE)


async def _worker(server: EmbeddedServer, record: str | None) -> Process:
    # Whatever Temporal the operator's environment names, this worker belongs to this server.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")}
    environment |= {"TEMPORAL_ADDRESS": server.address, "TEMPORAL_CONFIG_FILE": os.devnull}
    if record:
        environment["CERTPATH_RECORD_URL"] = record
    return await asyncio.create_subprocess_exec(
        # Whoever kills us kills the worker as well: without its server it would only wait.
        *leashed([sys.executable, str(ROOT / "worker.py")]),
        env=environment,
        # Ctrl-C is for us: the worker drains while the server still runs.
        start_new_session=True,
    )


async def _end(worker: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        if worker.returncode is None:
            worker.terminate()
    try:
        await asyncio.wait_for(worker.wait(), _DRAIN_SECONDS)
    except TimeoutError:
        worker.kill()
        await worker.wait()


async def _ended(server: EmbeddedServer) -> None:
    # Nothing to await here: the server is a plain process, made to outlive an event loop.
    while server.pid is not None:  # noqa: ASYNC110
        await asyncio.sleep(0.5)


async def _first(*waits: Coroutine[Any, Any, object]) -> None:
    """Wait for the first of these and let go of the others."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
