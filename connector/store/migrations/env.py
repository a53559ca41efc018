"""Alembic's entry: migrates on the connection that it is given, inside the transaction that is open there."""

from __future__ import annotations

from alembic import context

from connector.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # The caller began the transaction and commits it; on SQLite, too, where Alembic would expect none.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
