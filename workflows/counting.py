"""What the workflow counts: decisions, refusals, held results, notices given up, and how late alarms are rung.

Nothing here changes a candidacy or its history, and nothing is counted while a history is replayed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.commands import MESSAGES
    from domain.decision import Alarm, Refused
    from domain.events import BaseEvent, NoticeUndeliverable, ResultHeld
    from domain.messages import InvalidMessage
    from runtime import metrics


def decided(name: str, *, changed: bool) -> None:
    """Counts a message that was taken; one that changed nothing was known before."""
    count = metrics.decided if changed else metrics.duplicate
    count(workflow.metric_meter(), _label(name))


def refused(name: str, error: InvalidMessage | Refused) -> None:
    """Counts a message that was refused or cannot be understood."""
    code = error.code if isinstance(error, Refused) else metrics.INVALID
    metrics.refused(workflow.metric_meter(), _label(name), code)


def cancelled(*, refused: bool) -> None:
    """Counts a cancellation of the workflow, which is taken as a command: it withdraws a candidate, and no holder."""
    if refused:
        metrics.refused(workflow.metric_meter(), metrics.CANCEL, "holder")
    else:
        metrics.decided(workflow.metric_meter(), metrics.CANCEL)


def happened(events: Sequence[BaseEvent]) -> None:
    """Counts what is counted by its events: held results, and notices for which there was no room in the outbox."""
    for event in events:
        if isinstance(event, ResultHeld):
            metrics.result_held(workflow.metric_meter(), event.reason)
        if isinstance(event, NoticeUndeliverable):
            given_up(event.notice)


def given_up(notice: str) -> None:
    """Counts a notice that was not sent in time."""
    metrics.notice(workflow.metric_meter(), notice, "given_up")


def rung(alarm: Alarm) -> None:
    """Measures how late an alarm is rung."""
    delay = max(workflow.now() - alarm.at, timedelta(0))
    metrics.alarm_rung(workflow.metric_meter(), alarm.kind, delay)


def _label(name: str) -> str:
    """The message's name where the contract has it: whoever sends unknown names must not add labels without end."""
    return name if name in MESSAGES or name == metrics.REGISTRATION else metrics.UNKNOWN
