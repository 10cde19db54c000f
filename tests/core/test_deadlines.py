"""What "before the 12th" means, and that nobody becomes late because a deadline moved."""

from __future__ import annotations

from datetime import date

import pytest

from core import deadlines, particulars
from core.deadlines import Deadline, Moved, Standing
from core.i18n import Text

TWELFTH = date(2026, 12, 12)


def test_before_the_twelfth_is_met_on_the_eleventh_and_late_on_the_twelfth() -> None:
    assert deadlines.last_day_on_time(TWELFTH) == date(2026, 12, 11)
    assert deadlines.standing(date(2026, 12, 11), TWELFTH) is Standing.ON_TIME
    assert deadlines.standing(TWELFTH, TWELFTH) is Standing.LATE
    assert deadlines.standing(date(2027, 1, 3), TWELFTH) is Standing.LATE


@pytest.mark.parametrize(("today", "left", "over"), [(10, 1, False), (11, 0, False), (12, -1, True)])
def test_the_days_left_end_with_the_last_day_on_time(today: int, left: int, over: bool) -> None:
    assert deadlines.days_left(date(2026, 12, today), TWELFTH) == left
    assert deadlines.is_over(date(2026, 12, today), TWELFTH) is over


def test_a_year_without_a_deadline_has_nobody_late() -> None:
    assert deadlines.standing(date(2099, 1, 1), None) is Standing.ON_TIME
    assert not deadlines.is_over(date(2099, 1, 1), None)


def test_a_deadline_moved_forward_makes_nobody_late_who_was_on_time() -> None:
    moved = Deadline(
        before=date(2026, 12, 6), moved=(Moved(before=date(2026, 12, 8), stood_until=date(2026, 12, 6)),)
    )
    assert moved.last_day == date(2026, 12, 5)
    assert deadlines.standing(date(2026, 12, 6), moved) is Standing.ON_TIME  # the 8th still stood on this day
    assert deadlines.standing(date(2026, 12, 7), moved) is Standing.LATE


def test_a_deadline_moved_back_forgives_who_was_late() -> None:
    moved = Deadline(
        before=date(2026, 12, 10), moved=(Moved(before=date(2026, 12, 8), stood_until=date(2026, 12, 9)),)
    )
    assert deadlines.standing(date(2026, 12, 9), moved) is Standing.ON_TIME
    assert deadlines.standing(date(2026, 12, 10), moved) is Standing.LATE


def test_details_remember_where_a_deadline_stood() -> None:
    before = {"units_report_before": "2026-12-08", "centre_reports_before": "2026-12-12"}
    after = before | {"units_report_before": "2026-12-06"}
    after["moved"] = deadlines.remember_moved(before, after, date(2026, 12, 1))  # type: ignore[assignment]
    found = deadlines.deadline_in(after, "units_report_before")
    assert found == Deadline(
        before=date(2026, 12, 6), moved=(Moved(before=date(2026, 12, 8), stood_until=date(2026, 12, 1)),)
    )
    assert deadlines.deadline_in(after, "centre_reports_before") == Deadline(before=TWELFTH)
    assert deadlines.remember_moved(after, after, date(2026, 12, 2)) == after["moved"]


def test_a_year_with_nothing_written_has_no_empty_words() -> None:
    found = particulars.read({})
    assert (found.plan, found.higher_plan, found.units_report, found.as_of) == (None, None, None, None)
    assert particulars.read({"higher_plan_vi": "[Số, ngày: Ban ghi]", "plan_vi": "  "}).higher_plan is None


def test_particulars_are_read_in_both_languages_and_fall_back_to_the_one_that_is_written() -> None:
    found = particulars.read({"issuer_vi": "Trung tâm Y tế", "place_vi": "Thiệu Hóa", "place_en": "TH"})
    assert found.issuer == Text("Trung tâm Y tế", "Trung tâm Y tế")
    assert found.place == Text("Thiệu Hóa", "TH")


def test_figures_are_counted_to_the_units_last_day_unless_another_is_written() -> None:
    days = {"units_report_before": "2026-12-08"}
    assert particulars.read(days).as_of == date(2026, 12, 7)
    assert particulars.read(days | {"figures_as_of": "2026-12-05"}).as_of == date(2026, 12, 5)
