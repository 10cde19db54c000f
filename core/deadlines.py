"""What a deadline means (pure): "before the 12th" is met on the 11th; what comes later is late, and accepted all the same.

A deadline may be moved while reports come in. Nobody becomes late by that: a report is on time when it met the
deadline that stood on the day it was filed, or the one that stands now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from core.i18n import Text

NAMES: Final = ("units_report_before", "centre_reports_before")
"""Deadlines of a campaign, as its details name them."""


class Standing(StrEnum):
    """How a filed report stands to its deadline."""

    ON_TIME = "on_time"
    LATE = "late"


WORDS: Final = {Standing.ON_TIME: Text("đúng hạn", "on time"), Standing.LATE: Text("trễ hạn", "late")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A deadline that stood until it was moved: the day it named, and the last day on which it stood."""

    before: date
    stood_until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """A report is due before `before`; `moved` are the days named earlier, the oldest first."""

    before: date
    moved: tuple[Moved, ...] = ()

    @property
    def last_day(self) -> date:
        return last_day_on_time(self)


def last_day_on_time(deadline: Deadline | date) -> date:
    """The day before the day that is named: "trước ngày 12/12" is met until the end of 11/12."""
    return _before(deadline) - timedelta(days=1)


def standing(filed_on: date, deadline: Deadline | date | None) -> Standing:
    """On time or late, for a report filed on a day of Viet Nam. Without a deadline nothing is late."""
    if deadline is None or filed_on < _before(deadline):
        return Standing.ON_TIME
    met = isinstance(deadline, Deadline) and any(
        filed_on < earlier.before for earlier in deadline.moved if filed_on <= earlier.stood_until
    )
    return Standing.ON_TIME if met else Standing.LATE


def is_over(today: date, deadline: Deadline | date | None) -> bool:
    """Whether the last day on time is past: what has not come by now will be late."""
    return deadline is not None and today >= _before(deadline)


def days_left(today: date, deadline: Deadline | date) -> int:
    """Days until the last day on time: 0 on that day itself, negative once it is past."""
    return (last_day_on_time(deadline) - today).days


def deadline_in(details: Mapping[str, Any], name: str) -> Deadline | None:
    """A deadline from a campaign's details, with what it was before; None where the year has none."""
    before = as_day(details.get(name))
    if before is None:
        return None
    moved = [one for one in details.get("moved", ()) if one["name"] == name]
    return Deadline(
        before=before,
        moved=tuple(
            Moved(
                before=date.fromisoformat(one["before"]), stood_until=date.fromisoformat(one["stood_until"])
            )
            for one in moved
        ),
    )


def remember_moved(
    before: Mapping[str, Any], after: Mapping[str, Any], today: date, names: Iterable[str] = NAMES
) -> list[dict[str, str]]:
    """What the details say under `moved` once they change from `before` to `after` on a day."""
    moved = list(before.get("moved", ()))
    for name in names:
        if before.get(name) and before[name] != after.get(name):
            moved.append({"name": name, "before": before[name], "stood_until": today.isoformat()})
    return moved


def as_day(written: object) -> date | None:
    """A day as the details write it (ISO), or None where nothing is written."""
    return date.fromisoformat(written) if isinstance(written, str) and written else None


def _before(deadline: Deadline | date) -> date:
    return deadline.before if isinstance(deadline, Deadline) else deadline
