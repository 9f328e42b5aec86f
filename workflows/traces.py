"""Gives every command of a run to Temporal, and makes sure that each workflow task that took something in gives one.

The SDK replays a history task by task. If a task gives no command, and the next task only brings an update, the SDK
cannot tell the two apart in the history. A worker that does not have the candidacy in memory then gets both as one, and
sees the update before the answer of the activity (sdk-python issue 1591). Another worker could not replay what this
worker decides, and the candidacy would be stuck for good. So a task that would give no command, for example when it
only learns that the last notice was sent, counts itself in the workflow's memo. That is a command, and keeps the two
tasks apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Protocol, TypeVar, Unpack, cast

from temporalio import workflow
from temporalio.common import SearchAttributeUpdate
from temporalio.workflow import ActivityConfig

with workflow.unsafe.imports_passed_through():
    from workflows import waits

QUIET_TASKS = "quiet_tasks"
"""The memo field that counts the workflow tasks of this run that would have given no command."""

TURNS_BEFORE_THE_RECORDER = 2
"""So long the recorder (workflows/recording.py) lets others go first, so that a notice of this task takes its events.

In the first turn the lanes begin the notices of what has happened, and the alarm clock rings an alarm that is due. In
the second turn the lanes begin the notices of that alarm.
"""
# The recorder gives a command too, so a task is known to give none only one turn later.
_TURNS_BEFORE_A_TRACE = TURNS_BEFORE_THE_RECORDER + 1
T = TypeVar("T")


class Traces:
    """Records whether a run has given a command in its current workflow task, and gives one if it has not."""

    def __init__(self) -> None:
        self._last_task_with_command = 0
        self._needs_command = False
        self._quiet = 0
        self._ended = False

    def gave_command(self) -> None:
        """Call this when a command is given."""
        self._last_task_with_command = _task()

    def took_something_in(self) -> None:
        """Call this when a signal, a cancellation, an activity's answer or the firing of a timer is taken in."""
        self._needs_command = True

    def end(self) -> None:
        """Call this when the run ends, which is a command too."""
        self._ended = True

    async def keep(self) -> None:
        """For as long as the run lasts, gives a command in each task that took something in and would give none."""
        while True:
            await waits.until(lambda: self._needs_command)
            await others_go_first(_TURNS_BEFORE_A_TRACE)
            self._needs_command = False
            if self._last_task_with_command != _task() and not self._ended:
                self._quiet += 1
                workflow.upsert_memo({QUIET_TASKS: self._quiet})


class _Tracing(Protocol):
    traces: Traces


def current() -> Traces:
    """The traces of the run whose code is being executed."""
    return cast(_Tracing, workflow.instance()).traces


async def others_go_first(turns: int) -> None:
    """Lets the other coroutines that can go on in this workflow task go on first, for so many turns.

    The SDK executes every coroutine that is ready, then looks which conditions have become true, and begins again with
    those that waited for them. That is one turn. So it is also how long a coroutine waits for what is always true.
    """
    for _ in range(turns):
        await waits.until(lambda: True)


async def activity(name: str, request: Any, result_type: type[T], **options: Unpack[ActivityConfig]) -> T:
    """Executes an activity and returns its result.

    Raises:
        ActivityError: the activity failed for good.
    """
    traces = current()
    traces.gave_command()
    try:
        answer: T = await workflow.execute_activity(name, request, result_type=result_type, **options)
    finally:
        traces.took_something_in()
    return answer


async def sleep(duration: timedelta, summary: str) -> None:
    """Sleeps for this time, with a timer that the UI shows under this summary."""
    traces = current()
    if duration > timedelta(0):
        traces.gave_command()
    try:
        await workflow.sleep(duration, summary=summary)
    except asyncio.CancelledError:
        traces.gave_command()
        raise
    traces.took_something_in()


async def until(condition: Callable[[], bool], patience: timedelta, summary: str) -> None:
    """Waits for a condition, but no longer than `patience`. The UI shows the timer under this summary."""
    if condition():
        return
    traces = current()
    traces.gave_command()
    came_true = False
    with waits.despite_a_cancelled_workflow(), suppress(TimeoutError):
        await workflow.wait_condition(condition, timeout=patience, timeout_summary=summary)
        came_true = True
    if came_true:
        traces.gave_command()  # the timer is cancelled
    else:
        traces.took_something_in()


def upsert(attributes: Sequence[SearchAttributeUpdate[Any]]) -> None:
    """Sets search attributes."""
    current().gave_command()
    workflow.upsert_search_attributes(attributes)


def _task() -> int:
    """The number of the current workflow task: the length of the history at its start."""
    return workflow.info().get_current_history_length()
