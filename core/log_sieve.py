"""The log narrowed to one deed, one role or one day: lines are opened newest first, for a while at a time.

Lines are sealed one by one, so that finding some of them means opening all of them. A page opens as many as it can
in its time, shows what fits, says how far it looked, and leads on from there. A day is not searched for by halving:
where the clock was set back, days do not stand in order.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from core import log
from core.access import Role
from core.log import Line

PROGRAM: Final = "chuong-trinh"
"""In place of a role: lines of nobody, which the program wrote by itself."""
_ROLES: Final[Mapping[str, Role]] = {
    "tiep-nhan": Role.HANDLER,
    "giu-khoa": Role.CUSTODIAN,
    "ban": Role.BOARD,
    "thu-ky": Role.CAMPAIGNER,
    "don-vi": Role.UNIT,
    "quan-tri": Role.ADMINISTRATOR,
}
ROLES: Final = (*_ROLES.items(), (PROGRAM, None))
"""Code in an address → role."""
SECONDS: Final = 1.5
_BATCH: Final = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a custodian wants to see. day_said: as it was typed, where it is no day; before: a line's number."""

    deed: str = ""
    role: str = ""
    day: date | None = None
    day_said: str = ""
    before: int | None = None

    @classmethod
    def read(cls, asked: Mapping[str, str], deeds: Collection[str]) -> Wish:
        """From an address; what is unknown there is left out."""
        said = asked.get("ngay", "").strip()
        deed, role, before = asked.get("viec", ""), asked.get("vai", ""), asked.get("truoc", "")
        day = _day(said)
        return cls(
            deed=deed if deed in deeds else "",
            role=role if role in dict(ROLES) else "",
            day=day,
            day_said="" if day else said[:20],
            before=int(before[:9]) if before.isascii() and before.isdigit() else None,
        )

    @property
    def narrows(self) -> bool:
        """Whether anything is narrowed at all."""
        return bool(self.deed or self.role or self.day)

    def address(self, before: int | None = None) -> dict[str, Any]:
        """The parameters of this wish, from another line on."""
        now = replace(self, before=before)
        said = {"viec": now.deed, "vai": now.role, "truoc": now.before}
        return {name: one for name, one in said.items() if one} | (
            {"ngay": f"{now.day:%d/%m/%Y}"} if now.day else {}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Lines that fit, newest first. newest, oldest: between which lines was looked; further: more lie behind."""

    lines: list[Line]
    newest: int
    oldest: int
    further: bool


def find(
    session: Session,
    log_seed: bytes,
    wish: Wish,
    *,
    roles: Mapping[str, Collection[Role]],
    most: int,
    seconds: float = SECONDS,
) -> Found:
    """Up to so many lines that fit. roles: person's id → theirs; a line that does not open fits no wish."""
    until = time.monotonic() + seconds
    found: list[Line] = []
    newest = oldest = 0
    before = wish.before
    while some := log.read(session, log_seed, limit=_BATCH, before=before):
        newest = newest or some[0].sequence
        for line in some:
            oldest = line.sequence
            if _fits(line, wish, roles):
                found.append(line)
                if len(found) == most:
                    return Found(lines=found, newest=newest, oldest=oldest, further=oldest > 1)
        before = oldest
        if oldest <= 1 or time.monotonic() > until:
            break
    return Found(lines=found, newest=newest, oldest=oldest, further=oldest > 1)


def _fits(line: Line, wish: Wish, roles: Mapping[str, Collection[Role]]) -> bool:
    if not line.deed or (wish.deed and line.deed != wish.deed):
        return False
    if wish.day and datetime.fromisoformat(line.at).date() != wish.day:
        return False
    if wish.role == PROGRAM:
        return not line.who
    return not wish.role or _ROLES[wish.role] in roles.get(line.who, ())


def _day(said: str) -> date | None:
    for form in ("%d/%m/%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(said, form).date()  # noqa: DTZ007 - a day as a person writes it
        except ValueError:
            continue
    return None
