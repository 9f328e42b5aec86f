"""Keeps how candidates could be reached: each version of the details, with the instants between which it counted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, update

from domain.identity import read_workflow_id
from domain.personal import MAX_FORMER, ContactRecord
from record.events import Candidacy
from record.tables import CONTACTS, instant_text


@dataclass(frozen=True, slots=True)
class Version:
    """Contact details. `since` is None for those of the registration, `until` for those of today."""

    name: str
    email: str
    publish: bool
    since: str | None
    until: str | None


def keep(connection: Connection, candidacy: Candidacy, contact: ContactRecord, at: str) -> None:
    """Keeps the contact details of a candidacy, and those before. Safe to repeat.

    `at` (RFC 3339) is the beginning of the first version where none is kept yet. The record also keeps the versions
    that the candidacy has forgotten, because it carries only its newest details.
    """
    versions = versions_of(contact)
    owner = (CONTACTS.c.workflow_id == candidacy.workflow_id) & (CONTACTS.c.enrolment == candidacy.enrolment)
    begin: str | None = connection.execute(select(func.min(CONTACTS.c.since)).where(owner)).scalar()
    second = versions[0].until
    if len(contact.former) >= MAX_FORMER and begin and second and begin < second:
        # The candidacy may have forgotten when its oldest version began. The record has it already, or one before it.
        versions = versions[1:]
        open_until_now = owner & (CONTACTS.c.since < second) & CONTACTS.c.until.is_(None)
        connection.execute(update(CONTACTS).where(open_until_now).values(until=second))
        connection.execute(delete(CONTACTS).where(owner & (CONTACTS.c.since >= second)))
    else:
        versions[0] = replace(versions[0], since=begin or _beginning(versions[0], datetime.fromisoformat(at)))
        if begin:
            connection.execute(delete(CONTACTS).where(owner))
    rows = [
        {
            "workflow_id": candidacy.workflow_id,
            "enrolment": candidacy.enrolment,
            "since": version.since,
            "until": version.until,
            "candidate_id": read_workflow_id(candidacy.workflow_id).candidate_id,
            "name": version.name,
            "email": version.email,
            "publish": version.publish,
        }
        for version in versions
    ]
    # Messages of one workflow task are taken at one instant: of several changes at it, only the last one counted.
    connection.execute(insert(CONTACTS), list({row["since"]: row for row in rows}.values()))


def known(connection: Connection, candidacy: Candidacy) -> bool:
    """Whether contact details of this candidacy are kept."""
    owner = (CONTACTS.c.workflow_id == candidacy.workflow_id) & (CONTACTS.c.enrolment == candidacy.enrolment)
    return connection.execute(select(CONTACTS.c.since).where(owner).limit(1)).first() is not None


def _beginning(first: Version, at: datetime) -> str:
    """The instant from which the first version is kept: `at`, unless it was replaced before that.

    So it is with a candidacy that is older than the record. Nobody can say since when those details counted.
    """
    begin = instant_text(at)
    if first.until is None or begin < first.until:
        return begin
    return instant_text(datetime.fromisoformat(first.until) - timedelta.resolution)


def versions_of(contact: ContactRecord) -> list[Version]:
    """Every version that the candidacy still has, the oldest first."""
    versions: list[Version] = []
    name, email, publish, until = contact.name, contact.email, contact.publish, None
    for former in reversed(contact.former):
        since = instant_text(former.until)
        versions.append(Version(name, email, publish, since, until))
        name = former.name if former.name is not None else name
        email = former.email if former.email is not None else email
        publish = former.publish if former.publish is not None else publish
        until = since
    versions.append(Version(name, email, publish, None, until))
    return versions[::-1]
