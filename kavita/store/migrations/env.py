"""Runs the revisions on the connection that `Database.open` hands over."""

from alembic import context

import kavita.store.record_tables
import kavita.store.tables  # noqa: F401  the metadata is complete only with both
from kavita.store.columns import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
