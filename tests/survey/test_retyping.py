"""Papers typed twice: numbers become answers, and two typings are compared without either being kept."""

from __future__ import annotations

import pytest

from survey import retyping
from tests.surveys import QUESTIONS

pytestmark = pytest.mark.embedded
KEY, TOKEN = b"k" * 32, "t" * 32
ITEMS = QUESTIONS.items("after")


@pytest.mark.parametrize(
    ("code", "typed", "codes"),
    [
        ("K1", "2", ["sai"]),
        ("K1", " 2 ", ["sai"]),
        ("K1", "", []),
        ("H1", "1, 3", [QUESTIONS.item("H1").choices[0].code, QUESTIONS.item("H1").choices[2].code]),
        ("H1", "3 1 1", [QUESTIONS.item("H1").choices[0].code, QUESTIONS.item("H1").choices[2].code]),
        ("E4", "12", [QUESTIONS.item("E4").choices[11].code]),
        ("E1", " đ ", ["đ"]),
        ("E5", "07", ["07"]),
    ],
)
def test_the_number_beside_a_box_is_its_answer(code: str, typed: str, codes: list[str]) -> None:
    assert retyping.answers(QUESTIONS.item(code), typed) == codes


@pytest.mark.parametrize(
    ("code", "typed"), [("K1", "4"), ("K1", "0"), ("K1", "sai"), ("K1", "1 2"), ("H1", "1 x")]
)
def test_what_stands_beside_no_box_is_refused_with_the_numbers_there_are(code: str, typed: str) -> None:
    with pytest.raises(retyping.NotOnPaper) as refused:
        retyping.answers(QUESTIONS.item(code), typed)

    assert str(refused.value.sentence.vi)


def test_two_typings_that_agree_differ_nowhere_and_one_slip_is_found() -> None:
    given = {"K1": ["sai"], "H1": ["113", "111"]}
    once = retyping.hashes(KEY, TOKEN, given, ITEMS)

    assert retyping.differing(retyping.hashes(KEY, TOKEN, given, ITEMS), [once], ITEMS) == []
    other = retyping.hashes(KEY, TOKEN, {**given, "K1": ["dung"]}, ITEMS)
    assert retyping.differing(other, [once], ITEMS) == ["K1"]
    assert retyping.differing(other, [once, other], ITEMS) == []


def test_a_hash_tells_no_answer_and_is_of_one_paper_only() -> None:
    given = {"K1": ["sai"], "K2": ["sai"]}
    once = retyping.hashes(KEY, TOKEN, given, ITEMS)

    assert "sai" not in once
    parts = once.split(".")
    assert len(set(parts)) == len(parts), "equal answers of two questions have different hashes"
    assert set(parts).isdisjoint(retyping.hashes(KEY, "u" * 32, given, ITEMS).split("."))


@pytest.mark.parametrize("damaged", ["", "x", "a.b"])
def test_a_damaged_first_typing_agrees_with_nothing(damaged: str) -> None:
    now = retyping.hashes(KEY, TOKEN, {}, ITEMS)

    assert retyping.differing(now, [damaged], ITEMS) == [item.code for item in ITEMS]
