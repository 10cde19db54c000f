"""Erasing a case for good: a handler decides, the key in the eraser file goes, then every row (P13).

The line in the log is kept first, in a transaction of its own. Then rows are deleted and the eraser key is
overwritten just before the commit: a crash in between leaves a case that nobody can open, and `finish` clears
away what is left of it. Of an erased case remains the SHA-256 of its random id, which tells nothing: by it a
recorded sending that is sent again after years makes no case anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Table, delete, select, text
from sqlalchemy.orm import Session

from core import clock, db, log, rosters
from core.access import Identity
from core.db import Base
from core.roster import RosterRefused
from core.rosters import NoRoster
from core.sealing import CannotOpen
from intake import eraser
from intake.cases import NoSuchCase, months, require_kept
from intake.casework.casework import AtHand, add, at_hand, every_entry
from intake.desk import dating, desk
from intake.eraser import eraser_path
from intake.models import CaseFile, ErasedCase
from intake.retention import HOLD, UNHOLD, Kept, kept
from intake.roles import require_may
from intake.seal.log_tag import on_case


class NotYetDue(Exception):
    """This case is held, or its date has not come: it cannot be erased."""


class ClockDoubtful(Exception):
    """By this clock the roster has run out: either it is signed anew first, or the clock jumped and nothing is due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A case that has a date, or is held."""

    case_id: str
    arrived_on: date
    kept: Kept
    ready: bool
    """Whether a handler may erase it now: past its date, or withdrawn 14 days ago."""
    damaged: int
    """How many of its parts do not open or are gone: what they said of the date is not known."""


def outlook(identity: Identity, seed: bytes) -> list[Line]:
    """Every case with a date that this handler can open, the nearest first.

    What it finds is noted where the desk reads it, so that a case past its date leaves every list. Raises `Denied`,
    `LogBroken`.
    """
    require_may(identity, "erase")
    opening = desk.openable(identity, seed)
    with db.writing() as session:
        log.write(session, "retention_seen", who=identity.person_id)
    lines = _noted(identity, seed, opening)
    found = [line for line in lines if line.kept.until or line.kept.held]
    return sorted(found, key=lambda line: (line.kept.held, line.kept.until or date.max, line.case_id))


def look(session: Session, identity: Identity, seed: bytes, case_id: str) -> Line:
    """How long one case is kept. Raises `Denied`, `NoSuchCase`, `LogBroken`."""
    require_may(identity, "erase")
    hand = at_hand(session, identity, seed, case_id)
    log.write(session, "retention_seen", who=identity.person_id)
    return _line(hand)


def hold(session: Session, identity: Identity, seed: bytes, case_id: str, reason: str) -> None:
    """Keep a case for legal proceedings; the reason is a signed entry. Raises as `look` does."""
    _steer(session, identity, seed, case_id, HOLD, reason)


def unhold(session: Session, identity: Identity, seed: bytes, case_id: str, reason: str) -> None:
    """End that; its date runs again. Raises as `look` does."""
    _steer(session, identity, seed, case_id, UNHOLD, reason)


def decide(session: Session, identity: Identity, seed: bytes, case_id: str) -> None:
    """Write down that a handler erases a case; `carry_out` follows when this is kept.

    Raises as `look` does, and `NotYetDue`, `ClockDoubtful`.
    """
    require_may(identity, "erase")
    require_clock(session)
    hand = at_hand(session, identity, seed, case_id)
    log.write(session, "erase_decided", who=identity.person_id, about=on_case(hand.side_key))
    if not _line(hand).ready:
        raise NotYetDue


def require_clock(session: Session) -> None:
    """`ClockDoubtful` where the roster in force has run out: its last day is signed, and bounds how far a clock can jump."""
    try:
        rosters.current(session)
    except (NoRoster, RosterRefused) as refused:
        raise ClockDoubtful from refused


def carry_out(session: Session, identity: Identity, seed: bytes, case_id: str) -> None:
    """Erase what was decided, unless the case is no longer to be erased: its reporter or a colleague was quicker.

    Raises as `decide` does.
    """
    require_may(identity, "erase")
    hand = at_hand(session, identity, seed, case_id)
    if not _line(hand).ready:
        raise NotYetDue
    clear_away(session, case_id)


def clear_away(session: Session, case_id: str) -> None:
    """Delete every row of a case, and overwrite its key last. Raises `NoSuchCase`, `LogBroken`."""
    slot = session.scalar(select(CaseFile.eraser_slot).where(CaseFile.id == case_id).with_for_update())
    if slot is None:
        raise NoSuchCase
    log.write(session, "erased", who=None)
    connection = session.connection()
    _forget(connection, Base.metadata.tables["case_file"], "id", [case_id])
    session.add(ErasedCase(mark=mark_of(case_id)))
    session.flush()
    eraser.erase(eraser_path(), slot)


def finish() -> int:
    """Clear away cases whose key is gone already: a crash came between. Returns how many."""
    with db.reading() as session:
        places = {
            row.eraser_slot: row.id for row in session.execute(select(CaseFile.id, CaseFile.eraser_slot))
        }
    gone = places.keys() - eraser.keys(eraser_path(), places.keys()).keys()
    for slot in gone:
        with db.writing() as session:
            clear_away(session, places[slot])
    settle()
    return len(gone)


def settle() -> None:
    """Empty the embedded database's journal, where deleted rows would outlive the deletion."""
    if db.current().embedded:
        with db.current().engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))


