"""Vietnamese text: one form, the right order, forgiving search, numbers without guessing."""

from __future__ import annotations

import random
import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.vietnamese import NotANumber, fold, given_name, name_key, nfc, parse_number, sort_key


def test_text_typed_on_any_keyboard_becomes_the_same_text() -> None:
    typed_apart = unicodedata.normalize("NFD", "Người được nghe kể: Nguyễn Thị Hoà")
    assert nfc(typed_apart) == "Người được nghe kể: Nguyễn Thị Hoà"


def test_what_nobody_can_see_is_dropped_and_lines_stay() -> None:
    assert nfc("a\u200bb\ufeff\u202e\x00\x07c\r\nd\re\u2028f\tg") == "abc\nd\ne\nf g"


def test_broken_halves_of_letters_do_not_break_the_database() -> None:
    nfc("x\ud800y\ufffe").encode("utf-8")


def test_an_invisible_letter_between_letter_and_tone_does_not_keep_them_apart() -> None:
    assert nfc("e\u200b\u0302\u0323") == "ệ"


def test_towers_of_marks_are_cut() -> None:
    tower = nfc("a" + "\u0301\u0323\u0316" * 100_000 + "b")
    assert len(tower) <= 6
    assert tower.endswith("b")


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = nfc(text)
    assert nfc(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert "\r" not in once


def test_the_alphabet_is_vietnamese() -> None:
    right = ["An", "Ăn", "Ân", "Bình", "Chi", "Dũng", "Đông", "Em", "Ê", "Giang", "Lan", "Oanh", "Ông", "Ơn"]
    assert sorted(shuffled(right), key=sort_key) == right
    assert sort_key("Đông") < sort_key("Giang")


def test_tones_follow_the_order_of_the_dictionary() -> None:
    right = ["ba", "ba lô", "bà", "bà con", "bả", "bã", "bá", "bạ", "bác"]
    assert sorted(shuffled(right), key=sort_key) == right


def test_small_and_capital_letters_and_both_ways_of_placing_a_tone_sort_alike() -> None:
    assert sort_key("hoà")[0] == sort_key("Hòa")[0]
    assert sort_key("thuý")[0] == sort_key("THÚY")[0]


def test_numbers_in_names_sort_as_numbers() -> None:
    assert sorted(["Khoa 10", "Khoa 2", "Khoa A"], key=sort_key) == ["Khoa 2", "Khoa 10", "Khoa A"]


def test_people_are_sorted_by_given_then_middle_then_family_name() -> None:
    right = ["Trần An", "Lê Thị An", "Nguyễn Thị An", "Lê Văn An", "Đỗ Văn Ân", "Phạm Đông", "Lê Giang", "Hà"]
    assert sorted(shuffled(right), key=name_key) == right
    assert sorted(["", "An"], key=name_key) == ["", "An"]


def test_a_person_is_called_by_the_last_name() -> None:
    assert given_name("  Nguyễn Thị  Hòa ") == "Hòa"
    assert given_name("Hòa") == "Hòa"
    assert given_name("") == ""


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("d", "Đông"),
        ("dong", "Đông"),
        ("hoa", "Hoà"),
        ("hoa", "Hòa"),
        ("hòa", "HOÀ"),
        ("nguyen thi", "Nguyễn  Thị"),
    ],
)
def test_searching_forgives_marks_and_capitals(asked: str, found: str) -> None:
    assert fold(asked) in fold(found)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("1.500.000", 1_500_000),
        ("1 500 000", 1_500_000),
        ("1\u00a0500\u202f000", 1_500_000),
        ("1500000", 1_500_000),
        ("1.500.000,5", Decimal("1500000.5")),
        ("1,5", Decimal("1.5")),
        ("0,125", Decimal("0.125")),
        ("-12", -12),
        (" 007 ", 7),
    ],
)
def test_numbers_are_read_as_vietnamese_writes_them(typed: str, number: int | Decimal) -> None:
    assert parse_number(typed) == number


@pytest.mark.parametrize(
    ("typed", "because"),
    [
        ("", "chưa có số"),
        ("ba mươi", "chỉ nhận chữ số"),
        ("1e5", "chỉ nhận chữ số"),
        ("٣", "chỉ nhận chữ số"),
        ("1.5", "Dấu chấm chỉ tách hàng nghìn"),
        ("12.34.567", "Dấu chấm chỉ tách hàng nghìn"),
        ("1.500 000", "Dấu chấm chỉ tách hàng nghìn"),
        ("1,500,000", "một dấu phẩy"),
        ("5,", "một dấu phẩy"),
        (",5", "một dấu phẩy"),
        ("1,500", "hai cách"),
        ("1234567890123456", "15 chữ số"),
    ],
)
def test_what_would_be_a_guess_is_asked_again(typed: str, because: str) -> None:
    with pytest.raises(NotANumber) as refused:
        parse_number(typed)
    assert because in refused.value.reason.vi
    assert refused.value.reason.en


@settings(max_examples=100, deadline=None)
@given(st.integers(min_value=-(10**14), max_value=10**14))
def test_every_number_we_print_can_be_typed_back(number: int) -> None:
    assert parse_number(f"{number:,}".replace(",", ".")) == number


def shuffled(words: list[str]) -> list[str]:
    """The same words in an order that is wrong and always the same."""
    return random.Random(7).sample(words, len(words))
