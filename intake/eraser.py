"""One key per case in one file outside the database, so that a case can really be forgotten.

Database rows survive in journals and backups; 32 bytes in a file of fixed size can be overwritten. Every
wrap of a case is sealed once more under its key here: once that is zeros, no passphrase opens the case.

    file   "eraser keys 1" and the number of slots, padded to 32 bytes ‖ slots × 32 bytes

All slots are filled with random keys from the start and a case takes one at random, so the file tells
neither how many are in use nor in which order they were taken. That a slot is taken is known by the
database alone: a UNIQUE column there refuses the second case that draws the same one, and the caller
draws again. Safe with several processes. Its backups live at most 35 days.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core import config
from core.sealing import KEY_BYTES, CannotOpen, SharedKey, random_bytes

SLOTS: Final = 65_536
_MAGIC: Final = b"eraser keys 1\n"
_TRIES: Final = 200


class AlreadyThere(Exception):
    """There is an eraser file already; a new one would close every report sealed under the old."""


class NotAnEraserFile(Exception):
    """The eraser file is missing, cut short or another: no report can be sealed or opened."""


class Erased(CannotOpen):
    """This key was erased, and with it the case."""


class NoneLeft(Exception):
    """Nearly every key of the eraser file was erased; a larger file is needed."""


def eraser_path() -> Path:
    """Where this installation keeps its eraser keys."""
    return config.current().instance / "eraser.keys"


def create(path: Path, slots: int = SLOTS) -> None:
    """Make the file at its full size, readable by its owner only. Raises `AlreadyThere`."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(_header(slots) + random_bytes(slots * KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)  # unlike a rename, a link never replaces what is there
    except FileExistsError:
        raise AlreadyThere from None
    finally:
        fresh.unlink()
    _sync_folder(path)


def take(path: Path) -> tuple[int, SharedKey]:
    """A random slot that was not erased, and its key. The caller's UNIQUE column says if it is free."""
    with _opened(path, fcntl.LOCK_SH) as (file, slots):
        for _ in range(_TRIES):
            slot = secrets.randbelow(slots)
            raw = _read(file, slot)
            if any(raw):
                return slot, SharedKey(raw)
    raise NoneLeft


def key(path: Path, slot: int) -> SharedKey:
    """The key of a case; `Erased` when it is gone."""
    with _opened(path, fcntl.LOCK_SH) as (file, slots):
        raw = _read(file, _within(slot, slots))
    if not any(raw):
        raise Erased
    return SharedKey(raw)


def keys(path: Path, slots: Collection[int]) -> dict[int, SharedKey]:
    """The keys of many cases, read at once; those that were erased are missing."""
    with _opened(path, fcntl.LOCK_SH) as (file, count):
        whole = os.pread(file, _offset(count), 0)
    found = {slot: whole[_offset(slot) : _offset(slot + 1)] for slot in slots if 0 <= slot < count}
    return {slot: SharedKey(raw) for slot, raw in found.items() if any(raw)}


def erase(path: Path, slot: int) -> None:
    """Overwrite a key with zeros, on the disk when this returns. Erasing twice is no error."""
    with _opened(path, fcntl.LOCK_EX) as (file, slots):
        os.pwrite(file, bytes(KEY_BYTES), _offset(_within(slot, slots)))
        os.fsync(file)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How large the file is, and how many keys of it are gone. How many are in use it does not tell."""

    slots: int
    erased: int


def count(path: Path) -> Count:
    """The size of the file and its zeros. Raises `NotAnEraserFile`."""
    with _opened(path, fcntl.LOCK_SH) as (file, slots):
        return Count(slots=slots, erased=sum(not any(_read(file, slot)) for slot in range(slots)))


@contextmanager
def _opened(path: Path, lock: int) -> Iterator[tuple[int, int]]:
    """The open file and its number of slots, under a lock that other processes respect."""
    try:
        file = os.open(path, os.O_CLOEXEC | (os.O_RDWR if lock == fcntl.LOCK_EX else os.O_RDONLY))
    except FileNotFoundError:
        raise NotAnEraserFile from None
    try:
        fcntl.flock(file, lock)
        slots = os.fstat(file).st_size // KEY_BYTES - 1
        if slots < 1 or os.pread(file, KEY_BYTES, 0) != _header(slots):
            raise NotAnEraserFile
        yield file, slots
    finally:
        os.close(file)


def _header(slots: int) -> bytes:
    return (_MAGIC + str(slots).encode()).ljust(KEY_BYTES, b"\0")


def _offset(slot: int) -> int:
    return KEY_BYTES * (slot + 1)


def _read(file: int, slot: int) -> bytes:
    return os.pread(file, KEY_BYTES, _offset(slot))


def _within(slot: int, slots: int) -> int:
    if not 0 <= slot < slots:
        raise CannotOpen
    return slot


def _sync_folder(path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
