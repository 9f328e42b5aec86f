"""Reads the stored answers of the `status` query: where a candidacy stands, at the instant of asking.

`candidacies.view` has the answer as it was when the last recorded event happened, and without a name. Four of its
fields depend on the instant of asking, and `view_of` computes them anew: the days `next.on` and `upcoming[].on` of an
alarm that is over and not handled yet, `assessments[].next_attempt_on`, which is told only while it lies ahead, and
`certificate.in_force`. Everything else changes by events alone. So a reader of the columns must know that an alarm in
`next_border_at` or `next_alarm_at` may be over, and that a certificate of which `expires_at` is over is not in force.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from domain import calendar
from domain.texts import ERASED
from views.status import StatusView, UpcomingView


def view_of(stored: str, now: datetime, name: str = "") -> StatusView:
    """The answer of the `status` query at this instant (UTC), of the text in `candidacies.view`.

    `name` is the candidate's. It is one of `contacts`, because no read model has it; it is empty once it was erased.
    """
    view = StatusView.model_validate_json(stored)
    shown = name or (ERASED if view.erased_at else "")
    # Only an answer that was made without the state, because events are missing (`pieces.py`), has no zone. Of the days
    # in it that of the expiry alone is compared with today: in UTC, some hours beside the body's midnight.
    changes: dict[str, Any] = {**({"name": shown} if shown else {}), **_of_today(view, now, view.zone or "UTC")}
    return view.model_copy(update=changes) if changes else view


def _of_today(view: StatusView, now: datetime, zone: str) -> dict[str, Any]:
    """The fields that are different today."""
    changes: dict[str, Any] = {}
    if view.upcoming and _over(view.upcoming[0], now):
        upcoming = tuple(_moved(alarm, now, zone) for alarm in view.upcoming)
        changes["upcoming"] = upcoming
        changes["next"] = view.next.model_copy(update={"on": upcoming[0].on}) if view.next else None
    today = calendar.day_of(now, zone)
    if any(one.next_attempt_on and one.next_attempt_on <= today for one in view.assessments.values()):
        changes["assessments"] = {
            domain: one.model_copy(update={"next_attempt_on": _ahead(one.next_attempt_on, today)})
            for domain, one in view.assessments.items()
        }
    certificate = view.certificate
    if certificate and certificate.in_force and certificate.expires_on and certificate.expires_on < today:
        changes["certificate"] = certificate.model_copy(update={"in_force": False})
    return changes


def _over(alarm: UpcomingView, now: datetime) -> bool:
    return alarm.at is not None and alarm.at <= now


def _moved(alarm: UpcomingView, now: datetime, zone: str) -> UpcomingView:
    """An alarm that is over has the day that `views.alarms.day` gives it: a deadline its last one, others today."""
    if alarm.at is None or alarm.at > now:
        return alarm
    # The stored day may be a later one: an older build stored the day after an overdue deadline.
    last_day = calendar.last_day(alarm.at, zone)
    return alarm.model_copy(update={"on": last_day if alarm.border else calendar.day_of(now, zone)})


def _ahead(day: date | None, today: date) -> date | None:
    return day if day and day > today else None
