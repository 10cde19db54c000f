"""What a list has to know of a case and that stands inside its seal: a few days, in the handlers' sealed cell.

    v d l c   until when something the file promised is to be done (intake/casefile/promises.py)
    b t       when a handler last answered the reporter; when the file said who was told of a child
    x n r     from when the time of the case runs: closed, out of scope, withdrawn (intake/retention.py)
    k         since when it is closed, where it is held and its time does not run

Whoever adds to a case writes the cell anew, as every opening does (decision 0021). The cell is a note and not the
record: what counts is worked out from the signed entries each time a case is opened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any, Final

from core.sealing import CannotOpen, SharedKey
from intake.casefile.kinds import KINDS
from intake.casefile.promises import ACTION, ASSESSMENT, REFERRAL, RETALIATION, promised
from intake.casefile.record import File
from intake.models import CaseFile
from intake.retention import Months, begins, closed, held, until
from intake.seal import openings
from intake.seal.openings import Days

LETTERS: Final[Mapping[str, str]] = {"v": ACTION, "d": ASSESSMENT, "l": RETALIATION, "c": REFERRAL}
WROTE: Final = "b"
CHILD: Final = "t"
_KEPT: Final[Mapping[str, str]] = {"x": "closed", "n": "out_of_scope", "r": "withdrawn"}
_CLOSED: Final = frozenset("xnk")


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
    file = File.among(entries, KINDS)
    days = {kinds[kind]: day for kind, day in promised(file).items()} | _done(file, entries)
    why, since = begins(entries, arrived_on)
    if not held(entries):
        days |= {letter: since for letter, one in _KEPT.items() if one == why}
    elif closed(entries):
        days["k"] = since
    return days


def _done(file: File, entries: Sequence[Mapping[str, Any]]) -> dict[str, date]:
    """What was done already that a list would otherwise go on asking for."""
    answers = [one for one in entries if one["what"] == "answer" and one["role"] == "handler"]
    told = file.latest("tre-em")
    days = {CHILD: told.on} if told else {}
    with suppress(ValueError):  # another program of a handler's may have put anything there
        if answers:
            days[WROTE] = date.fromisoformat(answers[-1]["at"][:10])
    return days


def state(days: Days, beside: str) -> str:
    """The state of a case for a list. beside: as it stands in clear, where anybody with the database could have put it.

    What no handler closed is not closed; what one did close is open again where the reporter wrote since, which the
    cell cannot know.
    """
    return "reading" if beside == "closed" and not _CLOSED & days.keys() else beside


def over(days: Days, *, state: str, today: date, months: Months) -> bool:
    """Whether the time of a case is past, as far as its cell says; state: in clear, the reporter may have written since."""
    ends = (
        until(why, days[letter], months=months)
        for letter, why in _KEPT.items()
        if letter in days and (state == "closed" or letter == "r")
    )
    return any(end is not None and today > end for end in ends)


def ends(cell: bytes, side: SharedKey, case_id: str, *, months: Months) -> tuple[str, date | None]:
    """Why and until when a case is kept as its cell says it, for one whose story does not open; "" where it says nothing."""
    with suppress(CannotOpen):
        days = openings.days_in(cell, openings.cell_key(side), case_id)
        for letter, why in _KEPT.items():
            if letter in days:
                return why, until(why, days[letter], months=months)
    return "", None
