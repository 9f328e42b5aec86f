"""Whether Temporal gives its candidacies to workers that are there. If not, nothing fails: they wait silently.

A worker that gets nothing can be as it must be, such as the first worker of a new build. So this is a warning, and the
worker is ready all the same.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, DescribeWorkerDeploymentRequest
from temporalio.service import RPCError, RPCStatusCode

from runtime.connection import TASK_QUEUE
from runtime.pollers import pollers_of

if TYPE_CHECKING:
    from temporalio.client import Client

    from runtime.builds import Build

_RPC = timedelta(seconds=4)


async def warning(client: Client, build: Build | None) -> str | None:
    """Why new candidacies wait, or why a worker of this build (None: of no build) gets none; and what to do.

    It is one sentence, or None if all is well or the server cannot be asked.
    """
    try:
        return await (_without_a_build(client) if build is None else _without_a_current_build(client, build))
    except (RPCError, RuntimeError):  # the SDK raises RuntimeError if a connection fails
        return None


async def _without_a_current_build(client: Client, build: Build) -> str | None:
    current = await _current(client, build.deployment)
    if current == build.build_id:
        return None
    end = f"by `./starter.py upgrade {build.build_id}`."
    if not current:
        return (
            f"The deployment {build.deployment} has no current build, so its workers get no new candidacy:"
            f" make a build current, {end}"
        )
    if await _polls(client, build.deployment, current):
        return None
    return (
        f"No worker of the build {current}, which is current in the deployment {build.deployment}, asks for work, so"
        f" new candidacies wait: start one, or make another build current, {end}"
    )


async def _current(client: Client, deployment: str) -> str:
    """The current build of the deployment; empty if there is none."""
    request = DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=deployment)
    try:
        answer = await client.workflow_service.describe_worker_deployment(request, timeout=_RPC)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return ""
        raise
    return answer.worker_deployment_info.routing_config.current_deployment_version.build_id


async def _polls(client: Client, deployment: str, build_id: str) -> bool:
    """Whether the server still remembers a worker of this build that asked for work. It does for some minutes."""
    async for pollers in pollers_of(client, TASK_QUEUE, "workflow"):
        for options in (poller.deployment_options for poller in pollers):
            if (options.deployment_name, options.build_id) == (deployment, build_id):
                return True
    return False


async def _without_a_build(client: Client) -> str | None:
    request = DescribeTaskQueueRequest(namespace=client.namespace, task_queue=TaskQueue(name=TASK_QUEUE))
    answer = await client.workflow_service.describe_task_queue(request, timeout=_RPC)
    current = answer.versioning_info.current_deployment_version
    if not current.build_id:
        return None
    return (
        f"This worker has no build, and all candidacies go to the workers of the deployment {current.deployment_name},"
        f" whose current build is {current.build_id}: set TEMPORAL_DEPLOYMENT_NAME and TEMPORAL_WORKER_BUILD_ID,"
        " or stop this worker."
    )
