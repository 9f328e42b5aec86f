"""The two databases for tests: each test gets a record of its own, as a copy of one that was filled once.

To append every life takes seconds, to copy it a few milliseconds.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine, text

from record.database import open_database
from record.migrations import migrate
from record.tables import EVENTS, METADATA, PROGRAMMES, STEPS
from tests.record import postgresql

Fill = Callable[[Engine], object]
"""Fills a new record. A test that names the same function gets a copy of what it has made."""


def with_tables_alone(_engine: Engine) -> None:
    """Appends nothing."""


class Database(Protocol):
    """Where the records of tests are."""

    @contextmanager
    def record(self, folder: Path, fill: Fill = with_tables_alone) -> Iterator[str]:
        """The address of a new record that was filled like this, for the length of the block."""
        ...

    @contextmanager
    def empty(self, folder: Path) -> Iterator[str]:
        """The address of a new database without tables, for the length of the block."""
        ...


class Sqlite:
    """Records in files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._filled: dict[Fill, Path] = {}

    @contextmanager
    def record(self, folder: Path, fill: Fill = with_tables_alone) -> Iterator[str]:
        if fill not in self._filled:
            path = self._folder / f"{len(self._filled)}.db"
            _make(f"sqlite:///{path}", fill)
            self._filled[fill] = path
        shutil.copy(self._filled[fill], folder / "record.db")
        yield f"sqlite:///{folder / 'record.db'}"

    @contextmanager
    def empty(self, folder: Path) -> Iterator[str]:
        yield f"sqlite:///{folder / 'record.db'}"


class Postgresql:
    """Records as databases of a server. They are dropped at the end."""

    def __init__(self, server: str, until_the_end: ExitStack) -> None:
        self._server = server
        self._until_the_end = until_the_end
        self._filled: dict[Fill, str] = {}
        self._emptied: str | None = None

    @contextmanager
    def record(self, folder: Path, fill: Fill = with_tables_alone) -> Iterator[str]:
        if fill not in self._filled:
            address = self._until_the_end.enter_context(postgresql.database(self._server))
            _make(address, fill)
            self._filled[fill] = address
        address = self._filled[fill]
        if fill is with_tables_alone:
            yield self._without_rows(address)
            return
        with postgresql.database(address, copied=True) as copy:
            yield copy

    def _without_rows(self, tables: str) -> str:
        """The record of the test before, without its rows: to take them out is cheaper than to copy a database."""
        if self._emptied is None or not _take_rows_out(self._emptied, like=tables):
            self._emptied = self._until_the_end.enter_context(postgresql.database(tables, copied=True))
        return self._emptied

    @contextmanager
    def empty(self, folder: Path) -> Iterator[str]:
        with postgresql.database(self._server) as address:
            yield address


def _make(url: str, fill: Fill) -> None:
    engine = open_database(url)
    migrate(engine)
    fill(engine)
    engine.dispose()


def _take_rows_out(url: str, *, like: str) -> bool:
    """Takes every row out of a record on PostgreSQL, and ends whoever is still connected with it.

    False if a test has changed more than rows, so that its tables are not those of the other record.
    """
    engine = open_database(url)
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with engine.begin() as connection:
        connection.execute(text(f"SELECT pg_terminate_backend(pid) {others}"))
        same = _tables(connection) == _tables_of(like)
        if same:
            with postgresql.without_triggers(connection, EVENTS.name, PROGRAMMES.name):
                for table in METADATA.sorted_tables:
                    if table is not STEPS:
                        connection.execute(table.delete())
    engine.dispose()
    return same


@cache
def _tables_of(url: str) -> list[str]:
    engine = open_database(url)
    with engine.connect() as connection:
        found = _tables(connection)
    engine.dispose()
    return found


def _tables(connection: Connection) -> list[str]:
    """Every column, index and trigger, and the steps that were taken to them."""
    return list(connection.execute(_TABLES).scalars())


_TABLES = text("""
    SELECT concat_ws(' ', 'column', attrelid::regclass, attname, format_type(atttypid, atttypmod)) AS found
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
    UNION ALL SELECT concat_ws(' ', 'trigger', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger
    UNION ALL SELECT concat_ws(' ', 'revision', version_num) FROM alembic_version
    UNION ALL SELECT concat_ws(' ', 'step', revision, only_adds) FROM steps
    ORDER BY found
""")
