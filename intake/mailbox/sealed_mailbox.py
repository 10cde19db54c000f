"""A mailbox that the reporter's browser opens itself: the receipt stays there, and only its token arrives here.

    asked     format (1) ‖ token (32), and where older letters are wanted too ‖ how many of the newest (4)
    message   format (1) ‖ token (32) ‖ message id (16) ‖ fingerprint of the roster in force (32)
              ‖ roster version of the slots (4) ‖ number of the part (4) ‖ number of the letter (4)
              ‖ slots of the handlers ‖ the entry, sealed to them ‖ its copy, sealed to the reporter

What is handed out is sealed, and so is what is taken in: the server checks the shape, the roster and the place
in the chain, and cannot tell what was written or who was struck out. Nothing is written by opening.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import rosters
from core.db import new_id
from core.roster import Roster, RosterRefused
from core.rosters import NoRoster
from core.sealing import PUBLIC_OVERHEAD, SHARED_OVERHEAD, CannotOpen
from intake.cases import Case, add_entry, keep_slots, load
from intake.form.questions import FORM
from intake.mailbox import pacing
from intake.mailbox.mailbox import SHOWN, NoMailbox
from intake.models import CaseFile, Compartment, Letter
from intake.seal.compartments import ENTRY, SIZES
from intake.seal.laid_out import cut, well_formed
from intake.seal.letters import LETTER_SIZE
from intake.seal.receipt import token_hash
from intake.seal.slots import Side, SlotsRefused, slots_length

FORMAT: Final = 1
_HEAD: Final = (1, 32, 16, 32, 4, 4, 4)
_HEAD_BYTES: Final = sum(_HEAD)


class NotAMessage(ValueError):
    """What a browser sent does not have the shape of a sealed message, so nothing was kept."""


class MovedOn(Exception):
    """The case or the roster changed since the browser looked, so nothing was kept; it looks again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A sealed message taken apart: nothing readable in it. `part`, `letter`: the places it was sealed for."""

    token: bytes = field(repr=False)
    message_id: str
    fingerprint: str
    roster_version: int
    part: int
    letter: int
    rest: bytes = field(repr=False)


def asked(body: bytes) -> tuple[bytes, int]:
    """The token of somebody who asks for a mailbox, and how many letters they want; or `NotAMessage`."""
    if len(body) not in {33, 37} or body[0] != FORMAT:
        raise NotAMessage
    return body[1:33], int.from_bytes(body[33:], "big") or SHOWN


def read(body: bytes) -> Message:
    """The head of a message, and the rest of it; `NotAMessage` for anything else."""
    if len(body) <= _HEAD_BYTES or body[0] != FORMAT:
        raise NotAMessage
    _, token, message_id, fingerprint, *numbers, rest = cut(body, (*_HEAD, len(body) - _HEAD_BYTES))
    version, part, letter = (int.from_bytes(number, "big") for number in numbers)
    return Message(
        token=token,
        message_id=message_id.hex(),
        fingerprint=fingerprint.hex(),
        roster_version=version,
        part=part,
        letter=letter,
        rest=rest,
    )


def contents(session: Session, token: bytes, count: int = SHOWN) -> dict[str, Any]:
    """What is sealed to the reporter, and what a message needs, JSON-able; or `NoMailbox`.

    older: how many letters there are before the newest `count`, which are handed out.
    """
    case = _case(session, token)
    older = max(0, case.file.messages - count)
    wanted = select(Letter.blob).where(Letter.case_id == case.id, Letter.sequence >= older)
    letters = session.scalars(wanted.order_by(Letter.sequence)).all()
    state = FORM.state(case.file.state)
    return {
        "case": case.id,
        "state": [str(state.label), str(state.next), state.code],
        "older": older,
        "letters": [_text(blob) for blob in letters],
        "openings": _text(case.file.openings_reporter),
        "strikeouts": _text(case.file.for_reporter),
        "writing": _writing(session, case),
    }


def take(session: Session, message: Message) -> None:
    """Keep a message sealed in the browser; the same id again adds nothing.

    Raises `NoMailbox`, `NotAMessage`, `MovedOn`, `pacing.Slowed`.
    """
    case = _case(session, message.token, lock=True)
    known = session.get(Compartment, message.message_id)
    if known is not None and known.case_id == case.id:
        return
    roster = sealed_under(session, message.fingerprint, message.roster_version)
    if roster is None:
        raise NotAMessage
    slots, entry, copy = _parts(message.rest, roster)
    place = case.next_place(Side.HANDLERS)
    if known is not None or (place.sequence, case.file.messages) != (message.part, message.letter):
        raise MovedOn
    pacing.require_turn(case.id, case.file.messages)
    try:
        key_set = keep_slots(session, case.file, Side.HANDLERS, slots, roster)
    except SlotsRefused as refused:
        raise NotAMessage from refused
    add_entry(session, place, key_set, entry, message.message_id)
    session.add(Letter(id=new_id(), case_id=case.id, sequence=message.letter, blob=copy))
    case.file.messages = message.letter + 1
    # The case waits for the desk again, also where it was closed.
    case.file.state = "received"


def _case(session: Session, token: bytes, *, lock: bool = False) -> Case:
    found = session.scalars(select(CaseFile.id).where(CaseFile.mailbox == token_hash(token))).first()
    if found is None:
        raise NoMailbox
    return load(session, found, lock=lock)


def _writing(session: Session, case: Case) -> dict[str, Any] | None:
    """Where a message would stand and whose keys it needs; None where nothing can be added safely."""
    try:
        chain = rosters.chain(session)
        place = case.next_place(Side.HANDLERS)
    except (NoRoster, RosterRefused, CannotOpen):
        return None
    now = chain[-1]
    return {
        "part": place.sequence,
        "head": place.before.hex(),
        "letter": case.file.messages,
        "fingerprint": now.fingerprint,
        "recovery": _text(now.recovery_public),
        # Every version, not the one of this letter: which one it is stands sealed to the reporter.
        "versions": [[person.id for person in roster.handlers] for roster in chain],
        "keys": {person.id: _text(person.seal_public) for person in now.handlers},
    }


def sealed_under(session: Session, fingerprint: str, version: int) -> Roster | None:
    """The roster in whose order slots stand; None for a number that is none, `MovedOn` unless the keys are in force."""
    try:
        chain = rosters.chain(session)
    except (NoRoster, RosterRefused) as refused:
        raise MovedOn from refused
    if chain[-1].fingerprint != fingerprint:
        raise MovedOn
    return chain[version - 1] if 1 <= version <= len(chain) else None


def _parts(rest: bytes, roster: Roster) -> Iterator[bytes]:
    sizes = (
        slots_length(roster, Side.HANDLERS),
        SIZES[ENTRY] + SHARED_OVERHEAD,
        LETTER_SIZE + PUBLIC_OVERHEAD,
    )
    if not well_formed(rest, sizes, slots=1):
        raise NotAMessage
    return cut(rest, sizes)


def _text(raw: bytes) -> str:
    return b64encode(raw).decode()
