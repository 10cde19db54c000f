"""Who can open a side of a case: its key, wrapped once for each person on that side. Pure.

The custodians' side has one random key, K_C. The handlers' side has two, the lower made from the upper:

    K_N   random; with the custodians' half it opens names and untouched files
    K_S   HKDF of K_N; opens everything else of the side, and nobody gets from it back to K_N

A slot is this key sealed to one person of the side, in the order of the roster: K_C to a custodian, K_N to a
handler. The handlers' side has one slot more at the end, for the recovery cards, and that holds K_S: the cards
bring back every story and no name, whoever helps them. A person who was struck out has a slot too, of equal
length, sealed to a key that was thrown away: nobody, not even that person, can tell that it is not a slot
like any other.

    slots    format (2) ‖ commitment (32) ‖ one wrap of 1169 bytes per slot
    blob     the slots, sealed once more under the case's eraser key, and bound to the roster whose order they have

A wrap is bound to its case and side and not to a roster: when the roster changes, whoever kept their keys keeps
their slot as it is, whatever it holds (`renewed`). In slots of format 1 wraps were bound to the roster as well.

The commitment is derived from K_S or K_C. It stops a sender from giving two handlers two different keys, and
with them two different stories out of the same bytes. It also tells whoever opened a slot which of the two
keys it held: after a recovery by cards, the slots of handlers hold K_S as well.

Whoever adds to a side without holding its key (a reporter's later message, a handler writing for the
custodians) makes a fresh key in the same slots: `fresh_key`. Whoever hands a case on wraps the old key
anew in every slot: `wrap_anew`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Final

from core.roster import Member, Roster
from core.sealing import (
    KEY_BYTES,
    PUBLIC_OVERHEAD,
    CannotOpen,
    PrivateKey,
    PublicKey,
    SharedKey,
    context,
    derive,
    random_bytes,
    seal,
    unseal,
)

FORMAT: Final = 2
BOUND_TO_ROSTER: Final = 1
"""The format before: still read, and still taken from a page that was open while the program was renewed."""
FORMATS: Final = frozenset({BOUND_TO_ROSTER, FORMAT})
"""Those that are read."""
WRAP_BYTES: Final = KEY_BYTES + PUBLIC_OVERHEAD
RECOVERY: Final = "recovery"
"""In place of a member's id: the slot of the recovery cards."""
_HEAD_BYTES: Final = 1 + KEY_BYTES


class Side(StrEnum):
    """The two sides of a case, as the rows name them."""

    HANDLERS = "S"
    CUSTODIANS = "C"


class SlotsRefused(ValueError):
    """What was sent as wrapped keys does not have the shape of this roster."""


class NobodyLeft(Exception):
    """No handler could open what is to be sealed: all are struck out or have left; it is not sealed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SideKey:
    """What a slot gives. key: K_S or K_C; names: K_N, None for custodians and for what the cards gave."""

    key: SharedKey
    names: SharedKey | None = None

    @classmethod
    def fresh(cls, side: Side) -> SideKey:
        """A new random key for one side."""
        drawn = SharedKey.random()
        return cls.from_names(drawn) if side is Side.HANDLERS else cls(key=drawn)

    @classmethod
    def from_names(cls, names: SharedKey) -> SideKey:
        """Both keys of the handlers' side, from the upper one."""
        return cls(key=derive(names, "side"), names=names)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedKey:
    """A side's key, and the slots in which others find it. `roster_version` goes into the row."""

    side: Side
    roster_version: int
    found: SideKey
    slots: bytes = field(repr=False)

    @property
    def key(self) -> SharedKey:
        """K_S or K_C."""
        return self.found.key


def fresh_key(
    case_id: str, side: Side, roster: Roster, struck: Collection[str], *, now: Roster
) -> WrappedKey:
    """A new random key for one side, in the slots of a case sealed under `roster`, less those struck out (ids).

    now: the roster in force. Who came since has no slot; that of who left is dead; who enrolled again has
    it to their present keys, and so have the cards. Raises `NobodyLeft` where no handler remains.
    """
    return _wrapped(SideKey.fresh(side), case_id, side, roster, struck, now)


