"""Erases the personal data of one person: contact details, texts, addresses of notices, and what she is found by.

The events stay, with their seals, so every proof still holds; what they say of dates and decisions stays too. All
candidacies of the person are erased together, in one transaction, or none. The act is the last event of each.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, Row, Table, delete, func, select, update

from domain import calendar, retention
from domain.events import EVENT_TYPES, Erased
from domain.formats import Unreadable
from domain.messages import InvalidMessage, parse
from record import projection, search, store
from record.certificates import programme_of
from record.database import reading, writing
from record.errors import BadOrder, NotAllowed, NotErasable
from record.events import Candidacy, Recorded
from record.rows import of
from record.tables import CANDIDACIES, CONTACTS, DELIVERIES, EVENTS, TEXTS


class Standing(StrEnum):
    """Whether the personal data of a candidacy may be erased, or why not."""

    ALLOWED = "allowed"
    ERASED = "erased"
    """They are erased already."""
    OPEN = "open"
    """It has not closed."""
    TOO_EARLY = "too-early"
    """The time for which the scheme keeps them is not over."""
    NO_RULE = "no-rule"
    """No scheme says for how long they are kept."""


@dataclass(frozen=True, slots=True)
class Today:
    """What the scheme of today says, for a candidacy whose own one does not: the months, and the body's zone."""

    after_closing_months: int | None
    zone: str


@dataclass(frozen=True, slots=True)
class Found:
    """One enrolment of the person: how it stands, and what of personal data is there.

    `allowed_from` is the first day on which they may be erased; None where that is not known. The numbers count
    versions of the contact details, texts, and addresses to which notices went.
    """

    candidacy: Candidacy
    status: str
    standing: Standing
    allowed_from: date | None
    details: int
    texts: int
    addresses: int

    @property
    def hinders(self) -> bool:
        """Whether nothing of the person may be erased, because of this enrolment."""
        return self.standing not in (Standing.ALLOWED, Standing.ERASED)


def order(by: str, reason: str) -> retention.Erasure:
    """Who erases, and why, as both are to stand on the timeline.

    Raises:
        BadOrder: one of them cannot stand there.
    """
    try:
        return parse(retention.Erasure, "erase", {"by": by, "reason": reason})
    except InvalidMessage as error:
        raise BadOrder("; ".join(f"`{one.field}` {one.problem}" for one in error.problems)) from None


def look(engine: Engine, candidate_id: str, today: Today, now: datetime) -> list[Found]:
    """Every enrolment of this person, the oldest first, and whether its personal data may be erased at this instant.

    Raises:
        NotErasable: an enrolment cannot be judged.
        Unavailable: the database cannot be read at this moment.
    """
    with reading(engine) as connection:
        return _look(connection, candidate_id, today, now)


def erase(engine: Engine, candidate_id: str, said: retention.Erasure, today: Today, now: datetime) -> list[Found]:
    """Erases the personal data of this person, and returns every enrolment as it was found before.

    Those that are erased already stay as they are. Where one of the enrolments does not allow it, none is erased.

    Raises:
        NotErasable: one of them does not allow it, or cannot be read, or the role of the address may not erase.
        BadOrder: the one who erases has named the person.
        Unavailable: the database cannot be written at this moment.
    """
    try:
        with writing(engine) as connection:
            return _erase_all(connection, candidate_id, said, today, now)
    except NotAllowed as error:
        raise NotErasable(
            "the role of this record's address may not erase: use the address of the role that owns the tables"
        ) from error
    except Unreadable as error:
        raise NotErasable(f"a candidacy of {candidate_id} cannot be read: {error}") from error


def _erase_all(
    connection: Connection, candidate_id: str, said: retention.Erasure, today: Today, now: datetime
) -> list[Found]:
    if connection.dialect.name == "sqlite":
        # Or what was deleted stays in the file until something else needs the room.
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
    found = _look(connection, candidate_id, today, now)
    if hindering := [str(one.candidacy) for one in found if one.hinders]:
        raise NotErasable(f"{', '.join(hindering)} may not be erased")
    _check_unnamed(connection, candidate_id, said)
    new = [one for one in found if one.standing is Standing.ALLOWED]
    for one in new:
        _erase(connection, one, said, now)
    if new:
        search.renew(connection, [one.candidacy.workflow_id for one in new])
    return found


# --- may it be erased?


