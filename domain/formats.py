"""Every format that outlives a build: its number, and how a document of an older number becomes one of today.

One number counts for everything that a candidacy stores: the journal, and in it the state, events, effects and ledger,
and the pinned programmes. Digests have versions of their own (`domain/digests.py`). Within one number a change only
adds: an optional field, an event, an effect, a word. A build that does not know the addition keeps it untouched and
hands it on (`domain/stored.py`). A change that an older build must not ignore gets the next number and a `Step`.
docs/changing.md says how to decide.

This module stands in `domain/` and not in `workflows/`, because the record of events reads stored events without any
workflow. It changes documents, which are dictionaries as JSON has them, and knows no model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

FIRST = 1
"""The number of the first format. A document without a number has this one."""

FORMAT = 1
"""The number in which this build writes, and the highest that it reads. Each `Step` in `STEPS` raises it by one."""

Document = dict[str, Any]
Change = Callable[[Document], Document]

_PROGRAMME = "programme"
"""The field in which the state and some events have a pinned programme; a test checks that no other field has one."""


class Unreadable(Exception):
    """A document was written by a newer build, and this build cannot read it. It is left as it is.

    The sentence has no personal data, because it gets into the server's history.
    """


class NewerFormat(Unreadable):
    """The document has a format that this build does not know."""

    def __init__(self, what: str, number: object, newest: int) -> None:
        super().__init__(
            f"this {what} has format {number}, and this build reads no format after {newest}: a newer build wrote it. "
            f"Nothing is lost, and nothing is changed. Make a build current that reads format {number} "
            "(starter.py upgrade); see docs/upgrading.md"
        )
        self.number = number


class UnknownZone(Unreadable):
    """The certification body's time zone is none of the zones that this build knows."""

    def __init__(self, zone: str, written_with: str, known: str) -> None:
        super().__init__(
            f"this journal needs the time zone {zone}, which the zone rules {known} of this build do not have; it was "
            f"written with {written_with or 'rules that it does not name'}. Nothing is lost, and nothing is changed. "
            "Make a build current whose tzdata package has the zone (starter.py upgrade); see docs/upgrading.md"
        )


class UnknownRegistration(Unreadable):
    """A registration that another build has taken has something that this build does not know."""

    def __init__(self, problems: str) -> None:
        super().__init__(
            f"another build has taken this registration, and this build cannot read it: {problems}. Nothing is lost, "
            "and nothing is changed. Make a build current that reads it (starter.py upgrade); see docs/upgrading.md"
        )


def unchanged(document: Document) -> Document:
    """The change of a step that leaves one kind of document as it is."""
    return document


@dataclass(frozen=True, slots=True)
class Step:
    """How documents of the number before `to` become documents of the number `to`.

    Each function gets a document of its kind and returns the new one. It may change the document that it gets. The
    parts of a journal are changed first, the programmes before what has them; `journal` then gets the whole.

    Attributes:
        to: the number that the documents have afterwards.
        why: why an older build must not read what the newer one writes, in a sentence.
        entry: changes an entry of the ledger.
    """

    to: int
    why: str
    journal: Change = unchanged
    state: Change = unchanged
    event: Change = unchanged
    effect: Change = unchanged
    programme: Change = unchanged
    entry: Change = unchanged

    def of_programme(self, document: Document) -> Document:
        """A pinned programme after this step."""
        return self.programme(document)

    def of_event(self, document: Document) -> Document:
        """An event after this step, and the programme in it, if it has one."""
        return self.event(self._with_programme(document))

    def of_journal(self, document: Document) -> Document:
        """A whole journal after this step."""
        parts = {
            **document,
            "state": self.state(self._with_programme(document["state"])),
            "events": [self.of_event(event) for event in document.get("events", ())],
            "outbox": [self.effect(effect) for effect in document.get("outbox", ())],
            "ledger": {key: self.entry(entry) for key, entry in document.get("ledger", {}).items()},
        }
        return {**self.journal(parts), "format": self.to}

    def _with_programme(self, document: Document) -> Document:
        programme = document.get(_PROGRAMME)
        return {**document, _PROGRAMME: self.programme(programme)} if isinstance(programme, dict) else document


@dataclass(frozen=True, slots=True)
class Chain:
    """The steps from the first format to the newest, one for each number."""

    steps: tuple[Step, ...] = ()

    @property
    def newest(self) -> int:
        """The highest number that the chain reaches."""
        return FIRST + len(self.steps)

    def journal(self, document: Mapping[str, Any]) -> Document:
        """The journal in the newest format. Its own field `format` says which one it has.

        Raises:
            NewerFormat: the chain does not know the number.
        """
        return self._up("journal", dict(document), document.get("format", FIRST), Step.of_journal)

    def event(self, document: Mapping[str, Any], number: int) -> Document:
        """A single event, stored with this number, in the newest format.

        Raises:
            NewerFormat: the chain does not know the number.
        """
        return self._up("event", dict(document), number, Step.of_event)

    def programme(self, document: Mapping[str, Any], number: int) -> Document:
        """A pinned programme, stored with this number, in the newest format.

        Raises:
            NewerFormat: the chain does not know the number.
        """
        return self._up("programme", dict(document), number, Step.of_programme)

    def _up(self, what: str, document: Document, number: int, take: Callable[[Step, Document], Document]) -> Document:
        if type(number) is not int or not FIRST <= number <= self.newest:
            raise NewerFormat(what, number, self.newest)
        for step in self.steps[number - FIRST :]:
            document = take(step, document)
        return document


STEPS: tuple[Step, ...] = ()
"""Every step since the first format, in order. They are kept for ever: a journal may sleep for years."""

CHAIN = Chain(STEPS)
"""What this build reads."""
