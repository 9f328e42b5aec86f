"""Whether this worker polls, as the Temporal server sees it.

A worker whose process and event loop run may still have stopped asking for work. The server knows that: for each task
queue it remembers which worker asked, and when. An idle worker asks again about once a minute.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import PollerInfo, TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, ListTaskQueuePartitionsRequest
from temporalio.service import RPCError

if TYPE_CHECKING:
    from temporalio.client import Client

LONGEST_SILENCE = 180.0
"""Seconds without a poll after which a worker counts as dead: three of the server's long polls."""

_LONG_POLL = 60.0
_RPC = timedelta(seconds=5)
_KINDS = {"workflow": TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, "activity": TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY}


class Polls:
    """Remembers, for workflow and for activity tasks, when this worker was last known to poll.

    Only a change of the server's time of the last poll counts, never its value, because the two clocks may differ. If
    the server cannot be asked, the worker counts as polling, because a restart of the worker would not help.
    """

    def __init__(self, client: Client, task_queue: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._task_queue = task_queue
        self._monotonic = monotonic
        self._known = dict.fromkeys(_KINDS, monotonic())
        self._newest: dict[str, int] = {}

    def silent(self, kind: str) -> bool:
        """Whether the worker has not polled for tasks of this kind (workflow, activity) for too long."""
        return self._monotonic() - self._known[kind] > LONGEST_SILENCE

    async def look(self) -> None:
        """Asks the server, if the last known poll is a minute old. Does not raise if the server does not answer."""
        for kind in _KINDS:
            if self._monotonic() - self._known[kind] < _LONG_POLL:
                continue
            try:
                polled = await self._polled_since(kind)
            except (RPCError, RuntimeError):
                polled = True
            if polled:
                self._known[kind] = self._monotonic()

    async def _polled_since(self, kind: str) -> bool:
        """Whether there has been a poll since the last one that was seen."""
        async for pollers in pollers_of(self._client, self._task_queue, kind):
            ours = (poller for poller in pollers if poller.identity == self._client.identity)
            newest = max((poller.last_access_time.ToNanoseconds() for poller in ours), default=0)
            if newest > self._newest.get(kind, 0):
                self._newest[kind] = newest
                return True
        return False


async def pollers_of(client: Client, task_queue: str, kind: str) -> AsyncIterator[Sequence[PollerInfo]]:
    """Who asked for tasks of this kind (workflow, activity): for each partition of the queue, one after another.

    Raises `RPCError`.
    """
    async for queue in _partitions(client, task_queue, kind):
        request = DescribeTaskQueueRequest(
            namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=_KINDS[kind]
        )
        yield (await client.workflow_service.describe_task_queue(request, timeout=_RPC)).pollers


async def _partitions(client: Client, task_queue: str, kind: str) -> AsyncIterator[str]:
    """The queue itself, and then the other partitions into which a server may have split it.

    A worker's polls are spread over all partitions, so the first one may get none of them for a while.
    """
    yield task_queue
    request = ListTaskQueuePartitionsRequest(namespace=client.namespace, task_queue=TaskQueue(name=task_queue))
    answer = await client.workflow_service.list_task_queue_partitions(request, timeout=_RPC)
    found = answer.workflow_task_queue_partitions if kind == "workflow" else answer.activity_task_queue_partitions
    for partition in found:
        if partition.key != task_queue:
            yield partition.key
