"""What is sealed to the reporter: letters, and whom they struck out. Pure.

The reporter's public key lies in the sealed story alone, so whoever can write to the database but opens
no story can forge no letter. Opens for whoever holds the receipt.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from core.sealing import CannotOpen, PrivateKey, PublicKey, context, pad, seal, unpad, unseal

FORMAT: Final = 1
LETTER_SIZE: Final = 16_384
STRIKEOUTS_SIZE: Final = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Strikeouts:
    """Who must not read, as ids on the roster of that version."""

    roster_version: int
    struck: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """As it stands in the story and in what the reporter keeps."""
        return {"roster": self.roster_version, "struck": list(self.struck)}

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Strikeouts:
        """What `as_json` wrote, else `CannotOpen`."""
        try:
            found = cls(roster_version=int(written["roster"]), struck=tuple(map(str, written["struck"])))
        except (KeyError, TypeError, ValueError, OverflowError):
            raise CannotOpen from None
        if found.roster_version < 1:
            raise CannotOpen
        return found


def seal_letter(payload: bytes, *, case_id: str, sequence: int, reporter: PublicKey) -> bytes:
    """One message as the reporter can read it; all up to 16,380 bytes have one length.

    Take `reporter` from the opened story and from nowhere else.
    """
    return seal(pad(payload, LETTER_SIZE), reporter, context(FORMAT, "letter", case_id, sequence))


def open_letter(blob: bytes, *, case_id: str, sequence: int, private: PrivateKey) -> bytes:
    """What a letter says, or `CannotOpen`."""
    return unpad(unseal(blob, private, context(FORMAT, "letter", case_id, sequence)))


def seal_strikeouts(strikeouts: Strikeouts, *, case_id: str, reporter: PublicKey) -> bytes:
    """Whom the reporter struck out, for the reporter's own later additions."""
    inside = pad(compact(strikeouts.as_json()), STRIKEOUTS_SIZE)
    return seal(inside, reporter, context(FORMAT, "strikeouts", case_id))


def open_strikeouts(blob: bytes, *, case_id: str, private: PrivateKey) -> Strikeouts:
    """Whom the reporter struck out, or `CannotOpen`."""
    return Strikeouts.from_json(
        read_compact(unpad(unseal(blob, private, context(FORMAT, "strikeouts", case_id))))
    )


def compact(value: Mapping[str, Any]) -> bytes:
    """A mapping as compact JSON in UTF-8, the bytes of JavaScript's `JSON.stringify`."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def read_mapping(payload: bytes) -> dict[str, Any]:
    """The mapping in a payload, or `CannotOpen`: that it opened does not say that it was well made. For no page."""
    try:
        found = json.loads(payload)
    except (ValueError, RecursionError):
        raise CannotOpen from None
    if not isinstance(found, dict):
        raise CannotOpen
    return found


def read_compact(payload: bytes) -> dict[str, Any]:
    """The same, of which every word can be shown on a page."""
    found = read_mapping(payload)
    try:
        json.dumps(found, ensure_ascii=False).encode()  # half a character could be shown on no page
    except (ValueError, RecursionError):
        raise CannotOpen from None
    return found


def read_said(payload: bytes) -> dict[str, Any]:
    """The words of an entry, or `CannotOpen` unless what it is, when and its text are words: others rely on them."""
    found = read_compact(payload)
    if not all(isinstance(found.get(name, ""), str) for name in ("what", "at", "text")):
        raise CannotOpen
    return found
