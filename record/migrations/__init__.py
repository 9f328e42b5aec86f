"""The steps that make and change the tables of the record, and how they are taken.

A step never uses Alembic's batch mode: on SQLite it makes the table anew, and silently drops the triggers that keep the
events as they are.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from record.database import reading, writing
from record.errors import RecordError


class NewerTables(RecordError):
    """A newer build has changed the tables in a way that this build does not know."""


def migrate(engine: Engine) -> None:
    """Makes the tables, or brings them up to those of this build. Safe to repeat, also by several processes at once.

    Raises:
        NewerTables: a newer build has been here.
        Unavailable: the database cannot be written at this moment.
    """
    config = _config()
    with writing(engine) as connection:
        there = MigrationContext.configure(connection).get_current_revision()
        if there is not None and check_revision(there):
            return
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def check_revision(there: str) -> bool:
    """Whether tables of this revision are those of this build; False if they are of an older one.

    Raises:
        NewerTables: they are of a newer build.
    """
    steps = ScriptDirectory.from_config(_config())
    if there not in {step.revision for step in steps.walk_revisions()}:
        raise NewerTables(
            f"the tables of the record are of a newer build (revision {there}): use that build, or one after it"
        )
    return there == steps.get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config


def revision(engine: Engine) -> str | None:
    """The revision of the tables; None where there are none yet.

    Raises:
        Unavailable: the database cannot be read at this moment.
    """
    with reading(engine) as connection:
        return MigrationContext.configure(connection).get_current_revision()
