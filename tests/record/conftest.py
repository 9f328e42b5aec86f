"""Every test of the record runs on both databases. The tables are made once, and each test gets a copy of them."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import Engine

from record.database import open_database
from record.migrations import migrate
from tests.record import postgresql
from tests.record.lives import Lived, append_every_life


class RecordOfLives(NamedTuple):
    """A record, and the lives in it."""

    engine: Engine
    lives: list[Lived]


@pytest.fixture(scope="session")
def _server() -> Iterator[str | postgresql.Missing]:
    try:
        with postgresql.server() as address:
            yield address
    except postgresql.Missing as missing:
        yield missing


@pytest.fixture(scope="session")
def _postgresql_with_tables(_server: str | postgresql.Missing) -> Iterator[str]:
    """The address of a database that has the tables and nothing else; it is copied."""
    if isinstance(_server, postgresql.Missing):
        pytest.skip(str(_server))
    with postgresql.database(_server) as address:
        _make_tables(address)
        yield address


@pytest.fixture(scope="session")
def _sqlite_with_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("record") / "record.db"
    _make_tables(f"sqlite:///{path}")
    return path


def _make_tables(url: str) -> None:
    engine = open_database(url)
    migrate(engine)
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a new database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'record.db'}"
        return
    server = request.getfixturevalue("_server")
    if isinstance(server, postgresql.Missing):
        pytest.skip(str(server))
    with postgresql.database(server) as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A new record, with its tables."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("_sqlite_with_tables"), tmp_path / "record.db")
        yield from _opened(f"sqlite:///{tmp_path / 'record.db'}")
        return
    with postgresql.database(request.getfixturevalue("_postgresql_with_tables"), copied=True) as address:
        yield from _opened(address)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def every_life(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordOfLives]:
    """A record of every kind of life, once on each database. It is read only."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("lives") / "record.db"
        shutil.copy(request.getfixturevalue("_sqlite_with_tables"), path)
        yield from map(_with_lives, _opened(f"sqlite:///{path}"))
        return
    with postgresql.database(request.getfixturevalue("_postgresql_with_tables"), copied=True) as address:
        yield from map(_with_lives, _opened(address))


def _with_lives(engine: Engine) -> RecordOfLives:
    return RecordOfLives(engine, append_every_life(engine))


def _opened(url: str) -> Iterator[Engine]:
    engine = open_database(url)
    yield engine
    engine.dispose()
