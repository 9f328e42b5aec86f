"""The inverted index of the search: FTS5 on SQLite, an array with a GIN index on PostgreSQL.

Both are part of the database itself, so nobody has to install an extension. They hold the pieces of `spelling.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, column, delete, func, insert, select, table, text

from record.pipeline import POSTGRESQL, Answer, Pipeline, Statement
from record.spelling import PIECE, key_of, pieces_of, wanted_pieces
from record.tables import SEARCH

_MOST_CHARACTERS = 300
_FIRST = 4000


class Value(NamedTuple):
    """Something that a person is found by. `key` is its letters and digits, as `spelling.key_of` makes them."""

    candidate_id: str
    kind: str
    key: str
    value: str

    @classmethod
    def of(cls, candidate_id: str, kind: str, value: str, spelling: str | None = None) -> Value:
        """The value. `spelling` is another way to write it, by which it is to be found."""
        value = value[:_MOST_CHARACTERS]
        return cls(candidate_id, kind, key_of(spelling or value), value)


class Known:
    """What is there of some persons, as it is asked when this is made.

    Nothing else may write to the search between that and what this writes.
    """

    def __init__(self, pipeline: Pipeline, candidate_id: str) -> None:
        self._pipeline = pipeline
        self._values = pipeline.ask(_OF_ONE, {"its_id": candidate_id})
        self._newest = pipeline.ask(_NEWEST, {})

    def put(self, kinds: Collection[str], values: Iterable[Value], also: Iterable[Value] = ()) -> None:
        """Makes these the only values of these kinds by which the person is found, and adds the others."""
        there = {Value(*row): number for number, *row in self._values.rows}
        _put(self._pipeline, there, self._newest, kinds, values, also)


def put(
    connection: Connection,
    candidate_ids: Collection[str],
    kinds: Collection[str],
    values: Iterable[Value],
    also: Iterable[Value] = (),
) -> None:
    """Makes these the only values of these kinds by which these persons are found, and adds the others.

    The transaction must be one that writes.
    """
    pipeline = Pipeline(connection)
    _put(pipeline, values_of(connection, candidate_ids), pipeline.ask(_NEWEST, {}), kinds, values, also)
    pipeline.send()


def _put(
    pipeline: Pipeline,
    there: Mapping[Value, int],
    newest: Answer,
    kinds: Collection[str],
    values: Iterable[Value],
    also: Iterable[Value],
) -> None:
    wanted = {value for value in values if value.key}
    _remove(pipeline, {there[value]: value for value in there.keys() - wanted if value.kind in kinds})
    if new := {*wanted, *(value for value in also if value.key)} - there.keys():
        ((last,),) = newest.rows
        _insert(pipeline, dict(enumerate(sorted(new), start=last + 1)))


def values_of(connection: Connection, candidate_ids: Collection[str]) -> dict[Value, int]:
    """Everything by which these persons are found today, with the number of its row."""
    found = connection.execute(select(SEARCH).where(SEARCH.c.candidate_id.in_(candidate_ids)))
    return {Value(row.candidate_id, row.kind, row.key, row.value): row.id for row in found}


def _insert(pipeline: Pipeline, new: Mapping[int, Value]) -> None:
    rows = [{"id": number, **value._asdict()} for number, value in new.items()]
    if pipeline.dialect == POSTGRESQL:
        pipeline.write(_INSERT_WITH_PIECES, [{**row, "pieces": _pieces(row["value"], row["key"])} for row in rows])
        return
    pipeline.write(_INSERT, rows)
    pipeline.write(_INDEX, [_indexed(number, value) for number, value in new.items()])


def _remove(pipeline: Pipeline, gone: Mapping[int, Value]) -> None:
    if pipeline.dialect != POSTGRESQL:
        # The index keeps no text of its own, so it must be told which pieces a row has had.
        pipeline.write(_UNINDEX, [_indexed(number, value) for number, value in gone.items()])
    pipeline.write(_DELETE, [{"its_number": number} for number in gone])


def containing(connection: Connection, keys: Sequence[str], most: int) -> Sequence[Row[Any]]:
    """At most so many rows whose values have all of these keys in them (`spelling.wanted_pieces`)."""
    pieces = list(dict.fromkeys(piece for key in keys for piece in wanted_pieces(key)))
    if connection.dialect.name == "postgresql":
        return _containing_on_postgresql(connection, keys, pieces, most)
    index = table("search_pieces", column("rowid"))
    # The pieces have no quotation mark: they are letters, digits and the underscore.
    matching = text("search_pieces MATCH :pieces").bindparams(pieces=" ".join(f'"{one}"' for one in pieces))
    whole = [func.instr(SEARCH.c.key, key) > 0 for key in keys]
    found = select(SEARCH).join(index, index.c.rowid == SEARCH.c.id).where(matching, *whole)
    return connection.execute(found.limit(most)).all()


def _containing_on_postgresql(
    connection: Connection, keys: Sequence[str], pieces: Sequence[str], most: int
) -> Sequence[Row[Any]]:
    # GIN finds every row before it hands out one. What very many have is found faster by reading the first rows.
    first = select(SEARCH).where(SEARCH.c.id <= _FIRST).cte().prefix_with("MATERIALIZED")
    columns = [first.c[name] for name in Value._fields]
    whole = [func.strpos(first.c.key, key) > 0 for key in keys]
    if min(map(len, keys)) >= PIECE:
        found = connection.execute(select(*columns).where(*whole).limit(most)).all()
        if len(found) == most:
            return found
    has_pieces = text("pieces @> CAST(:pieces AS text[])").bindparams(pieces=pieces)
    whole = [func.strpos(SEARCH.c.key, key) > 0 for key in keys]
    return connection.execute(select(SEARCH).where(has_pieces, *whole).limit(most)).all()


def _pieces(value: str, key: str) -> list[str]:
    """The pieces of a row: those of the value, or of the other spelling that its key was made of."""
    return sorted(pieces_of(value if key_of(value) == key else key))


def _indexed(number: int, value: Value) -> dict[str, Any]:
    return {"id": number, "pieces": " ".join(_pieces(value.value, value.key))}


_OF_ONE = Statement(
    select(SEARCH.c.id, SEARCH.c.candidate_id, SEARCH.c.kind, SEARCH.c.key, SEARCH.c.value).where(
        SEARCH.c.candidate_id == bindparam("its_id")
    )
)
_NEWEST = Statement(select(func.coalesce(func.max(SEARCH.c.id), 0)))
_INSERT = Statement(insert(SEARCH))
_INDEX = Statement(text("INSERT INTO search_pieces (rowid, pieces) VALUES (:id, :pieces)"))
_UNINDEX = Statement(text("INSERT INTO search_pieces (search_pieces, rowid, pieces) VALUES ('delete', :id, :pieces)"))
_DELETE = Statement(delete(SEARCH).where(SEARCH.c.id == bindparam("its_number")))
_INSERT_WITH_PIECES = Statement(
    text(
        """INSERT INTO search (id, candidate_id, kind, key, value, pieces)
           VALUES (:id, :candidate_id, :kind, :key, :value, :pieces)"""
    )
)
