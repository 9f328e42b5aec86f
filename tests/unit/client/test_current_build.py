"""Waiting for the task queue to know of a change: the server's own word for it is not waited for in vain."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from temporalio.api.deployment.v1 import RoutingConfig, WorkerDeploymentInfo, WorkerDeploymentVersion
from temporalio.api.enums.v1 import RoutingConfigUpdateState, TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueueVersioningInfo
from temporalio.client import Client

from client import current_build
from runtime.builds import Build
from tests.waiting import eventually

NEW, OLD = Build("certpath", "new"), Build("certpath", "old")


class Server:
    """A server that makes a build current, and tells its task queue of it one kind of tasks after the other.

    `finishes_after`: how often it is asked before it says that it has finished; None: it never says so.
    """

    def __init__(self, finishes_after: int | None) -> None:
        self.finishes_after = finishes_after
        self.current = version(OLD)
        self.known = {kind: version(OLD) for kind in current_build._KINDS}
        self.asked = 0

    async def set_worker_deployment_current_version(self, request: Any, **_: Any) -> None:
        self.current = version(Build(request.deployment_name, request.build_id))

    async def describe_worker_deployment(self, _request: Any, **_: Any) -> Any:
        self.asked += 1
        state = RoutingConfigUpdateState.ROUTING_CONFIG_UPDATE_STATE_IN_PROGRESS
        if self.finishes_after is not None and self.asked > self.finishes_after:
            state = RoutingConfigUpdateState.ROUTING_CONFIG_UPDATE_STATE_COMPLETED
        routing = RoutingConfig(current_deployment_version=self.current)
        info = WorkerDeploymentInfo(routing_config=routing, routing_config_update_state=state)
        return SimpleNamespace(worker_deployment_info=info)

    async def describe_task_queue(self, request: Any, **_: Any) -> Any:
        known = TaskQueueVersioningInfo(current_deployment_version=self.known[request.task_queue_type])
        return SimpleNamespace(versioning_info=known)


def version(build: Build) -> WorkerDeploymentVersion:
    return WorkerDeploymentVersion(deployment_name=build.deployment, build_id=build.build_id)


def client_of(server: Server) -> Client:
    return cast(Client, SimpleNamespace(namespace="default", identity="a test", workflow_service=server))


async def asked_again(server: Server) -> None:
    """Waits until the server was asked some more times."""
    enough = server.asked + 3
    await eventually(lambda: server.asked >= enough)


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_build, "_PAUSE", 0.0)
    monkeypatch.setattr(current_build, "_PARTITION_SECONDS", 0.0)


async def test_the_word_of_the_server_is_enough() -> None:
    server = Server(finishes_after=5)
    await current_build.make_current(client_of(server), NEW)
    assert server.asked == 6


async def test_where_the_server_never_finishes_the_task_queue_is_believed_when_it_knows_for_both_kinds() -> None:
    server = Server(finishes_after=None)
    making = asyncio.create_task(current_build.make_current(client_of(server), NEW))
    await asked_again(server)
    server.known[TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW] = version(NEW)
    await asked_again(server)
    assert not making.done()
    server.known[TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY] = version(NEW)
    await making


async def test_a_change_of_which_nobody_knows_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_build, "_KNOWN_SECONDS", 0.05)
    server = Server(finishes_after=None)
    await current_build.make_current(client_of(server), NEW)
    assert server.asked > 1
