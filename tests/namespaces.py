"""Namespaces of the shared server, for tests that must be alone.

Each has its own candidacies, workers, builds and counts. To make one costs the server a fiftieth of the CPU that the
start of a server of one's own costs.
"""

from datetime import timedelta
from uuid import uuid4

from temporalio.client import Client
from temporalio.runtime import Runtime

from runtime import namespaces, search_attributes
from runtime.clients import connect_at
from runtime.embedded import EmbeddedServer

_RETENTION = timedelta(days=1)


async def new_namespace(server: EmbeddedServer, runtime: Runtime | None = None) -> Client:
    """A client of a new namespace of this server, made as `starter.py setup` makes one."""
    name = f"test-{uuid4().hex[:12]}"
    client = await connect_at(server.address, runtime, namespace=name, namespace_exists=False)
    await namespaces.ensure(client, _RETENTION, create=True)
    await namespaces.until_known(client, lambda: search_attributes.registered(client))
    await search_attributes.register(client)
    await namespaces.until_known(client, lambda: search_attributes.usable(client))
    return client
