"""The effects in sentences, for people who read no tables: what changed, and how sure one may be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from core.i18n import Text, language, number, t

SCORES: Final = {
    "knowledge": Text("Điểm hiểu biết", "Knowledge score"),
    "attitude": Text("Điểm thái độ", "Attitude score"),
    "confidence": Text("Điểm tự tin", "Confidence score"),
    "help": Text("Số nơi hỗ trợ biết đúng", "Right places known for help"),
}

OUTCOMES: Final = ("attitude", "knowledge")
"""Of a survey older than its plan: the attitude mean is the primary outcome, the knowledge sum the secondary one."""


def sentences(effects: dict[str, Any], outcomes: Sequence[str] = OUTCOMES) -> list[str]:
    """Three sentences to stand first; fewer when too few people can be compared.

    outcomes: the primary and the secondary one, in the order of the plan that was fixed beforehand.
    """
    said = [
        _say(
            Text(
                "{before} người trả lời trước và {after} người trả lời sau; {linked} người ghép được hai lần.",
                "{before} people answered before and {after} after; {linked} could be joined with themselves.",
            ),
            before=effects["before"],
            after=effects["after"],
            linked=effects["linked"],
        )
    ]
    scores = {one["name"]: one for one in effects["scores"] if one["linked"]}
    if not scores:
        return [
            *said,
            t(
                "Cần ít nhất 10 người ghép được hai lần mới nói được điều gì đã thay đổi.",
                "At least 10 people must be joined before anything can be said of change.",
            ),
        ]
    for name in outcomes:
        if name in scores:
            said.append(_of_hundred(scores[name]) if name == "knowledge" else _points(scores[name]))
    return said


def _of_hundred(score: dict[str, Any]) -> str:
    """The knowledge sum as people: of 100, how many more answer an average question right."""
    change = score["linked"]["change"]
    gained, low, high = (
        round(value / score["high"] * 100) for value in (change["change"], *change["interval"])
    )
    if gained == 0:
        words = Text(
            "Tính trung bình mỗi câu hiểu biết, số người trả lời đúng gần như không đổi"
            " (khoảng tin cậy 95 %: từ {low} đến {high} trên 100 người).",
            "On an average knowledge question, about as many people answer right as before"
            " (95% confidence interval: {low} to {high} of 100 people).",
        )
        return _say(words, low=low, high=high)
    words = Text(
        "Tính trung bình mỗi câu hiểu biết, cứ 100 người thì {verb} {n} người trả lời đúng"
        " (khoảng tin cậy 95 %: từ {low} đến {high}).",
        "On an average knowledge question, of 100 people {n} {verb} answer right"
        " (95% confidence interval: {low} to {high}).",
    )
    verb = t("thêm", "more") if gained > 0 else t("bớt", "fewer")
    return _say(words, verb=verb, n=abs(gained), low=low, high=high)


def _points(score: dict[str, Any]) -> str:
    linked = score["linked"]
    low, high = linked["change"]["interval"]
    words = Text(
        "{name} trung bình đi từ {before} đến {after} trên {most}; thay đổi {change}"
        " (khoảng tin cậy 95 %: từ {low} đến {high}).",
        "The mean {name} goes from {before} to {after} out of {most}; a change of {change}"
        " (95% confidence interval: {low} to {high}).",
    )
    name = str(SCORES[score["name"]])
    return _say(
        words,
        name=name if language() == "vi" else name.lower(),
        before=number(linked["before"]["mean"], 2),
        after=number(linked["after"]["mean"], 2),
        most=number(score["high"]),
        change=number(rounded(linked["change"]["change"], 2), 2),
        low=number(rounded(low, 2), 2),
        high=number(rounded(high, 2), 2),
    )


def rounded(value: float, decimals: int) -> float:
    """A number as it will be shown; one that rounds to nothing is 0, never −0."""
    return round(value, decimals) + 0.0


def _say(words: Text, **values: Any) -> str:
    return str(words).format(**{k: number(v) if isinstance(v, int) else v for k, v in values.items()})


def caveats(effects: dict[str, Any], *, with_cards: bool) -> list[Text]:
    """What this very data cannot say."""
    said = [
        Text(
            "Không có nhóm so sánh. Đây là thay đổi sau chiến dịch, chưa chắc là do chiến dịch.",
            "There is no group to compare with. This is change after the campaign, not proof that it caused it.",
        ),
        Text(
            "Câu trả lời không mang tên đơn vị, nên không tính được việc người cùng đơn vị giống nhau.",
            "Answers carry no unit, so likeness within a unit could not be allowed for.",
        ),
    ]
    answered = max(effects["before"], effects["after"], 1)
    if effects["linked"] < answered * 0.6:
        said.append(
            Text(
                "Chưa đến 60 % số người trả lời ghép được hai lần; người không ghép được có thể khác.",
                "Fewer than 60% could be joined; those who could not may differ.",
            )
        )
    if not with_cards:
        said.append(
            Text(
                "Đợt này không dùng thẻ, nên có thể có người trả lời hai lần.",
                "This round used no cards, so somebody may have answered twice.",
            )
        )
    high = [one for one in effects["scores"] if (one["ceiling"] or 0) > 0.2]
    said.extend(
        Text(
            f"{SCORES[one['name']].vi}: trên 20 % đã đạt mức cao nhất từ đầu, nên khó tăng thêm.",
            f"{SCORES[one['name']].en}: over 20% were at the top already, so it can hardly rise.",
        )
        for one in high
        if one["name"] in SCORES
    )
    return said
