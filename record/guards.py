"""Whether the database still refuses to change what stays: the triggers of the events and of the programmes.

Whoever administers the database can drop a trigger, or switch it off, and put it back afterwards. So that it is there
proves nothing. But where it is missing, changes are no longer refused, and somebody should ask why.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, text

from record.database import reading

_GUARDS: dict[str, dict[str, tuple[str, ...]]] = {
    "sqlite": {
        "events": ("events_no_update", "events_no_delete", "events_no_replace"),
        "programmes": ("programmes_no_update", "programmes_no_delete", "programmes_no_replace"),
    },
    "postgresql": {
        "events": ("events_no_change", "events_no_truncate"),
        "programmes": ("programmes_no_change", "programmes_no_truncate"),
    },
}
"""The triggers of `migrations/`, by database and table."""

_AT_WORK = {
    "sqlite": text("SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'"),
    # D is a trigger that is switched off, R one that only works while a copy of the database follows another one.
    "postgresql": text(
        "SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
        "WHERE pg_class.relnamespace = current_schema()::regnamespace AND tgenabled IN ('O', 'A')"
    ),
}


@dataclass(frozen=True, slots=True)
class Unguarded:
    """A table of which the database no longer refuses some change, because this trigger is missing or switched off."""

    table: str
    trigger: str

    def __str__(self) -> str:
        return f"{self.table}: the trigger {self.trigger}, which refuses changes, is missing or switched off"


def missing(engine: Engine) -> list[Unguarded]:
    """The triggers that are not at work.

    Raises:
        Unavailable: the database cannot be read at this moment.
    """
    with reading(engine) as connection:
        at_work = {(table, name) for table, name in connection.execute(_AT_WORK[engine.dialect.name])}
    wanted = _GUARDS[engine.dialect.name]
    return [Unguarded(table, name) for table, names in wanted.items() for name in names if (table, name) not in at_work]
