"""Which cases a handler's keys open: tried in bulk, remembered sealed, and never asked of anybody else.

Slots name nobody, so a key is tried on those it has not seen: at the first list after a sign-in what the sealed
index of an earlier one says is taken up (intake/desk/desk_index.py), and from then on what lies in memory, sealed under
a key of the handler's seed, until the session would end anyway. A long first look can stop in between, so that a
page shows what was found by then; how much is left it does not say, since that would count what does not open.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import LargeBinary, Row, func, select
from sqlalchemy.orm import Session

from core import clock, config, db, memory, rosters
from core.access import Identity
from core.db import new_id
from core.roster import Roster
from core.sealing import CannotOpen, SharedKey, context, derive, seal, unseal
from intake import eraser
from intake.cases import Holder, open_slots
from intake.desk import desk_entry, desk_index
from intake.desk.desk_index import Index
from intake.eraser import eraser_path
from intake.form.report import sound
from intake.models import CaseFile, Compartment, KeySet
from intake.seal import openings
from intake.seal.compartments import Keys, read_compartment, start
from intake.seal.envelope import first_place
from intake.seal.letters import read_compact

Before = tuple[bytes, bool]
"""The key of a case's cell as it was known, and whether it was marked as replaced."""
File = Row[*tuple[Any, ...]]
"""What stands in clear beside one case, see `files`."""
_BATCH: Final = 200
_MOVED: Final = "desk:moved"
_MARK: Final = desk_entry.MARK_DIGITS
_BEGUN: Final = "~"
"""Before a move: since then not every slot was tried yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What opens, as of now. whole: whether every slot was tried; if not, the next look goes on."""

    index: Index = field(repr=False)
    whole: bool


def moved() -> None:
    """Somebody stepped back or was let in: every desk tries the slots that changed."""
    memory.store().put(_MOVED, new_id().encode(), config.current().session_hours * 3600)


def files(session: Session, case_id: str = "") -> Sequence[File]:
    """What stands in clear beside every case, or beside one; `cell`: the first bytes of its sealed cell."""
    return session.connection().execute(_FILES.where(_FILE.c.id == case_id) if case_id else _FILES).all()


def known(
    identity: Identity, seed: bytes, of: Sequence[File], *, alone: bool = False, patience: float | None
) -> Known:
    """What opens of these cases, which are all there are, or `alone` one of them.

    patience: seconds after which a first look stops, a later one after three times as long, since something is
    there to work with by then; with None it goes on to the end.
    """
    at, kept, index = _recall(seed)
    now = (memory.store().get(_MOVED) or b"-").decode()
    enough = at in (now, _BEGUN + now) if alone else at == now
    if enough and not any(_is_stale(file, index) for file in of):
        return Known(index=index, whole=at == now)
    if alone and not enough:
        with db.reading() as session:
            of = files(session)
    until = time.monotonic() + patience * (1 if at is None else 3) if patience is not None else None
    erasers = _erasers(of)
    with db.reading() as session:
        if at is None:
            index = desk_index.recall(session, seed, erasers)
        before = _drop_moved(session, index) if at not in (now, _BEGUN + now) else {}
        look = _Look(holder=Holder.of(identity, seed), chain=rosters.chain(session), erasers=erasers)
        # What somebody looks for first is tried first: open, urgent, new.
        fresh = [file.case_id for file in sorted(of, key=_press) if file.case_id not in index]
        whole = look.try_slots(session, fresh, index, until) and (at == now or not (alone and enough))
        spoilt = _read_cells(session, [file for file in of if _is_stale(file, index)], index)
        _try_again(session, look, spoilt, index, before)
        _mark_replaced(index, before)
    if whole and not kept:
        with db.writing() as session:
            desk_index.keep(session, seed, index, erasers, len(of))
    _remember(seed, now if whole else _BEGUN + now, whole or kept, index)
    return Known(index=index, whole=whole)


def looked_lately(seed: bytes) -> bool:
    """Whether `note_look` was called for this desk and its time is not over."""
    return memory.store().get(f"{_shelf(seed)}:listed") is not None


