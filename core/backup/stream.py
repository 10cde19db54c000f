"""The encrypted file itself: a heading in clear, then sealed chunks that are written and read in order."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import BinaryIO, Final

from core.sealing import CannotOpen, PrivateKey, PublicKey, SharedKey, context, derive, seal, unseal

MAGIC: Final = b"centre backup 1\n"
CHUNK: Final = 256 * 1024
INSTANCE: Final = "instance"
ERASERS: Final = "erasers"
_LENGTH: Final = struct.Struct(">I")
_LAST: Final = 1 << 31
_MOST_HEADING: Final = 1 << 20


class NotABackup(Exception):
    """This file is not a backup made by this program, or one of a newer version of it."""


class BackupHurt(Exception):
    """The backup was changed, or cut short; nothing of it was used."""


class NotForThisKey(Exception):
    """The backup was not made for this recipient's key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What stands in clear in front. made_on: a day. wraps: recipient → the file's key sealed to them, in hex."""

    kind: str
    made_on: str
    revision: str
    database: str
    wraps: Mapping[str, str]

    def encode(self) -> bytes:
        """The bytes that stand in the file and to which every chunk is bound."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":")).encode()

    @property
    def day(self) -> date:
        """The day it was made on."""
        return date.fromisoformat(self.made_on)


def name_of(public: PublicKey) -> str:
    """How a heading names a recipient: 16 hexadecimal digits of their key."""
    return hashlib.sha256(public.raw).hexdigest()[:16]


def wraps_for(file_key: SharedKey, recipients: Sequence[PublicKey]) -> dict[str, str]:
    """The key of a file, sealed to each recipient."""
    return {name_of(public): seal(file_key.raw, public, _WRAP).hex() for public in recipients}


def unwrap(heading: Heading, private: PrivateKey) -> SharedKey:
    """The key of a file for one of its recipients, or `NotForThisKey`."""
    wrap = heading.wraps.get(name_of(private.public), "")
    try:
        return SharedKey(unseal(bytes.fromhex(wrap), private, _WRAP))
    except (CannotOpen, ValueError):
        raise NotForThisKey from None


class Writer:
    """Takes bytes in pieces of any size; `finish` writes the last chunk."""

    def __init__(self, file: BinaryIO, heading: Heading, file_key: SharedKey) -> None:
        encoded = heading.encode()
        file.write(MAGIC + _LENGTH.pack(len(encoded)) + encoded)
        self._file, self._key = file, _chunk_key(file_key, encoded)
        self._held = bytearray()
        self._number = 0

    def write(self, data: bytes) -> None:
        """Keep some bytes, and seal what fills a chunk."""
        self._held += data
        while len(self._held) > CHUNK:
            self._seal(bytes(self._held[:CHUNK]), last=False)
            del self._held[:CHUNK]

    def finish(self) -> None:
        """Seal the rest as the last chunk; a file without one is recognised as cut short."""
        self._seal(bytes(self._held), last=True)
        self._held.clear()

    def _seal(self, data: bytes, *, last: bool) -> None:
        sealed = seal(data, self._key, _place(self._number, last))
        self._file.write(_LENGTH.pack(len(sealed) | (_LAST if last else 0)) + sealed)
        self._number += 1


class Reader:
    """Gives the bytes back in order; `BackupHurt` at the first that is not what was written."""

    def __init__(self, file: BinaryIO, heading: Heading, file_key: SharedKey) -> None:
        self._file, self._key = file, _chunk_key(file_key, heading.encode())
        self._held = bytearray()
        self._number, self._ended = 0, False

    def read(self, count: int) -> bytes:
        """Exactly `count` bytes."""
        while len(self._held) < count and not self._ended:
            self._held += self._unseal()
        if len(self._held) < count:
            raise BackupHurt
        taken = bytes(self._held[:count])
        del self._held[:count]
        return taken

    def end(self) -> None:
        """Nothing may be left, inside or behind the last chunk."""
        while not self._ended:
            self._held += self._unseal()
        if self._held or self._file.read(1):
            raise BackupHurt

    def _unseal(self) -> bytes:
        length = _exactly(self._file, _LENGTH.size)
        (marked,) = _LENGTH.unpack(length)
        last, size = bool(marked & _LAST), marked & ~_LAST
        if size > 2 * CHUNK:
            raise BackupHurt
        try:
            opened = unseal(_exactly(self._file, size), self._key, _place(self._number, last))
        except CannotOpen:
            raise BackupHurt from None
        self._number, self._ended = self._number + 1, last
        return opened


def read_heading(file: BinaryIO) -> Heading:
    """The heading of a backup; the file then stands at its first chunk. `NotABackup` or `BackupHurt`."""
    if file.read(len(MAGIC)) != MAGIC:
        raise NotABackup
    (length,) = _LENGTH.unpack(_exactly(file, _LENGTH.size))
    if length > _MOST_HEADING:
        raise BackupHurt
    try:
        found = Heading(**json.loads(_exactly(file, length)))
        date.fromisoformat(found.made_on)
        dict(found.wraps)
    except (TypeError, ValueError):
        raise BackupHurt from None
    return found


_WRAP: Final = context("backup", "file key")


def _chunk_key(file_key: SharedKey, heading: bytes) -> SharedKey:
    return derive(file_key, "backup chunks", hashlib.sha256(heading).hexdigest())


def _place(number: int, last: bool) -> bytes:
    return context("backup chunk", number, "last" if last else "more")


def _exactly(file: BinaryIO, count: int) -> bytes:
    found = file.read(count)
    if len(found) != count:
        raise BackupHurt
    return found