def wrap_anew(
    found: SideKey, case_id: str, side: Side, roster: Roster, struck: Collection[str]
) -> WrappedKey:
    """A key one already holds, in new slots: after the roster changed, or to hand a case over.

    roster: the one in force. struck: ids whose slot is to stay dead, struck out by the reporter or not to be
    let in for another reason. What was found by the cards opens no name, and neither do slots made from it.
    """
    return _wrapped(found, case_id, side, roster, struck, roster)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seats:
    """Which slots stay when those of an earlier roster are renewed; the same for every case, whoever was struck out.

    kept: for each slot under `now` its old place, or None where it is made anew: whoever had the same keys on this
    side in every roster in between keeps theirs.
    """

    then: Roster
    now: Roster
    side: Side
    kept: tuple[int | None, ...]

    @classmethod
    def between(cls, rosters: Sequence[Roster], side: Side) -> Seats:
        """rosters: from the one the slots were made under to the one in force."""
        held = [_seated(roster, side) for roster in rosters]
        always = set(held[0]).intersection(*held)
        kept = tuple(held[0].index(one) if one in always else None for one in held[-1])
        return cls(then=rosters[0], now=rosters[-1], side=side, kept=kept)

    @property
    def stale(self) -> bool:
        """Whether slots must be renewed: somebody has other keys or has left. Who only came has no slot in them."""
        return sum(place is not None for place in self.kept) < len(_seated(self.then, self.side))


def renewed(
    blob: bytes, found: SideKey, seats: Seats, *, eraser: SharedKey, case_id: str, struck: Collection[str]
) -> bytes:
    """Stored slots, as they are to be stored under the roster in force. found: what one of them holds.

    struck: ids whose slot stays dead, if it is made anew. Raises `CannotOpen`, `NobodyLeft`.
    """
    side, now = seats.side, seats.now
    old = _unlocked(blob, eraser, case_id, side, seats.then)
    targets, place = _targets(found, now, side, struck, now), _place(case_id, side)
    bound = old[0] == BOUND_TO_ROSTER
    wraps = [
        _wrap(target, place) if kept is None or bound else _cut(old, kept)
        for target, kept in zip(targets, seats.kept, strict=True)
    ]
    slots = b"".join(
        (bytes([FORMAT]), old[1:_HEAD_BYTES], *wraps)
    )  # the key is the same, and so is what promises it
    return lock_slots(slots, eraser, case_id=case_id, side=side, roster=now)


def on_side(roster: Roster, side: Side) -> tuple[Member, ...]:
    """The people of a side, in slot order."""
    return roster.handlers if side is Side.HANDLERS else roster.custodians


def lock_slots(slots: bytes, eraser: SharedKey, *, case_id: str, side: Side, roster: Roster) -> bytes:
    """The slots as they are stored: under the case's eraser key. `SlotsRefused` for a wrong shape.

    A browser may have made the slots; whether they open can only be known by those they are for.
    """
    if not _shaped(slots, roster, side):
        raise SlotsRefused
    return seal(slots, eraser, _lock(case_id, side, roster))


def fits(blob: bytes, eraser: SharedKey, *, case_id: str, side: Side, roster: Roster) -> bool:
    """Whether stored slots are of this case, side and roster. Whom they open to the eraser key does not tell."""
    try:
        return bool(_unlocked(blob, eraser, case_id, side, roster))
    except CannotOpen:
        return False


def open_slot(
    blob: bytes,
    member_id: str,
    private: PrivateKey,
    *,
    eraser: SharedKey,
    case_id: str,
    side: Side,
    roster: Roster,
) -> SideKey:
    """The side's key, for one person of that side with their private key; `CannotOpen` for anybody else.

    roster: the version the slots were made under. member_id: `RECOVERY` with the key of the cards.
    """
    slots = _unlocked(blob, eraser, case_id, side, roster)
    bound_to = roster.version if slots[0] == BOUND_TO_ROSTER else None
    wrap = _cut(slots, _slot_of(member_id, roster, side))
    raw = unseal(wrap, private, _place(case_id, side, bound_to))
    holds_names = side is Side.HANDLERS and member_id != RECOVERY
    return _committed(SharedKey(raw), slots[1:_HEAD_BYTES], holds_names=holds_names)


