"""The events as other systems follow them: one JSON document for each, in the order of positions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Engine

from domain.formats import Unreadable
from record import store
from record.errors import RecordError
from record.events import Kept
from views.entries import TimelineEntry
from views.timeline import entry_of


class NotRead(RecordError):
    """An event cannot be read by this build: a newer one recorded it, or somebody has changed it."""


class Form(StrEnum):
    """How an event is written."""

    OPENED = "opened"
    """As the contract has it, with its texts."""
    WITHOUT_TEXTS = "without-texts"
    """As the contract has it, with `sealing.LEFT_OUT` in place of each text that people wrote."""
    AS_RECORDED = "as-recorded"
    """As it stands in the record, with the seals of its texts, so that its hash can be computed again."""


class AsRecorded(NamedTuple):
    """An event as it stands in the record, see `record.events.Recorded`."""

    sequence: int
    type: str
    format: int
    at: str
    body: str


class Exported(NamedTuple):
    """One event for others: its place among all events, whose it is, and the event itself."""

    position: int
    workflow_id: str
    enrolment: str
    hash: str
    event: TimelineEntry | AsRecorded

    def document(self) -> dict[str, Any]:
        """The same as the JSON document that others read."""
        of = {
            "position": self.position,
            "workflow_id": self.workflow_id,
            "enrolment": self.enrolment,
            "hash": self.hash,
        }
        event = self.event
        return {**of, **event._asdict()} if isinstance(event, AsRecorded) else {**of, "event": event.document()}


def exported(engine: Engine, since: int, form: Form = Form.OPENED, limit: int | None = None) -> Iterator[Exported]:
    """Every event after this position, at most `limit` of them. None is left out: one that cannot be read is an error.

    Raises:
        NotRead: an event cannot be read by this build.
        Unavailable: the database cannot be read at this moment.
    """
    for kept in islice(store.since(engine, since), limit):
        candidacy = kept.candidacy
        event = _as_recorded(kept) if form is Form.AS_RECORDED else _opened(kept, form)
        yield Exported(kept.position, candidacy.workflow_id, candidacy.enrolment, kept.hash, event)


def _as_recorded(kept: Kept) -> AsRecorded:
    event = kept.event
    return AsRecorded(event.sequence, event.type, event.format, event.at, event.body)


def _opened(kept: Kept, form: Form) -> TimelineEntry:
    recorded = kept.event
    if form is Form.WITHOUT_TEXTS:
        recorded = replace(recorded, beside=recorded.beside.without_texts(recorded.facts_sealed()))
    try:
        return entry_of(recorded.event())
    except (Unreadable, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise NotRead(f"{kept.candidacy}, event {recorded.sequence} at position {kept.position}: {reason}") from error
