"""How much room files take, and whether there is some left: on the disk, and of the share that a centre gives them.

Words never ask here. What a browser has begun to bring counts as if it were there already.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import config, disk
from core.config import Settings
from core.disk import MEGABYTE, NoRoom
from intake.files.stream import SEALED_CHUNK
from intake.models import ArrivingFile, FileChunk, StoredFile

_SMALL: Final = 8
"""Chunks of a small picture and its clean copy: without room for these no file is asked for at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What files take, in bytes. coming: of that, what was begun and is not there yet; free: left on the disk."""

    files: int
    taken: int
    coming: int
    free: int


def look(session: Session, settings: Settings) -> Room:
    """How it stands now."""
    arriving = select(ArrivingFile.file_id)
    counted = select(func.count()).select_from(FileChunk)
    every = session.scalar(counted) or 0
    there = session.scalar(counted.where(FileChunk.file_id.in_(arriving))) or 0
    promised = session.scalar(select(func.sum(ArrivingFile.clean_chunks + ArrivingFile.original_chunks))) or 0
    return Room(
        files=session.scalar(select(func.count()).select_from(StoredFile)) or 0,
        taken=(every - there + promised) * SEALED_CHUNK,
        coming=(promised - there) * SEALED_CHUNK,
        free=disk.free(settings.instance),
    )


def require(session: Session, chunks: int) -> None:
    """`NoRoom` where so many chunks more would not fit."""
    settings, more = config.current(), chunks * SEALED_CHUNK
    now = look(session, settings)
    share = settings.files_megabytes * MEGABYTE
    if share and now.taken + more > share:
        raise NoRoom
    if now.free - now.coming - more < settings.reserve_megabytes * MEGABYTE:
        raise NoRoom


def is_short(session: Session) -> bool:
    """Whether not even a small file can be taken."""
    try:
        require(session, _SMALL)
    except NoRoom:
        return True
    return False


def said(now: Room, settings: Settings) -> tuple[str, bool]:
    """One line for whoever keeps the machine, and whether something must be done."""
    share, reserve = settings.files_megabytes * MEGABYTE, settings.reserve_megabytes * MEGABYTE
    line = f"{_size(now.free)} free. {now.files} files beside letters take {_size(now.taken)}"
    line += f" of {_size(share)}." if share else "."
    if now.free - now.coming - _SMALL * SEALED_CHUNK < reserve:
        return f"{line} Less than {_size(reserve)} would be left: words are taken, files are not.", True
    if share and now.taken + _SMALL * SEALED_CHUNK > share:
        return f"{line} Their share is used up: no new file is taken.", True
    return line, False


def _size(count: int) -> str:
    return f"{count / 10**9:.1f} GB" if count >= 10**9 else f"{count / MEGABYTE:.0f} MB"
