"""What the monitor learns from a real server: whether the worker polls, and how many deadlines are overdue."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest_asyncio
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.runtime import BUFFERED_METRIC_KIND_GAUGE, MetricBuffer, Runtime, TelemetryConfig
from temporalio.worker import Worker

from activities.waiting import WaitingNotices
from monitoring.polls import LONGEST_SILENCE, Polls
from monitoring.sampling import OVERDUE_AFTER, Sampler, overdue
from runtime.connection import TASK_QUEUE
from runtime.embedded import EmbeddedServer
from runtime.search_attributes import NEXT_DEADLINE
from tests.integration.monitoring.clocks import Clock
from tests.namespaces import new_namespace
from tests.scheme import worker_settings
from tests.waiting import eventually
from worker import build_worker


@workflow.defn(sandboxed=False)
class Waits:
    """A workflow that waits for ever."""

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: False)


@activity.defn
async def do_nothing() -> None:
    """An activity, so that the worker polls for activities too."""


def silent(polls: Polls) -> dict[str, bool]:
    return {kind: polls.silent(kind) for kind in ("workflow", "activity")}


# --- polls


async def test_a_worker_that_polls_is_known_and_one_that_has_stopped_falls_silent(client: Client) -> None:
    queue, clock = f"polls-{uuid4()}", Clock()
    polls = Polls(client, queue, clock)
    async with Worker(client, task_queue=queue, workflows=[Waits], activities=[do_nothing]):
        clock.seconds = LONGEST_SILENCE + 1
        assert silent(polls) == {"workflow": True, "activity": True}, "nobody has looked yet"

        async def seen() -> bool:
            await polls.look()
            return not any(silent(polls).values())

        await eventually(seen)
    # The server still lists the worker that has stopped, with the time of its last poll, which does not change.
    for _ in range(2):
        clock.seconds += LONGEST_SILENCE + 1
        await polls.look()
    assert silent(polls) == {"workflow": True, "activity": True}


async def test_certpaths_own_worker_is_known_by_its_clients_identity(client: Client, tmp_path: Path) -> None:
    clock = Clock()
    polls = Polls(client, TASK_QUEUE, clock)
    async with build_worker(client, worker_settings(outbox=tmp_path)):
        clock.seconds = LONGEST_SILENCE + 1

        async def seen() -> bool:
            await polls.look()
            return not any(silent(polls).values())

        await eventually(seen)


async def test_what_was_known_a_moment_ago_is_not_asked_again() -> None:
    """A client without a server would make every question an answer in favour of the worker."""
    nobody = await Client.connect("127.0.0.1:1", lazy=True)
    clock = Clock()
    polls = Polls(nobody, TASK_QUEUE, clock)
    clock.seconds = 59
    await polls.look()
    clock.seconds = LONGEST_SILENCE + 1
    assert silent(polls) == {"workflow": True, "activity": True}


async def test_half_a_worker_is_silent_for_the_other_half(client: Client) -> None:
    queue, clock = f"polls-{uuid4()}", Clock()
    polls = Polls(client, queue, clock)
    async with Worker(client, task_queue=queue, workflows=[Waits]):
        clock.seconds = LONGEST_SILENCE + 1

        async def seen() -> bool:
            await polls.look()
            return not polls.silent("workflow")

        await eventually(seen)
        assert silent(polls) == {"workflow": False, "activity": True}


async def test_the_polls_of_another_worker_do_not_count(embedded: EmbeddedServer, client: Client) -> None:
    queue, clock = f"polls-{uuid4()}", Clock()
    other = await embedded.client(identity="another worker")
    theirs, ours = Polls(other, queue, clock), Polls(client, queue, clock)
    async with Worker(other, task_queue=queue, workflows=[Waits], activities=[do_nothing]):
        clock.seconds = LONGEST_SILENCE + 1

        async def seen() -> bool:
            await theirs.look()
            return not any(silent(theirs).values())

        await eventually(seen)
        await ours.look()
        assert silent(ours) == {"workflow": True, "activity": True}


async def test_a_server_that_cannot_be_asked_makes_nobody_silent(client: Client) -> None:
    nobody = await Client.connect("127.0.0.1:1", lazy=True)
    clock = Clock()
    polls = Polls(nobody, "certification", clock)
    clock.seconds = LONGEST_SILENCE + 1
    await polls.look()
    assert silent(polls) == {"workflow": False, "activity": False}


# --- overdue deadlines


NOW = datetime.now(UTC)


@pytest_asyncio.fixture
async def crowd(embedded: EmbeddedServer) -> AsyncIterator[Client]:
    """Candidacies as the server sees them, each with another next deadline; no worker looks after them.

    They are alone in their namespace: other tests leave candidacies behind, and what has ended is counted for a moment.
    """
    client = await new_namespace(embedded)
    handles: list[WorkflowHandle[object, object]] = []

    async def open_with(deadline: datetime | None, kind: str = "CertificationWorkflow") -> None:
        attributes = [SearchAttributePair(NEXT_DEADLINE, deadline)] if deadline else []
        handles.append(
            await client.start_workflow(
                kind,
                id=f"crowd-{uuid4()}",
                task_queue="nobody-polls-here",
                search_attributes=TypedSearchAttributes(attributes),
            )
        )

    long_ago = NOW - timedelta(days=3650)
    await open_with(NOW - OVERDUE_AFTER - timedelta(minutes=1))
    await open_with(long_ago)
    await open_with(NOW - OVERDUE_AFTER + timedelta(minutes=1))
    await open_with(NOW + timedelta(days=1))
    await open_with(None)
    await open_with(long_ago, kind="SomebodyElse")
    await open_with(long_ago)
    await handles[-1].terminate()
    yield client
    for handle in handles[:-1]:
        await handle.terminate()


async def test_only_open_candidacies_whose_deadline_is_well_past_are_overdue(crowd: Client) -> None:
    async def counted() -> bool:
        return await overdue(crowd, NOW) == 2

    await eventually(counted)  # what is searched for is written a moment later


# --- the gauges


async def test_a_sample_sets_every_gauge(embedded: EmbeddedServer) -> None:
    buffer = MetricBuffer(10_000)
    runtime = Runtime(telemetry=TelemetryConfig(metrics=buffer))
    client = await new_namespace(embedded, runtime)
    waiting = WaitingNotices()
    waiting.failed("notice", datetime.now(UTC) - timedelta(hours=2), timedelta(minutes=1))

    async def problems() -> dict[str, str | None]:
        return {"worker": None, "mail": "The mail server cannot be reached."}

    await Sampler(runtime.metric_meter, client, waiting, problems, lambda: ["Nobody comes."], lambda: False).sample()
    found = {
        (update.metric.name, update.attributes.get("check")): update.value
        for update in buffer.retrieve_updates()
        if update.metric.kind == BUFFERED_METRIC_KIND_GAUGE and update.metric.name.startswith("certpath_")
    }
    age = found.pop(("certpath_oldest_unsent_notice_seconds", None))
    assert 7200 <= age < 7500
    assert found == {
        ("certpath_check_ok", "worker"): 1,
        ("certpath_check_ok", "mail"): 0,
        ("certpath_ready", None): 0,
        ("certpath_warnings", None): 1,
        ("certpath_record_ok", None): 0,
        ("certpath_alarms_overdue", None): 0,
    }


async def test_where_temporal_is_away_the_other_gauges_are_set_all_the_same() -> None:
    buffer = MetricBuffer(10_000)
    runtime = Runtime(telemetry=TelemetryConfig(metrics=buffer))
    nobody = await Client.connect("127.0.0.1:1", lazy=True, runtime=runtime)

    async def problems() -> dict[str, str | None]:
        return {"server": "Temporal cannot be reached."}

    await Sampler(runtime.metric_meter, nobody, WaitingNotices(), problems, list, lambda: True).sample()
    names = {update.metric.name for update in buffer.retrieve_updates()}
    assert "certpath_alarms_overdue" not in names
    assert {"certpath_ready", "certpath_check_ok", "certpath_oldest_unsent_notice_seconds"} <= names
