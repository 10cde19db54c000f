"""What becomes of one case when its keys are wrapped anew: who opens it today, and its new slots. Pure.

Three ways, by who does it: a handler, a custodian, two custodians with the recovery cards. Nothing is read or
written here but bytes, so that a batch can be worked out in another process (intake/anew_child.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal

from core.roster import Roster
from core.sealing import CannotOpen, NotAKey, SharedKey
from intake import guards
from intake.compartments import Keys, link, read_compartment, start
from intake.envelope import first_place, read_story
from intake.letters import Strikeouts, read_compact, seal_strikeouts
from intake.readers import Readers
from intake.rows import Holder, Opened, Rows, open_key_set
from intake.slots import NobodyLeft, Side, lock_slots, wrap_anew
from intake.who_reads import HandingDamaged, who_reads

What = Literal["done", "closed", "damaged", "held"]


class Way(StrEnum):
    """Who wraps anew."""

    HANDLER = "handler"
    CUSTODIAN = "custodian"
    CARDS = "cards"

    @property
    def side(self) -> Side:
        """Whose keys they are."""
        return Side.CUSTODIANS if self is Way.CUSTODIAN else Side.HANDLERS

    @property
    def needs(self) -> int:
        """So many of its first parts are needed to tell who is to open a case."""
        return FLAGS_AND_TALLY if self is Way.CUSTODIAN else EVERY_PART


FLAGS_AND_TALLY: Final = 2
EVERY_PART: Final = 2**31 - 1


class Closed(Exception):
    """These keys do not open this case."""


class Damaged(Exception):
    """The keys fit, but what says who may read does not open or cannot be followed."""


class Held(Exception):
    """Somebody else has kept keys to this case, and wraps it anew themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One case. slots: new ones, locked as they are stored, by the id of their row; none unless it is done.

    for_reporter: what is sealed to the reporter anew, or None.
    """

    what: What
    slots: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)
    for_reporter: bytes | None = field(default=None, repr=False)


def worked_out(
    case: Rows, key: SharedKey | None, way: Way, holder: Holder, chain: Sequence[Roster]
) -> Result:
    """The new slots of a case under the last roster of the chain, or why there are none. key: of the eraser file."""
    try:
        if key is None:
            raise Closed
        return _WAYS[way](case, key, holder, chain)
    except Closed:
        return Result(what="closed")
    except Held:
        return Result(what="held")
    except (Damaged, NobodyLeft):
        return Result(what="damaged")


def opens(case: Rows, key: SharedKey | None, holder: Holder, chain: Sequence[Roster]) -> bool:
    """Whether a case opens to this person: a slot is tried, and nothing is read. Of parts, flags and tally are enough."""
    try:
        part = case.first_part("flags" if holder.side is Side.HANDLERS else "tally")
        key_set = case.key_sets[(part.key_set_s or part.key_set_c) or ""]
        return key is not None and bool(open_key_set(key_set, holder, key, chain))
    except (CannotOpen, KeyError):
        return False


# --- the three ways -------------------------------------------------------------------------------


def _by_handler(case: Rows, key: SharedKey, holder: Holder, chain: Sequence[Roster]) -> Result:
    opened, found, first = _readers(case, key, holder, chain)
    # What lies sealed to the reporter stays true: those who read are the same, and their present keys are found.
    return _done(case, key, Side.HANDLERS, opened, chain[-1], found.left_out(first, chain[-1]))


def _by_cards(case: Rows, key: SharedKey, holder: Holder, chain: Sequence[Roster]) -> Result:
    """Those who read it; where none of them is on the roster any more, every handler who was not struck out.

    Only the cards ever come to such a case, so that nobody is let in whom a colleague could have let in.
    """
    opened, found, first = _readers(case, key, holder, chain)
    now = chain[-1]
    if _held(case, found, chain):
        raise Held
    if found.present(now):
        return _done(case, key, Side.HANDLERS, opened, now, found.left_out(first, now))
    left_out = found.with_everybody(now).left_out(first, now)
    told = _told(case, opened, chain, left_out)
    return _done(case, key, Side.HANDLERS, opened, now, left_out, told)


def _by_custodian(case: Rows, key: SharedKey, holder: Holder, chain: Sequence[Roster]) -> Result:
    """A tally that does not say who keeps it stays as it is: nobody here could know who was struck out."""
    try:
        opened = case.open_under(key, holder, chain)
        flags, tally = case.first_part("flags"), case.first_part("tally")
    except CannotOpen:
        raise Closed from None
    try:
        heads = [start(case.id), link(start(case.id), flags.blob)]
        mine = Keys(custodians=opened[tally.key_set_c or ""].key)
        place = first_place(case.id, "tally", heads)
        words = read_compartment(tally.blob, place, mine, rosters=chain, proof=None)
        kept = guards.read(read_compact(words.payload), chain)
    except CannotOpen:
        raise Damaged from None
    return _done(case, key, Side.CUSTODIANS, opened, chain[-1], kept.left_out(chain[-1]))


_WAYS: Final = {Way.HANDLER: _by_handler, Way.CUSTODIAN: _by_custodian, Way.CARDS: _by_cards}


# --- inside ---------------------------------------------------------------------------------------


def _done(
    case: Rows,
    key: SharedKey,
    side: Side,
    opened: Opened,
    now: Roster,
    left_out: Sequence[str],
    told: bytes | None = None,
) -> Result:
    slots = []
    for key_set_id, found in opened.items():
        wrapped = wrap_anew(found, case.id, side, now, left_out).slots
        slots.append((key_set_id, lock_slots(wrapped, key, case_id=case.id, side=side, roster=now)))
    return Result(what="done", slots=tuple(slots), for_reporter=told)


def _readers(
    case: Rows, key: SharedKey, holder: Holder, chain: Sequence[Roster]
) -> tuple[Opened, Readers, Roster]:
    try:
        opened = case.open_under(key, holder, chain)
    except CannotOpen:
        raise Closed from None
    try:
        return opened, *who_reads(case, opened, chain)
    except HandingDamaged:
        raise Damaged from None


def _told(case: Rows, opened: Opened, chain: Sequence[Roster], left_out: tuple[str, ...]) -> bytes:
    """Sealed to the reporter: who of the roster in force is not to read what they write from now on."""
    try:
        story = read_story(case.read_first("story", opened, chain))
    except (CannotOpen, NotAKey):
        raise Damaged from None
    keeps = Strikeouts(roster_version=chain[-1].version, struck=left_out)
    return seal_strikeouts(keeps, case_id=case.id, reporter=story.reporter)


def _held(case: Rows, found: Readers, chain: Sequence[Roster]) -> bool:
    """Whether some reader on the roster in force has the keys this case's slots were made to."""
    first = case.first_key_set(Side.HANDLERS)
    then = {one.id: one.seal_public for one in chain[first.roster_version - 1].handlers}
    return any(then.get(one.id) == one.seal_public for one in found.present(chain[-1]))
