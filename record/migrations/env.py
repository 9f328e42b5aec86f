"""Alembic runs this file. The connection, inside its transaction, comes from `migrate`."""

from alembic import context

from record.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=False,  # the transaction is the caller's
)
context.run_migrations()
