"""The effects as rows of cells, for people who want the numbers; only what can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from core.i18n import Text, number, percent, t
from survey.questionnaire import Questionnaire
from survey.reading import (
    CEILING,
    EXACT,
    NO_ROOM,
    PLAIN,
    SCORES,
    end,
    rounded,
    share,
    told_apart,
    unanimous,
)


def _numbers(*labels: Text) -> list[dict[str, Any]]:
    """Columns of numbers."""
    return [{"label": words, "kind": "number"} for words in labels]


_NUMBERS = _numbers(
    Text("Trước", "Before"),
    Text("Sau", "After"),
    Text("Thay đổi", "Change"),
    Text("Khoảng tin cậy 95\N{NO-BREAK SPACE}%", "95% interval"),
    Text("Số người", "People"),
)
BY_ITEM = [{"label": Text("Câu", "Question")}, *_NUMBERS]
BY_SCORE = [{"label": Text("Thang điểm", "Score")}, *_NUMBERS]
BY_WAVE = [
    {"label": Text("Đợt", "Wave")},
    *_numbers(
        Text("Được mời", "Invited"),
        Text("Trả lời", "Answered"),
        Text("Ghép được", "Joined"),
        Text("Chỉ lần này", "Only this time"),
    ),
]
BY_EXPOSURE = [
    {"label": Text("Thang điểm", "Score")},
    {"label": Text("Mức tham gia", "Exposure")},
    *_numbers(
        Text("Số người", "People"),
        Text("Thay đổi", "Change"),
        Text("Khoảng tin cậy 95\N{NO-BREAK SPACE}%", "95% interval"),
    ),
]
THREE_WAYS = [
    {"label": Text("Thang điểm", "Score")},
    *_numbers(
        Text("Chỉ người ghép được", "Joined only"),
        Text("Tất cả câu trả lời", "Everyone"),
        Text("Như thể không ghép", "As if not joined"),
    ),
]
ADJUSTED = [
    {"label": Text("Câu", "Question")},
    *_numbers(Text("p", "p"), Text("p theo Holm", "p, Holm"), Text("p theo BH", "p, BH")),
]
LOST = [
    {"label": Text("Thang điểm", "Score")},
    *_numbers(
        Text("Ghép được", "Joined"),
        Text("Chỉ lần đầu", "First time only"),
        Text("Khác nhau từ đầu (SD)", "Apart at the start (SD)"),
        Text("Nếu họ không đổi", "Had they not changed"),
    ),
]
MOVED = [
    {"label": Text("Câu", "Question")},
    *_numbers(
        Text("Newcombe 95\N{NO-BREAK SPACE}%", "Newcombe 95%"),
        Text("Thành đúng", "Gained"),
        Text("Thành sai", "Lost"),
        Text("p chính xác", "p, exact"),
        Text("mid-p", "mid-p"),
        Text("Stuart–Maxwell", "Stuart–Maxwell"),
    ),
]
TYPICAL = [
    {"label": Text("Câu hoặc thang điểm", "Question or score")},
    *_numbers(
        Text("Tăng", "Up"),
        Text("Như cũ", "Same"),
        Text("Giảm", "Down"),
        Text("r hạng", "Rank-biserial"),
        Text("Thay đổi điển hình", "Typical change"),
        Text("Ở mức cao nhất từ đầu", "At the top before"),
    ),
]
ODDS = [
    {"label": Text("Câu hoặc thang điểm", "Question or score")},
    *_numbers(
        Text("Tỷ số odds", "Odds ratio"),
        Text("Khoảng tin cậy 95\N{NO-BREAK SPACE}%", "95% interval"),
        Text("p", "p"),
    ),
]
SOLVED = [
    {"label": Text("Câu", "Question")},
    *_numbers(
        Text("Đúng, trước", "Right, before"),
        Text("Độ phân biệt, trước", "Discrimination, before"),
        Text("Đúng, sau", "Right, after"),
        Text("Độ phân biệt, sau", "Discrimination, after"),
    ),
]
RIGHT_OVER_WAVES = [
    {"label": Text("Câu", "Question")},
    *_numbers(
        Text("Trước", "Before"),
        Text("Sau", "After"),
        Text("Sau ba tháng", "Follow-up"),
        Text("Số người", "People"),
        Text("p (Cochran Q)", "p (Cochran's Q)"),
    ),
]
SCORES_OVER_WAVES = [
    {"label": Text("Thang điểm", "Score")},
    *_numbers(
        Text("Trước → sau", "Before → after"),
        Text("Trước → sau ba tháng", "Before → follow-up"),
        Text("Sau → sau ba tháng", "After → follow-up"),
        Text("Số người", "People"),
        Text("p (đợt)", "p (wave)"),
    ),
]
TOGETHER = [
    {"label": Text("Thang đo", "Scale")},
    {"label": Text("Đợt", "Wave")},
    *_numbers(
        Text("Alpha", "Alpha"),
        Text("Khoảng tin cậy 95\N{NO-BREAK SPACE}%", "95% interval"),
        Text("Omega", "Omega"),
        Text("Số người", "People"),
    ),
]


def people(effects: dict[str, Any], invited: Sequence[int]) -> list[list[Any]]:
    """One row a wave; invited: how many were, 0 where nobody counted."""
    joined = effects["linked"]
    return [
        [label, number(asked) if asked else "–", *map(number, (count, joined, count - joined))]
        for label, asked, count in zip(
            (Text("Trước", "Before"), Text("Sau", "After")),
            invited,
            (effects["before"], effects["after"]),
            strict=True,
        )
    ]


def knowledge(effects: dict[str, Any], questionnaire: Questionnaire) -> list[list[Any]]:
    """One row a question with a right answer: shares in percent, the change in points of percent.

    Where all answered alike in a wave, no change is given, since it would tell what all of them answered.
    """
    return _share_rows(effects, questionnaire, "right")


def unsure(effects: dict[str, Any], questionnaire: Questionnaire) -> list[list[Any]]:
    """The same of "don't know", where that is an answer."""
    return _share_rows(effects, questionnaire, "unsure")


def _share_rows(effects: dict[str, Any], questionnaire: Questionnaire, which: str) -> list[list[Any]]:
    return [
        [
            questionnaire.item(one["code"]).label,
            share(found["before"]),
            share(found["after"]),
            *_points(found),
            found["n"],
        ]
        for one in effects["yes_no"]
        if one["measures"] == "knowledge" and one.get(which) and (found := one[which]["linked"])
    ]


def moved(effects: dict[str, Any], questionnaire: Questionnaire) -> list[list[Any]]:
    """One row a yes/no item that not all answered alike: who moved, the second interval, and each test."""
    rows = []
    for one in effects["yes_no"]:
        found = one["right"]["linked"]
        if not found or unanimous(found["before"]) or unanimous(found["after"]):
            continue
        whole = one.get("all_answers")
        rows.append(
            [
                _item_label(one["code"], questionnaire),
                _span([limit * 100 for limit in found["newcombe"]]),
                found["gained"],
                found["lost"],
                p_value(found["p_exact"]),
                p_value(found["p_mid"]),
                p_value(whole["p"]) if whole else "–",
            ]
        )
    return rows


def _points(found: dict[str, Any]) -> tuple[str, str]:
    if unanimous(found["before"]) or unanimous(found["after"]):
        return "–", "–"
    return _signed(found["difference"] * 100), _span([end * 100 for end in found["tango"]])


def scores(effects: dict[str, Any], decimals: int = PLAIN) -> list[list[Any]]:
    """One row a score."""
    return [
        [SCORES[one["name"]], *_mean(one["linked"], decimals)] for one in effects["scores"] if one["linked"]
    ]


def ratings(
    effects: dict[str, Any],
    questionnaire: Questionnaire,
    decimals: int = PLAIN,
    *,
    attitude: bool | None = None,
) -> list[list[Any]]:
    """One row a question answered on a scale. attitude: those questions alone, or all others."""
    return [
        [questionnaire.item(one["code"]).label, *_mean(one["linked"], decimals)]
        for one in effects["ratings"]
        if one["linked"] and attitude in (None, one["measures"] == "attitude")
    ]


def three_ways(effects: dict[str, Any]) -> list[list[Any]]:
    """One row a score: its change among the joined, among all with the links used, and as if nobody were joined."""
    return [
        [
            SCORES[one["name"]],
            _change(one["linked"]),
            *(_change(one[view]) if told_apart(one) else _withheld() for view in ("everyone", "apart")),
        ]
        for one in effects["scores"]
        if one["linked"] or one["everyone"] or one["apart"]
    ]


def adjusted(effects: dict[str, Any], questionnaire: Questionnaire) -> list[list[Any]]:
    """One row an item that could be compared: its p, and p adjusted within its family."""
    return [
        [_item_label(one["code"], questionnaire), *(p_value(one[name]) for name in ("p", "holm", "bh"))]
        for one in effects.get("adjusted", ())
    ]


def exposure(effects: dict[str, Any], questionnaire: Questionnaire, decimals: int = PLAIN) -> list[list[Any]]:
    """One row a score and level of exposure, then one for the straight line over levels."""
    rows: list[list[Any]] = []
    for one in effects.get("exposure", ()):
        words = {choice.code: choice.label for choice in questionnaire.item(one["item"]).choices}
        for group in one["groups"]:
            label = " / ".join(str(words[code]) for code in group["codes"])
            rows.append([SCORES[one["score"]], label, group["n"], *_moved(group["change"], decimals)])
        if line := one["line"]:
            people = sum(group["n"] for group in one["groups"])
            said = Text("Mỗi mức thêm", "Each level more")
            told = {"change": line["slope"], "interval": line["interval"]}
            rows.append([SCORES[one["score"]], said, people, *_moved(told, decimals)])
    return rows


def lost(effects: dict[str, Any]) -> list[list[Any]]:
    """One row a score: who came only the first time, how they differed, and the change had none of them changed."""
    rows = []
    for one in effects["scores"]:
        if not (left := one.get("attrition")) or left["carried"] is None:
            continue
        apart = "–" if left["difference"] is None else _signed(left["difference"], 2)
        if left["flagged"]:
            apart = t("{} (đáng chú ý)", "{} (notable)").format(apart)
        rows.append([SCORES[one["name"]], left["linked"], left["lost"], apart, _change(left["carried"])])
    return rows


def typical(effects: dict[str, Any], questionnaire: Questionnaire) -> list[list[Any]]:
    """One row a score, then one a rating: who moved, the Hodges-Lehmann change, and how many could not rise."""
    rows: list[list[Any]] = [
        [SCORES[one["name"]], "–", "–", "–", "–", _change(one["typical"]), _top_of(one)]
        for one in effects["scores"]
        if one.get("typical")
    ]
    for one in effects["ratings"]:
        if (moved := one["moved"]) and moved.get("typical"):
            label = questionnaire.item(one["code"]).label
            biserial = number(rounded(moved["biserial"], EXACT), EXACT)
            rows.append([label, *_moves(moved), biserial, _change(moved["typical"]), _top_of(one)])
    return rows


def _moves(moved: dict[str, Any]) -> list[str]:
    """Up, the same, down: in percent, unless all went one way."""
    shares = [moved[name] for name in ("up", "same", "down")]
    alike = any(round(one * 100) == 100 for one in shares)
    return [share(one) if alike else percent(one) for one in shares]


def _top_of(one: dict[str, Any]) -> str:
    return top(one["ceiling"]) if told_apart(one) else "–"


def top(found: float | None) -> str:
    """The share at the best value before, marked where it leaves little or no room to rise."""
    if found is None:
        return "–"
    if found > NO_ROOM:
        return t("{} (hết chỗ tăng)", "{} (no room)").format(share(found))
    if found > CEILING:
        return t("{} (ít chỗ tăng)", "{} (little room)").format(percent(found))
    return percent(found)


def odds(effects: dict[str, Any], questionnaire: Questionnaire) -> list[list[Any]]:
    """One row a score and rating: proportional odds, as a check that takes no level for a distance."""
    named = [(SCORES[one["name"]], one) for one in effects["scores"]]
    named += [(questionnaire.item(one["code"]).label, one) for one in effects["ratings"]]
    rows = []
    for label, one in named:
        if (found := one.get("ordinal")) and told_apart(one):
            low, high = (number(limit, EXACT) for limit in found["interval"])
            interval = t(f"{low} đến {high}", f"{low} to {high}")
            rows.append([label, number(found["odds"], EXACT), interval, p_value(found["p"])])
    return rows


def solved(effects: dict[str, Any], questionnaire: Questionnaire) -> list[list[Any]]:
    """One row a knowledge item: how many were right and how it goes with the others, before and after."""
    rows = []
    for index in effects.get("index", ()):
        for place, code in enumerate(index["codes"]):
            cells = [_solved(index[wave], place) for wave in ("before", "after")]
            if any(index[wave] for wave in ("before", "after")):
                rows.append([questionnaire.item(code).label, *cells[0], *cells[1]])
    return rows


def _solved(wave: dict[str, Any] | None, place: int) -> tuple[str, str]:
    if wave is None:
        return t("quá ít người", "too few people"), ""
    rest = wave["rest"][place]
    return share(wave["right"][place]), "–" if rest is None else number(rounded(rest, EXACT), EXACT)


def right_over_waves(effects: dict[str, Any], questionnaire: Questionnaire) -> list[list[Any]]:
    """One row a yes/no item of those who answered it in all three waves, with Cochran's Q."""
    return [
        [
            _item_label(one["code"], questionnaire),
            *(share(part) for part in one["right"]),
            one["n"],
            p_value(one["q"]["p"]) if one["q"] else t("không ai đổi", "nobody changed"),
        ]
        for one in (effects.get("three") or {}).get("items", ())
    ]


