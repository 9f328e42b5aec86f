"""Which workers ask for tasks, as the Temporal server sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import PollerInfo, TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, ListTaskQueuePartitionsRequest

if TYPE_CHECKING:
    from temporalio.client import Client

KINDS = {"workflow": TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, "activity": TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY}
"""The kinds of tasks that a worker asks for."""

_RPC = timedelta(seconds=5)


async def pollers_of(
    client: Client, task_queue: str, kind: str, *, retry: bool = False
) -> AsyncIterator[Sequence[PollerInfo]]:
    """Who asked for tasks of this kind (workflow, activity): for each partition of the queue, one after another.

    `retry`: a call that fails is made again for a while. Raises `RPCError`.
    """
    async for queue in _partitions(client, task_queue, kind, retry):
        request = DescribeTaskQueueRequest(
            namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=KINDS[kind]
        )
        yield (await client.workflow_service.describe_task_queue(request, retry=retry, timeout=_RPC)).pollers


async def _partitions(client: Client, task_queue: str, kind: str, retry: bool) -> AsyncIterator[str]:
    """The queue itself, and then the other partitions into which a server may have split it.

    A worker's polls are spread over all partitions, so the first one may get none of them for a while.
    """
    yield task_queue
    request = ListTaskQueuePartitionsRequest(namespace=client.namespace, task_queue=TaskQueue(name=task_queue))
    answer = await client.workflow_service.list_task_queue_partitions(request, retry=retry, timeout=_RPC)
    found = answer.workflow_task_queue_partitions if kind == "workflow" else answer.activity_task_queue_partitions
    for partition in found:
        if partition.key != task_queue:
            yield partition.key
