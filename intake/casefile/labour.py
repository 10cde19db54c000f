"""Protection from retaliation: looked at one, three and six months after the labour track begins. Pure."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from typing import Final

from intake.casefile.record import File

MONTHS: Final = {"check_1": 1, "check_3": 3, "check_6": 6}


def months_after(day: date, months: int) -> date:
    """The same day some months later, or the last of that month."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def checks_due(file: File) -> Iterator[tuple[str, date]]:
    """The checks not yet made, with the day each is due."""
    steps = file.of("lao-dong")
    begun = min((day for one in steps if (day := one.day("on"))), default=None)
    if begun is None:
        return
    done = {one.values.get("step") for one in steps}
    for step, months in MONTHS.items():
        if step not in done:
            yield step, months_after(begun, months)
