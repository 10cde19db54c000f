"""Which letters there were at the last `flask instance check`: whoever writes into the database alone cannot change that.

    letters.seen   "letters seen 1\n" ‖ for each letter, in the order of these bytes: SHA-256 of its random id (32) ‖
                   SHA-256 of its sealed flags (32), which nobody writes anew as long as it lives

So a letter that was put in the place of another is found, and one that is gone without having been erased: of an
erased one its mark remains, and zeros in the eraser file. The file tells how many letters there were, as the rows do.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock, rosters
from core.sealing import SharedKey
from intake import eraser
from intake.eraser import eraser_path
from intake.models import CaseFile, Compartment, ErasedCase, KeySet
from intake.seal.slots import Side, fits

NAME: Final = "letters.seen"
_MAGIC: Final = b"letters seen 1\n"
_DIGEST: Final = 32
_AT_ONCE: Final = 500

Seen = Mapping[bytes, bytes]
"""SHA-256 of an id → SHA-256 of the flags under it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a check found. since: the day of the check before, None at the first.

    foreign: letters whose slots are not of this place in the eraser file.
    """

    since: date | None
    replaced: int
    gone: int
    foreign: int

    @property
    def said(self) -> tuple[str, bool]:
        """In words for whoever keeps the machine, and whether something must be done. How many are whole it does not say."""
        wrong = [
            (self.replaced, "stand in the place of others"),
            (self.gone, "are gone and were not erased"),
            (self.foreign, "have keys that do not fit the eraser file"),
        ]
        told = [f"{count} {words}" for count, words in wrong if count]
        if told:
            return f"Letters: {', '.join(told)}. Compare with a backup; see docs/operations.md.", True
        if self.since is None:
            return "Each has its keys. The next check compares them with today's.", False
        return (
            f"Each has its keys; none was replaced, or is gone unless it was erased, since {self.since}.",
            False,
        )


def look(session: Session, folder: Path) -> Look:
    """Compare every letter with the last check, and remember those that are as they should be."""
    path = folder / NAME
    before, since = _read(path)
    erased = {bytes.fromhex(mark) for mark in session.scalars(select(ErasedCase.mark))}
    zeros = eraser.count(eraser_path()).erased
    now: dict[bytes, bytes] = {}
    foreign = 0
    for some in _batches(session):
        now |= _flags_of(session, some)
        foreign += _foreign(session, some)
    replaced = {mark for mark, flags in before.items() if mark in now and now[mark] != flags}
    gone = {mark for mark in before if mark not in now and not (mark in erased and len(erased) <= zeros)}
    keep = now | {
        mark: before[mark] for mark in replaced | gone
    }  # said again until somebody has dealt with it
    _write(path, keep)
    return Look(since=since, replaced=len(replaced), gone=len(gone), foreign=foreign)


def _batches(session: Session) -> Iterator[Sequence[tuple[str, int]]]:
    after = ""
    while True:
        asked = select(CaseFile.id, CaseFile.eraser_slot).where(CaseFile.id > after).order_by(CaseFile.id)
        found = [(row.id, row.eraser_slot) for row in session.execute(asked.limit(_AT_ONCE))]
        if not found:
            return
        yield found
        after = found[-1][0]


def _flags_of(session: Session, some: Sequence[tuple[str, int]]) -> dict[bytes, bytes]:
    asked = select(Compartment.case_id, Compartment.blob).where(
        Compartment.case_id.between(some[0][0], some[-1][0]), Compartment.sequence == 0
    )
    return {_hash(row.case_id.encode()): _hash(row.blob) for row in session.execute(asked)}


def _foreign(session: Session, some: Sequence[tuple[str, int]]) -> int:
    """How many of these letters have slots that do not open under their own place in the eraser file."""
    keys = eraser.keys(eraser_path(), [slot for _, slot in some])
    by_case = {case_id: keys[slot] for case_id, slot in some if slot in keys}
    versions = {one.version: one for one in rosters.chain(session)}
    asked = select(KeySet.case_id, KeySet.side, KeySet.roster_version, KeySet.blob).where(
        KeySet.case_id.between(some[0][0], some[-1][0])
    )
    wrong = set()
    for case_id, side, version, blob in session.execute(asked):
        key: SharedKey | None = by_case.get(case_id)  # none: erased, and a crash came before its rows went
        roster = versions.get(version)
        if key and not (roster and fits(blob, key, case_id=case_id, side=Side(side), roster=roster)):
            wrong.add(case_id)
    return len(wrong)


def _read(path: Path) -> tuple[Seen, date | None]:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return {}, None
    body = raw.removeprefix(_MAGIC)
    if not raw.startswith(_MAGIC) or len(body) % (2 * _DIGEST):
        return {}, None
    pairs = [body[at : at + 2 * _DIGEST] for at in range(0, len(body), 2 * _DIGEST)]
    made = datetime.fromtimestamp(path.stat().st_mtime, clock.ZONE).date()
    return {pair[:_DIGEST]: pair[_DIGEST:] for pair in pairs}, made


def _write(path: Path, seen: Seen) -> None:
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(_MAGIC + b"".join(mark + seen[mark] for mark in sorted(seen)))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _hash(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()
