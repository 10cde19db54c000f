"""P9: from everything ever published, taken together, nobody can prove a count between 1 and k−1.

The reader here holds every release of a year, knows the rule, and solves for every cell and every increment
between two releases. The years are random: letters come, are judged, judged anew and taken back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from board.catalogue import CATALOGUE
from board.published import K
from board.releasing import wanted
from core.access import Role
from core.disclosure import NotPublishable, ProtectedTable, audit, from_json, protect
from intake.counts import tally
from intake.counts.counting import Cell, Judged, cell_at, final_cell
from tests.board.conftest import Year, cheap, noon, year

__all__ = ["cheap", "year"]

DAYS = (date(2026, 3, 31), date(2026, 6, 30), date(2026, 9, 30), date(2026, 12, 31))


def answers() -> st.SearchStrategy[dict[str, Any]]:
    """The coarse answers of a report; most are alike, as in life, so that some cells grow and others stay small."""
    return st.fixed_dictionaries(
        {
            "reporter_role": st.sampled_from(["self", "self", "self", "other"]),
            "consent_stats": st.sampled_from([True, True, True, False]),
            "sex": st.sampled_from(["female", "female", "female", "male", "other", "unsaid"]),
            "age_group": st.sampled_from(["from_18", "from_18", "under_18", "unsaid"]),
            "setting": st.sampled_from(
                ["home", "home", "work", "health_facility", "public", "online", "unsaid"]
            ),
        }
    )


@st.composite
def histories(draw: st.DrawFn) -> list[Judged]:
    """What handlers wrote about one report: mostly once, sometimes again, sometimes that it was none."""
    report = draw(answers())
    days = sorted(draw(st.lists(st.dates(date(2026, 1, 1), date(2027, 2, 2)), min_size=1, max_size=3)))
    types = st.sampled_from(
        ["rape", "physical_assault", "physical_assault", "psychological", "insufficient", None]
    )
    files = st.fixed_dictionaries(
        {
            "place": st.sampled_from(["", "stations", "departments", "offices", "other"]),
            "state": st.sampled_from(["open", "answered", "closed"]),
            "first_answer": st.sampled_from(["days_2", "days_2", "days_7", "later", "not_yet"]),
            "needs": st.lists(st.sampled_from(["health", "legal", "police"]), max_size=2),
        }
    )
    return [
        Judged(on=day, cell=None if kind is None else tally.cell_of(report, {"gbv_type": kind, **file}))
        for day, kind, file in ((day, draw(types), draw(files)) for day in days)
    ]


def letters() -> st.SearchStrategy[list[list[Judged]]]:
    """A year of 5 to some 2,000 letters: some fates are shared by many, since large years are made of like letters."""
    alike = st.tuples(histories(), st.sampled_from([1, 1, 1, 2, 4, 9, 60]))
    return st.lists(alike, min_size=5, max_size=30).map(
        lambda groups: [history for history, count in groups for _ in range(count)]
    )


def released(cases: Sequence[Sequence[Judged]]) -> list[ProtectedTable]:
    """Everything published of a year; a release that cannot be made safe is left out, as custodians would."""
    told: list[ProtectedTable] = []
    done: list[date] = []
    for day in DAYS:
        told += published(day.isoformat(), [cell_at(history, done, day) for history in cases], told)
        done += [day] if told and told[-1].release == day.isoformat() else []
    if DAYS[-1] in done:
        told += published("2026-12-31-final", [final_cell(history, done, 2026) for history in cases], told)
    return told


def published(
    name: str, cells: Sequence[Cell | None], told: Sequence[ProtectedTable]
) -> tuple[ProtectedTable, ...]:
    """One release of the catalogue, or nothing where no way is safe."""
    asked = wanted(CATALOGUE)
    if not name.endswith("-final"):
        asked = [replace(one, moves=()) for one in asked]
    counted = {str(place): cell for place, cell in enumerate(cells) if cell is not None}
    try:
        return protect(tally.tabulate(counted, tables=asked, release=name), told, K)
    except NotPublishable:
        return ()


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases=letters())
def test_nothing_small_can_be_proved_from_all_releases_of_a_random_year(cases: list[list[Judged]]) -> None:
    told = released(cases)

    assert told, "at least the first release of a year can always be made safe"
    assert audit(told, K) == []
    exact: dict[Any, int] = {}
    for table in told:
        for row in table.rows if not table.final else ():
            if isinstance(row.value, int):
                last = exact.get(table.meaning(row))
                assert row.value >= K
                assert last is None or row.value == last or row.value - last >= K
                exact[table.meaning(row)] = row.value


def test_a_reader_of_the_published_file_proves_nothing(year: Year, clock: Any) -> None:
    clock.set(noon(2026, 2, 2))
    year.gets(6, sex="female", setting="home", gbv_type="rape")
    year.gets(1, sex="male", setting="work")
    clock.set(noon(2026, 4, 5))
    year.releases(DAYS[0])
    year.gets(1, sex="female", setting="home", gbv_type="rape")
    year.gets(4, reporter_role="witness", survivor_aware="unsure", consent_stats=None)
    clock.set(noon(2026, 7, 5))
    year.releases(DAYS[1])

    read = from_json(year.at_desk(Role.BOARD).get("/ban/so-lieu.json").get_json())

    assert len({table.release for table in read}) == 2
    assert audit(read, K) == []


def test_sending_four_letters_to_read_five_changes_nothing(year: Year, clock: Any) -> None:
    clock.set(noon(2026, 2, 2))
    year.gets(1)
    for _ in range(4):
        year.writes()
    clock.set(noon(2026, 4, 5))
    published = year.releases(DAYS[0])

    assert {row.value for table in published.tables for row in table.rows} == {(0, K - 1)}
