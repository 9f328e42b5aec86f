"""Make the table of events, which only grows."""

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision = None
only_adds = False

_REFUSAL = "the events of the record are never changed or deleted"


_SORTED_BY_BYTES = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column(
            "position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=False
        ),
        sa.Column("workflow_id", _SORTED_BY_BYTES, nullable=False),
        sa.Column("enrolment", _SORTED_BY_BYTES, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("format", sa.Integer, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.UniqueConstraint("workflow_id", "enrolment", "sequence", name="uq_events_workflow_id_enrolment_sequence"),
    )
    op.create_index("ix_events_type_position", "events", ["type", "position"])
    for statement in _TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)


_TRIGGERS = {
    "sqlite": (
        f"""CREATE TRIGGER events_no_update BEFORE UPDATE ON events
            BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END""",
        f"""CREATE TRIGGER events_no_delete BEFORE DELETE ON events
            BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END""",
        # INSERT OR REPLACE deletes the row that is in its way without asking the trigger above. This one comes first.
        f"""CREATE TRIGGER events_no_replace BEFORE INSERT ON events
            WHEN EXISTS (
                SELECT 1 FROM events WHERE position = NEW.position
                OR (workflow_id = NEW.workflow_id AND enrolment = NEW.enrolment AND sequence = NEW.sequence)
            )
            BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END""",
    ),
    "postgresql": (
        f"""CREATE FUNCTION refuse_change_of_events() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
        """CREATE TRIGGER events_no_change BEFORE UPDATE OR DELETE ON events
           FOR EACH ROW EXECUTE FUNCTION refuse_change_of_events()""",
        # TRUNCATE asks no trigger of a row.
        """CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events
           FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_events()""",
    ),
}
