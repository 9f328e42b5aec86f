"""The record's database: SQLite by default, PostgreSQL for an installation, and one way to write to either."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, OperationalError

from record.errors import NotAllowed, TurnedAway, Unavailable, WrongUrl
from record.pipeline import POSTGRESQL, Pipeline, Statement

_SQLITE = "sqlite"
_WAIT_SECONDS = 5

_STATEMENT_SECONDS = 60
_GONE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20_000}
"""A machine that is gone ends no connection. The system notices it in some 25 s like this, and in hours otherwise."""
_INSUFFICIENT_PRIVILEGE = "42501"
_SAID = re.compile(r" failed: FATAL: +(.+)")
_FORMS = "It is sqlite:///PATH, with a fourth slash where the path begins with one, or postgresql://USER@HOST/DATABASE."

_WRITERS = 0x43455254
"""The number of the advisory lock that writers take on PostgreSQL, the same in every version: "CERT" in ASCII."""
_LOCK = Statement(text("SELECT pg_advisory_xact_lock(:writers)"))


def open_database(url: str, wait_seconds: int = _WAIT_SECONDS) -> Engine:
    """The database at this address. No connection is made yet.

    `url` is `sqlite:///PATH` or `postgresql://USER@HOST/DATABASE`. The folder of a SQLite file is made. A writer waits
    `wait_seconds` for another one, before the record counts as unavailable.

    Raises:
        WrongUrl: it is neither.
        Unavailable: the folder or the file cannot be made.
    """
    parsed = _parsed(url)
    if file := file_of(url):
        try:
            Path(file).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(f"the record's folder cannot be made: {error.strerror}") from error
        _make_for_the_owner_alone(Path(file))
        # Python's own module would begin a transaction only at the first change, and never an immediate one.
        engine = create_engine(
            parsed, hide_parameters=True, connect_args={"timeout": wait_seconds, "isolation_level": None}
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    options = f"-c lock_timeout={wait_seconds}s -c statement_timeout={_STATEMENT_SECONDS}s"
    arguments = {"connect_timeout": _WAIT_SECONDS, "options": options, **_GONE}
    return create_engine(parsed, hide_parameters=True, connect_args=arguments)


def file_of(url: str) -> str | None:
    """The file of the database at this address; None if a server has it.

    Raises:
        WrongUrl: it is no address of a record.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() != _SQLITE:
        return None
    if not parsed.database or parsed.database == ":memory:":
        raise WrongUrl(f"CERTPATH_RECORD_URL names no file. {_FORMS}")
    return parsed.database


def check_before_writing(engine: Engine, check: Callable[[Pipeline], None]) -> None:
    """From now on, every transaction that may append makes this check first, and ends where it raises."""
    engine.update_execution_options(certpath_check=check)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees the record as it is at one moment.

    Raises:
        Unavailable: the database cannot be reached or does not answer.
    """
    with _explained(), engine.connect() as connection:
        if connection.dialect.name == POSTGRESQL:
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


@contextmanager
def appending(engine: Engine) -> Iterator[Pipeline]:
    """A transaction that may append. Writers come one after another, so that positions become visible in their order.

    Two writers that took a position each and committed in the other order would hide an event from a reader who
    follows the positions, for ever. So the lock comes first, and the position is taken after it.

    Raises:
        Unavailable: the database cannot be reached, another writer holds it for too long, or the disk is full. Nothing
            was written.
        Missing, NewerTables: the tables have changed since the record was opened, and this build cannot write to them.
    """
    with _explained(), engine.connect() as connection, connection.execution_options(certpath_writes=True).begin():
        pipeline = Pipeline(connection)
        if connection.dialect.name == POSTGRESQL:
            pipeline.ask(_LOCK, {"writers": _WRITERS})
        if check := connection.get_execution_options().get("certpath_check"):
            check(pipeline)
        yield pipeline
        pipeline.commit()


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """The same for statements that are sent one by one. Raises what `appending` raises."""
    with appending(engine) as pipeline:
        yield pipeline.connection


def _make_for_the_owner_alone(file: Path) -> None:
    """Names and addresses stand in the file. SQLite gives the files beside it the same permissions."""
    if file.exists():
        return
    try:
        os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600))
    except OSError as error:
        raise Unavailable(f"the record's file cannot be made: {error.strerror}") from error


def _prepare_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    # Readers do not wait for the writer. Each commit is on the disk before it counts.
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("certpath_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if words := _turned_away(error):
            raise TurnedAway(f"the record cannot be reached: {_reason(error)}", words) from error
        raise Unavailable(f"the record cannot be reached: {_reason(error)}") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable(f"the record has ended the connection: {_reason(error)}") from error
        if getattr(error.orig, "sqlstate", None) == _INSUFFICIENT_PRIVILEGE:
            raise NotAllowed(f"the record does not allow this: {_reason(error)}") from error
        if type(error) is DatabaseError:  # SQLite says so of a file that is damaged, or no database at all
            raise Unavailable(f"the record cannot be read: {_reason(error)}") from error
        raise


def _turned_away(error: OperationalError) -> str | None:
    """What the server of PostgreSQL has said to a connection that it did not open; None if that is not the case.

    psycopg gives such an error no code. The text has a line for each address of the host, and names it.
    """
    if getattr(error.orig, "sqlstate", None) is not None or not (said := _SAID.search(str(error.orig))):
        return None
    return said[1].strip()


def _reason(error: DBAPIError) -> str:
    """The database's own first line. It has no personal data, because no statement and no value is in it."""
    return str(error.orig).strip().partition("\n")[0] or type(error.orig).__name__


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise WrongUrl(f"CERTPATH_RECORD_URL is no address of a database. {_FORMS}") from None
    if parsed.drivername not in (_SQLITE, POSTGRESQL):
        raise WrongUrl(f"CERTPATH_RECORD_URL begins with {parsed.drivername}://. {_FORMS}")
    return parsed
