"""How long a case is kept, and why: dates out of what its entries say. Pure.

    closed                 months after the last word of anybody: 24, or 6 where it was out of scope
    asked to be withdrawn  14 days after the reporter asked, whatever its state, unless they wrote again by then
    held                   kept for legal proceedings, until a handler ends that

A case that is neither closed nor withdrawn has no date. Whether it is closed is what a handler signed, never what
stands in clear beside it: that anybody with the database could have changed. A reporter who writes opens it
again, so that nobody who has just written is erased. Nothing is erased by a date alone: a handler decides
(intake/keeping/erasing.py). But what is past its date is shown to nobody any more.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

WITHDRAW: Final = "withdraw"
"""An entry by which the reporter asks that their case be erased."""
HOLD: Final = "hold"
"""An entry by which a handler keeps a case for legal proceedings, with the reason in `text`."""
UNHOLD: Final = "unhold"
"""An entry by which a handler ends that."""
CLOSING: Final = "ket-thuc"
REOPENING: Final = "mo-lai"
"""Kinds of entries in the file by which a handler closes a case, and opens it again."""
WITHDRAWN_DAYS: Final = 14
_OUT_OF_SCOPE: Final = "ngoai_pham_vi"


@dataclass(frozen=True, slots=True, kw_only=True)
class Months:
    """Months a closed case is kept: settings of the installation."""

    closed: int = 24
    out_of_scope: int = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Until which day a case can be opened; None: no date. why: "", "closed", "out_of_scope" or "withdrawn"."""

    until: date | None
    why: str
    held: bool

    def over(self, today: date) -> bool:
        """Whether it can no longer be opened."""
        return self.until is not None and not self.held and today > self.until

    def days_left(self, today: date) -> int | None:
        """Days until then, none left at zero; None where no date runs."""
        return None if self.until is None or self.held else max(0, (self.until - today).days)


def kept(entries: Iterable[Mapping[str, Any]], *, arrived_on: date, months: Months) -> Kept:
    """How long a case is kept. entries: what, at (ISO), role and the like, in their order."""
    told = list(entries)
    why, since = begins(told, arrived_on)
    return Kept(until=until(why, since, months=months), why=why, held=held(told))


def held(told: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a handler keeps the case for legal proceedings."""
    return next((one["what"] == HOLD for one in reversed(told) if _steers(one)), False)


def begins(told: Sequence[Mapping[str, Any]], arrived_on: date) -> tuple[str, date]:
    """Why and from which day the time of a case runs: "withdrawn", or since it is closed; "" where it does not."""
    asked = _asked(told)
    if asked:
        return "withdrawn", max(asked, arrived_on)
    if not closed(told):
        return "", arrived_on
    last = max((on for one in told if _counts(one) and (on := _day(one))), default=arrived_on)
    return "out_of_scope" if _out_of_scope(told) else "closed", max(last, arrived_on)


def closed(told: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a handler's last word on it is that it is closed, and the reporter has not written since."""
    found = False
    for one in told:
        if one.get("role") != "handler":
            found = False
        elif one["what"] == "file" and one.get("kind") in {CLOSING, REOPENING}:
            found = one["kind"] == CLOSING
        elif one["what"] == "answer" and one.get("state") == "closed":
            found = True
    return found


def until(why: str, since: date, *, months: Months) -> date | None:
    """The last day of a case by what `begins` says of it; None while it is open."""
    if why == "withdrawn":
        return since + timedelta(days=WITHDRAWN_DAYS)
    if not why:
        return None
    return months_on(since, months.out_of_scope if why == "out_of_scope" else months.closed)


def _steers(one: Mapping[str, Any]) -> bool:
    return one["what"] in {HOLD, UNHOLD} and one.get("role") == "handler"


def _counts(one: Mapping[str, Any]) -> bool:
    """What moves the date: words of the reporter, and work. That it was held or looked at does not."""
    return one["what"] not in {HOLD, UNHOLD, WITHDRAW}


def _asked(told: Sequence[Mapping[str, Any]]) -> date | None:
    """The day on which the reporter asked to withdraw, unless they wrote again before it was over.

    A reporter's day is what their browser says: it is never earlier than what a handler signed before it.
    """
    asked, known = None, None
    for one in told:
        day = _day(one)
        if one.get("role") != "reporter":
            known = max(filter(None, (known, day)), default=None)
            continue
        day = max(filter(None, (known, day)), default=None)
        if not (asked and day and day > asked + timedelta(days=WITHDRAWN_DAYS)):
            asked = day if one["what"] == WITHDRAW else None
    return asked


def _out_of_scope(told: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the last ending says that this was not for us."""
    for one in reversed(told):
        if one.get("role") == "handler" and one.get("kind") == CLOSING:
            return bool(one.get("values", {}).get("closure") == _OUT_OF_SCOPE)
    return False


def _day(one: Mapping[str, Any]) -> date | None:
    try:
        day = datetime.fromisoformat(str(one.get("at", ""))).date()
    except ValueError:
        return None
    return day if credible(day) else None


def credible(day: date) -> bool:
    """Whether a day that a browser wrote can be reckoned with: months are added to it."""
    return 2000 <= day.year < 3000


def months_on(day: date, months: int) -> date:
    """The same day some months later, or the last of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
