"""The server of a measurement: an embedded one of its own, or one that runs already."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest, GetClusterInfoRequest
from temporalio.client import Client, WorkflowExecution
from temporalio.service import RPCError

from runtime import search_attributes
from runtime.builds import BUILD_VARIABLE, DEPLOYMENT_VARIABLE, Build
from runtime.clients import connect
from runtime.connection import CannotConnect
from runtime.embedded import ServerFailed, embedded_server
from runtime.settings import SettingsError
from trials.many import each
from trials.surroundings import OF_CERTPATH, OF_TEMPORAL, surroundings
from trials.workers import WorkerFailed

_DELETED_AT_ONCE = 16
# The server's lists are updated with some delay, so they are read several times.
_LOOKS = 10
_PAUSE = 1.0
COULD_NOT_MEASURE = 3
"""The exit code where one of these came, so that 1 means a target that is missed and nothing else."""
NOT_MEASURED = (CannotConnect, ServerFailed, WorkerFailed, search_attributes.CannotRegister, SettingsError)
"""What may keep something from being measured."""
_MEASURED = ("CERTPATH_CACHED_WORKFLOWS", "CERTPATH_SCHEME")


@dataclass(frozen=True)
class Place:
    """A server, and the names that this run uses on it.

    The run has task queues of its own, so that no other worker takes its tasks and its workers take no other tasks. The
    ids of its candidates contain its mark, so that a second run on the same server does not meet their workflows.
    """

    client: Client
    address: str
    embedded: bool
    mark: str

    @property
    def namespace(self) -> str:
        return self.client.namespace

    def queue(self, side: str) -> str:
        """The task queue of one side."""
        return f"bench-{self.mark}-{side}"

    def candidate(self, name: str) -> str:
        """A candidate id that no other run uses."""
        return f"{self.mark}-{name}"

    async def clean(self, side: str) -> None:
        """Deletes the workflows of one side from a server that stays; an embedded server is thrown away.

        Where that fails, it says so and raises nothing: what was measured until then must not be lost.
        """
        if self.embedded:
            return
        query = f"TaskQueue = '{self.queue(side)}'"
        with contextlib.suppress(RPCError):
            for _ in range(_LOOKS):
                found = [execution async for execution in self.client.list_workflows(query)]
                if not found:
                    return
                await each(found, self._delete, at_once=_DELETED_AT_ONCE)
                await asyncio.sleep(_PAUSE)
        sys.stderr.write(f"workflows of the task queue {self.queue(side)} are left on the server\n")

    async def _delete(self, found: WorkflowExecution) -> None:
        """Deletes a workflow. After an error it is found again by the next look."""
        request = DeleteWorkflowExecutionRequest(namespace=self.namespace)
        request.workflow_execution.workflow_id, request.workflow_execution.run_id = found.id, found.run_id
        with contextlib.suppress(RPCError):  # most often because it was deleted already, and is still listed
            await self.client.workflow_service.delete_workflow_execution(request)


@asynccontextmanager
async def place(address: str | None, namespace: str | None, folder: Path) -> AsyncIterator[Place]:
    """The server at `address`, with Temporal's own settings for the rest; with None, an embedded one in `folder`.

    Missing search attributes are registered. Raises `CannotConnect`.
    """
    mark = f"b{uuid.uuid4().hex[:8]}"
    if address is None:
        async with embedded_server(db=folder / "temporal.db") as server:
            yield Place(await server.client(), server.address, True, mark)
    else:
        named: dict[str, Any] = {"namespace": namespace} if namespace else {}
        client = await connect(target_host=address, **named)
        await search_attributes.register(client)
        yield Place(client, address, False, mark)


def environment(where: Place, build: Build | None = None) -> dict[str, str]:
    """The environment of a worker process, of this build or of none.

    For an embedded server, the developer's own settings are left out: the invented people would be written into their
    record. The size of a worker's cache and the scheme stay, because both can be measured.
    """
    versioned = {DEPLOYMENT_VARIABLE: build.deployment, BUILD_VARIABLE: build.build_id} if build else {}
    kept = undisturbed() if where.embedded else surroundings(())
    for name in (DEPLOYMENT_VARIABLE, BUILD_VARIABLE):
        kept.pop(name, None)
    return {**kept, "TEMPORAL_ADDRESS": where.address, "TEMPORAL_NAMESPACE": where.namespace, **versioned}


def undisturbed() -> dict[str, str]:
    """The environment of this process without the developer's settings, except for those that can be measured."""
    return surroundings((OF_CERTPATH, OF_TEMPORAL), but=_MEASURED)


@dataclass(frozen=True)
class Machine:
    """The server and the machine, on which every figure depends. `load`: the load average of the minute before."""

    server: str
    database: str
    shards: int
    cpus: int
    memory_gb: float
    load: float

    def __str__(self) -> str:
        return (
            f"Temporal {self.server} on {self.database} ({self.shards} history shards), reached from a machine with "
            f"{self.cpus} CPUs and {self.memory_gb:.0f} GB; load average before: {self.load:.1f}"
        )


async def machine(where: Place) -> Machine:
    """The server behind a place, and the machine that this process runs on."""
    told = await where.client.workflow_service.get_cluster_info(GetClusterInfoRequest())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return Machine(
        told.server_version,
        told.persistence_store,
        told.history_shard_count,
        len(os.sched_getaffinity(0)),
        memory,
        os.getloadavg()[0],
    )