def _committed(held: SharedKey, commitment: bytes, *, holds_names: bool) -> SideKey:
    """Which key a slot held, by the commitment beside it; `CannotOpen` for one that was not promised."""
    if holds_names:
        upper = SideKey.from_names(held)
        if _commitment(upper.key) == commitment:
            return upper
    if _commitment(held) == commitment:
        return SideKey(key=held)
    raise CannotOpen


def _wrapped(
    found: SideKey, case_id: str, side: Side, roster: Roster, struck: Collection[str], now: Roster
) -> WrappedKey:
    place = _place(case_id, side)
    wraps = [_wrap(target, place) for target in _targets(found, roster, side, struck, now)]
    slots = _head(found) + b"".join(wraps)
    return WrappedKey(side=side, roster_version=roster.version, found=found, slots=slots)


_Target = tuple[bytes, PublicKey]
"""What a slot holds, and to whom it is sealed."""


def _targets(
    found: SideKey, roster: Roster, side: Side, struck: Collection[str], now: Roster
) -> list[_Target | None]:
    """For each slot of a side what is to stand in it; None where nobody is to open it. Raises `NobodyLeft`."""
    present, held = {one.id: one for one in on_side(now, side)}, found.names or found.key
    targets: list[_Target | None] = []
    for one in on_side(roster, side):
        here = one.id in present and one.id not in struck
        targets.append((held.raw, _public(present[one.id].seal_public)) if here else None)
    if side is Side.HANDLERS:
        if not any(targets):
            raise NobodyLeft
        targets.append((found.key.raw, _public(now.recovery_public)))
    return targets


@lru_cache(maxsize=64)
def _public(raw: bytes) -> PublicKey:
    """Reading a public key takes a fifth as long as sealing to it, and a roster has few."""
    return PublicKey(raw)


@lru_cache(maxsize=1)
def _nobody() -> PublicKey:
    """A key whose other half was never kept, for all dead slots of a process: a slot does not show whose key it is to.

    Made once, so that a dead slot takes as long as one that opens.
    """
    return PrivateKey.from_seed(random_bytes(KEY_BYTES)).public


def _wrap(target: _Target | None, place: bytes) -> bytes:
    held, public = target or (random_bytes(KEY_BYTES), _nobody())
    return seal(held, public, place)


def _head(found: SideKey) -> bytes:
    return bytes([FORMAT]) + _commitment(found.key)


def _cut(slots: bytes, place: int) -> bytes:
    start = _HEAD_BYTES + WRAP_BYTES * place
    return slots[start : start + WRAP_BYTES]


def _commitment(key: SharedKey) -> bytes:
    return derive(key, "commitment").raw


@lru_cache(maxsize=256)
def _seated(roster: Roster, side: Side) -> tuple[tuple[str, bytes], ...]:
    """Whose slots a side has, in order, with their keys; the cards last."""
    people = tuple((one.id, one.seal_public) for one in on_side(roster, side))
    return (*people, (RECOVERY, roster.recovery_public)) if side is Side.HANDLERS else people


def _slot_of(member_id: str, roster: Roster, side: Side) -> int:
    for place, (one, _) in enumerate(_seated(roster, side)):
        if one == member_id:
            return place
    raise CannotOpen


def slots_length(roster: Roster, side: Side) -> int:
    """How many bytes the slots of a side have, before they are locked."""
    return _HEAD_BYTES + WRAP_BYTES * len(_seated(roster, side))


def _shaped(slots: bytes, roster: Roster, side: Side) -> bool:
    return len(slots) == slots_length(roster, side) and slots[0] in FORMATS


def _unlocked(blob: bytes, eraser: SharedKey, case_id: str, side: Side, roster: Roster) -> bytes:
    """The slots in stored ones, or `CannotOpen` where they are of another case, side or roster, or misshapen."""
    slots = unseal(blob, eraser, _lock(case_id, side, roster))
    if not _shaped(slots, roster, side):
        raise CannotOpen
    return slots


def _lock(case_id: str, side: Side, roster: Roster) -> bytes:
    return context(1, "slots", case_id, side.value, roster.version)


def _place(case_id: str, side: Side, bound_to: int | None = None) -> bytes:
    """Where a wrap belongs. bound_to: the version of the roster, in the format before."""
    if bound_to is not None:
        return context(BOUND_TO_ROSTER, "wrap", case_id, side.value, bound_to)
    return context(FORMAT, "wrap", case_id, side.value)
