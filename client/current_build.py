"""Which build candidacies begin on and move to: the build that is current, and the part that another one takes."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from temporalio.api.enums.v1 import RoutingConfigUpdateState
from temporalio.api.workflowservice.v1 import (
    SetWorkerDeploymentCurrentVersionRequest,
    SetWorkerDeploymentRampingVersionRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from client import answers
from client.deployments import described
from client.errors import NotChanged
from runtime.builds import Build

# The server tells a task queue of a new current build within a second, and in a large cluster within some seconds.
_KNOWN_SECONDS = 15.0
_PAUSE = 0.1
_UNDER_WAY = RoutingConfigUpdateState.ROUTING_CONFIG_UPDATE_STATE_IN_PROGRESS
_NOT_CHANGED = (RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION, RPCStatusCode.ABORTED)


async def make_current(client: Client, build: Build, *, before_any_worker: bool = False) -> None:
    """Every candidacy begins on this build from now on, or may move there; no build is ramping any more.

    It returns when the task queue knows of it. `before_any_worker`: the build is made known to Temporal, if no worker
    of it has asked for work yet.

    Raises `NotChanged` and `Unreachable`.
    """
    with _explaining(build):
        await client.workflow_service.set_worker_deployment_current_version(
            SetWorkerDeploymentCurrentVersionRequest(
                namespace=client.namespace,
                deployment_name=build.deployment,
                build_id=build.build_id,
                identity=client.identity,
                ignore_missing_task_queues=True,
                allow_no_pollers=before_any_worker,
            ),
            retry=True,
        )
        info = await described(client, build.deployment)
        if info is not None and info.routing_config.ramping_deployment_version.build_id:
            await _ramp(client, build.deployment, "", 0)
        await _until_known(client, build.deployment)


async def ramp(client: Client, build: Build, percentage: float) -> None:
    """This part of all candidacies begins on the build from now on, or may move there; the others stay as they are.

    Raises as `make_current` does.
    """
    with _explaining(build):
        await _ramp(client, build.deployment, build.build_id, percentage)
        await _until_known(client, build.deployment)


async def _ramp(client: Client, deployment: str, build_id: str, percentage: float) -> None:
    """Sets the ramp; without a build id it ends the one that there is."""
    await client.workflow_service.set_worker_deployment_ramping_version(
        SetWorkerDeploymentRampingVersionRequest(
            namespace=client.namespace,
            deployment_name=deployment,
            build_id=build_id,
            percentage=percentage,
            identity=client.identity,
            ignore_missing_task_queues=True,
        ),
        retry=True,
    )


async def _until_known(client: Client, deployment: str) -> None:
    """Waits until the task queue knows of the change. A candidacy that is woken before would stay where it is."""
    try:
        async with asyncio.timeout(_KNOWN_SECONDS):
            while await _under_way(client, deployment):  # noqa: ASYNC110 - it happens in another process
                await asyncio.sleep(_PAUSE)
    except TimeoutError:
        return  # whoever is woken too early is woken again


async def _under_way(client: Client, deployment: str) -> bool:
    info = await described(client, deployment)
    return info is not None and info.routing_config_update_state == _UNDER_WAY


@contextmanager
def _explaining(build: Build) -> Iterator[None]:
    """Turns Temporal's refusal of a call in the block into a typed error."""
    try:
        yield
    except RPCError as error:
        if error.status in _NOT_CHANGED:
            raise NotChanged(f"Temporal does not change the routing to {build}: {error.message}") from error
        raise answers.explained(error) from error
