"""The questionnaire: what is asked when, and that only codes come out."""

from __future__ import annotations

import hashlib
import json
import random

import pytest

from survey.questionnaire import WAVES, AnswersRefused, Questionnaire, load

ASKED = load()


def test_twenty_three_core_items_are_asked_in_every_wave() -> None:
    core = {"knowledge": 8, "attitude": 8, "confidence": 5, "trust": 1, "help": 1}
    for wave in WAVES:
        kinds = [item.measure.kind for item in ASKED.items(wave)]
        assert {kind: kinds.count(kind) for kind in core} == core  # type: ignore[call-overload]
        assert kinds.count("background") == 3
        assert kinds.count("linkage") == 7


def test_exposure_is_asked_after_the_campaign_only() -> None:
    asked = {wave: [item.code for item in ASKED.items(wave) if item.code[0] == "X"] for wave in WAVES}
    assert asked == {"before": [], "after": ["X1", "X2"], "followup": []}


def test_pages_are_short_and_in_order() -> None:
    before = [page.code for page in ASKED.pages("before")]
    assert before == ["start", "k1", "k2", "t1", "t2", "c", "h", "b", "end"]
    assert [page.code for page in ASKED.pages("after")] == [*before[:-1], "x", "end"]
    assert max(len(page.items) for page in ASKED.pages("after")) <= 7


def test_there_is_no_such_wave() -> None:
    with pytest.raises(ValueError, match="wave"):
        ASKED.pages("während")


def test_half_of_what_is_known_is_false_and_half_of_the_attitudes_count_backwards() -> None:
    right = [ASKED.item(f"K{n}").measure.right for n in range(1, 9)]
    assert right == ["sai", "dung", "sai", "dung", "sai", "sai", "dung", "dung"]
    assert [n for n in range(1, 9) if ASKED.item(f"T{n}").measure.reverse] == [1, 2, 4, 6]
    assert ASKED.item("C6").measure.kind == "trust"
    assert {ASKED.item(code).measure.scale for code in ("T1", "T8", "C6")} == {"agree"}
    assert ASKED.item("C5").measure.scale == "confidence"


def test_the_help_question_has_seven_right_places_three_distractors_and_i_do_not_know_last() -> None:
    help_item = ASKED.item("H1")
    counted = [choice.counts for choice in help_item.choices]
    assert (counted.count("right"), counted.count("distractor")) == (7, 3)
    assert help_item.shuffle
    assert [choice.code for choice in help_item.choices if choice.exclusive] == [help_item.choices[-1].code]


def test_everything_may_be_skipped() -> None:
    assert ASKED.validate({}, "after") == {}
    assert ASKED.elements({"E1": [""], "E5": [" "]}, "before") == {}


def test_answers_come_out_as_codes_in_the_order_of_the_questionnaire() -> None:
    coded = ASKED.validate(
        {"H1": ["zalo", "113", "113"], "K1": ["sai"], "B2": ["khong_neu"], "T1": ["5"]}, "before"
    )
    assert coded == {"K1": "sai", "T1": "5", "H1": ["113", "zalo"], "B2": "khong_neu"}
    assert list(coded) == ["K1", "T1", "H1", "B2"]


def test_i_do_not_know_clears_the_others() -> None:
    assert ASKED.validate({"H1": ["113", "khong_biet"]}, "before") == {"H1": ["khong_biet"]}
    assert ASKED.validate({"X1": ["X_web", "X_khong"]}, "after") == {"X1": ["X_khong"]}


def test_free_words_never_come_through_and_every_mistake_is_named_at_once() -> None:
    with pytest.raises(AnswersRefused) as refused:
        ASKED.validate(
            {"K1": ["tôi tên là Lan"], "H1": ["113", "Lan"], "T1": ["1", "2"], "T2": ["6"]}, "before"
        )
    assert set(refused.value.errors) == {"K1", "H1", "T1", "T2"}
    assert all(sentence.vi and sentence.en for sentence in refused.value.errors.values())
    assert "Lan" not in repr(refused.value) + str(refused.value.errors)


def test_answers_of_another_wave_or_of_no_item_are_ignored() -> None:
    assert ASKED.validate({"X1": ["X_web"], "name": ["Lan"], "unit": ["1"]}, "before") == {}


def test_linkage_never_stands_among_the_answers() -> None:
    everything = {"E1": ["H"], "E3": ["do"], "E5": ["42"], "K1": ["sai"]}
    assert ASKED.validate(everything, "before") == {"K1": "sai"}
    assert ASKED.elements(everything, "before") == {"E1": "H", "E3": "do", "E5": "42"}


@pytest.mark.parametrize(
    ("typed", "kept"), [("H", "H"), ("h", "H"), ("Đ", "D"), ("đ", "D"), ("Ơ", "O"), ("0", "0")]
)
def test_letters_are_the_same_with_and_without_marks(typed: str, kept: str) -> None:
    assert ASKED.elements({"E1": [typed]}, "before") == {"E1": kept}


@pytest.mark.parametrize(("typed", "kept"), [("7", "07"), ("07", "07"), (" 42 ", "42")])
def test_two_digits_are_two_digits(typed: str, kept: str) -> None:
    assert ASKED.elements({"E5": [typed]}, "before") == {"E5": kept}


@pytest.mark.parametrize(
    ("code", "typed"),
    [("E1", "Hoa"), ("E1", "1"), ("E2", "-"), ("E5", "142"), ("E5", "x"), ("E5", "٤٢"), ("E4", "13")],
)
def test_an_element_that_is_not_one_is_asked_again(code: str, typed: str) -> None:
    with pytest.raises(AnswersRefused):
        ASKED.elements({code: [typed]}, "before")


def test_the_digest_is_that_of_the_content_and_not_of_its_layout() -> None:
    data = ASKED.to_json()
    entries = list(data.items())
    random.Random(1).shuffle(entries)
    assert Questionnaire.from_json(json.loads(json.dumps(dict(entries)))).digest() == ASKED.digest()
    changed = json.loads(json.dumps(data))
    changed["items"][0]["vi"] += "!"
    assert Questionnaire.from_json(changed).digest() != ASKED.digest()
    assert len(ASKED.digest()) == len(hashlib.sha256().hexdigest())


def test_a_full_set_of_answers_fits_the_space_a_stored_answer_has() -> None:
    longest = {
        item.code: [c.code for c in item.choices if not c.exclusive]
        if item.kind == "many"
        else [max((c.code for c in item.choices), key=len)]
        for item in ASKED.items("after")
        if item.measure.kind != "linkage"
    }
    stored = json.dumps(ASKED.validate(longest, "after"), separators=(",", ":"))
    assert len(stored.encode()) < 1024
