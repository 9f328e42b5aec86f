"""The one way in which our processes reach Temporal: by `temporalio.envconfig`, with errors that say what to do.

`runtime/clients.py` makes the client that most of them need. Its module takes as long to load as this one again.
"""

import asyncio
import functools
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from temporalio.envconfig import ClientConfig
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.service import ConnectConfig, ServiceClient, WorkflowService

from runtime.settings import SettingsError

WORKFLOW = "CertificationWorkflow"
"""The workflow type of the public contract."""
TASK_QUEUE = "certification"
"""The task queue of the public contract."""

DEFAULT_ADDRESS = "localhost:7233"
DEFAULT_NAMESPACE = "default"
PATIENCE = 10.0
"""How many seconds to wait for a server that does not answer."""


# Of a file that is no TOML: `  |`, and `2 | api_key = …`.
_QUOTED_LINE = re.compile(r"\s*\d*\s*\|")
_QUOTED_VALUE = re.compile(r"(invalid (?:type|value): \w+) .*, expected", re.DOTALL)
_KEY_AS_PATH = re.compile(r"'[^']*-----BEGIN[^']*'", re.DOTALL)


class CannotConnect(Exception):
    """Temporal cannot be reached. The message is one line: address, namespace, why, what to do."""


class Service(NamedTuple):
    """Temporal's calls as they are, for a program that makes only one or two; and the namespace of the settings."""

    calls: WorkflowService
    namespace: str


async def service(runtime: Runtime, *, patience: float = PATIENCE) -> Service:
    """The calls of the server named by TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, a profile or `temporal.toml`.

    The namespace is not looked up. Raises `SettingsError` if the configuration cannot be read, and `CannotConnect` if
    no server answers within `patience` seconds.
    """
    settings = configured()
    address, namespace = settings.pop("target_host"), settings.pop("namespace", DEFAULT_NAMESPACE)
    async with reaching(address, namespace, patience):
        server = await ServiceClient.connect(ConnectConfig(address, runtime=runtime, **settings))
    return Service(server.workflow_service, namespace)


@asynccontextmanager
async def reaching(address: str, namespace: str, patience: float) -> AsyncIterator[None]:
    """Connects in the block. Raises `CannotConnect` where that fails, or takes longer than `patience` seconds."""
    where = f"{address} (namespace {namespace!r})"
    try:
        async with asyncio.timeout(patience):
            yield
    except TimeoutError:
        raise CannotConnect(
            f"Temporal cannot be reached at {where}: no answer within {patience:g} seconds. {_START}"
        ) from None
    except (RuntimeError, ValueError) as error:  # what the SDK raises for any failed connection
        raise CannotConnect(_sentence(where, error)) from error


@functools.cache
def silent_runtime() -> Runtime:
    """The SDK's core without a word: its warnings would go to stdout, into the middle of a JSON document.

    There is one for the whole process. Each core has threads, which end only when Python's garbage collector finds the
    core. In a process that runs one command after the other, they would be hundreds.
    """
    silent = LoggingConfig(filter=TelemetryFilter(core_level="OFF", other_level="OFF"))
    # Heartbeats are one for all workers of a runtime: with several servers they would outlive the first.
    return Runtime(telemetry=TelemetryConfig(logging=silent), worker_heartbeat_interval=None)


def configured() -> dict[str, Any]:
    """The settings in the environment and in `temporal.toml`, as arguments of `Client.connect`, always with an address.

    Raises `SettingsError` if they cannot be read.
    """
    try:
        # Left to itself, the SDK asks the C library, where it would not find what a test sets (tests/environment.py).
        given = ClientConfig.load_client_connect_config(override_env_vars=dict(os.environ))
        return {"target_host": DEFAULT_ADDRESS, **given}
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


def short_reason(error: Exception) -> str:
    """The SDK's message in a few words, because most of these messages are nested Rust names."""
    return known_reason(error) or " ".join(str(error).split())[:200]


def known_reason(error: Exception) -> str | None:
    """Why a connection failed, in words that hold no address; None if the reason is not one of the usual ones."""
    known = _known(error)
    return known.words if known else None


class _Known(NamedTuple):
    """A usual reason: a pattern of the SDK's message, the same in plain words, and what to do."""

    pattern: str
    words: str
    advice: str


_START = "Start one with `./starter.py dev`, or set TEMPORAL_ADDRESS (and TEMPORAL_NAMESPACE)."
_ADDRESS = (
    "Set TEMPORAL_ADDRESS to the frontend of Temporal, as host:port. Its port is 7233 unless somebody changed it."
    " Check the settings of TLS too."
)
_NAMESPACE = "Set TEMPORAL_NAMESPACE, or make the namespace: `./starter.py setup --help` says how."
_SETTINGS = "Check TEMPORAL_ADDRESS, and the settings of TLS and of the API key."
_REASONS = (
    _Known("ConnectionRefused", "connection refused", _START),
    _Known("dns error", "no such host", _START),
    _Known("deadline has elapsed", "no answer", _START),
    _Known("invalid target URL", "not an address of the form host:port", _ADDRESS),
    # A server that is not Temporal, or that wants TLS, ends the connection. What the SDK says then depends on when.
    _Known("after connection.*transport::Error", "the connection was ended without an answer of Temporal", _ADDRESS),
    _Known("InvalidContentType", "what answers there does not speak TLS", _ADDRESS),
    _Known("no such namespace", "the server answers, but has no such namespace", _NAMESPACE),
)


def _known(error: Exception) -> _Known | None:
    return next((one for one in _REASONS if re.search(one.pattern, str(error), re.IGNORECASE | re.DOTALL)), None)


def _sentence(where: str, error: Exception) -> str:
    known = _known(error)
    advice = known.advice if known else _SETTINGS
    return f"Temporal cannot be reached at {where}: {short_reason(error)}. {advice}"