def mark_of(case_id: str) -> str:
    """What remains of an erased case: a hash of 128 random bits."""
    return hashlib.sha256(case_id.encode()).hexdigest()


# --- inside ---------------------------------------------------------------------------------------


def _line(hand: AtHand) -> Line:
    file = hand.case.file
    try:
        entries, damaged = every_entry(hand, hand.story())
        dating.renew(file, hand.side_key, entries)
        found = kept(entries, arrived_on=file.arrived_on, months=months())
    except CannotOpen:
        # A damaged story: who closed it is not known, but the sealed cell still says since when it is closed.
        why, until = dating.ends(file.openings_handlers, hand.side_key, file.id, months=months())
        found, damaged = Kept(until=until, why=why, held=False), len(hand.case.parts)
    today = clock.today()
    return Line(
        case_id=file.id, arrived_on=file.arrived_on, kept=found, ready=found.over(today), damaged=damaged
    )


def _noted(identity: Identity, seed: bytes, case_ids: Iterable[str]) -> list[Line]:
    """Lines of these cases; a day in a cell that is no longer true is written anew."""
    found, unnoted = [], []
    with db.reading() as session:
        for case_id in case_ids:
            line = _line_of(session, identity, seed, case_id)
            if line:
                found.append(line)
            if session.dirty:
                unnoted.append(case_id)
            session.expunge_all()
    for case_id in unnoted:
        with db.writing() as session:
            _line_of(session, identity, seed, case_id)
    return found


def _line_of(session: Session, identity: Identity, seed: bytes, case_id: str) -> Line | None:
    try:
        return _line(at_hand(session, identity, seed, case_id))
    except NoSuchCase:
        return None


def _steer(session: Session, identity: Identity, seed: bytes, case_id: str, what: str, reason: str) -> None:
    require_may(identity, "hold")
    hand = at_hand(session, identity, seed, case_id)
    log.write(
        session, "held" if what == HOLD else "unheld", who=identity.person_id, about=on_case(hand.side_key)
    )
    if what == HOLD:  # once its date is past, holding would open it again
        require_kept(hand.case.file, every_entry(hand, hand.story())[0])
    add(session, hand, {"what": what, "text": reason})


def _forget(connection: Connection, table: Table, column: str, values: Sequence[str]) -> None:
    """Delete rows with everything that hangs on them, whatever tables hang there one day."""
    for child, column_of_child, parent_column in _hanging_on(table):
        ids = connection.scalars(select(table.c[parent_column]).where(table.c[column].in_(values))).all()
        if ids:
            _forget(connection, child, column_of_child, list(ids))
    connection.execute(delete(table).where(table.c[column].in_(values)))


def _hanging_on(table: Table) -> Iterator[tuple[Table, str, str]]:
    for child in Base.metadata.sorted_tables:
        for key in child.foreign_keys:
            if key.column.table is table and child is not table:
                yield child, key.parent.name, key.column.name
