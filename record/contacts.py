"""Keeps how candidates could be reached: each version of the details, with the instants between which it counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, func, insert, select, update

from domain.identity import read_workflow_id
from domain.personal import MAX_FORMER, ContactRecord
from record.events import Candidacy
from record.pipeline import Answer, Pipeline, Statement
from record.rows import key_of, of_key
from record.tables import CONTACTS, instant_text


@dataclass(frozen=True, slots=True)
class Version:
    """Contact details, by their names. `since` is None for those of the registration, `until` for those of today."""

    details: Mapping[str, str | bool]
    since: str | None
    until: str | None


def begin_of(pipeline: Pipeline, candidacy: Candidacy) -> Answer:
    """Asks for the beginning of the first version that is kept of this candidacy; None where none is kept."""
    return pipeline.ask(_BEGIN, key_of(candidacy))


def keep(pipeline: Pipeline, candidacy: Candidacy, contact: ContactRecord, at: str, begin: str | None) -> None:
    """Keeps the contact details of a candidacy, and those before. Safe to repeat.

    `at` (RFC 3339) is the beginning of the first version where none is kept yet, and `begin` what `begin_of` has found.
    The record also keeps the versions that the candidacy has forgotten, because it carries only its newest details.
    """
    versions = versions_of(contact)
    second = versions[0].until
    if len(contact.former) >= MAX_FORMER and begin and second and begin < second:
        # The candidacy may have forgotten when its oldest version began. The record has it already, or one before it.
        versions = versions[1:]
        pipeline.write(_END, [{**key_of(candidacy), "its_until": second}])
        pipeline.write(_DELETE_FROM, [{**key_of(candidacy), "its_until": second}])
    else:
        versions[0] = replace(versions[0], since=begin or _beginning(versions[0], datetime.fromisoformat(at)))
        if begin:
            pipeline.write(_DELETE, [key_of(candidacy)])
    rows = [
        {
            "workflow_id": candidacy.workflow_id,
            "enrolment": candidacy.enrolment,
            "since": version.since,
            "until": version.until,
            "candidate_id": read_workflow_id(candidacy.workflow_id).candidate_id,
            **version.details,
        }
        for version in versions
    ]
    # Messages of one workflow task are taken at one instant: of several changes at it, only the last one counted.
    pipeline.write(_INSERT, {row["since"]: row for row in rows}.values())


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
    details, until = contact.details, None
    for former in reversed(contact.former):
        since = instant_text(former.until)
        versions.append(Version(details, since, until))
        details = {**details, **former.details}
        until = since
    versions.append(Version(details, None, until))
    return versions[::-1]


_BEGIN = Statement(select(func.min(CONTACTS.c.since)).where(of_key(CONTACTS)))
_END = Statement(
    update(CONTACTS)
    .where(of_key(CONTACTS), CONTACTS.c.since < bindparam("its_until"), CONTACTS.c.until.is_(None))
    .values(until=bindparam("its_until"))
)
_DELETE_FROM = Statement(delete(CONTACTS).where(of_key(CONTACTS), CONTACTS.c.since >= bindparam("its_until")))
_DELETE = Statement(delete(CONTACTS).where(of_key(CONTACTS)))
_INSERT = Statement(insert(CONTACTS))
