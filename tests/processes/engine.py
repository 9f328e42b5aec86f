"""Certpath as a whole: a server with a worker, the command line, and the official CLI as the foreign client."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowHandle

from runtime.embedded import EmbeddedServer, embedded_server, temporal_cli
from runtime.settings import ROOT, record_in
from tests.namespaces import new_namespace
from tests.processes.messages import registration, workflow_id
from tests.processes.programs import Ended, Place, Worker, run, run_here

Handle = WorkflowHandle[Any, Any]


class Engine:
    """A namespace of a server, and a worker for it."""

    def __init__(self, place: Place, worker: Worker, client: Client, folder: Path) -> None:
        self.place = place
        self.worker = worker
        self.client = client
        self.folder = folder

    def temporal(self, *arguments: str) -> Ended:
        """The official CLI: a client that knows nothing of Certpath."""
        return run([temporal_cli(), *arguments], self.place)

    def starter(self, *arguments: str, stdin: bytes = b"", **environment: str) -> Ended:
        """The command line of Certpath, in this process; one command at a time."""
        return run_here(arguments, self.place, stdin=stdin, **self._record(environment))

    def _record(self, environment: dict[str, str]) -> dict[str, str]:
        """The environment, with the record that the worker of this engine writes."""
        return {"CERTPATH_RECORD_URL": record_in(self.folder), **environment}

    def handle(self, candidate: str, designation: str = "CCSL") -> Handle:
        return self.client.get_workflow_handle(workflow_id(candidate, designation))

    async def enrol(self, candidate: str, **fields: Any) -> Handle:
        """Start a candidacy as any client would: type, id, queue, JSON."""
        registered = registration(candidate, **fields)
        return await self.client.start_workflow(
            "CertificationWorkflow",
            registered,
            id=workflow_id(candidate, registered["designation"]),
            task_queue="certification",
        )


class EngineWithServer(Engine):
    """A server of its own, and a worker for its namespace `default`."""

    def __init__(self, server: EmbeddedServer, worker: Worker, client: Client, folder: Path) -> None:
        super().__init__(Place(server.address), worker, client, folder)
        self.server = server


WORKER = (str(ROOT / "worker.py"),)


@asynccontextmanager
async def engine(
    folder: Path,
    server: EmbeddedServer,
    *,
    working: bool = True,
    script: Sequence[str] = WORKER,
    **environment: str,
) -> AsyncIterator[Engine]:
    """A namespace of this server and a worker of one's own for the length of the block.

    `working` False: the worker is not started. `script`: what the worker runs instead of `worker.py`, with its
    arguments.
    """
    client = await new_namespace(server)
    place = Place(server.address, client.namespace)
    worker = Worker(place, folder, script, **environment)
    async with _until_it_is_killed(worker, working=working):
        yield Engine(place, worker, client, folder)


@asynccontextmanager
async def engine_with_server(
    folder: Path, *, working: bool = True, lasting: bool = False, **environment: str
) -> AsyncIterator[EngineWithServer]:
    """A server and a worker of one's own for the length of the block, for a test that ends the server.

    `working` False: the worker is not started. `lasting`: the server keeps its data in a SQLite file, so that it can be
    killed and started again.
    """
    database, log = folder / "temporal.db" if lasting else None, folder / "temporal.log"
    # Killed, it loses nothing, whatever the disk has; and what the machine loses in a power cut, no test looks for. One
    # that may be killed takes its notes as seldom as in production, because it goes on from them when it comes back.
    async with embedded_server(db=database, log=log, flushed=False, deletes_soon=not lasting) as server:
        worker = Worker(Place(server.address), folder, WORKER, **environment)
        try:
            async with _until_it_is_killed(worker, working=working):
                yield EngineWithServer(server, worker, await server.client(), folder)
        finally:
            await server.kill()  # nobody needs its data any more, and an orderly end takes a second and a half


@asynccontextmanager
async def _until_it_is_killed(worker: Worker, *, working: bool) -> AsyncIterator[None]:
    try:
        if working:
            await worker.start()
        yield
    finally:
        if worker.running:
            await worker.kill()
