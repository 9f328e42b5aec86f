"""Finds values that no build has written, because a column cannot hold them: a SQLite file takes any value anywhere.

Whoever edits the file can put bytes in place of a text. Every reader of such a row would fail at it, and so would a
check. PostgreSQL refuses such a value by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    LargeBinary,
    Table,
    Text,
    case,
    cast,
    func,
    or_,
    select,
)
from sqlalchemy import literal_column as literally

from record.database import reading
from record.tables import METADATA

_MOST = 10_000
"""So many rows of one table are named."""
_IDS = ("workflow_id", "candidate_id")


@dataclass(frozen=True, slots=True)
class Damaged:
    """A row with such a value. `row` is its number in SQLite; of an event, that is its position.

    `whose` is the workflow id or the candidate id of the row, where it has one that can be read.
    """

    table: str
    row: int
    columns: tuple[str, ...]
    whose: str | None

    def __str__(self) -> str:
        whose = f" ({self.whose})" if self.whose else ""
        wrong = " and ".join(self.columns)
        return f"{self.table}, row {self.row}{whose}: the value of {wrong} is of another kind than its column"


def damaged(engine: Engine) -> Iterator[Damaged]:
    """The rows with a value that its column cannot hold.

    Raises:
        Unavailable: the database cannot be read at this moment.
    """
    if engine.dialect.name != "sqlite":
        return
    for table in METADATA.sorted_tables:
        with reading(engine) as connection:
            found = list(_in_table(connection, table))
        yield from found


def _in_table(connection: Connection, table: Table) -> Iterator[Damaged]:
    driver: Any = connection.connection.driver_connection
    driver.create_function("certpath_readable", -1, _readable, deterministic=True)
    # To ask for all texts of a row at once costs one call of Python for a row, and not one for each text.
    whole = or_(*(_of_another_kind(column) for column in table.columns), _unreadable(*_texts_of(table)))
    wrong = {column.name: _wrong(column) for column in table.columns}
    its_id = next((table.c[name] for name in _IDS if name in table.c), None)
    whose = literally("NULL") if its_id is None else case((~wrong[its_id.name], its_id))
    asked = select(literally("rowid"), whose, *wrong.values()).select_from(table).where(whole).limit(_MOST)
    for number, whom, *flags in connection.execute(asked):
        yield Damaged(table.name, number, tuple(name for name, is_so in zip(wrong, flags, strict=True) if is_so), whom)


def _texts_of(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if isinstance(column.type, Text)]


def _wrong(column: Column[Any]) -> ColumnElement[bool]:
    of_another_kind = _of_another_kind(column)
    return or_(of_another_kind, _unreadable(column)) if isinstance(column.type, Text) else of_another_kind


def _of_another_kind(column: Column[Any]) -> ColumnElement[bool]:
    kinds = ["text" if isinstance(column.type, Text) else "integer", *(["null"] if column.nullable else [])]
    return func.typeof(column).not_in(kinds)


def _unreadable(*columns: Column[Any]) -> ColumnElement[bool]:
    return func.certpath_readable(*(cast(column, LargeBinary) for column in columns)) == 0


def _readable(*values: bytes | None) -> int:
    """Whether these are all texts in UTF-8, as an answer for SQLite."""
    try:
        for value in values:
            if value is not None:
                value.decode()
    except UnicodeDecodeError:
        return 0
    return 1
