"""The metrics of the workflow: decisions, refusals, held results, notices given up, and how late alarms are rung.

Counting changes neither a candidacy nor its history. The SDK counts nothing while it replays a history.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.commands import MESSAGES
    from domain.decision import Alarm, Refused
    from domain.events import BaseEvent, NoticeSuperseded, NoticeUndeliverable, ResultHeld
    from domain.messages import InvalidMessage
    from domain.vocabulary import AlarmKind
    from runtime import metrics


def decided(name: str, *, changed: bool) -> None:
    """Counts a message that was taken. One that changed nothing was known before, and is counted as a duplicate."""
    count = metrics.decided if changed else metrics.duplicate
    count(workflow.metric_meter(), _label(name))


def refused(name: str, error: InvalidMessage | Refused) -> None:
    """Counts a message that was refused or could not be understood."""
    code = error.code if isinstance(error, Refused) else metrics.INVALID
    metrics.refused(workflow.metric_meter(), _label(name), code)


def cancelled(*, refused: bool) -> None:
    """Counts a cancellation of the workflow. It withdraws a candidacy, and is refused for a holder."""
    if refused:
        metrics.refused(workflow.metric_meter(), metrics.CANCEL, "holder")
    else:
        metrics.decided(workflow.metric_meter(), metrics.CANCEL)


def happened(events: Sequence[BaseEvent]) -> None:
    """Counts held results, and notices that gave way or found no room in the outbox, by their events."""
    for event in events:
        if isinstance(event, ResultHeld):
            metrics.result_held(workflow.metric_meter(), event.reason)
        if isinstance(event, NoticeUndeliverable):
            given_up(event.notice)
        if isinstance(event, NoticeSuperseded):
            metrics.notice(workflow.metric_meter(), event.notice, "superseded")


def given_up(notice: str) -> None:
    """Counts a notice that was not sent in time."""
    metrics.notice(workflow.metric_meter(), notice, "given_up")


def rung(alarm: Alarm) -> None:
    """Measures how long after its instant an alarm is rung.

    The question to the lower certificate is left out. It is asked each day until that certificate gives way, and a new
    run does not know what was asked before: it would measure how long the advancement has waited, and no delay.
    """
    if alarm.kind is AlarmKind.LOWER:
        return
    delay = max(workflow.now() - alarm.at, timedelta(0))
    metrics.alarm_rung(workflow.metric_meter(), alarm.kind, delay)


def _label(name: str) -> str:
    """The message's name if the contract has it. All other names share one label, so that there are not too many."""
    return name if name in MESSAGES or name == metrics.REGISTRATION else metrics.UNKNOWN
