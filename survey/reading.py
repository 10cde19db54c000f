"""The effects in sentences, for people who read no tables: what changed, and how sure one may be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, Final

from core.i18n import Text, language, number, percent, t
from survey.power import FEWEST

SCORES: Final = {
    "knowledge": Text("Điểm hiểu biết", "Knowledge score"),
    "attitude": Text("Điểm thái độ", "Attitude score"),
    "confidence": Text("Điểm tự tin", "Confidence score"),
    "help": Text("Số nơi hỗ trợ biết đúng", "Right places known for help"),
}

PLAIN, EXACT = 1, 2
"""Decimals of means and changes: of what everybody reads (statistics.md 2.2, rule 8), and in tables for evaluators."""

OUTCOMES: Final = ("attitude", "knowledge")
"""Of a survey older than its plan: the attitude mean is the primary outcome, the knowledge sum the secondary one."""


LATER: Final = {
    "after": (Text("sau", "after"), Text("sau chiến dịch", "after the campaign")),
    "followup": (Text("sau ba tháng", "three months later"),) * 2,
}
"""Wave → when people answered the second time, in few words and in full."""


def sentences(
    effects: dict[str, Any], outcomes: Sequence[str] = OUTCOMES, *, wave: str = "after"
) -> list[str]:
    """Three sentences to stand first; fewer when too few people can be compared.

    outcomes: the primary and the secondary one, in the order of the plan that was fixed beforehand;
    wave: the later one of the two.
    """
    said = [
        _say(
            Text(
                "{before} người trả lời trước và {after} người trả lời {when}; {linked} người ghép được hai lần.",
                "{before} people answered before and {after} {when}; {linked} could be joined with themselves.",
            ),
            when=str(LATER[wave][0]),
            before=effects["before"],
            after=effects["after"],
            linked=effects["linked"],
        )
    ]
    scores = {one["name"]: one for one in effects["scores"] if one["linked"]}
    if not scores:
        return [*said, _nothing(effects["linked"])]
    for name in outcomes:
        if name in scores:
            said.append(_outcome(scores[name], wave))
    return said


def _nothing(linked: int) -> str:
    """Why no score can be compared."""
    if linked >= FEWEST:
        return t(
            "Chưa đến 10 người ghép được trả lời đủ câu cả hai lần, nên chưa nói được điều gì đã thay đổi.",
            "Fewer than 10 of those joined answered enough both times, so nothing can be said of change.",
        )
    return t(
        "Cần ít nhất 10 người ghép được hai lần mới nói được điều gì đã thay đổi.",
        "At least 10 people must be joined before anything can be said of change.",
    )


def _outcome(score: dict[str, Any], wave: str) -> str:
    same = score["reasons"].get("linked")
    if same and same["code"] == "no change":
        words = Text(
            "{name} của cả {n} người ghép được không thay đổi chút nào.",
            "The {name} of all {n} people joined did not change at all.",
        )
        return _say(words, name=_name(score), n=same["n"])
    return _of_hundred(score) if score["name"] == "knowledge" else _points(score, wave)


def _name(score: dict[str, Any]) -> str:
    name = str(SCORES[score["name"]])
    return name if language() == "vi" else name.lower()


def _of_hundred(score: dict[str, Any]) -> str:
    """The knowledge sum as people: of 100, how many more answer an average question right."""
    change = score["linked"]["change"]
    gained = round(change["change"] / score["high"] * 100)
    low, high = (end(value / score["high"] * 100) for value in change["interval"])
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


def _points(score: dict[str, Any], wave: str) -> str:
    linked = score["linked"]
    low, high = linked["change"]["interval"]
    words = Text(
        "{name} trung bình {when} là {after} trên {most}; thay đổi {change} so với trước"
        " (khoảng tin cậy 95 %: từ {low} đến {high}).",
        "The mean {name} {when} is {after} out of {most}; a change of {change} from before"
        " (95% confidence interval: {low} to {high}).",
    )
    return _say(
        words,
        name=_name(score),
        when=str(LATER[wave][1]),
        after=number(linked["after"]["mean"], PLAIN),
        most=number(score["high"]),
        change=number(rounded(linked["change"]["change"], PLAIN), PLAIN),
        low=end(low, PLAIN),
        high=end(high, PLAIN),
    )


def end(value: float, decimals: int = 0) -> str:
    """The end of an interval; what rounds to nothing but is none tells on which side of it it stands."""
    shown = rounded(value, decimals)
    if shown == 0 and abs(value) > 1e-9:
        return t("trên 0", "above 0") if value > 0 else t("dưới 0", "below 0")
    return number(shown, decimals)


def share(value: float) -> str:
    """A share in whole percent; where all answered alike, or nearly so, no more than that (statistics.md 2.2, rule 8)."""
    if unanimous(value):
        return t("trên 90 %", "over 90%") if value > 0.5 else t("dưới 10 %", "under 10%")
    return percent(value)


def unanimous(value: float) -> bool:
    """Whether a share would be shown as 0 or 100 %: everybody's answer would then be known."""
    return round(value * 100) in (0, 100)


