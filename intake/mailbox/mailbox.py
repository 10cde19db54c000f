"""What the receipt opens: letters, state and the count of openings, never the story; and writing back or asking.

Nothing is written when a mailbox is opened, so that nobody can see from the database that it was.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
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
from core.roster import RosterRefused
from core.rosters import NoRoster
from core.sealing import CannotOpen, PrivateKey
from intake.cases import add_entry, add_key_set, load
from intake.mailbox import pacing, wishes
from intake.mailbox.wishes import MESSAGE, SAID, TAKEN_BACK, Withdrawal
from intake.models import CaseFile, Compartment, Letter
from intake.retention import WITHDRAW, credible
from intake.seal import openings, receipt
from intake.seal.compartments import Keys, Reporter, reporter_proof, write_compartment
from intake.seal.letters import compact, open_letter, open_strikeouts, read_compact, seal_letter
from intake.seal.openings import Counts
from intake.seal.receipt import MailboxKeys
from intake.seal.slots import Side, fresh_key

SHOWN: Final = 40
"""So many of the newest messages are handed out unless more are asked for."""
_MESSAGE_ID: Final = re.compile(r"[0-9a-f]{32}")
_WHO: Final = {
    "reporter": Text("Bạn", "You"),
    "handler": Text("Người tiếp nhận", "The person who reads your letter"),
}


class MailboxDamaged(Exception):
    """What belongs to this mailbox was changed or cut off, so nothing can be added to it safely."""


class NoMailbox(Exception):
    """No mailbox belongs to this receipt: it never did, or its time has passed."""


class Withdrawn(Exception):
    """The letter was withdrawn and the time to take that back is over; nothing is added to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One letter as its page shows it. what: of `wishes.KINDS`; choices: short answers that can be tapped."""

    who: Text
    day: date
    text: str = field(repr=False)
    mine: bool
    what: str = MESSAGE
    choices: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """An opened mailbox.

    openings: role as people know it, how often; None when they cannot be read.
    kept_until: the day until which a closed case is kept at the least, where it is known.
    older: how many messages there are before these. damaged: letters that did not open.
    unread: nobody on the roster in force could read what is added.
    """

    receipt: str = field(repr=False)
    keys: MailboxKeys = field(repr=False)
    case_id: str
    state: str
    messages: tuple[Message, ...]
    openings: tuple[tuple[Text, int], ...] | None
    kept_until: date | None
    older: int
    damaged: int
    unread: bool = False

    @property
    def withdrawal(self) -> Withdrawal | None:
        """The wish to withdraw that stands, if one does."""
        return wishes.withdrawal(self.messages, clock.today())

    @property
    def to_tap(self) -> tuple[str, ...]:
        """Short answers offered since the reporter last wrote."""
        return wishes.to_tap(self.messages)


def open_with(typed: str, *, ticket: str = "", count: int = SHOWN) -> Mailbox:
    """The mailbox of a receipt as somebody typed it, with the newest `count` messages.

    Raises `NotAReceipt` before anything is computed, `NoMailbox` after the same work as for a true one,
    `MustWait` after many wrong ones, `Busy` in a crowd.
    """
    digits = receipt.parse(typed)
    attempt = brakes.of_a_receipt(ticket)
    keys = receipt.derive(digits, installation_id())
    with db.reading() as session:
        opened = find(session, digits, keys, count=count)
    attempt.succeeded()
    return opened


def find(session: Session, digits: str, keys: MailboxKeys, *, count: int = SHOWN) -> Mailbox:
    """The mailbox of a receipt that was derived already, with the newest `count` messages; or `NoMailbox`."""
    case = session.scalars(select(CaseFile).where(CaseFile.mailbox == keys.token_hash)).first()
    private = PrivateKey.from_seed(keys.seed)
    if case is None:
        raise NoMailbox
    older = max(0, case.messages - count)
    wanted = select(Letter).where(Letter.case_id == case.id, Letter.sequence >= older)
    rows = session.scalars(wanted.order_by(Letter.sequence)).all()
    messages = [_message(row, private) for row in rows]
    counts = _counts(case, private)
    return Mailbox(
        receipt=digits,
        keys=keys,
        case_id=case.id,
        state=case.state,
        messages=tuple(message for message in messages if message),
        openings=_openings(counts),
        kept_until=openings.kept_until(counts) if counts and case.state == "closed" else None,
        older=older,
        damaged=messages.count(None),
        unread=_unread(session, case, private),
    )


def _unread(session: Session, case: CaseFile, private: PrivateKey) -> bool:
    """Whether all who could read have left since, or only those are there whom the reporter struck out."""
    try:
        kept = open_strikeouts(case.for_reporter, case_id=case.id, private=private)
        chain = rosters.chain(session)
        seats = {one.id for one in chain[kept.roster_version - 1].handlers} - set(kept.struck)
    except (CannotOpen, NoRoster, RosterRefused, IndexError):
        return False  # said where something is written
    return seats.isdisjoint(one.id for one in chain[-1].handlers)


def write(opened: Mailbox, text: str, *, what: str = MESSAGE, message_id: str = "") -> Mailbox:
    """Seal a reporter's message or wish to the handlers who may read the case, with a copy for the reporter.

    The same message id again adds nothing, and neither does a wish that stands already. Returns the mailbox as it
    is afterwards. Raises `Withdrawn`, `MailboxDamaged`, `pacing.Slowed`, or `NobodyLeft` where all who could read it
    have left since.
    """
    wanted = message_id if _MESSAGE_ID.fullmatch(message_id) else new_id()
    standing = opened.withdrawal
    if standing and standing.over:
        raise Withdrawn
    if what == (WITHDRAW if standing else TAKEN_BACK):
        return opened
    try:
        with db.writing() as session:
            add_message(session, opened, text, wanted, what=what)
    except CannotOpen as damage:
        raise MailboxDamaged from damage
    with db.reading() as session:
        return find(session, opened.receipt, opened.keys)


def add_message(
    session: Session, opened: Mailbox, text: str, message_id: str, *, what: str = MESSAGE
) -> None:
    """Add a message or a wish under a fresh key in the slots of the case; strike-outs are kept to."""
    case = load(session, opened.case_id, lock=True)
    if session.get(Compartment, message_id) is not None:
        return
    pacing.require_turn(case.id, case.file.messages)
    private = PrivateKey.from_seed(opened.keys.seed)
    strikeouts = open_strikeouts(case.file.for_reporter, case_id=case.id, private=private)
    chain = rosters.chain(session)
    roster = chain[strikeouts.roster_version - 1]
    wrapped = fresh_key(case.id, Side.HANDLERS, roster, strikeouts.struck, now=chain[-1])
    key_set = add_key_set(session, case.file, wrapped, roster)
    place = case.next_place(Side.HANDLERS)
    words = {"what": what, "at": clock.now().isoformat(timespec="minutes"), "text": text}
    author = Reporter(proof=reporter_proof(opened.keys.seed))
    blob = write_compartment(compact(words), place, Keys(handlers=wrapped.key), author)
    add_entry(session, place, key_set, blob, message_id)
    add_letter(session, case.file, private.public, "reporter", text, what=what)
    # The case waits for the desk again, also where it was closed.
    case.file.state = "received"


def add_letter(
    session: Session,
    case: CaseFile,
    reporter: Any,
    who: str,
    text: str,
    *,
    what: str = MESSAGE,
    choices: Sequence[str] = (),
) -> None:
    """One message as the reporter can read it. `reporter`: their public key, from the story or their own."""
    words: dict[str, Any] = {"who": who, "day": clock.today().isoformat(), "text": text}
    words |= {"what": what} if what != MESSAGE else {}
    words |= {"choices": list(choices)} if choices else {}
    sequence = case.messages
    blob = seal_letter(compact(words), case_id=case.id, sequence=sequence, reporter=reporter)
    session.add(Letter(id=new_id(), case_id=case.id, sequence=sequence, blob=blob))
    case.messages = sequence + 1


def _message(row: Letter, private: PrivateKey) -> Message | None:
    try:
        words = read_compact(
            open_letter(row.blob, case_id=row.case_id, sequence=row.sequence, private=private)
        )
        who, day, text = str(words["who"]), date.fromisoformat(words["day"]), str(words["text"])
    except (CannotOpen, KeyError, TypeError, ValueError):
        return None
    if not credible(day):
        return None
    what = str(words.get("what", MESSAGE))
    return Message(
        who=_WHO.get(who, _WHO["handler"]),
        day=day,
        text="\n\n".join(filter(None, (str(SAID.get(what, "")), text))),
        mine=who == "reporter",
        what=what,
        choices=wishes.read_choices(words.get("choices")),
    )


def _counts(case: CaseFile, private: PrivateKey) -> Counts | None:
    try:
        return openings.read_by_reporter(case.openings_reporter, private, case.id)
    except CannotOpen:
        return None


def _openings(counts: Counts | None) -> tuple[tuple[Text, int], ...] | None:
    if counts is None:
        return None
    return tuple((TITLES[role], counts[role]) for role in (Role.HANDLER, Role.CUSTODIAN) if counts[role])
