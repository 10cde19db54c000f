"""What a list has to know of a case and that stands inside its seal: a few days, in the handlers' sealed cell.

    v d l c   until when something the file promised is to be done (intake/casefile/promises.py)
    x n r     from when the time of the case runs: closed, out of scope, withdrawn (intake/retention.py)

Whoever adds to a case writes the cell anew, as every opening does (decision 0021). The cell is a note and not the
record: what counts is worked out from the signed entries each time a case is opened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any, Final

from core.sealing import CannotOpen, SharedKey
from intake import openings
from intake.casefile.kinds import KINDS
from intake.casefile.promises import ACTION, ASSESSMENT, REFERRAL, RETALIATION, promised
from intake.casefile.record import File
from intake.models import CaseFile
from intake.openings import Days
from intake.retention import Months, begins, held, until

LETTERS: Final[Mapping[str, str]] = {"v": ACTION, "d": ASSESSMENT, "l": RETALIATION, "c": REFERRAL}
_KEPT: Final[Mapping[str, str]] = {"x": "closed", "n": "out_of_scope", "r": "withdrawn"}


def renew(file: CaseFile, side: SharedKey, entries: Sequence[Mapping[str, Any]]) -> bool:
    """Write the days into the cell of a case where they changed; whether they did. entries: as `every_entry`'s."""
    days = days_of(entries, file.arrived_on)
    with suppress(CannotOpen):  # a spoilt cell: whoever opens the case is told, and it is not repaired unseen
        if openings.days_in(file.openings_handlers, openings.cell_key(side), file.id) != days:
            file.openings_handlers = openings.redated(file.openings_handlers, days, side, file.id)
            return True
    return False


def days_of(entries: Sequence[Mapping[str, Any]], arrived_on: date) -> Days:
    """The days that a case's entries come to."""
    kinds = {kind: letter for letter, kind in LETTERS.items()}
    days = {kinds[kind]: day for kind, day in promised(File.among(entries, KINDS)).items()}
    if not held(entries):
        why, since = begins(entries, arrived_on)
        days |= {letter: since for letter, one in _KEPT.items() if one == why}
    return days


def over(days: Days, *, state: str, today: date, months: Months) -> bool:
    """Whether the time of a case is past, as far as its cell says."""
    ends = (
        until(why, days[letter], state=state, months=months)
        for letter, why in _KEPT.items()
        if letter in days
    )
    return any(end is not None and today > end for end in ends)
