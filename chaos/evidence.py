"""The evidence at the end of a run: timelines, receipts, and every event of every history."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHistory

from chaos.journeys import Lived
from chaos.sending import Handle, Sender, Sent, Unexpected
from runtime.attribute_names import Attribute
from worker import build_replayer


@dataclass
class Activity:
    """One activity of a history. Times are seconds since 1970 (UTC)."""

    name: str
    scheduled_at: float
    attempts: int = 0
    closed_at: float | None = None
    outcome: str = "pending"
    last_failure: str = ""
    """Why the attempt before the last one failed; `timed out` if the server heard nothing of it."""


@dataclass
class Run:
    """One run of a workflow."""

    run_id: str
    status: str = "running"
    continued_from: str = ""
    failed_tasks: list[str] = field(default_factory=list)
    timed_out_tasks: int = 0
    without_command: list[int] = field(default_factory=list)
    """The completed workflow tasks that took something in and gave no command (workflows/traces.py), by event id."""
    not_replayed: str = ""
    """Why this history cannot be replayed; empty if it can."""
    activities: list[Activity] = field(default_factory=list)


@dataclass
class Evidence:
    """Everything that was found of one candidacy."""

    lived: Lived
    first_run_id: str
    status: dict[str, Any]
    timeline: list[dict[str, Any]]
    receipts: dict[str, dict[str, Any]]
    again: list[Sent]
    """The answers to the messages that were sent again. Refused messages are not sent again, because by now another
    rule may refuse them; and a closed candidacy takes no messages."""
    timeline_after: list[dict[str, Any]]
    runs: list[Run]
    faults: list[str] = field(default_factory=list)


async def gather(lived: Lived, sender: Sender) -> Evidence:
    """Asks a candidacy for everything, and sends it every message again."""
    handle = sender.handle(lived.plan, lived.candidacy)
    status = await sender.query(handle, "status")
    timeline = await sender.query(handle, "timeline")
    receipts = await sender.query(handle, "receipts", [sent.message_id for sent in lived.sent])
    again: list[Sent] = []
    faults: list[str] = []
    taken = [sent for sent in lived.sent if not sent.step.refused]
    for sent in [] if lived.candidacy.closed else taken:
        try:
            again.append(await sender.update(handle, sent))
        except Unexpected as error:
            faults.append(f"sent again, {error}")
    after = await sender.query(handle, "timeline")
    runs = [run async for run in _runs(sender, handle)]
    return Evidence(lived, runs[-1].run_id, status, timeline, receipts, again, after, runs, faults)


async def _runs(sender: Sender, handle: Handle) -> AsyncIterator[Run]:
    """Every run of a workflow, the newest first."""
    described = await sender.until_answered(f"describing {handle.id}", handle.describe)
    run_id = described.run_id
    while run_id:
        run = sender.client.get_workflow_handle(handle.id, run_id=run_id)
        history = await sender.until_answered(f"the history of {handle.id}", run.fetch_history)
        found = read_history(run_id, history.events)
        found.not_replayed = await _not_replayed(sender.client, history)
        yield found
        run_id = found.continued_from


async def _not_replayed(client: Client, history: WorkflowHistory) -> str:
    """Why a worker that does not have the candidacy in memory could not go on with it; empty if it could."""
    result = await build_replayer(client.data_converter).replay_workflow(history, raise_on_replay_failure=False)
    return str(result.replay_failure or "")


_ENDS = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED: "completed",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED: "failed",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT: "timed out",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED: "canceled",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED: "terminated",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW: "continued as new",
}
_ACTIVITY_ENDS = {
    EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED: ("activity_task_completed_event_attributes", "completed"),
    EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED: ("activity_task_failed_event_attributes", "failed"),
    EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT: ("activity_task_timed_out_event_attributes", "timed out"),
    EventType.EVENT_TYPE_ACTIVITY_TASK_CANCELED: ("activity_task_canceled_event_attributes", "canceled"),
}


_TAKEN_IN = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED,
    EventType.EVENT_TYPE_TIMER_FIRED,
    *_ACTIVITY_ENDS,
}
_NO_COMMAND = {
    *_TAKEN_IN,
    EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED,
}
"""Events that may follow a completed workflow task without being the event of one of its commands."""


def read_history(run_id: str, events: Sequence[HistoryEvent]) -> Run:
    """The tasks, activities and end of a run, read from its history."""
    run = Run(run_id, without_command=list(_tasks_without_command(events)))
    activities: dict[int, Activity] = {}
    for event in events:
        kind = event.event_type
        if kind == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
            run.continued_from = event.workflow_execution_started_event_attributes.continued_execution_run_id
        elif kind == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
            failed = event.workflow_task_failed_event_attributes
            run.failed_tasks.append(f"{WorkflowTaskFailedCause.Name(failed.cause)}: {failed.failure.message[:200]}")
        elif kind == EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT:
            run.timed_out_tasks += 1
        elif kind in _ENDS:
            run.status = _ENDS[kind]
        else:
            _read_activity(event, activities)
    run.activities = list(activities.values())
    return run


def _tasks_without_command(events: Sequence[HistoryEvent]) -> Iterator[int]:
    taken_in: set[int] = set()
    arrived: list[int] = []
    for event, following in zip(events, [*events[1:], None], strict=True):
        if event.event_type in _TAKEN_IN:
            arrived.append(event.event_id)
        elif event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED:
            taken_in.update(arrived)
            arrived = []
        elif event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
            if taken_in and (following is None or following.event_type in _NO_COMMAND):
                yield event.event_id
            taken_in.clear()


def _read_activity(event: HistoryEvent, activities: dict[int, Activity]) -> None:
    at = event.event_time.seconds + event.event_time.nanos / 1e9
    if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
        name = event.activity_task_scheduled_event_attributes.activity_type.name
        activities[event.event_id] = Activity(name, at)
    elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
        started = event.activity_task_started_event_attributes
        activity = activities[started.scheduled_event_id]
        activity.attempts = started.attempt
        activity.last_failure = _why(started.last_failure) if started.HasField("last_failure") else ""
    elif event.event_type in _ACTIVITY_ENDS:
        field_name, outcome = _ACTIVITY_ENDS[event.event_type]
        activity = activities[getattr(event, field_name).scheduled_event_id]
        activity.closed_at, activity.outcome = at, outcome


def _why(failure: Failure) -> str:
    return "timed out" if failure.HasField("timeout_failure_info") else failure.message


async def executions(client: Client, mark: str) -> list[tuple[str, str]]:
    """Workflow id and run id of every execution for the candidates with this mark, from the visibility store."""
    query = f"{Attribute.CANDIDATE_ID} STARTS_WITH '{mark}-'"
    return [(found.id, found.run_id) async for found in client.list_workflows(query)]
