"""Finds candidacies by where they stand: what the lists, the calendar and the figures of the command line ask for.

Everything is read from the read models, with the columns alone where they say enough. The answer of `status` of a
candidacy is handed out as the JSON text that it is kept as.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, case, exists, func, select
from sqlalchemy.sql.elements import KeyedColumnElement

from domain.texts import ERASED
from record.json_values import Json
from record.spelling import key_of
from record.tables import CANDIDACIES, CONTACTS, EVENTS, RESULTS, SEARCH, STATES, instant_text

NAME = "name"
"""`search.Kind.NAME`, whose module would have every command wait until all events of the domain are loaded."""

_HELD = '%"held-result:%'
"""How the attention values of a candidacy with a held result look, as the column has them."""


@dataclass(frozen=True)
class Days:
    """The days from `since` to `until`, both included; open where one is None."""

    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class Wanted:
    """Which candidacies are meant: all that is given must hold. Nothing given means every candidacy.

    Attributes:
        name: every word of it is a part of one name that the candidate has or had, in the spelling of `spelling.py`.
        open: only those that are not closed.
        due_by: open, and the next deadline or expiry is at or before this instant, or past.
        rings_by: open, and something happens by itself at or before this instant.
        attention: something asks for a person's attention.
        under_review: a submission waits for a verdict.
        hold_reasons: a result is held for one of these reasons.
        vendors: one of these vendors, by the names that `vendors` returns, has delivered a result.
        certified, expires: the first day of the certificate, and the last day of its present cycle.
    """

    candidate_id: str | None = None
    name: str | None = None
    statuses: tuple[str, ...] = ()
    designations: tuple[str, ...] = ()
    open: bool = False
    due_by: datetime | None = None
    rings_by: datetime | None = None
    attention: bool = False
    under_review: bool = False
    hold_reasons: tuple[str, ...] = ()
    vendors: tuple[str, ...] = ()
    certified: Days = field(default_factory=Days)
    expires: Days = field(default_factory=Days)


class Standing(NamedTuple):
    """Where one enrolment stands. Instants and days are texts, as the tables have them (`tables.py`).

    `attention` is the JSON list of the attention values, or None. `name` is the candidate's: `ERASED` once it was
    erased, and None where the record has never had it.
    """

    workflow_id: str
    enrolment: str
    candidate_id: str
    designation: str
    path: str
    status: str
    registered_at: str
    assessments_passed: int
    next_border_at: str | None
    attention: str | None
    certificate_number: str | None
    certified_on: str | None
    expires_on: str | None
    closed_at: str | None
    changed_at: str
    name: str | None

    @property
    def attention_values(self) -> tuple[str, ...]:
        """What asks for attention, as the contract writes it."""
        return tuple(json.loads(self.attention)) if self.attention else ()


class Hold(NamedTuple):
    """Why a result is held, as the engine recorded it, and which vendor delivered it."""

    reasons: tuple[str, ...]
    vendor: str | None


class Newest(NamedTuple):
    """The newest recorded event: its position, and when the engine decided it."""

    position: int
    at: datetime


_ERASED = exists().where(
    EVENTS.c.workflow_id == CANDIDACIES.c.workflow_id,
    EVENTS.c.enrolment == CANDIDACIES.c.enrolment,
    EVENTS.c.sequence == CANDIDACIES.c.sequence,
    EVENTS.c.type == "Erased",
)
# Nothing follows an erasure, and it is only looked for where there is no name.
NAME_OF_TODAY = func.coalesce(CONTACTS.c.name, case((_ERASED, ERASED))).label("name")
"""The name of a row of `candidacies` that is joined with today's contact details: `ERASED` once it was erased."""

_COLUMNS: tuple[ColumnElement[Any], ...] = (
    *(CANDIDACIES.c[name] for name in Standing._fields if name != "name"),
    NAME_OF_TODAY,
)


def standings(connection: Connection, wanted: Wanted, limit: int | None = None) -> Iterator[Standing]:
    """Every enrolment that is meant: open ones first, and of those that registered last first."""
    asked = _with_names(connection, _COLUMNS, wanted).order_by(
        CANDIDACIES.c.closed_at.is_not(None), CANDIDACIES.c.registered_at.desc(), CANDIDACIES.c.workflow_id
    )
    return (Standing._make(row) for row in connection.execute(asked.limit(limit)))


def views(connection: Connection, wanted: Wanted) -> Iterator[tuple[Standing, str]]:
    """The same, each with its answer of `status` as JSON text, which has no name. They come in no order."""
    for row in connection.execute(_with_names(connection, (*_COLUMNS, CANDIDACIES.c.view), wanted)):
        yield Standing._make(row[:-1]), row[-1]


