"""What a person's answers are worth, as the questionnaire says and not as names say."""

from __future__ import annotations

from typing import Any

import pytest

from survey import questionnaire, scoring
from survey.scoring import Scale, scales, score


def test_the_shipped_questionnaire_allows_four_scores() -> None:
    found = {
        scale.name: (len(scale.items), scale.low, scale.high, scale.needed) for scale in SHIPPED.values()
    }
    assert found == {
        "knowledge": (8, 0, 8, 6),
        "attitude": (8, 1, 5, 6),
        "confidence": (5, 1, 5, 4),
        "help": (1, 0, 7, 1),
    }


def test_only_right_answers_count_as_knowledge() -> None:
    answers = {"K1": "sai", "K2": "dung", "K3": "dung", "K4": "khong_biet", "K5": "sai", "K6": "sai"}
    assert score(SHIPPED["knowledge"], answers) == 4


def test_attitudes_are_turned_so_that_more_is_more_equal() -> None:
    everything_agreed = {f"T{n}": "5" for n in range(1, 9)}
    assert score(SHIPPED["attitude"], everything_agreed) == 3
    most_equal = {**everything_agreed, "T1": "1", "T2": "1", "T4": "1", "T6": "1"}
    assert score(SHIPPED["attitude"], most_equal) == 5


def test_a_mean_is_of_the_answered_items_and_always_the_same_number() -> None:
    answers = {"T3": "4", "T5": "4", "T7": "5", "T8": "5", "T1": "1", "T2": "3", "T4": "2"}
    assert score(SHIPPED["attitude"], answers) == round((4 + 4 + 5 + 5 + 5 + 3 + 4) / 7, 6)


@pytest.mark.parametrize(("name", "enough"), [("knowledge", 6), ("attitude", 6), ("confidence", 4)])
def test_a_score_with_too_few_answers_is_missing_and_not_low(name: str, enough: int) -> None:
    scale = SHIPPED[name]
    answers = {item.code: item.choices[0].code for item in scale.items}
    kept = dict(list(answers.items())[:enough])
    assert score(scale, kept) is not None
    assert score(scale, dict(list(kept.items())[:-1])) is None
    assert score(scale, {}) is None


def test_trust_in_the_channel_stands_alone() -> None:
    assert "C6" not in {item.code for item in SHIPPED["confidence"].items}


@pytest.mark.parametrize(
    ("ticked", "points", "knows"),
    [
        (["113", "111", "yte"], 3, True),
        (["113", "111", "yte", "114"], 2, False),
        (["113", "111"], 2, False),
        (["114", "zalo"], 0, False),
        (["khong_biet"], 0, False),
        ("113", 1, False),
    ],
)
def test_help_counts_right_places_less_wrong_ones(ticked: Any, points: int, knows: bool) -> None:
    assert score(SHIPPED["help"], {"H1": ticked}) == points
    if isinstance(ticked, list):
        assert scoring.knows_help(SHIPPED["help"].items[0], ticked) is knows


def test_names_decide_nothing_and_measures_everything() -> None:
    assert [scale.name for scale in scales(OTHER)] == ["attitude"]
    (scale,) = scales(OTHER)
    assert (scale.low, scale.high, scale.needed) == (1, 3, 2)
    assert score(scale, {"blue": "no", "green": "no"}) == (3 + 1) / 2


# --- furniture

SHIPPED: dict[str, Scale] = {scale.name: scale for scale in scales(questionnaire.load())}


def _item(code: str, measures: dict[str, Any]) -> dict[str, Any]:
    return {"code": code, "kind": "one", "vi": code, "en": code, "scale": "three", "measures": measures}


OTHER = questionnaire.Questionnaire.from_json(
    {
        "name": "other",
        "code": "other",
        "version": 1,
        "title_vi": "",
        "title_en": "",
        "minutes": 1,
        "scales": {"three": [{"code": code, "vi": code, "en": code} for code in ("no", "perhaps", "yes")]},
        "consent": [],
        "closing": [],
        "pages": [{"code": "all", "vi": "", "en": "", "items": ["blue", "green"]}],
        "items": [
            _item("blue", {"measures": "attitude", "reverse": True}),
            _item("green", {"measures": "attitude"}),
        ],
    }
)
