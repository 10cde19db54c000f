"""Whether the disk has room for a file, so that words never find it full.

Files are large and can wait; a letter cannot. So files stop while there is a reserve left that only words may use.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

MEGABYTE: Final = 1_000_000


class NoRoom(Exception):
    """The disk, or the share of it that files may take, is short: no file is taken in, words are."""


def free(folder: Path) -> int:
    """Bytes that can still be written where a folder lies."""
    return shutil.disk_usage(folder).free


def require_room(folder: Path, more: int, *, reserve_megabytes: int) -> None:
    """`NoRoom` where writing `more` bytes would leave less than the reserve."""
    if free(folder) - more < reserve_megabytes * MEGABYTE:
        raise NoRoom
