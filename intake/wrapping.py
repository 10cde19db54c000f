"""Keys of many cases put into slots of the roster in force, some hundreds at a time.

    look       three questions to the database for a batch, under no lock
    work out   who may open each case, and its new slots: no database at all
    keep       one short transaction; what somebody else changed in the meantime is left as they left it

Cut off between two batches, or in one, every case has its old slots or its new ones, and the next time goes on with
those that still have old ones. A slot that does not open is passed over before anything else is done with the case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from sqlalchemy import Table, bindparam, func, select, update
from sqlalchemy.orm import Session

from core import db, rosters
from core.roster import Roster
from core.sealing import CannotOpen, SharedKey
from intake import desk, eraser
from intake.cases import Case, Holder, Opened, open_key_set, rows_of
from intake.founding import eraser_path
from intake.models import CaseFile, KeySet
from intake.slots import NobodyLeft, Side, lock_slots, wrap_anew

BATCH: Final = 250
"""Cases in memory at once, and in one transaction: some tens of milliseconds of writing."""


class Closed(Exception):
    """These keys do not open this case."""


class Damaged(Exception):
    """The keys fit, but what says who may read does not open or cannot be followed."""


class Held(Exception):
    """Somebody else has kept keys to this case, and wraps it anew themselves."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Anew:
    """What is to become of one case. left_out: ids whose slots stay dead; for_reporter: sealed anew, or None."""

    opened: Opened
    left_out: tuple[str, ...]
    for_reporter: bytes | None = None


Decide = Callable[[Case, SharedKey], Anew]
"""Given a case and its eraser key. Raises `Closed`, `Damaged`, `Held`."""


def behind(session: Session, side: Side, after: str = "", limit: int | None = None) -> list[str]:
    """Ids of cases with a key of this side in slots of an earlier roster, in the order of their ids."""
    old = _old(rosters.current(session).version, side, after).distinct().order_by(KeySet.case_id)
    return list(session.scalars(old.limit(limit)))


def count_behind(session: Session, side: Side) -> int:
    """How many cases these are, for the progress of whoever may know it."""
    old = _old(rosters.current(session).version, side, "").distinct().subquery()
    return session.scalar(select(func.count()).select_from(old)) or 0


def _old(version: int, side: Side, after: str) -> Any:
    return select(KeySet.case_id).where(
        KeySet.side == side.value, KeySet.roster_version < version, KeySet.case_id > after
    )


def each(
    side: Side,
    kinds: Sequence[str],
    decide: Decide,
    *,
    after: str = "",
    most: int | None = None,
    looked: Callable[[int], None] = lambda _: None,
) -> Outcome:
    """Wrap anew every case behind the roster in force that `decide` lets through.

    kinds: of parts that are needed to decide. most: so many and no more. looked: is told after each batch how many
    cases were looked at in it. Raises `NoRoster`, `RosterRefused`.
    """
    found = Outcome()
    with db.reading() as session:
        now = rosters.current(session)
    for cases in _batches(side, kinds, now, after):
        erasers = eraser.keys(eraser_path(), [case.file.eraser_slot for case in cases])
        changes: list[_Change] = []
        for case in cases:
            what = _one(case, erasers.get(case.file.eraser_slot), side, now, decide, changes)
            if what == "done" and found.done == most:
                _keep(changes[:-1], now)
                return replace(found, more=True)
            found = replace(found, **{what: getattr(found, what) + 1}, last=case.id)
        _keep(changes, now)
        looked(len(cases))
    return found


def count_open(holder: Holder, now: Roster, chain: Sequence[Roster]) -> int:
    """How many cases behind the roster in force open to this person: a slot is tried, and nothing is read."""
    found = 0
    for cases in _batches(holder.side, ("flags", "tally"), now, ""):
        erasers = eraser.keys(eraser_path(), [case.file.eraser_slot for case in cases])
        found += sum(_opens(case, erasers.get(case.file.eraser_slot), holder, chain) for case in cases)
    return found


def _opens(case: Case, key: SharedKey | None, holder: Holder, chain: Sequence[Roster]) -> bool:
    try:
        part = case.first_part("flags" if holder.side is Side.HANDLERS else "tally")
        key_set = case.key_sets[(part.key_set_s or part.key_set_c) or ""]
        return key is not None and bool(open_key_set(key_set, holder, key, chain))
    except (CannotOpen, KeyError):
        return False


# --- one batch --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """New slots of one case, locked as they are stored, by the id of their row."""

    case_id: str
    slots: tuple[tuple[str, bytes], ...]
    for_reporter: bytes | None


def _batches(side: Side, kinds: Sequence[str], now: Roster, after: str) -> Iterator[list[Case]]:
    while True:
        with db.reading_much() as session:
            old = _old(now.version, side, after).distinct().order_by(KeySet.case_id).limit(BATCH)
            ids = list(session.scalars(old))
            cases = rows_of(session, ids, kinds)
        if not ids:
            return
        yield cases  # with nothing open: whoever reads for long holds up the journal
        after = ids[-1]


def _one(
    case: Case, key: SharedKey | None, side: Side, now: Roster, decide: Decide, changes: list[_Change]
) -> str:
    """Which field of `Outcome` a case counts in; its new slots go into `changes`."""
    try:
        if key is None:
            raise Closed
        anew = decide(case, key)
        slots = []
        for key_set_id, found in anew.opened.items():
            wrapped = wrap_anew(found, case.id, side, now, anew.left_out).slots
            slots.append((key_set_id, lock_slots(wrapped, key, case_id=case.id, side=side, roster=now)))
    except Closed:
        return "closed"
    except Held:
        return "held"
    except (Damaged, NobodyLeft):
        return "damaged"
    changes.append(_Change(case_id=case.id, slots=tuple(slots), for_reporter=anew.for_reporter))
    return "done"


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
    slots = [{"at": at, "now": now.version, "slots": blob} for change in changes for at, blob in change.slots]
    told = [{"at": one.case_id, "sealed": one.for_reporter} for one in changes if one.for_reporter]
    with db.writing() as session:
        session.connection().execute(_NEW_SLOTS, slots)
        if told:
            session.connection().execute(_FOR_REPORTER, told)
    desk.moved()
