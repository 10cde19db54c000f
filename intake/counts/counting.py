"""Which cell a case is counted in: a pure function of what was judged on which day, and of past releases.

Published counts never fall within a year (statistics.md 2.2). Nothing about a case is stored to keep that
promise: handlers' judgements are only ever added to, each carries its day inside its seal, and the days of
past releases are public. So everybody who can open a case finds the same cell, on any later day:

    the cell of the last judgement at the first release of the year at which the case stood as genuine;
    before any such release, that of the last judgement at the day now being counted.

Reclassified or taken back after that release, the case stays where it was until the year ends. A case
counts in one year only: that in which it was first judged genuine.

The final figures of a year, made once, a month after it is over, say where those cases stand by then: reclassified
ones have moved, and those that are no longer held to be genuine have gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

Cell = Mapping[str, str]
"""Dim → category, and under "counts" what kind of report it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One judgement by a handler. cell: where the case then belongs; None: not judged genuine."""

    on: date
    cell: Cell | None


def cell_at(history: Sequence[Judged], releases: Iterable[date], as_of: date) -> Cell | None:
    """The cell in which a case is counted at the end of the day `as_of`; None: not counted.

    history: in the order in which it was written. releases: days of all releases so far, in any order.
    """
    told = list(_in_order(history))
    first = next((judged.on for judged in told if judged.cell is not None), None)
    if first is None or first.year != as_of.year:
        return None
    earlier = sorted({day for day in releases if day.year == as_of.year and day < as_of})
    for day in [*earlier, as_of]:
        cell = _standing(told, day)
        if cell is not None:
            return cell
    return None


def final_cell(history: Sequence[Judged], releases: Iterable[date], year: int) -> Cell | None:
    """The cell of a case in the final figures of a year; None: not counted in that year, or taken out since."""
    if cell_at(history, releases, date(year, 12, 31)) is None:
        return None
    return _standing(list(_in_order(history)), final_day(year))


def final_day(year: int) -> date:
    """The last day whose judgements are in the final figures of a year."""
    return date(year + 1, 1, 31)


def _in_order(history: Sequence[Judged]) -> Iterator[Judged]:
    """Judgements with a day no earlier than that of the one before: none can be slipped in behind a release."""
    latest = date.min
    for judged in history:
        latest = max(latest, judged.on)
        yield Judged(on=latest, cell=judged.cell)


def _standing(history: Sequence[Judged], day: date) -> Cell | None:
    """Where the last judgement up to and including a day puts the case."""
    cell = None
    for judged in history:
        if judged.on <= day:
            cell = judged.cell
    return cell
