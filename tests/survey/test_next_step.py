"""What a campaigner does next follows from where the rounds stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from survey.next_step import Next, next_step

TODAY = date(2026, 11, 20)


@dataclass
class Standing:
    wave: str
    state: str
    opens_on: date = date(2026, 11, 25)
    closes_on: date = date(2026, 12, 5)
    with_cards: bool = True


def step(*year: Standing, printed: int = 60, compared: bool = False) -> Next:
    return next_step(year, printed=printed, compared=compared, today=TODAY)


def test_first_the_round_before_is_planned() -> None:
    assert step().deed == "plan"
    assert "trước chiến dịch" in step().title.vi
    assert "trước chiến dịch" in step(Standing("after", "closed")).title.vi


def test_then_cards_are_printed_unless_the_round_has_none() -> None:
    assert step(Standing("before", "planned"), printed=0).deed == "print"
    assert step(Standing("before", "open"), printed=0).deed == "print"
    assert step(Standing("before", "planned", with_cards=False), printed=0).deed == ""


def test_then_one_waits_for_the_day() -> None:
    assert "Chờ ngày mở" in step(Standing("before", "planned")).title.vi


def test_a_day_that_has_come_without_opening_wants_a_roster() -> None:
    assert "danh sách" in step(Standing("before", "planned", TODAY)).title.vi


def test_a_round_that_was_missed_is_taken_back() -> None:
    missed = Standing("before", "planned", date(2026, 10, 1), date(2026, 10, 9))

    assert step(missed).deed == "drop"


def test_while_a_round_is_open_people_are_invited() -> None:
    assert "Mời" in step(Standing("before", "open"), Standing("after", "planned", date(2026, 12, 9))).title.vi


def test_when_the_first_has_closed_the_second_is_planned() -> None:
    assert "sau chiến dịch" in step(Standing("before", "closed")).title.vi


def test_when_both_have_closed_a_custodian_joins_them_and_then_one_looks() -> None:
    both = Standing("before", "closed"), Standing("after", "closed")

    assert "ghép" in step(*both).title.vi
    assert step(*both, compared=True).deed == "look"
