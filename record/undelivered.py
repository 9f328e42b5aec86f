"""Finds the notices that did not reach their candidate, of open and of closed candidacies.

An open candidacy asks for attention because of such a notice, until somebody has dealt with it. A closed one asks for
nothing any more, and its last mail is the one that says how the candidacy ended. The answer holds personal data
(rule 25).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Connection, and_, select

from domain import calendar
from record.deliveries import SENT, SUPERSEDED, WAITING
from record.finding import NAME_OF_TODAY, same_enrolment
from record.tables import CANDIDACIES, CONTACTS, NOTICES, instant_text


class Undelivered(NamedTuple):
    """A notice that was not delivered: when that was known (UTC), whose it was, and why.

    `about` is the number of the event that it is about. `email` is the address of today, None once it was erased.
    """

    at: datetime
    candidate_id: str
    name: str | None
    email: str | None
    designation: str
    status: str
    closed: bool
    enrolment: str
    notice: str
    about: int
    cause: str


def undelivered(
    connection: Connection,
    *,
    since: date | None = None,
    zone: str = "UTC",
    designations: Collection[str] = (),
    closed: bool = False,
) -> Iterator[Undelivered]:
    """The notices that were not delivered, the newest first: since a day in this zone, of these designations.

    `closed`: those of closed candidacies alone.
    """
    of_today = and_(same_enrolment(CONTACTS), CONTACTS.c.until.is_(None))
    asked = (
        select(
            NOTICES.c.ended_at,
            CANDIDACIES.c.candidate_id,
            NAME_OF_TODAY,
            CONTACTS.c.email,
            CANDIDACIES.c.designation,
            CANDIDACIES.c.status,
            CANDIDACIES.c.closed_at.is_not(None),
            CANDIDACIES.c.enrolment,
            NOTICES.c.notice,
            NOTICES.c.about,
            NOTICES.c.outcome,
        )
        .select_from(CANDIDACIES.join(NOTICES, same_enrolment(NOTICES)).outerjoin(CONTACTS, of_today))
        .where(NOTICES.c.outcome.not_in((WAITING, SENT, SUPERSEDED)))
        .order_by(NOTICES.c.ended_at.desc(), CANDIDACIES.c.workflow_id, NOTICES.c.about.desc())
    )
    if since:
        asked = asked.where(NOTICES.c.ended_at >= instant_text(calendar.start_of(since, zone)))
    if designations:
        asked = asked.where(CANDIDACIES.c.designation.in_(designations))
    if closed:
        asked = asked.where(CANDIDACIES.c.closed_at.is_not(None))
    for ended_at, *others in connection.execute(asked):
        yield Undelivered(datetime.fromisoformat(ended_at), *others)
