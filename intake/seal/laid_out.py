"""What a browser sends sealed: parts one behind the other, whose lengths the roster alone decides. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.sealing import FORMAT as SEALED_FORMAT
from intake.seal.slots import FORMATS


def cut(data: bytes, sizes: Sequence[int]) -> Iterator[bytes]:
    """The parts of these lengths, in order."""
    at = 0
    for size in sizes:
        yield data[at : at + size]
        at += size


def well_formed(data: bytes, sizes: Sequence[int], slots: int) -> bool:
    """Whether these are all the bytes, in formats that are read here: first so many sets of slots, then sealed things."""
    if len(data) != sum(sizes):
        return False
    firsts = [part[0] for part in cut(data, sizes)]
    return set(firsts[:slots]) <= FORMATS and set(firsts[slots:]) <= {SEALED_FORMAT}
