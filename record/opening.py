"""Opens the record: by a worker, which makes and changes the tables, or by a command that only reads."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from record.database import open_database
from record.errors import Missing
from record.migrations import check_revision, migrate, revision


def open_record(url: str) -> Engine:
    """The record at this address, with its tables, which are made or brought up to this build's where needed.

    Raises:
        WrongUrl: it is no address of a record.
        NewerTables: a newer build has changed the tables.
        Unavailable: the database cannot be written at this moment.
    """
    engine = open_database(url)
    migrate(engine)
    return engine


def open_for_reading(url: str) -> Engine:
    """The record at this address, which must be there. Nothing is made or changed.

    Raises:
        WrongUrl: it is no address of a record.
        Missing: there is no record yet, or its tables are of an older build.
        NewerTables: a newer build has changed the tables.
        Unavailable: the database cannot be read at this moment.
    """
    file = make_url(url).database if url.startswith("sqlite:") else None
    if file and not Path(file).exists():
        raise Missing(f"There is no record in {file} yet: a worker makes it when it starts.")
    engine = open_database(url)
    there = revision(engine)
    if there is None:
        raise Missing("This database has no record yet: a worker makes it when it starts.")
    if not check_revision(there):
        raise Missing("The record's tables are of an older build: start a worker of this build, which changes them.")
    return engine
