"""Which days can be released."""

from __future__ import annotations

from datetime import date

from board.periods import next_to_come, offered, report_day, skipped_year_end

REPORT = date(2026, 12, 7)


def test_only_days_that_are_over_can_be_released() -> None:
    assert offered(date(2026, 9, 30), date(2026, 3, 31), [REPORT]) == [date(2026, 6, 30)]
    assert offered(date(2026, 10, 1), date(2026, 3, 31), [REPORT]) == [date(2026, 9, 30), date(2026, 6, 30)]


def test_no_day_before_the_last_release_is_offered() -> None:
    assert offered(date(2026, 11, 20), date(2026, 9, 30), [REPORT]) == []


def test_the_as_of_day_of_the_report_is_offered_as_well() -> None:
    assert offered(date(2026, 12, 8), date(2026, 9, 30), [REPORT]) == [REPORT]


def test_the_first_release_may_close_the_year_before_but_reaches_no_further_back() -> None:
    assert offered(date(2026, 5, 1), None, []) == [date(2026, 3, 31), date(2025, 12, 31)]


def test_the_as_of_day_is_the_last_day_on_time_unless_the_campaign_names_one() -> None:
    assert report_day({"units_report_before": "2026-12-08"}) == REPORT
    assert report_day({"units_report_before": "2026-12-08", "figures_as_of": "2026-12-05"}) == date(
        2026, 12, 5
    )
    assert report_day({}) is None


def test_what_comes_next_is_after_the_last_release_and_not_over_yet() -> None:
    assert next_to_come(date(2026, 11, 20), None, [REPORT]) == REPORT
    assert next_to_come(date(2026, 12, 20), REPORT, [REPORT]) == date(2026, 12, 31)
    assert next_to_come(date(2026, 12, 31), REPORT, [REPORT]) == date(2026, 12, 31)


def test_leaving_a_year_end_behind_is_said() -> None:
    assert skipped_year_end(date(2027, 3, 31), date(2026, 12, 7)) == date(2026, 12, 31)
    assert skipped_year_end(date(2027, 3, 31), date(2026, 12, 31)) is None
    assert skipped_year_end(date(2026, 12, 31), date(2026, 12, 7)) is None
    assert skipped_year_end(date(2026, 3, 31), None) is None
