"""Which letters on a page of the list ask to be withdrawn, or for another handler.

A list opens flags alone. Of a letter whose reporter wrote and has not been answered, the entries are opened as well,
in memory, for this mark and nothing else: a wish should not lie unseen among other messages. What was found is
remembered, sealed, until the letter has one message more. The line that says that the list was looked at covers it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from core import config, db, memory
from core.access import Identity
from core.sealing import CannotOpen, NotAKey, SharedKey, context, derive, seal, unseal
from intake.cases import NoSuchCase
from intake.casework import at_hand, every_entry, kept_of
from intake.desk import Listed
from intake.retention import WITHDRAW
from intake.roles import require_may
from intake.wishes import OTHER, asks_for_another

_UNANSWERED = frozenset({"received", "reading"})
_BOUND = context("wishes")


def marks(identity: Identity, seed: bytes, lines: Sequence[Listed]) -> dict[str, str]:
    """Case id → `retention.WITHDRAW` or `wishes.OTHER`, of those lines that ask. Raises `Denied`."""
    require_may(identity, "list")
    waiting = [line for line in lines if line.messages and line.state in _UNANSWERED]
    if not waiting:
        return {}
    known = _recall(seed)
    fresh = [line for line in waiting if known.get(line.case_id, [0])[0] != line.messages]
    with db.reading() as session:
        for line in fresh:
            known[line.case_id] = [line.messages, _mark(session, identity, seed, line.case_id)]
            session.expunge_all()
    if fresh:
        _remember(seed, known)
    return {line.case_id: mark for line in waiting if (mark := known[line.case_id][1])}


def _mark(session: Session, identity: Identity, seed: bytes, case_id: str) -> str:
    try:
        hand = at_hand(session, identity, seed, case_id)
        entries, _damaged = every_entry(hand, hand.story())
    except (NoSuchCase, CannotOpen, NotAKey):
        return ""
    if kept_of(hand.case.file, entries).why == "withdrawn":
        return WITHDRAW
    return OTHER if asks_for_another(entries) else ""


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
