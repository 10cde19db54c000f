"""Rows for evaluators: no pairs, no order, no linkage, no small group, and nobody's answer by unanimity."""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey import microdata
from survey.bands import bands
from survey.questionnaire import Questionnaire
from survey.xlsform import writing
from survey.xlsform.reading import check
from tests.surveys import QUESTIONS

pytestmark = pytest.mark.embedded


def people(count: int, seed: int = 1, **groups: list[str]) -> list[dict[str, Any]]:
    """Answers drawn at random to everything that has choices; `groups` give an item its answers in turn."""
    chance = random.Random(seed)
    found = []
    for number in range(count):
        said: dict[str, Any] = {}
        for item in QUESTIONS.items("after"):
            if item.choices and item.measure.kind != "linkage":
                one = chance.choice(item.choices).code
                said[item.code] = [one] if item.kind == "many" else one
        said |= {code: values[number % len(values)] for code, values in groups.items()}
        found.append({code: value for code, value in said.items() if value})
    return found


def column(table: microdata.Table, name: str) -> list[int | None]:
    place = [one.name for one in table.variables].index(name)
    return [row[place] for row in table.rows]


def test_only_measured_questions_stand_in_a_row() -> None:
    table = microdata.table(people(40), QUESTIONS, "after")

    measured = {item.code for item in QUESTIONS.items("after") if item.measure.kind in microdata.MEASURED}
    assert {one.item for one in table.variables} == measured
    assert not {"E1", "B1", "X1", "X2"} & {one.item for one in table.variables}


def test_values_are_the_places_of_the_choices_and_say_what_is_right() -> None:
    answers = people(30, K1=["dung", "sai", "khong_biet"])
    table = microdata.table(answers, QUESTIONS, "after")
    (known,) = [one for one in table.variables if one.name == "K1"]

    assert Counter(column(table, "K1")) == {1: 10, 2: 10, 3: 10}
    assert [(one.value, one.code) for one in known.labels] == [(1, "dung"), (2, "sai"), (3, "khong_biet")]
    assert known.right == 2


def test_a_question_with_many_ticks_becomes_one_column_a_place_and_a_skipped_one_is_empty() -> None:
    answers = people(24, H1=[["113", "111"], ["111"], ""])  # type: ignore[list-item]
    table = microdata.table(answers, QUESTIONS, "after")

    assert Counter(column(table, "H1_113")) == {1: 8, 0: 8, None: 8}


def test_fewer_than_ten_people_give_no_row() -> None:
    with pytest.raises(microdata.TooFew):
        microdata.table(people(9), QUESTIONS, "after")


def test_a_question_that_all_answered_alike_or_hardly_anybody_is_left_out() -> None:
    table = microdata.table(people(30, K1=["sai"], K2=["dung", "", "", "", "sai", ""]), QUESTIONS, "after")

    assert {"K1"} <= set(table.left_out)
    assert "K1" not in {one.name for one in table.variables}
    few = microdata.table(people(24, K2=["dung", "", "", "", "sai", ""]), QUESTIONS, "after")
    assert "K2" in few.left_out


def test_the_order_of_rows_comes_from_what_stands_in_them_alone() -> None:
    answers = people(60)
    shuffled = answers[:]
    random.Random(5).shuffle(shuffled)

    one, other = (microdata.table(each, QUESTIONS, "after", seed="r") for each in (answers, shuffled))

    assert one == other
    assert one.rows != tuple(sorted(one.rows))
    assert one.rows != microdata.table(answers, QUESTIONS, "after", seed="s").rows


def test_small_groups_of_the_one_background_item_are_merged() -> None:
    answers = people(64, B2=["nu"] * 10 + ["nam"] * 4 + ["khac", ""])
    codes = [choice.code for choice in QUESTIONS.item("B2").choices]
    answers = [
        one if one.get("B2") in codes else {k: v for k, v in one.items() if k != "B2"} for one in answers
    ]

    table = microdata.table(answers, QUESTIONS, "after", background="B2")

    sizes = Counter(column(table, "B2"))
    assert min(sizes.values()) >= microdata.FEWEST
    assert len(sizes) >= 2
    assert [one for one in table.variables if one.item in ("B1", "B3")] == []


def test_an_item_that_leaves_no_two_groups_is_refused() -> None:
    with pytest.raises(microdata.BackgroundRefused):
        microdata.table(people(30, B2=["nu"]), QUESTIONS, "after", background="B2")
    with pytest.raises(microdata.BackgroundRefused):
        microdata.table(people(40), QUESTIONS, "after", background="E3")
    with pytest.raises(microdata.BackgroundRefused):
        microdata.table(people(40), QUESTIONS, "after", background="nothing")