def scores_over_waves(effects: dict[str, Any]) -> list[list[Any]]:
    """One row a score: the changes between each two of three waves by a mixed model, and whether the wave matters."""
    return [
        [SCORES[one["name"]], *map(_change, model["changes"]), model["people"], p_value(model["p"])]
        for one in (effects.get("three") or {}).get("scores", ())
        if (model := one["model"])
    ]


def together(effects: dict[str, Any]) -> list[list[Any]]:
    """One row a scale and wave: reliability, or that too few answered all of its items."""
    waves = {"before": Text("Trước", "Before"), "after": Text("Sau", "After")}
    return [
        [SCORES[one["name"]], str(words), *_reliability(one[wave])]
        for one in effects.get("reliability", ())
        for wave, words in waves.items()
    ]


def sensitivity_columns(effects: dict[str, Any]) -> list[dict[str, Any]]:
    """The columns of `sensitivity`: one for each tolerance that may be shown beside the others."""
    tolerances = effects.get("linking", {}).get("tolerances", ())
    return [
        {"label": Text("Mã tự tạo được lệch", "Differences allowed")},
        *({"label": _UP_TO[one["tolerance"]], "kind": "number"} for one in tolerances),
    ]


def sensitivity(effects: dict[str, Any]) -> list[list[Any]]:
    """How many, how many false, then the change of each score, had joining been stricter; empty for older joinings."""
    tolerances = effects.get("linking", {}).get("tolerances", ())
    if not tolerances:
        return []
    rows: list[list[Any]] = [
        [Text("Ghép được", "Joined"), *(number(one["linked"]) for one in tolerances)],
        [Text("Ước tính ghép nhầm", "Expected false"), *(number(one["false"], 1) for one in tolerances)],
    ]
    by_name = [{score["name"]: score for score in one["scores"]} for one in tolerances]
    for name in _compared(effects):
        rows.append([SCORES[name], *(_change(one.get(name) and {"change": one[name]}) for one in by_name)])
    return rows


