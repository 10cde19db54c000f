"""From sealed tallies to raw tables, in a custodian's memory and nowhere else.

A release is made by two custodians one after the other: the first opens what they can and seals that share
to the second (`share`); the second adds what only they can open and counts both (`tabulate`). So a case from
which one of them is struck out is counted by the other, and neither learns which those are from the page.

    sealed = share(session, first, seed, until=day, to=second_id)      # waits where the board keeps it
    tables = tabulate(session, second, seed, until=day, shares=[sealed])   # RawTables for protect()

Only cases count that a handler on the roster judged genuine, by their signature. Counts run from 1 January.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import log, rosters
from core.access import Identity
from core.disclosure import RawTable
from core.i18n import Text
from core.roster import Roster
from core.sealing import CannotOpen, context, seal, unseal
from intake.cases import Case, Holder, load, read_entry
from intake.handling import GBV_GROUPS
from intake.letters import read_compact
from intake.models import CaseFile
from intake.roles import require_may
from intake.slots import Side

UNSAID: Final = "unsaid"

DIMS: Final[Mapping[str, tuple[str, ...]]] = {
    "kind": ("sexual", "physical", "other", UNSAID),
    "reporter": ("self", "other"),
    "sex": ("female", "male", "other", UNSAID),
    "age": ("under_18", "from_18", UNSAID),
    "setting": ("home", "work", "health_facility", "public", "online", UNSAID),
}
CATALOGUE: Final[Mapping[str, tuple[str, ...]]] = {
    "cases_by_kind": ("kind",),
    "cases_by_reporter": ("reporter",),
    "cases_by_sex": ("sex",),
    "cases_by_age": ("age",),
    "cases_by_setting": ("setting",),
    "cases_by_kind_and_sex": ("kind", "sex"),
}
"""The fixed tables of a release, by name: their dims. No others are ever made."""

_FROM_REPORT: Final = {"reporter": "reporter_role", "sex": "sex", "age": "age_group", "setting": "setting"}
LABELS: Final[Mapping[str, Mapping[str, Text]]] = {
    "kind": {
        "": Text("Loại hành vi", "Type of act"),
        "sexual": Text("Tình dục", "Sexual"),
        "physical": Text("Thể chất", "Physical"),
        "other": Text("Tinh thần, kinh tế, khác", "Psychological, economic, other"),
        UNSAID: Text("Không rõ", "Not stated"),
    },
    "reporter": {
        "": Text("Ai viết thư", "Who wrote"),
        "self": Text("Người bị hại", "The person harmed"),
        "other": Text("Người khác kể giúp", "Somebody else for them"),
    },
    "sex": {
        "": Text("Giới tính của người bị hại", "Sex of the person harmed"),
        "female": Text("Nữ", "Female"),
        "male": Text("Nam", "Male"),
        "other": Text("Khác", "Other"),
        UNSAID: Text("Không nêu", "Not stated"),
    },
    "age": {
        "": Text("Tuổi của người bị hại", "Age of the person harmed"),
        "under_18": Text("Dưới 18", "Under 18"),
        "from_18": Text("Từ 18", "18 and over"),
        UNSAID: Text("Không rõ", "Not stated"),
    },
    "setting": {
        "": Text("Nơi xảy ra", "Where it happened"),
        "home": Text("Trong gia đình", "At home"),
        "work": Text("Nơi làm việc", "At work"),
        "health_facility": Text("Cơ sở y tế", "Health facility"),
        "public": Text("Nơi công cộng", "Public place"),
        "online": Text("Trên mạng, điện thoại", "Online, by phone"),
        UNSAID: Text("Không nêu", "Not stated"),
    },
}
"""Words for dims ("" names the dim itself) and categories."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The coarse answers of one genuine case: dim → category."""

    case_id: str
    cell: Mapping[str, str]


class ShareRefused(Exception):
    """A share does not open for this custodian, or is of another release."""


