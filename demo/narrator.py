"""Who shows the demonstration."""

from collections.abc import Sequence
from typing import Protocol

from views.entries import TimelineEntry
from views.status import StatusView


class Narrator(Protocol):
    """The few things that the demonstration shows."""

    def say(self, sentence: str) -> None:
        """A line on the way: what is being done."""

    def line(self, text: str = "") -> None:
        """A line of the story."""

    def candidates(self, statuses: Sequence[StatusView]) -> None:
        """Where each candidate stands, as a table."""

    def timeline(self, events: Sequence[TimelineEntry]) -> None:
        """What has happened to one candidacy, oldest first."""
