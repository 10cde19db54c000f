"""What a browser sends while it brings a file it sealed, taken apart: nothing readable in it. Pure.

    asked    format (1) ‖ token (32)
    begun    format (1) ‖ token (32) ‖ file id (16) ‖ chunks of the clean copy, 0 for none (4) ‖ of the original (4)
    chunk    format (1) ‖ token (32) ‖ file id (16) ‖ 0 clean, 1 original (1) ‖ number (4) ‖ sealed chunk (262,160)
    whole    format (1) ‖ token (32) ‖ file id (16) ‖ fingerprint of the roster in force (32)
             ‖ roster version of the slots (4) ‖ number of the part (4) ‖ number of the letter (4)
             ‖ slots of the handlers ‖ slots of the custodians ‖ the entry for the handlers ‖ the one for both sides
             ‖ the letter that says it, sealed to the reporter

Every body of one kind has one size, whatever the file is; how many chunks come is its size class.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from core.roster import Roster
from core.sealing import PUBLIC_OVERHEAD, SHARED_OVERHEAD
from intake.files.stream import COPIES, SEALED_CHUNK, Copy
from intake.seal.compartments import ENTRY, SIZES
from intake.seal.laid_out import cut, well_formed
from intake.seal.letters import LETTER_SIZE
from intake.seal.slots import Side, slots_length

FORMAT: Final = 1
_ASKED: Final = (1, 32)
_BEGUN: Final = (1, 32, 16, 4, 4)
_CHUNK: Final = (1, 32, 16, 1, 4, SEALED_CHUNK)
_WHOLE: Final = (1, 32, 16, 32, 4, 4, 4)


class NotAFile(ValueError):
    """What a browser sent does not have the shape of a sealed file, so it was not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A file is about to come. clean, original: how many chunks each copy has."""

    token: bytes = field(repr=False)
    file_id: str
    clean: int
    original: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One sealed chunk of one copy."""

    token: bytes = field(repr=False)
    file_id: str
    copy: Copy
    number: int
    blob: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """All chunks were brought: what describes the file. `part`, `letter`: the places it was sealed for."""

    token: bytes = field(repr=False)
    file_id: str
    fingerprint: str
    roster_version: int
    part: int
    letter: int
    rest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """The sealed parts of a `Whole`."""

    slots: dict[Side, bytes] = field(repr=False)
    for_handlers: bytes = field(repr=False)
    for_both: bytes = field(repr=False)
    letter: bytes = field(repr=False)


def asked(body: bytes) -> bytes:
    """The token of somebody who asks, or `NotAFile`."""
    return list(_exactly(body, _ASKED))[1]


def begun(body: bytes) -> Begun:
    """The beginning of a file, or `NotAFile`."""
    _, token, file_id, clean, original = _exactly(body, _BEGUN)
    return Begun(token=token, file_id=file_id.hex(), clean=_number(clean), original=_number(original))


def piece(body: bytes) -> Piece:
    """One chunk, or `NotAFile`."""
    _, token, file_id, copy, number, blob = _exactly(body, _CHUNK)
    if copy[0] >= len(COPIES):
        raise NotAFile
    return Piece(token=token, file_id=file_id.hex(), copy=COPIES[copy[0]], number=_number(number), blob=blob)


def whole(body: bytes) -> Whole:
    """The end of a file, or `NotAFile`."""
    if len(body) <= sum(_WHOLE):
        raise NotAFile
    _, token, file_id, fingerprint, *numbers, rest = _exactly(body, (*_WHOLE, len(body) - sum(_WHOLE)))
    version, part, letter = map(_number, numbers)
    return Whole(
        token=token,
        file_id=file_id.hex(),
        fingerprint=fingerprint.hex(),
        roster_version=version,
        part=part,
        letter=letter,
        rest=rest,
    )


def described(rest: bytes, roster: Roster) -> Described:
    """What stands behind the head of a `Whole`, in the order of a roster's slots, or `NotAFile`."""
    entry = SIZES[ENTRY] + SHARED_OVERHEAD
    slots = (slots_length(roster, Side.HANDLERS), slots_length(roster, Side.CUSTODIANS))
    sizes = (*slots, entry, entry, LETTER_SIZE + PUBLIC_OVERHEAD)
    if not well_formed(rest, sizes, slots=len(slots)):
        raise NotAFile
    handlers, custodians, for_handlers, for_both, letter = cut(rest, sizes)
    return Described(
        slots={Side.HANDLERS: handlers, Side.CUSTODIANS: custodians},
        for_handlers=for_handlers,
        for_both=for_both,
        letter=letter,
    )


def _exactly(body: bytes, sizes: tuple[int, ...]) -> Iterator[bytes]:
    if len(body) != sum(sizes) or body[0] != FORMAT:
        raise NotAFile
    return cut(body, sizes)


def _number(raw: bytes) -> int:
    return int.from_bytes(raw, "big")
