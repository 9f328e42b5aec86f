"""Figures by period: who registered, was certified or left, how long that took, and how many results were passes."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select, true

from domain.calendar import day_of, start_of
from record import figures
from record.finding import Wanted, chosen, same_enrolment
from record.json_values import Json
from record.tables import CANDIDACIES, RESULTS, STATES

_TAKEN = ("scored", "no_show")
_OF_A_RESULT = ("domain", "taken_at", "outcome", "passed")
_TRUE = (1, "true")
"""What `true` in a JSON text is to SQLite and to PostgreSQL."""
_SECONDS = len("2026-11-22T15:00:00")


@dataclass(slots=True)
class Tally:
    """The results of one domain. `first` are those of candidates who had taken none before in this domain."""

    taken: int = 0
    passed: int = 0
    no_shows: int = 0
    first: int = 0
    passed_first: int = 0


@dataclass(slots=True)
class Period:
    """What happened from `since` up to `before`, which is the first day that no longer belongs to it.

    Attributes:
        registered, certified: how many, by designation.
        closed: how many candidacies ended, by their last status.
        since_registration, since_purchase: for each one certified, the calendar days that it took.
        results: the results that were taken and count today, by domain.
    """

    since: date
    before: date
    registered: Counter[str] = field(default_factory=Counter)
    certified: Counter[str] = field(default_factory=Counter)
    closed: Counter[str] = field(default_factory=Counter)
    since_registration: list[int] = field(default_factory=list)
    since_purchase: list[int] = field(default_factory=list)
    results: dict[str, Tally] = field(default_factory=dict)


def periods(connection: Connection, wanted: Wanted, days: Sequence[date], zone: str) -> list[Period]:
    """The periods that begin on each of these days but the last, which is the first one after them all.

    Days are those of the zone. Only candidacies that are meant count.
    """
    found = _Periods(days, zone)
    for designation, status, registered_at, closed_at in connection.execute(_lives(connection, wanted)):
        if period := found.at(registered_at):
            period.registered[designation] += 1
        if closed_at and (period := found.at(closed_at)):
            period.closed[status] += 1
    for one in figures.certified(connection, wanted):
        if period := found.on(one.certified_on):
            _certify(period, one, zone)
    _results(connection, wanted, found)
    return found.all


def first_registration(connection: Connection, wanted: Wanted) -> datetime | None:
    """When the first of them registered; None where there is none."""
    asked = chosen(connection, select(func.min(CANDIDACIES.c.registered_at)), wanted)
    first = connection.execute(asked).scalar_one()
    return datetime.fromisoformat(first) if first else None


class _Periods:
    """Finds the period of an instant or of a day, both as texts, by comparing texts."""

    def __init__(self, days: Sequence[date], zone: str) -> None:
        self.all = [Period(since, before) for since, before in pairwise(days)]
        self._days = [day.isoformat() for day in days]
        self._instants = [start_of(day, zone).isoformat()[:_SECONDS] for day in days]

    def on(self, day: str) -> Period | None:
        return self._within(bisect_right(self._days, day))

    def at(self, instant: str) -> Period | None:
        # Days begin at whole seconds, and texts of instants agree up to these.
        return self._within(bisect_right(self._instants, instant[:_SECONDS]))

    def _within(self, place: int) -> Period | None:
        return self.all[place - 1] if 0 < place <= len(self.all) else None


def _lives(connection: Connection, wanted: Wanted) -> Select[Any]:
    table = CANDIDACIES.c
    return chosen(connection, select(table.designation, table.status, table.registered_at, table.closed_at), wanted)


def _certify(period: Period, one: figures.Certified, zone: str) -> None:
    period.certified[one.designation] += 1
    on = date.fromisoformat(one.certified_on)
    period.since_registration.append((on - day_of(datetime.fromisoformat(one.registered_at), zone)).days)
    if one.purchased_at:
        period.since_purchase.append((on - day_of(datetime.fromisoformat(one.purchased_at), zone)).days)


class _Taken(NamedTuple):
    """A result that counts today. `passed` is what the database makes of a JSON value.

    `meant` is whether one of the vendors that are meant has delivered it. The others are there too, because only they
    tell whether a result was the candidate's first one.
    """

    workflow_id: str
    enrolment: str
    domain: str
    taken_at: str
    outcome: str
    passed: Any
    meant: Any


def _results(connection: Connection, wanted: Wanted, found: _Periods) -> None:
    seen: set[tuple[str, str, str]] = set()
    for one in sorted(_taken(connection, wanted), key=lambda one: one.taken_at[:_SECONDS]):
        whose = (one.workflow_id, one.enrolment, one.domain)
        first, passed = whose not in seen, one.passed in _TRUE
        seen.add(whose)
        if one.meant and (period := found.at(one.taken_at)):
            tally = period.results.setdefault(one.domain, Tally())
            tally.taken += 1
            tally.passed += passed
            tally.no_shows += one.outcome == "no_show"
            tally.first += first
            tally.passed_first += first and passed


def _taken(connection: Connection, wanted: Wanted) -> Iterator[_Taken]:
    """Every result that counts today: corrected ones as they are now, and no voided, held or rejected one."""
    inside = Json(connection)
    result = inside.members(STATES.c.body, "results", "result")
    values = inside.texts(result.c.value, _OF_A_RESULT, "one")
    whose = (CANDIDACIES.c.workflow_id, CANDIDACIES.c.enrolment)
    meant: ColumnElement[Any] = true()
    if wanted.vendors:
        # The state does not say who delivered a result.
        delivered = and_(RESULTS.c.result_id == result.c.key, RESULTS.c.source.in_(wanted.vendors))
        meant = select(1).where(same_enrolment(RESULTS), delivered).exists()
    asked = select(*whose, *values.values(), meant).select_from(CANDIDACIES, STATES, result)
    asked = asked.where(same_enrolment(STATES), values["outcome"].in_(_TAKEN))
    return (_Taken._make(row) for row in connection.execute(chosen(connection, asked, wanted)))
