"""What a handler's key opened before, kept for their next sign-in, so that only new slots are tried then.

One row per handler, under a name that nobody but them can work out. All rows have one size, made from the
number of all cases and not of theirs, and are written anew at every first list after a sign-in, whether
anything was new or not: size and moment tell nothing of who can open what.

    row      seal(entry × capacity)          capacity: the next power of two of all cases, at least 64
    entry    case id (16) ‖ mark of its slots (8) ‖ seal(what is known of it, padded)
    known    nothing where it does not open; else key of its cell (32) ‖ cell (8) ‖ the rest, packed (desk_entry.py)

Each entry is sealed once more under the eraser key of its case: what is erased is gone here as well. The mark
changes when somebody hands the case on or steps back, and with it the entry counts for nothing.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Mapping
from typing import Final

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.db import Base
from core.sealing import (
    KEY_BYTES,
    SHARED_OVERHEAD,
    CannotOpen,
    SharedKey,
    context,
    derive,
    pad,
    random_bytes,
    seal,
    unpad,
    unseal,
)
from intake.desk import desk_entry
from intake.desk.desk_entry import CELL_DIGITS, MARK_DIGITS

LEAST: Final = 64
INSIDE: Final = 224
"""Bytes of what is known of a case, with their length; what does not fit is opened anew at the next sign-in."""
VERSION: Final = 3
"""Of a row; one of an older version counts as none."""
_ID: Final = 16
_MARK: Final = 8
ENTRY: Final = _ID + _MARK + INSIDE + SHARED_OVERHEAD
_WORDS: Final = (
    b"2026-11-24T08:00-----c20261201 d20261201 v20261201 x20261124"
    b'{"arrived_at":"2026-11-24T08:00+07:00","reporter_role":"self","survivor_aware":"danger_now":"unsure"'
    b'"danger_signs":["threat_kill","weapon","choking","self_harm"],"age_group":"18_59","what_kind":'
    b'["physical","sexual_touch","sexual_words","threats","money","unsaid"],"when":"hours_72","contact_mode":'
    b'"mailbox","phone","support_wanted":"access_needs":"setting":"affected_group":"form":1,"no","yes"}'
)


class DeskIndex(Base):
    """One handler's index."""

    __tablename__ = "desk_index"
    __table_args__ = ({"sqlite_with_rowid": False},)

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    """A hash of a key that only the handler's seed gives."""
    blob: Mapped[bytes] = mapped_column(LargeBinary)


Index = dict[str, str]
"""Case id → what is known of it, as intake/desk/desk_entry.py writes it."""


def recall(session: Session, seed: bytes, erasers: Mapping[str, SharedKey]) -> Index:
    """What was kept, for the cases that still have an eraser key (by case id); empty when there is nothing."""
    key = _key(seed)
    row = session.get(DeskIndex, _name(key))
    if row is None:
        return {}
    try:
        inside = unseal(row.blob, key, _place())
    except CannotOpen:
        return {}
    return dict(_entries(inside, key, erasers))


def keep(session: Session, seed: bytes, index: Index, erasers: Mapping[str, SharedKey], cases: int) -> None:
    """Write the row of this handler anew. cases: how many there are for everybody."""
    key = _key(seed)
    capacity = max(LEAST, 1 << max(0, cases - 1).bit_length())
    bound = context("desk entry", _name(key))
    packed = [
        bytes.fromhex(case_id + entry[:MARK_DIGITS]) + seal(inside, erasers[case_id], bound)
        for case_id, entry in index.items()
        if case_id in erasers and (inside := _pack(entry))
    ][:capacity]
    filled = b"".join(packed) + random_bytes(ENTRY * (capacity - len(packed)))
    blob = seal(filled, key, _place())
    session.merge(DeskIndex(name=_name(key), blob=blob))


def mark_of(key_sets: Iterator[str] | list[str]) -> str:
    """What changes with the slots of a case: 16 hexadecimal digits of a hash. key_sets: ids with roster numbers."""
    return hashlib.sha256("".join(sorted(key_sets)).encode()).hexdigest()[:MARK_DIGITS]


def _entries(inside: bytes, key: SharedKey, erasers: Mapping[str, SharedKey]) -> Iterator[tuple[str, str]]:
    bound = context("desk entry", _name(key))
    for begin in range(0, len(inside), ENTRY):
        case_id = inside[begin : begin + _ID].hex()
        eraser_key = erasers.get(case_id)
        if eraser_key is None:
            continue
        mark = inside[begin + _ID : begin + _ID + _MARK].hex()
        try:
            opened = unpad(unseal(inside[begin + _ID + _MARK : begin + ENTRY], eraser_key, bound))
        except CannotOpen:
            continue
        yield case_id, _unpack(mark, opened)


def _pack(entry: str) -> bytes:
    if not desk_entry.opens(entry):
        return pad(b"", INSIDE)
    cell, key, rest = desk_entry.cell_of(entry), desk_entry.key_of(entry), desk_entry.rest_of(entry)
    squeezed = zlib.compressobj(6, zlib.DEFLATED, -15, zdict=_WORDS)
    packed = squeezed.compress(rest.encode()) + squeezed.flush()
    padded = pad(key + bytes.fromhex(cell.replace("-", "0")) + packed, INSIDE)
    return padded if len(padded) == INSIDE else b""


def _unpack(mark: str, opened: bytes) -> str:
    if not opened:
        return desk_entry.shut(mark)
    head = KEY_BYTES + CELL_DIGITS // 2
    rest = zlib.decompressobj(-15, zdict=_WORDS).decompress(opened[head:]).decode()
    return mark + opened[KEY_BYTES:head].hex() + opened[:KEY_BYTES].hex() + rest


def _place() -> bytes:
    return context("desk index", VERSION)


def _key(seed: bytes) -> SharedKey:
    return derive(SharedKey(seed), "desk index")


def _name(key: SharedKey) -> str:
    return hashlib.sha256(b"desk index" + key.raw).hexdigest()
