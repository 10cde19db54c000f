"""What is inside the stream: parts with a name, each in blocks, so that no length is needed beforehand.

part   length of the name (2) ‖ name ‖ blocks, each length (4) ‖ bytes ‖ a block of length 0
end    a name of length 0
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Protocol

from core.backup.stream import CHUNK, BackupHurt

_NAME: Final = struct.Struct(">H")
_BLOCK: Final = struct.Struct(">I")
_PROPER: Final = re.compile(r"[a-z][a-z_]*(\.[a-z]+|/[a-z_]+)?")


class _Sink(Protocol):
    def write(self, data: bytes) -> None: ...


class _Source(Protocol):
    def read(self, count: int) -> bytes: ...


def write_part(sink: _Sink, name: str, blocks: Iterable[bytes]) -> None:
    """Write one part; empty blocks are left out, for they would end it."""
    sink.write(_NAME.pack(len(name)) + name.encode("ascii"))
    for block in blocks:
        if block:
            sink.write(_BLOCK.pack(len(block)))
            sink.write(block)
    sink.write(_BLOCK.pack(0))


def write_end(sink: _Sink) -> None:
    """Say that no part follows."""
    sink.write(_NAME.pack(0))


def read_parts(source: _Source) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Each part's name and its blocks, which must be read to their end before the next part is asked for.

    Names are of a kind that leads nowhere else on a disk; `BackupHurt` for any other.
    """
    while length := _NAME.unpack(source.read(_NAME.size))[0]:
        name = source.read(length).decode("ascii", "replace")
        if not _PROPER.fullmatch(name):
            raise BackupHurt
        yield name, _blocks(source)


def _blocks(source: _Source) -> Iterator[bytes]:
    while left := _BLOCK.unpack(source.read(_BLOCK.size))[0]:
        while left:
            piece = source.read(min(left, CHUNK))
            left -= len(piece)
            yield piece


def file_blocks(path: Path) -> Iterator[bytes]:
    """A file in pieces."""
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            yield piece
