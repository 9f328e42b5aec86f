"""Sends several statements to the database at once, where all of them write and none of them reads.

On PostgreSQL, whoever sends a statement alone waits for its answer, and all other writers wait meanwhile
(`database.writing`). In a pipeline, as PostgreSQL calls it, the answers to all of them are waited for once. SQLite is
a library in the same process, so nothing is waited for there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Executable
from sqlalchemy.exc import DBAPIError

POSTGRESQL = "postgresql"


class Writes:
    """Statements for one transaction, in their order. Nothing of them is written before `send`.

    Whoever reads in the same transaction what one of them writes must send them first.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._waiting: list[tuple[Executable, list[Mapping[str, Any]]]] = []

    def add(self, statement: Executable, rows: Iterable[Mapping[str, Any]]) -> None:
        """Adds this statement once for each of these rows. It must return none."""
        if values := list(rows):
            self._waiting.append((statement, values))

    def send(self) -> None:
        """Carries out what was added since the last time.

        Raises:
            DBAPIError: the database has refused one of them. The transaction cannot go on.
        """
        waiting, self._waiting = self._waiting, []
        with pipelined(self.connection):
            for statement, rows in waiting:
                # psycopg waits for the answers to a list, so most statements, which have one row, get no list.
                self.connection.execute(statement, rows if len(rows) > 1 else rows[0])


@contextmanager
def pipelined(connection: Connection) -> Iterator[None]:
    """In this block the statements do not wait for their answers on PostgreSQL. None of them may return rows.

    Raises:
        DBAPIError: the database has refused one of them. The transaction cannot go on.
    """
    if connection.dialect.name != POSTGRESQL:
        yield
        return
    driver: Any = connection.connection.driver_connection
    error_class: type[Exception] = connection.dialect.loaded_dbapi.Error
    try:
        with driver.pipeline():
            yield
    except error_class as error:
        # SQLAlchemy does not see the end of the pipeline, where most errors come to light.
        raise DBAPIError.instance(None, None, error, error_class, dialect=connection.dialect) from error
