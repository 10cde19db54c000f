"""A large body on the disk without a clear byte of it: an unnamed file, sealed under a key of this process.

The file has no name, so a crash leaves nothing to find; the key lives in memory only, so what the disk keeps of its
blocks cannot be read by anybody afterwards. Memory holds one block at a time.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

BLOCK: Final = 65_536
_SEALED: Final = BLOCK + 16


class Spool:
    """Write pieces, `done()`, then read them as often as needed. `size`: bytes written. Close it."""

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - closed by `close`
        self._cipher = AESGCM(AESGCM.generate_key(256))
        self._held = bytearray()
        self._blocks = 0
        self.size = 0

    def write(self, piece: bytes) -> None:
        """Add bytes at the end."""
        self._held += piece
        self.size += len(piece)
        while len(self._held) >= BLOCK:
            self._put(bytes(self._held[:BLOCK]))
            del self._held[:BLOCK]

    def done(self) -> None:
        """Nothing more will be written."""
        if self._held:
            self._put(bytes(self._held))
            self._held.clear()

    def pieces(self) -> Iterator[bytes]:
        """Everything written, block by block."""
        for number in range(self._blocks):
            sealed = os.pread(self._file.fileno(), _SEALED, number * _SEALED)
            yield self._cipher.decrypt(number.to_bytes(12, "big"), sealed, None)

    def reader(self) -> io.BufferedReader:
        """Everything written, as a stream to read from."""
        return io.BufferedReader(_Reader(self.pieces()), BLOCK)

    def close(self) -> None:
        """Let the file go; what it held is gone with the key."""
        self._held.clear()
        self._file.close()

    def _put(self, block: bytes) -> None:
        os.pwrite(
            self._file.fileno(),
            self._cipher.encrypt(self._blocks.to_bytes(12, "big"), block, None),
            self._blocks * _SEALED,
        )
        self._blocks += 1


class Nowhere:
    """In place of a spool where nothing may be written: it counts, and keeps nothing."""

    def __init__(self) -> None:
        self.size = 0

    def write(self, piece: bytes) -> None:
        """Count bytes."""
        self.size += len(piece)

    def done(self) -> None:
        """Nothing more will come."""

    def reader(self) -> io.BytesIO:
        """Nothing."""
        return io.BytesIO()

    def close(self) -> None:
        """There is nothing to let go of."""


class _Reader(io.RawIOBase):
    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left:
            self._left = next(self._pieces, b"")
        taken = self._left[: len(buffer)]
        buffer[: len(taken)] = taken
        self._left = self._left[len(taken) :]
        return len(taken)