_UP_TO: Final = (
    Text("không lệch", "none"),
    Text("tối đa 1 trong 7", "up to 1 of 7"),
    Text("tối đa 2 trong 7", "up to 2 of 7"),
)


def _compared(effects: dict[str, Any]) -> list[str]:
    return [one["name"] for one in effects["scores"] if one["linked"]]


def _reliability(found: dict[str, Any] | None) -> list[str]:
    if found is None:
        return [t("cần ít nhất 100 người và 3 câu", "needs at least 100 people and 3 items"), "", "", ""]
    low, high = (number(end, 2) for end in found["interval"])
    omega = "" if found["omega"] is None else number(found["omega"], 2)
    return [number(found["alpha"], 2), t(f"{low} đến {high}", f"{low} to {high}"), omega, number(found["n"])]


def _change(view: dict[str, Any] | None) -> str:
    """A change with its interval; views of means carry it one step down."""
    if view is None:
        return t("quá ít người", "too few people")
    change = view["change"] if isinstance(view["change"], dict) else view
    return f"{_signed(change['change'], EXACT)} ({_span(change['interval'], EXACT)})"


def _moved(change: dict[str, Any], decimals: int) -> tuple[str, str]:
    return _signed(change["change"], decimals), _span(change["interval"], decimals)


def _withheld() -> str:
    return t("giữ kín: chênh dưới 10 người", "withheld: fewer than 10 people apart")