def told_apart(score: Mapping[str, Any]) -> bool:
    """Whether figures of the joined may stand beside those of all: never where one to nine people lie between."""
    linked, alone = score["linked"], score["apart"]
    if not linked or not alone:
        return True
    return all(not 0 < alone[wave]["n"] - linked["n"] < FEWEST for wave in ("before", "after"))


def rounded(value: float, decimals: int) -> float:
    """A number as it will be shown; one that rounds to nothing is 0, never −0."""
    return round(value, decimals) + 0.0


def _say(words: Text, **values: Any) -> str:
    return str(words).format(**{k: number(v) if isinstance(v, int) else v for k, v in values.items()})


def caveats(effects: dict[str, Any], *, with_cards: bool, with_units: bool = False) -> list[Text]:
    """What this very data cannot say. with_units: figures that allow for units stand beside these."""
    said = [
        Text(
            "Không có nhóm so sánh. Đây là thay đổi sau chiến dịch, chưa chắc là do chiến dịch.",
            "There is no group to compare with. This is change after the campaign, not proof that it caused it.",
        )
    ]
    if not with_units:
        said.append(
            Text(
                "Câu trả lời không mang tên đơn vị, nên không tính được việc người cùng đơn vị giống nhau.",
                "Answers carry no unit, so likeness within a unit could not be allowed for.",
            )
        )
    if effects["linked"] < max(effects["before"], effects["after"], 1) * 0.6:
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
    if (effects["smallest"] or 0) > WEAK:
        said.append(
            Text(
                "Số người ghép được còn ít: thay đổi nhỏ hơn {least} độ lệch chuẩn khó thấy được.",
                "Few could be joined: a change of less than {least} standard deviations can hardly be seen.",
            ).format(least=number(effects["smallest"], 2))
        )
    return [*said, *_of_scores(effects)]


WEAK: Final = 0.5
"""Beyond this many standard deviations, the smallest change that could be seen is itself a caveat."""
CEILING, NO_ROOM = 0.2, 0.4
"""Shares already at the best value before: beyond the first a rise is hard to see, beyond the second hardly possible."""


def _of_scores(effects: dict[str, Any]) -> Iterator[Text]:
    for one in effects["scores"]:
        if one["name"] not in SCORES:
            continue
        name, top = SCORES[one["name"]], one["ceiling"] or 0
        if top > NO_ROOM:
            yield Text(
                f"{name.vi}: trên 40 % đã đạt mức cao nhất từ đầu, nên hầu như không tăng được nữa.",
                f"{name.en}: over 40% were at the top already, so it has hardly any room to rise.",
            )
        elif top > CEILING:
            yield Text(
                f"{name.vi}: trên 20 % đã đạt mức cao nhất từ đầu, nên khó tăng thêm.",
                f"{name.en}: over 20% were at the top already, so it can hardly rise.",
            )
        if (one.get("attrition") or {}).get("flagged"):
            yield Text(
                f"{name.vi}: người chỉ trả lời lần đầu đã khác những người ghép được ngay từ đầu.",
                f"{name.en}: those who answered only the first time differed from the start.",
            )
        if not _agree(one):
            yield Text(
                f"{name.vi}: ba cách tính không kể cùng một điều. Xem bảng cho người đánh giá.",
                f"{name.en}: the three ways of counting tell different stories. See the evaluator's table.",
            )


def _agree(score: dict[str, Any]) -> bool:
    """Whether the ways of counting tell one story.

    They do not where the joined and everyone disagree about whether it rose or fell, or where two ways stand so far
    apart that each is outside the other's interval. As if not joined is the least exact; that alone is no story.
    """
    found = [_told(score[view]) for view in ("linked", "everyone", "apart") if score[view]]
    sure = {(low > 0) - (high < 0) for _, (low, high) in found[:2]}
    apart = any(
        not (low <= other <= high) and not (below <= change <= above)
        for (change, (low, high)), (other, (below, above)) in combinations(found, 2)
    )
    return (not score["linked"] or len(sure) < 2) and not apart


def _told(view: dict[str, Any]) -> tuple[float, list[float]]:
    change = view["change"] if isinstance(view["change"], dict) else view
    return change["change"], change["interval"]
