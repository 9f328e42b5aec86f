"""Goes through all candidacies in the order of their ids, a batch of them at a time, and folds all their events anew.

So memory grows with the events of a batch, and not with the record. The last candidacy of a batch may have many more
events than that: they are read by the page, and only the rows that follow from them are held.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain

from sqlalchemy import ColumnElement, Connection, Table, and_, func, select, tuple_

from domain.identity import read_workflow_id
from record.events import Candidacy, Kept
from record.folding import Fold
from record.rows import kept, pages_of, with_beside
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

    `after` is None for the first batch, and `until` for the last one, which reaches to the end. The event at the
    position `newest` was the newest of the record when the batch was read.
    """

    after: Candidacy | None
    until: Candidacy | None
    newest: int
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

    def reaches(self, candidacy: Candidacy) -> bool:
        """Whether a candidacy belongs to this batch, or lies between those that do."""
        return (self.after is None or candidacy > self.after) and (self.until is None or candidacy <= self.until)

    def take(self, events: Iterable[Kept]) -> None:
        """Folds all events of some candidacies, which come one after another."""
        fold: Fold | None = None
        folded: list[Fold] = []
        for one in events:
            self.events += 1
            if self.unfolded and self.unfolded[-1].candidacy == one.candidacy:
                continue
            try:
                if fold is None or fold.candidacy != one.candidacy:
                    read_workflow_id(one.candidacy.workflow_id)
                    fold = Fold(one.candidacy)
                    folded.append(fold)
                fold.take([one])
            except Exception as error:  # noqa: BLE001  # whoever changes events in the database can raise anything
                self.unfolded.append(Unfolded(one.candidacy, one.event.sequence, type(error).__name__))
        unfolded = {one.candidacy for one in self.unfolded}
        self.folds += [one for one in folded if one.candidacy not in unfolded]


def batch_after(connection: Connection, after: Candidacy | None) -> Batch:
    """The next batch after this candidacy, with its events folded. None begins with the first candidacy."""
    newest = connection.execute(select(func.coalesce(func.max(EVENTS.c.position), 0))).scalar_one()
    page = _page_after(connection, after)
    if len(page) < _BATCH:
        batch = Batch(after, None, newest)
        batch.take(page)
    else:
        last = page[-1]
        rest = pages_of(connection, last.candidacy, last.event.sequence)
        batch = Batch(after, last.candidacy, newest)
        batch.take(chain(page, chain.from_iterable(rest)))
    return batch


def fold_again(connection: Connection, batch: Batch) -> None:
    """Folds those candidacies of the batch anew of which an event was recorded since the batch was read."""
    added = select(EVENTS.c.workflow_id, EVENTS.c.enrolment).where(EVENTS.c.position > batch.newest)
    found = [Candidacy(row.workflow_id, row.enrolment) for row in connection.execute(added)]
    changed = {one for one in found if batch.reaches(one)}
    if not changed:
        return
    batch.folds = [one for one in batch.folds if one.candidacy not in changed]
    batch.unfolded = [one for one in batch.unfolded if one.candidacy not in changed]
    before = batch.events
    for one in changed:
        batch.take(chain.from_iterable(pages_of(connection, one)))
    batch.events = before + sum(one in changed for one in found)


def _page_after(connection: Connection, after: Candidacy | None) -> list[Kept]:
    """The next events, candidacy by candidacy. Of the last candidacy there may be more."""
    key = (EVENTS.c.workflow_id, EVENTS.c.enrolment)
    page = select(EVENTS).order_by(*key, EVENTS.c.sequence).limit(_BATCH)
    if after:
        page = page.where(tuple_(*key) > (after.workflow_id, after.enrolment))
    return with_beside(connection, [kept(row) for row in connection.execute(page).all()])
