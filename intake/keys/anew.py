"""What becomes of one case when its keys are wrapped anew: who opens it today, and its new slots. Pure.

Three ways, by who does it: a handler, a custodian, two custodians with the recovery cards. Nothing is read or
written here but bytes, so that a batch can be worked out in another process (intake/keys/anew_child.py).

A handler and a custodian renew the slots of whoever has other keys than before and leave everybody else's as they
are; the cards make all of them anew, since the only people left may be some who never read the case.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Literal

from core.roster import Roster
from core.sealing import CannotOpen, NotAKey, SharedKey
from intake.seal import guards, readers
from intake.seal.compartments import Keys, link, read_compartment, start
from intake.seal.envelope import first_place, read_story
from intake.seal.letters import Strikeouts, read_mapping, seal_strikeouts
from intake.seal.readers import Readers
from intake.seal.rows import Holder, Opened, Rows, open_key_set
from intake.seal.slots import NobodyLeft, Seats, Side, lock_slots, renewed, wrap_anew
from intake.seal.who_reads import HandingDamaged, who_reads

What = Literal["done", "closed", "damaged", "held", "more"]


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
        """So many of its first parts are needed to tell who is to open a case; a handler also needs all of one to
        which anything was added, and of one whose flags do not say it."""
        return {Way.HANDLER: FLAGS, Way.CUSTODIAN: FLAGS_AND_TALLY, Way.CARDS: EVERY_PART}[self]


FLAGS: Final = 1
FLAGS_AND_TALLY: Final = 2
EVERY_PART: Final = 2**31 - 1


class Closed(Exception):
    """These keys do not open this case."""


class Damaged(Exception):
    """The keys fit, but what says who may read does not open or cannot be followed."""


class Held(Exception):
    """Somebody else has kept keys to this case, and wraps it anew themselves."""


class More(Exception):
    """The parts at hand do not say who may read: every part of the case is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """One press of the button: who wraps anew, and the verified chain of rosters, the one in force last."""

    way: Way
    holder: Holder
    chain: Sequence[Roster]
    _seats: dict[int, Seats] = field(default_factory=dict, init=False, repr=False)
    _left_out: dict[object, tuple[str, ...]] = field(default_factory=dict, init=False, repr=False)

    @property
    def now(self) -> Roster:
        """The roster in force."""
        return self.chain[-1]

    def seats(self, version: int) -> Seats:
        """What becomes of slots of that roster."""
        if version not in self._seats:
            self._seats[version] = Seats.between(self.chain[version - 1 :], self.way.side)
        return self._seats[version]

    def left_out(self, said: object, work_out: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
        """Whose slots stay dead, worked out once for all cases that say the same."""
        if said not in self._left_out:
            self._left_out[said] = work_out()
        return self._left_out[said]


def stale(chain: Sequence[Roster], side: Side) -> list[int]:
    """Versions of the roster whose slots are to be renewed under the last: somebody has other keys, or has left."""
    return [one.version for one in chain[:-1] if Seats.between(chain[one.version - 1 :], side).stale]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One case. slots: new ones, locked as they are stored, by the id of their row; none unless it is done.

    for_reporter: what is sealed to the reporter anew, or None.
    """

    what: What
    slots: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)
    for_reporter: bytes | None = field(default=None, repr=False)


def worked_out(case: Rows, key: SharedKey | None, press: Press) -> Result:
    """The new slots of a case under the roster in force, or why there are none. key: of the eraser file."""
    try:
        if key is None:
            raise Closed
        return _WAYS[press.way](case, key, press)
    except Closed:
        return Result(what="closed")
    except Held:
        return Result(what="held")
    except More:
        return Result(what="more")
    except (Damaged, NobodyLeft):
        return Result(what="damaged")


def opens(case: Rows, key: SharedKey | None, press: Press) -> bool:
    """Whether a case opens to this person: a slot is tried, and nothing is read. Of parts, flags and tally are enough."""
    try:
        key_set = case.first_key_set(press.holder.side)
        return key is not None and bool(open_key_set(key_set, press.holder, key, press.chain))
    except CannotOpen:
        return False


# --- the three ways -------------------------------------------------------------------------------


def _by_handler(case: Rows, key: SharedKey, press: Press) -> Result:
    """What lies sealed to the reporter stays true: those who read are the same, and their present keys are found."""
    opened = _opened(case, key, press)
    if len(case.parts) > FLAGS:
        found, first = _readers(case, opened, press.chain)
        return _renewed(case, key, opened, press, found.left_out(first, press.now))
    try:
        first, strikeouts = readers.said_in(
            _said(case, "flags", [start(case.id)], opened, press), press.chain
        )
    except CannotOpen:
        raise More from None
    left_out = press.left_out(
        strikeouts, lambda: readers.readers(first, strikeouts, ()).left_out(first, press.now)
    )
    return _renewed(case, key, opened, press, left_out)


def _by_cards(case: Rows, key: SharedKey, press: Press) -> Result:
    """Those who read it; where none of them is on the roster any more, every handler who was not struck out.

    Only the cards ever come to such a case, so that nobody is let in whom a colleague could have let in.
    """
    opened, now = _opened(case, key, press), press.now
    found, first = _readers(case, opened, press.chain)
    if _held(case, found, press.chain):
        raise Held
    if found.present(now):
        return _all_anew(case, key, opened, now, found.left_out(first, now))
    left_out = found.with_everybody(now).left_out(first, now)
    told = _told(case, opened, press.chain, left_out)
    return _all_anew(case, key, opened, now, left_out, told)


def _by_custodian(case: Rows, key: SharedKey, press: Press) -> Result:
    """A tally that does not say who keeps it stays as it is: nobody here could know who was struck out."""
    opened = _opened(case, key, press)
    try:
        head = link(start(case.id), case.first_part("flags").blob)
        said = guards.said_in(_said(case, "tally", [b"", head], opened, press), press.chain)
    except CannotOpen:
        raise Damaged from None
    left_out = press.left_out(said, lambda: guards.guards(*said).left_out(press.now))
    return _renewed(case, key, opened, press, left_out)


_WAYS: Final = {Way.HANDLER: _by_handler, Way.CUSTODIAN: _by_custodian, Way.CARDS: _by_cards}


# --- inside ---------------------------------------------------------------------------------------


def _opened(case: Rows, key: SharedKey, press: Press) -> Opened:
    try:
        return case.open_under(key, press.holder, press.chain)
    except CannotOpen:
        raise Closed from None


def _said(case: Rows, kind: str, heads: Sequence[bytes], opened: Opened, press: Press) -> dict[str, Any]:
    """What the first part of the holder's side says, flags or tally, or `CannotOpen`. Anybody may have written it."""
    side = press.holder.side
    key = opened[case.first_key_set(side).id].key
    mine = Keys(handlers=key) if side is Side.HANDLERS else Keys(custodians=key)
    place, blob = first_place(case.id, kind, heads), case.first_part(kind).blob
    return read_mapping(read_compartment(blob, place, mine, rosters=press.chain, proof=None).payload)


def _renewed(case: Rows, key: SharedKey, opened: Opened, press: Press, left_out: Sequence[str]) -> Result:
    """Slots of whoever kept their keys stay as they are."""
    slots = []
    for key_set_id, found in opened.items():
        row = case.key_sets[key_set_id]
        seats = press.seats(row.roster_version)
        if seats.stale:
            made = renewed(row.blob, found, seats, eraser=key, case_id=case.id, struck=left_out)
            slots.append((key_set_id, made))
    return Result(what="done", slots=tuple(slots))


def _all_anew(
    case: Rows,
    key: SharedKey,
    opened: Opened,
    now: Roster,
    left_out: Sequence[str],
    told: bytes | None = None,
) -> Result:
    slots, side = [], Side.HANDLERS
    for key_set_id, found in opened.items():
        wrapped = wrap_anew(found, case.id, side, now, left_out).slots
        slots.append((key_set_id, lock_slots(wrapped, key, case_id=case.id, side=side, roster=now)))
    return Result(what="done", slots=tuple(slots), for_reporter=told)


def _readers(case: Rows, opened: Opened, chain: Sequence[Roster]) -> tuple[Readers, Roster]:
    try:
        return who_reads(case, opened, chain)
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
