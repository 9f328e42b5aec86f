"""Follows the record by its positions, as another system would, and notes when each event appears."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from time import monotonic

from sqlalchemy import Engine, select

from record.database import reading
from record.errors import RecordError
from record.looking import open_for_reading
from record.tables import EVENTS

_EVERY_SECONDS = 0.25

Key = tuple[str, int]
"""The workflow id of a candidacy, and the number of one of its events."""


@dataclass
class Follower:
    """Keeps one position, and asks for what comes after it."""

    url: str
    appeared: dict[Key, float] = field(default_factory=dict)
    """When each event was seen first, in seconds of the monotonic clock."""
    places: dict[Key, int] = field(default_factory=dict)
    """The position of each event."""
    position: int = 0
    _engine: Engine | None = None

    async def follow(self) -> None:
        """Asks several times a second, until it is cancelled. A record that does not answer is asked again."""
        try:
            while True:
                await asyncio.to_thread(self.look)
                await asyncio.sleep(_EVERY_SECONDS)
        finally:
            if self._engine is not None:
                self._engine.dispose()

    def look(self) -> None:
        """Reads what has come since the last time."""
        following = (
            select(EVENTS.c.position, EVENTS.c.workflow_id, EVENTS.c.sequence)
            .where(EVENTS.c.position > self.position)
            .order_by(EVENTS.c.position)
        )
        try:
            self._engine = self._engine or open_for_reading(self.url)
            with reading(self._engine) as connection:
                found = connection.execute(following).all()
        except RecordError:
            return
        now = monotonic()
        for position, workflow_id, sequence in found:
            self.appeared[workflow_id, sequence] = now
            self.places[workflow_id, sequence] = position
            self.position = position
