"""From sealed tallies to raw tables, in a custodian's memory and nowhere else.

A release is made by two custodians one after the other: the first opens what they can and seals that share
to the second (`share`); the second adds what only they can open and counts both (`tabulate`). So a case from
which one of them is struck out is counted by the other, and neither learns which those are from the page.

    sealed = share(session, first, seed, as_of=day, to=second_id)           # waits where the board keeps it
    tables = tabulate(session, second, seed, as_of=day, shares=[sealed],
                      releases=days_so_far, shapes=catalogue.tables)        # RawTables for protect()

Only cases count that a handler on the roster judged genuine, by their signature; where a case is counted
once it has been published is decided in intake/counting.py. A case is a cell: "counts" says whether the
person harmed wrote (`own`) or somebody else (`told`), the rest are coarse answers, "unsaid" without consent.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import log, rosters
from core.access import Identity
from core.disclosure import RawTable
from core.roster import Roster
from core.sealing import CannotOpen, context, seal, unseal
from intake.cases import Case, Holder, load, read_entry
from intake.counting import Cell, Judged, cell_at
from intake.handling import GBV_GROUPS
from intake.letters import read_compact
from intake.models import CaseFile
from intake.roles import require_may
from intake.slots import Side

OWN: Final = "own"
TOLD: Final = "told"
UNSAID: Final = "unsaid"

CATEGORIES: Final[Mapping[str, tuple[str, ...]]] = {
    "kind": ("sexual", "physical", "other", UNSAID),
    "sex": ("female", "male", "other", UNSAID),
    "age": ("under_18", "from_18", UNSAID),
    "setting": ("home", "work", "health_facility", "public", "online", UNSAID),
}
"""What a cell may say, dim by dim: no table can ask for more than this."""
_FROM_REPORT: Final = {"sex": "sex", "age": "age_group", "setting": "setting"}


class Shape(Protocol):
    """A table of the board's catalogue: its name, what it counts, its dims and their categories."""

    @property
    def name(self) -> str: ...
    @property
    def counts(self) -> str: ...
    @property
    def categories(self) -> Mapping[str, tuple[str, ...]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """One case as a custodian may know it: every judgement of a handler, in the order it was written."""

    case_id: str
    history: tuple[Judged, ...]


class ShareRefused(Exception):
    """A share does not open for this custodian, or is of another release."""


def open_tallies(session: Session, identity: Identity, seed: bytes, *, as_of: date) -> Iterator[Tally]:
    """The judged cases that arrived up to a day, as far as this custodian can open them.

    Write the log's line before. One case at a time is in memory; what does not open is passed over.
    """
    require_may(identity, "count")
    holder, chain = Holder.of(identity, seed), rosters.chain(session)
    ids = session.scalars(select(CaseFile.id).where(CaseFile.arrived_on <= as_of).order_by(CaseFile.id)).all()
    for case_id in ids:
        try:
            tally = _tally(load(session, case_id), holder, chain)
        except CannotOpen:
            tally = None
        session.expunge_all()
        if tally is not None:
            yield tally


def share(session: Session, identity: Identity, seed: bytes, *, as_of: date, to: str) -> bytes:
    """What the first custodian can count, sealed to the second (an id on the roster in force).

    Raises `Denied`, `LogBroken`, `KeyError` for somebody who is no custodian on it.
    """
    require_may(identity, "count")
    second = {member.id: member for member in rosters.current(session).custodians}[to]
    log.write(session, "counted", who=identity.person_id, about=as_of.isoformat())
    session.flush()
    found = {one.case_id: one.history for one in open_tallies(session, identity, seed, as_of=as_of)}
    written = {case_id: [[one.on.isoformat(), one.cell] for one in told] for case_id, told in found.items()}
    return seal(json.dumps(written, sort_keys=True).encode(), second.seal_key, _place(as_of, to))


def tabulate(
    session: Session,
    identity: Identity,
    seed: bytes,
    *,
    as_of: date,
    shares: Iterable[bytes],
    releases: Iterable[date],
    shapes: Sequence[Shape],
) -> tuple[RawTable, ...]:
    """The tables of these shapes as they stand on a day, from the shares of others and one's own.

    releases: the days of all releases so far. For `protect` alone. Raises `Denied`, `LogBroken`,
    `ShareRefused`; ValueError for a shape that asks for more than a cell may say.
    """
    require_may(identity, "count")
    log.write(session, "counted", who=identity.person_id, about=as_of.isoformat())
    session.flush()
    told: dict[str, Sequence[Judged]] = {}
    for sealed in shares:
        told |= _read_share(sealed, identity, seed, as_of)
    told |= {one.case_id: one.history for one in open_tallies(session, identity, seed, as_of=as_of)}
    days = tuple(releases)
    cells = [cell for history in told.values() if (cell := cell_at(history, days, as_of))]
    return tuple(_table(shape, as_of, cells) for shape in shapes)


def _tally(case: Case, holder: Holder, chain: Sequence[Roster]) -> Tally | None:
    opened = case.open_for(holder, chain)
    answers: Mapping[str, Any] | None = None
    history = []
    for part, place in case.entries(Side.CUSTODIANS):
        try:
            written = read_entry(part, place, opened, chain, None)
            words = read_compact(written.payload)
        except CannotOpen:
            continue
        if written.role == "handler" and words.get("what") == "judgement":
            if answers is None:
                answers = read_compact(case.read_first("tally", opened, chain).payload)
            history.append(_judged(words, answers))
    return Tally(case_id=case.id, history=tuple(history)) if history else None


def _judged(words: Mapping[str, Any], answers: Mapping[str, Any]) -> Judged:
    genuine = words.get("genuine") == "yes"
    on = date.fromisoformat(str(words["at"])[:10])
    return Judged(on=on, cell=_cell(answers, str(words.get("gbv_type", ""))) if genuine else None)


def _cell(answers: Mapping[str, Any], gbv_type: str) -> Cell:
    """Where a case is counted. Nobody can consent for another, and without consent only the total knows it."""
    if answers.get("reporter_role") != "self":
        return {"counts": TOLD}
    agreed = answers.get("consent_stats") is True
    found = {"kind": GBV_GROUPS.get(gbv_type, UNSAID)}
    found |= {dim: str(answers.get(name, UNSAID)) for dim, name in _FROM_REPORT.items()}
    cell = {dim: found[dim] if agreed and found[dim] in CATEGORIES[dim] else UNSAID for dim in CATEGORIES}
    return {"counts": OWN, **cell}


def _table(shape: Shape, as_of: date, cells: Iterable[Cell]) -> RawTable:
    counted = Counter(
        tuple(cell[dim] for dim in shape.categories) for cell in cells if cell["counts"] == shape.counts
    )
    return RawTable(
        name=shape.name,
        release=as_of.isoformat(),
        counts=shape.counts,
        dims=shape.categories,
        rows=dict(counted),
    )


def _read_share(sealed: bytes, identity: Identity, seed: bytes, as_of: date) -> dict[str, Sequence[Judged]]:
    holder = Holder.of(identity, seed)
    try:
        found = read_compact(unseal(sealed, holder.private, _place(as_of, identity.person_id)))
        return {
            case_id: [Judged(on=date.fromisoformat(on), cell=cell) for on, cell in told]
            for case_id, told in found.items()
        }
    except (CannotOpen, TypeError, ValueError) as refused:
        raise ShareRefused from refused


def _place(as_of: date, custodian_id: str) -> bytes:
    return context("share of a release", as_of.isoformat(), custodian_id)
