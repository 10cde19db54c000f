"""A handler's list: the cases their own keys open, urgent first, with flags and without a story.

Which cases somebody can open is known to nobody but them. The program finds out by trying their key on
slots it has not tried before, and keeps what it learned in memory only, sealed under a key of their seed,
until the session would end anyway. A case that does not open is not listed, counted or mentioned.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import config, db, log, memory, rosters
from core.access import Identity
from core.sealing import CannotOpen, SharedKey, context, derive, seal, unseal
from intake import eraser
from intake.cases import Holder, open_key_set
from intake.compartments import Keys, read_compartment, start
from intake.envelope import first_place
from intake.founding import eraser_path
from intake.letters import read_compact
from intake.models import CaseFile, Compartment, KeySet
from intake.report import sound
from intake.roles import require_may

PAGE: Final = 50
_BATCH: Final = 250
_LISTED_SECONDS: Final = 3600

Index = dict[str, dict[str, Any] | None]
"""Case id → the flags, or None for a case that does not open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One line of the list."""

    case_id: str
    arrived_on: date
    state: str
    urgent: bool
    messages: int
    flags: Mapping[str, Any]


def cases(identity: Identity, seed: bytes) -> list[Listed]:
    """Every case this handler can open: urgent first, then the oldest, closed ones last.

    Flags that were not opened before are opened now, after a line in the log. Raises `Denied`, `LogBroken`.
    """
    require_may(identity, "list")
    _write_down(identity, seed)
    index = _recall(seed)
    with db.reading() as session:
        files = session.execute(
            select(CaseFile.id, CaseFile.arrived_on, CaseFile.state, CaseFile.urgent, CaseFile.messages)
        ).all()
    fresh = [file.id for file in files if file.id not in index]
    if fresh:
        with db.reading() as session:
            index |= dict(_try(session, Holder.of(identity, seed), fresh))
        _remember(seed, index)
    found = [
        Listed(
            case_id=file.id,
            arrived_on=file.arrived_on,
            state=file.state,
            urgent=file.urgent,
            messages=file.messages,
            flags=flags,
        )
        for file in files
        if (flags := index.get(file.id)) is not None
    ]
    return sorted(found, key=lambda one: (one.state == "closed", not one.urgent, one.arrived_on, one.case_id))


def one(identity: Identity, seed: bytes, case_id: str) -> Listed | None:
    """One line of the list, or None for a case that is not on it."""
    return next((line for line in cases(identity, seed) if line.case_id == case_id), None)


def _write_down(identity: Identity, seed: bytes) -> None:
    """One line in an hour of looking, whether anything is new or not: a line must not tell that a letter came."""
    mark = f"{_shelf(seed)}:listed"
    if memory.store().get(mark) is None:
        with db.writing() as session:
            log.write(session, "listed", who=identity.person_id)
        memory.store().put(mark, b"1", _LISTED_SECONDS)


def _try(
    session: Session, holder: Holder, fresh: Sequence[str]
) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Flags of the cases that open; the key sets and flags of a batch at a time are in memory."""
    chain = rosters.chain(session)
    for begin in range(0, len(fresh), _BATCH):
        batch = fresh[begin : begin + _BATCH]
        rows = session.execute(
            select(CaseFile.eraser_slot, Compartment, KeySet)
            .join(Compartment, (Compartment.case_id == CaseFile.id) & (Compartment.kind == "flags"))
            .join(KeySet, KeySet.id == Compartment.key_set_s)
            .where(CaseFile.id.in_(batch))
        ).all()
        found: Index = dict.fromkeys(batch)
        for slot, part, key_set in rows:
            try:
                side_key = open_key_set(key_set, holder, eraser.key(eraser_path(), slot), chain)
                place = first_place(part.case_id, "flags", [start(part.case_id)])
                keys = Keys(handlers=side_key.key)
                written = read_compartment(part.blob, place, keys, rosters=chain, proof=None)
                found[part.case_id] = sound(read_compact(written.payload))
            except CannotOpen:
                continue
        session.expunge_all()
        yield from found.items()


def _recall(seed: bytes) -> Index:
    sealed = memory.store().get(_shelf(seed))
    if sealed is None:
        return {}
    try:
        found: Index = json.loads(unseal(sealed, _key(seed), context("desk")))
    except CannotOpen:
        return {}
    return found


def _remember(seed: bytes, index: Index) -> None:
    sealed = seal(json.dumps(index).encode(), _key(seed), context("desk"))
    memory.store().put(_shelf(seed), sealed, config.current().session_hours * 3600)


def _key(seed: bytes) -> SharedKey:
    return derive(SharedKey(seed), "desk")


def _shelf(seed: bytes) -> str:
    # A hash of the key and not the person's id: the shelf's own names must not tell who looked.
    return "desk:" + hashlib.sha256(_key(seed).raw).hexdigest()
