"""Handing a case to a colleague, and stepping back from one: the slots are made anew, the key stays.

The reporter is told first, in their mailbox, and may object; only then can the colleague be let in. Whoever
steps back gives no reason. Both leave a signed entry in the case, by which all others know, and what is sealed
to the reporter is renewed, so that their later messages go to the same people (decision 0015).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from core import clock, log, rosters
from core.access import Identity
from core.roster import Member, Roster
from core.sealing import CannotOpen, NotAKey
from intake.cases import (
    Case,
    Holder,
    NoSuchCase,
    Opened,
    add_entry,
    add_key_set,
    load,
    require_kept,
)
from intake.desk import dating, desk
from intake.mailbox.mailbox import add_letter
from intake.models import Compartment
from intake.roles import require_may
from intake.seal.compartments import Keys, Staff, write_compartment
from intake.seal.envelope import Story, read_story
from intake.seal.letters import Strikeouts, compact, seal_strikeouts
from intake.seal.log_tag import on_case
from intake.seal.readers import DECLINED, HANDED, TOLD, Readers, readers
from intake.seal.slots import Side, wrap_anew
from intake.seal.who_reads import HandingDamaged as HandingDamaged
from intake.seal.who_reads import steps_of


class LastReader(Exception):
    """Nobody else could open this case; stepping back would leave the reporter alone."""


class NotTold(Exception):
    """The reporter was not told yet that this colleague is to read, or the colleague may not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A colleague of whom the reporter was told: on which day, and whether the reporter wrote since."""

    member: Member
    on: str
    wrote_since: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What can be done: others who can open it, colleagues not yet spoken of, told of, and who stepped back."""

    others: tuple[Member, ...]
    candidates: tuple[Member, ...]
    told: tuple[Told, ...]
    gone: tuple[Member, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """A case with its keys and what its entries say about who reads."""

    case: Case
    holder: Holder
    opened: Opened
    story: Story
    rosters: Sequence[Roster]
    readers: Readers
    last_message: str
    entries: Sequence[Mapping[str, Any]]

    @property
    def now(self) -> Roster:
        return self.rosters[-1]

    @property
    def first(self) -> Roster:
        """The roster of the strike-outs."""
        return self.rosters[self.story.strikeouts.roster_version - 1]

    @property
    def others(self) -> tuple[Member, ...]:
        return tuple(one for one in self.readers.present(self.now) if one.id != self.holder.member_id)


def outlook(session: Session, identity: Identity, seed: bytes, case_id: str) -> Outlook:
    """Who else opens a case and to whom it may go; somebody struck out is in no list.

    Raises `Denied`, `NoSuchCase`, `HandingDamaged`, `LogBroken`.
    """
    require_may(identity, "hand over")
    hand = _hand(session, identity, seed, case_id, "readers_seen")
    known, free = hand.readers.told, hand.readers.candidates(hand.now)
    return Outlook(
        others=hand.others,
        candidates=tuple(one for one in free if one.id not in known),
        told=tuple(
            Told(member=one, on=known[one.id], wrote_since=hand.last_message >= known[one.id])
            for one in free
            if one.id in known
        ),
        gone=tuple(one for one in hand.now.handlers if one.id in hand.readers.gone),
    )


def tell(session: Session, identity: Identity, seed: bytes, case_id: str, to: str, text: str) -> None:
    """Write to the reporter that a colleague is to read, before anything is opened to that colleague.

    Raises as `outlook` does; `NotTold` for somebody to whom the case may not go.
    """
    require_may(identity, "hand over")
    hand = _hand(session, identity, seed, case_id, "handover_told")
    if to not in {one.id for one in hand.readers.candidates(hand.now)}:
        raise NotTold
    _sign(session, hand, {"what": TOLD, "to": to, "text": text})
    add_letter(session, hand.case.file, hand.story.reporter, "handler", text)
    # What nobody has read stays unread, so that nothing closes over it; what is closed stays closed.
    if hand.case.file.state == "reading":
        hand.case.file.state = "answered"


def hand_over(session: Session, identity: Identity, seed: bytes, case_id: str, to: str) -> None:
    """Let a colleague in, of whom the reporter was told. Raises as `tell` does."""
    require_may(identity, "hand over")
    hand = _hand(session, identity, seed, case_id, "handed_over")
    if to not in hand.readers.told or to not in {one.id for one in hand.readers.candidates(hand.now)}:
        raise NotTold
    _sign(session, hand, {"what": HANDED, "to": to})
    make_slots_anew(session, hand, _step(hand, HANDED, to))


def step_back(session: Session, identity: Identity, seed: bytes, case_id: str) -> None:
    """Give up one's own slot, for good and without a reason. Raises as `outlook` does, and `LastReader`."""
    require_may(identity, "step back")
    hand = _hand(session, identity, seed, case_id, "declined")
    if not hand.others:
        raise LastReader
    _sign(session, hand, {"what": DECLINED})
    make_slots_anew(session, hand, _step(hand, DECLINED))


# --- inside ---------------------------------------------------------------------------------------


def _hand(session: Session, identity: Identity, seed: bytes, case_id: str, deed: str) -> Hand:
    hand = take_up(session, Holder.of(identity, seed), case_id, deed, who=identity.person_id)
    require_kept(hand.case.file, hand.entries)
    return hand


def take_up(session: Session, holder: Holder, case_id: str, deed: str, *, who: str) -> Hand:
    """The case, locked, its line in the log written, then its story and steps opened.

    Raises `NoSuchCase`, `HandingDamaged`, `LogBroken`.
    """
    try:
        chain = rosters.chain(session)
        case = load(session, case_id, lock=True)
        opened = case.open_for(holder, chain)
    except CannotOpen as refused:
        raise NoSuchCase from refused
    side_key = opened[case.first_key_set(Side.HANDLERS).id].key
    log.write(session, deed, who=who, about=on_case(side_key))
    return read_hand(case, holder, opened, chain)


def read_hand(case: Case, holder: Holder, opened: Opened, chain: Sequence[Roster]) -> Hand:
    """What an opened case says about who reads it, inside a deed that wrote its line; or `HandingDamaged`.

    Of a case past its date as well: wrapping anew shows nothing.
    """
    try:
        story = read_story(case.read_first("story", opened, chain))
        steps, last, entries = steps_of(case, opened, chain, story.proof)
        first = chain[story.strikeouts.roster_version - 1]
    except (CannotOpen, NotAKey, IndexError) as damage:
        raise HandingDamaged from damage
    return Hand(
        case=case,
        holder=holder,
        opened=opened,
        story=story,
        rosters=chain,
        readers=readers(first, story.strikeouts, steps),
        last_message=last,
        entries=entries,
    )


def _step(hand: Hand, what: str, to: str = "") -> Readers:
    """Who reads once this has happened as well."""
    me = hand.holder.member_id
    before = hand.readers
    ids = before.ids - {me} if what == DECLINED else before.ids | {to}
    gone = before.gone | {me} if what == DECLINED else before.gone
    return Readers(ids=ids, told=before.told, gone=gone, barred=before.barred)


def _sign(session: Session, hand: Hand, words: dict[str, str]) -> None:
    key_set = hand.case.first_key_set(Side.HANDLERS)
    staff = Staff(member_id=hand.holder.member_id, roster_version=hand.now.version, seed=hand.holder.seed)
    said = {"at": clock.now().isoformat(timespec="minutes"), **words}
    place = hand.case.next_place(Side.HANDLERS)
    side_key = hand.opened[key_set.id].key
    blob = write_compartment(compact(said), place, Keys(handlers=side_key), staff)
    add_entry(session, place, key_set, blob)
    dating.renew(hand.case.file, side_key, [*hand.entries, {**said, "role": "handler"}])
    session.flush()


def make_slots_anew(session: Session, hand: Hand, after: Readers) -> None:
    """Every key of the side that one holds, in slots of the roster in force; the old slots are overwritten.

    Raises `intake.seal.slots.NobodyLeft` where no handler could open them.
    """
    left_out = after.left_out(hand.first, hand.now)
    for key_set in list(hand.case.key_sets.values()):
        if key_set.id in hand.opened:
            wrapped = wrap_anew(hand.opened[key_set.id], hand.case.id, Side.HANDLERS, hand.now, left_out)
            fresh = add_key_set(session, hand.case.file, wrapped, hand.now)
            moved = update(Compartment).where(Compartment.key_set_s == key_set.id)
            session.execute(moved.values(key_set_s=fresh.id))
            session.delete(key_set)
    hand.case.file.for_reporter = for_reporter(hand, left_out)
    desk.moved()


def for_reporter(hand: Hand, left_out: tuple[str, ...]) -> bytes:
    """Sealed to the reporter: who of the roster in force is not to read what they write from now on."""
    keeps = Strikeouts(roster_version=hand.now.version, struck=left_out)
    return seal_strikeouts(keeps, case_id=hand.case.id, reporter=hand.story.reporter)
