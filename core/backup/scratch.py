"""Where a backup is put together and tried out: a private folder in memory, swept before each use."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core import memory


class AnotherIsRunning(Exception):
    """A backup of this installation is being made at this moment."""


class NoRoom(Exception):
    """There is no room for the copy; the message says where and what would help."""


@contextmanager
def scratch(instance: Path, needed: int, elsewhere: Path | None = None) -> Iterator[Path]:
    """An empty private folder for `needed` bytes, gone afterwards; what a killed backup left goes first.

    Raises `AnotherIsRunning`, or `NoRoom` before anything is written.
    """
    top = elsewhere or memory.folder(instance).parent
    folder = top / f"{memory.folder(instance).name}-backup"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise NoRoom(f"{folder} belongs to somebody else of this machine; remove it.")
    door = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AnotherIsRunning from None
        _empty(folder)
        require_room(top, needed)
        try:
            yield folder
        finally:
            _empty(folder)
            with suppress(OSError):
                folder.rmdir()
    finally:
        os.close(door)


def require_room(folder: Path, needed: int) -> None:
    """Raise `NoRoom` where a folder cannot take so many bytes."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise NoRoom(
            f"{folder} has room for {free // 10**6} MB and {needed // 10**6 + 1} MB are needed. "
            "--scratch names a folder on an encrypted disk instead."
        )


def _empty(folder: Path) -> None:
    for left in folder.iterdir():
        left.unlink()
