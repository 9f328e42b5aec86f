"""The Temporal namespace of an installation: created if it is missing, with the retention that was asked for.

The embedded server starts with a namespace. A server in production does not, and Temporal's default retention of one
day would delete a closed candidacy overnight.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from google.protobuf.duration_pb2 import Duration
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    RegisterNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.service import RPCError, RPCStatusCode

from runtime.connection import CannotConnect

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from temporalio.client import Client

SHORTEST_RETENTION = timedelta(days=1)
"""The shortest retention that makes sense; a shorter one is for tests of Temporal itself."""

# Temporal's frontends refresh their list of namespaces about every ten seconds.
_PATIENCE = 90.0
_PAUSE = 0.5


async def ensure(client: Client, retention: timedelta, *, create: bool) -> str:
    """Give the client's namespace this retention. Returns `created`, `changed` or `unchanged`. Safe to repeat.

    `retention` is how long the server keeps a workflow after it has closed. With `create`, a namespace that does not
    exist is created. Raises `CannotConnect` if the namespace does not exist and must not be created, or if the server
    does not allow us to create or change it.
    """
    try:
        present = await retention_of(client)
        if present is None and create:
            await _create(client, retention)
            return "created"
        if present is None:
            raise CannotConnect(f"The server has no namespace {client.namespace!r}: add --create-namespace.")
        if present == retention:
            return "unchanged"
        await _change(client, retention)
        return "changed"
    except RPCError as error:
        if error.status is RPCStatusCode.ALREADY_EXISTS:
            # Somebody else has just created it. Only its retention is left to set.
            return await ensure(client, retention, create=False)
        raise CannotConnect(
            f"The namespace {client.namespace!r} cannot be made or changed from here ({error.message}): "
            f"have an administrator make it, with a retention of {retention.days} days."
        ) from error


async def retention_of(client: Client) -> timedelta | None:
    """How long the namespace keeps closed workflows; None if the namespace does not exist. Raises `RPCError`."""
    try:
        described = await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=client.namespace)
        )
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    return described.config.workflow_execution_retention_ttl.ToTimedelta()


async def _create(client: Client, retention: timedelta) -> None:
    kept = Duration()
    kept.FromTimedelta(retention)
    await client.workflow_service.register_namespace(
        RegisterNamespaceRequest(
            namespace=client.namespace,
            description="Certpath: one workflow for each candidacy",
            workflow_execution_retention_period=kept,
        )
    )


async def _change(client: Client, retention: timedelta) -> None:
    kept = Duration()
    kept.FromTimedelta(retention)
    await client.workflow_service.update_namespace(
        UpdateNamespaceRequest(
            namespace=client.namespace, config=NamespaceConfig(workflow_execution_retention_ttl=kept)
        )
    )


async def until_known(client: Client, question: Callable[[], Awaitable[object]]) -> None:
    """Wait until every part of the server knows the namespace, which takes some seconds after it was created.

    `question` is any call that the server refuses as "not found" until then. Raises `CannotConnect` if the server still
    refuses it after 90 seconds.
    """
    waited = 0.0
    while True:
        try:
            await question()
        except RPCError as error:
            not_yet = {RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT, RPCStatusCode.FAILED_PRECONDITION}
            if error.status not in not_yet or waited >= _PATIENCE:
                raise CannotConnect(
                    f"The namespace {client.namespace!r} cannot be used yet ({error.message}): try again in a minute."
                ) from error
        else:
            return
        await asyncio.sleep(_PAUSE)
        waited += _PAUSE
