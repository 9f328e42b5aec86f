"""A connection to Temporal for the length of one command, and sentences for what may go wrong on the way."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from cli import exits
from runtime.process import leave

if TYPE_CHECKING:
    from temporalio.client import Client


def connected(work: "Callable[[Client], Awaitable[int]]", *, namespace_exists: bool = True) -> int:
    """Connect as the environment says, do the work and answer its exit code.

    Raises `exits.Stop`, and what the work raises; what Temporal refuses to it as an error of `client.errors`.
    `namespace_exists` False: the work makes the namespace itself.
    """
    # With a client made, the interpreter's own way out of Ctrl-C may crash; nothing here needs a clean-up.
    signal.signal(signal.SIGINT, _interrupted)
    return asyncio.run(_connected(work, namespace_exists=namespace_exists))


async def _connected(work: "Callable[[Client], Awaitable[int]]", *, namespace_exists: bool) -> int:
    from client.answers import explaining

    with explaining():
        return await work(await _client(namespace_exists=namespace_exists))


async def _client(*, namespace_exists: bool) -> "Client":
    from temporalio.converter import DataConverter

    from runtime.connection import CannotConnect, connect, silent_runtime
    from runtime.settings import SettingsError

    try:
        # Payloads are plain JSON: the pydantic converter would cost a quarter second and change nothing.
        return await connect(silent_runtime(), namespace_exists=namespace_exists, data_converter=DataConverter.default)
    except SettingsError as error:
        raise exits.BadInput(str(error)) from error
    except CannotConnect as error:
        raise exits.Unreachable(str(error)) from error


def _interrupted(*_: Any) -> None:
    # In the middle of anything: of a line on stderr too, whose buffer takes nobody else's meanwhile.
    try:
        os.write(2, b"Interrupted.\n")
    finally:
        leave(exits.INTERRUPTED)
