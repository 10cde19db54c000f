"""Numbers that leave: a raw table goes in by one door, `protect`, and only protected tables come out.

`tables` holds the two types and their words, `ledger` the step rule and the door itself, `audit` the
reader who tries to prove a small count from everything ever published. Pure: no web, no database.
"""

from core.disclosure.audit import Finding, audit
from core.disclosure.ledger import protect, protect_job
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
