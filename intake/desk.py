"""A handler's list: the cases their own keys open, with flags and clocks and without a story.

Which cases somebody can open is known to nobody but them. The program finds out by trying their key on
slots it has not tried before: at the first list after a sign-in it takes up what the sealed index of an
earlier one says (intake/desk_index.py), and from then on what lies in memory, sealed under a key of their
seed, until the session would end anyway. A case that does not open is not listed, counted or mentioned.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock, config, db, log, memory, rosters
from core.access import Identity
from core.db import new_id
from core.sealing import CannotOpen, SharedKey, context, derive, seal, unseal
from intake import desk_index, eraser, rota
from intake.cases import Holder, open_key_set
from intake.clocks import Clock, Facts, next_clock, reporter_wrote_since
from intake.compartments import Keys, read_compartment, start
from intake.desk_index import MARK_DIGITS, Index
from intake.envelope import first_place
from intake.founding import eraser_path
from intake.letters import read_compact
from intake.models import CaseFile, Compartment, KeySet
from intake.report import sound
from intake.roles import require_may

_BATCH: Final = 250
_LISTED_SECONDS: Final = 3600
_MOVED: Final = "desk:moved"
_CLOSED: Final = "-" * MARK_DIGITS + "null"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One line of the list. said: its flags as JSON; next: what is to be done first, and until when."""

    case_id: str
    arrived_on: date
    state: str
    urgent: bool
    messages: int
    said: str = field(repr=False)
    next: Clock | None

    @property
    def flags(self) -> dict[str, Any]:
        """The flags, read anew each time: a line that is not shown keeps none."""
        found: dict[str, Any] = json.loads(self.said)
        return found

    @property
    def waits(self) -> bool:
        """Whether the reporter wrote after the desk last looked."""
        return reporter_wrote_since(self.state, self.messages)


class _Reckoning:
    """The next clock of many cases at one moment; those that say the same are reckoned once."""

    def __init__(self) -> None:
        self._now, self._hours = clock.now(), rota.working_hours()
        self._known: dict[str, Clock | None] = {}

    def next(self, file: Any, said: str) -> Clock | None:
        if file.state == "closed":
            return None
        same = f"{file.state} {file.messages > 0} {file.arrived_on} {said}"
        if same not in self._known:
            flags = json.loads(said)
            facts = Facts(
                arrived=_arrived(file.arrived_on, flags),
                state=file.state,
                messages=file.messages,
                flags=flags,
            )
            self._known[same] = next_clock(facts, self._now, self._hours)
        return self._known[same]


def _arrived(day: date, flags: Mapping[str, Any]) -> datetime:
    """The minute of arrival. A browser sealed it: where it cannot be true, the day the server set stands."""
    morning = datetime.combine(day, datetime.min.time(), clock.ZONE)
    try:
        told = datetime.fromisoformat(flags.get("arrived_at", "")).astimezone(clock.ZONE)
    except ValueError:
        return morning
    return told if told.date() == day else morning


def cases(identity: Identity, seed: bytes) -> list[Listed]:
    """Every case this handler can open: urgent first, then the oldest, closed ones last. Raises as `lines` does."""
    found = lines(identity, seed)
    return sorted(found, key=lambda one: (one.state == "closed", not one.urgent, one.arrived_on, one.case_id))


def lines(identity: Identity, seed: bytes) -> list[Listed]:
    """The same in no order.

    Flags that were not opened before are opened now, after a line in the log. Raises `Denied`, `LogBroken`.
    """
    require_may(identity, "list")
    _write_down(identity, seed)
    with db.reading() as session:
        files = session.execute(_FILES).all()
    index = _index(identity, seed, {file.case_id: file.eraser_slot for file in files})
    reckoning = _Reckoning()
    return [
        Listed(
            case_id=file.case_id,
            arrived_on=file.arrived_on,
            state=file.state,
            urgent=file.urgent,
            messages=file.messages,
            said=said,
            next=reckoning.next(file, said),
        )
        for file in files
        if (said := index.get(file.case_id, _CLOSED)[MARK_DIGITS:]) != "null"
    ]


def one(identity: Identity, seed: bytes, case_id: str) -> Listed | None:
    """One line of the list, or None for a case that is not on it."""
    return next((line for line in lines(identity, seed) if line.case_id == case_id), None)


def moved() -> None:
    """Somebody stepped back or was let in: every desk tries the slots that changed."""
    memory.store().put(_MOVED, new_id().encode(), config.current().session_hours * 3600)


