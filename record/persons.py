"""What the record knows of persons: their contact details, candidacies and mails, over all designations and enrolments.

Every answer holds personal data (rule 25).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, false, func, or_, select

from record.candidacy import Candidacy
from record.standings import view_of
from record.tables import CANDIDACIES, CONTACTS, DELIVERIES, NOTICES
from views.status import StatusView


@dataclass(frozen=True, slots=True)
class Enrolled:
    """One enrolment of a candidacy, and where it stands.

    Once its personal data are erased, `email` is empty, and the name in `view` is `ERASED`.

    `changed_at` is the instant (UTC) of the last recorded event.
    """

    candidacy: Candidacy
    view: StatusView
    email: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Details:
    """How a candidate could be reached. `until` is None for the details of today; instants are in UTC."""

    candidacy: Candidacy
    name: str
    email: str
    publish: bool
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Mail:
    """A notice about an event: what came of it, and to whom it went.

    `outcome` is `waiting`, `sent`, or why it did not go out. `email` is None where it did not, or was erased.
    """

    candidacy: Candidacy
    about: int
    notice: str
    queued_at: datetime
    outcome: str
    ended_at: datetime | None
    email: str | None
    message_id: str | None

    @property
    def at(self) -> datetime:
        """The instant of its outcome; while it waits, that at which it was queued."""
        return self.ended_at or self.queued_at


@dataclass(frozen=True, slots=True)
class Person:
    """One person. `enrolments` and `details` come with the oldest first, `mails` with the newest first."""

    candidate_id: str
    enrolments: tuple[Enrolled, ...]
    details: tuple[Details, ...]
    mails: tuple[Mail, ...]


def person(connection: Connection, candidate_id: str, now: datetime, mails: int) -> Person | None:
    """This person, with at most so many mails; None if the record has no candidacy of this id."""
    enrolments = enrolments_of(connection, [candidate_id], now)
    if not enrolments:
        return None
    theirs = select(CONTACTS).where(CONTACTS.c.candidate_id == candidate_id).order_by(CONTACTS.c.since)
    details = tuple(
        Details(
            Candidacy(row.workflow_id, row.enrolment),
            row.name,
            row.email,
            row.publish,
            datetime.fromisoformat(row.since),
            _instant(row.until),
        )
        for row in connection.execute(theirs)
    )
    last = mails_of(connection, [one.candidacy for one in enrolments], mails)
    return Person(candidate_id, tuple(enrolments), details, tuple(last))


def enrolments_of(connection: Connection, candidate_ids: Collection[str], now: datetime) -> list[Enrolled]:
    """Every enrolment of these persons as it stands now, by person, the oldest first."""
    return _enrolled(connection, CANDIDACIES.c.candidate_id.in_(candidate_ids), now)


def enrolments_under(connection: Connection, workflow_id: str, now: datetime) -> list[Enrolled]:
    """Every enrolment under this workflow id as it stands now, the oldest first."""
    return _enrolled(connection, CANDIDACIES.c.workflow_id == workflow_id, now)


def mails_of(connection: Connection, candidacies: Iterable[Candidacy], most: int | None = None) -> list[Mail]:
    """The notices of these enrolments, the newest first."""
    theirs = [
        and_(NOTICES.c.workflow_id == one.workflow_id, NOTICES.c.enrolment == one.enrolment) for one in candidacies
    ]
    sent = and_(*(DELIVERIES.c[name] == NOTICES.c[name] for name in ("workflow_id", "enrolment", "about")))
    at = func.coalesce(NOTICES.c.ended_at, NOTICES.c.queued_at)
    asked = (
        select(NOTICES, DELIVERIES.c.email, DELIVERIES.c.message_id)
        .outerjoin(DELIVERIES, sent)
        .where(or_(false(), *theirs))
        .order_by(at.desc(), NOTICES.c.about.desc())
        .limit(most)
    )
    return [
        Mail(
            Candidacy(row.workflow_id, row.enrolment),
            row.about,
            row.notice,
            datetime.fromisoformat(row.queued_at),
            row.outcome,
            _instant(row.ended_at),
            row.email,
            row.message_id,
        )
        for row in connection.execute(asked)
    ]


def _enrolled(connection: Connection, which: ColumnElement[bool], now: datetime) -> list[Enrolled]:
    today = and_(
        CONTACTS.c.workflow_id == CANDIDACIES.c.workflow_id,
        CONTACTS.c.enrolment == CANDIDACIES.c.enrolment,
        CONTACTS.c.until.is_(None),
    )
    asked = (
        select(CANDIDACIES, CONTACTS.c.name, CONTACTS.c.email)
        .outerjoin(CONTACTS, today)
        .where(which)
        .order_by(CANDIDACIES.c.candidate_id, CANDIDACIES.c.registered_at, CANDIDACIES.c.designation)
    )
    return [
        Enrolled(
            Candidacy(row.workflow_id, row.enrolment),
            view_of(row.view, now, row.name or ""),
            row.email or "",
            datetime.fromisoformat(row.changed_at),
        )
        for row in connection.execute(asked)
    ]


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