def open_tallies(session: Session, identity: Identity, seed: bytes, *, until: date) -> Iterator[Tally]:
    """The genuine cases of the year up to a day that this custodian can open. Write the log's line before.

    One case at a time is in memory; what does not open, and what no handler judged genuine, is passed over.
    """
    require_may(identity, "count")
    holder, chain = Holder.of(identity, seed), rosters.chain(session)
    ids = session.scalars(
        select(CaseFile.id)
        .where(CaseFile.arrived_on >= date(until.year, 1, 1), CaseFile.arrived_on <= until)
        .order_by(CaseFile.id)
    ).all()
    for case_id in ids:
        try:
            tally = _tally(load(session, case_id), holder, chain)
        except CannotOpen:
            tally = None
        session.expunge_all()
        if tally is not None:
            yield tally


def share(session: Session, identity: Identity, seed: bytes, *, until: date, to: str) -> bytes:
    """What the first custodian can count, sealed to the second (an id on the roster in force).

    Raises `Denied`, `LogBroken`, `KeyError` for somebody who is no custodian on it.
    """
    require_may(identity, "count")
    second = {member.id: member for member in rosters.current(session).custodians}[to]
    log.write(session, "counted", who=identity.person_id, about=until.isoformat())
    session.flush()
    found = {one.case_id: dict(one.cell) for one in open_tallies(session, identity, seed, until=until)}
    return seal(json.dumps(found, sort_keys=True).encode(), second.seal_key, _place(until, to))


def tabulate(
    session: Session, identity: Identity, seed: bytes, *, until: date, shares: Iterable[bytes]
) -> tuple[RawTable, ...]:
    """The catalogue's tables of the year up to a day, from the shares of others and one's own. For `protect`.

    Raises `Denied`, `LogBroken`, `ShareRefused`.
    """
    require_may(identity, "count")
    log.write(session, "counted", who=identity.person_id, about=until.isoformat())
    session.flush()
    cells: dict[str, Mapping[str, str]] = {}
    for sealed in shares:
        cells |= _read_share(sealed, identity, seed, until)
    cells |= {one.case_id: one.cell for one in open_tallies(session, identity, seed, until=until)}
    return tuple(_table(name, dims, until, cells.values()) for name, dims in CATALOGUE.items())


def _tally(case: Case, holder: Holder, chain: Sequence[Roster]) -> Tally | None:
    opened = case.open_for(holder, chain)
    judged: Mapping[str, Any] = {}
    for part, place in case.entries(Side.CUSTODIANS):
        try:
            written = read_entry(part, place, opened, chain, None)
        except CannotOpen:
            continue
        words = read_compact(written.payload)
        if written.role == "handler" and words.get("what") == "judgement":
            judged = words
    if judged.get("genuine") != "yes":
        return None
    answers = read_compact(case.read_first("tally", opened, chain).payload)
    return Tally(case_id=case.id, cell=_cell(answers, str(judged.get("gbv_type", ""))))


def _cell(answers: Mapping[str, Any], gbv_type: str) -> dict[str, str]:
    """Where a case is counted. Without consent, or for a third party, only in the total."""
    agreed = answers.get("consent_stats") is True and answers.get("reporter_role") == "self"
    found = {"kind": GBV_GROUPS.get(gbv_type, UNSAID)}
    found |= {dim: str(answers.get(name, UNSAID)) for dim, name in _FROM_REPORT.items()}
    cell = {
        dim: found[dim] if found[dim] in categories and (agreed or dim == "reporter") else UNSAID
        for dim, categories in DIMS.items()
    }
    return cell | {"reporter": found["reporter"] if found["reporter"] == "self" else "other"}


def _table(name: str, dims: Sequence[str], until: date, cells: Iterable[Mapping[str, str]]) -> RawTable:
    counted = Counter(tuple(cell[dim] for dim in dims) for cell in cells)
    return RawTable(
        name=name,
        release=until.isoformat(),
        dims={dim: DIMS[dim] for dim in dims},
        rows=dict(counted),
    )


def _read_share(sealed: bytes, identity: Identity, seed: bytes, until: date) -> dict[str, Mapping[str, str]]:
    holder = Holder.of(identity, seed)
    try:
        found = read_compact(unseal(sealed, holder.private, _place(until, identity.person_id)))
    except CannotOpen as refused:
        raise ShareRefused from refused
    return {
        case_id: {dim: str(cell[dim]) for dim in DIMS}
        for case_id, cell in found.items()
        if all(cell.get(dim) in categories for dim, categories in DIMS.items())
    }


def _place(until: date, custodian_id: str) -> bytes:
    return context("share of a release", until.isoformat(), custodian_id)
