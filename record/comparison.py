"""Compares the read models with the events: every candidacy is folded anew, and what differs is named."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import eq, itemgetter
from typing import Any

from sqlalchemy import Connection, Engine, Table, func, select

from record import search
from record.database import reading
from record.events import Candidacy
from record.pieces import Row
from record.projection import rows_of, sent_of
from record.refolding import Batch, Unfolded, batch_after
from record.search import Unlike
from record.shape import SHAPE
from record.store import newest_position
from record.tables import CANDIDACIES, DELIVERIES, LATER, MODELS, STATES

_DOCUMENTS = {STATES.name: "body", CANDIDACIES.name: "view"}
"""The columns that hold JSON. In rows that a build of another shape wrote, a field that only one side has is no
difference: one of the builds does not know it."""

_WHO_WROTE = STATES.c.shape.name
"""It says which build has written the rows, and does not follow from the events."""

_Key = tuple[Any, ...]
_KEYS = {table.name: itemgetter(*table.primary_key.columns.keys()) for table in MODELS}
"""Takes the primary key out of a row of each table."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A row of a read model that is not what follows from the events. Neither it nor its text has a value.

    `key` names the row in its candidacy. `columns` are those that differ; none where the whole row is missing, or
    where no event accounts for it.
    """

    candidacy: Candidacy
    table: str
    key: str
    columns: tuple[str, ...] = ()
    missing: bool = False

    def __str__(self) -> str:
        row = f"{self.candidacy}, {self.table}{f' {self.key}' if self.key else ''}"
        if self.columns:
            return (
                f"{row}: {', '.join(self.columns)} {'differ' if len(self.columns) > 1 else 'differs'} from the events"
            )
        return f"{row}: {'the row is missing' if self.missing else 'no event accounts for the row'}"


def differences(
    engine: Engine, progress: Callable[[int, int], None] = lambda _done, _of: None
) -> Iterator[Difference | Unfolded | Unlike]:
    """Folds every candidacy, and yields each row of a read model that is not what follows from the events.

    What persons are found by is compared too: it follows from the events, their texts and the contact details.

    `progress` gets the number of events that are done, and that of all. Memory does not grow with the record.

    Raises:
        Unavailable: the database cannot be read at this moment.
    """
    total, done = newest_position(engine), 0
    last: Candidacy | None = None
    named: set[Unlike] = set()
    while True:
        with reading(engine) as connection:
            batch = batch_after(connection, last)
            found = list(_of_batch(connection, batch))
            sought = list(search.differences(connection, {one.candidacy.workflow_id for one in batch.folds}))
        yield from batch.unfolded
        yield from found
        # Somebody with two designations is in two batches.
        yield from (one for one in dict.fromkeys(sought) if one not in named)
        named.update(sought)
        done += batch.events
        progress(done, max(total, done))
        if batch.until is None:
            break
        last = batch.until
    with reading(engine) as connection:
        yield from search.of_nobody(connection)


def _of_batch(connection: Connection, batch: Batch) -> Iterator[Difference]:
    sent = sent_of(connection, batch.within(DELIVERIES))
    wanted: dict[str, dict[_Key, Row]] = {table.name: {} for table in MODELS}
    for fold in batch.folds:
        for table, rows in rows_of(fold, sent.get(fold.candidacy, {})).items():
            wanted[table.name].update((_KEYS[table.name](row), row) for row in rows)
    unfolded = {one.candidacy for one in batch.unfolded}
    others = _of_other_builds(connection, batch)
    for table in MODELS:
        names = table.columns.keys()
        found = connection.execute(select(table).where(batch.within(table))).all()
        rows_there = [dict(zip(names, values, strict=True)) for values in found]
        there = {_KEYS[table.name](row): row for row in rows_there if not unfolded or _candidacy(row) not in unfolded}
        yield from _of_table(table, wanted[table.name], there, others)


def _of_other_builds(connection: Connection, batch: Batch) -> set[Candidacy]:
    """The candidacies whose read models a build of another shape wrote.

    Where none can be named, because there is no state, the whole is compared.
    """
    others = select(STATES.c.workflow_id, STATES.c.enrolment).where(batch.within(STATES))
    found = connection.execute(others.where(func.coalesce(STATES.c.shape, "") != SHAPE))
    return {Candidacy(row.workflow_id, row.enrolment) for row in found}


def _of_table(
    table: Table, wanted: dict[_Key, Row], there: dict[_Key, Row], others: set[Candidacy]
) -> Iterator[Difference]:
    for key in sorted(wanted.keys() | there.keys()):
        row, stored = wanted.get(key), there.get(key)
        any_row = row or stored
        if row == stored or any_row is None:
            continue
        named = " ".join(str(any_row[column.name]) for column in table.primary_key if column.name not in _OF_CANDIDACY)
        columns = tuple(_differing(table, row, stored, _candidacy(any_row) in others)) if row and stored else ()
        if columns or row is None or stored is None:
            yield Difference(_candidacy(any_row), table.name, named, columns, missing=stored is None)


_OF_CANDIDACY = ("workflow_id", "enrolment")


def _differing(table: Table, row: Row, stored: Row, of_other_build: bool) -> Iterator[str]:
    agree = _agree if of_other_build else eq
    for column, value in row.items():
        if value == stored[column] or column == _WHO_WROTE:
            continue
        if of_other_build and stored[column] is None and table.columns[column].info == LATER:
            continue
        if _DOCUMENTS.get(table.name) == column and agree(json.loads(value), _document(stored[column])):
            continue
        yield column


def _agree(one: Any, other: Any) -> bool:
    """Whether two documents say the same, as far as both say something."""
    if isinstance(one, dict) and isinstance(other, dict):
        return all(_agree(one[name], other[name]) for name in one.keys() & other.keys())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_agree, one, other))
    return bool(one == other)


def _document(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _candidacy(row: Row) -> Candidacy:
    return Candidacy(row["workflow_id"], row["enrolment"])