def count(connection: Connection, wanted: Wanted) -> int:
    """How many enrolments are meant."""
    asked = chosen(connection, select(func.count()).select_from(CANDIDACIES), wanted)
    found: int = connection.execute(asked).scalar_one()
    return found


def holds(connection: Connection, wanted: Wanted) -> dict[tuple[str, str], dict[int, Hold]]:
    """The holds of every candidacy that is meant, by workflow id and enrolment, and by the number of the hold."""
    states = select(CANDIDACIES.c.workflow_id, CANDIDACIES.c.enrolment, STATES.c.body).join(
        STATES, same_enrolment(STATES)
    )
    asked = chosen(connection, states, wanted).where(CANDIDACIES.c.attention.like(_HELD))
    return {(row.workflow_id, row.enrolment): _holds(json.loads(row.body)) for row in connection.execute(asked)}


def vendors(connection: Connection) -> list[str]:
    """The vendors that have delivered results, as they named themselves."""
    named = RESULTS.c.source.is_not(None) & (RESULTS.c.source != ERASED)
    return sorted(connection.execute(select(RESULTS.c.source).where(named).distinct()).scalars())


def newest(connection: Connection) -> Newest | None:
    """The newest recorded event; None where nothing is recorded yet."""
    row = connection.execute(
        select(EVENTS.c.position, EVENTS.c.at).order_by(EVENTS.c.position.desc()).limit(1)
    ).one_or_none()
    return Newest(row.position, datetime.fromisoformat(row.at)) if row else None


# --- statements


def chosen(connection: Connection, asked: Select[Any], wanted: Wanted) -> Select[Any]:
    """A question to `candidacies`, asked of those alone that are meant."""
    return asked.where(*_conditions(connection, wanted))


def _conditions(connection: Connection, wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    table = CANDIDACIES.c
    if wanted.candidate_id is not None:
        yield table.candidate_id == wanted.candidate_id
    if wanted.name is not None:
        yield table.candidate_id.in_(_called(wanted.name))
    if wanted.statuses:
        yield table.status.in_(wanted.statuses)
    if wanted.designations:
        yield table.designation.in_(wanted.designations)
    if wanted.open or wanted.due_by or wanted.rings_by:
        yield table.closed_at.is_(None)
    if wanted.due_by:
        yield table.next_border_at <= instant_text(wanted.due_by)
    if wanted.rings_by:
        yield table.next_alarm_at <= instant_text(wanted.rings_by)
    if wanted.attention:
        yield table.attention.is_not(None)
    if wanted.under_review:
        yield table.waits_for_review.is_(True)
    if wanted.hold_reasons:
        yield and_(table.attention.like(_HELD), _held_for(Json(connection), wanted.hold_reasons))
    if wanted.vendors:
        yield select(1).where(same_enrolment(RESULTS), RESULTS.c.source.in_(wanted.vendors)).exists()
    yield from _within(table.certified_on, wanted.certified)
    yield from _within(table.expires_on, wanted.expires)


def _within(column: KeyedColumnElement[Any], days: Days) -> Iterator[ColumnElement[bool]]:
    if days.since:
        yield column >= days.since.isoformat()
    if days.until:
        yield column <= days.until.isoformat()


def _called(name: str) -> Select[Any]:
    parts = (SEARCH.c.key.contains(key_of(word), autoescape=True) for word in name.split())
    return select(SEARCH.c.candidate_id).where(SEARCH.c.kind == NAME, *parts)


def _held_for(inside: Json, reasons: Sequence[str]) -> ColumnElement[bool]:
    held = inside.members(STATES.c.body, "held", "held")
    reason = inside.elements(held.c.value, "reasons", "reason")
    return (
        select(1).where(same_enrolment(STATES), reason.c.value.in_(reasons)).select_from(STATES, held, reason).exists()
    )


def _with_names(connection: Connection, columns: Sequence[ColumnElement[Any]], wanted: Wanted) -> Select[Any]:
    today = and_(same_enrolment(CONTACTS), CONTACTS.c.until.is_(None))
    return chosen(connection, select(*columns).select_from(CANDIDACIES.outerjoin(CONTACTS, today)), wanted)


def same_enrolment(table: Table) -> ColumnElement[bool]:
    """The rows of a table that belong to the enrolment of a row of `candidacies`."""
    return and_(table.c.workflow_id == CANDIDACIES.c.workflow_id, table.c.enrolment == CANDIDACIES.c.enrolment)


def _holds(state: Mapping[str, Any]) -> dict[int, Hold]:
    return {
        one["hold"]: Hold(tuple(one["reasons"]), one["result"].get("source")) for one in state.get("held", {}).values()
    }
