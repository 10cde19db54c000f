"""The calendar file keeps to RFC 5545, and weeks hold every day once."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.calendar import ics
from core.calendar.entries import Entry, coming, in_order, on_day, weeks
from core.i18n import Text

TALK = Entry(
    key="talk",
    kind="event",
    on=date(2026, 11, 25),
    at="14:00",
    title=Text("Tọa đàm: bình đẳng; an toàn", "A talk"),
    place=Text("Hội trường, tầng 2", "Hall"),
    note=Text("Dòng một\nDòng hai \\ hết", "Note"),
)
WEEK = Entry(
    key="week", kind="event", on=date(2026, 11, 30), until=date(2026, 12, 2), title=Text("Tuần", "Week")
)
DAY = Entry(key="day", kind="deadline", on=date(2026, 12, 7), title=Text("Hạn", "Deadline"))


def _file(*entries: Entry) -> str:
    return ics.text(entries, name="Tháng hành động", domain="centre", stamp=date(2026, 11, 24))


def _unfolded(*entries: Entry) -> list[str]:
    return _file(*entries).replace("\r\n ", "").split("\r\n")


def test_every_line_ends_with_crlf_and_has_at_most_75_octets() -> None:
    made = _file(TALK, WEEK, DAY)
    assert made.endswith("END:VCALENDAR\r\n")
    assert "\n" not in made.replace("\r\n", "")
    assert all(len(line.encode()) <= 75 for line in made.split("\r\n"))


@given(st.text())
def test_folding_cuts_no_letter_and_loses_nothing(words: str) -> None:
    pieces = list(ics.fold(words))
    assert all(len(piece.encode("utf-8", "surrogatepass")) <= 75 for piece in pieces if piece.isascii())
    assert pieces[0] + "".join(piece[1:] for piece in pieces[1:]) == words
    assert all(piece.startswith(" ") for piece in pieces[1:])


def test_commas_semicolons_backslashes_and_line_ends_are_escaped() -> None:
    lines = _unfolded(TALK)
    assert "SUMMARY:Tọa đàm: bình đẳng\\; an toàn" in lines
    assert "LOCATION:Hội trường\\, tầng 2" in lines
    assert "DESCRIPTION:Dòng một\\nDòng hai \\\\ hết" in lines


def test_a_space_that_does_not_break_is_a_space() -> None:
    assert "SUMMARY:Họp 14 giờ" in _unfolded(
        Entry(key="x", kind="event", on=date(2026, 12, 1), title=Text("Họp 14\u00a0giờ", ""))
    )


def test_words_cannot_add_a_line_of_their_own() -> None:
    sly = Entry(key="x", kind="event", on=date(2026, 12, 1), title=Text("A\r\nEND:VCALENDAR\r\nX:\x07", ""))
    assert _unfolded(sly).count("END:VCALENDAR") == 1
    assert "SUMMARY:A\\nEND:VCALENDAR\\nX:" in _unfolded(sly)


def test_two_in_the_afternoon_in_viet_nam_is_seven_in_the_morning_in_utc() -> None:
    assert "DTSTART:20261125T070000Z" in _unfolded(TALK)


def test_a_whole_day_ends_on_the_next_one_and_three_days_on_the_fourth() -> None:
    lines = _unfolded(DAY, WEEK)
    assert lines[lines.index("DTSTART;VALUE=DATE:20261207") + 1] == "DTEND;VALUE=DATE:20261208"
    assert lines[lines.index("DTSTART;VALUE=DATE:20261130") + 1] == "DTEND;VALUE=DATE:20261203"


def test_each_entry_has_an_id_of_its_own_that_stays() -> None:
    ids = [line for line in _unfolded(TALK, WEEK, DAY) if line.startswith("UID:")]
    assert ids == ["UID:talk@centre", "UID:week@centre", "UID:day@centre"]
    assert _file(TALK) == _file(TALK)


@pytest.mark.parametrize("first", [date(2026, 11, 15), date(2026, 11, 16), date(2024, 2, 29)])
def test_weeks_run_from_monday_and_hold_every_day_once(first: date) -> None:
    last = date(first.year, 12, 15)
    days = [day for week in weeks(first, last) for day in week]
    assert days == sorted(set(days))
    assert days[0].weekday() == 0
    assert days[-1].weekday() == 6
    assert days[0] <= first < last <= days[-1]
    assert len(days) % 7 == 0


def test_what_lasts_stands_on_its_first_and_last_day_and_counts_until_then() -> None:
    entries = in_order([DAY, WEEK, TALK])
    assert [one.key for one in entries] == ["talk", "week", "day"]
    assert [bool(on_day(entries, date(2026, 12, day))) for day in (1, 2, 3)] == [False, True, False]
    assert [one.key for one in coming(entries, date(2026, 12, 2), 5)] == ["week", "day"]
