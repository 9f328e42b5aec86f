"""What every event has, and what several of them have."""

from __future__ import annotations

from datetime import date

from domain.stored import Stored, StoredAlarmKind
from domain.types import Instant


class BaseEvent(Stored):
    """The fields of every event. `sequence` numbers the events of a candidacy from 1."""

    sequence: int = 0
    at: Instant
    effective_on: date | None = None


class Asked(Stored):
    """An alarm that was handled and is not to ring again, although its cause remains: its kind, instant and domain."""

    kind: StoredAlarmKind
    at: Instant | None = None
    domain: str = ""
