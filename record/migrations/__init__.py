"""The steps that make and change the tables of the record, and how they are taken.

A step never uses Alembic's batch mode: on SQLite it makes the table anew, and silently drops the triggers that keep the
events as they are.

Each step says by `only_adds` whether a build that does not know it may go on reading and writing after it. It may where
the step makes a table, a column that may be empty, or an index, and where that build does nothing wrong by not knowing
them. Most steps should be so: otherwise the workers of the older build record nothing during the upgrade.
"""

from __future__ import annotations

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, insert, select

from record.database import writing
from record.revisions import is_enough, revision_of
from record.tables import STEPS

_ONE_AT_A_TIME = threading.Lock()
"""Alembic keeps the step that is being taken in variables of the whole process."""


def migrate(engine: Engine) -> None:
    """Makes the tables, or brings them up to those of this build. Safe to repeat, also by several processes at once.

    Raises:
        NewerTables: a newer build has changed the tables, in a way that this build does not know.
        Unavailable: the database cannot be written at this moment.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    with _ONE_AT_A_TIME, writing(engine) as connection:
        there = revision_of(connection)
        if there is not None and is_enough(connection, there):
            return
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        _keep_steps(connection, ScriptDirectory.from_config(config))


def _keep_steps(connection: Connection, scripts: ScriptDirectory) -> None:
    """Writes which steps were taken, and whether each only adds, for builds that do not have their files."""
    known = set(connection.scalars(select(STEPS.c.revision)))
    taken = [
        {"revision": script.revision, "only_adds": script.module.only_adds}
        for script in scripts.walk_revisions()
        if script.revision not in known
    ]
    if taken:
        connection.execute(insert(STEPS), taken)
