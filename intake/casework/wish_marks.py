"""Which letters on a page of the list ask to be withdrawn, or for another handler.

A list opens flags alone. Of a letter whose reporter wrote and has not been answered, the entries are opened as well,
in memory, for this mark, for the days that the list reads (intake/desk/dating.py), and nothing else: a wish should not
lie unseen among other messages. What was found is remembered, sealed, until the letter has one message more, so
that each is opened once. The line that says that the list was looked at covers it: one of its own would tell every
custodian that somebody wrote.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import update
from sqlalchemy.orm import Session

from core import config, db, memory
from core.access import Identity
from core.sealing import CannotOpen, NotAKey, SharedKey, context, derive, seal, unseal
from intake.cases import NoSuchCase, PastRetention
from intake.casework.casework import at_hand, every_entry, kept_of
from intake.desk import dating, desk, desk_opening
from intake.desk.clocks import reporter_wrote_since
from intake.desk.desk import Listed
from intake.mailbox.wishes import OTHER, asks_for_another
from intake.models import CaseFile
from intake.retention import WITHDRAW
from intake.roles import require_may

AT_ONCE: Final = 40
"""Letters that one page looks into beyond those it shows."""
_UNANSWERED = frozenset({"received", "reading"})
_BOUND = context("wishes")


def marks(identity: Identity, seed: bytes, lines: Sequence[Listed]) -> dict[str, str]:
    """Case id → `retention.WITHDRAW` or `wishes.OTHER`, of those lines that ask. Raises `Denied`."""
    require_may(identity, "list")
    waiting = [line for line in lines if line.messages and line.state in _UNANSWERED]
    if not waiting:
        return {}
    known, _changed = _looked(
        identity, seed, [(line.case_id, line.messages) for line in waiting], len(waiting)
    )
    return {line.case_id: mark for line in waiting if (mark := known[line.case_id][1])}


def note(identity: Identity, seed: bytes, waiting: Iterable[tuple[str, int]]) -> bool:
    """Look whether reporters who wrote since ask to withdraw, or no longer do, and note the day where the list reads it.

    waiting: case and number of its messages; each is looked at once, some dozens at a time. Whether a day changed.
    Raises `Denied`.
    """
    require_may(identity, "list")
    return _looked(identity, seed, waiting, AT_ONCE)[1]


def line(identity: Identity, seed: bytes, case_id: str) -> Listed:
    """One line of the list, also where its reporter took back a wish to withdraw that its cell still knows of.

    Raises `NoSuchCase`, `PastRetention`, and as `desk.look` does.
    """
    try:
        found = desk.one(identity, seed, case_id)
    except PastRetention:
        if not note(identity, seed, _waiting(case_id)):
            raise
        found = desk.one(identity, seed, case_id)
    if found is None:
        raise NoSuchCase
    return found


def _waiting(case_id: str) -> list[tuple[str, int]]:
    with db.reading() as session:
        rows = desk_opening.files(session, case_id)
    return [(row.case_id, row.messages) for row in rows if reporter_wrote_since(row.state, row.messages)]


def _looked(
    identity: Identity, seed: bytes, waiting: Iterable[tuple[str, int]], most: int
) -> tuple[dict[str, Any], bool]:
    """What is known of each letter, and whether a day in a cell had to be written anew."""
    known = _recall(seed)
    fresh = [(one, count) for one, count in waiting if known.get(one, [0])[0] != count][:most]
    if not fresh:
        return known, False
    anew = []
    with db.reading() as session:
        for case_id, count in fresh:
            mark, before, after = _look_into(session, identity, seed, case_id)
            known[case_id] = [count, mark]
            if before != after:
                anew.append((case_id, count, before, after))
    if anew:
        with db.writing() as session:
            for one in anew:
                _write_cell(session, *one)
    _remember(seed, known)
    return known, bool(anew)


def _look_into(session: Session, identity: Identity, seed: bytes, case_id: str) -> tuple[str, bytes, bytes]:
    """What a letter asks for; its cell as it is, and with the days that its entries come to."""
    before = after = b""
    mark = ""
    try:
        hand = at_hand(session, identity, seed, case_id)
        entries, _damaged = every_entry(hand, hand.story())
        before = hand.case.file.openings_handlers
        dating.renew(hand.case.file, hand.side_key, entries)
        after = hand.case.file.openings_handlers
        if kept_of(hand.case.file, entries).why == "withdrawn":
            mark = WITHDRAW
        elif asks_for_another(entries):
            mark = OTHER
    except (NoSuchCase, CannotOpen, NotAKey):
        pass
    session.expunge_all()  # nothing is written while one only looks
    return mark, before, after


def _write_cell(session: Session, case_id: str, count: int, before: bytes, after: bytes) -> None:
    """Write it, unless somebody wrote in the case since it was read: then they made its days anew, or it waits again."""
    still = CaseFile.id == case_id, CaseFile.openings_handlers == before, CaseFile.messages == count
    session.execute(update(CaseFile).where(*still).values(openings_handlers=after))


def _recall(seed: bytes) -> dict[str, Any]:
    sealed = memory.store().get(_shelf(seed))
    try:
        found: dict[str, Any] = json.loads(unseal(sealed or b"", _key(seed), _BOUND))
    except CannotOpen:
        return {}
    return found


def _remember(seed: bytes, known: dict[str, Any]) -> None:
    sealed = seal(json.dumps(known).encode(), _key(seed), _BOUND)
    memory.store().put(_shelf(seed), sealed, config.current().session_hours * 3600)


def _key(seed: bytes) -> SharedKey:
    return derive(SharedKey(seed), "wishes")


def _shelf(seed: bytes) -> str:
    return "wishes:" + hashlib.sha256(_key(seed).raw).hexdigest()
