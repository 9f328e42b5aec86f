"""The tables of the record, for statements. `migrations/` makes them, with the triggers that keep them as they are."""

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text, UniqueConstraint

_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
"""A text that sorts by its bytes in every database, because the order is part of a head (`proof.py`)."""

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(column_0_N_label)s",
    }
)

EVENTS = Table(
    "events",
    METADATA,
    # The place of the event among all events of the record, from 1, without a gap: what readers follow.
    Column("position", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=False),
    Column("workflow_id", _TEXT, nullable=False),
    Column("enrolment", _TEXT, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("format", Integer, nullable=False),
    # The instant in UTC as text: it is part of the proof, so no database may write it in its own way.
    Column("at", Text, nullable=False),
    # JSON as text, for the same reason.
    Column("body", Text, nullable=False),
    Column("hash", Text, nullable=False),
    UniqueConstraint("workflow_id", "enrolment", "sequence"),
    Index(None, "type", "position"),
)
"""One row for each event. Rows are only ever added."""
