"""One case as its rows: finding it, the keys in it that one person can open, reading and adding parts.

The sealing itself is intake/seal/envelope.py; permission and log are the deeds' (casework, mailbox, tally).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from typing import Any, Final, cast

from sqlalchemy import Table, bindparam, func, select, tuple_
from sqlalchemy.orm import Session, object_session

from core import clock, config
from core.db import new_id
from core.roster import Roster
from intake import eraser
from intake.eraser import eraser_path
from intake.models import CaseFile, Compartment, KeySet
from intake.retention import Months, kept
from intake.seal.compartments import ENTRY, FIRST, Place
from intake.seal.rows import Holder as Holder
from intake.seal.rows import KeyRow, PartRow, Rows
from intake.seal.rows import Opened as Opened
from intake.seal.rows import open_key_set as open_key_set
from intake.seal.rows import open_slots as open_slots
from intake.seal.rows import read_entry as read_entry
from intake.seal.slots import Side, WrappedKey, lock_slots


class NoSuchCase(Exception):
    """There is no case of this id, or none that this person's keys open; nobody is told which."""


class PastRetention(Exception):
    """The time for which this case is kept is over: it opens to nobody, and is to be erased."""


def require_kept(file: CaseFile, entries: Iterable[Mapping[str, Any]]) -> None:
    """`PastRetention` for a case past its date, before anything is done in it. entries: as `retention.kept` takes them."""
    today = max(clock.today(), newest_arrival(object_session(file)) or file.arrived_on)
    if kept(entries, arrived_on=file.arrived_on, months=months()).over(today):
        raise PastRetention


def newest_arrival(session: Session | None) -> date | None:
    """The newest day on which a letter came: it is not earlier today, and a clock set back opens nothing again."""
    return session.scalar(select(func.max(CaseFile.arrived_on))) if session else None


def months() -> Months:
    """How long closed cases are kept in this installation."""
    settings = config.current()
    return Months(closed=settings.retention_months, out_of_scope=settings.retention_months_out_of_scope)


@dataclass(frozen=True, kw_only=True)
class Case(Rows):
    """The rows of one case."""

    file: CaseFile
    key_sets: Mapping[str, KeySet]
    parts: Sequence[Compartment]

    def open_for(self, holder: Holder, rosters: Sequence[Roster]) -> Opened:
        """The keys this person can open; `CannotOpen` unless the side's first one is among them."""
        return self.open_under(eraser.key(eraser_path(), self.file.eraser_slot), holder, rosters)


def load(session: Session, case_id: str, *, lock: bool = False) -> Case:
    """A case by its id, or `NoSuchCase`. lock: others who would add to it wait until this is committed."""
    wanted = select(CaseFile).where(CaseFile.id == case_id)
    file = session.scalars(wanted.with_for_update() if lock else wanted).first()
    if file is None:
        raise NoSuchCase
    key_sets = {row.id: row for row in session.scalars(select(KeySet).where(KeySet.case_id == case_id))}
    parts = session.scalars(
        select(Compartment).where(Compartment.case_id == case_id).order_by(Compartment.sequence)
    ).all()
    return Case(file=file, key_sets=key_sets, parts=parts)


def rows_of(
    session: Session, case_ids: Sequence[str], side: Side, parts_before: int, *, whole: bool = False
) -> list[Case]:
    """Many cases in the order of their ids, which these are, as plain rows that cannot be changed through.

    side: whose key sets; parts_before: parts of a lower number. whole: every part of those cases to which anything was
    added. Making objects of rows takes longer than opening what is in them. The rows between the first and the last id
    are read, and those of other cases passed over: a list of ids in each question takes longer than it saves.
    """
    between: dict[str, Any] = {
        "first": case_ids[0],
        "last": case_ids[-1],
        "side": side.value,
        "before": parts_before,
    }
    key_sets: dict[str, dict[str, Any]] = {case_id: {} for case_id in case_ids}
    connection = session.connection()
    for row in connection.execute(_KEY_SETS, between).all():
        if row.case_id in key_sets:
            key_sets[row.case_id][row.id] = row
    parts: dict[str, list[Any]] = {case_id: [] for case_id in case_ids}
    for part in connection.execute(_PARTS_OR_WHOLE if whole else _PARTS, between).all():
        if part.case_id in parts:
            parts[part.case_id].append(part)
    for found in parts.values():
        found.sort(key=_SEQUENCE)  # to put them in order SQLite would copy every part once more
    files = [row for row in connection.execute(_FILES, between).all() if row.id in key_sets]
    return [Case(file=cast(Any, row), key_sets=key_sets[row.id], parts=parts[row.id]) for row in files]


def _between(column: Any) -> Any:
    return column.between(bindparam("first"), bindparam("last"))


_SEQUENCE: Final = attrgetter("sequence")
_FILE, _SET, _PART = (cast(Table, one.__table__) for one in (CaseFile, KeySet, Compartment))
_FILES: Final = select(_FILE.c.id, _FILE.c.eraser_slot).where(_between(_FILE.c.id)).order_by(_FILE.c.id)
_KEY_SETS: Final = select(*(_SET.c[name] for name in KeyRow._fields)).where(
    _between(_SET.c.case_id), _SET.c.side == bindparam("side")
)
_PLACE, _OTHER = _PART.alias("place"), _PART.alias("other")
_PLACES: Final = select(_PLACE.c.case_id, _PLACE.c.sequence).where(_between(_PLACE.c.case_id))
_FIRST_PARTS: Final = _PLACE.c.sequence < bindparam("before")
_ADDED: Final = select(_OTHER.c.case_id).where(_between(_OTHER.c.case_id), _OTHER.c.sequence >= len(FIRST))


def _parts_at(places: Any) -> Any:
    """Places are found in an index that holds nothing else: without it SQLite would look up every part of a case."""
    here = tuple_(_PART.c.case_id, _PART.c.sequence).in_(places)
    return select(*(_PART.c[name] for name in PartRow._fields)).where(here)


_PARTS: Final = _parts_at(_PLACES.where(_FIRST_PARTS))
_PARTS_OR_WHOLE: Final = _parts_at(_PLACES.where(_FIRST_PARTS | _PLACE.c.case_id.in_(_ADDED)))


def add_key_set(session: Session, case: CaseFile, wrapped: WrappedKey, roster: Roster) -> KeySet:
    """Keep a fresh key of one side in its slots."""
    return keep_slots(session, case, wrapped.side, wrapped.slots, roster)


def keep_slots(session: Session, case: CaseFile, side: Side, slots: bytes, roster: Roster) -> KeySet:
    """Keep slots that may have been made elsewhere, in the order of `roster`; `SlotsRefused` for a wrong shape."""
    key = eraser.key(eraser_path(), case.eraser_slot)
    blob = lock_slots(slots, key, case_id=case.id, side=side, roster=roster)
    row = KeySet(id=new_id(), case_id=case.id, side=side.value, roster_version=roster.version, blob=blob)
    session.add(row)
    session.flush()  # the entry under this key refers to the row
    return row


def add_entry(session: Session, place: Place, key_set: KeySet, blob: bytes, entry_id: str = "") -> None:
    """Keep one more entry of a case at its place in the chain."""
    on_handlers = key_set.side == Side.HANDLERS
    session.add(
        Compartment(
            id=entry_id or new_id(),
            case_id=place.case_id,
            kind=ENTRY,
            sequence=place.sequence,
            key_set_s=key_set.id if on_handlers else None,
            key_set_c=None if on_handlers else key_set.id,
            blob=blob,
        )
    )
