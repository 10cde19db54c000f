"""How often a case was opened, and by which role: two sealed cells of one length (decision 0008). Pure.

One cell is for the handlers' side, so that whoever opens can read the counts and add one; the other is
sealed to the reporter, who sees them in the mailbox. Both are written anew each time, all counts at once,
so that nobody sees from outside which of them moved, or whether there is anything to count at all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from core.sealing import PrivateKey, PublicKey, SharedKey, context, derive, pad, seal, unpad, unseal

ROLES: Final = ("handler", "custodian")
CELL_BYTES: Final = 128

Counts = Mapping[str, int]


def none_yet() -> Counts:
    """The counts of a case that nobody has opened."""
    return dict.fromkeys(ROLES, 0)


def one_more(counts: Counts, *roles: str) -> Counts:
    """The counts after one opening by each of these roles."""
    return {role: counts[role] + (role in roles) for role in ROLES}


def for_handlers(counts: Counts, side: SharedKey, case_id: str) -> bytes:
    """The cell of the handlers' side, under a key of its own."""
    return seal(_written(counts), _key(side), context("openings handlers", case_id))


def read_by_handler(cell: bytes, side: SharedKey, case_id: str) -> Counts:
    """What `for_handlers` sealed, or `CannotOpen`."""
    return _read(unseal(cell, _key(side), context("openings handlers", case_id)))


def for_reporter(counts: Counts, reporter: PublicKey, case_id: str) -> bytes:
    """The cell that the receipt opens."""
    return seal(_written(counts), reporter, context("openings reporter", case_id))


def read_by_reporter(cell: bytes, reporter: PrivateKey, case_id: str) -> Counts:
    """What `for_reporter` sealed, or `CannotOpen`."""
    return _read(unseal(cell, reporter, context("openings reporter", case_id)))


def _key(side: SharedKey) -> SharedKey:
    return derive(side, "openings")


def _written(counts: Counts) -> bytes:
    return pad(json.dumps({role: counts[role] for role in ROLES}).encode(), CELL_BYTES)


def _read(written: bytes) -> Counts:
    found = json.loads(unpad(written))
    return {role: int(found.get(role, 0)) for role in ROLES}
