"""Run by Alembic: applies migrations on the connection that `upgrade` hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

from bot.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite can, once its driver does not begin transactions of its own
)
context.run_migrations()
