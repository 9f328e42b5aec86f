"""Opens the record for a worker, which makes and changes the tables. A command opens it by `looking.py`."""

from __future__ import annotations

from sqlalchemy import Engine

from record.database import open_database
from record.errors import Missing, NotAllowed
from record.migrations import migrate


def open_record(url: str) -> Engine:
    """The record at this address, with its tables, which are made or brought up to this build's where needed.

    Raises:
        WrongUrl: it is no address of a record.
        NewerTables: a newer build has changed the tables.
        Missing: the tables are not those of this build, and the role of the address may not make or change them.
        Unavailable: the database cannot be written at this moment.
    """
    engine = open_database(url)
    try:
        migrate(engine)
    except NotAllowed as error:
        engine.dispose()
        raise Missing(
            "the tables of the record are not there, or of an older build, and this role may not make or change them: "
            "run `starter.py record setup` as their owner"
        ) from error
    except BaseException:
        engine.dispose()
        raise
    return engine
