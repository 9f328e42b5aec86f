"""The events as other systems follow them: one JSON document for each, in the order of positions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from itertools import islice
from typing import Any

from sqlalchemy import Engine

from domain.formats import Unreadable
from record import store
from record.errors import RecordError
from record.events import Kept
from views.timeline import timeline_view


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


def documents(
    engine: Engine, since: int, form: Form = Form.OPENED, limit: int | None = None
) -> Iterator[dict[str, Any]]:
    """Every event after this position, at most `limit` of them. None is left out: one that cannot be read is an error.

    Raises:
        NotRead: an event cannot be read by this build.
        Unavailable: the database cannot be read at this moment.
    """
    for kept in islice(store.since(engine, since), limit):
        yield {
            "position": kept.position,
            "workflow_id": kept.candidacy.workflow_id,
            "enrolment": kept.candidacy.enrolment,
            "hash": kept.hash,
            **(_as_recorded(kept) if form is Form.AS_RECORDED else {"event": _opened(kept, form)}),
        }


def _as_recorded(kept: Kept) -> dict[str, Any]:
    event = kept.event
    return {"sequence": event.sequence, "type": event.type, "format": event.format, "at": event.at, "body": event.body}


def _opened(kept: Kept, form: Form) -> dict[str, Any]:
    recorded = kept.event
    if form is Form.WITHOUT_TEXTS:
        recorded = replace(recorded, beside=recorded.beside.without_texts(recorded.facts_sealed()))
    try:
        (entry,) = timeline_view([recorded.event()], 0)
    except (Unreadable, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise NotRead(f"{kept.candidacy}, event {recorded.sequence} at position {kept.position}: {reason}") from error
    return entry
