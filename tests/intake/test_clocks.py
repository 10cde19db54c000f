"""Due, soon, late: in working hours, over nights, weekends and the lunar new year."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import clock
from intake.desk.clocks import (
    ANSWER,
    CARE,
    CHILD,
    FEEDBACK,
    LAST,
    LOOK,
    MESSAGE,
    SHIFTS,
    Facts,
    WorkingHours,
    answer_day,
    clocks,
    reassess_on,
    reporter_wrote_since,
)

TET = frozenset(date(2027, 2, 5) + timedelta(days=ahead) for ahead in range(6))
HOURS = WorkingHours(free=TET)


def at(day: int, hour: int, minute: int = 0, month: int = 12, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=clock.ZONE)


def facts(
    arrived: datetime, state: str = "received", messages: int = 0, wrote: date | None = None, **flags: object
) -> Facts:
    return Facts(arrived=arrived, state=state, messages=messages, flags=flags, wrote=wrote)


def running(these: Facts, now: datetime) -> list[str]:
    """The codes of the clocks that run, the earliest first."""
    return [one.kind.code for one in clocks(these, now, HOURS)]


@pytest.mark.parametrize(
    ("since", "hours", "until"),
    [
        (at(1, 8), 1, at(1, 9)),  # a Tuesday
        (at(1, 8), 4, at(1, 14)),  # over the midday break: 3.5 hours, then half an hour
        (at(1, 16, 30), 4, at(2, 11)),  # over a night
        (at(4, 16, 30), 1, at(7, 8)),  # Friday evening to Monday
        (at(5, 10), 4, at(7, 11, 30)),  # on a Saturday
        (at(4, 16, 30, 2, 2027), 1, at(11, 8, 0, 2, 2027)),  # over the lunar new year
    ],
)
def test_hours_are_counted_while_people_work(since: datetime, hours: int, until: datetime) -> None:
    assert HOURS.after(since, hours) == until


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda d: d.replace(tzinfo=clock.ZONE)),
    st.integers(1, 40),
)
def test_a_due_moment_lies_later_and_within_working_hours(since: datetime, hours: int) -> None:
    due = HOURS.after(since, hours)
    assert due >= since + timedelta(hours=hours)
    assert HOURS.works(due.date())
    assert any(begins <= due.timetz().replace(tzinfo=None) <= ends for begins, ends in SHIFTS)
    assert HOURS.after(since, hours + 1) > due


def test_danger_is_looked_at_within_one_working_hour_and_others_within_four() -> None:
    now = at(1, 8, 5)
    calm = clocks(facts(at(1, 8)), now, HOURS)[0]
    danger = clocks(facts(at(1, 8), danger_now="yes"), now, HOURS)[0]
    assert (calm.kind, calm.due, calm.standing) == (LOOK, at(1, 14), "today")
    assert (danger.kind, danger.due) == (LOOK, at(1, 9))
    assert clocks(facts(at(1, 8), danger_now="yes"), at(1, 9, 1), HOURS)[0].standing == "late"


def test_a_child_and_the_first_three_days_have_the_same_day() -> None:
    found = clocks(
        facts(at(1, 8), age_group="under_16", when="hours_72", what_kind=["sexual_touch"]), at(1, 9), HOURS
    )
    kinds = {one.kind: one.due.date() for one in found}
    assert kinds[CHILD] == kinds[CARE] == date(2026, 12, 1)
    assert CARE not in {one.kind for one in clocks(facts(at(1, 8), when="hours_72"), at(1, 9), HOURS)}


def test_a_child_is_asked_about_until_the_file_says_who_was_told_whatever_was_answered() -> None:
    answered = facts(at(1, 8), "answered", 1, date(2026, 12, 1), age_group="under_16", when="hours_72")
    assert running(answered, at(2, 9))[0] == CHILD.code
    assert CHILD.code not in running(replace(answered, child_told=True), at(2, 9))


def test_a_second_message_before_the_first_look_hides_no_danger() -> None:
    wrote_again = facts(at(1, 8), "received", 2, danger_now="yes")
    first = clocks(wrote_again, at(1, 9, 30), HOURS)[0]
    assert (first.kind, first.standing) == (LOOK, "late")
    assert {MESSAGE.code, ANSWER.code} < set(running(wrote_again, at(1, 9, 30)))


def test_a_message_that_was_opened_asks_for_an_answer_until_it_has_one() -> None:
    opened = facts(at(1, 8), "reading", 3, date(2026, 12, 2))
    first = clocks(opened, at(20, 9), HOURS)[0]
    assert (first.kind, first.standing) == (ANSWER, "today")
    assert running(replace(opened, state="answered"), at(20, 9)) == [FEEDBACK.code, LAST.code]


def test_soon_late_and_not_yet() -> None:
    standing = {
        now: next(
            one.standing for one in clocks(facts(at(1, 8), "reading"), now, HOURS) if one.kind == ANSWER
        )
        for now in (at(1, 9), at(2, 18), at(3, 8), at(3, 17, 1))
    }
    assert list(standing.values()) == ["running", "soon", "today", "late"]


def test_what_was_done_is_told_within_thirty_days_and_a_closed_case_has_no_clock() -> None:
    answered = clocks(facts(at(1, 8), "answered", 1), at(2, 8), HOURS)
    assert answered[0].kind == FEEDBACK
    assert answered[0].due == at(31, 17)
    greeted = clocks(facts(at(1, 8), "answered", 1, date(2026, 12, 2)), at(2, 8), HOURS)
    assert greeted[0].due == at(31, 17), "a first answer tells nothing of what was done"
    told = clocks(facts(at(1, 8), "answered", 4, date(2026, 12, 20)), at(21, 8), HOURS)
    assert [one.due.date() for one in told] == [date(2027, 1, 19), date(2027, 3, 21)]
    assert clocks(facts(at(1, 8), "closed", 1), at(2, 8), HOURS) == []


def test_a_new_message_is_due_today_and_stops_closing_and_erasing() -> None:
    first = clocks(facts(at(1, 8), "received", 3, date(2026, 12, 2)), at(20, 9), HOURS)[0]
    assert (first.kind, first.standing) == (MESSAGE, "today")
    assert reporter_wrote_since("received", 3)
    assert not reporter_wrote_since("received", 0)
    assert not reporter_wrote_since("closed", 3)


def test_no_day_is_promised_that_nobody_is_rostered_for() -> None:
    friday, monday, wednesday = date(2026, 12, 4), date(2026, 12, 7), date(2026, 12, 9)
    assert answer_day(date(2026, 12, 2), HOURS, ()) == friday
    assert answer_day(date(2026, 12, 2), HOURS, {monday, wednesday}) == monday
    assert answer_day(monday, HOURS, {monday, wednesday}) == wednesday
    # Beyond the rota's end the office hours count again.
    assert answer_day(date(2026, 12, 8), HOURS, {monday, wednesday}) == date(2026, 12, 10)
    assert answer_day(date(2027, 2, 3), HOURS, ()) == date(2027, 2, 11)


def test_a_risk_is_looked_at_again_the_sooner_the_higher() -> None:
    days = [
        (reassess_on(date(2026, 12, 1), one) - date(2026, 12, 1)).days
        for one in ("urgent", "high", "concern", "ordinary")
    ]
    assert days == [1, 7, 14, 30]


def test_the_lunar_new_year_of_coming_years_is_among_the_holidays() -> None:
    path = Path(__file__).parents[2] / "core/data/holidays.json"
    tet = {one["day"][:4] for one in json.loads(path.read_text("utf-8")) if one["kind"] == "tet"}
    assert {"2026", "2027", "2028"} <= tet
