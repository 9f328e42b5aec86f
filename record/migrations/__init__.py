"""The steps that make and change the tables of the record, and how they are taken.

A step never uses Alembic's batch mode: on SQLite it makes the table anew, and silently drops the triggers that keep the
events as they are.
"""

from __future__ import annotations

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine

from record.database import writing
from record.revisions import check_revision

_ONE_AT_A_TIME = threading.Lock()
"""Alembic keeps the step that is being taken in variables of the whole process."""


def migrate(engine: Engine) -> None:
    """Makes the tables, or brings them up to those of this build. Safe to repeat, also by several processes at once.

    Raises:
        NewerTables: a newer build has been here.
        Unavailable: the database cannot be written at this moment.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    with _ONE_AT_A_TIME, writing(engine) as connection:
        there = MigrationContext.configure(connection).get_current_revision()
        if there is not None and check_revision(there):
            return
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
