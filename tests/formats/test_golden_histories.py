"""Every recorded history replays under today's workflow; and a workflow that has changed does not."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner
from temporalio.workflow import NondeterminismError

from chaos.evidence import read_history
from domain.commands import MESSAGES
from runtime.converter import worker_converter
from worker import build_replayer

FOLDER = Path(__file__).parent / "histories"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


def read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return document


def history(document: dict[str, Any]) -> WorkflowHistory:
    return WorkflowHistory.from_json(document["workflowId"], {"events": document["events"]})


@pytest.mark.parametrize("name", NAMES)
async def test_a_recorded_history_replays(name: str) -> None:
    await build_replayer(pydantic_data_converter).replay_workflow(history(read(name)))


@pytest.mark.parametrize("name", NAMES)
def test_every_task_of_a_recorded_history_that_took_something_in_gave_a_command(name: str) -> None:
    assert read_history(name, history(read(name)).events).without_command == []


def test_the_recorded_histories_hold_every_message_and_every_way_out() -> None:
    messages, ends = set(), set()
    for name in NAMES:
        events = read(name)["events"]
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


def test_nothing_of_the_recording_machine_stands_in_a_history() -> None:
    for name in NAMES:
        identities = {event_part["identity"] for event_part in _parts(read(name)) if "identity" in event_part}
        assert identities <= {"recorded"}


def _parts(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value, *(part for inner in value.values() for part in _parts(inner))]
    return [part for inner in value for part in _parts(inner)] if isinstance(value, list) else []


# --- a replay that could not fail would prove nothing


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
async def test_an_altered_history_does_not_replay(alter: Any) -> None:
    document = read("timed-out")
    alter(document["events"])
    with pytest.raises(NondeterminismError):
        await build_replayer(pydantic_data_converter).replay_workflow(history(document))


@workflow.defn(name="CertificationWorkflow", sandboxed=False)
class _AnotherWorkflow:
    """What somebody might make of it who does not think of the runs that are open."""

    @workflow.run
    async def run(self, _registration: dict[str, Any]) -> str:
        await workflow.sleep(timedelta(days=730))
        return "timed_out"


@pytest.mark.parametrize("name", ["timed-out", "strategic-leader", "expired"])
async def test_a_history_does_not_replay_under_another_workflow(name: str) -> None:
    replayer = Replayer(
        workflows=[_AnotherWorkflow],
        workflow_runner=UnsandboxedWorkflowRunner(),
        data_converter=worker_converter(pydantic_data_converter),
    )
    with pytest.raises(NondeterminismError):
        await replayer.replay_workflow(history(read(name)))
