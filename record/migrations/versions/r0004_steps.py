"""Make the table of steps, and the column that says which columns the build knew that wrote the read models."""

import sqlalchemy as sa
from alembic import op

revision = "r0004"
down_revision = "r0003"
only_adds = True

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "steps",
        sa.Column("revision", _TEXT, primary_key=True),
        sa.Column("only_adds", sa.Boolean, nullable=False),
    )
    op.add_column("states", sa.Column("shape", sa.Text))
