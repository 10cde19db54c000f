"""Where a case is counted: a pure function of judgements and of the days of past releases."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from intake.counts.counting import Cell, Judged, cell_at

SEXUAL: Cell = {"counts": "own", "kind": "sexual"}
PHYSICAL: Cell = {"counts": "own", "kind": "physical"}
MARCH, JUNE, SEPTEMBER = date(2026, 3, 31), date(2026, 6, 30), date(2026, 9, 30)


def judged(month: int, day: int, cell: Cell | None, year: int = 2026) -> Judged:
    return Judged(on=date(year, month, day), cell=cell)


def test_what_nobody_judged_genuine_is_not_counted() -> None:
    assert cell_at([], [], JUNE) is None
    assert cell_at([judged(2, 1, None)], [], JUNE) is None


def test_the_last_judgement_before_the_first_release_decides() -> None:
    history = [judged(2, 1, SEXUAL), judged(3, 31, PHYSICAL), judged(4, 1, SEXUAL)]

    assert cell_at(history, [], MARCH) == PHYSICAL


def test_a_case_stays_in_the_cell_in_which_it_was_first_released() -> None:
    history = [judged(2, 1, SEXUAL), judged(4, 1, PHYSICAL)]

    assert cell_at(history, [MARCH], JUNE) == SEXUAL
    assert cell_at(history, [], JUNE) == PHYSICAL


def test_a_case_taken_back_after_its_release_stays_counted_that_year() -> None:
    assert cell_at([judged(2, 1, SEXUAL), judged(4, 1, None)], [MARCH], JUNE) == SEXUAL


def test_a_judgement_taken_back_before_any_release_does_not_count() -> None:
    history = [judged(2, 1, SEXUAL), judged(2, 2, None)]

    assert cell_at(history, [MARCH], JUNE) is None
    assert cell_at([*history, judged(5, 1, PHYSICAL)], [MARCH], JUNE) == PHYSICAL


def test_a_case_counts_in_the_year_in_which_it_was_first_judged_genuine() -> None:
    history = [judged(12, 30, SEXUAL, year=2025), judged(1, 2, PHYSICAL)]

    assert cell_at(history, [], date(2025, 12, 31)) == SEXUAL
    assert cell_at(history, [date(2025, 12, 31)], MARCH) is None


def test_a_judgement_dated_back_behind_a_release_changes_nothing() -> None:
    history = [judged(2, 1, SEXUAL), judged(5, 1, SEXUAL), judged(2, 2, PHYSICAL)]

    assert cell_at(history, [MARCH], JUNE) == SEXUAL


def test_releases_of_other_years_and_later_days_play_no_part() -> None:
    history = [judged(2, 1, SEXUAL), judged(5, 1, PHYSICAL)]

    assert cell_at(history, [date(2025, 6, 30), SEPTEMBER], JUNE) == PHYSICAL


days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
cells = st.sampled_from([SEXUAL, PHYSICAL, None])


@settings(max_examples=150, deadline=None)
@given(
    history=st.lists(st.builds(Judged, on=days, cell=cells), max_size=6),
    releases=st.lists(days, min_size=2, max_size=5, unique=True).map(sorted),
    later=st.lists(cells, max_size=3),
)
def test_once_released_a_case_never_leaves_its_cell_whatever_is_judged_later(
    history: list[Judged], releases: list[date], later: list[Cell | None]
) -> None:
    seen = [cell_at(history, releases[:place], day) for place, day in enumerate(releases)]
    first = next((cell for cell in seen if cell is not None), None)
    after = [*history, *(Judged(on=releases[-1] + timedelta(days=1), cell=cell) for cell in later)]

    assert all(cell == first for cell in seen[seen.index(first) :])
    assert [cell_at(after, releases[:place], day) for place, day in enumerate(releases)] == seen
