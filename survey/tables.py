"""The effects as rows of cells, for people who want the numbers; only what can be compared."""

from __future__ import annotations

from typing import Any

from core.i18n import Text, number, percent, t
from survey.questionnaire import Questionnaire
from survey.reading import SCORES, rounded

_NUMBERS = [
    {"label": words, "kind": "number"}
    for words in (
        Text("Trước", "Before"),
        Text("Sau", "After"),
        Text("Thay đổi", "Change"),
        Text("Khoảng tin cậy 95\N{NO-BREAK SPACE}%", "95% interval"),
        Text("Số người", "People"),
    )
]
BY_ITEM = [{"label": Text("Câu", "Question")}, *_NUMBERS]
BY_SCORE = [{"label": Text("Thang điểm", "Score")}, *_NUMBERS]


def knowledge(effects: dict[str, Any], questionnaire: Questionnaire) -> list[list[Any]]:
    """One row a question with a right answer: shares in percent, the change in points of percent."""
    return [
        [
            questionnaire.item(one["code"]).label,
            percent(share["before"]),
            percent(share["after"]),
            _signed(share["difference"] * 100),
            _span([end * 100 for end in share["tango"]]),
            share["n"],
        ]
        for one in effects["yes_no"]
        if one["measures"] == "knowledge" and (share := one["right"]["linked"])
    ]


def scores(effects: dict[str, Any]) -> list[list[Any]]:
    """One row a score."""
    return [[SCORES[one["name"]], *_mean(one["linked"])] for one in effects["scores"] if one["linked"]]


def ratings(effects: dict[str, Any], questionnaire: Questionnaire) -> list[list[Any]]:
    """One row a question answered on a scale."""
    return [
        [questionnaire.item(one["code"]).label, *_mean(one["linked"])]
        for one in effects["ratings"]
        if one["linked"]
    ]


def _mean(linked: dict[str, Any]) -> list[Any]:
    change = linked["change"]
    return [
        number(linked["before"]["mean"], 2),
        number(linked["after"]["mean"], 2),
        _signed(change["change"], 2),
        _span(change["interval"], 2),
        linked["n"],
    ]


def _signed(value: float, decimals: int = 0) -> str:
    shown = rounded(value, decimals)
    return ("+" if shown > 0 else "") + number(shown, decimals)


def _span(ends: list[float], decimals: int = 0) -> str:
    low, high = (_signed(end, decimals) for end in ends)
    return t(f"{low} đến {high}", f"{low} to {high}")
