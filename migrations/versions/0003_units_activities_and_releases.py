"""units, activities and releases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """One step forward. There is no way back but a backup: a step back would have to invent what it lost."""
