"""Every command that a run gives to Temporal goes through here, and no workflow task that took something in gives none.

The SDK replays a history task by task. Where a task that gave no command is followed at once by a task that only brings
an update, the SDK cannot tell the two apart in the history. A worker that does not hold the candidacy in memory then
gets both together, and the update before the answer of the activity (sdk-python issue 1591). The next worker cannot
replay what this one decided, and the candidacy would stand still for good. So a task that would give no command, such
as the one that learns that the last notice was sent, counts itself in the workflow's memo. That is a command, and keeps
the two tasks apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Protocol, TypeVar, Unpack, cast

from temporalio import workflow
from temporalio.common import SearchAttributeUpdate
from temporalio.workflow import ActivityConfig

QUIET_TASKS = "quiet_tasks"
"""The memo field that counts the workflow tasks of this run that would have given no command."""

# Within one workflow task, whoever has been woken gives his commands first; two turns would do.
_TURNS = 3
T = TypeVar("T")


class Traces:
    """Knows of one run whether it has given a command in its current workflow task."""

    def __init__(self) -> None:
        self._given_in = 0
        self._owing = False
        self._quiet = 0
        self._ended = False

    def given(self) -> None:
        """A command is given in this workflow task."""
        self._given_in = _task()

    def took_in(self) -> None:
        """This workflow task has taken in a signal, a cancellation, an activity's answer or the firing of a timer."""
        self._owing = True

    def end(self) -> None:
        """The run ends in this workflow task, which is a command in itself."""
        self._ended = True

    async def keep(self) -> None:
        """For as long as the run lasts, leaves a trace in each task that took something in and gives no command."""
        while True:
            await workflow.wait_condition(lambda: self._owing)
            for _ in range(_TURNS):
                await workflow.wait_condition(lambda: True)  # after everyone who is ready now has had his turn
            self._owing = False
            if self._given_in != _task() and not self._ended:
                self._quiet += 1
                workflow.upsert_memo({QUIET_TASKS: self._quiet})


class _Tracing(Protocol):
    traces: Traces


def current() -> Traces:
    """The traces of the run whose code is running."""
    return cast(_Tracing, workflow.instance()).traces


async def activity(name: str, request: Any, result_type: type[T], **options: Unpack[ActivityConfig]) -> T:
    """Has an activity done, and answers its result.

    Raises:
        ActivityError: it failed for good.
    """
    traces = current()
    traces.given()
    try:
        answer: T = await workflow.execute_activity(name, request, result_type=result_type, **options)
    finally:
        traces.took_in()
    return answer


async def sleep(duration: timedelta, summary: str) -> None:
    """Sleeps by a timer, which the UI shows under this summary."""
    traces = current()
    if duration > timedelta(0):
        traces.given()
    try:
        await workflow.sleep(duration, summary=summary)
    except asyncio.CancelledError:
        traces.given()
        raise
    traces.took_in()


async def until(condition: Callable[[], bool], patience: timedelta, summary: str) -> None:
    """Waits for a condition, for a bounded time, which the UI shows under this summary."""
    if condition():
        return
    traces = current()
    traces.given()
    try:
        await workflow.wait_condition(condition, timeout=patience, timeout_summary=summary)
        traces.given()  # the timer is cancelled
    except TimeoutError:
        traces.took_in()


def upsert(attributes: Sequence[SearchAttributeUpdate[Any]]) -> None:
    """Sets search attributes."""
    current().given()
    workflow.upsert_search_attributes(attributes)


def _task() -> int:
    """The current workflow task, told by the length of the history at its start."""
    return workflow.info().get_current_history_length()
