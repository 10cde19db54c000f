"""The sealed parts of a case, each bound to its place, its author and everything before it. Pure.

*Keys.* A part of one side is under a key made from K_S or K_C. A part of both sides (names, later untouched
files) is under one made from K_N and from a half that a custodian makes of K_C for this part alone, so that
whoever borrows it opens no tally with it. Which keys a person has is in intake/seal/slots.py.

*Places.* A compartment is bound to its case, kind, number, sides, the class of its author and the chain
head before it. The first sending is always the same five, `FIRST`, whatever was answered. The story comes
last, so that opening it vouches for the four others; everything later is an `entry`.

*Authors.* The first sending proves nothing about its author: reports may come from anybody, and its keys
are known only to whoever made it and to those who open it. Later entries may be under a fresh key that
anybody could have made, so staff sign theirs, and a reporter proves theirs with a MAC key that stands in
the story and that only the receipt gives. Who wrote stands inside the sealed bytes: a thief must not
learn who handled.

    inside   length of the id (1) ‖ id ‖ roster version (4) ‖ signature or MAC (64) ‖ payload, all padded

*The chain.* Each head is a hash over all sealed bytes so far. One part that opens vouches for everything
before it; a cut-off end shows against a head remembered elsewhere (`require_continues`).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from core.roster import Member, Roster
from core.sealing import (
    SIGNATURE_BYTES,
    BadSignature,
    CannotOpen,
    SharedKey,
    context,
    derive,
    join,
    pad,
    seal,
    sign,
    unpad,
    unseal,
    verify,
)

Sides = Literal["S", "C", "SC"]
AuthorClass = Literal["reporter", "staff"]
AuthorRole = Literal["reporter", "handler", "custodian"]

FORMAT: Final = 1
ENTRY: Final = "entry"
FIRST: Final[Mapping[str, Sides]] = {
    "flags": "S",
    "tally": "C",
    "safe_contact": "S",
    "identity": "SC",
    "story": "S",
}
"""The first sending, in the order of its sequence numbers 0 to 4, and whose keys each part needs."""
SIZES: Final[Mapping[str, int]] = {
    "flags": 2_048,
    "tally": 1_024,
    "safe_contact": 2_048,
    "identity": 8_192,
    "story": 24_576,
    ENTRY: 16_384,
}
"""Bytes to which each kind is padded: 4,000 letters of four bytes each fit into a story and into an entry."""
_PLACES: Final = tuple(FIRST.items())


class MissingHalf(CannotOpen):
    """A key of one side is missing: names open only when a handler and a custodian act together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a compartment belongs; ValueError where none can. `before`: the chain head, 32 bytes."""

    case_id: str
    kind: str
    sequence: int
    sides: Sides
    before: bytes

    def __post_init__(self) -> None:
        expected = _PLACES[self.sequence] if 0 <= self.sequence < len(FIRST) else (ENTRY, self.sides)
        if self.sequence < 0 or (self.kind, self.sides) != expected:
            raise ValueError(f"no {self.kind} of {self.sides} stands at {self.sequence}")

    @property
    def in_first_sending(self) -> bool:
        """Whether this is one of the five parts that arrive together."""
        return self.sequence < len(FIRST)

    def bound_to(self, author: AuthorClass) -> bytes:
        """The associated data; an author signs it together with the payload."""
        parts = (self.case_id, self.kind, self.sequence, self.sides, author, self.before.hex())
        return context(FORMAT, "compartment", *parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The keys at hand for one compartment: K_S and K_N of the handlers' side, K_C of the custodians'.

    half: what a custodian made of K_C by `lend`, in place of it.
    """

    handlers: SharedKey | None = None
    names: SharedKey | None = None
    custodians: SharedKey | None = None
    half: SharedKey | None = None

    def of(self, place: Place) -> SharedKey:
        """The key of one compartment, or `MissingHalf`."""
        label = ("compartment", place.kind, str(place.sequence))
        if place.sides == "SC":
            half = lend(self.custodians, place) if self.custodians else self.half
            if self.names is None or half is None:
                raise MissingHalf
            return join(self.names, half, *label)
        only = self.handlers if place.sides == "S" else self.custodians
        if only is None:
            raise MissingHalf
        return derive(only, *label)


def lend(custodians: SharedKey, place: Place) -> SharedKey:
    """A custodian's half of one compartment: with K_N it opens that one; it tells nothing of K_C or a tally."""
    return derive(custodians, "half", place.kind, str(place.sequence))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter:
    """A reporter writing later on. `proof`: see `reporter_proof`."""

    proof: SharedKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """A handler or custodian writing, as that version of the roster knows them."""

    member_id: str
    roster_version: int
    seed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An opened compartment. `author`: an id on the roster, or "reporter"; `role`: theirs when they wrote."""

    payload: bytes = field(repr=False)
    author: str
    role: AuthorRole


def reporter_proof(seed: bytes) -> SharedKey:
    """The MAC key by which a reporter's later entries are known; whoever holds the receipt can make it."""
    return derive(SharedKey(seed), "proof")


