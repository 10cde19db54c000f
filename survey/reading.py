"""The effects in sentences, for people who read no tables: what changed, for how many, and how sure one may be."""

from __future__ import annotations

from typing import Any, Final

from core.i18n import Text, number
from survey.questionnaire import Questionnaire

SCORES: Final = {
    "knowledge": Text("Điểm hiểu biết", "Knowledge score"),
    "attitude": Text("Điểm thái độ", "Attitude score"),
    "confidence": Text("Điểm tự tin", "Confidence score"),
    "help": Text("Số nơi hỗ trợ biết đúng", "Right places known for help"),
}


def sentences(effects: dict[str, Any], questionnaire: Questionnaire) -> list[str]:
    """Three sentences to stand first; fewer when too few people can be compared."""
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
    best = _most_gained(effects)
    if best is None:
        return [
            *said,
            str(
                Text(
                    "Cần ít nhất 10 người ghép được hai lần mới nói được điều gì đã thay đổi.",
                    "At least 10 people must be joined before anything can be said of change.",
                )
            ),
        ]
    said.append(_of_hundred(best, questionnaire))
    said.extend(
        _score_sentence(one) for one in effects["scores"] if one["name"] == "attitude" and one["linked"]
    )
    return said


def _most_gained(effects: dict[str, Any]) -> dict[str, Any] | None:
    compared = [one for one in effects["yes_no"] if one["measures"] == "knowledge" and one["right"]["linked"]]
    return max(compared, key=lambda one: one["right"]["linked"]["difference"], default=None)


def _of_hundred(item: dict[str, Any], questionnaire: Questionnaire) -> str:
    share = item["right"]["linked"]
    low, high = (round(end * 100) for end in share["tango"])
    gained = round(share["difference"] * 100)
    words = (
        Text(
            "Trong 100 người, thêm {n} người trả lời đúng câu “{item}” (khoảng tin cậy 95 %: từ {low} đến {high}).",
            "Of 100 people, {n} more answer “{item}” right (95% confidence interval: {low} to {high}).",
        )
        if gained > 0
        else Text(
            "Không câu hiểu biết nào có thêm người trả lời đúng; câu “{item}” đổi {n} trên 100 người (từ {low} đến {high}).",
            "No knowledge question has more right answers; “{item}” moved by {n} in 100 people ({low} to {high}).",
        )
    )
    return _say(
        words, n=gained, item=str(questionnaire.item(item["code"]).label).rstrip("."), low=low, high=high
    )


def _score_sentence(score: dict[str, Any]) -> str:
    linked = score["linked"]
    low, high = linked["change"]["interval"]
    return str(
        Text(
            "{name} trung bình đi từ {before} đến {after} trên {most}; thay đổi {change} (từ {low} đến {high}).",
            "The mean of the {name} goes from {before} to {after} out of {most}; a change of {change} ({low} to {high}).",
        )
    ).format(
        name=SCORES[score["name"]] if SCORES.get(score["name"]) else score["name"],
        before=number(linked["before"]["mean"], 2),
        after=number(linked["after"]["mean"], 2),
        most=number(score["high"]),
        change=number(linked["change"]["change"], 2),
        low=number(low, 2),
        high=number(high, 2),
    )


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
