"""A large body on the disk without a clear byte of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from core.spool import BLOCK, Spool


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5])
def test_what_was_written_is_read_again_as_often_as_needed(tmp_path: Path, size: int) -> None:
    body, spool = os.urandom(size), Spool(tmp_path)
    for at in range(0, size, 10_007):
        spool.write(body[at : at + 10_007])
    spool.done()
    assert spool.size == size
    assert b"".join(spool.pieces()) == body
    assert spool.reader().read() == body
    spool.close()


def test_the_file_has_no_name_and_holds_nothing_in_clear(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.write(b"a word that must not be found " * 10_000)
    spool.done()
    assert list(tmp_path.iterdir()) == []
    kept = os.pread(spool._file.fileno(), spool.size * 2, 0)
    assert len(kept) > spool.size
    assert b"must not be found" not in kept
    spool.close()


def test_what_was_changed_on_the_disk_is_not_read(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.write(bytes(BLOCK * 2))
    spool.done()
    (byte,) = os.pread(spool._file.fileno(), 1, 100)
    os.pwrite(spool._file.fileno(), bytes([byte ^ 1]), 100)
    with pytest.raises(InvalidTag):
        next(spool.pieces())
    spool.close()
