"""What a release tells at the size of a small and of a large centre, and how long the largest takes.

A year of invented letters, like in life mostly alike, is released four times by the catalogue; each row of the last
release is exact, a range, "fewer than 5" or withheld. The large cube is the one the rule was measured with.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from flask import Flask

from bench.desk import kept_letters
from board.catalogue import CATALOGUE
from board.published import K
from board.releasing import wanted
from core import clock, db
from core.access import Role
from core.disclosure import ProtectedTable, RawTable, Value, audit, protect
from intake.casework import casework
from intake.counts import tally
from intake.counts.counting import Cell
from intake.keys.founding import Founded, Settled

DAYS: Final = ("2026-03-31", "2026-06-30", "2026-09-30", "2026-12-31")
YEARS: Final = (6, 40, 400, 4_000)
TALLIES: Final = 10_000
OPENED: Final = 400
"""So many letters are judged and opened in earnest; the time of all is worked out from theirs."""
CUBE: Final = (15, 10)

Line = Callable[[str, str, str], None]

_ANSWERS: Final[dict[str, tuple[list[str], list[float]]]] = {
    "sex": (["female", "male", "unsaid"], [0.8, 0.15, 0.05]),
    "age_group": (["from_18", "under_18", "unsaid"], [0.8, 0.15, 0.05]),
    "setting": (["home", "work", "health_facility", "public", "online"], [0.5, 0.25, 0.1, 0.05, 0.1]),
    "gbv_type": (["psychological", "physical_assault", "sexual_assault"], [0.5, 0.3, 0.2]),
    "place": (["other", "stations", "departments", "offices"], [0.4, 0.3, 0.2, 0.1]),
    "state": (["answered", "open", "closed"], [0.5, 0.2, 0.3]),
    "first_answer": (["days_2", "days_7", "not_yet", "later"], [0.7, 0.15, 0.1, 0.05]),
}
_NEEDS: Final = {"health": 0.4, "psychosocial": 0.6, "legal": 0.2, "shelter": 0.1, "police": 0.1}


def measure(line: Line) -> None:
    """Print a line for each size of a year, and one for the time."""
    for cases in YEARS:
        rows = [row.value for table in last_release(cases) for row in table.rows]
        shares = Counter(map(_kind, rows))
        said = ", ".join(f"{kind} {100 * shares[kind] / len(rows):.0f} %" for kind in _KINDS)
        line(f"rows after 4 releases of {cases:,} letters a year", said, "")
    took, slowest = large_cube()
    line(
        f"{TALLIES:,} tallies, {CUBE[0] * CUBE[1]} cells, 4 releases in all",
        f"{took:.1f} s, slowest one {slowest:.1f} s",
        "≤ 10 s",
    )


def opening(app: Flask, founded: Founded, line: Line) -> None:
    """Print what trying one custodian's keys takes, all of it: reading, opening, checking signatures, finding cells."""
    handler, custodian = founded.of(Role.HANDLER)[0], founded.of(Role.CUSTODIAN)[0]
    with app.app_context():
        for case_id in kept_letters(OPENED):
            with db.writing() as session:
                casework.judge(
                    session,
                    handler.identity,
                    handler.credentials.seed or b"",
                    case_id,
                    genuine="yes",
                    gbv_type="psychological",
                )
        each = [_opened(custodian) for _ in range(3)][
            -1
        ]  # the first one also writes the questions to the database
    line(
        f"{TALLIES:,} tallies opened by a custodian, from {OPENED}",
        f"{TALLIES * each:.1f} s, {1000 * each:.2f} ms of one core each",
        "≤ 10 s, with progress",
    )


def _opened(custodian: Settled) -> float:
    """Seconds of one core for each case."""
    who, seed = custodian.identity, custodian.credentials.seed or b""
    with db.reading_much() as session:
        begun = time.process_time()
        opened = tally.open_cells(session, who, seed, releases=(), as_of=clock.today())
        return (time.process_time() - begun) / len(opened.cells)


_KINDS: Final = ("exact", "range", f"under {K}", "withheld")


def _kind(value: Value) -> str:
    if value is None:
        return "withheld"
    if isinstance(value, int):
        return "exact"
    return "range" if value[0] else f"under {K}"


def last_release(cases: int) -> list[ProtectedTable]:
    """The fourth release of a year of so many letters."""
    cells = list(invented(cases))
    told: list[ProtectedTable] = []
    asked = [replace(one, moves=()) for one in wanted(CATALOGUE)]
    for place, day in enumerate(DAYS, 1):
        counted = {str(at): cell for at, cell in enumerate(cells[: cases * place // len(DAYS)])}
        told += protect(tally.tabulate(counted, tables=asked, release=day), told, K)
    return [table for table in told if table.release == DAYS[-1]]


def invented(cases: int) -> Iterator[Cell]:
    """Cells of letters, the same every time."""
    import numpy as np

    chance = np.random.default_rng(cases)
    for _ in range(cases):
        said: dict[str, Any] = {name: str(chance.choice(of, p=p)) for name, (of, p) in _ANSWERS.items()}
        said["needs"] = [need for need, often in _NEEDS.items() if chance.random() < often]
        role = "self" if chance.random() < 0.8 else "other"
        yield tally.cell_of(said | {"reporter_role": role, "consent_stats": chance.random() < 0.8}, said)


def large_cube() -> tuple[float, float]:
    """Seconds for tabulating, protecting and auditing four releases, and for the slowest of them."""
    cells = list(_crossed())
    told: list[ProtectedTable] = []
    times = []
    for place, day in enumerate(DAYS, 1):
        begun = time.perf_counter()
        told += protect(_tables(day, cells[: TALLIES * place // len(DAYS)]), told, K)  # it ends with an audit
        times.append(time.perf_counter() - begun)
    if audit(told, K):
        raise AssertionError("something small can be proved")
    return sum(times), max(times)


def _crossed() -> Iterator[tuple[str, str]]:
    import numpy as np

    chance = np.random.default_rng(1)
    wide, high = CUBE
    weights = chance.dirichlet(np.full(wide * high, 0.6))
    for cell in chance.choice(wide * high, size=TALLIES, p=weights):
        yield f"k{cell // high}", f"s{cell % high}"


def _tables(release: str, cells: Sequence[tuple[str, str]]) -> list[RawTable]:
    kinds, sexes = (tuple(f"{stem}{at}" for at in range(size)) for stem, size in zip("ks", CUBE, strict=True))
    counted: list[tuple[dict[str, tuple[str, ...]], Counter[tuple[str, ...]]]] = [
        ({"kind": kinds}, Counter((kind,) for kind, _ in cells)),
        ({"sex": sexes}, Counter((sex,) for _, sex in cells)),
        ({"kind": kinds, "sex": sexes}, Counter(tuple(cell) for cell in cells)),
    ]
    return [
        RawTable(name="_".join(dims), release=release, dims=dims, rows=dict(rows)) for dims, rows in counted
    ]
