"""Keys of many cases put into slots of the roster in force, some hundreds at a time.

    look       three questions to the database for a batch, under no lock
    work out   who may open each case, and its new slots: no database at all, on every core (intake/keys/hands.py)
    keep       one short transaction; what somebody else changed in the meantime is left as they left it

Cut off between two batches, or in one, every case has its old slots or its new ones, and the next time goes on with
those that still have old ones. A slot that does not open is passed over before anything else is done with the case.
A roster on which people only came leaves nothing to do: cases under an earlier one have no slot for them.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import Table, bindparam, func, select, update
from sqlalchemy.orm import Session

from core import db, rosters
from core.roster import Roster
from core.sealing import SharedKey
from intake import eraser
from intake.cases import Case, Holder, rows_of
from intake.desk import desk
from intake.eraser import eraser_path
from intake.keys.anew import EVERY_PART, Press, Result, Way, stale
from intake.keys.hands import Hands, at_work
from intake.models import CaseFile, KeySet
from intake.seal.slots import Side

BATCH: Final = 250
"""Cases in memory at once, and in one transaction: some tens of milliseconds of writing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How many cases were wrapped anew, and how many were not: closed to these keys, damaged, or of a colleague.

    held: a colleague on the roster has kept their keys and wraps the case anew, with its names, at their next sign-in.
    last: the id of the last case that was looked at; the next round goes on behind it. more: whether a case behind it
    opens to these keys; those that do not open never count as more.
    """

    done: int = 0
    closed: int = 0
    damaged: int = 0
    held: int = 0
    last: str = ""
    more: bool = False


def behind(session: Session, side: Side) -> list[str]:
    """Ids of cases with a key of this side in slots that must be renewed, in the order of their ids."""
    rosters.current(session)
    old = _old(stale(rosters.chain(session), side), side, "").distinct().order_by(KeySet.case_id)
    return list(session.scalars(old))


def count_behind(session: Session, side: Side) -> int:
    """How many cases these are, for the progress of whoever may know it."""
    rosters.current(session)
    old = _old(stale(rosters.chain(session), side), side, "").distinct().subquery()
    return session.scalar(select(func.count()).select_from(old)) or 0


def _old(versions: Sequence[int], side: Side, after: str) -> Any:
    return select(KeySet.case_id).where(
        KeySet.side == side.value, KeySet.roster_version.in_(versions), KeySet.case_id > after
    )


def each(
    way: Way,
    holder: Holder,
    chain: Sequence[Roster],
    *,
    after: str = "",
    most: int | None = None,
    looked: Callable[[int], None] = lambda _: None,
) -> Outcome:
    """Wrap anew every case behind the roster in force, the last of the chain, that opens to the holder.

    most: so many and no more. looked: is told after each batch how many cases were looked at in it.
    """
    found, last, now, ids = Counter[str](), "", chain[-1], _waiting(way.side, chain, after)
    few = len(ids) if most is None else min(len(ids), most)
    with at_work(Press(way=way, holder=holder, chain=chain), few) as hands:
        for cases, results in _worked(hands, _batches(way, ids), most):
            results = _with_more(hands, way, cases, results)
            changes: list[_Change] = []
            for case, result in zip(cases, results, strict=True):
                if result.what == "done" and found["done"] == most:
                    _keep(changes, now)
                    return _outcome(found, last, more=True)
                if result.what == "done":
                    changes.append((case.id, result))
                found[result.what] += 1
                last = case.id
            _keep(changes, now)
            looked(len(cases))
    return _outcome(found, last)


def count_open(way: Way, holder: Holder, chain: Sequence[Roster]) -> int:
    """How many cases behind the roster in force open to this person: a slot is tried, and nothing is read."""
    ids = _waiting(way.side, chain, "")
    with at_work(Press(way=way, holder=holder, chain=chain), len(ids)) as hands:
        ahead = deque[Callable[[], list[bool]]]()
        found = 0
        for cases in _batches(way, ids):
            ahead.append(hands.count(cases, _eraser_keys(cases)))
            if len(ahead) > hands.size:
                found += sum(ahead.popleft()())
        return found + sum(sum(answer()) for answer in ahead)


# --- one batch --------------------------------------------------------------------------------------


def _outcome(found: Counter[str], last: str, *, more: bool = False) -> Outcome:
    return Outcome(
        done=found["done"],
        closed=found["closed"],
        damaged=found["damaged"],
        held=found["held"],
        last=last,
        more=more,
    )


_Change = tuple[str, Result]
"""A case, and its new slots."""


def _waiting(side: Side, chain: Sequence[Roster], after: str) -> list[str]:
    """Ids of all cases behind the last roster, once for a whole press: looking them up takes longer than holding them."""
    old = _old(stale(chain, side), side, after).distinct().order_by(KeySet.case_id)
    with db.reading_much() as session:
        return list(session.scalars(old))


def _batches(way: Way, ids: Sequence[str]) -> Iterator[list[Case]]:
    for begin in range(0, len(ids), BATCH):
        with db.reading_much() as session:
            cases = rows_of(
                session, ids[begin : begin + BATCH], way.side, way.needs, whole=way is Way.HANDLER
            )
        yield cases  # with nothing open: whoever reads for long holds up the journal


def _with_more(hands: Hands, way: Way, cases: Sequence[Case], results: list[Result]) -> list[Result]:
    """The same, with those worked out again that need every part of their case."""
    wanted = [case.id for case, result in zip(cases, results, strict=True) if result.what == "more"]
    if not wanted:
        return results
    with db.reading_much() as session:
        whole = rows_of(session, wanted, way.side, EVERY_PART)
    again = iter(hands.work(whole, _eraser_keys(whole))())
    return [next(again) if result.what == "more" else result for result in results]


def _worked(
    hands: Hands, batches: Iterator[list[Case]], most: int | None
) -> Iterator[tuple[list[Case], list[Result]]]:
    """Batches with what became of each case, in their order; while some are worked out, the next is read.

    No further ahead than the cases that are still wanted.
    """
    ahead = deque[tuple[list[Case], Callable[[], list[Result]]]]()
    done = 0
    for cases in batches:
        while ahead and (len(ahead) > hands.size or (most is not None and done + _count(ahead) > most)):
            before, answer = ahead.popleft()
            results = answer()
            done += sum(one.what == "done" for one in results)
            yield before, results
        ahead.append((cases, hands.work(cases, _eraser_keys(cases))))
    for before, answer in ahead:
        yield before, answer()


def _count(ahead: deque[tuple[list[Case], Callable[[], list[Result]]]]) -> int:
    return sum(len(cases) for cases, _ in ahead)


def _eraser_keys(cases: Sequence[Case]) -> list[SharedKey | None]:
    found = eraser.keys(eraser_path(), [case.file.eraser_slot for case in cases])
    return [found.get(case.file.eraser_slot) for case in cases]


_KEYS, _FILES = (cast(Table, one.__table__) for one in (KeySet, CaseFile))
# A row that somebody else has made anew or erased since has another number, or is gone: it stays as they left it.
_NEW_SLOTS: Final = (
    update(_KEYS)
    .where(_KEYS.c.id == bindparam("at"), _KEYS.c.roster_version < bindparam("now"))
    .values(blob=bindparam("slots"), roster_version=bindparam("now"))
)
_FOR_REPORTER: Final = (
    update(_FILES).where(_FILES.c.id == bindparam("at")).values(for_reporter=bindparam("sealed"))
)


def _keep(changes: Sequence[_Change], now: Roster) -> None:
    if not changes:
        return
    slots = [{"at": at, "now": now.version, "slots": blob} for _, one in changes for at, blob in one.slots]
    told = [{"at": case_id, "sealed": one.for_reporter} for case_id, one in changes if one.for_reporter]
    with db.writing() as session:
        session.connection().execute(_NEW_SLOTS, slots)
        if told:
            session.connection().execute(_FOR_REPORTER, told)
    desk.moved()
