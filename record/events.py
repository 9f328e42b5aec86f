"""An event as the record keeps it: facts in columns, and the rest as one JSON text that is never written anew."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from domain.events import EVENTS, BaseEvent, Event, LaterEvent, type_of
from domain.formats import CHAIN, FORMAT

_IN_COLUMNS = frozenset({"type", "sequence", "at"})


@dataclass(frozen=True, slots=True, order=True)
class Candidacy:
    """Whose events these are: a workflow id, and the enrolment, because the same id may be enrolled again."""

    workflow_id: str
    enrolment: str

    def __str__(self) -> str:
        return f"{self.workflow_id} (enrolment {self.enrolment})"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One event of the record.

    Attributes:
        sequence: the number of the event in its candidacy, from 1.
        type: the event's type, as the contract names it.
        format: the number of the format in which `body` is written (`domain/formats.py`).
        at: when the engine decided, in UTC, as the event's JSON has it.
        body: the other fields as JSON text, with sorted keys. A field whose value is the default is left out.
    """

    sequence: int
    type: str
    format: int
    at: str
    body: str

    @classmethod
    def of(cls, event: BaseEvent) -> Recorded:
        """The event as this build records it."""
        document = event.model_dump(mode="json", exclude_defaults=True)
        rest = {name: value for name, value in document.items() if name not in _IN_COLUMNS}
        return cls(event.sequence, type_of(event), FORMAT, _written(event.at), json_text(rest))

    def event(self) -> Event | LaterEvent:
        """The event, brought up to today's format step by step.

        Raises:
            NewerFormat: a newer build recorded it, in a format that this build does not know.
            ValueError: it cannot be read, so it is not what any build has recorded.
        """
        fields = json.loads(self.body)
        document = {**fields, "type": self.type, "sequence": self.sequence, "at": self.at}
        return EVENTS.validate_python(CHAIN.event(document, self.format))

    def says_the_same_as(self, other: Recorded) -> bool:
        """Whether both are one event, written by two builds perhaps.

        A build leaves out the fields that it does not know or whose value is the default, so a field that only one of
        the two has says nothing.
        """
        if (self.sequence, self.type, self.at) != (other.sequence, other.type, other.at):
            return False
        if self.format != other.format:
            return True  # a step between two formats may rename every field
        return self.body == other.body or _agree(json.loads(self.body), json.loads(other.body))


def json_text(document: Mapping[str, Any]) -> str:
    """A document as JSON text, written in one way only."""
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _agree(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return all(_agree(one[name], other[name]) for name in one.keys() & other.keys())
    return bool(one == other)
