"""Which build candidacies begin on and move to: the build that is current, and the part that another one takes."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from temporalio.api.deployment.v1 import RoutingConfig
from temporalio.api.enums.v1 import RoutingConfigUpdateState, TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue, TaskQueueVersioningInfo
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    SetWorkerDeploymentCurrentVersionRequest,
    SetWorkerDeploymentRampingVersionRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from client import rpc_errors
from client.deployments import described
from client.errors import NotChanged
from runtime.builds import Build
from runtime.connection import TASK_QUEUE

# The server tells a task queue of a new current build within a second, and in a large cluster within some seconds.
_KNOWN_SECONDS = 15.0
# It sometimes never says that it has finished (temporal issue 11842), although the task queue knows long ago. A large
# task queue has several partitions, and those that are not asked know no later than this.
_PARTITION_SECONDS = 1.0
_PAUSE = 0.2
_KINDS = (TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY)
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
            while (routing := await _under_way(client, deployment)) is not None:
                if await _task_queue_knows(client, routing):
                    await asyncio.sleep(_PARTITION_SECONDS)
                    return
                await asyncio.sleep(_PAUSE)
    except TimeoutError:
        return  # whoever is woken too early is woken again


async def _under_way(client: Client, deployment: str) -> RoutingConfig | None:
    """The routing of the deployment that the server is still telling the task queue of; None if it has finished."""
    info = await described(client, deployment)
    if info is None or info.routing_config_update_state != _UNDER_WAY:
        return None
    return info.routing_config


async def _task_queue_knows(client: Client, routing: RoutingConfig) -> bool:
    """Whether tasks of both kinds, of workflows and of activities, are given out by this routing."""
    wanted = _compared(routing)
    for kind in _KINDS:
        queue = TaskQueue(name=TASK_QUEUE)
        request = DescribeTaskQueueRequest(namespace=client.namespace, task_queue=queue, task_queue_type=kind)
        answer = await client.workflow_service.describe_task_queue(request, retry=True)
        if _compared(answer.versioning_info) != wanted:
            return False
    return True


def _compared(routing: RoutingConfig | TaskQueueVersioningInfo) -> tuple[str, str, str, float]:
    """The current build and the ramping one, as deployments and task queues both say it."""
    current, ramping = routing.current_deployment_version, routing.ramping_deployment_version
    return current.deployment_name, current.build_id, ramping.build_id, routing.ramping_version_percentage


@contextmanager
def _explaining(build: Build) -> Iterator[None]:
    """Turns Temporal's refusal of a call in the block into a typed error."""
    try:
        yield
    except RPCError as error:
        if error.status in _NOT_CHANGED:
            raise NotChanged(f"Temporal does not change the routing to {build}: {error.message}") from error
        raise rpc_errors.explained(error) from error
