"""What the pictures of a comparison show: who took part, right answers, and how attitudes are spread.

Each picture is a specification for `core.charts`; the page keeps them drawn, a download draws one anew with
its title. Nothing is drawn of fewer than ten people, as in the tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from core import heavy
from core.i18n import LANGUAGES, Language, Text
from survey.effects.joint import SKIPPED
from survey.models import Round
from survey.power import FEWEST
from survey.questionnaire import Item, Questionnaire
from survey.reading import CEILING, NO_ROOM, OUTCOMES, SCORES, unanimous

RIGHT: Final = "dung"
SPREAD: Final = "thai-do"
CONFIDENT: Final = "tu-tin"
PEOPLE: Final = "tham-gia"
EXPOSURE: Final = "muc-do"
TITLES: Final[Mapping[str, Text]] = {
    PEOPLE: Text("Ai đã tham gia", "Who took part"),
    RIGHT: Text("Tỷ lệ trả lời đúng, trước và sau", "Right answers, before and after"),
    EXPOSURE: Text("Điểm thay đổi theo mức tham gia", "Change of the score by exposure"),
    SPREAD: Text("Thái độ, trước và sau", "Attitudes, before and after"),
    CONFIDENT: Text("Sự tự tin, trước và sau", "Confidence, before and after"),
}
"""The pictures by the name they have in an address."""

Spec = dict[str, Any]


def drawn(specs: Mapping[Language, Mapping[str, Spec]]) -> dict[str, dict[str, str]]:
    """Every picture in every language, drawn at once in a child. Raises `heavy.HeavyBusy`, `heavy.HeavyFailed`."""
    asked = [(language, name, spec) for language, all_ in specs.items() for name, spec in all_.items()]
    if not asked:
        return {}
    made = heavy.run("core.charts:draw", {"charts": [spec for _, _, spec in asked]})["svg"]
    found: dict[str, dict[str, str]] = {language: {} for language in specs}
    for (language, name, _), svg in zip(asked, made, strict=True):
        found[language][name] = svg
    return found


def in_languages(
    effects: Mapping[str, Any],
    joint: Mapping[str, Any],
    questionnaire: Questionnaire,
    waves: Sequence[Round],
) -> dict[Language, dict[str, Spec]]:
    """The pictures that these figures allow, in each language."""
    return {language: dict(_specs(effects, joint, questionnaire, waves, language)) for language in LANGUAGES}


def _specs(
    effects: Mapping[str, Any],
    joint: Mapping[str, Any],
    questionnaire: Questionnaire,
    waves: Sequence[Round],
    language: Language,
) -> Iterator[tuple[str, Spec]]:
    if effects["linked"] < FEWEST:
        return
    shown = (
        (PEOPLE, "flow", _people(effects, waves, language)),
        (RIGHT, "dumbbell", _right(effects, questionnaire, language)),
        (SPREAD, "spreads", _spread(joint, questionnaire, "attitude", language)),
        (CONFIDENT, "spreads", _spread(joint, questionnaire, "confidence", language)),
        (EXPOSURE, "forest", _exposure(effects, questionnaire, language)),
    )
    for name, chart, rows in shown:
        if rows:
            title = _in(TITLES[name], language)
            yield name, {"chart": chart, "language": language, "title": title, "rows": rows}


def _people(effects: Mapping[str, Any], waves: Sequence[Round], language: Language) -> list[Spec]:
    return [
        {
            "label": _in(label, language),
            "invited": wave.invited or None,
            "answered": effects[key],
            "joined": effects["linked"],
        }
        for wave, key, label in zip(waves, ("before", "after"), _WAVES, strict=True)
    ]


def _right(effects: Mapping[str, Any], questionnaire: Questionnaire, language: Language) -> list[Spec]:
    rows: list[Spec] = []
    for one in effects["yes_no"]:
        share = one["right"]["linked"]
        if one["measures"] != "knowledge" or not share:
            continue
        label = _in(questionnaire.item(one["code"]).label, language)
        if unanimous(share["before"]) or unanimous(share["after"]):
            rows.append({"label": label, "missing": _in(_ALIKE, language)})
            continue
        low, high = share["tango"]
        rows.append(
            {
                "label": label,
                "ceiling": _in(_MOST_RIGHT, language) if share["before"] > MOST_RIGHT else "",
                "before": share["before"],
                "after": share["after"],
                "low": low,
                "high": high,
            }
        )
    return rows


def _spread(
    joint: Mapping[str, Any], questionnaire: Questionnaire, measures: str, language: Language
) -> list[Spec]:
    """Answers of those who answered both times, from the least to the most helpful."""
    rows: list[Spec] = []
    for item in joint["items"]:
        if item["right"] is not None or item["measures"] != measures:
            continue
        answered = [place for place, code in enumerate(item["codes"]) if code != SKIPPED]
        if item["reverse"]:
            answered.reverse()
        counts = item["joint"]
        before = [sum(counts[i][j] for j in answered) for i in answered]
        after = [sum(counts[i][j] for i in answered) for j in answered]
        people = sum(before)
        label = _in(questionnaire.item(item["code"]).label, language)
        if people >= FEWEST and people in (*before, *after):
            rows.append({"label": label, "missing": _in(_ALIKE, language)})
        elif people >= FEWEST:
            rows.append(
                {
                    "label": label,
                    "ceiling": _ceiling(before[-1] / people, language),
                    "before": [one / people for one in before],
                    "after": [one / people for one in after],
                }
            )
    return rows


def _exposure(effects: Mapping[str, Any], questionnaire: Questionnaire, language: Language) -> list[Spec]:
    """The first outcome that has it, attitude before others: one row a level, its mean change."""
    known = {one["score"]: one for one in effects.get("exposure", ())}
    chosen = next((known[name] for name in (*OUTCOMES, *known) if name in known), None)
    if chosen is None:
        return []
    item = questionnaire.item(chosen["item"])
    return [
        {
            "label": f"{_in(SCORES[chosen['score']], language)}, {levels(item, one['codes'], language)}"
            f" (n = {one['n']})",
            "change": one["change"]["change"],
            "low": one["change"]["interval"][0],
            "high": one["change"]["interval"][1],
        }
        for one in chosen["groups"]
    ]


def _ceiling(share: float, language: Language) -> str:
    """The mark of an item on which many stood at the best answer already; "" below a fifth."""
    if share <= CEILING:
        return ""
    words = _NO_ROOM if share > NO_ROOM else _LITTLE_ROOM
    return _in(words, language).format(share=round(share * 100))


def levels(item: Item, codes: Sequence[str], language: Language) -> str:
    """Answers that were put together, in words: "1 to 2 times / 3 to 5 times"."""
    words = {choice.code: _in(choice.label, language) for choice in item.choices}
    return " / ".join(words[code].lower() for code in codes)


def _in(words: Text, language: Language) -> str:
    return words.vi if language == "vi" else words.en


MOST_RIGHT: Final = 0.8
"""Of a yes/no question the best answer is simply the right one: what counts is how few are left to learn it."""
_MOST_RIGHT: Final = Text(
    "Trần: trên 80 % đã trả lời đúng từ đầu, ít chỗ tăng.",
    "Ceiling: over 80% were right already; little room to rise.",
)
_LITTLE_ROOM: Final = Text(
    "Trần: {share} % đã ở mức cao nhất từ đầu, ít chỗ tăng.",
    "Ceiling: {share}% were at the top already; little room to rise.",
)
_NO_ROOM: Final = Text(
    "Trần: {share} % đã ở mức cao nhất từ đầu, hết chỗ tăng.",
    "Ceiling: {share}% were at the top already; no room to rise.",
)
_ALIKE: Final = Text(
    "Có lần mọi người trả lời như nhau, nên không vẽ: câu trả lời của từng người sẽ lộ.",
    "All answered alike at one time, so it is not drawn: everybody's answer would be known.",
)
_WAVES: Final = (Text("Trước", "Before"), Text("Sau", "After"))
