"""Questions about certificates: one by its number, also decades later, and all that are in force."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, exists, func, select

from domain import calendar
from domain.texts import ERASED
from domain.vocabulary import Status
from record import beside
from record.events import Candidacy
from record.sealing import pinned
from record.tables import CANDIDACIES, CERTIFICATES, CONTACTS, EVENTS, instant_text

IN_FORCE, SUSPENDED, EXPIRED = "in_force", "suspended", Status.EXPIRED.value
"""How a certificate may stand; or it has ended with the status of its candidacy, such as `revoked`."""

_PINNING = ("Registered", "RecertificationWindowOpened")
_BLANKS_AND_DASHES = re.compile(r"[\s\-\u00ad\u2010-\u2015\u2212]+")
_LETTERS = 12
_PAGE = 1000
# The letters of a number are A to Z and 2 to 7. What people read instead of them is none of these.
_MISREAD = str.maketrans("018", "OIB")


@dataclass(frozen=True, slots=True)
class Gap:
    """A time without certification: from the day after an expiry to the day of the renewal, exclusive (R11)."""

    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate, and how it stands today.

    Attributes:
        title: what the designation is called in the programme that the candidacy has pinned last; None if unknown.
        expires_on: the last day of its present cycle.
        standing: `in_force`, `suspended`, `expired`, or how it ended for good.
        since: the first day on which it stood so, in the body's zone; None while it is in force.
        expired_on: its last day, where that is over, whatever its standing is.
        superseded_by: the number of the higher certificate that it gave way to.
        holder: the name of the holder; `ERASED` once it was erased, and None where the record has never had it.
        publish: whether she consents to the public register today.
    """

    number: str
    candidacy: Candidacy
    candidate_id: str
    designation: str
    title: str | None
    certified_on: date
    expires_on: date
    cycle: int
    standing: str
    since: date | None
    expired_on: date | None
    superseded_by: str | None
    gaps: tuple[Gap, ...]
    holder: str | None
    publish: bool

    @property
    def in_force(self) -> bool:
        """Whether the holder is certified today."""
        return self.standing == IN_FORCE

    @property
    def erased(self) -> bool:
        """Whether the name of the holder was erased."""
        return self.holder == ERASED


def by_number(connection: Connection, number: str, now: datetime) -> Certificate | None:
    """The certificate with this number, as it is printed or as people type it; None where there is none.

    `now` is the instant (UTC) of the question.
    """
    for written in (number, as_printed(number)):
        row = connection.execute(_certificates().where(CERTIFICATES.c.number == written)).first()
        if row:
            return _certificate(connection, row, now)
    return None


def in_force(connection: Connection, now: datetime, designations: tuple[str, ...] = ()) -> Iterator[Certificate]:
    """Every certificate that is in force at this instant (UTC), by designation and number, one after another."""
    counts = (
        CERTIFICATES.c.ended_at.is_(None)
        & CERTIFICATES.c.suspended_at.is_(None)
        & (CERTIFICATES.c.expires_at > instant_text(now))
    )
    if designations:
        counts &= CERTIFICATES.c.designation.in_(designations)
    query = _certificates().where(counts).order_by(CERTIFICATES.c.designation, CERTIFICATES.c.number)
    last: tuple[str, str] | None = None
    while True:
        page = query if last is None else query.where(_after(*last))
        rows = connection.execute(page.limit(_PAGE)).all()
        for row in rows:
            yield _certificate(connection, row, now)
        if len(rows) < _PAGE:
            return
        last = (rows[-1].designation, rows[-1].number)


def as_printed(number: str) -> str:
    """The number as it is printed, of what somebody has typed: without blanks, in capitals, with its hyphens.

    The designation keeps its own hyphens: only the last twelve letters are the number's.
    """
    plain = number.strip().upper()
    letters = ""
    while plain and len(letters) < _LETTERS:
        if not _BLANKS_AND_DASHES.fullmatch(plain[-1]):
            letters = plain[-1].translate(_MISREAD) + letters
        plain = plain[:-1]
    designation = re.sub(r"\s+", "", plain)
    designation = _BLANKS_AND_DASHES.sub("-", designation).rstrip("-")
    return f"{designation}-{letters[:4]}-{letters[4:8]}-{letters[8:]}"


# --- reading