def _item_label(code: str, questionnaire: Questionnaire) -> Any:
    """The question; a place of a help question stands behind it."""
    item, _, place = code.partition(":")
    found = questionnaire.item(item)
    label = {choice.code: choice.label for choice in found.choices}.get(place)
    if found.measure.kind == "help" and not place:
        return t("Biết ít nhất ba nơi hỗ trợ, không nhầm", "Knows three places for help or more, none wrong")
    return (
        found.label
        if label is None
        else t("Biết nơi hỗ trợ: {}", "Knows where to find help: {}").format(label)
    )


def p_value(value: float) -> str:
    """A p with three decimals, or that it is smaller."""
    return t("< 0,001", "< 0.001") if value < 0.001 else number(value, 3)


def _mean(linked: dict[str, Any], decimals: int) -> list[Any]:
    if not (linked["before"]["sd"] and linked["after"]["sd"]):
        # All stand at one value: with their mean everybody's answer would be known.
        told = (
            number(linked[wave]["mean"], decimals) if linked[wave]["sd"] else t("như nhau", "all alike")
            for wave in ("before", "after")
        )
        return [*told, "–", "–", linked["n"]]
    means = (number(linked[wave]["mean"], decimals) for wave in ("before", "after"))
    return [*means, *_moved(linked["change"], decimals), linked["n"]]


def _signed(value: float, decimals: int = 0) -> str:
    shown = rounded(value, decimals)
    return ("+" if shown > 0 else "") + number(shown, decimals)


def _span(ends: Sequence[float], decimals: int = 0) -> str:
    low, high = (("+" if rounded(one, decimals) > 0 else "") + end(one, decimals) for one in ends)
    return t(f"{low} đến {high}", f"{low} to {high}")
