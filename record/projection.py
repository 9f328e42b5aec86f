"""The read models: brought up to date in the transaction that appends the events, and made anew from them.

`states` has the state of each candidacy, so that only the new events must be folded. Everything is folded anew where
that does not do: where the candidacy is older than the record, or another build has recorded something that this one
does not know, or did not know something that this one knows, or has written read models of another shape.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Table, bindparam, delete, insert, select, text, update

from domain.events import Registered
from domain.formats import CHAIN, FORMAT, Unreadable
from domain.scheme import Programme
from domain.state import State
from record import beside, deliveries
from record.events import Candidacy, Kept, Recorded
from record.folding import Fold, Pinned
from record.pieces import Row
from record.pipeline import Pipeline, Statement
from record.rows import key_of, of, of_key, pages_of
from record.shape import SHAPE
from record.tables import CANDIDACIES, CERTIFICATES, DELIVERIES, MODELS, NOTICES, RESULTS, STATES


@dataclass(frozen=True, slots=True)
class StoredState:
    """A row of `states`: the state after this event, and who can read it."""

    sequence: int
    format: int
    body: str
    shape: str | None


def follow(
    pipeline: Pipeline,
    candidacy: Candidacy,
    added: Sequence[Kept],
    before: StoredState | None,
    sent: Mapping[int, str],
) -> None:
    """Brings the read models of this candidacy up to these events, which are being appended.

    `before` is the stored state before them, if there is one; `sent` says which notices about them went out, and when.
    Where this build cannot read an event that a newer one has recorded, the models stay as they are. The next build
    that can read it folds everything anew.
    """
    if not added:
        return
    try:
        fold = _begun(pipeline, candidacy, added[0].event, before)
        if fold is None:
            renew(pipeline.connection, candidacy)
            return
        had_state, had_certificate = fold.state is not None, fold.certificate_row() is not None
        fold.take(added)
    except Unreadable:
        return
    pipeline.write(_INSERTS[RESULTS.name], fold.results)
    pipeline.write(_END_NOTICE, _ends(candidacy, fold.ended))
    pipeline.write(_INSERTS[NOTICES.name], _notices(fold, sent))
    _put(pipeline, STATES, candidacy, fold.state_row(), there=had_state)
    _put(pipeline, CANDIDACIES, candidacy, fold.candidacy_row())
    _put(pipeline, CERTIFICATES, candidacy, fold.certificate_row(), there=had_certificate)


def renew(connection: Connection, candidacy: Candidacy) -> None:
    """Makes the read models of this candidacy anew from all its events, in this transaction.

    Raises:
        NewerFormat: a newer build recorded one of the events, in a format that this build does not know.
    """
    fold = Fold(candidacy)
    for page in pages_of(connection, candidacy):
        fold.take(page)
    for table in MODELS:
        connection.execute(delete(table).where(of(table, candidacy)))
    if fold.last is None:
        return
    for table, rows in rows_of(fold, sent_of(connection, of(DELIVERIES, candidacy)).get(candidacy, {})).items():
        _insert(connection, table, rows)


def rows_of(fold: Fold, sent: Mapping[int, str]) -> dict[Table, list[Row]]:
    """The rows of every read model, of a fold that has taken all events of its candidacy.

    `sent` says which of its notices went out, and when: it is no event.
    """
    state, certificate = fold.state_row(), fold.certificate_row()
    return {
        STATES: [state] if state else [],
        CANDIDACIES: [fold.candidacy_row()],
        CERTIFICATES: [certificate] if certificate else [],
        RESULTS: fold.results,
        NOTICES: _notices(fold, sent),
    }


def _notices(fold: Fold, sent: Mapping[int, str]) -> list[Row]:
    """The rows of its new notices. One that went out has arrived, also where an event says that nobody knew it."""
    for about in fold.notices.keys() & sent.keys():
        fold.notices[about] |= {"outcome": deliveries.SENT, "ended_at": sent[about]}
    return list(fold.notices.values())


def sent_of(connection: Connection, which: ColumnElement[bool]) -> dict[Candidacy, dict[int, str]]:
    """When the notices of these candidacies went out, by the event that they are about."""
    found: dict[Candidacy, dict[int, str]] = {}
    columns = (DELIVERIES.c.workflow_id, DELIVERIES.c.enrolment, DELIVERIES.c.about, DELIVERIES.c.sent_at)
    for row in connection.execute(select(*columns).where(which)):
        found.setdefault(Candidacy(row.workflow_id, row.enrolment), {})[row.about] = row.sent_at
    return found


# --- where the fold begins ----------------------------------------------------------------------------------


def _begun(pipeline: Pipeline, candidacy: Candidacy, first: Recorded, before: StoredState | None) -> Fold | None:
    """The fold as it is before this event; None where everything must be folded."""
    if first.sequence == 1 and first.type == Registered.__name__:
        return Fold(candidacy)
    if before is None or (before.format, before.shape, before.sequence) != (FORMAT, SHAPE, first.sequence - 1):
        return None
    body = json.loads(before.body)
    pinned = body["programme"]
    key = pinned["pinned"], pinned["format"]
    kept = _PROGRAMMES.get(key) or programme(pipeline.connection, *key)
    state = State.model_validate({**body, "programme": kept})
    return Fold(candidacy, state, Pinned(pinned["pinned"], pinned["format"], state.programme))


_PROGRAMMES: dict[tuple[str, int], Programme] = {}
"""The programmes that this process has read, by the hash of their content and its format. They never change."""


def programme(connection: Connection, digest: str, number: int) -> Programme:
    """The programme with this hash, which an event of this format has pinned."""
    if (digest, number) not in _PROGRAMMES:
        body = beside.programmes_of(connection, [digest])[digest]
        _PROGRAMMES[digest, number] = Programme.model_validate(CHAIN.programme(json.loads(body), number))
    return _PROGRAMMES[digest, number]


# --- writing ------------------------------------------------------------------------------------------------


def _ends(candidacy: Candidacy, ended: Mapping[int, tuple[str, str]]) -> list[Row]:
    """What `_END_NOTICE` is run with, for notices whose end an event tells."""
    return [{**key_of(candidacy), "its_about": about, "how": how, "at": at} for about, (how, at) in ended.items()]


def _put(pipeline: Pipeline, table: Table, candidacy: Candidacy, row: Row | None, *, there: bool = True) -> None:
    """Writes the one row that a candidacy has in this table; None takes it away, if it may be there."""
    if row is not None:
        pipeline.write(_UPSERTS[table.name], [row])
    elif there:
        pipeline.write(_DELETES[table.name], [key_of(candidacy)])


def _insert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    if rows:
        connection.execute(_INSERTS[table.name].clause, rows)


def _upsert(table: Table) -> Statement:
    """Inserts a row, or updates the one with its key.

    SQLAlchemy has this for each database apart, and both write it alike. So the dialect of the other one need not be
    loaded.
    """
    names, key = table.columns.keys(), table.primary_key.columns.keys()
    values = ", ".join(f":{name}" for name in names)
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name not in key)
    return Statement(
        text(
            f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({values}) "
            f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"
        )
    )


_END_NOTICE = Statement(
    update(NOTICES)
    .where(of_key(NOTICES), NOTICES.c.about == bindparam("its_about"), NOTICES.c.outcome != deliveries.SENT)
    .values(outcome=bindparam("how"), ended_at=bindparam("at"))
)
_INSERTS = {table.name: Statement(insert(table)) for table in MODELS}
_UPSERTS = {table.name: _upsert(table) for table in (STATES, CANDIDACIES, CERTIFICATES)}
_DELETES = {table.name: Statement(delete(table).where(of_key(table))) for table in (STATES, CANDIDACIES, CERTIFICATES)}
