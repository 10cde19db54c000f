"""From sealed tallies to raw tables, in a custodian's memory and nowhere else.

A custodian opens, case by case, the coarse answers and the handlers' judgements, and finds the cell in which
each case is counted (intake/counts/counting.py). Two custodians take part in a release one after the other, so
that a case from which one is struck out is counted by the other; how cells get from the first to the second
is intake/counts/shares.py, and what may be published of them is the board's and core.disclosure's.

    opened = open_cells(session, custodian, seed, releases=days_so_far, as_of=day)
    tables = tabulate(opened.cells | those_of_the_other, tables=wanted, release="2026-09-30")

Ten thousand cases take some ten seconds: with `patience` it stops in between and goes on where it stopped.

Only cases count that a handler on the roster judged genuine, by their signature. A cell says "counts", which
is `own` where the person harmed wrote and `told` where somebody else did, and coarse answers, "unsaid" where
there is no consent to statistics.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import rosters
from core.access import Identity
from core.disclosure import RawTable
from core.roster import Roster
from core.sealing import CannotOpen
from intake import eraser
from intake.casefile.counted import NEEDS, PLACES
from intake.cases import Case, Holder, read_entry, rows_of
from intake.counts.counting import Cell, Judged, cell_at, final_cell
from intake.eraser import eraser_path
from intake.form.handling import GBV_GROUPS
from intake.keys.anew import EVERY_PART
from intake.models import CaseFile, Compartment
from intake.roles import require_may
from intake.seal.compartments import ENTRY
from intake.seal.envelope import first_place
from intake.seal.letters import read_compact
from intake.seal.rows import Opened as Keys
from intake.seal.slots import Side

OWN: Final = "own"
TOLD: Final = "told"
UNSAID: Final = "unsaid"
_BATCH: Final = 100

CATEGORIES: Final[Mapping[str, tuple[str, ...]]] = {
    "kind": ("sexual", "physical", "other", UNSAID),
    "sex": ("female", "male", "other", UNSAID),
    "age": ("under_18", "from_18", UNSAID),
    "setting": ("home", "work", "health_facility", "public", "online", UNSAID),
    "place": (*PLACES, UNSAID),
    "state": ("open", "answered", "closed", UNSAID),
    "first_answer": ("days_2", "days_7", "later", "not_yet", UNSAID),
    **{f"need_{need}": ("yes", "no") for need in NEEDS},
}
"""What a cell may say, dim by dim: no table can ask for more than this."""
_FROM_REPORT: Final = {"sex": "sex", "age": "age_group", "setting": "setting"}
_FROM_FILE: Final = ("state", "first_answer")
_NOT_SAID: Final = {dim: UNSAID if UNSAID in known else "no" for dim, known in CATEGORIES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A table somebody asks for: its name, what it counts, its dims and their categories.

    groups: dim → categories that are shown together only, under the name of their group. moves: in final figures,
    the dims in which a case may have moved since it was first released.
    """

    name: str
    counts: str
    dims: Mapping[str, tuple[str, ...]]
    groups: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    moves: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """One case as a custodian may know it: every judgement of a handler, in the order it was written."""

    case_id: str
    history: tuple[Judged, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What was counted so far: case id → cell, of the cases that count and that this custodian can open.

    last: the case that was tried last. percent: how much of all cases is behind, whether they open or not.
    """

    cells: Mapping[str, Cell] = field(default_factory=dict, repr=False)
    last: str = ""
    percent: int = 0
    whole: bool = False


NOTHING: Final = Opened()


def open_cells(
    session: Session,
    identity: Identity,
    seed: bytes,
    *,
    releases: Iterable[date],
    as_of: date,
    final: bool = False,
    so_far: Opened = NOTHING,
    patience: float | None = None,
) -> Opened:
    """Try the cases that were not tried yet, and find the cells of those that count on a day.

    releases: the days of all releases so far. final: as they stand in the final figures of the year that ends on
    that day. patience: seconds after which it stops; None: at the end. The caller has written the log's line.
    Raises `Denied`.
    """
    require_may(identity, "count")
    until = time.monotonic() + patience if patience is not None else None
    days, cells, last, whole = tuple(releases), dict(so_far.cells), so_far.last, True
    for tried, tallies in _batches(session, identity, seed, as_of, last):
        cells |= _cells_of(tallies, days, as_of, final)
        last = tried
        if until is not None and time.monotonic() > until:
            whole = False
            break
    percent = 100 if whole else _percent(session, as_of, last)
    return Opened(cells=cells, last=last, percent=percent, whole=whole or percent == 100)


def open_tallies(session: Session, identity: Identity, seed: bytes, *, as_of: date) -> Iterator[Tally]:
    """The judged cases that arrived up to a day; what does not open is passed over without a word. Raises `Denied`."""
    require_may(identity, "count")
    for _, tallies in _batches(session, identity, seed, as_of):
        yield from tallies


def tabulate(cells: Mapping[str, Cell], *, tables: Sequence[Wanted], release: str) -> tuple[RawTable, ...]:
    """The tables asked for, as they stand at this release. For `protect` alone.

    KeyError for a dim that no cell says.
    """
    return tuple(
        RawTable(
            name=table.name,
            release=release,
            counts=table.counts,
            dims=table.dims,
            groups=table.groups,
            moves=table.moves,
            rows=dict(
                Counter(
                    tuple(cell[dim] for dim in table.dims)
                    for cell in cells.values()
                    if cell["counts"] == table.counts
                )
            ),
        )
        for table in tables
    )


def _batches(
    session: Session, identity: Identity, seed: bytes, as_of: date, after: str = ""
) -> Iterator[tuple[str, list[Tally]]]:
    """Batch by batch the last id that was looked at, and what opened; a small batch at a time is in memory."""
    holder, chain = Holder.of(identity, seed), rosters.chain(session)
    arrived = select(CaseFile.id).where(CaseFile.arrived_on <= as_of).order_by(CaseFile.id).limit(_BATCH)
    while ids := session.scalars(arrived.where(CaseFile.id > after)).all():
        after = ids[-1]
        yield after, list(_opened(session, holder, chain, _told(session, ids)))


def _told(session: Session, ids: Sequence[str]) -> list[str]:
    """Those of these cases in which something was written to the custodians, in the same order."""
    entries = select(Compartment.case_id).where(
        Compartment.case_id.between(ids[0], ids[-1]),
        Compartment.kind == ENTRY,
        Compartment.key_set_c.is_not(None),
    )
    told = set(session.scalars(entries))
    return [case_id for case_id in ids if case_id in told]


def _opened(session: Session, holder: Holder, chain: Sequence[Roster], ids: Sequence[str]) -> Iterator[Tally]:
    cases = rows_of(session, ids, Side.CUSTODIANS, EVERY_PART) if ids else []
    keys = eraser.keys(eraser_path(), [case.file.eraser_slot for case in cases])
    for case in cases:
        if (key := keys.get(case.file.eraser_slot)) is None:
            continue
        with suppress(CannotOpen):
            history = _history(case, case.open_under(key, holder, chain), chain)
            if history:
                yield Tally(case_id=case.id, history=history)


def _percent(session: Session, as_of: date, last: str) -> int:
    """How much of all cases is behind, whether they open or not: nothing else is to be seen in it."""
    arrived = select(func.count()).select_from(CaseFile).where(CaseFile.arrived_on <= as_of)
    every = session.scalar(arrived) or 0
    return 100 * (session.scalar(arrived.where(CaseFile.id <= last)) or 0) // every if every else 100


def _cells_of(tallies: Sequence[Tally], days: Sequence[date], as_of: date, final: bool) -> dict[str, Cell]:
    found = {
        one.case_id: final_cell(one.history, days, as_of.year) if final else cell_at(one.history, days, as_of)
        for one in tallies
    }
    return {case_id: cell for case_id, cell in found.items() if cell is not None}


def _history(case: Case, opened: Keys, chain: Sequence[Roster]) -> tuple[Judged, ...]:
    """Every judgement of a handler that opens."""
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
                # By the chain that the entries needed: hashing its beginning once more would take as long as opening.
                first = first_place(case.id, "tally", case.heads)
                tally = read_entry(case.first_part("tally"), first, opened, chain, None)
                answers = read_compact(tally.payload)
            history.append(_judged(words, answers))
    return tuple(history)


def _judged(words: Mapping[str, Any], answers: Mapping[str, Any]) -> Judged:
    on = date.fromisoformat(str(words["at"])[:10])
    return Judged(on=on, cell=cell_of(answers, words) if words.get("genuine") == "yes" else None)


def cell_of(answers: Mapping[str, Any], judged: Mapping[str, Any]) -> Cell:
    """Where a case is counted. Nobody can consent for another, and without consent only the total knows it.

    answers: the reporter's coarse ones; judged: the handler's type, and the coarse words of the file, if any.
    """
    if answers.get("reporter_role") != "self":
        return {"counts": TOLD}
    if answers.get("consent_stats") is not True:
        return {"counts": OWN, **_NOT_SAID}
    found = {
        "kind": GBV_GROUPS.get(str(judged.get("gbv_type", "")), UNSAID),
        "place": _place(answers, judged),
    }
    found |= {dim: str(answers.get(name, UNSAID)) for dim, name in _FROM_REPORT.items()}
    found |= {dim: str(judged.get(dim, UNSAID)) for dim in _FROM_FILE}
    needs = judged.get("needs")
    found |= {f"need_{need}": "yes" for need in NEEDS if isinstance(needs, list) and need in needs}
    said = {dim: found.get(dim, UNSAID) for dim in CATEGORIES}
    return {
        "counts": OWN,
        **{dim: at if at in CATEGORIES[dim] else _NOT_SAID[dim] for dim, at in said.items()},
    }


def _place(answers: Mapping[str, Any], judged: Mapping[str, Any]) -> str:
    """What the handler found out; else only whether somebody works here at all, as the reporter said."""
    if judged.get("place"):
        return str(judged["place"])
    return "other" if answers.get("affected_group") == "other" else UNSAID
