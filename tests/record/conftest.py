"""Every test of the record runs on both databases. Records are made once, and each test gets a copy."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import Engine

from record.database import open_database
from tests.record import postgresql
from tests.record.databases import Database, Fill, Postgresql, Sqlite, with_tables_alone
from tests.record.lives import Lived, append_every_life
from tests.record.lives import every_life as lives_of_every_kind
from trials.postgresql import NoPostgresql

Filled = Callable[[Fill], Engine]
"""A new record that was filled by this function."""


class RecordOfLives(NamedTuple):
    """A record, and the lives in it."""

    engine: Engine
    lives: list[Lived]


@pytest.fixture(scope="session")
def _server() -> Iterator[str | NoPostgresql]:
    try:
        with postgresql.server() as address:
            yield address
    except NoPostgresql as missing:
        yield missing


@pytest.fixture(scope="session")
def _sqlite(tmp_path_factory: pytest.TempPathFactory) -> Sqlite:
    return Sqlite(tmp_path_factory.mktemp("records"))


@pytest.fixture(scope="session")
def _postgresql(_server: str | NoPostgresql) -> Iterator[Postgresql]:
    if isinstance(_server, NoPostgresql):
        pytest.skip(str(_server))
    with ExitStack() as until_the_end:
        yield Postgresql(_server, until_the_end)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """Each of the two databases in turn."""
    found: Database = request.getfixturevalue(f"_{request.param}")
    return found


@pytest.fixture
def url(database: Database, tmp_path: Path) -> Iterator[str]:
    """The address of a new database without tables."""
    with database.empty(tmp_path) as address:
        yield address


@pytest.fixture
def filled(database: Database, tmp_path: Path) -> Iterator[Filled]:
    """Makes the record of a test, as this function fills it. It is filled once for all tests."""
    with ExitStack() as until_the_end:

        def record(fill: Fill) -> Engine:
            engine = open_database(until_the_end.enter_context(database.record(tmp_path, fill)))
            until_the_end.callback(engine.dispose)
            return engine

        yield record


@pytest.fixture
def engine(filled: Filled) -> Engine:
    """A new record, with its tables."""
    return filled(with_tables_alone)


@pytest.fixture(scope="session")
def every_life(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordOfLives]:
    """A record of every kind of life, once on each database. It is read only."""
    with database.record(tmp_path_factory.mktemp("lives"), append_every_life) as address:
        engine = open_database(address)
        yield RecordOfLives(engine, list(lives_of_every_kind()))
        engine.dispose()
