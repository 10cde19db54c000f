"""Bringing an installation back from its backup: into an empty place, whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from core import clock, migrate
from core.backup import databases, parts
from core.backup.stream import ERASERS, INSTANCE, BackupHurt, Heading, Reader, read_heading, unwrap
from core.backup.taking import ERASER_DAYS, ERASER_FILE, KEY_FILES, keep_part
from core.db import Database
from core.sealing import KEY_BYTES, PrivateKey

ERASED: Final = bytes(KEY_BYTES)


class PlaceTaken(Exception):
    """The folder to restore into holds something already; a restore never writes over anything."""


class WrongKind(Exception):
    """An eraser backup was given where the other one is needed, or the other way round."""


class ErasersTooOld(Exception):
    """This backup of the eraser keys is past its 35 days; it must not bring back what was erased since."""


class ErasersDiffer(Exception):
    """These eraser keys do not belong together."""


class OtherDatabase(Exception):
    """The backup is of the other kind of database: DATABASE_URL must name an empty PostgreSQL, or be empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was brought back: the day and the step of the database of the backup."""

    made_on: date
    revision: str


def heading_of(file: Path) -> Heading:
    """What a backup says in clear of itself. `NotABackup`, `BackupHurt`, `OSError`."""
    with file.open("rb") as opened:
        return read_heading(opened)


def restore(file: Path, into: Path, private: PrivateKey, erasers: bytes | None, url: str) -> Restored:
    """Restore into a folder that is empty or not there, and into the empty database at `url` if that is one.

    Raises `PlaceTaken`, `WrongKind`, `OtherDatabase`, `DatabaseNotEmpty`, `NotForThisKey`, `NotABackup`,
    `BackupHurt`, `migrate.DatabaseTooNew`, `OSError`. The folder gets its name when everything is in it.
    """
    heading = heading_of(file)
    if heading.kind != INSTANCE:
        raise WrongKind
    _require_known(heading)
    if (heading.database == "postgresql") is not url.startswith("postgresql"):
        raise OtherDatabase
    with _fresh_folder(into) as folder:
        for name, blocks in _parts(file, heading, private, url):
            if name not in {*KEY_FILES, databases.FILE}:
                raise BackupHurt
            keep_part(folder / name, blocks)
        if erasers is not None:
            keep_part(folder / ERASER_FILE, [erasers])
        if heading.database == "embedded":
            databases.examine_file(folder / databases.FILE)
    return Restored(made_on=heading.day, revision=heading.revision)


def read_erasers(files: Sequence[Path], private: PrivateKey) -> bytes:
    """The eraser keys of one backup or more; a key that was erased in any of them stays erased.

    Raises `ErasersTooOld`, `WrongKind`, `ErasersDiffer`, `NotForThisKey`, `NotABackup`, `BackupHurt`.
    """
    found = [_erasers(file, private) for file in files]
    merged = found[0]
    for other in found[1:]:
        merged = merge(merged, other)
    return merged


def merged_with_here(erasers: bytes, here: Path) -> tuple[bytes, bool]:
    """With what this machine's own eraser file says was erased since; False: that file is of another installation."""
    try:
        return merge(erasers, here.read_bytes()), True
    except FileNotFoundError:
        return erasers, True
    except ErasersDiffer:
        return erasers, False


def merge(one: bytes, other: bytes) -> bytes:
    """Two states of one eraser file: whatever is erased in either is erased."""
    if len(one) != len(other):
        raise ErasersDiffer
    merged = bytearray(one)
    for start in range(0, len(one), KEY_BYTES):
        mine, theirs = one[start : start + KEY_BYTES], other[start : start + KEY_BYTES]
        if mine != theirs:
            if ERASED not in {mine, theirs}:
                raise ErasersDiffer
            merged[start : start + KEY_BYTES] = ERASED
    return bytes(merged)


def _erasers(file: Path, private: PrivateKey) -> bytes:
    heading = heading_of(file)
    if heading.kind != ERASERS:
        raise WrongKind
    if heading.day < clock.today() - timedelta(days=ERASER_DAYS):
        raise ErasersTooOld
    found = b""
    for name, blocks in _read(file, heading, private):
        if name != ERASER_FILE:
            raise BackupHurt
        found = b"".join(blocks)
    return found


def _read(file: Path, heading: Heading, private: PrivateKey) -> Iterator[tuple[str, Iterator[bytes]]]:
    key = unwrap(heading, private)
    with file.open("rb") as opened:
        if read_heading(opened) != heading:
            raise BackupHurt
        reader = Reader(opened, heading, key)
        yield from parts.read_parts(reader)
        reader.end()


def _parts(
    file: Path, heading: Heading, private: PrivateKey, url: str
) -> Iterator[tuple[str, Iterable[bytes]]]:
    """The parts that become files; tables go into their database on the way, in one transaction."""
    if heading.database == "embedded":
        yield from _read(file, heading, private)
        return
    with filling(Database(url), heading.revision) as connection:
        for name, blocks in _read(file, heading, private):
            if name.startswith(databases.TABLE):
                databases.fill_table(connection, name, blocks)
            else:
                yield name, blocks


@contextmanager
def filling(database: Database, revision: str) -> Iterator[Connection]:
    """One transaction in which the tables of a revision are made and filled, or nothing."""
    databases.require_empty(database)
    try:
        with database.engine.begin() as connection:
            migrate.upgrade_to(connection, revision)
            yield connection
    finally:
        database.engine.dispose()


def _require_known(heading: Heading) -> None:
    if not migrate.knows(heading.revision):
        raise migrate.DatabaseTooNew(
            f"This backup was made by a newer version of this program (step {heading.revision}). "
            "Restore it with that version. Nothing was written."
        )


@contextmanager
def _fresh_folder(into: Path) -> Iterator[Path]:
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise PlaceTaken
    into.parent.mkdir(parents=True, exist_ok=True)
    folder = into.with_name(f".{into.name}.{secrets.token_hex(8)}.part")
    folder.mkdir(mode=0o700)
    try:
        yield folder
        with suppress(FileNotFoundError):
            into.rmdir()  # an empty one; anything that came into it meanwhile stops us here
        folder.rename(into)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    handle = os.open(into.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
