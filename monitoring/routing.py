"""Whether Temporal gives this worker any candidacies. If it does not, nothing fails: the candidacies wait silently.

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

if TYPE_CHECKING:
    from temporalio.client import Client

    from runtime.builds import Build

_RPC = timedelta(seconds=4)


async def warning(client: Client, build: Build | None) -> str | None:
    """Why a worker of this build (None: of no build) gets no candidacy, and what to do, in one sentence.

    None if it gets some, or if the server cannot be asked.
    """
    try:
        return await (_without_a_build(client) if build is None else _without_a_current_build(client, build))
    except (RPCError, RuntimeError):  # the SDK raises RuntimeError if a connection fails
        return None


async def _without_a_current_build(client: Client, build: Build) -> str | None:
    request = DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=build.deployment)
    try:
        answer = await client.workflow_service.describe_worker_deployment(request, timeout=_RPC)
        if answer.worker_deployment_info.routing_config.current_deployment_version.build_id:
            return None
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
    return (
        f"The deployment {build.deployment} has no current build, so its workers get no new candidacy:"
        f" make a build current, by `./starter.py upgrade {build.build_id}`."
    )


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
