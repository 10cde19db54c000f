"""An original that two people opened, without what is told beside it: cleaned in the child, kept nowhere.

Files that a browser sealed have a clean copy only where they are pictures; of the others one is made here, when a
handler and a custodian open them. What is read lies in a sealed, unnamed file for the length of the request.
"""

from __future__ import annotations

from collections.abc import Iterator

from core.spool import Spool
from intake.files.cleaning import clean
from intake.files.keeping import most_bytes, spool_folder
from intake.files.opening import Download


class CannotBeCleaned(Exception):
    """Of this file no copy without metadata can be made."""


def without_metadata(found: Download) -> Download:
    """The same file cleaned. Raises `CannotBeCleaned`, `Swells`, `CleaningBusy`, `CannotOpen`."""
    folder = spool_folder()
    original = Spool(folder)
    try:
        for piece in found.pieces:
            original.write(piece)
        original.done()
        copy = clean(found.kind, original, folder, 2 * most_bytes()) if found.kind else None
    finally:
        original.close()
    if copy is None:
        raise CannotBeCleaned
    return Download(name=found.name, kind=found.kind, pieces=_read_once(copy))


def _read_once(copy: Spool) -> Iterator[bytes]:
    try:
        yield from copy.pieces()
    finally:
        copy.close()
