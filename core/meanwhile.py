"""Two people who change one thing at once must not write over each other unawares.

A page carries the mark of what it was made from. The deed looks again inside its own transaction, where nobody else
writes, and refuses when another mark stands there: what was typed stays on the page, beside what the other one wrote,
and the next attempt counts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import inspect

from core.db import Base

Stands = Mapping[str, Any]
"""What stands there now, by the names that its form's fields have."""


class Overtaken(Exception):
    """Somebody else changed this after the page was opened; nothing was saved."""

    def __init__(self, stands: Stands) -> None:
        super().__init__("This was changed after the page was opened.")
        self.stands = stands


def mark(stands: Stands) -> str:
    """What something says, in 16 characters."""
    return hashlib.sha256(json.dumps(stands, default=str, sort_keys=True).encode()).hexdigest()[:16]


def told(row: Base) -> dict[str, Any]:
    """What a row says: its columns, and what a column of several things holds."""
    found: dict[str, Any] = {}
    for column in inspect(type(row)).column_attrs:
        value = getattr(row, column.key)
        found |= value if isinstance(value, dict) else {column.key: value}
    return found


def as_seen(stands: Stands, seen: str | None) -> None:
    """Raises `Overtaken` where something is not as it was seen. seen: a mark; None for a deed that began from no page."""
    if seen is not None and seen != mark(stands):
        raise Overtaken(stands)
