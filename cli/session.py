"""A connection to Temporal for the length of one command."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from client.connection import Client, connect
from client.rpc_errors import explaining

T = TypeVar("T")


def connected(work: Callable[[Client], Awaitable[T]], *, namespace_exists: bool = True) -> T:
    """Connect as the environment says, do the work, and return what it returns: for most verbs, their exit code.

    Raises what the work raises, what Temporal refuses to it as an error of `client.errors`, and as
    `client.connection.connect` does. `namespace_exists` False: the work makes the namespace itself.
    """
    return asyncio.run(_connected(work, namespace_exists=namespace_exists))


async def _connected(work: Callable[[Client], Awaitable[T]], *, namespace_exists: bool) -> T:
    with explaining():
        return await work(await connect(namespace_exists=namespace_exists))
