"""The proof of the record: a head over the chains of all candidacies, which is filed outside (`heads.py`).

`checking.py` recomputes the chains themselves. What a head is computed from is kept for ever, as the chains are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Engine

from record import chain, store
from record.events import Candidacy, Kept
from record.merkle import tree_head
from record.rows import by_candidacy

_LABEL = "certpath-head-1"


@dataclass(frozen=True, slots=True)
class Head:
    """One hash over all chains as they were when the event at `position` was the newest.

    `candidacies` is the number of chains, `root` the Merkle tree head (RFC 6962) over them in hexadecimal digits.
    """

    position: int
    candidacies: int
    root: str


def head(engine: Engine, position: int | None = None) -> Head:
    """The head over all chains, as they are, or as they were when the event at this position was the newest.

    Every hash is computed from the event itself, and not read from the column beside it. Otherwise a head would hold
    although an event was changed, where its hash was left as it was.

    Raises:
        Unavailable: the database cannot be read at this moment.
    """
    until = store.newest_position(engine) if position is None else position
    number = 0

    def entries() -> Iterator[bytes]:
        nonlocal number
        for candidacy, events in groupby(by_candidacy(engine), key=attrgetter("candidacy")):
            first: Kept | None = None
            last: Kept | None = None
            computed = chain.START
            for kept in events:
                if kept.position <= until:
                    first, last = first or kept, kept
                    computed = chain.link(computed, candidacy, kept.event)
            if first and last:
                number += 1
                yield _entry(candidacy, first, last, computed)

    root = tree_head(entries()).hex()
    return Head(until, number, root)


def _entry(candidacy: Candidacy, first: Kept, last: Kept, hash_of_last: str) -> bytes:
    parts = [
        _LABEL,
        candidacy.workflow_id,
        candidacy.enrolment,
        first.event.sequence,
        last.event.sequence,
        hash_of_last,
    ]
    return json.dumps(parts, ensure_ascii=True, separators=(",", ":")).encode()
