"""What SQLite leaves in its file of what was deleted, and how it is removed.

PostgreSQL has leftovers too, which its own VACUUM removes after a while; docs/record.md says so.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import Engine

from record.database import writing
from record.errors import Unavailable


def remove(engine: Engine) -> None:
    """Writes the file of a SQLite record anew, without anything that was ever deleted. Does nothing on PostgreSQL.

    Writers wait meanwhile: some seconds for each GB. It waits for those who read, as long as a writer waits for
    another one.

    Raises:
        Unavailable: another process holds the file or reads it for too long, or the disk has no room for a second copy.
            Nothing is lost, and leftovers may still be there.
    """
    if engine.dialect.name != "sqlite":
        return
    with writing(engine) as connection:
        # The index of the search only notes what was removed, until its parts are merged.
        connection.exec_driver_sql("INSERT INTO search_pieces (search_pieces) VALUES ('optimize')")
    raw = engine.raw_connection()
    try:
        connected: Any = raw.driver_connection
        connected.execute("VACUUM")
        # The new content goes beside the file first, and the old one stays in it for whoever still reads there.
        kept_from_it, _, _ = connected.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error as error:
        raise Unavailable(f"the file of the record cannot be written anew: {error}") from error
    finally:
        raw.close()
    if kept_from_it:
        raise Unavailable("the file of the record cannot be written anew: another process still reads what was in it")
