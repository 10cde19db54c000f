"""Cases in which nobody on the roster has a place any more: two custodians erase them, since no handler can (P13).

Everybody who could open such a case has left, and no colleague or card gave it to somebody new. What it says of its
own date nobody can read, so its time is counted from the day on which the last of them left the roster: by then
nothing could be written in it any more. The cards bring it back until that time is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock, log, rosters
from core.access import Identity
from core.roster import Roster
from intake.cases import months
from intake.keeping import erasing
from intake.models import CaseFile, KeySet
from intake.retention import months_on
from intake.roles import require_may
from intake.seal.slots import Side


class NotLeftBehind(Exception):
    """Somebody on the roster has a place in this case, or its time is not over yet."""


class TwoNeeded(Exception):
    """Two different custodians erase such a case, nobody alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A case that nobody opens. since: the day the last of its readers left; until: the last day of its time."""

    case_id: str
    arrived_on: date
    since: date
    until: date

    @property
    def ready(self) -> bool:
        """Whether its time is over."""
        return clock.today() > self.until


def left_behind(session: Session) -> list[Left]:
    """All of them, the longest left first; found without any key. Raises `NoRoster`, `RosterRefused`."""
    chain = rosters.chain(session)
    versions: dict[str, set[int]] = {}
    for case_id, version in session.execute(
        select(KeySet.case_id, KeySet.roster_version).where(KeySet.side == Side.HANDLERS.value)
    ):
        versions.setdefault(case_id, set()).add(version)
    days = {row.id: row.arrived_on for row in session.execute(select(CaseFile.id, CaseFile.arrived_on))}
    found = []
    for case_id, seen in versions.items():
        if case_id in days and (since := _since(chain, seen)):
            until = months_on(max(since, days[case_id]), months().closed)
            found.append(Left(case_id=case_id, arrived_on=days[case_id], since=since, until=until))
    return sorted(found, key=lambda one: (one.since, one.case_id))


def erase(session: Session, custodians: Sequence[Identity], case_id: str) -> None:
    """Erase one of them for good, with a line for each of two custodians.

    Raises `Denied`, `TwoNeeded`, `NotLeftBehind`, `LogBroken`, `erasing.ClockDoubtful`.
    """
    for one in custodians:
        require_may(one, "erase what nobody opens")
    if len({one.person_id for one in custodians}) < 2:
        raise TwoNeeded
    erasing.require_clock(session)
    if not any(one.case_id == case_id and one.ready for one in left_behind(session)):
        raise NotLeftBehind
    for one in custodians:
        log.write(session, "left_behind_erased", who=one.person_id)
    erasing.clear_away(session, case_id)


def _since(chain: Sequence[Roster], seen: set[int]) -> date | None:
    """The day of the first roster since which no handler of these versions is a handler; None while one is."""
    readers = {one.id for roster in chain if roster.version in seen for one in roster.handlers}
    since = None
    for roster in reversed(chain):
        if readers & {one.id for one in roster.handlers}:
            break
        since = roster.made_on
    return since
