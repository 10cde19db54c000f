"""files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """One step."""
    # Files that a browser seals and brings chunk by chunk.
    op.create_table(
        "arriving_file",
        sa.Column("file_id", sa.String(length=32), nullable=False),
        sa.Column("begun_on", sa.Date(), nullable=False),
        sa.Column("clean_chunks", sa.Integer(), nullable=False),
        sa.Column("original_chunks", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "clean_chunks >= 0 AND original_chunks > 0", name=op.f("ck_arriving_file_chunks_counted")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_arriving_file_file_id")),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_arriving_file")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_arriving_file_begun_on"), "arriving_file", ["begun_on"])
