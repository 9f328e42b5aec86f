"""Make the tables of what stands beside the events, and the read models."""

import sqlalchemy as sa
from alembic import op

revision = "r0002"
down_revision = "r0001"
only_adds = False

_REFUSAL = "the programmes of the record are never changed or deleted"
_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "programmes",
        sa.Column("digest", _TEXT, primary_key=True),
        sa.Column("body", sa.Text, nullable=False),
    )
    _make_sources()
    _make_candidacies()
    _make_other_models()
    for statement in _TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)


def _enrolment() -> tuple[sa.Column[str], sa.Column[str]]:
    return sa.Column("workflow_id", _TEXT, primary_key=True), sa.Column("enrolment", _TEXT, primary_key=True)


def _make_sources() -> None:
    op.create_table(
        "texts",
        *_enrolment(),
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("seal", _TEXT, primary_key=True),
        sa.Column("salt", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "contacts",
        *_enrolment(),
        sa.Column("since", _TEXT, primary_key=True),
        sa.Column("until", _TEXT),
        sa.Column("candidate_id", _TEXT, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("publish", sa.Boolean, nullable=False),
    )
    op.create_index("ix_contacts_candidate_id", "contacts", ["candidate_id"])
    op.create_table(
        "deliveries",
        *_enrolment(),
        sa.Column("about", sa.Integer, primary_key=True),
        sa.Column("notice", sa.Text, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("sent_at", _TEXT, nullable=False),
        sa.Column("email", sa.Text),
    )


def _make_candidacies() -> None:
    op.create_table(
        "states",
        *_enrolment(),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("format", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "candidacies",
        *_enrolment(),
        sa.Column("candidate_id", _TEXT, nullable=False),
        sa.Column("designation", _TEXT, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("status", _TEXT, nullable=False),
        sa.Column("registered_at", _TEXT, nullable=False),
        sa.Column("assessments_passed", sa.Integer, nullable=False),
        sa.Column("next_border_at", _TEXT),
        sa.Column("next_alarm_at", _TEXT),
        sa.Column("attention", sa.Text),
        sa.Column("waits_for_review", sa.Boolean, nullable=False),
        sa.Column("certificate_number", _TEXT),
        sa.Column("certified_on", _TEXT),
        sa.Column("expires_on", _TEXT),
        sa.Column("closed_at", _TEXT),
        sa.Column("view", sa.Text, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("position", _POSITION, nullable=False),
        sa.Column("changed_at", _TEXT, nullable=False),
    )
    for columns in (
        ("candidate_id",),
        ("designation", "status"),
        ("next_border_at",),
        ("next_alarm_at",),
        ("certificate_number",),
        ("registered_at",),
    ):
        op.create_index(f"ix_candidacies_{'_'.join(columns)}", "candidacies", list(columns))


def _make_other_models() -> None:
    op.create_table(
        "certificates",
        sa.Column("number", _TEXT, primary_key=True),
        *_enrolment(),
        sa.Column("candidate_id", _TEXT, nullable=False),
        sa.Column("designation", _TEXT, nullable=False),
        sa.Column("certified_on", _TEXT, nullable=False),
        sa.Column("expires_on", _TEXT, nullable=False),
        sa.Column("expires_at", _TEXT, nullable=False),
        sa.Column("cycle", sa.Integer, nullable=False),
        sa.Column("suspended_at", _TEXT),
        sa.Column("ended_at", _TEXT),
        sa.Column("ended", sa.Text),
        sa.Column("superseded_by", sa.Text),
    )
    op.create_index("ix_certificates_workflow_id_enrolment", "certificates", ["workflow_id", "enrolment"])
    op.create_index("ix_certificates_certified_on", "certificates", ["certified_on"])
    op.create_table(
        "results",
        *_enrolment(),
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("at", _TEXT, nullable=False),
        sa.Column("designation", _TEXT, nullable=False),
        sa.Column("result_id", _TEXT, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("domain", _TEXT, nullable=False),
        sa.Column("taken_at", _TEXT, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("passed", sa.Boolean, nullable=False),
        sa.Column("percentage", sa.Text),
        sa.Column("source", sa.Text),
    )
    op.create_index("ix_results_at", "results", ["at"])
    op.create_index("ix_results_result_id", "results", ["result_id"])
    op.create_table(
        "notices",
        *_enrolment(),
        sa.Column("about", sa.Integer, primary_key=True),
        sa.Column("notice", sa.Text, nullable=False),
        sa.Column("queued_at", _TEXT, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("ended_at", _TEXT),
    )


_TRIGGERS = {
    "sqlite": (
        f"""CREATE TRIGGER programmes_no_update BEFORE UPDATE ON programmes
            BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END""",
        f"""CREATE TRIGGER programmes_no_delete BEFORE DELETE ON programmes
            BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END""",
        f"""CREATE TRIGGER programmes_no_replace BEFORE INSERT ON programmes
            WHEN EXISTS (SELECT 1 FROM programmes WHERE digest = NEW.digest)
            BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END""",
    ),
    "postgresql": (
        f"""CREATE FUNCTION refuse_change_of_programmes() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
        """CREATE TRIGGER programmes_no_change BEFORE UPDATE OR DELETE ON programmes
           FOR EACH ROW EXECUTE FUNCTION refuse_change_of_programmes()""",
        """CREATE TRIGGER programmes_no_truncate BEFORE TRUNCATE ON programmes
           FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_programmes()""",
    ),
}
