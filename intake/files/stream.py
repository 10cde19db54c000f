"""A file as sealed chunks of one size, each bound to its place, the last one known as the last. Pure.

    nonce (12)       number (11, big-endian) ‖ 1 for the last chunk, else 0
    associated data  context(1, "file", case id, file id, "clean" or "original")

The key is drawn for one stream and seals nothing else, so no nonce comes twice under it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.sealing import CannotOpen, SharedKey, context

CHUNK: Final = 262_144
"""Bytes of a file in one chunk."""
SEALED_CHUNK: Final = CHUNK + 16
Copy = Literal["clean", "original"]
COPIES: Final[tuple[Copy, ...]] = ("clean", "original")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Where one copy of a file belongs, and its key."""

    case_id: str
    file_id: str
    copy: Copy
    key: SharedKey

    @property
    def bound(self) -> bytes:
        """The associated data of every chunk."""
        return context(1, "file", self.case_id, self.file_id, self.copy)


def chunks_for(size: int) -> int:
    """How many chunks hold so many bytes, rounded up to a size class: 1, 2, 3, 4, 6, 8, 12, 16, 24 …"""
    needed, step = max(1, -(-size // CHUNK)), 1
    if needed <= 2:
        return needed
    while needed > 4 * step:
        step *= 2
    return 3 * step if needed <= 3 * step else 4 * step


def seal_stream(pieces: Iterable[bytes], size: int, stream: Stream) -> Iterator[bytes]:
    """The sealed chunks of `size` bytes that come in pieces of any length; ValueError where they do not."""
    count, cipher = chunks_for(size), AESGCM(stream.key.raw)
    held, number, seen = bytearray(), 0, 0
    for piece in pieces:
        held += piece
        seen += len(piece)
        while len(held) > CHUNK and number < count - 1:
            yield _seal(cipher, bytes(held[:CHUNK]), number, count, stream)
            del held[:CHUNK]
            number += 1
    if seen != size:
        raise ValueError("size")
    while number < count:
        yield _seal(cipher, bytes(held[:CHUNK]).ljust(CHUNK, b"\0"), number, count, stream)
        del held[:CHUNK]
        number += 1


def open_stream(chunks: Iterable[bytes], count: int, size: int, stream: Stream) -> Iterator[bytes]:
    """The bytes of a file, chunk by chunk; `CannotOpen` at the first chunk that is not the one sealed there."""
    if count != chunks_for(size):
        raise CannotOpen
    cipher, left, number = AESGCM(stream.key.raw), size, -1
    for number, chunk in enumerate(chunks):
        try:
            clear = cipher.decrypt(_nonce(number, count), chunk, stream.bound)
        except (InvalidTag, ValueError):
            raise CannotOpen from None
        yield clear[:left]
        left = max(0, left - len(clear))
    if number + 1 != count:
        raise CannotOpen


def _seal(cipher: AESGCM, clear: bytes, number: int, count: int, stream: Stream) -> bytes:
    return cipher.encrypt(_nonce(number, count), clear, stream.bound)


def _nonce(number: int, count: int) -> bytes:
    return number.to_bytes(11, "big") + bytes([number == count - 1])
