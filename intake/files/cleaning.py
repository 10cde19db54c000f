"""Asking the child that cleans: the file goes through a pipe, and neither keys nor settings go with it."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

from core.spool import BLOCK, Spool
from intake.files.cleaner import BOMB, SECONDS
from intake.files.kinds import Kind

ROOT: Final = Path(__file__).resolve().parent.parent.parent
PATIENCE: Final = 60
_ONE = threading.BoundedSemaphore(1)
"""One file at a time in each worker: a child may take a gigabyte for a moment."""


class Swells(Exception):
    """A file is small packed and enormous unpacked: nothing of it was kept."""


class CleaningBusy(Exception):
    """Another file is being cleaned and takes its time; nothing was kept."""


def clean(kind: Kind, original: Spool, folder: Path, most: int) -> Spool | None:
    """A copy without metadata, or None where none can be made. folder: for its spool; most: bytes.

    Raises `Swells`, `CleaningBusy`.
    """
    if not kind.cleanable:
        return None
    if not _ONE.acquire(timeout=PATIENCE):
        raise CleaningBusy
    try:
        return _cleaned(kind.code, original, folder, most)
    finally:
        _ONE.release()


def _cleaned(code: str, original: Spool, folder: Path, most: int) -> Spool | None:
    child = subprocess.Popen(  # noqa: S603 - the code is one of ours, and no shell is asked
        [sys.executable, "-m", "intake.files.cleaner", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
    )
    assert child.stdin is not None
    assert child.stdout is not None
    copy = Spool(folder)
    watch = threading.Timer(SECONDS * 2, child.kill)
    watch.start()
    try:
        with contextlib.suppress(BrokenPipeError), child.stdin:
            for piece in original.pieces():
                child.stdin.write(piece)
        while copy.size <= most and (piece := child.stdout.read(BLOCK)):
            copy.write(piece)
    except BaseException:
        copy.close()
        raise
    finally:
        if copy.size > most:
            child.kill()
        child.stdout.close()
        status = child.wait()
        watch.cancel()
    copy.done()
    if status == 0 and copy.size:
        return copy
    copy.close()
    if status == BOMB:
        raise Swells
    return None
