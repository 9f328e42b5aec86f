"""Make the columns for the figures of `summary`, and indexes for them and for the few candidacies that are sought."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "r0005"
down_revision = "r0004"
only_adds = True


def upgrade() -> None:
    op.add_column("candidacies", sa.Column("tries", sa.Text))
    op.add_column("candidacies", sa.Column("days_from_registration", sa.Integer))
    op.add_column("candidacies", sa.Column("days_from_purchase", sa.Integer))
    op.create_index("ix_candidacies_open", "candidacies", ["designation", "status"], **_where("closed_at IS NULL"))
    op.create_index("ix_candidacies_attention", "candidacies", ["attention"], **_where("attention IS NOT NULL"))
    op.create_index("ix_candidacies_tries", "candidacies", ["tries"])
    days = ["days_from_registration", "days_from_purchase"]
    op.create_index("ix_candidacies_days_from_registration_days_from_purchase", "candidacies", days)


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}
