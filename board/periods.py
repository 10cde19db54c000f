"""Which periods may be released: fixed beforehand, closed, and after the last one (pure).

Counts run from 1 January to the end of a quarter, or to the as-of day of the yearly report: the last day on
which the units' own reports are on time, unless the campaign names another.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from core import particulars
from core.disclosure.tables import FINAL

_QUARTERS: Final = ((3, 31), (6, 30), (9, 30), (12, 31))


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What a release covers: from 1 January to the end of `as_of`; final: as a closed year stands a month later."""

    as_of: date
    final: bool = False

    @property
    def name(self) -> str:
        """The name its release has."""
        return self.as_of.isoformat() + (FINAL if self.final else "")

    @classmethod
    def of(cls, name: str) -> Period:
        """The period of a release's name. ValueError for a name that is none."""
        return cls(as_of=date.fromisoformat(name.removesuffix(FINAL)), final=name.endswith(FINAL))


def report_day(details: Mapping[str, Any]) -> date | None:
    """The as-of day of a year's report, from the details of its campaign; None where nothing is set."""
    return particulars.read(details).as_of


def days_of(years: Iterable[int], report_days: Iterable[date]) -> list[date]:
    """Every day a release may reach in these years, in order."""
    wanted = set(years)
    quarters = {date(year, month, day) for year in wanted for month, day in _QUARTERS}
    return sorted(quarters | {day for day in report_days if day.year in wanted})


def offered(today: date, last: date | None, report_days: Iterable[date]) -> list[date]:
    """The days that can be released now, the newest first. last: the day of the last release."""
    after = last or date(today.year - 1, 12, 30)
    years = range(after.year, today.year + 1)
    return [day for day in reversed(days_of(years, report_days)) if after < day < today]


def to_open(today: date, released: Collection[str], last_judgements: Callable[[int], date]) -> list[Period]:
    """The closed years whose final figures can be made now, the newest first. released: names of all releases.

    last_judgements: the last day whose judgements are in the final figures of a year; it must be over.
    """
    ends = (Period.of(name) for name in released if name.endswith("-12-31"))
    found = [Period(as_of=end.as_of, final=True) for end in ends]
    found = [one for one in found if one.name not in released and last_judgements(one.as_of.year) < today]
    return sorted(found, key=lambda one: one.as_of, reverse=True)


def next_to_come(today: date, last: date | None, report_days: Iterable[date]) -> date:
    """The first day after the last release (and before it is over, after today) that will be released."""
    after = max(today - timedelta(days=1), last or date.min)
    coming = days_of(range(after.year, after.year + 2), report_days)
    return next(day for day in coming if day > after)


def skipped_year_end(as_of: date, last: date | None) -> date | None:
    """The 31 December that a release would leave behind unpublished, with what was judged late that year."""
    if last is None or as_of.year == last.year:
        return None
    year_end = date(as_of.year - 1, 12, 31)
    return year_end if last < year_end else None
