"""Which tables this build needs. Alembic is not loaded for it: that would cost every command a third of a second."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, inspect, text

from record.database import reading
from record.errors import NewerTables

REVISIONS = tuple(
    sorted(path.stem.partition("_")[0] for path in (Path(__file__).parent / "migrations/versions").glob("r*.py"))
)
"""The revision of every step of `migrations/`, in order: the name of a step's file begins with it."""


def revision(engine: Engine) -> str | None:
    """The revision of the tables; None where there are none yet.

    Raises:
        Unavailable: the database cannot be read at this moment.
    """
    with reading(engine) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return found


def check_revision(there: str) -> bool:
    """Whether tables of this revision are those of this build; False if they are of an older one.

    Raises:
        NewerTables: they are of a newer build.
    """
    if there not in REVISIONS:
        raise NewerTables(
            f"the tables of the record are of a newer build (revision {there}): use that build, or one after it"
        )
    return there == REVISIONS[-1]
