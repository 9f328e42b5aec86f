"""An event as the record keeps it: facts in columns, and the rest as one JSON text that is never written anew."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from domain.events import EVENT_TYPES, EVENTS, BaseEvent, Event, LaterEvent, type_of
from domain.formats import CHAIN, FORMAT
from domain.scheme import Programme
from record import sealing
from record.candidacy import Candidacy as Candidacy
from record.sealing import NOTHING, Beside, json_text

_IN_COLUMNS = frozenset({"type", "sequence", "at"})


@dataclass(frozen=True, slots=True)
class Recorded:
    """One event of the record.

    Attributes:
        sequence: the number of the event in its candidacy, from 1.
        type: the event's type, as the contract names it.
        format: the number of the format in which `body` is written (`domain/formats.py`).
        at: when the engine decided, in UTC, as the event's JSON has it.
        body: the other fields as JSON text, with sorted keys. A field whose value is the default is left out.
        beside: what the body only refers to. Where it was not read, the event cannot be opened.
    """

    sequence: int
    type: str
    format: int
    at: str
    body: str
    beside: Beside = field(default=NOTHING, compare=False, repr=False)

    @classmethod
    def of(cls, event: BaseEvent) -> Recorded:
        """The event as this build records it."""
        document, beside = sealing.sealed(type(event), event.model_dump(mode="json", exclude_defaults=True))
        rest = {name: value for name, value in document.items() if name not in _IN_COLUMNS}
        return cls(event.sequence, type_of(event), FORMAT, _written(event.at), json_text(rest), beside)

    def event(self) -> Event | LaterEvent:
        """The event, opened, and brought up to today's format step by step.

        Raises:
            NewerFormat: a newer build recorded it, in a format that this build does not know.
            ValueError: it cannot be read, so it is not what any build has recorded.
        """
        document: dict[str, Any] = json.loads(self.body)
        if sealing.refers(self.body):
            # The steps from one format to the next get the programme as JSON. Today's needs none.
            read = _programme if self.format == FORMAT and self.type in EVENT_TYPES else json.loads
            document = sealing.opened(document, self.beside, read)
        document |= {"type": self.type, "sequence": self.sequence, "at": self.at}
        return EVENTS.validate_python(CHAIN.event(document, self.format))

    def facts_sealed(self) -> frozenset[str]:
        """The seals of values that this build knows to be no texts (`sealing.facts_sealed`)."""
        if not sealing.refers(self.body):
            return frozenset()
        return sealing.facts_sealed(EVENT_TYPES.get(self.type, LaterEvent), json.loads(self.body))

    def whole_body(self) -> dict[str, Any]:
        """The fields of the body, with everything that stands beside it in its place."""
        document: dict[str, Any] = json.loads(self.body)
        # Most events refer to nothing beside them, and going through a document takes longer than reading it.
        return sealing.opened(document, self.beside) if sealing.refers(self.body) else document

    def says_the_same_as(self, other: Recorded) -> bool:
        """Whether both are one event, written by two builds perhaps, as far as both say something."""
        if (self.sequence, self.type, self.at) != (other.sequence, other.type, other.at):
            return False
        if self.format != other.format:
            return True  # a step between two formats may rename every field
        if self.body == other.body:
            return True
        return sealing.agree(json.loads(self.body), json.loads(other.body), self.beside, other.beside)


@dataclass(frozen=True, slots=True)
class Kept:
    """An event of the record with its place: its position among all events, and its hash in its candidacy's chain."""

    position: int
    candidacy: Candidacy
    event: Recorded
    hash: str


@lru_cache(maxsize=64)
def _programme(text: str) -> Programme:
    """The programme with this JSON text. Thousands of events have the same, and reading it takes longer than they."""
    return Programme.model_validate_json(text)


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
