"""Opens the record for a command, which makes no tables and changes none."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine

from record.database import check_before_writing, file_of, open_database, reading
from record.errors import Missing, OlderTables
from record.revisions import check_for_writing, is_enough, revision_of


def open_for_reading(url: str) -> Engine:
    """The record at this address, which must be there. Nothing is made or changed.

    Raises:
        WrongUrl: it is no address of a record.
        Missing: there is no record yet.
        OlderTables: there is one, of an older build.
        NewerTables: a newer build has changed the tables, in a way that this build does not know.
        Unavailable: the database cannot be read at this moment.
    """
    file = file_of(url)
    if file and not Path(file).exists():
        raise Missing(
            f"there is no record in {file} yet: a worker makes it when it starts; "
            "if the workers' record is elsewhere, set CERTPATH_RECORD_URL as they have it"
        )
    engine = open_database(url)
    try:
        _check_tables(engine)
    except BaseException:
        engine.dispose()
        raise
    check_before_writing(engine, check_for_writing)
    return engine


def _check_tables(engine: Engine) -> None:
    with reading(engine) as connection:
        there = revision_of(connection)
        if there is None:
            raise Missing("the record's database has no tables yet: a worker makes them, or `starter.py record setup`")
        if not is_enough(connection, there):
            raise OlderTables(
                "the record's tables are of an older build: start a worker of this build, which changes them, or run "
                "`starter.py record setup` as their owner"
            )