def note_look(seed: bytes, seconds: float) -> None:
    """The line in the log stands: for so long no other is written."""
    memory.store().put(f"{_shelf(seed)}:listed", b"1", seconds)


# Tables and columns, not objects: of ten thousand rows, making objects took longer than opening them.
_FILE, _PART, _SET = (one.__table__ for one in (CaseFile, Compartment, KeySet))
_FILES: Final = select(
    _FILE.c.id.label("case_id"),
    _FILE.c.arrived_on,
    _FILE.c.state,
    _FILE.c.urgent,
    _FILE.c.messages,
    _FILE.c.eraser_slot,
    # Behind the byte of the format comes a random nonce: it changes whenever the cell is written.
    func.substr(_FILE.c.openings_handlers, 2, desk_entry.CELL_DIGITS // 2, type_=LargeBinary).label("cell"),
)
_SLOTS: Final = (
    select(
        _PART.c.case_id,
        _PART.c.blob.label("flags"),
        _SET.c.side,
        _SET.c.roster_version,
        _SET.c.blob.label("slots"),
    )
    .join_from(_PART, _SET, _SET.c.id == _PART.c.key_set_s)
    .where(_PART.c.sequence == 0, _PART.c.kind == "flags")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """One look at slots by one handler."""

    holder: Holder
    chain: Sequence[Roster]
    erasers: Mapping[str, SharedKey]

    def try_slots(self, session: Session, fresh: Sequence[str], index: Index, until: float | None) -> bool:
        """Put into the index what opens and what does not; False where the time was over before the end."""
        for begin in range(0, len(fresh), _BATCH):
            if until is not None and begin and time.monotonic() > until:
                return False
            some = fresh[begin : begin + _BATCH]
            marks = _marks(session, some)
            index |= {one: desk_entry.shut(marks.get(one, desk_index.mark_of([]))) for one in some}
            for row in session.connection().execute(_SLOTS.where(_PART.c.case_id.in_(some))):
                entry = self._open(row, marks)
                if entry is not None:
                    index[row.case_id] = entry
        return True

    def _open(self, row: Row[*tuple[Any, ...]], marks: Mapping[str, str]) -> str | None:
        try:
            side_key = open_slots(
                row.slots,
                self.holder,
                self.erasers[row.case_id],
                self.chain,
                case_id=row.case_id,
                side=row.side,
                version=row.roster_version,
            )
            place = first_place(row.case_id, "flags", [start(row.case_id)])
            keys = Keys(handlers=side_key.key)
            written = read_compartment(row.flags, place, keys, rosters=self.chain, proof=None)
            flags = sound(read_compact(written.payload))
        except (CannotOpen, KeyError):
            return None
        key = openings.cell_key(side_key.key).raw
        return desk_entry.found(marks[row.case_id], key, _minute(flags), flags)


def _press(file: File) -> tuple[bool, bool, int]:
    return file.state == "closed", not file.urgent, -file.arrived_on.toordinal()


def _minute(flags: Mapping[str, Any]) -> str:
    try:
        told = datetime.fromisoformat(flags.get("arrived_at", "")).astimezone(clock.ZONE)
    except (ValueError, OverflowError):
        return ""
    return told.isoformat(timespec="minutes")[: len("2026-11-24T08:00")]


def _is_stale(file: File, index: Index) -> bool:
    """Whether a case is new to the index, or its cell was written anew since."""
    entry = index.get(file.case_id)
    if entry is None:
        return True
    return desk_entry.opens(entry) and desk_entry.cell_of(entry) != file.cell.hex()


def _read_cells(session: Session, stale: Sequence[File], index: Index) -> list[str]:
    """Read the days of these cases anew; the ids of those whose cell does not open, which then has none."""
    wanted = [file.case_id for file in stale if desk_entry.opens(index.get(file.case_id, "null"))]
    spoilt = []
    for case_id, cell in _cells(session, wanted):
        entry = index[case_id]
        try:
            days = openings.days_in(cell, SharedKey(desk_entry.key_of(entry)), case_id)
        except CannotOpen:
            days = {}
            spoilt.append(case_id)
        index[case_id] = desk_entry.with_days(entry, cell[1 : 1 + desk_entry.CELL_DIGITS // 2].hex(), days)
    return spoilt


def _try_again(
    session: Session, look: _Look, spoilt: Sequence[str], index: Index, before: dict[str, Before]
) -> None:
    """Of cases whose cell does not open: whether their slots still hold the key by which they were known."""
    if not spoilt:
        return
    before |= {one: _before(index[one]) for one in spoilt if one not in before}
    look.try_slots(session, spoilt, index, None)
    for file in files(session):
        if file.case_id in spoilt and desk_entry.opens(index[file.case_id]):
            _read_cells(session, [file], index)


def _mark_replaced(index: Index, before: Mapping[str, Before]) -> None:
    """A case keeps its key for life, whoever is let in: with another key it is another case (7.16)."""
    for case_id, (key, marked) in before.items():
        entry = index.get(case_id, "null")
        if desk_entry.opens(entry) and (marked or desk_entry.key_of(entry) != key):
            index[case_id] = desk_entry.marked(entry)


def _before(entry: str) -> Before:
    return desk_entry.key_of(entry), desk_entry.replaced(desk_entry.split(entry)[0])


def _cells(session: Session, wanted: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    for begin in range(0, len(wanted), _BATCH):
        asked = select(_FILE.c.id, _FILE.c.openings_handlers)
        found = session.connection().execute(asked.where(_FILE.c.id.in_(wanted[begin : begin + _BATCH])))
        yield from ((case_id, cell) for case_id, cell in found)


def _erasers(of: Sequence[File]) -> dict[str, SharedKey]:
    by_place = eraser.keys(eraser_path(), [file.eraser_slot for file in of])
    return {file.case_id: by_place[file.eraser_slot] for file in of if file.eraser_slot in by_place}


def _drop_moved(session: Session, index: Index) -> dict[str, Before]:
    """Forget cases whose slots were made anew since: they are tried like new ones. By what those were known that opened."""
    marks = _marks(session, list(index)) if index else {}
    moved = {one: entry for one, entry in index.items() if entry[:_MARK] != marks.get(one)}
    for case_id in moved:
        del index[case_id]
    return {one: _before(entry) for one, entry in moved.items() if desk_entry.opens(entry)}


def _marks(session: Session, case_ids: Sequence[str]) -> dict[str, str]:
    sets: dict[str, list[str]] = {}
    # The roster's number besides: slots are made anew in the same row when the roster changed.
    asked = select(_SET.c.case_id, _SET.c.id, _SET.c.roster_version)
    if len(case_ids) <= _BATCH:
        asked = asked.where(_SET.c.case_id.in_(case_ids))
    for case_id, key_set_id, version in session.connection().execute(asked):
        sets.setdefault(case_id, []).append(f"{key_set_id}{version}")
    return {case_id: desk_index.mark_of(ids) for case_id, ids in sets.items()}


def _recall(seed: bytes) -> tuple[str | None, bool, Index]:
    """At which move this was known, None at the first look; whether it was kept for the next sign-in; what was known."""
    sealed = memory.store().get(_shelf(seed))
    if sealed is None:
        return None, False, {}
    try:
        at, kept, found = json.loads(unseal(sealed, _key(seed), context("desk", desk_index.VERSION)))
    except CannotOpen:
        return None, False, {}
    return at, kept, found


def _remember(seed: bytes, at: str, kept: bool, index: Index) -> None:
    sealed = seal(
        json.dumps((at, kept, index), ensure_ascii=False).encode(),
        _key(seed),
        context("desk", desk_index.VERSION),
    )
    memory.store().put(_shelf(seed), sealed, config.current().session_hours * 3600)


def _key(seed: bytes) -> SharedKey:
    return derive(SharedKey(seed), "desk")


def _shelf(seed: bytes) -> str:
    # A hash of the key and not the person's id: the shelf's own names must not tell who looked.
    return "desk:" + hashlib.sha256(_key(seed).raw).hexdigest()
