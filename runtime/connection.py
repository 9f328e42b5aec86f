"""The one way in which our processes reach Temporal: by `temporalio.envconfig`, with errors that say what to do."""

import asyncio
import re
from typing import Any

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.service import RPCError, RPCStatusCode

from runtime.settings import SettingsError

WORKFLOW = "CertificationWorkflow"
"""The workflow type of the public contract."""
TASK_QUEUE = "certification"
"""The task queue of the public contract."""

DEFAULT_ADDRESS = "localhost:7233"
PATIENCE = 10.0
"""How many seconds to wait for a server that does not answer."""


# Of a file that is no TOML: `  |`, and `2 | api_key = …`.
_QUOTED_LINE = re.compile(r"\s*\d*\s*\|")
_QUOTED_VALUE = re.compile(r"(invalid (?:type|value): \w+) .*, expected", re.DOTALL)
_KEY_AS_PATH = re.compile(r"'[^']*-----BEGIN[^']*'", re.DOTALL)


class CannotConnect(Exception):
    """Temporal cannot be reached. The message is one line: address, namespace, why, what to do."""


async def connect(
    runtime: Runtime | None = None, *, patience: float = PATIENCE, namespace_exists: bool = True, **overrides: Any
) -> Client:
    """A client for the server named by TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, a profile or `temporal.toml`.

    `overrides` are arguments of `Client.connect` and take precedence over all of these. With `namespace_exists` False
    the check of the namespace is left out, for a caller that creates it. Raises `SettingsError` if the configuration
    cannot be read, and `CannotConnect` if no server answers within `patience` seconds or the namespace does not exist.
    """
    arguments = {"target_host": DEFAULT_ADDRESS, **_configured(), **overrides}
    address = arguments.pop("target_host")
    return await connect_at(address, runtime, patience=patience, namespace_exists=namespace_exists, **arguments)


async def connect_lazily(runtime: Runtime | None = None) -> Client:
    """A client for the configured server that connects only when it is first used, and checks nothing before.

    Raises `SettingsError` if the configuration cannot be read.
    """
    arguments = {"target_host": DEFAULT_ADDRESS, **_configured()}
    try:
        return await Client.connect(arguments.pop("target_host"), lazy=True, runtime=runtime, **arguments)
    except (RuntimeError, ValueError) as error:
        raise SettingsError(f"Temporal's settings cannot be used: {_reason(error)}.") from error


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
    where = f"{address} (namespace {arguments.get('namespace', 'default')!r})"
    try:
        async with asyncio.timeout(patience):
            client = await Client.connect(address, **arguments)
            if namespace_exists:
                await _check_namespace(client)
    except TimeoutError:
        raise CannotConnect(_sentence(where, f"no answer within {patience:g} seconds")) from None
    except (RuntimeError, ValueError) as error:  # what the SDK raises for any failed connection
        raise CannotConnect(_sentence(where, _reason(error))) from error
    return client


def silent_runtime() -> Runtime:
    """The SDK's core without a word: its warnings would go to stdout, into the middle of a JSON document."""
    silent = LoggingConfig(filter=TelemetryFilter(core_level="OFF", other_level="OFF"))
    # Heartbeats are one for all workers of a runtime: with several servers they would outlive the first.
    return Runtime(telemetry=TelemetryConfig(logging=silent), worker_heartbeat_interval=None)


def _configured() -> dict[str, Any]:
    """The settings in the environment and in `temporal.toml`, as arguments of `Client.connect`."""
    try:
        return dict(ClientConfig.load_client_connect_config())
    except Exception as error:  # a file that is no TOML, an unknown profile, a missing certificate
        message = " ".join(_without_secrets(str(error)).split())
        raise SettingsError(f"Temporal's settings cannot be read (TEMPORAL_* or temporal.toml): {message}") from error


def _without_secrets(message: str) -> str:
    """What the SDK says about settings, without their values: one of them may be a key, or a password.

    Of a file that is no TOML, it quotes the line; of a value of the wrong type, the value; and of a key that stands
    where the path of a key belongs, the key.
    """
    kept = [line for line in message.splitlines() if not _QUOTED_LINE.match(line)]
    without = _QUOTED_VALUE.sub(r"\1, expected", "\n".join(kept))
    return _KEY_AS_PATH.sub("the name of a file is a key itself", without)


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


def _reason(error: Exception) -> str:
    """The SDK's message in a few words, because most of these messages are nested Rust names."""
    return known_reason(error) or " ".join(str(error).split())[:200]


def known_reason(error: Exception) -> str | None:
    """Why a connection failed, in words that hold no address; None if the reason is not one of the usual ones."""
    message = str(error)
    for sign, words in (
        ("ConnectionRefused", "connection refused"),
        ("dns error", "no such host"),
        ("invalid uri", "not an address of the form host:port"),
        ("deadline has elapsed", "no answer"),
    ):
        if sign.lower() in message.lower():
            return words
    return None


def _sentence(where: str, reason: str) -> str:
    return (
        f"Temporal cannot be reached at {where}: {reason}. "
        "Start one with `./starter.py dev`, or set TEMPORAL_ADDRESS (and TEMPORAL_NAMESPACE)."
    )
