"""What the receipt opens: letters, state and the count of openings, never the story; and writing back.

Nothing is written when a mailbox is opened, so that nobody can see from the database that it was.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import brakes, clock, db, rosters
from core.access import TITLES, Role
from core.db import new_id
from core.i18n import Text
from core.installation import installation_id
from core.sealing import CannotOpen, PrivateKey
from intake import openings, receipt
from intake.cases import add_entry, add_key_set, load
from intake.compartments import Keys, Reporter, reporter_proof, write_compartment
from intake.letters import compact, open_letter, open_strikeouts, read_compact, seal_letter
from intake.models import CaseFile, Compartment, Letter
from intake.receipt import MailboxKeys
from intake.slots import Side, fresh_key

_MESSAGE_ID: Final = re.compile(r"[0-9a-f]{32}")
_WHO: Final = {
    "reporter": Text("Bạn", "You"),
    "handler": Text("Người tiếp nhận", "The person who reads your letter"),
}


class MailboxDamaged(Exception):
    """What belongs to this mailbox was changed or cut off, so nothing can be added to it safely."""


class NoMailbox(Exception):
    """No mailbox belongs to this receipt: it never did, or its time has passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One letter as its page shows it."""

    who: Text
    day: date
    text: str = field(repr=False)
    mine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """An opened mailbox.

    openings: role as people know it, how often; None when they cannot be read.
    damaged: letters that did not open.
    """

    receipt: str = field(repr=False)
    keys: MailboxKeys = field(repr=False)
    case_id: str
    state: str
    messages: tuple[Message, ...]
    openings: tuple[tuple[Text, int], ...] | None
    damaged: int


def open_with(typed: str, *, ticket: str = "") -> Mailbox:
    """The mailbox of a receipt as somebody typed it.

    Raises `NotAReceipt` before anything is computed, `NoMailbox` after the same work as for a true one,
    `MustWait` after many wrong ones, `Busy` in a crowd.
    """
    digits = receipt.parse(typed)
    attempt = brakes.attempt("receipt", brakes.source(), ticket=ticket)
    keys = receipt.derive(digits, installation_id())
    with db.reading() as session:
        opened = find(session, digits, keys)
    attempt.succeeded()
    return opened


def find(session: Session, digits: str, keys: MailboxKeys) -> Mailbox:
    """The mailbox of a receipt that was derived already, or `NoMailbox`."""
    case = session.scalars(select(CaseFile).where(CaseFile.mailbox == keys.token_hash)).first()
    private = PrivateKey.from_seed(keys.seed)
    if case is None:
        raise NoMailbox
    rows = session.scalars(select(Letter).where(Letter.case_id == case.id).order_by(Letter.sequence)).all()
    messages = [_message(row, private) for row in rows]
    return Mailbox(
        receipt=digits,
        keys=keys,
        case_id=case.id,
        state=case.state,
        messages=tuple(message for message in messages if message),
        openings=_openings(case, private),
        damaged=messages.count(None),
    )


def write(opened: Mailbox, text: str, *, message_id: str = "") -> Mailbox:
    """Seal a reporter's message to the handlers who may read the case, with a copy for the reporter.

    The same message id again adds nothing. Returns the mailbox as it is afterwards. Raises `MailboxDamaged`,
    or `NobodyLeft` where all who could read the case have left since.
    """
    wanted = message_id if _MESSAGE_ID.fullmatch(message_id) else new_id()
    try:
        with db.writing() as session:
            add_message(session, opened, text, wanted)
    except CannotOpen as damage:
        raise MailboxDamaged from damage
    with db.reading() as session:
        return find(session, opened.receipt, opened.keys)


def add_message(session: Session, opened: Mailbox, text: str, message_id: str) -> None:
    """Add a message under a fresh key in the slots of the case; strike-outs are kept to."""
    case = load(session, opened.case_id, lock=True)
    if session.get(Compartment, message_id) is not None:
        return
    private = PrivateKey.from_seed(opened.keys.seed)
    strikeouts = open_strikeouts(case.file.for_reporter, case_id=case.id, private=private)
    chain = rosters.chain(session)
    roster = chain[strikeouts.roster_version - 1]
    wrapped = fresh_key(case.id, Side.HANDLERS, roster, strikeouts.struck, now=chain[-1])
    key_set = add_key_set(session, case.file, wrapped, roster)
    place = case.next_place(Side.HANDLERS)
    words = {"what": "message", "at": clock.now().isoformat(timespec="minutes"), "text": text}
    author = Reporter(proof=reporter_proof(opened.keys.seed))
    blob = write_compartment(compact(words), place, Keys(handlers=wrapped.key), author)
    add_entry(session, place, key_set, blob, message_id)
    add_letter(session, case.file, private.public, "reporter", text)
    # The case waits for the desk again, also where it was closed.
    case.file.state = "received"


def add_letter(session: Session, case: CaseFile, reporter: Any, who: str, text: str) -> None:
    """One message as the reporter can read it. `reporter`: their public key, from the story or their own."""
    words = {"who": who, "day": clock.today().isoformat(), "text": text}
    sequence = case.messages
    blob = seal_letter(compact(words), case_id=case.id, sequence=sequence, reporter=reporter)
    session.add(Letter(id=new_id(), case_id=case.id, sequence=sequence, blob=blob))
    case.messages = sequence + 1


def _message(row: Letter, private: PrivateKey) -> Message | None:
    try:
        words = read_compact(
            open_letter(row.blob, case_id=row.case_id, sequence=row.sequence, private=private)
        )
        who, day, text = words["who"], date.fromisoformat(words["day"]), str(words["text"])
    except (CannotOpen, KeyError, TypeError, ValueError):
        return None
    return Message(who=_WHO.get(who, _WHO["handler"]), day=day, text=text, mine=who == "reporter")


def _openings(case: CaseFile, private: PrivateKey) -> tuple[tuple[Text, int], ...] | None:
    try:
        counts = openings.read_by_reporter(case.openings_reporter, private, case.id)
    except CannotOpen:
        return None
    return tuple((TITLES[role], counts[role]) for role in (Role.HANDLER, Role.CUSTODIAN) if counts[role])
