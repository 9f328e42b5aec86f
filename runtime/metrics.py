"""Certpath's own metrics: one table of them, and one function for each thing that is counted or measured.

They go through the Temporal SDK's meter, so they are on the same Prometheus endpoint as the SDK's own metrics
(CERTPATH_METRICS_ADDRESS). A workflow passes `workflow.metric_meter()`, which counts nothing while a history is
replayed; an activity passes `activity.metric_meter()`; the worker passes its runtime's meter. Making an instrument and
counting with it takes about 4 microseconds together, so no instrument is kept.

A label value is one of a small, fixed set, and never a name, an address or an id. Counters are for rates and alerts,
not for accounting. A workflow task that fails and is tried again counts its messages again. So does a task whose
contents a query has brought forward (runtime/early_queries.py).

This module imports only the standard library, because workflow code imports it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from temporalio.common import MetricMeter

Outcome = Literal["sent", "deferred", "undeliverable", "given_up", "superseded"]

REGISTRATION = "registration"
"""The message name of a start input."""

CANCEL = "cancel"
"""The label for a cancelled workflow. The cancellation is taken as a command."""

UNKNOWN = "unknown"
"""The label for a message with a name that the contract does not have."""

INVALID = "invalid-message"
"""The refusal code for a message that cannot be understood."""


@dataclass(frozen=True)
class Metric:
    """One metric, as the Prometheus endpoint shows it. `unit` is the base unit, empty for plain numbers."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    description: str
    labels: tuple[str, ...] = ()
    unit: str = ""
    buckets: tuple[float, ...] = ()


DECISIONS = Metric(
    "certpath_decisions_total",
    "counter",
    "Messages and registrations that were taken and changed something",
    ("message",),
)
DUPLICATES = Metric(
    "certpath_duplicates_total",
    "counter",
    "Messages that were known already and changed nothing",
    ("message",),
)
REFUSALS = Metric(
    "certpath_refusals_total",
    "counter",
    "Messages and registrations that were refused or could not be understood",
    ("message", "code"),
)
RESULTS_HELD = Metric(
    "certpath_results_held_total",
    "counter",
    "Assessment results that were held for a person to decide on",
    ("reason",),
)
NOTICES = Metric(
    "certpath_notices_total",
    "counter",
    "Attempts to send a notice that went well (sent) or failed for now (deferred), and notices that were refused for"
    " good (undeliverable), not sent in time (given_up) or gave way to a newer one on the same subject (superseded)",
    ("notice", "outcome"),
)
ALARM_DELAY = Metric(
    "certpath_alarm_delay_seconds",
    "histogram",
    "How long after its due instant an alarm was rung",
    ("alarm",),
    unit="seconds",
    buckets=(1, 5, 15, 60, 300, 900, 3600, 6 * 3600, 24 * 3600, 7 * 24 * 3600),
)
ALARMS_OVERDUE = Metric(
    "certpath_alarms_overdue",
    "gauge",
    "Open candidacies whose next deadline has passed by more than five minutes; every worker reports the same number",
)
OLDEST_UNSENT_NOTICE = Metric(
    "certpath_oldest_unsent_notice_seconds",
    "gauge",
    "Age of the oldest notice that this worker failed to send and that will be tried again; 0 where none waits",
    unit="seconds",
)
EVENTS_RECORDED = Metric(
    "certpath_events_recorded_total",
    "counter",
    "Events that were handed over to the record, repetitions too",
)
RECORD_FAILURES = Metric(
    "certpath_record_failures_total",
    "counter",
    "Attempts to write to the record that failed: it could not be reached (unavailable), has another event in the same"
    " place (conflict), or our own code failed (fault)",
    ("reason",),
)
READY = Metric(
    "certpath_ready",
    "gauge",
    "Whether everything that /ready checks is well: 1 or 0",
)
CHECK_OK = Metric(
    "certpath_check_ok",
    "gauge",
    "Whether one of the checks of /ready is well: 1 or 0",
    ("check",),
)
WARNINGS = Metric(
    "certpath_warnings",
    "gauge",
    "How many of the warnings of /ready say that new candidacies wait, or do not come to this worker",
)

RECORD_OK = Metric(
    "certpath_record_ok",
    "gauge",
    "Whether the record can be reached and has the tables that this worker needs: 1 or 0",
)

ALL = (
    DECISIONS,
    DUPLICATES,
    REFUSALS,
    RESULTS_HELD,
    NOTICES,
    ALARM_DELAY,
    ALARMS_OVERDUE,
    OLDEST_UNSENT_NOTICE,
    EVENTS_RECORDED,
    RECORD_FAILURES,
    READY,
    CHECK_OK,
    WARNINGS,
    RECORD_OK,
)


def decided(meter: MetricMeter, message: str) -> None:
    """Counts a message or registration that changed something."""
    _count(meter, DECISIONS, message=message)


def duplicate(meter: MetricMeter, message: str) -> None:
    """Counts a message that was taken before."""
    _count(meter, DUPLICATES, message=message)


def refused(meter: MetricMeter, message: str, code: str) -> None:
    """Counts a refused message. `code` is a refusal code of the contract, or `INVALID`."""
    _count(meter, REFUSALS, message=message, code=code)


def result_held(meter: MetricMeter, reason: str) -> None:
    """Counts a held result, by one of the contract's reasons."""
    _count(meter, RESULTS_HELD, reason=reason)


def notice(meter: MetricMeter, name: str, outcome: Outcome) -> None:
    """Counts an attempt to send a notice, or a notice that is not tried again."""
    _count(meter, NOTICES, notice=name, outcome=outcome)


def recorded(meter: MetricMeter, events: int) -> None:
    """Counts events that the record has taken."""
    meter.create_counter(EVENTS_RECORDED.name, EVENTS_RECORDED.description).add(events)


def record_failed(meter: MetricMeter, reason: Literal["unavailable", "conflict", "fault"]) -> None:
    """Counts an attempt to write to the record that failed."""
    _count(meter, RECORD_FAILURES, reason=reason)


def alarm_rung(meter: MetricMeter, alarm: str, delay: timedelta) -> None:
    """Measures how late an alarm of this kind was rung."""
    seconds = max(delay.total_seconds(), 0.0)
    histogram = meter.create_histogram_float(ALARM_DELAY.name, ALARM_DELAY.description, ALARM_DELAY.unit)
    histogram.record(seconds, {"alarm": alarm})


def set_gauge(meter: MetricMeter, metric: Metric, value: float, **labels: str) -> None:
    """Sets a gauge of the table; `value` is not negative."""
    meter.create_gauge_float(metric.name, metric.description, metric.unit or None).set(value, labels or None)


def _count(meter: MetricMeter, metric: Metric, **labels: str) -> None:
    meter.create_counter(metric.name, metric.description).add(1, labels)
