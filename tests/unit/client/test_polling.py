"""Which builds have a worker that asks for work, also where the server has split the task queue."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from temporalio.api.deployment.v1 import WorkerDeploymentOptions
from temporalio.api.enums.v1 import TaskQueueType, WorkerVersioningMode
from temporalio.api.taskqueue.v1 import PollerInfo, TaskQueuePartitionMetadata
from temporalio.client import Client

from client import answers
from runtime.connection import TASK_QUEUE

PARTITION = f"/_sys/{TASK_QUEUE}/1"


class Server:
    """A server whose task queue has two partitions; `pollers` has who asked each of them for workflow tasks."""

    def __init__(self, **pollers: list[PollerInfo]) -> None:
        self._pollers = {TASK_QUEUE: pollers.get("root", []), PARTITION: pollers.get("other", [])}

    async def describe_task_queue(self, request: Any, **_: Any) -> Any:
        assert request.task_queue_type == TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW
        return SimpleNamespace(pollers=self._pollers[request.task_queue.name])

    async def list_task_queue_partitions(self, _request: Any, **_: Any) -> Any:
        partitions = [TaskQueuePartitionMetadata(key=key) for key in self._pollers]
        return SimpleNamespace(workflow_task_queue_partitions=partitions, activity_task_queue_partitions=[])


def poller(build: str | None, seconds_ago: float = 1) -> PollerInfo:
    found = PollerInfo(identity="worker")
    found.last_access_time.FromDatetime(datetime.now(UTC) - timedelta(seconds=seconds_ago))
    if build:
        versioned = WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED
        found.deployment_options.CopyFrom(
            WorkerDeploymentOptions(deployment_name="certpath", build_id=build, worker_versioning_mode=versioned)
        )
    return found


def client_of(server: Server) -> Client:
    return cast(Client, SimpleNamespace(namespace="default", workflow_service=server))


async def test_a_worker_is_found_in_whichever_partition_it_has_asked() -> None:
    """A worker's polls are spread over the partitions, so the first one may get none of them for a while."""
    client = client_of(Server(root=[poller("v1")], other=[poller("v2"), poller(None)]))
    assert await answers.polling(client) == {"certpath:v1", "certpath:v2", None}
    assert await answers.worker_polls(client_of(Server(other=[poller("v1")])))


async def test_a_worker_that_asked_more_than_a_minute_ago_counts_no_more() -> None:
    client = client_of(Server(root=[poller("v1", seconds_ago=80)], other=[poller(None, seconds_ago=200)]))
    assert await answers.polling(client) == set()
    assert not await answers.worker_polls(client)
