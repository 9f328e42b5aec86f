"""Keeps how candidates could be reached: each version of the details, with the instants between which it counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

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

    `at` (RFC 3339) is the beginning of the first version where none is kept yet.
    """
    versions = versions_of(contact)
    owner = (CONTACTS.c.workflow_id == candidacy.workflow_id) & (CONTACTS.c.enrolment == candidacy.enrolment)
    begin = connection.execute(select(func.min(CONTACTS.c.since)).where(owner)).scalar()
    begin = begin or instant_text(datetime.fromisoformat(at))
    # A candidacy carries only its newest details. The record also keeps those that the candidacy has forgotten.
    forgotten = len(contact.former) >= MAX_FORMER
    if forgotten:
        versions = versions[1:]
    first = versions[0].since
    connection.execute(delete(CONTACTS).where(owner if first is None else owner & (CONTACTS.c.since >= first)))
    rows = [
        {
            "workflow_id": candidacy.workflow_id,
            "enrolment": candidacy.enrolment,
            "since": version.since or begin,
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
