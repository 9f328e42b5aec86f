"""What a role of PostgreSQL may do with the tables that another role owns.

The owner of a table may drop it, and may switch off the triggers that keep the events as they are. So the workers have
a role that owns nothing, and the tables are made by another one, with a password that no worker has.
"""

from __future__ import annotations

from sqlalchemy import Connection, Engine, Table, text

from record.database import open_database, reading, writing
from record.errors import UnknownRole
from record.tables import DELIVERIES, EVENTS, METADATA, PROGRAMMES, STEPS, TEXTS

_ONLY_GROW = (EVENTS, PROGRAMMES, TEXTS, DELIVERIES)
"""What the workers only add to. Of the last two, the owner of the tables erases (`erasure.py`)."""
_REVISION = "alembic_version"


def allow_to_record(engine: Engine, role: str) -> None:
    """Lets this role record events and write the read models, and takes every other right on the tables from it.

    Only the owner of the tables can do so. Safe to repeat, and needed after every step that makes a table.

    Raises:
        UnknownRole: the database has no such role, or is a file.
        Unavailable: the database cannot be written at this moment.
    """
    if engine.dialect.name != "postgresql":
        raise UnknownRole("a SQLite file has no roles: leave the role out")
    with writing(engine) as connection:
        if not connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}).first():
            raise UnknownRole(f"the database has no role {role}: make it first")
        name = engine.dialect.identifier_preparer.quote(role)
        for table in METADATA.sorted_tables:
            _grant(connection, table.name, _rights(table), name)
        _grant(connection, _REVISION, "SELECT", name)


def may_make_tables(url: str) -> bool:
    """Whether the role of this address may make tables there.

    Raises:
        Unavailable: the database cannot be read at this moment.
    """
    engine = open_database(url)
    if engine.dialect.name != "postgresql":
        return True
    try:
        with reading(engine) as connection:
            asked = text("SELECT has_schema_privilege(current_schema(), 'CREATE')")
            return bool(connection.execute(asked).scalar())
    finally:
        engine.dispose()


def _rights(table: Table) -> str:
    if table is STEPS:
        return "SELECT"
    return "SELECT, INSERT" if table in _ONLY_GROW else "SELECT, INSERT, UPDATE, DELETE"


def _grant(connection: Connection, table: str, rights: str, role: str) -> None:
    connection.exec_driver_sql(f"REVOKE ALL ON {table} FROM {role}")
    connection.exec_driver_sql(f"GRANT {rights} ON {table} TO {role}")