def _look(connection: Connection, candidate_id: str, today: Today, now: datetime) -> list[Found]:
    theirs = select(CANDIDACIES).where(CANDIDACIES.c.candidate_id == candidate_id)
    rows = connection.execute(theirs.order_by(CANDIDACIES.c.registered_at, CANDIDACIES.c.designation)).all()
    kept = select(CONTACTS.c.workflow_id, CONTACTS.c.enrolment).where(CONTACTS.c.candidate_id == candidate_id)
    if {tuple(row) for row in connection.execute(kept)} - {(row.workflow_id, row.enrolment) for row in rows}:
        raise NotErasable(
            f"a candidacy of {candidate_id} is missing in the read models: make them anew with `record rebuild`"
        )
    return [_judged(connection, row, today, now) for row in rows]


def _judged(connection: Connection, row: Row[Any], today: Today, now: datetime) -> Found:
    candidacy = Candidacy(row.workflow_id, row.enrolment)
    standing, allowed_from = _standing(connection, candidacy, row.closed_at, today, now)
    facts: frozenset[str] = frozenset()
    if standing is not Standing.ERASED:
        _check_known(connection, candidacy)
        facts = _facts(connection, candidacy)
    return Found(
        candidacy,
        row.status,
        standing,
        allowed_from,
        details=_count(connection, CONTACTS, candidacy),
        texts=0 if standing is Standing.ERASED else _count(connection, TEXTS, candidacy) - len(facts),
        addresses=connection.execute(
            select(func.count(DELIVERIES.c.email)).where(of(DELIVERIES, candidacy))
        ).scalar_one(),
    )


def _standing(
    connection: Connection, candidacy: Candidacy, closed_at: str | None, today: Today, now: datetime
) -> tuple[Standing, date | None]:
    if store.last_of(connection, candidacy).erased:
        return Standing.ERASED, None
    if closed_at is None:
        return Standing.OPEN, None
    programme = programme_of(connection, candidacy)
    zone = programme.get("body", {}).get("zone") or today.zone
    months = programme.get("rules", {}).get("erasure", {}).get("after_closing_months")
    if months is None:
        months = today.after_closing_months
    allowed_from = retention.erasable_from(months, datetime.fromisoformat(closed_at), zone)
    if allowed_from is None:
        return Standing.NO_RULE, None
    return (Standing.ALLOWED if calendar.start_of(allowed_from, zone) <= now else Standing.TOO_EARLY), allowed_from


def _count(connection: Connection, table: Table, candidacy: Candidacy) -> int:
    return connection.execute(select(func.count()).select_from(table).where(of(table, candidacy))).scalar_one()


def _check_known(connection: Connection, candidacy: Candidacy) -> None:
    """Raises `NotErasable` if only a newer build knows which values of an event are texts, and which are facts."""
    types = connection.scalars(select(EVENTS.c.type).where(of(EVENTS, candidacy)).distinct())
    if unknown := sorted({*types} - EVENT_TYPES.keys()):
        raise NotErasable(
            f"{candidacy} has events that only a newer build knows ({', '.join(unknown)}): erase with that build"
        )


def _facts(connection: Connection, candidacy: Candidacy) -> frozenset[str]:
    """The seals of what stands among the texts and is none, because an older build has recorded the event."""
    return frozenset(seal for kept in store.events_of(connection, candidacy) for seal in kept.event.facts_sealed())


def _check_unnamed(connection: Connection, candidate_id: str, said: retention.Erasure) -> None:
    """Raises `BadOrder` if what stays for good would name the person again."""
    theirs = select(CONTACTS.c.name, CONTACTS.c.email).where(CONTACTS.c.candidate_id == candidate_id)
    names = sorted({value for row in connection.execute(theirs) for value in row})
    for field, text in (("by", said.by), ("reason", said.reason)):
        if retention.naming(text, names):
            raise BadOrder(f"`{field}` names the person, and would stay on the timeline: write it without the name")


# --- erasing


def _erase(connection: Connection, one: Found, said: retention.Erasure, now: datetime) -> None:
    candidacy = one.candidacy
    connection.execute(delete(CONTACTS).where(of(CONTACTS, candidacy)))
    texts = delete(TEXTS).where(of(TEXTS, candidacy))
    if facts := _facts(connection, candidacy):
        texts = texts.where(TEXTS.c.seal.not_in(facts))
    connection.execute(texts)
    connection.execute(update(DELIVERIES).where(of(DELIVERIES, candidacy)).values(email=None))
    event = Erased(
        sequence=store.last_of(connection, candidacy).sequence + 1,
        at=now,
        by=said.by,
        reason=said.reason,
        details=one.details,
        texts=one.texts,
        addresses=one.addresses,
    )
    store.add(connection, candidacy, Recorded.of(event))
    projection.renew(connection, candidacy)
