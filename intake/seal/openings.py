"""How often a case was opened, and by which role: two sealed cells of one length (decision 0008). Pure.

One cell is for the handlers' side, so that whoever opens can read the counts and add one; the other is
sealed to the reporter, who sees them in the mailbox. Both are written anew each time, all counts at once,
so that nobody sees from outside which of them moved, or whether there is anything to count at all.

The handlers' cell also holds days: until when something the file promised is to be done, and from when the
case is kept. A list of thousands reads them there, and opens no file for it (decision 0021). And it remembers how
many parts the case had, so that a newest note taken away is missed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from core.sealing import (
    CannotOpen,
    PrivateKey,
    PublicKey,
    SharedKey,
    context,
    derive,
    pad,
    seal,
    unpad,
    unseal,
)

ROLES: Final = ("handler", "custodian")
CELL_BYTES: Final = 128
KEPT: Final = "kept"
"""Beside the counts of a closed case: until when it is kept at the least, in days since 1 January 1970."""
_FIRST: Final = date(1970, 1, 1)

Counts = Mapping[str, int]
Days = Mapping[str, date]
"""One letter that says what the day is for (intake/desk/dating.py) → the day."""
MOST_DAYS: Final = 7
"""So many fit beside counts of five digits; a closed case, whose cell says until when it is kept, has three."""
_PARTS: Final = "n"
_DAY: Final = re.compile(r"[a-z]2[0-9]{7}")
_MOST: Final = 10**6
"""No case is opened so often; a cell that says so was not written here."""


def none_yet() -> Counts:
    """The counts of a case that nobody has opened."""
    return dict.fromkeys(ROLES, 0)


def one_more(counts: Counts, *roles: str) -> Counts:
    """The counts after one opening by each of these roles."""
    return {**counts, **{role: counts[role] + (role in roles) for role in ROLES}}


def dated(counts: Counts, until: date | None) -> Counts:
    """The counts with the day until which the case is kept; None where there is none."""
    bare = {role: counts[role] for role in ROLES}
    return bare if until is None else {**bare, KEPT: (until - _FIRST).days}


def kept_until(counts: Counts) -> date | None:
    """The day that `dated` put beside the counts."""
    days = counts.get(KEPT, 0)
    return _FIRST + timedelta(days=days) if 0 < days < 100_000 else None


def cell_key(side: SharedKey) -> SharedKey:
    """What opens the handlers' cell of a case, and nothing else of it."""
    return derive(side, "openings")


def for_handlers(
    counts: Counts, side: SharedKey, case_id: str, days: Days | None = None, parts: int = 0
) -> bytes:
    """The cell of the handlers' side, under a key of its own; ValueError for more than `MOST_DAYS` days."""
    if days and len(days) > MOST_DAYS:
        raise ValueError("days")
    told = " ".join(f"{what}{day:%Y%m%d}" for what, day in sorted((days or {}).items()))
    more = ({"days": told} if told else {}) | ({_PARTS: parts} if parts else {})
    return _sealed(dict(counts) | more, side, case_id)


def recounted(cell: bytes, counts: Counts, side: SharedKey, case_id: str) -> bytes:
    """The cell with other counts and everything else as it was, or `CannotOpen`."""
    days = days_in(cell, cell_key(side), case_id)
    return for_handlers(counts, side, case_id, days, parts_in(cell, side, case_id))


def redated(cell: bytes, days: Days, side: SharedKey, case_id: str) -> bytes:
    """The cell with other days and everything else as it was, or `CannotOpen`."""
    counts = read_by_handler(cell, side, case_id)
    return for_handlers(counts, side, case_id, days, parts_in(cell, side, case_id))


def lengthened(cell: bytes, parts: int, side: SharedKey, case_id: str) -> bytes:
    """The cell with the number of parts where that has grown, or `CannotOpen`; it never falls."""
    counts, days = read_by_handler(cell, side, case_id), days_in(cell, cell_key(side), case_id)
    return for_handlers(counts, side, case_id, days, max(parts, parts_in(cell, side, case_id)))


def parts_in(cell: bytes, side: SharedKey, case_id: str) -> int:
    """How many parts the case had at least when a handler last read or wrote in it, or `CannotOpen`."""
    told = _opened(cell, cell_key(side), case_id).get(_PARTS, 0)
    return told if type(told) is int and 0 <= told < 100_000 else 0


def days_in(cell: bytes, key: SharedKey, case_id: str) -> Days:
    """The days in a cell, or `CannotOpen`. key: see `cell_key`."""
    told = str(_opened(cell, key, case_id).get("days", "")).split()
    # A browser made the first cell and may have put anything into it: a list of all letters reads these days.
    if len(told) > MOST_DAYS or not all(map(_DAY.fullmatch, told)):
        return {}
    try:
        return {one[0]: date.fromisoformat(one[1:]) for one in told}
    except ValueError:
        return {}


def read_by_handler(cell: bytes, side: SharedKey, case_id: str) -> Counts:
    """How often, as `for_handlers` sealed it, or `CannotOpen`."""
    return _counts(_opened(cell, cell_key(side), case_id))


def for_reporter(counts: Counts, reporter: PublicKey, case_id: str) -> bytes:
    """The cell that the receipt opens: the counts, and until when a closed case is kept."""
    return seal(_written(_counts(counts)), reporter, context("openings reporter", case_id))


def read_by_reporter(cell: bytes, reporter: PrivateKey, case_id: str) -> Counts:
    """What `for_reporter` sealed, or `CannotOpen`."""
    return _counts(_read(unseal(cell, reporter, context("openings reporter", case_id))))


def _sealed(words: Mapping[str, Any], side: SharedKey, case_id: str) -> bytes:
    return seal(_written(words), cell_key(side), context("openings handlers", case_id))


def _opened(cell: bytes, key: SharedKey, case_id: str) -> dict[str, Any]:
    return _read(unseal(cell, key, context("openings handlers", case_id)))


def _written(words: Mapping[str, Any]) -> bytes:
    return pad(json.dumps(words, separators=(",", ":")).encode(), CELL_BYTES)


def _read(written: bytes) -> dict[str, Any]:
    try:
        found = json.loads(unpad(written))
    except ValueError:
        raise CannotOpen from None
    return found if isinstance(found, dict) else {}


def _counts(found: Mapping[str, Any]) -> Counts:
    try:
        dates = {KEPT: int(found[KEPT])} if KEPT in found else {}
        counts = {role: int(found.get(role, 0)) for role in ROLES} | dates
    except (TypeError, ValueError, OverflowError):
        raise CannotOpen from None
    if not all(0 <= count < _MOST for count in counts.values()):
        raise CannotOpen
    return counts
