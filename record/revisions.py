"""Which tables this build needs, and whether it may use those that are there.

During an upgrade, workers of two builds use one record. The newer build changes the tables, and the older one goes on
where every step that it does not know only adds: so `steps` says of each step that was taken whether it does. Alembic
is not loaded for this, because it would cost every command and every worker a third of a second.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, select, text

from record.database import reading
from record.errors import Missing, NewerTables
from record.pipeline import Pipeline, Rows, Statement
from record.tables import STEPS

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
        return revision_of(connection)


def revision_of(connection: Connection) -> str | None:
    """The revision of the tables; None where there are none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(_REVISION.clause).scalar()
    return found


def up_to_date(engine: Engine) -> bool:
    """Whether this build has no step to take; False if the tables are missing or of an older build.

    Raises:
        NewerTables: a newer build has taken a step that does not only add.
        Unavailable: the database cannot be read at this moment.
    """
    with reading(engine) as connection:
        there = revision_of(connection)
        return there is not None and is_enough(connection, there)


def is_enough(connection: Connection, there: str) -> bool:
    """Whether this build may use tables of this revision as they are; False if they are of an older build.

    Raises:
        NewerTables: a newer build has taken a step that does not only add.
    """
    if there in REVISIONS:
        return there == REVISIONS[-1]
    later = {step.revision: step.only_adds for step in connection.execute(_STEPS) if step.revision not in REVISIONS}
    # Where nothing says what the newest step does, it is not known to only add.
    if not later.get(there) or not all(later.values()):
        raise NewerTables(
            f"the tables of the record are of a newer build (revision {there}), and this build cannot use them: "
            "use that build, or one after it"
        )
    return True


def check_for_writing(pipeline: Pipeline) -> None:
    """Checks the tables again in the transaction that writes: a newer build may change them at any moment.

    The question is sent with the first of the transaction, and its answer is checked before anything is written.

    Raises:
        NewerTables: a newer build has taken a step that does not only add.
        Missing: the tables are of an older build now: somebody has put an older database back.
    """

    def check(found: Rows) -> None:
        if not found or not is_enough(pipeline.connection, found[0][0]):
            raise Missing("the tables of the record are of an older build now")

    pipeline.ask(_REVISION, {}, check)


# Statements that are made once: making them takes longer than the database does.
_REVISION = Statement(text("SELECT version_num FROM alembic_version"))
_STEPS = select(STEPS)
