"""Making a backup: a copy of one moment, sealed as a stream, tried out, and only then given its name."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Final

from sqlalchemy import text

from core import clock
from core.backup import databases, parts
from core.backup.scratch import require_room, scratch
from core.backup.stream import (
    ERASERS,
    INSTANCE,
    BackupHurt,
    Heading,
    NotABackup,
    Reader,
    Writer,
    read_heading,
    wraps_for,
)
from core.config import Settings
from core.db import Database
from core.sealing import PublicKey, SharedKey

KEY_FILES: Final = ("log.key", "roster.seen", "cards.key")
ERASER_FILE: Final = "eraser.keys"
ERASER_DAYS: Final = 35
"""No copy of the eraser keys counts for longer; what was erased is then gone everywhere."""


class TargetThere(Exception):
    """There is a file of this name already; a backup never replaces another."""


class NotFounded(Exception):
    """There is no eraser file yet: before the founding there is nothing to keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A finished backup. rows: of all tables together; size: in bytes; old: eraser backups destroyed by it."""

    rows: int
    size: int
    old: int = 0


def take(
    settings: Settings,
    database: Database,
    to: Path,
    recipients: Sequence[PublicKey],
    elsewhere: Path | None = None,
) -> Taken:
    """The whole installation without its eraser keys, while it runs, as one file under the name `to`.

    Raises `TargetThere`, `NoRoom`, `AnotherIsRunning`, `BackupHurt` (it did not open as it was written).
    """
    size = _size(database)
    with scratch(settings.instance, size + size // 8, elsewhere) as folder:
        copy = folder / databases.FILE
        # Key files first: the log's key may lag behind the database, never run ahead of it.
        small = [
            (name, path.read_bytes()) for name in KEY_FILES if (path := settings.instance / name).exists()
        ]
        if database.embedded:
            databases.copy_embedded(database, copy)
        everything = _all(small, databases.parts_of(database, copy))
        with _fresh(to) as file:
            key = _write(file, _heading(INSTANCE, database), recipients, everything)
            copied = databases.examine_file(copy) if database.embedded else databases.counts(database)
            copy.unlink(missing_ok=True)
            _try_out(file, key, copied if database.embedded else None, copy)
            return Taken(rows=sum(copied.values()), size=file.tell())


def take_erasers(settings: Settings, database: Database, to: Path, recipients: Sequence[PublicKey]) -> Taken:
    """The eraser keys alone, in a file that counts for 35 days; older ones beside it are destroyed.

    Raises `TargetThere`, `NotFounded`, `BackupHurt`.
    """
    source = settings.instance / ERASER_FILE
    if not source.exists():
        raise NotFounded
    with source.open("rb") as keys_file:
        fcntl.flock(keys_file, fcntl.LOCK_SH)  # nobody erases half-way through
        raw = keys_file.read()
    with _fresh(to) as file:
        key = _write(file, _heading(ERASERS, database), recipients, [(ERASER_FILE, [raw])])
        _try_out(file, key, None, None)
        size = file.tell()
    return Taken(rows=0, size=size, old=destroy_old_erasers(to.parent))


def destroy_old_erasers(folder: Path) -> int:
    """Overwrite and remove every eraser backup in a folder that is past its days; returns how many."""
    gone = 0
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.is_symlink() and _is_old_eraser(path):
            with path.open("r+b") as file:
                file.write(bytes(path.stat().st_size))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
            gone += 1
    return gone


def _is_old_eraser(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            heading = read_heading(file)
    except (OSError, NotABackup, BackupHurt):
        return False
    return heading.kind == ERASERS and heading.day < clock.today() - timedelta(days=ERASER_DAYS)


def _all(
    small: Sequence[tuple[str, bytes]], rows: Iterator[tuple[str, Iterable[bytes]]]
) -> Iterator[tuple[str, Iterable[bytes]]]:
    for name, content in small:
        yield name, [content]
    yield from rows


def _heading(kind: str, database: Database) -> Callable[[SharedKey, Sequence[PublicKey]], Heading]:
    with database.engine.connect() as connection:
        revision = connection.scalar(text("SELECT version_num FROM alembic_version"))

    def made(key: SharedKey, recipients: Sequence[PublicKey]) -> Heading:
        return Heading(
            kind=kind,
            made_on=clock.today().isoformat(),
            revision=str(revision),
            database="embedded" if database.embedded else "postgresql",
            wraps=wraps_for(key, recipients),
        )

    return made


def _write(
    file: BinaryIO,
    heading: Callable[[SharedKey, Sequence[PublicKey]], Heading],
    recipients: Sequence[PublicKey],
    everything: Iterable[tuple[str, Iterable[bytes]]],
) -> SharedKey:
    key = SharedKey.random()
    writer = Writer(file, heading(key, recipients), key)
    for name, blocks in everything:
        parts.write_part(writer, name, blocks)
    parts.write_end(writer)
    writer.finish()
    file.flush()
    os.fsync(file.fileno())
    return key


def _try_out(file: BinaryIO, key: SharedKey, copied: object, to: Path | None) -> None:
    """Read the whole file back as a restore would; an embedded database must open with the same rows."""
    file.seek(0)
    reader = Reader(file, read_heading(file), key)
    for name, blocks in parts.read_parts(reader):
        if name == databases.FILE and to is not None:
            keep_part(to, blocks)
        else:
            for _ in blocks:
                pass
    reader.end()
    if copied is not None and to is not None and databases.examine_file(to) != copied:
        raise BackupHurt


def keep_part(path: Path, blocks: Iterable[bytes]) -> None:
    """Write one part as a file of mode 600, on the disk when this returns."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for block in blocks:
            file.write(block)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _fresh(to: Path) -> Iterator[BinaryIO]:
    """A file that gets its name only when everything went well; leftovers of killed tries go first."""
    if to.exists():
        raise TargetThere
    _sweep(to)
    part = to.with_name(f".{to.name}.{secrets.token_hex(8)}.part")
    with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield file
            os.link(part, to)  # unlike a rename, a link never replaces what is there
        except FileExistsError:
            raise TargetThere from None
        finally:
            part.unlink()
    folder = os.open(to.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _sweep(to: Path) -> None:
    for left in to.parent.glob(f".{to.name}.*.part"):
        with left.open("rb") as file, suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink()


def _size(database: Database) -> int:
    name = database.engine.url.database
    if not database.embedded or name is None:
        return 0
    size = sum(path.stat().st_size for end in ("", "-wal") if (path := Path(f"{name}{end}")).exists())
    require_room(Path(name).parent, 0)
    return size
