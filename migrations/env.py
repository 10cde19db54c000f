"""How Alembic meets the database: over the connection that core/migrate.py hands over, and no other."""

from __future__ import annotations

from alembic import context

from core.db import Base

connection = context.config.attributes["connection"]

context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    # SQLite cannot change a column in place: the table is made anew. The same text runs on PostgreSQL.
    render_as_batch=True,
    compare_type=True,
    # The transaction is the caller's.
    transactional_ddl=False,
)
context.run_migrations()
