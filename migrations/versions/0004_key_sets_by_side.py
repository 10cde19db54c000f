"""key sets by side."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """One step forward. There is no way back but a backup: a step back would have to invent what it lost."""
    # What is still under an earlier roster is found without reading a single slot.
    op.create_index(op.f("ix_key_set_side"), "key_set", ["side", "case_id", "roster_version"])