def write_compartment(payload: bytes, place: Place, keys: Keys, author: Reporter | Staff) -> bytes:
    """Seal one entry; the head is then `link(place.before, blob)`. Raises `MissingHalf`."""
    if isinstance(author, Staff):
        bound = place.bound_to("staff")
        frame = _frame(author.member_id, author.roster_version, sign(bound + payload, author.seed))
    else:
        bound = place.bound_to("reporter")
        frame = _frame("", 0, _mac(author.proof, bound + payload))
    return _seal(frame + payload, place, keys, bound)


def write_first(payload: bytes, place: Place, keys: Keys) -> bytes:
    """Seal one part of the first sending."""
    return _seal(_frame("", 0, bytes(SIGNATURE_BYTES)) + payload, place, keys, place.bound_to("reporter"))


def read_compartment(
    blob: bytes, place: Place, keys: Keys, *, rosters: Sequence[Roster], proof: SharedKey | None
) -> Written:
    """Open one compartment and check who wrote it, or `CannotOpen` (`MissingHalf` and `BadSignature` are).

    rosters: the verified chain. proof: from the opened story; without it a reporter's entries stay closed.
    """
    author, framed = _open(blob, place, keys)
    member_id, version, evidence, payload = _unframe(framed)
    if place.in_first_sending:
        return Written(payload=payload, author="reporter", role="reporter")
    signed = place.bound_to(author) + payload
    if author == "staff":
        member = _member(member_id, version, rosters)
        verify(signed, evidence, member.sign_public)
        return Written(payload=payload, author=member.id, role=member.role)
    if not _proves(proof, evidence, signed):
        raise BadSignature
    return Written(payload=payload, author="reporter", role="reporter")


# --- the chain ------------------------------------------------------------------------------------


def start(case_id: str) -> bytes:
    """The head before anything was written."""
    return hashlib.sha256(context(FORMAT, "case", case_id)).digest()


def link(head: bytes, blob: bytes) -> bytes:
    """The head after one more compartment."""
    return hashlib.sha256(head + hashlib.sha256(blob).digest()).digest()


def verify_chain(
    case_id: str, rows: Sequence[tuple[str, int, bytes]], *, before: int | None = None
) -> tuple[bytes, ...]:
    """Heads for (kind, sequence, blob): `heads[n]` stands before compartment n, `heads[-1]` at the end.

    before: no further than the head before this compartment; hashing is what takes time. Raises `CannotOpen` where
    one is missing, twice or out of order. Whether the bytes are the true ones shows when a compartment opens under
    its head.
    """
    expected = [*FIRST, *[ENTRY] * (len(rows) - len(FIRST))]
    if [(kind, sequence) for kind, sequence, _ in rows] != [(kind, n) for n, kind in enumerate(expected)]:
        raise CannotOpen
    heads = [start(case_id)]
    for _, _, blob in rows[:before]:
        heads.append(link(heads[-1], blob))
    return tuple(heads)


def require_continues(heads: Sequence[bytes], count: int, head: bytes) -> None:
    """`CannotOpen` unless these heads go on from `head`, remembered when there were `count` compartments."""
    if not 0 <= count < len(heads) or not hmac.compare_digest(heads[count], head):
        raise CannotOpen


# --- inside ---------------------------------------------------------------------------------------


def _seal(framed: bytes, place: Place, keys: Keys, bound: bytes) -> bytes:
    return seal(pad(framed, SIZES[place.kind]), keys.of(place), bound)


def _open(blob: bytes, place: Place, keys: Keys) -> tuple[AuthorClass, bytes]:
    key = keys.of(place)
    classes: tuple[AuthorClass, ...] = ("reporter",) if place.in_first_sending else ("staff", "reporter")
    for author in classes:
        try:
            return author, unpad(unseal(blob, key, place.bound_to(author)))
        except CannotOpen:
            continue  # the class of an author is a secret too, so it stands nowhere but in what is tried here
    raise CannotOpen


def _frame(member_id: str, roster_version: int, evidence: bytes) -> bytes:
    name = member_id.encode()
    return bytes([len(name)]) + name + roster_version.to_bytes(4, "big") + evidence


def _unframe(framed: bytes) -> tuple[str, int, bytes, bytes]:
    """Id, roster version, signature or MAC, payload."""
    version_at = 1 + int.from_bytes(framed[:1], "big")
    evidence_at = version_at + 4
    payload_at = evidence_at + SIGNATURE_BYTES
    if len(framed) < payload_at:
        raise CannotOpen
    version = int.from_bytes(framed[version_at:evidence_at], "big")
    member_id = framed[1:version_at].decode(errors="replace")
    return member_id, version, framed[evidence_at:payload_at], framed[payload_at:]


def _member(member_id: str, version: int, rosters: Sequence[Roster]) -> Member:
    try:
        (roster,) = (roster for roster in rosters if roster.version == version)
        return roster.member(member_id)
    except (KeyError, ValueError):
        raise BadSignature from None


def _proves(proof: SharedKey | None, evidence: bytes, signed: bytes) -> bool:
    return proof is not None and hmac.compare_digest(evidence, _mac(proof, signed))


def _mac(proof: SharedKey, signed: bytes) -> bytes:
    # SHA-512, so that a reporter's evidence is as long as a signature.
    return hmac.digest(proof.raw, signed, "sha512")
