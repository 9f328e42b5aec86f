"""What Temporal's server remembers of a build: the fingerprint of its workflow code, and the formats that it reads.

The metadata stands beside the build's version on the server, where the UI, the command line and later workers find it.
Its values are plain JSON, because a codec would hide them from people who have no key.
"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from temporalio.api.common.v1 import Payload
from temporalio.api.deployment.v1 import WorkerDeploymentVersion
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentVersionRequest,
    UpdateWorkerDeploymentVersionMetadataRequest,
)
from temporalio.service import RPCError, RPCStatusCode

from runtime.builds import CODE_METADATA, FORMAT_METADATA, Build
from runtime.connection import CannotConnect
from runtime.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from temporalio.client import Client

_RPC = timedelta(seconds=10)
# The server makes the version some tenths of a second after the worker's first poll.
_REGISTRATION_SECONDS = 30.0
_PAUSE = 0.2

_log = logging.getLogger("certpath.worker")


@dataclass(frozen=True)
class BuildMetadata:
    """What a build has written about itself. An entry that is missing or cannot be understood is None."""

    code: str | None = None
    format: int | None = None


async def read(client: Client, build: Build) -> BuildMetadata | None:
    """The metadata of a build; None if the server does not know this build. Raises `RPCError`."""
    request = DescribeWorkerDeploymentVersionRequest(
        namespace=client.namespace,
        deployment_version=WorkerDeploymentVersion(deployment_name=build.deployment, build_id=build.build_id),
    )
    try:
        answer = await client.workflow_service.describe_worker_deployment_version(request, retry=True, timeout=_RPC)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    return parsed(answer.worker_deployment_version_info.metadata.entries)


def parsed(entries: Mapping[str, Payload]) -> BuildMetadata:
    """What the entries of a build say that the server has described."""
    found = {name: _value(payload.data) for name, payload in entries.items()}
    code, number = found.get(CODE_METADATA), found.get(FORMAT_METADATA)
    return BuildMetadata(code if isinstance(code, str) else None, number if isinstance(number, int) else None)


async def write(client: Client, build: Build, metadata: BuildMetadata) -> None:
    """Write the metadata of a build that the server knows. Raises `RPCError`."""
    entries = {CODE_METADATA: metadata.code, FORMAT_METADATA: metadata.format}
    request = UpdateWorkerDeploymentVersionMetadataRequest(
        namespace=client.namespace,
        identity=client.identity,
        deployment_version=WorkerDeploymentVersion(deployment_name=build.deployment, build_id=build.build_id),
        upsert_entries={
            name: Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(value).encode())
            for name, value in entries.items()
            if value is not None
        },
    )
    await client.workflow_service.update_worker_deployment_version_metadata(request, retry=True, timeout=_RPC)


def _value(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return None


# --- what a worker does with it


async def refuse_other_code(client: Client, build: Build, mine: BuildMetadata) -> None:
    """Call this before a worker of this build asks for work.

    Raises `SettingsError` if this build id was used for other code: the runs that Temporal keeps on this build would be
    replayed by code that did not write them. Raises `CannotConnect` if the server does not answer.
    """
    try:
        known = await read(client, build)
    except RPCError as error:
        _not_allowed(build, error)
        return
    _compare(build, known, mine)


async def register(client: Client, build: Build, mine: BuildMetadata) -> None:
    """Write the metadata of this worker's own build. Call this once the worker asks for work.

    If the server does not allow it, or does not know the build after 30 seconds, a warning is logged, and the worker
    works. Raises as `refuse_other_code` does: another worker may have begun at the same moment.
    """
    try:
        known = await _registered(client, build)
        if known is None:
            _log.warning(
                "build not registered", extra={"build": str(build), "problem": "Temporal does not know the build yet."}
            )
            return
        _compare(build, known, mine)
        if known != mine:
            await write(client, build, mine)
            _compare(build, await read(client, build), mine)
    except RPCError as error:
        _not_allowed(build, error)


async def _registered(client: Client, build: Build) -> BuildMetadata | None:
    """The metadata of the build as soon as the server knows the build; None if it does not within 30 seconds."""
    tries = round(_REGISTRATION_SECONDS / _PAUSE)
    for _ in range(tries):
        if (known := await read(client, build)) is not None:
            return known
        await asyncio.sleep(_PAUSE)
    return None


def _compare(build: Build, known: BuildMetadata | None, mine: BuildMetadata) -> None:
    if known is not None and known.code is not None and known.code != mine.code:
        raise SettingsError(
            f"The build id {build.build_id!r} of the deployment {build.deployment!r} was used for other code, or with"
            " other versions of Python or of the packages below it. This worker cannot go on with the candidacies of"
            " that build: give this build an id of its own, by TEMPORAL_WORKER_BUILD_ID."
        )


def _not_allowed(build: Build, error: RPCError) -> None:
    """Logs a warning if the server does not allow us to read or write metadata; raises `CannotConnect` otherwise."""
    if error.status not in (
        RPCStatusCode.PERMISSION_DENIED,
        RPCStatusCode.UNAUTHENTICATED,
        RPCStatusCode.UNIMPLEMENTED,
    ):
        raise CannotConnect(f"Temporal cannot say anything about the build {build}: {error.message}.") from error
    _log.warning("build metadata not available", extra={"build": str(build), "problem": error.message})
