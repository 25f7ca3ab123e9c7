"""Runs the revisions on the connection that `Database.open` hands over."""

from alembic import context

from kavita.store.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
