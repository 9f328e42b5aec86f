"""Recomputes the chain of every candidacy and everything that is proved by it, and names each fault.

It shows what somebody did who changed single rows. Somebody who also computed every later hash of a candidacy anew, or
took the newest events of all away, is shown only by a head that was filed outside (`heads.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Engine, exists, func, literal, select

from domain.events import Erased
from record import chain, sealing
from record.database import reading
from record.events import Candidacy, Kept
from record.rows import by_candidacy
from record.tables import EVENTS, TEXTS

_PAGE = 10_000


class Fault(StrEnum):
    """What is wrong with an event of the record."""

    CHANGED = "changed"
    """Its content, or its hash, is not what was recorded."""
    MISSING = "missing"
    """It was recorded and is not there."""
    MISPLACED = "misplaced"
    """Its position does not come after that of the event before it: it was not recorded when it says."""
    TEXT_CHANGED = "text-changed"
    """A text beside it is not the one that was recorded."""
    TEXT_MISSING = "text-missing"
    """A text beside it is gone, and nobody has erased the candidacy."""
    TEXT_INSERTED = "text-inserted"
    """A text stands beside it that is none of its own."""
    PROGRAMME_MISSING = "programme-missing"
    """The programme that it pins is not there, or is not the one that was recorded."""
    NEVER_RECORDED = "never-recorded"
    """The candidacy had forgotten it before the record had it. Nobody has done anything wrong."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault of one event. `sequence` is its number in the candidacy."""

    fault: Fault
    candidacy: Candidacy
    sequence: int

    def __str__(self) -> str:
        return f"{self.candidacy}, event {self.sequence}: {self.fault.replace('-', ' ')}"


@dataclass(slots=True)
class Checked:
    """How much was checked: events, candidacies, and texts that are erased."""

    events: int = 0
    candidacies: int = 0
    erased: int = 0


def findings(
    engine: Engine, checked: Checked | None = None, progress: Callable[[int], None] = lambda _done: None
) -> Iterator[Finding]:
    """Recomputes every chain, every seal and every programme's hash, and yields each fault.

    Memory does not grow with the record. `checked` is counted up meanwhile, and `progress` gets the number of events
    that are done. A candidacy that lost its newest events still has a whole chain: `positions_missing` shows it.

    Raises:
        Unavailable: the database cannot be read at this moment.
    """
    checked = checked or Checked()
    programmes: dict[str, bool] = {}
    for candidacy, events in groupby(by_candidacy(engine, with_texts=True), key=attrgetter("candidacy")):
        checked.candidacies += 1
        before: Kept | None = None
        gone: dict[int, int] = {}
        for kept in events:
            checked.events += 1
            if kept.event.sequence < 1:
                yield Finding(Fault.CHANGED, candidacy, kept.event.sequence)  # the first event of a candidacy is 1
                continue
            for fault, sequence in (*_of_chain(before, kept), *_of_texts(kept, programmes)):
                yield Finding(fault, candidacy, sequence)
            if number := len(sealing.seals_in(kept.event.body) - kept.event.beside.texts.keys()):
                gone[kept.event.sequence] = number
            before = kept
            progress(checked.events)
        erased_by = before.event.sequence if before and before.event.type == Erased.__name__ else 0
        for sequence, number in gone.items():
            # Who has erased, and why, are texts of the erasure itself. They stay.
            if sequence < erased_by:
                checked.erased += number
            else:
                yield Finding(Fault.TEXT_MISSING, candidacy, sequence)
    yield from _texts_inserted(engine)


def positions_missing(engine: Engine) -> Iterator[range]:
    """The positions below the newest one at which there is no event. Every position once had one.

    Raises:
        Unavailable: the database cannot be read at this moment.
    """
    before = 0
    while True:
        page = select(EVENTS.c.position).where(EVENTS.c.position > before).order_by(EVENTS.c.position).limit(_PAGE)
        with reading(engine) as connection:
            found = list(connection.execute(page).scalars())
        for position in found:
            if position > before + 1:
                yield range(before + 1, position)
            before = position
        if len(found) < _PAGE:
            return


# --- what may be wrong with an event


def _of_chain(before: Kept | None, kept: Kept) -> Iterator[tuple[Fault, int]]:
    sequence = kept.event.sequence
    follows = kept.hash == chain.link(before.hash if before else chain.START, kept.candidacy, kept.event)
    expected = before.event.sequence + 1 if before else 1
    if sequence != expected:
        # An event that was recorded after a gap is linked to the one before the gap, or to the start. One from which
        # events were taken away is linked to an event that is not there, so it cannot be checked itself.
        fault = Fault.NEVER_RECORDED if follows else Fault.MISSING
        yield from ((fault, number) for number in range(expected, sequence))
    elif not follows:
        yield Fault.CHANGED, sequence
    if before is not None and kept.position <= before.position:
        yield Fault.MISPLACED, sequence


def _of_texts(kept: Kept, programmes: dict[str, bool]) -> Iterator[tuple[Fault, int]]:
    """`programmes` remembers of each one that stands beside an event whether its hash is that of its content."""
    event = kept.event
    own = sealing.seals_in(event.body)
    if any(text.seal != seal for seal, text in event.beside.texts.items() if seal in own):
        yield Fault.TEXT_CHANGED, event.sequence
    digest = _pinned(event.body)
    if digest is None:
        return
    if digest not in programmes:
        # It was read with the event: a programme may be recorded while the record is being checked.
        body = event.beside.programmes.get(digest)
        programmes[digest] = body is not None and sealing.digest(body) == digest
    if not programmes[digest]:
        yield Fault.PROGRAMME_MISSING, event.sequence


def _pinned(body: str) -> str | None:
    if '"pinned"' not in body:
        return None
    try:
        document = json.loads(body)
    except ValueError:
        return None  # its hash has told already
    return sealing.pinned(document) if isinstance(document, dict) else None


def _texts_inserted(engine: Engine) -> Iterator[Finding]:
    """The texts whose seal stands in no event; those of the first ten thousand events are named."""
    its_event = exists().where(
        EVENTS.c.workflow_id == TEXTS.c.workflow_id,
        EVENTS.c.enrolment == TEXTS.c.enrolment,
        EVENTS.c.sequence == TEXTS.c.sequence,
        # Both databases have this function, and it takes no sign in a seal for a wildcard.
        func.replace(EVENTS.c.body, literal('"sealed":"') + TEXTS.c.seal + '"', "") != EVENTS.c.body,
    )
    columns = (TEXTS.c.workflow_id, TEXTS.c.enrolment, TEXTS.c.sequence)
    with reading(engine) as connection:
        for row in connection.execute(select(*columns).where(~its_event).distinct().limit(_PAGE)):
            yield Finding(Fault.TEXT_INSERTED, Candidacy(row.workflow_id, row.enrolment), row.sequence)
