"""The only clock. Time is that of Asia/Ho_Chi_Minh; where people write, a day is the finest unit kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

ZONE: Final = ZoneInfo("Asia/Ho_Chi_Minh")

_frozen: datetime | None = None


def now() -> datetime:
    """This moment, aware, in Viet Nam."""
    return _frozen or datetime.now(ZONE)


def today() -> date:
    """This day in Viet Nam."""
    return now().date()


@contextmanager
def freeze(moment: datetime) -> Iterator[None]:
    """Hold the clock still, for tests and for the history of the demonstration centre."""
    global _frozen
    before, _frozen = _frozen, moment.astimezone(ZONE)
    try:
        yield
    finally:
        _frozen = before
