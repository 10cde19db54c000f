"""Two people who change one thing at once must not write over each other unawares.

A page carries the mark of what it was made from. The deed looks again inside its own transaction, where nobody else
writes, and refuses when another mark stands there: what was typed stays on the page, and the next attempt counts.
"""

from __future__ import annotations

import hashlib
import json

from sqlalchemy import inspect

from core.db import Base


class Overtaken(Exception):
    """Somebody else changed this after the page was opened; `now` is the mark of what stands there."""

    def __init__(self, now: str) -> None:
        super().__init__("This was changed after the page was opened.")
        self.now = now


def mark(row: Base | None) -> str:
    """What a row says, in 16 characters; nothing for a row that is still to be written."""
    if row is None:
        return ""
    told = {column.key: getattr(row, column.key) for column in inspect(type(row)).column_attrs}
    return hashlib.sha256(json.dumps(told, default=str, sort_keys=True).encode()).hexdigest()[:16]


def as_seen(row: Base, seen: str | None) -> None:
    """Raises `Overtaken` where a row is not what was seen. seen: None for a deed that began from no page."""
    if seen is not None and seen != mark(row):
        raise Overtaken(mark(row))
