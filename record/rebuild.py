"""Makes the read models anew from the events, while the programme goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, Table, delete, insert, tuple_

from record import search
from record.database import reading, writing
from record.events import Candidacy
from record.projection import rows_of, sent_of
from record.refolding import Batch, Unfolded, batch_after, fold_again
from record.store import newest_position
from record.tables import DELIVERIES, MODELS

Progress = Callable[[int, int], None]
"""Gets the number of events that are done, and that of all."""


@dataclass(slots=True)
class Rebuilt:
    """How many events and candidacies were folded. The models of the `unfolded` ones were left as they were."""

    events: int = 0
    candidacies: int = 0
    unfolded: list[Unfolded] = field(default_factory=list)


def rebuild(engine: Engine, progress: Progress = lambda _done, _of: None) -> Rebuilt:
    """Makes the read models of all candidacies anew, a transaction for each batch of them.

    Whoever reads meanwhile sees each candidacy before or after, never in between, and whoever writes waits while the
    rows of a batch are written. Memory does not grow with the record. It may be ended at any point and begun again.

    Raises:
        Unavailable: the database cannot be written at this moment.
    """
    rebuilt, total = Rebuilt(), newest_position(engine)
    last: Candidacy | None = None
    while True:
        # To fold takes most of the time, so it holds up nobody who writes.
        with reading(engine) as connection:
            batch = batch_after(connection, last)
        with writing(engine) as connection:
            fold_again(connection, batch)
            _write(connection, batch)
            search.renew(connection, [one.candidacy.workflow_id for one in batch.folds])
        rebuilt.events += batch.events
        rebuilt.candidacies += len(batch.folds)
        rebuilt.unfolded += batch.unfolded
        progress(rebuilt.events, max(total, rebuilt.events))
        if batch.until is None:
            return rebuilt
        last = batch.until


def _write(connection: Connection, batch: Batch) -> None:
    sent = sent_of(connection, batch.within(DELIVERIES))
    rows: dict[Table, list[dict[str, object]]] = {table: [] for table in MODELS}
    for fold in batch.folds:
        for table, its in rows_of(fold, sent.get(fold.candidacy, {})).items():
            rows[table] += its
    spared = [(one.candidacy.workflow_id, one.candidacy.enrolment) for one in batch.unfolded]
    for table in MODELS:
        old = delete(table).where(batch.within(table))
        if spared:
            old = old.where(tuple_(table.c.workflow_id, table.c.enrolment).not_in(spared))
        connection.execute(old)
        if rows[table]:
            connection.execute(insert(table), rows[table])