def _certificates() -> Select[Any]:
    """The certificates, each with the name and consent of today and the stored view of its candidacy."""
    same = (CONTACTS.c.workflow_id == CERTIFICATES.c.workflow_id) & (CONTACTS.c.enrolment == CERTIFICATES.c.enrolment)
    stands = (CANDIDACIES.c.workflow_id == CERTIFICATES.c.workflow_id) & (
        CANDIDACIES.c.enrolment == CERTIFICATES.c.enrolment
    )
    joined = CERTIFICATES.outerjoin(CONTACTS, same & CONTACTS.c.until.is_(None)).outerjoin(CANDIDACIES, stands)
    columns = (CONTACTS.c.name, CONTACTS.c.publish, CANDIDACIES.c.view, _refused().label("refused"))
    return select(CERTIFICATES, *columns).select_from(joined)


def _refused() -> ColumnElement[bool]:
    """Whether the person does not consent in details of another candidacy that are newer than this one's consent."""
    newer = CONTACTS.alias("newer")
    return exists().where(
        newer.c.candidate_id == CERTIFICATES.c.candidate_id,
        newer.c.until.is_(None),
        newer.c.publish.is_(False),
        newer.c.since > _consented_at(),
    )


def _consented_at() -> ColumnElement[str]:
    """The instant at which this candidacy's consent began.

    A change of name or address begins a new version of the details and carries the consent along, so the beginning of
    the newest version says nothing about it.
    """
    own = CONTACTS.alias("own")
    whose = (own.c.workflow_id == CERTIFICATES.c.workflow_id) & (own.c.enrolment == CERTIFICATES.c.enrolment)
    refused_until = select(func.max(own.c.until)).where(whose, own.c.publish.is_(False))
    first = select(func.min(own.c.since)).where(whose)
    subqueries = (one.correlate(CERTIFICATES).scalar_subquery() for one in (refused_until, first))
    return func.coalesce(*subqueries)


def _after(designation: str, number: str) -> ColumnElement[bool]:
    same = (CERTIFICATES.c.designation == designation) & (CERTIFICATES.c.number > number)
    return (CERTIFICATES.c.designation > designation) | same


def _certificate(connection: Connection, row: Row[Any], now: datetime) -> Certificate:
    candidacy = Candidacy(row.workflow_id, row.enrolment)
    view = json.loads(row.view) if row.view else {}
    programme = programme_of(connection, candidacy)
    zone = view.get("zone") or programme.get("body", {}).get("zone") or "UTC"
    standing, since, expired_on = _standing(row, now, zone)
    return Certificate(
        number=row.number,
        candidacy=candidacy,
        candidate_id=row.candidate_id,
        designation=row.designation,
        title=programme.get("title"),
        certified_on=date.fromisoformat(row.certified_on),
        expires_on=date.fromisoformat(row.expires_on),
        cycle=row.cycle,
        standing=standing,
        since=since,
        expired_on=expired_on,
        superseded_by=row.superseded_by,
        gaps=_gaps(view),
        holder=row.name or (ERASED if view.get("erased_at") else None),
        publish=bool(row.publish) and not row.refused,
    )


def _standing(row: Row[Any], now: datetime, zone: str) -> tuple[str, date | None, date | None]:
    """How it stands, since when, and its last day where that is over."""
    expires_at = datetime.fromisoformat(row.expires_at)
    ended_at = datetime.fromisoformat(row.ended_at) if row.ended_at else None
    expired_on = date.fromisoformat(row.expires_on) if expires_at <= (ended_at or now) else None
    if ended_at and row.ended != Status.EXPIRED:
        return row.ended, calendar.day_of(ended_at, zone), expired_on
    if row.suspended_at and not ended_at:
        return SUSPENDED, calendar.day_of(datetime.fromisoformat(row.suspended_at), zone), expired_on
    if expired_on or ended_at:
        return EXPIRED, calendar.day_of(expires_at, zone), date.fromisoformat(row.expires_on)
    return IN_FORCE, None, None


def programme_of(connection: Connection, candidacy: Candidacy) -> dict[str, Any]:
    """The programme that this candidacy has pinned last, as it was recorded; empty where the record has none."""
    newest = (
        select(EVENTS.c.body)
        .where(EVENTS.c.workflow_id == candidacy.workflow_id, EVENTS.c.enrolment == candidacy.enrolment)
        .where(EVENTS.c.type.in_(_PINNING))
        .order_by(EVENTS.c.sequence.desc())
        .limit(1)
    )
    body = connection.execute(newest).scalar()
    digest = pinned(json.loads(body)) if body else None
    found = beside.programmes_of(connection, [digest]) if digest else {}
    return json.loads(found[digest]) if digest in found else {}


def _gaps(view: dict[str, Any]) -> tuple[Gap, ...]:
    certificate = view.get("certificate") or {}
    return tuple(
        Gap(date.fromisoformat(gap["from"]), date.fromisoformat(gap["to"])) for gap in certificate.get("gaps", ())
    )
