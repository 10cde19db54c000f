"""Who can open a side of a case: one random key, wrapped once for each person on that side. Pure.

A case has two sides, each with a random key: the handlers' and the custodians'. The key is sealed to
every person of that role, in the order of the roster; the handlers' side has one slot more at the end,
for the recovery cards. A person who was struck out has a slot too, of equal length, sealed to a key that
was thrown away: nobody, not even that person, can tell that it is not a slot like any other.

    slots    format (1) ‖ commitment (32) ‖ one wrap of 1169 bytes per slot
    blob     the slots, sealed once more under the case's eraser key

The commitment is derived from the key. It stops a sender from giving two handlers two different keys,
and with them two different stories out of the same bytes.

Whoever adds to a side without holding its key (a reporter's later message, a handler writing for the
custodians) makes a fresh key in the same slots: `fresh_key`. Whoever hands a case on wraps the old key
anew: `wrap_anew`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
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


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedKey:
    """A side's key, and the slots in which others find it. `roster_version` goes into the row."""

    side: Side
    roster_version: int
    key: SharedKey
    slots: bytes = field(repr=False)


def fresh_key(case_id: str, side: Side, roster: Roster, struck: Collection[str]) -> WrappedKey:
    """A new random key for one side, in the slots of everybody on it but those struck out (ids)."""
    return wrap_anew(SharedKey.random(), case_id, side, roster, struck)


def wrap_anew(
    key: SharedKey, case_id: str, side: Side, roster: Roster, struck: Collection[str]
) -> WrappedKey:
    """A key one already holds, in new slots: after the roster changed, or to hand a case over.

    struck: ids whose slot is to stay dead, struck out by the reporter or not to be let in for another reason.
    """
    place = _place(case_id, side, roster.version)
    wraps = [_wrap(key, person.seal_key, place, dead=person.id in struck) for person in on_side(roster, side)]
    if side is Side.HANDLERS:
        wraps.append(_wrap(key, PublicKey(roster.recovery_public), place, dead=False))
    slots = bytes([FORMAT]) + _commitment(key) + b"".join(wraps)
    return WrappedKey(side=side, roster_version=roster.version, key=key, slots=slots)


def on_side(roster: Roster, side: Side) -> tuple[Member, ...]:
    """The people of a side, in slot order."""
    return roster.handlers if side is Side.HANDLERS else roster.custodians


def lock_slots(slots: bytes, eraser: SharedKey, *, case_id: str, side: Side, roster: Roster) -> bytes:
    """The slots as they are stored: under the case's eraser key. `SlotsRefused` for a wrong shape.

    A browser may have made the slots; whether they open can only be known by those they are for.
    """
    if len(slots) != _length(roster, side) or slots[0] != FORMAT:
        raise SlotsRefused
    return seal(slots, eraser, _place(case_id, side, roster.version, "slots"))


def open_slot(
    blob: bytes,
    member_id: str,
    private: PrivateKey,
    *,
    eraser: SharedKey,
    case_id: str,
    side: Side,
    roster: Roster,
) -> SharedKey:
    """The side's key, for one person of that side with their private key; `CannotOpen` for anybody else.

    roster: the version the slots were made under. member_id: `RECOVERY` with the key of the cards.
    """
    slots = unseal(blob, eraser, _place(case_id, side, roster.version, "slots"))
    start = _HEAD_BYTES + WRAP_BYTES * _slot_of(member_id, roster, side)
    raw = unseal(slots[start : start + WRAP_BYTES], private, _place(case_id, side, roster.version))
    key = SharedKey(raw)
    if _commitment(key) != slots[1:_HEAD_BYTES]:
        raise CannotOpen
    return key


def _wrap(key: SharedKey, public: PublicKey, place: bytes, *, dead: bool) -> bytes:
    if dead:
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


def _length(roster: Roster, side: Side) -> int:
    count = len(on_side(roster, side)) + (side is Side.HANDLERS)
    return _HEAD_BYTES + WRAP_BYTES * count


def _place(case_id: str, side: Side, roster_version: int, what: str = "wrap") -> bytes:
    return context(FORMAT, what, case_id, side.value, roster_version)
