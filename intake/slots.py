"""Who can open a side of a case: its key, wrapped once for each person on that side. Pure.

The custodians' side has one random key, K_C. The handlers' side has two, the lower made from the upper:

    K_N   random; with the custodians' half it opens names and untouched files
    K_S   HKDF of K_N; opens everything else of the side, and nobody gets from it back to K_N

A slot is this key sealed to one person of the side, in the order of the roster: K_C to a custodian, K_N to a
handler. The handlers' side has one slot more at the end, for the recovery cards, and that holds K_S: the cards
bring back every story and no name, whoever helps them. A person who was struck out has a slot too, of equal
length, sealed to a key that was thrown away: nobody, not even that person, can tell that it is not a slot
like any other.

    slots    format (1) ‖ commitment (32) ‖ one wrap of 1169 bytes per slot
    blob     the slots, sealed once more under the case's eraser key

The commitment is derived from K_S or K_C. It stops a sender from giving two handlers two different keys, and
with them two different stories out of the same bytes. It also tells whoever opened a slot which of the two
keys it held: after a recovery by cards, the slots of handlers hold K_S as well.

Whoever adds to a side without holding its key (a reporter's later message, a handler writing for the
custodians) makes a fresh key in the same slots: `fresh_key`. Whoever hands a case on wraps the old key
anew: `wrap_anew`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
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

FORMAT: Final = 1
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


def on_side(roster: Roster, side: Side) -> tuple[Member, ...]:
    """The people of a side, in slot order."""
    return roster.handlers if side is Side.HANDLERS else roster.custodians


def lock_slots(slots: bytes, eraser: SharedKey, *, case_id: str, side: Side, roster: Roster) -> bytes:
    """The slots as they are stored: under the case's eraser key. `SlotsRefused` for a wrong shape.

    A browser may have made the slots; whether they open can only be known by those they are for.
    """
    if len(slots) != slots_length(roster, side) or slots[0] != FORMAT:
        raise SlotsRefused
    return seal(slots, eraser, _place(case_id, side, roster.version, "slots"))


def fits(blob: bytes, eraser: SharedKey, *, case_id: str, side: Side, roster: Roster) -> bool:
    """Whether stored slots are of this case, side and roster. Whom they open to the eraser key does not tell."""
    try:
        slots = unseal(blob, eraser, _place(case_id, side, roster.version, "slots"))
    except CannotOpen:
        return False
    return len(slots) == slots_length(roster, side)


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
    slots = unseal(blob, eraser, _place(case_id, side, roster.version, "slots"))
    start = _HEAD_BYTES + WRAP_BYTES * _slot_of(member_id, roster, side)
    raw = unseal(slots[start : start + WRAP_BYTES], private, _place(case_id, side, roster.version))
    holds_names = side is Side.HANDLERS and member_id != RECOVERY
    return _committed(SharedKey(raw), slots[1:_HEAD_BYTES], holds_names=holds_names)


def _committed(held: SharedKey, commitment: bytes, *, holds_names: bool) -> SideKey:
    """Which key a slot held, by the commitment beside it; `CannotOpen` for one that was not promised."""
    upper = SideKey.from_names(held)
    if holds_names and _commitment(upper.key) == commitment:
        return upper
    if _commitment(held) == commitment:
        return SideKey(key=held)
    raise CannotOpen


def _wrapped(
    found: SideKey, case_id: str, side: Side, roster: Roster, struck: Collection[str], now: Roster
) -> WrappedKey:
    publics = list(_present(roster, side, struck, now))
    if side is Side.HANDLERS and not any(publics):
        raise NobodyLeft
    place = _place(case_id, side, roster.version)
    wraps = [_wrap(found.names or found.key, public, place) for public in publics]
    if side is Side.HANDLERS:
        wraps.append(_wrap(found.key, _public(now.recovery_public), place))
    slots = bytes([FORMAT]) + _commitment(found.key) + b"".join(wraps)
    return WrappedKey(side=side, roster_version=roster.version, found=found, slots=slots)


def _present(roster: Roster, side: Side, struck: Collection[str], now: Roster) -> Iterator[PublicKey | None]:
    """For each slot of a side the key it is sealed to; None where nobody is to open it."""
    present = {person.id: person for person in on_side(now, side)}
    for person in on_side(roster, side):
        here = person.id in present and person.id not in struck
        yield _public(present[person.id].seal_public) if here else None


@lru_cache(maxsize=64)
def _public(raw: bytes) -> PublicKey:
    """Reading a public key takes a third as long as sealing to it, and a roster has few."""
    return PublicKey(raw)


def _wrap(key: SharedKey, public: PublicKey | None, place: bytes) -> bytes:
    if public is None:
        nobody = PrivateKey.from_seed(random_bytes(KEY_BYTES)).public
        return seal(random_bytes(KEY_BYTES), nobody, place)
    return seal(key.raw, public, place)


def _commitment(key: SharedKey) -> bytes:
    return derive(key, "commitment").raw


def _slot_of(member_id: str, roster: Roster, side: Side) -> int:
    ids = [person.id for person in on_side(roster, side)]
    if side is Side.HANDLERS:
        ids.append(RECOVERY)
    if member_id not in ids:
        raise CannotOpen
    return ids.index(member_id)


def slots_length(roster: Roster, side: Side) -> int:
    """How many bytes the slots of a side have, before they are locked."""
    count = len(on_side(roster, side)) + (side is Side.HANDLERS)
    return _HEAD_BYTES + WRAP_BYTES * count


def _place(case_id: str, side: Side, roster_version: int, what: str = "wrap") -> bytes:
    return context(FORMAT, what, case_id, side.value, roster_version)
