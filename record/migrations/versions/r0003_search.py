"""Make the search index: what persons are found by, with its pieces (`record/spelling.py`) in an inverted index."""

import sqlalchemy as sa
from alembic import op

revision = "r0003"
down_revision = "r0002"
only_adds = False

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "search",
        sa.Column("id", _ID, primary_key=True, autoincrement=False),
        sa.Column("candidate_id", _TEXT, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("key", _TEXT, nullable=False),
        sa.Column("value", _TEXT, nullable=False),
        sa.UniqueConstraint("candidate_id", "kind", "key", "value", name="uq_search_candidate_id_kind_key_value"),
    )
    op.create_index("ix_search_key", "search", ["key"])
    for statement in _PIECES[op.get_bind().dialect.name]:
        op.execute(statement)


# Both are part of the database itself. The extension pg_trgm may need an administrator, and in a database with the
# locale C it finds nothing that is not ASCII.
_PIECES = {
    "sqlite": (
        # The pieces are tokens already: letters, digits, the underscore, and everything that is not ASCII.
        """CREATE VIRTUAL TABLE search_pieces USING fts5 (
               pieces, content = '', detail = none, columnsize = 0, tokenize = "ascii tokenchars '_'"
           )""",
    ),
    "postgresql": (
        """ALTER TABLE search ADD COLUMN pieces text[] COLLATE "C" NOT NULL""",
        # What waits to be sorted into the index is read by every search, so it stays short (in KB).
        """CREATE INDEX ix_search_pieces ON search USING gin (pieces) WITH (gin_pending_list_limit = 256)""",
    ),
}
