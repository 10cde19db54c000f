"""What is asked after which answers, and what is carried from page to page."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from core.i18n import Text
from survey import carried
from survey.asking import filled, settle, steps
from survey.carried import Carried, NotCarried
from survey.coding import WrongAnswer, code, shown
from survey.fields import as_given
from survey.items import Item, plain
from survey.questionnaire import Questionnaire, load
from survey.xlsform import writing
from survey.xlsform.reading import check

TODAY = date(2026, 11, 24)


def example() -> Questionnaire:
    data = check(writing.example()).data
    assert data is not None
    return Questionnaire.from_json(data)


ASKED = example()


def after(**answers: Any) -> Any:
    return settle(ASKED, "before", answers, TODAY)


def test_what_is_no_longer_relevant_is_dropped_through_everything_that_hangs_on_it() -> None:
    told = after(da_hoc="co", so_lan="5", ngay_cuoi="2026-11-01", huu_ich="7")
    assert set(told.answers) == {"da_hoc", "so_lan", "ngay_cuoi", "huu_ich"}
    assert "cam_on_hoc" in told.asked
    dropped = after(da_hoc="khong", so_lan="5", ngay_cuoi="2026-11-01", huu_ich="7")
    assert dict(dropped.answers) == {"da_hoc": "khong"}
    assert not dropped.asked & {"so_lan", "ngay_cuoi", "cam_on_hoc", "huu_ich"}


def test_checks_run_and_a_day_is_a_day() -> None:
    assert set(after(da_hoc="co", so_lan="51").errors) == {"so_lan"}
    assert set(after(da_hoc="co", so_lan="2", ngay_cuoi="2026-11-25").errors) == {"ngay_cuoi"}
    assert after(da_hoc="co", so_lan="2", ngay_cuoi="2026-11-24").errors == {}


def test_only_the_choices_a_filter_lets_through_are_offered_and_kept() -> None:
    told = after(nhom="goi", H1=["111", "yte", "khong_biet"])
    assert [choice.code for choice in told.offered["H1"]] == ["111", "114", "khong_biet"]
    assert told.answers["H1"] == ["111", "khong_biet"]
    assert after(nhom="den", H1=["111"]).answers == {"nhom": "den"}


def test_a_required_question_left_empty_is_named() -> None:
    assert after().empty == {"da_hoc"}
    assert after(da_hoc="co").empty == set()


def test_a_label_shows_an_earlier_answer_in_both_languages() -> None:
    values = after(da_hoc="co", so_lan="5").values
    words = filled(ASKED.item("cam_on_hoc").label, ASKED, values)
    assert (words.vi, words.en) == ("Cảm ơn bạn đã dự 5 lần.", "Thank you for attending 5 times.")
    assert filled(Text("${da_hoc}!", "${da_hoc}!"), ASKED, values) == Text("Có!", "Yes!")
    assert filled(Text("${H1}", "${H1}"), ASKED, values) == Text("…", "…")


def test_a_page_breaks_where_something_looks_back_on_it() -> None:
    pages = [[item.code for item in step.items] for step in steps(ASKED, "before")]
    assert pages == [
        ["E1", "E2"],
        ["K1"],
        ["T1", "T2"],
        ["da_hoc"],
        ["so_lan"],
        ["ngay_cuoi", "nhieu_lan", "cam_on_hoc", "huu_ich"],
        ["nhom"],
        ["H1"],
    ]


def test_the_shipped_questionnaire_needs_no_pages() -> None:
    assert not load().conditional
    assert ASKED.conditional


@settings(max_examples=60, deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "da_hoc": st.sampled_from(["co", "khong"]),
            "so_lan": st.integers(0, 60).map(str),
            "ngay_cuoi": st.dates().map(str),
            "huu_ich": st.integers(0, 10).map(str),
            "nhom": st.sampled_from(["goi", "den"]),
            "H1": st.lists(
                st.sampled_from(["111", "114", "yte", "cho", "khong_biet"]), min_size=1, unique=True
            ),
        },
    )
)
def test_settling_what_is_settled_changes_nothing(answers: dict[str, Any]) -> None:
    once = settle(ASKED, "before", answers, TODAY)
    twice = settle(ASKED, "before", once.answers, TODAY)
    assert dict(twice.answers) == dict(once.answers)
    assert set(once.answers) <= set(answers)
    assert twice.asked == once.asked


# Typed answers


def item(name: str) -> Item:
    return ASKED.item(name)


@pytest.mark.parametrize(
    ("name", "typed", "coded"),
    [
        ("so_lan", "5", "5"),
        ("so_lan", "1.500", "1500"),
        ("so_lan", "-3", "-3"),
        ("ngay_cuoi", "5/12/2025", "2025-12-05"),
        ("ngay_cuoi", "2025-12-05", "2025-12-05"),
        ("huu_ich", "10", "10"),
        ("E1", "Đào", None),
        ("E1", "đ", "D"),
        ("so_lan", "1,5", None),
        ("so_lan", "năm", None),
        ("ngay_cuoi", "31/02/2025", None),
        ("ngay_cuoi", "hôm qua", None),
        ("huu_ich", "11", None),
        ("da_hoc", "có thể", None),
    ],
)
def test_what_is_typed_becomes_one_code_or_a_sentence(name: str, typed: str, coded: str | None) -> None:
    if coded is None:
        with pytest.raises(WrongAnswer) as wrong:
            code(item(name), [typed])
        assert wrong.value.sentence.vi
    else:
        assert code(item(name), [typed]) == coded
        assert code(item(name), as_given(item(name), coded)) == coded


def test_numbers_are_stored_plainly_and_shown_as_written() -> None:
    from decimal import Decimal

    assert [plain(Decimal(number)) for number in ("1.50", "100", "0.0", "1E+3")] == [
        "1.5",
        "100",
        "0",
        "1000",
    ]
    assert shown(item("ngay_cuoi"), "2025-12-05") == "05/12/2025"


# From page to page


def test_what_is_carried_opens_in_its_round_alone(in_app: Flask) -> None:
    held = Carried(step=3, token="a" * 32, answers={"K1": "sai", "H1": ["111"]}, card="1" * 12, again=("K1",))
    packed = carried.sealed(held, "r" * 32)
    assert carried.opened(packed, "r" * 32) == held
    with pytest.raises(NotCarried):
        carried.opened(packed, "s" * 32)
    for wrong in ("", "!", packed[:-4], packed[:40] + ("A" if packed[40] != "A" else "B") + packed[41:], "é"):
        with pytest.raises(NotCarried):
            carried.opened(wrong, "r" * 32)


def test_what_is_carried_has_one_length_however_little_was_said(in_app: Flask) -> None:
    few = carried.sealed(Carried(step=0, token="a" * 32), "r")
    more = carried.sealed(Carried(step=0, token="a" * 32, answers={"K1": "sai"}, card="1" * 12), "r")
    assert len(few) == len(more)
