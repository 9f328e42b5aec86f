"""Opens the record for a worker, which makes and changes the tables. A command opens it by `looking.py`."""

from __future__ import annotations

import importlib

from sqlalchemy import Engine

from record.database import check_before_writing, open_database
from record.errors import Missing, NotAllowed
from record.revisions import check_for_writing, up_to_date


def open_record(url: str) -> Engine:
    """The record at this address, with its tables, which are made or brought up to this build's where needed.

    Raises:
        WrongUrl: it is no address of a record.
        NewerTables: a newer build has changed the tables, in a way that this build does not know.
        Missing: the tables are not those of this build, and the role of the address may not make or change them.
        Unavailable: the database cannot be written at this moment.
    """
    engine = open_database(url)
    try:
        if not up_to_date(engine):
            _migrate(engine)
    except NotAllowed as error:
        engine.dispose()
        raise Missing(
            "the tables of the record are not there, or of an older build, and this role may not make or change them: "
            "run `starter.py record setup` as their owner"
        ) from error
    except BaseException:
        engine.dispose()
        raise
    check_before_writing(engine, check_for_writing)
    return engine


def _migrate(engine: Engine) -> None:
    """Takes the steps. Only now their module is loaded, by its name, and Alembic with it.

    The tables change once in an upgrade, and nearly every worker starts without a step to take: Alembic would cost it
    10 MB and a tenth of a second for nothing.
    """
    importlib.import_module("record.migrations").migrate(engine)
