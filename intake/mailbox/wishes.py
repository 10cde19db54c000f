"""What a reporter may ask for in the mailbox: to withdraw, to take that back, another handler; and tapped answers. Pure.

A wish is an entry like a message, sealed to the same people, with a copy for the reporter. What stands where is
worked out from these alone, on both sides: no row and no column tells that somebody asked for anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Protocol

from core.i18n import Text
from intake.form.handling import CHOICES
from intake.retention import WITHDRAW, WITHDRAWN_DAYS
from intake.seal.readers import DECLINED, HANDED, TOLD

MESSAGE: Final = "message"
TAKEN_BACK: Final = "taken_back"
"""An entry by which the reporter no longer asks for erasing. Any other word of theirs does the same."""
OTHER: Final = "other_handler"
"""An entry by which the reporter asks that somebody else take the case."""
KINDS: Final = frozenset({MESSAGE, WITHDRAW, TAKEN_BACK, OTHER})
"""What an entry of a reporter may be."""

SAID: Final[Mapping[str, Text]] = {
    WITHDRAW: Text("Bạn xin rút thư.", "You asked to withdraw your letter."),
    TAKEN_BACK: Text("Bạn không rút thư nữa.", "You no longer wish to withdraw."),
    OTHER: Text("Bạn xin đổi người tiếp nhận.", "You asked for another handler."),
}
"""How a wish stands among the messages of the one who asked."""
TOLD_TO_HANDLERS: Final[Mapping[str, Text]] = {
    WITHDRAW: Text("Xin rút thư.", "Asks to withdraw the letter."),
    TAKEN_BACK: Text("Không rút thư nữa.", "No longer wishes to withdraw."),
    OTHER: Text("Xin đổi người tiếp nhận.", "Asks for another handler."),
}
MARKS: Final[Mapping[str, Text]] = {
    WITHDRAW: Text("xin rút", "asks to withdraw"),
    OTHER: Text("xin đổi người", "asks for another handler"),
}
"""How it stands in a list."""
_LOOKED_AT: Final = frozenset({"answer", TOLD, HANDED, DECLINED})


class Letter(Protocol):
    """What is asked of a letter in a mailbox."""

    @property
    def what(self) -> str: ...
    @property
    def mine(self) -> bool: ...
    @property
    def day(self) -> date: ...
    @property
    def choices(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """A reporter's wish that the case be erased. until: the last day on which it can be taken back."""

    asked: date
    until: date
    over: bool
    """Whether that day is past, and nobody has written to the reporter since."""


def last_day(asked: date) -> date:
    """Until when a wish to withdraw that is made on a day can be taken back."""
    return asked + timedelta(days=WITHDRAWN_DAYS)


def withdrawal(letters: Sequence[Letter], today: date) -> Withdrawal | None:
    """The wish that stands, as the mailbox knows it; None where there is none."""
    asked: date | None = None
    for one in letters:
        if one.mine and not (asked and one.day > last_day(asked)):
            asked = one.day if one.what == WITHDRAW else None
    if asked is None:
        return None
    until = last_day(asked)
    answered = any(not one.mine and one.day > until for one in letters)
    return Withdrawal(asked=asked, until=until, over=today > until and not answered)


def to_tap(letters: Sequence[Letter]) -> tuple[str, ...]:
    """Short answers offered since the reporter last wrote: those of the latest letter that has any."""
    for one in reversed(letters):
        if one.mine:
            return ()
        if one.choices:
            return one.choices
    return ()


def asks_for_another(entries: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the reporter asked for another handler and nobody has answered or changed who reads since."""
    asked = False
    for one in entries:
        if one.get("role") == "reporter":
            asked = asked or one["what"] == OTHER
        elif one["what"] in _LOOKED_AT:
            asked = False
    return asked


def read_choices(written: Any) -> tuple[str, ...]:
    """Short answers out of a sealed letter, which may hold anything."""
    if not isinstance(written, list):
        return ()
    return tuple(one for one in written if isinstance(one, str) and one.strip())[:CHOICES]
