"""Goes through all candidacies in the order of their ids, a batch of them at a time, and folds all their events anew.

So memory grows with the events of a batch, and not with the record. A candidacy with more events than that is a batch
of its own: its events are read by the page, and only the rows that follow from them are held.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Connection, Table, and_, func, select, tuple_

from record.events import Candidacy, Kept
from record.folding import Fold
from record.rows import kept, with_beside
from record.tables import EVENTS

_BATCH = 1000
"""A batch has about so many events: enough for a statement to pay, and few enough to hold up no writer for long."""


@dataclass(frozen=True, slots=True)
class Unfolded:
    """A candidacy whose events cannot be folded, and the event at which the fold ended. `why` names no value."""

    candidacy: Candidacy
    sequence: int
    why: str

    def __str__(self) -> str:
        return f"{self.candidacy}, event {self.sequence}: it cannot be folded ({self.why})"


@dataclass(slots=True)
class Batch:
    """The folds of all candidacies after `after` and up to `until`, in the order of their ids.

    `after` is None for the first batch, `until` for the last one: it reaches to the end, and has no candidacy.
    """

    after: Candidacy | None
    until: Candidacy | None
    events: int = 0
    folds: list[Fold] = field(default_factory=list)
    unfolded: list[Unfolded] = field(default_factory=list)

    def within(self, table: Table) -> ColumnElement[bool]:
        """The rows of a table that belong to the candidacies of this batch, or would lie between them."""
        key = tuple_(table.c.workflow_id, table.c.enrolment)
        parts = []
        if self.after:
            parts.append(key > (self.after.workflow_id, self.after.enrolment))
        if self.until:
            parts.append(key <= (self.until.workflow_id, self.until.enrolment))
        return and_(*parts) if parts else table.c.workflow_id.is_not(None)


def batch_after(connection: Connection, after: Candidacy | None) -> Batch:
    """The next batch after this candidacy, with its events folded. None begins with the first candidacy."""
    candidacies = _candidacies_after(connection, after)
    batch = Batch(after, max(candidacies, default=None))
    if batch.until is None:
        return batch
    fold: Fold | None = None
    for one in _events(connection, batch):
        batch.events += 1
        if fold is None or fold.candidacy != one.candidacy:
            fold = Fold(one.candidacy)
            batch.folds.append(fold)
        if batch.unfolded and batch.unfolded[-1].candidacy == one.candidacy:
            continue
        try:
            fold.take([one])
        except Exception as error:  # noqa: BLE001  # whoever changes events in the database can raise anything
            batch.unfolded.append(Unfolded(one.candidacy, one.event.sequence, type(error).__name__))
    unfolded = {one.candidacy for one in batch.unfolded}
    batch.folds = [one for one in batch.folds if one.candidacy not in unfolded]
    return batch


def _candidacies_after(connection: Connection, after: Candidacy | None) -> list[Candidacy]:
    """The next candidacies, at least one and as many as have about as many events as a batch; none at the end."""
    key = (EVENTS.c.workflow_id, EVENTS.c.enrolment)
    counted = select(*key, func.count().label("events")).group_by(*key).order_by(*key).limit(_BATCH)
    if after:
        counted = counted.where(tuple_(*key) > (after.workflow_id, after.enrolment))
    found: list[Candidacy] = []
    events = 0
    for row in connection.execute(counted):
        if found and events + row.events > _BATCH:
            break
        found.append(Candidacy(row.workflow_id, row.enrolment))
        events += row.events
    return found


def _events(connection: Connection, batch: Batch) -> Iterator[Kept]:
    """The events of a batch, candidacy by candidacy, each with what stands beside it."""
    key = (EVENTS.c.workflow_id, EVENTS.c.enrolment, EVENTS.c.sequence)
    page = select(EVENTS).where(batch.within(EVENTS)).order_by(*key).limit(_BATCH)
    last: Kept | None = None
    while True:
        following = page if last is None else page.where(tuple_(*key) > _key(last))
        found = with_beside(connection, [kept(row) for row in connection.execute(following)])
        yield from found
        if len(found) < _BATCH:
            return
        last = found[-1]


def _key(kept: Kept) -> tuple[str, str, int]:
    return kept.candidacy.workflow_id, kept.candidacy.enrolment, kept.event.sequence