def test_a_group_in_which_all_answer_alike_does_not_stand_alone() -> None:
    answers = people(60, B2=["nu", "nam"])
    for one in answers:
        if one["B2"] == "nam":
            one["K1"] = "sai"

    with pytest.raises(microdata.BackgroundRefused):
        microdata.table(answers, QUESTIONS, "after", background="B2")


@settings(max_examples=40, deadline=None)
@given(st.integers(20, 70), st.integers(0, 10**6), st.lists(st.integers(0, 4), min_size=1, max_size=12))
def test_whatever_the_answers_no_group_is_small_and_no_question_tells_a_whole_group(
    count: int, seed: int, pattern: list[int]
) -> None:
    codes = [*(choice.code for choice in QUESTIONS.item("B1").choices), ""]
    answers = people(count, seed, B1=[codes[place % len(codes)] for place in pattern])
    try:
        table = microdata.table(answers, QUESTIONS, "after", background="B1")
    except microdata.BackgroundRefused:
        return
    groups = column(table, "B1")
    for group, size in Counter(groups).items():
        assert size >= microdata.FEWEST
        rows = [row for row, where in zip(table.rows, groups, strict=True) if where == group]
        for place, variable in enumerate(table.variables[:-1]):
            given_there = {row[place] for row in rows} - {None}
            ticks = {label.value for label in variable.labels} == {0, 1}
            assert len(given_there) != 1 or (ticks and given_there == {0})


@pytest.mark.parametrize("code", ["hiểu biết 1", "1a", "a" * 50, "a" * 51, "K1"])
def test_names_suit_every_program(code: str) -> None:
    names: set[str] = set()
    first, second = microdata._named(code, names), microdata._named(code, names)

    for name in (first, second):
        assert name.isascii()
        assert name[0].isalpha()
        assert len(name) <= 32
    assert first.lower() != second.lower()


# Numbers that somebody typed


def numbered(*numbers: str) -> tuple[list[dict[str, Any]], Questionnaire]:
    """Answers to the example workbook in which each of these numbers was typed once."""
    data = check(writing.example()).data
    assert data is not None
    said = [
        {"K1": "sai" if place % 2 else "dung", "da_hoc": "co", "nhom": "goi", "ngay_cuoi": "2026-11-01"}
        | ({"so_lan": one} if one else {})
        for place, one in enumerate(numbers)
    ]
    return said, Questionnaire.from_json(data)


def test_a_typed_number_stands_in_no_row_unless_it_is_the_one_item_and_then_in_bands_of_ten() -> None:
    answers, asked = numbered(*["1"] * 12, *["2", "3", "4"] * 4, *["7"] * 3, *["30"] * 11, "49", *[""] * 10)
    assert {"so_lan", "ngay_cuoi", "huu_ich"} <= set(microdata.table(answers, asked, "before").left_out)

    table = microdata.table(answers, asked, "before", background="so_lan")
    (item,) = [one for one in table.variables if one.item == "so_lan"]
    assert [(one.value, one.words.vi, one.words.en) for one in item.labels] == [
        (1, "Dưới 2", "Under 2"),
        (2, "2 đến 4", "2 to 4"),
        (3, "Từ 5 trở lên", "5 or more"),
    ]
    assert item.level == "ordinal"
    assert Counter(column(table, "so_lan")) == {1: 12, 2: 12, 3: 15, None: 10}
    assert "so_lan" not in table.left_out
    assert "ngay_cuoi" not in {one.item for one in table.variables}, "a day leaves in no form"


@settings(max_examples=50, deadline=None)
@given(st.lists(st.none() | st.decimals(-1000, 10**12, places=2), max_size=80), st.booleans())
def test_every_band_has_ten_people_and_no_edge_is_anybodys_number(
    numbers: list[Decimal | None], whole: bool
) -> None:
    words, places = bands(numbers, whole=whole)
    typed = [(one, place) for one, place in zip(numbers, places, strict=True) if one is not None]
    assert [
        one for one, place in zip(numbers, places, strict=True) if place is None and one is not None
    ] == []
    if len(typed) >= 10:
        people = Counter(place for _, place in typed)
        assert set(people) == set(range(1, len(words) + 1))
        assert min(people.values()) >= 10
    in_order = [place for _, place in sorted(typed, key=lambda one: one[0])]
    assert in_order == sorted(in_order)