_FILES: Final = select(
    CaseFile.id.label("case_id"),
    CaseFile.arrived_on,
    CaseFile.state,
    CaseFile.urgent,
    CaseFile.messages,
    CaseFile.eraser_slot,
)


def _index(identity: Identity, seed: bytes, places: Mapping[str, int]) -> Index:
    """What opens, as of now. places: case id → eraser slot, of every case there is."""
    at, index = _recall(seed)
    now = (memory.store().get(_MOVED) or b"-").decode()
    if at == now and index.keys() >= places.keys():
        return index
    by_place = eraser.keys(eraser_path(), places.values())
    erasers = {case_id: by_place[place] for case_id, place in places.items() if place in by_place}
    with db.reading() as session:
        if at is None:
            index = desk_index.recall(session, seed, erasers)
        looked_at = [case_id for case_id in places if at != now or case_id not in index]
        marks = _marks(session, looked_at)
        fresh = [one for one in looked_at if one not in index or index[one][:MARK_DIGITS] != marks.get(one)]
        index |= _try(session, Holder.of(identity, seed), fresh, erasers, marks)
    if at is None:
        with db.writing() as session:
            desk_index.keep(session, seed, index, erasers, len(places))
    _remember(seed, now, index)
    return index


def _marks(session: Session, case_ids: Sequence[str]) -> dict[str, str]:
    sets: dict[str, list[str]] = {}
    asked = select(KeySet.case_id, KeySet.id)
    if len(case_ids) <= _BATCH:
        asked = asked.where(KeySet.case_id.in_(case_ids))
    for case_id, key_set_id in session.execute(asked):
        sets.setdefault(case_id, []).append(key_set_id)
    return {case_id: desk_index.mark_of(ids) for case_id, ids in sets.items()}


def _write_down(identity: Identity, seed: bytes) -> None:
    """One line in an hour of looking, whether anything is new or not: a line must not tell that a letter came."""
    mark = f"{_shelf(seed)}:listed"
    if memory.store().get(mark) is None:
        with db.writing() as session:
            log.write(session, "listed", who=identity.person_id)
        memory.store().put(mark, b"1", _LISTED_SECONDS)


def _try(
    session: Session,
    holder: Holder,
    fresh: Sequence[str],
    erasers: Mapping[str, SharedKey],
    marks: Mapping[str, str],
) -> Index:
    """Try one's key on the slots of these cases; a batch at a time is in memory."""
    chain = rosters.chain(session)
    found: Index = {one: marks.get(one, desk_index.mark_of([])) + "null" for one in fresh}
    for part, key_set in _flags_of(session, fresh):
        try:
            side_key = open_key_set(key_set, holder, erasers[part.case_id], chain)
            place = first_place(part.case_id, "flags", [start(part.case_id)])
            keys = Keys(handlers=side_key.key)
            written = read_compartment(part.blob, place, keys, rosters=chain, proof=None)
            flags = sound(read_compact(written.payload))
        except (CannotOpen, KeyError):
            continue
        words = json.dumps(flags, ensure_ascii=False, separators=(",", ":"))
        found[part.case_id] = found[part.case_id][:MARK_DIGITS] + words
    return found


def _flags_of(session: Session, fresh: Sequence[str]) -> Iterator[tuple[Compartment, KeySet]]:
    for begin in range(0, len(fresh), _BATCH):
        asked = (
            select(Compartment, KeySet)
            .join(KeySet, KeySet.id == Compartment.key_set_s)
            .where(Compartment.case_id.in_(fresh[begin : begin + _BATCH]), Compartment.kind == "flags")
        )
        yield from session.execute(asked).all()
        session.expunge_all()


def _recall(seed: bytes) -> tuple[str | None, Index]:
    """At which move this was known, None at the first list; and what was known."""
    sealed = memory.store().get(_shelf(seed))
    if sealed is None:
        return None, {}
    try:
        at, found = json.loads(unseal(sealed, _key(seed), context("desk")))
    except CannotOpen:
        return None, {}
    return at, found


def _remember(seed: bytes, at: str, index: Index) -> None:
    sealed = seal(json.dumps((at, index), ensure_ascii=False).encode(), _key(seed), context("desk"))
    memory.store().put(_shelf(seed), sealed, config.current().session_hours * 3600)


def _key(seed: bytes) -> SharedKey:
    return derive(SharedKey(seed), "desk")


def _shelf(seed: bytes) -> str:
    # A hash of the key and not the person's id: the shelf's own names must not tell who looked.
    return "desk:" + hashlib.sha256(_key(seed).raw).hexdigest()
