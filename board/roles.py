"""Who may do what on the roof, as one table to read aloud (pure). What is not listed is denied."""

from __future__ import annotations

from typing import Final

from core.access import Denied, Identity, Role, require

MAY: Final[dict[str, frozenset[Role]]] = {
    "see figures": frozenset({Role.BOARD}),
    "report for a unit": frozenset({Role.UNIT}),
    "judge unit reports": frozenset({Role.CAMPAIGNER}),
    "write the report": frozenset({Role.CAMPAIGNER}),
    "close the report": frozenset({Role.CAMPAIGNER}),
    "open the report again": frozenset({Role.CAMPAIGNER}),
    "see releases": frozenset({Role.CUSTODIAN}),
    "begin a release": frozenset({Role.CUSTODIAN}),
    "count a release": frozenset({Role.CUSTODIAN}),
    "publish a release": frozenset({Role.CUSTODIAN}),
    "put a release aside": frozenset({Role.CUSTODIAN}),
}


def require_may(identity: Identity | None, deed: str) -> Identity:
    """The identity, if the table lists one of its roles for the deed; else `Denied`, also for unknown deeds."""
    roles = MAY.get(deed)
    if not roles:
        raise Denied
    return require(identity, *roles)
