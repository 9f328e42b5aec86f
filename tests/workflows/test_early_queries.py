"""A query reaches a worker while a workflow task waits for a worker that is gone. The history can be replayed.

The worker is Certpath's own, on a real server. In place of the worker that is gone, the tests take its tasks from the
server, and say nothing more: so does a worker that is killed in that moment.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.api.enums.v1 import EventType, TaskQueueKind, TaskQueueType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    PollWorkflowTaskQueueRequest,
    PollWorkflowTaskQueueResponse,
)
from temporalio.client import Client
from temporalio.plugin import SimplePlugin
from temporalio.worker import WorkerConfig

from runtime.connection import TASK_QUEUE
from runtime.settings import Settings
from tests.waiting import eventually
from tests.workflows.journeys import CUSTOMERS, PEOPLE, WORKFLOW, Candidate, wire
from trials.mail import MailServer
from worker import build_replayer, build_worker

WAITS_FOR_ITS_WORKER = timedelta(seconds=3)
"""How long a query or a workflow task waits for the worker that has the run in its memory. Then any worker gets it."""
BETWEEN = 1.5
"""Seconds between the query and the workflow task. For so long the new worker has the query and not yet the task."""
TASK_TIMEOUT = timedelta(seconds=7)
"""How long a worker that began a workflow task may be silent before another one gets it."""
ATTEMPTS = 5
GONE = "the worker that is gone"


class ShortMemory(SimplePlugin):
    """Lets the tasks of a worker that is gone wait for it no longer than a test can."""

    def configure_worker(self, config: WorkerConfig) -> WorkerConfig:
        config = super().configure_worker(config)
        config["sticky_queue_schedule_to_start_timeout"] = WAITS_FOR_ITS_WORKER
        return config


@pytest.fixture
def client(client: Client) -> Client:
    config = client.config()
    config["plugins"] = [ShortMemory("short memory")]
    return Client(**config)


async def registered(client: Client, candidate_id: str) -> Candidate:
    """Somebody whose first notice cannot be sent, so that the second one waits for the end of the first."""
    candidate = Candidate(client, "CCMA", candidate_id)
    purchase = {"reference": "INV-1", "purchased_at": wire(datetime.now(UTC) - timedelta(days=60))}
    await client.start_workflow(
        WORKFLOW,
        candidate.registration(purchase=purchase),
        id=candidate.workflow_id,
        task_queue=TASK_QUEUE,
        task_timeout=TASK_TIMEOUT,
    )

    async def at_rest() -> bool:
        counts = await candidate.counts()
        done = counts["WORKFLOW_TASK_SCHEDULED"] == counts["WORKFLOW_TASK_COMPLETED"]
        return done and counts["ACTIVITY_TASK_SCHEDULED"] == 2  # the scheme, and the first notice

    await eventually(at_rest, "the first notice is being sent")
    return candidate


async def begin_a_task(candidate: Candidate) -> asyncio.Task[PollWorkflowTaskQueueResponse]:
    """Asks for a task as the worker did that has this run in its memory."""
    scheduled = [event.workflow_task_scheduled_event_attributes for event in (await candidate.history()).events]
    theirs = next(one.task_queue for one in reversed(scheduled) if one.task_queue.name)
    assert theirs.kind == TaskQueueKind.TASK_QUEUE_KIND_STICKY
    queue = TaskQueue(name=theirs.name, kind=theirs.kind, normal_name=TASK_QUEUE)
    service, namespace = candidate.client.workflow_service, candidate.client.namespace
    request = PollWorkflowTaskQueueRequest(namespace=namespace, task_queue=queue, identity=GONE)
    asking = asyncio.create_task(service.poll_workflow_task_queue(request))

    async def waits() -> bool:
        described = await service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=namespace, task_queue=queue, task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW
            ),
            retry=True,
        )
        return GONE in [poller.identity for poller in described.pollers]

    await eventually(waits, "the server knows of the worker that asks")
    return asking


async def notice_sent(candidate: Candidate) -> None:
    """The answer of the attempt that sends the first notice arrives at the server."""
    scheduled = [event.activity_task_scheduled_event_attributes for event in (await candidate.history()).events]
    activity_id = next(one.activity_id for one in reversed(scheduled) if one.activity_id)
    sending = candidate.client.get_async_activity_handle(
        workflow_id=candidate.workflow_id, run_id=None, activity_id=activity_id
    )
    await sending.complete()


async def passes_two(candidate: Candidate) -> None:
    taken_at = wire(datetime.now(UTC) - timedelta(hours=1))
    for number, domain in enumerate((PEOPLE, CUSTOMERS)):
        result = {"result_id": f"R-{number}", "domain": domain, "percentage": 80, "taken_at": taken_at}
        await candidate.signal("record_assessment_result", **result)


async def lived(client: Client, settings: Settings, mail: MailServer, candidate_id: str, *, begun: bool) -> Candidate:
    """A candidacy whose worker is gone with a query, and, if `begun`, with the workflow task after it as well."""
    await mail.be("refuses connections")
    async with build_worker(client, settings):
        candidate = await registered(client, candidate_id)
    taking = await begin_a_task(candidate)
    asked = asyncio.create_task(candidate.status())
    assert (await taking).query.query_type == "status"
    if begun:
        taking = await begin_a_task(candidate)
        await notice_sent(candidate)
        assert (await taking).started_event_id
    else:
        await asyncio.sleep(BETWEEN)
        await notice_sent(candidate)
    await mail.be("takes mail")
    async with build_worker(client, settings):
        assert (await asked)["status"] == "testing"
        await passes_two(candidate)
        await candidate.has("AssessmentPassed", 2)
        await candidate.send("withdraw", reason="moved away")
        await candidate.ended()
    return candidate


def task_after_the_notice(events: list[HistoryEvent]) -> list[str]:
    """Everything from the end of the first notice to the beginning of the next workflow task in a worker of ours."""
    names = [EventType.Name(event.event_type).removeprefix("EVENT_TYPE_") for event in events]
    done = [place for place, name in enumerate(names) if name == "ACTIVITY_TASK_COMPLETED"][1]
    begins = next(
        event.event_id
        for event in events[done:]
        if event.HasField("workflow_task_started_event_attributes")
        and event.workflow_task_started_event_attributes.identity != GONE
    )
    return names[done:begins]


@pytest.mark.parametrize("begun", [False, True], ids=["a task that waits", "a task that had begun"])
async def test_a_query_that_comes_before_a_task_changes_nothing_of_what_the_task_does(
    client: Client, settings: Settings, mail: MailServer, begun: bool
) -> None:
    for attempt in range(ATTEMPTS):
        candidate = await lived(client, settings, mail, f"early-query-{begun}-{attempt}", begun=begun)
        history = await candidate.history()
        taken = task_after_the_notice(list(history.events))
        if taken.count("WORKFLOW_EXECUTION_SIGNALED") == 2:
            break  # otherwise this machine was so busy that the task began before the messages came
    assert taken.count("WORKFLOW_EXECUTION_SIGNALED") == 2, taken
    await build_replayer(client.data_converter).replay_workflow(history)
