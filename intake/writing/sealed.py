"""Taking in a letter that was sealed in the reporter's browser (P3): only ciphertext arrives, of one size.

    body    format (1) ‖ case id (16) ‖ SHA-256 of the mailbox token (32) ‖ fingerprint of the roster (32)
            ‖ urgent, 0 or 1 (1) ‖ slots of the handlers ‖ slots of the custodians
            ‖ the five compartments in the order of their chain ‖ strike-outs, sealed to the reporter
            ‖ counts of openings for the handlers ‖ the same, sealed to the reporter

The server checks lengths, formats and the roster, adds the day and the eraser key, and cannot tell more: not
who was struck out, not whether anything inside is true. Whoever opens a part checks what it says
(`report.sound`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import clock, db, rosters
from core.roster import Roster, RosterRefused
from core.rosters import NoRoster
from core.sealing import PUBLIC_OVERHEAD, SHARED_OVERHEAD
from intake import eraser
from intake.eraser import eraser_path
from intake.models import CaseFile, Compartment
from intake.seal import openings
from intake.seal.compartments import FIRST, SIZES, Place, link, start
from intake.seal.laid_out import cut, well_formed
from intake.seal.letters import STRIKEOUTS_SIZE
from intake.seal.slots import Side, SlotsRefused, lock_slots, slots_length
from intake.writing import submission
from intake.writing.submission import ChannelClosed, PlaceTaken, Sealed

FORMAT: Final = 1
_TRIES: Final = 12
_SAME: Final = select(CaseFile.id, CaseFile.mailbox).where(
    (CaseFile.id == bindparam("case")) | (CaseFile.mailbox == bindparam("mailbox"))
)
_HEAD: Final = (1, 16, 32, 32, 1)
_HEAD_BYTES: Final = sum(_HEAD)


class NotSealed(ValueError):
    """What a browser sent does not have the shape of a sealed letter, so nothing was kept."""


class RosterChanged(Exception):
    """A letter was sealed to people who are not those in force now, so it was not kept."""


class IdTaken(Exception):
    """Another letter has this id or this mailbox already; the browser draws others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A sealed body taken apart: nothing readable in it."""

    case_id: str
    mailbox: str
    fingerprint: str
    urgent: bool
    rest: bytes = field(repr=False)


def take(body: bytes) -> None:
    """Keep a letter sealed in the browser. The same body again, whoever sends it, changes nothing.

    Raises `NotSealed`, `RosterChanged`, `IdTaken`, `ChannelClosed`.
    """
    arrived = read(body)
    for _ in range(_TRIES):
        with db.reading() as session:
            roster, in_force = _rosters(session, arrived.fingerprint)
            parts = list(_parts(arrived.rest, roster))
            if _kept_before(session, arrived, parts[2 : 2 + len(FIRST)]):
                return
        if not in_force:
            raise RosterChanged
        sealed = _sealed(arrived, parts, roster)
        try:
            with db.writing() as session:
                submission.keep(session, sealed)
        except (IntegrityError, PlaceTaken):
            continue  # somebody was faster with the same body, id or place: look again
        return
    raise IdTaken


def read(body: bytes) -> Arrived:
    """The head of a body, and the rest of it; `NotSealed` for anything else."""
    if len(body) <= _HEAD_BYTES or body[0] != FORMAT:
        raise NotSealed
    _, case_id, mailbox, fingerprint, urgent, rest = cut(body, (*_HEAD, len(body) - _HEAD_BYTES))
    if urgent not in {b"\0", b"\1"}:
        raise NotSealed
    return Arrived(
        case_id=case_id.hex(),
        mailbox=mailbox.hex(),
        fingerprint=fingerprint.hex(),
        urgent=urgent == b"\1",
        rest=rest,
    )


def lengths(roster: Roster) -> tuple[int, ...]:
    """How long each part after the head is, in bytes: they depend on the roster and on nothing that was written."""
    return (
        *(slots_length(roster, side) for side in Side),
        *(SIZES[kind] + SHARED_OVERHEAD for kind in FIRST),
        STRIKEOUTS_SIZE + PUBLIC_OVERHEAD,
        openings.CELL_BYTES + SHARED_OVERHEAD,
        openings.CELL_BYTES + PUBLIC_OVERHEAD,
    )


def _rosters(session: Session, fingerprint: str) -> tuple[Roster, bool]:
    """The version a letter was sealed to, and whether it is in force; the channel may be closed meanwhile."""
    try:
        chain = rosters.chain(session)
    except (NoRoster, RosterRefused) as refused:
        raise ChannelClosed from refused
    named = next((roster for roster in chain if roster.fingerprint == fingerprint), None)
    if named is None:
        raise RosterChanged
    if chain[-1].not_after < clock.today():
        raise ChannelClosed
    return named, named is chain[-1]


def _parts(rest: bytes, roster: Roster) -> Iterator[bytes]:
    sizes = lengths(roster)
    if not well_formed(rest, sizes, slots=len(Side)):
        raise NotSealed
    return cut(rest, sizes)


def _kept_before(session: Session, arrived: Arrived, compartments: list[bytes]) -> bool:
    """Whether these very bytes were kept; `IdTaken` where the id or the mailbox belongs to others."""
    whose = {"case": arrived.case_id, "mailbox": arrived.mailbox}
    found = session.connection().execute(_SAME, whose).all()
    if not found:
        return submission.was_erased(session, arrived.case_id)
    if [tuple(row) for row in found] != [(arrived.case_id, arrived.mailbox)]:
        raise IdTaken
    first = (Compartment.case_id == arrived.case_id) & (Compartment.sequence < len(FIRST))
    kept = session.scalars(select(Compartment.blob).where(first).order_by(Compartment.sequence)).all()
    if list(kept) != compartments:
        raise IdTaken
    return True


def _sealed(arrived: Arrived, parts: list[bytes], roster: Roster) -> Sealed:
    slot, key = eraser.take(eraser_path())
    slots = dict(zip(Side, parts[:2], strict=True))
    compartments, head = [], start(arrived.case_id)
    for sequence, ((kind, sides), blob) in enumerate(zip(FIRST.items(), parts[2:7], strict=True)):
        place = Place(case_id=arrived.case_id, kind=kind, sequence=sequence, sides=sides, before=head)
        compartments.append((place, blob))
        head = link(head, blob)
    for_reporter, for_handlers, counts = parts[7:]
    try:
        locked = {
            side: lock_slots(blob, key, case_id=arrived.case_id, side=side, roster=roster)
            for side, blob in slots.items()
        }
    except SlotsRefused as refused:
        raise NotSealed from refused
    return Sealed(
        case_id=arrived.case_id,
        mailbox=arrived.mailbox,
        arrived_on=clock.today(),
        urgent=arrived.urgent,
        eraser_slot=slot,
        roster_version=roster.version,
        slots=locked,
        compartments=tuple(compartments),
        for_reporter=for_reporter,
        openings_handlers=for_handlers,
        openings_reporter=counts,
    )
