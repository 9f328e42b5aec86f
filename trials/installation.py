"""Checks an installation that runs already, before a run may use it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from runtime.connection import TASK_QUEUE

# A worker that lives asks again at least once a minute. The server also lists workers that asked some minutes ago.
_GONE = timedelta(seconds=65)
_PATIENCE_SECONDS = 75.0


class OthersWork(Exception):
    """Other workers take work from the task queue. The message names them and says what to do."""


async def alone(client: Client) -> None:
    """Waits until no worker has asked for work for a minute. Other workers would send notices that nobody counts.

    Raises:
        OthersWork: a worker still asks.
    """
    there: list[str] = []
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while there := await _workers(client):  # noqa: ASYNC110 - it happens in another process
                await asyncio.sleep(5)
    except TimeoutError:
        raise OthersWork(
            f"Other workers take the task queue {TASK_QUEUE!r} ({', '.join(there)}): stop them, or name another "
            "namespace by TEMPORAL_NAMESPACE."
        ) from None


async def _workers(client: Client) -> list[str]:
    """The identities of the workers that asked for work in the last minute."""
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=TASK_QUEUE),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    answer = await client.workflow_service.describe_task_queue(request)
    since = datetime.now(UTC) - _GONE
    return sorted({one.identity for one in answer.pollers if one.last_access_time.ToDatetime(UTC) > since})
