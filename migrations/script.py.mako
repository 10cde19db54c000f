"""${message}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """One step forward. There is no way back but a backup: a step back would have to invent what it lost."""
    ${upgrades if upgrades else "pass"}
