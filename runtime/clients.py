"""The clients of our processes, connected as the settings say (`connection.py`)."""

from typing import Any

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.runtime import Runtime
from temporalio.service import RPCError, RPCStatusCode

from runtime.connection import DEFAULT_NAMESPACE, PATIENCE, configured, reaching, short_reason
from runtime.settings import SettingsError


async def connect(
    runtime: Runtime | None = None, *, patience: float = PATIENCE, namespace_exists: bool = True, **overrides: Any
) -> Client:
    """A client for the server named by TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, a profile or `temporal.toml`.

    `overrides` are arguments of `Client.connect` and take precedence over all of these. With `namespace_exists` False
    the check of the namespace is left out, for a caller that creates it. Raises `SettingsError` if the configuration
    cannot be read, and `CannotConnect` if no server answers within `patience` seconds or the namespace does not exist.
    """
    arguments = {**configured(), **overrides}
    address = arguments.pop("target_host")
    return await connect_at(address, runtime, patience=patience, namespace_exists=namespace_exists, **arguments)


async def connect_lazily(runtime: Runtime | None = None) -> Client:
    """A client for the configured server that connects only when it is first used, and checks nothing before.

    Raises `SettingsError` if the configuration cannot be read.
    """
    arguments = configured()
    try:
        return await Client.connect(arguments.pop("target_host"), lazy=True, runtime=runtime, **arguments)
    except (RuntimeError, ValueError) as error:
        raise SettingsError(f"Temporal's settings cannot be used: {short_reason(error)}.") from error


async def connect_at(
    address: str,
    runtime: Runtime | None = None,
    *,
    patience: float = PATIENCE,
    namespace_exists: bool = True,
    **arguments: Any,
) -> Client:
    """A client for the server at `address` (`host:port`); the environment is not read.

    `arguments` are those of `Client.connect`; `namespace_exists` as in `connect`. Raises `CannotConnect`.
    """
    if "data_converter" not in arguments:
        # Not at the top: a command that sends one message brings a converter of its own, and does without pydantic.
        from temporalio.contrib.pydantic import pydantic_data_converter

        arguments["data_converter"] = pydantic_data_converter
    arguments = {"runtime": runtime, **arguments}
    async with reaching(address, arguments.get("namespace", DEFAULT_NAMESPACE), patience):
        client = await Client.connect(address, **arguments)
        if namespace_exists:
            await _check_namespace(client)
    return client


async def _check_namespace(client: Client) -> None:
    """Raises `RuntimeError` if the namespace does not exist. Connecting does not check this, and a worker in a
    namespace that does not exist would poll silently and get nothing."""
    try:
        await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise RuntimeError("the server answers, but has no such namespace") from error
        if error.status in {RPCStatusCode.UNAVAILABLE, RPCStatusCode.UNAUTHENTICATED}:
            raise RuntimeError(error.message) from error
        # A client may be allowed to work in a namespace and not to describe it. Later calls will show.
