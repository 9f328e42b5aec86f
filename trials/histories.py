"""Reads the histories of a workflow's runs: failed workflow tasks, activities, and how each run ended."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from temporalio.api.common.v1 import Payloads
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHistory

from trials.patience import until_answered


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
    effects: int = 0
    """How many effects it has carried out: that of notices may send several."""


@dataclass
class Run:
    """One run of a workflow."""

    run_id: str
    status: str = "running"
    continued_from: str = ""
    failed_tasks: list[str] = field(default_factory=list)
    """With what code has failed workflow tasks: the cause and the message of each."""
    begun_afresh: int = 0
    """How many workflow tasks the server itself has failed and begun afresh: a message came in beside the end of the
    run, or more messages waited than one task takes."""
    timed_out_tasks: int = 0
    without_command: list[int] = field(default_factory=list)
    """The completed workflow tasks that took something in and gave no command (workflows/traces.py), by event id."""
    not_replayed: str = ""
    """Why this history cannot be replayed; empty if it can."""
    activities: list[Activity] = field(default_factory=list)
    workflow_type: str = ""
    began_at: float = 0.0
    """Seconds since 1970 (UTC)."""
    ended_at: float | None = None
    """The same for the end; None while it runs."""
    builds: list[str] = field(default_factory=list)
    """The build ids of the workers that completed its workflow tasks, without repetition; empty without versioning."""


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


_THE_SERVERS_OWN = {
    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND,
    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND,
}
"""Why the server fails a workflow task to begin it afresh. No code is at fault."""
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


async def runs_of(client: Client, workflow_id: str, seconds: float) -> AsyncIterator[tuple[Run, WorkflowHistory]]:
    """Every run of a workflow, the newest first, with its history.

    Raises:
        Impatient: a question is not answered within so many seconds.
    """
    newest = client.get_workflow_handle(workflow_id)
    run_id = (await until_answered(f"describing {workflow_id}", newest.describe, seconds)).run_id
    while run_id:
        handle = client.get_workflow_handle(workflow_id, run_id=run_id)
        history = await until_answered(f"the history of {workflow_id}", handle.fetch_history, seconds)
        found = read_history(run_id, history.events)
        yield found, history
        run_id = found.continued_from


def read_history(run_id: str, events: Sequence[HistoryEvent]) -> Run:
    """The tasks, activities and end of a run, read from its history."""
    run = Run(run_id, without_command=list(_tasks_without_command(events)))
    activities: dict[int, Activity] = {}
    for event in events:
        kind = event.event_type
        if kind == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
            started = event.workflow_execution_started_event_attributes
            run.workflow_type = started.workflow_type.name
            run.continued_from = started.continued_execution_run_id
            run.began_at = _at(event)
        elif kind == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
            build = event.workflow_task_completed_event_attributes.deployment_version.build_id
            if build and build not in run.builds:
                run.builds.append(build)
        elif kind == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
            failed = event.workflow_task_failed_event_attributes
            if failed.cause in _THE_SERVERS_OWN:
                run.begun_afresh += 1
            else:
                run.failed_tasks.append(f"{WorkflowTaskFailedCause.Name(failed.cause)}: {failed.failure.message}")
        elif kind == EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT:
            run.timed_out_tasks += 1
        elif kind in _ENDS:
            run.status = _ENDS[kind]
            run.ended_at = _at(event)
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
    at = _at(event)
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
        activity.effects = effects_done(event)


def effects_begun(event: HistoryEvent) -> int:
    """For how many effects an activity is scheduled: that of notices may send several. 0 for an event of another kind.

    The payloads must be JSON, and not encrypted.
    """
    if event.event_type != EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
        return 0
    request = _first_of(event.activity_task_scheduled_event_attributes.input)
    return 1 + len(request.get("following", ()))


def effects_done(event: HistoryEvent) -> int:
    """How many effects an activity has carried out when it was completed. 0 for an event of another kind.

    The payloads must be JSON, and not encrypted.
    """
    if event.event_type != EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
        return 0
    answer = _first_of(event.activity_task_completed_event_attributes.result)
    return 1 + int(answer.get("following", 0))


def _first_of(payloads: Payloads) -> dict[str, Any]:
    """The first of these payloads, if it is a JSON object; else an empty one."""
    data = payloads.payloads[0].data if payloads.payloads else b""
    document = json.loads(data) if data else None
    return document if isinstance(document, dict) else {}


def _at(event: HistoryEvent) -> float:
    return float(event.event_time.seconds + event.event_time.nanos / 1e9)


def _why(failure: Failure) -> str:
    return "timed out" if failure.HasField("timeout_failure_info") else failure.message
