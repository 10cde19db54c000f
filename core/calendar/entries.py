"""What stands in a calendar, and the weeks it is laid out in (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from core.i18n import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing in the calendar.

    key: names it for ever, so that a calendar that reads the file twice keeps it once. kind: "month" (first and last
    day), "day" (a day the world marks), "deadline", "event", "survey", "unit" (what a unit does). until: the last day,
    where it lasts several. at: "14:00", or "" for the whole day.
    """

    key: str
    kind: str
    on: date
    title: Text
    until: date | None = None
    at: str = ""
    place: Text | None = None
    note: Text | None = None

    @property
    def last(self) -> date:
        return self.until or self.on


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """By day, whole days first, then by hour."""
    return sorted(entries, key=lambda one: (one.on, one.at, one.kind, one.key))


def weeks(begins: date, ends: date) -> Iterator[list[date]]:
    """Whole weeks from Monday to Sunday that hold every day of the span."""
    day = begins - timedelta(days=begins.weekday())
    while day <= ends:
        yield [day + timedelta(days=ahead) for ahead in range(7)]
        day += timedelta(days=7)


def on_day(entries: Sequence[Entry], day: date) -> list[Entry]:
    """What happens on a day. What lasts several days stands on its first and its last one, not on each between."""
    return [one for one in entries if day in (one.on, one.last)]


def by_day(entries: Iterable[Entry]) -> dict[date, list[Entry]]:
    """Entries under their days, days in the order they come."""
    found: dict[date, list[Entry]] = {}
    for one in entries:
        found.setdefault(one.on, []).append(one)
    return found


def coming(entries: Sequence[Entry], today: date, most: int) -> list[Entry]:
    """The next things from today on; what began earlier and lasts still counts, by its last day."""
    return [one for one in entries if one.last >= today][:most]
