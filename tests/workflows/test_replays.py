"""Stories of every kind of life are recorded and replayed. A workflow or a history that has changed does not replay."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner
from temporalio.workflow import NondeterminismError

from domain.commands import MESSAGES
from runtime.converter import worker_converter
from tests.workflows.stories import STORIES, record
from trials.histories import read_history
from worker import build_replayer

Histories = dict[str, WorkflowHistory]


@pytest_asyncio.fixture(scope="module")
async def histories(tmp_path_factory: pytest.TempPathFactory) -> Histories:
    """Every story is played once, on a server of its own, all at the same time."""
    recorded = await asyncio.gather(*(record(story, tmp_path_factory.mktemp("outbox")) for story in STORIES))
    return {name: history for lived in recorded for name, history in lived.items()}


async def test_every_recorded_history_replays(histories: Histories) -> None:
    replayer = build_replayer(pydantic_data_converter)
    for name, history in histories.items():
        result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
        assert result.replay_failure is None, name


def test_every_task_of_a_recorded_history_that_took_something_in_gave_a_command(histories: Histories) -> None:
    for name, history in histories.items():
        assert read_history(name, history.events).without_command == [], name


def test_the_recorded_histories_hold_every_message_and_every_way_out(histories: Histories) -> None:
    messages, ends = set(), set()
    for history in histories.values():
        events = document(history)["events"]
        ends.add(events[-1]["eventType"].removeprefix("EVENT_TYPE_WORKFLOW_EXECUTION_"))
        for event in events:
            signal = event.get("workflowExecutionSignaledEventAttributes")
            update = event.get("workflowExecutionUpdateAcceptedEventAttributes")
            if signal:
                messages.add(signal["signalName"])
            if update:
                messages.add(update["acceptedRequest"]["input"]["name"])
    assert MESSAGES.keys() <= messages
    assert ends == {"COMPLETED", "FAILED", "CONTINUED_AS_NEW"}


# --- a replay that could not fail would prove nothing


def document(history: WorkflowHistory) -> dict[str, Any]:
    """The history as JSON, to be read or altered."""
    parsed: dict[str, Any] = json.loads(history.to_json())
    return parsed


def _with_another_timer(events: list[dict[str, Any]]) -> None:
    """As if the first timer had been an activity."""
    timer = next(event for event in events if event["eventType"] == "EVENT_TYPE_TIMER_STARTED")
    attributes = timer.pop("timerStartedEventAttributes")
    timer["eventType"] = "EVENT_TYPE_ACTIVITY_TASK_SCHEDULED"
    timer["activityTaskScheduledEventAttributes"] = {
        "activityId": attributes["timerId"],
        "activityType": {"name": "send_notice"},
    }


def _with_another_activity(events: list[dict[str, Any]]) -> None:
    for event in events:
        attributes = event.get("activityTaskScheduledEventAttributes")
        if attributes and attributes["activityType"]["name"] == "send_notice":
            attributes["activityType"]["name"] = "send_letter"


def _with_a_timer_for_an_upsert(events: list[dict[str, Any]]) -> None:
    kind = "EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES"
    upsert = next(event for event in events if event["eventType"] == kind)
    del upsert["upsertWorkflowSearchAttributesEventAttributes"]
    upsert["eventType"] = "EVENT_TYPE_TIMER_STARTED"
    upsert["timerStartedEventAttributes"] = {"timerId": "1", "startToFireTimeout": "60s"}


@pytest.mark.parametrize("alter", [_with_another_timer, _with_another_activity, _with_a_timer_for_an_upsert])
async def test_an_altered_history_does_not_replay(
    histories: Histories, alter: Callable[[list[dict[str, Any]]], None]
) -> None:
    recorded = histories["timed-out"]
    altered = document(recorded)
    alter(altered["events"])
    with pytest.raises(NondeterminismError):
        await build_replayer(pydantic_data_converter).replay_workflow(
            WorkflowHistory.from_json(recorded.workflow_id, altered)
        )


@workflow.defn(name="CertificationWorkflow", sandboxed=False)
class _AnotherWorkflow:
    """What somebody might make of it who does not think of the runs that are open."""

    @workflow.run
    async def run(self, _registration: dict[str, Any]) -> str:
        await workflow.sleep(timedelta(days=730))
        return "timed_out"


@pytest.mark.parametrize("name", ["timed-out", "strategic-leader", "expired"])
async def test_a_history_does_not_replay_under_another_workflow(histories: Histories, name: str) -> None:
    replayer = Replayer(
        workflows=[_AnotherWorkflow],
        workflow_runner=UnsandboxedWorkflowRunner(),
        data_converter=worker_converter(pydantic_data_converter),
    )
    with pytest.raises(NondeterminismError):
        await replayer.replay_workflow(histories[name])
