"""The proof of the record: each candidacy's chain recomputed, and a head over all chains that can be filed outside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Engine, select, tuple_

from record import chain, rows, store
from record.database import reading
from record.events import Candidacy, Kept
from record.merkle import tree_head
from record.tables import EVENTS

_PAGE = 1000
_LABEL = "certpath-head-1"


class Fault(StrEnum):
    """What is wrong with an event of the record."""

    CHANGED = "changed"
    """Its content, or its hash, is not what was recorded."""
    MISSING = "missing"
    """It was recorded and is not there."""
    MISPLACED = "misplaced"
    """Its position does not come after that of the event before it: it was not recorded when it says."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault of one event. `sequence` is its number in the candidacy."""

    fault: Fault
    candidacy: Candidacy
    sequence: int

    def __str__(self) -> str:
        return f"{self.candidacy}, event {self.sequence}: {self.fault}"


@dataclass(frozen=True, slots=True)
class Head:
    """One hash over all chains as they were when the event at `position` was the newest.

    `candidacies` is the number of chains, `root` the Merkle tree head (RFC 6962) over them in hexadecimal digits.
    """

    position: int
    candidacies: int
    root: str


def findings(engine: Engine) -> Iterator[Finding]:
    """Recomputes the chain of every candidacy, and yields each fault. Memory does not grow with the record.

    A candidacy that lost its newest events still has a whole chain: only `positions_missing` and a head show it.

    Raises:
        Unavailable: the database cannot be read at this moment.
    """
    for _, events in groupby(_by_candidacy(engine), key=attrgetter("candidacy")):
        yield from _of_chain(events)


def positions_missing(engine: Engine) -> Iterator[range]:
    """The positions below the newest one at which there is no event. Every position once had one.

    Raises:
        Unavailable: the database cannot be read at this moment.
    """
    before = 0
    for kept in store.since(engine, 0):
        if kept.position > before + 1:
            yield range(before + 1, kept.position)
        before = kept.position


def head(engine: Engine, position: int | None = None) -> Head:
    """The head over all chains, as they are, or as they were when the event at this position was the newest.

    Raises:
        Unavailable: the database cannot be read at this moment.
    """
    until = store.newest_position(engine) if position is None else position
    number = 0

    def entries() -> Iterator[bytes]:
        nonlocal number
        for candidacy, events in groupby(_by_candidacy(engine), key=attrgetter("candidacy")):
            first: Kept | None = None
            last: Kept | None = None
            for kept in events:
                if kept.position <= until:
                    first, last = first or kept, kept
            if first and last:
                number += 1
                yield _entry(candidacy, first, last)

    root = tree_head(entries()).hex()
    return Head(until, number, root)


def _entry(candidacy: Candidacy, first: Kept, last: Kept) -> bytes:
    parts = [
        _LABEL,
        candidacy.workflow_id,
        candidacy.enrolment,
        first.event.sequence,
        last.event.sequence,
        last.hash,
    ]
    return json.dumps(parts, ensure_ascii=True, separators=(",", ":")).encode()


def _of_chain(events: Iterator[Kept]) -> Iterator[Finding]:
    before: Kept | None = None
    for kept in events:
        whole = before is None or kept.event.sequence == before.event.sequence + 1
        if before is not None and not whole:
            missing = range(before.event.sequence + 1, kept.event.sequence)
            yield from (Finding(Fault.MISSING, kept.candidacy, number) for number in missing)
        # The hash before a gap is not the one that the next event was linked to, so that event cannot be checked.
        if whole and kept.hash != chain.link(before.hash if before else chain.START, kept.candidacy, kept.event):
            yield Finding(Fault.CHANGED, kept.candidacy, kept.event.sequence)
        if before is not None and kept.position <= before.position:
            yield Finding(Fault.MISPLACED, kept.candidacy, kept.event.sequence)
        before = kept


def _by_candidacy(engine: Engine) -> Iterator[Kept]:
    """Every event, the candidacies in the order of their ids, fetched by the page."""
    key = tuple_(EVENTS.c.workflow_id, EVENTS.c.enrolment, EVENTS.c.sequence)
    order = (EVENTS.c.workflow_id, EVENTS.c.enrolment, EVENTS.c.sequence)
    last: tuple[str, str, int] | None = None
    while True:
        page = select(EVENTS).order_by(*order).limit(_PAGE)
        with reading(engine) as connection:
            found = connection.execute(page if last is None else page.where(key > last)).all()
        yield from map(rows.kept, found)
        if len(found) < _PAGE:
            return
        last = (found[-1].workflow_id, found[-1].enrolment, found[-1].sequence)
