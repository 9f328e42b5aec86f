"""A connection to Temporal for the length of one command."""

import asyncio
from collections.abc import Awaitable, Callable

from client.connection import Client, connect
from client.rpc_errors import explaining


def connected(work: Callable[[Client], Awaitable[int]], *, namespace_exists: bool = True) -> int:
    """Connect as the environment says, do the work and answer its exit code.

    Raises what the work raises, what Temporal refuses to it as an error of `client.errors`, and as
    `client.connection.connect` does. `namespace_exists` False: the work makes the namespace itself.
    """
    return asyncio.run(_connected(work, namespace_exists=namespace_exists))


async def _connected(work: Callable[[Client], Awaitable[int]], *, namespace_exists: bool) -> int:
    with explaining():
        return await work(await connect(namespace_exists=namespace_exists))
