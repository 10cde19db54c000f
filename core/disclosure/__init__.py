"""Numbers that leave: a raw table goes in by one door, `protect`, and only protected tables come out.

`tables` holds the two types and their words, `ledger` the step rule and the door itself, `reader` the
reader who tries to prove a small count from everything ever published. Pure: no web, no database.

Page workers may import this: numpy and scipy are loaded only when a table is protected or audited, which
happens in a short-lived child process.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

from core.disclosure.tables import (
    NotPublishable,
    ProtectedTable,
    RawTable,
    Row,
    Value,
    from_json,
    leaving,
    shown,
    to_job,
    to_json,
)

if TYPE_CHECKING:
    from core.disclosure.ledger import protect, protect_job
    from core.disclosure.reader import Finding, audit

__all__ = [
    "Finding",
    "NotPublishable",
    "ProtectedTable",
    "RawTable",
    "Row",
    "Value",
    "audit",
    "from_json",
    "leaving",
    "protect",
    "protect_job",
    "shown",
    "to_job",
    "to_json",
]

_HEAVY: Final = {"protect": "ledger", "protect_job": "ledger", "audit": "reader", "Finding": "reader"}


def __getattr__(name: str) -> Any:
    """The names that need numpy, loaded when somebody first uses one."""
    if name not in _HEAVY:
        raise AttributeError(name)
    return getattr(importlib.import_module(f"core.disclosure.{_HEAVY[name]}"), name)
