"""What changed, as documents for an evaluator: the items TREND asks for, filled from the data.

TREND: Des Jarlais, Lyles & Crepaz 2004, American Journal of Public Health 94:361-366. What stands here is what the
page shows, with nothing added that the rounds do not know: no unit, no person, no group.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from core.i18n import Text, day, language, number, percent, t
from survey import analysis_plan, pictures, reading, tables
from survey.items import ANSWERED
from survey.models import AnalysisPlan, Comparison, Round
from survey.questionnaire import Questionnaire

KINDS = {
    "knowledge": Text("hiểu biết", "knowledge"),
    "attitude": Text("thái độ", "attitude"),
    "confidence": Text("tự tin", "confidence"),
    "trust": Text("tin tưởng", "trust"),
    "help": Text("nơi hỗ trợ", "help"),
    "exposure": Text("tham gia", "exposure"),
    "background": Text("thông tin chung", "background"),
    "linkage": Text("ghép hai lần", "linkage"),
    "other": Text("khác", "other"),
}
WAVES = {
    "before": Text("trước", "before"),
    "after": Text("sau", "after"),
    "followup": Text("sau ba tháng", "follow-up"),
}


def as_document(
    found: Comparison,
    before: Round,
    after: Round,
    questionnaire: Questionnaire,
    plan: AnalysisPlan | None = None,
) -> dict[str, Any]:
    """The annex as a payload of `core.document:docx_job`."""
    return {
        "title": title(before),
        "language": language(),
        "day": found.made_on.isoformat(),
        "header": t("Phụ lục kỹ thuật · mã kiểm tra {}", "Technical annex · check {}").format(
            found.digest[:16]
        ),
        "blocks": [
            *_opening(found, before, after, plan),
            *_people(found, before, after),
            *_design(questionnaire, plan),
            *outcomes(found.effects, questionnaire),
            *quality(found.effects, questionnaire),
            *by_hand(),
            *_limits(found, before, after),
        ],
    }


# --- the document


def title(before: Round) -> str:
    """What both documents are called."""
    return t(
        "Thay đổi sau Tháng hành động {}: phụ lục kỹ thuật",
        "Change after the action month {}: technical annex",
    ).format(before.year)


def _opening(
    found: Comparison, before: Round, after: Round, plan: AnalysisPlan | None
) -> Iterator[dict[str, Any]]:
    yield {"kind": "title", "text": title(before)}
    for sentence in reading.sentences(found.effects, analysis_plan.in_order(plan), wave=after.wave):
        yield {"kind": "paragraph", "text": sentence}
    for name, svg in found.charts.get(language(), {}).items():
        words = str(pictures.TITLES[name])
        yield {"kind": "picture", "svg": svg, "words": words}
        yield {"kind": "small", "text": words}


def _people(found: Comparison, before: Round, after: Round) -> Iterator[dict[str, Any]]:
    effects = found.effects
    yield heading(t("Người tham gia và thời gian", "Participants and dates"))
    rows = [
        [
            t(f"Đợt {WAVES[one.wave].vi}", f"Wave: {WAVES[one.wave].en}"),
            f"{day(one.opens_on)} – {day(one.closes_on)}",
            number(one.invited) if one.invited else t("không ghi", "not recorded"),
            number(count),
            percent(count / one.invited) if one.invited else "",
        ]
        for one, count in ((before, effects["before"]), (after, effects["after"]))
    ]
    columns = [
        t("Đợt", "Wave"),
        t("Ngày", "Dates"),
        t("Được mời", "Invited"),
        t("Trả lời", "Answered"),
        t("Tỷ lệ", "Share"),
    ]
    yield table(t("Dòng người tham gia", "Flow of participants"), columns, rows, numbers=[2, 3, 4])
    yield said(
        t(
            "Ghép được {linked} người có mặt ở cả hai lần: {share} của đợt ít người hơn.",
            "{linked} people in both waves could be joined: {share} of the smaller wave.",
        ).format(linked=number(effects["linked"]), share=percent(_linked_share(effects)))
    )
    if sensitive := tables.sensitivity(effects):
        yield table(
            t("Nếu ghép chặt hơn", "Had joining been stricter"),
            tables.sensitivity_columns(effects),
            sensitive,
        )
    if linking := effects.get("linking"):
        yield said(
            t(
                "Ghép bằng thẻ: {card}. Ghép bằng mã tự tạo lệch 0, 1, 2 thành phần: {distance}."
                " Trùng nhau nên để riêng: {ties}. Ước tính ghép nhầm: {false}.",
                "Joined by card: {card}. By self-made code at distance 0, 1, 2: {distance}."
                " Ties left apart: {ties}. Estimated false links: {false}.",
            ).format(
                card=number(linking["by_card"]),
                distance=", ".join(number(one) for one in linking["by_distance"]),
                ties=number(linking["ties"]),
                false=number(linking["false"], 1),
            )
        )


def _design(questionnaire: Questionnaire, plan: AnalysisPlan | None) -> Iterator[dict[str, Any]]:
    yield heading(t("Thiết kế và kế hoạch phân tích", "Design and plan of analysis"))
    first, second = (*analysis_plan.in_order(plan), "", "")[:2]
    for text in (
        Text(
            "Một nhóm, đo trước và sau, không có nhóm so sánh, không phân bổ ngẫu nhiên.",
            "One group, measured before and after; no comparison group, no random allocation.",
        ),
        Text(
            f"Kết quả chính: {_outcome(first).vi}. Kết quả phụ: {_outcome(second).vi}. Từng câu chỉ để thăm dò.",
            f"Primary outcome: {_outcome(first).en}. Secondary: {_outcome(second).en}. Single items are exploratory.",
        ),
        Text(
            "Không có câu trả lời tự do. Điểm cần ít nhất ba phần tư số câu được trả lời; thiếu hơn thì bỏ trống.",
            "No free text. A score needs three quarters of its items answered; with fewer it is missing.",
        ),
        Text(
            "Phiếu không ghép được vẫn tính vào hai cách: tất cả câu trả lời, và như thể không ghép.",
            "Answers that could not be joined still count in two ways: everyone, and as if not joined.",
        ),
        Text(
            "Câu trả lời không mang tên đơn vị, nên không điều chỉnh được theo cụm.",
            "Answers carry no unit, so clustering could not be allowed for.",
        ),
    ):
        yield {"kind": "item", "text": str(text)}
    if plan is not None and plan.fixed_on:
        yield said(
            t("Kế hoạch phân tích chốt ngày {}, mã băm {}.", "Plan of analysis fixed on {}, hash {}.").format(
                day(plan.fixed_on), plan.digest
            )
        )
    yield said(
        t("Bộ câu hỏi: {}, mã băm {}.", "Questionnaire: {}, hash {}.").format(
            questionnaire.title, questionnaire.digest()[:16]
        )
    )


_OUTCOMES = {
    "attitude": Text("điểm thái độ trung bình", "the attitude mean"),
    "knowledge": Text("tổng điểm hiểu biết", "the knowledge sum"),
    "confidence": Text("điểm tự tin trung bình", "the confidence mean"),
    "help": Text("số nơi hỗ trợ biết đúng", "the number of places for help known"),
}


def _outcome(name: str) -> Text:
    return _OUTCOMES.get(name, Text("không có", "none"))


def outcomes(effects: dict[str, Any], questionnaire: Questionnaire) -> Iterator[dict[str, Any]]:
    """What changed, as tables."""
    yield heading(t("Kết quả", "Outcomes"))
    if scores := tables.scores(effects, reading.EXACT):
        yield table(
            t("Thang điểm của những người ghép được", "Scores among those joined"), tables.BY_SCORE, scores
        )
    if ways := tables.three_ways(effects):
        yield table(t("Ba cách tính cạnh nhau", "Three ways side by side"), tables.THREE_WAYS, ways)
    if sizes := _sizes(effects):
        columns = [t("Thang điểm", "Score"), "dz", t("Khoảng tin cậy 95 %", "95% interval"), "d_av"]
        columns += ["dz, Hedges", "d_av, Hedges"]
        yield table(t("Độ lớn của thay đổi", "Effect sizes"), columns, sizes)
    if known := tables.knowledge(effects, questionnaire):
        yield table(t("Từng câu hiểu biết", "Knowledge, item by item"), tables.BY_ITEM, known)
    if unsure := tables.unsure(effects, questionnaire):
        yield table(t("Câu trả lời “không biết”", "Answers “don't know”"), tables.BY_ITEM, unsure)
    if moved := tables.moved(effects, questionnaire):
        caption = t(
            "Ai đổi câu trả lời, và các phép thử (McNemar; mọi câu trả lời cùng lúc)",
            "Who moved, and the tests (McNemar; all answers together)",
        )
        yield table(caption, tables.MOVED, moved)
    if rated := tables.ratings(effects, questionnaire, reading.EXACT):
        yield table(
            t("Từng câu thái độ và tự tin", "Attitude and confidence, item by item"), tables.BY_ITEM, rated
        )
    if typical := tables.typical(effects, questionnaire):
        caption = t(
            "Ai thay đổi, thay đổi điển hình (Hodges–Lehmann) và mức trần",
            "Who moved, the typical change (Hodges–Lehmann) and ceilings",
        )
        yield table(caption, tables.TYPICAL, typical)
    if odds := tables.odds(effects, questionnaire):
        caption = t(
            "Kiểm tra lại không coi mức là khoảng cách: tỷ số odds (proportional odds, tất cả câu trả lời)",
            "A check that takes no level for a distance: odds ratios (proportional odds, all answers)",
        )
        yield table(caption, tables.ODDS, odds)
    yield from _three_waves(effects, questionnaire)
    if exposure := tables.exposure(effects, questionnaire, reading.EXACT):
        caption = t(
            "Thay đổi theo mức tham gia (không phải bằng chứng nhân quả)",
            "Change by exposure (no proof of cause)",
        )
        yield table(caption, tables.BY_EXPOSURE, exposure, numbers=[2, 3, 4])
    if adjusted := tables.adjusted(effects, questionnaire):
        yield table(t("p điều chỉnh trong nhóm câu", "p adjusted within families"), tables.ADJUSTED, adjusted)


def _three_waves(effects: dict[str, Any], questionnaire: Questionnaire) -> Iterator[dict[str, Any]]:
    """Before, after and follow-up together, where the three had closed when these two were joined."""
    if right := tables.right_over_waves(effects, questionnaire):
        caption = t(
            "Ba đợt: tỷ lệ đúng của những người trả lời cả ba lần",
            "Three waves: shares of right answers of those who answered all three",
        )
        yield table(caption, tables.RIGHT_OVER_WAVES, right)
    if changes := tables.scores_over_waves(effects):
        caption = t(
            "Ba đợt: thay đổi điểm (mô hình hỗn hợp, mỗi người một mức riêng, REML)",
            "Three waves: change of scores (mixed model with a level of each person's own, REML)",
        )
        yield table(caption, tables.SCORES_OVER_WAVES, changes)


def quality(effects: dict[str, Any], questionnaire: Questionnaire) -> Iterator[dict[str, Any]]:
    """How well was measured: reliability, ceilings, the smallest change that could be seen, the wording."""
    yield heading(t("Chất lượng của phép đo", "Quality of measurement"))
    if together := tables.together(effects):
        yield table(
            t("Độ tin cậy của thang đo", "Reliability"), tables.TOGETHER, together, numbers=[2, 3, 4, 5]
        )
    if solved := tables.solved(effects, questionnaire):
        caption = t(
            "Câu hiểu biết: độ khó (tỷ lệ đúng) và độ phân biệt (tương quan với tổng các câu khác)",
            "Knowledge items: difficulty (share right) and discrimination (correlation with the sum of the others)",
        )
        yield table(caption, tables.SOLVED, solved)
    ceilings = [
        [str(reading.SCORES[one["name"]]), tables.top(one["ceiling"])]
        for one in effects["scores"]
        if one["ceiling"] is not None and reading.told_apart(one)
    ]
    if ceilings:
        columns = [t("Thang điểm", "Score"), t("Đã ở mức cao nhất từ trước", "At the top before")]
        yield table(t("Mức trần", "Ceiling"), columns, ceilings)
    if lost := tables.lost(effects):
        caption = t("Người chỉ trả lời lần đầu", "Those who answered the first time only")
        yield table(caption, tables.LOST, lost)
    if effects["smallest"]:
        yield said(
            t(
                "Thay đổi nhỏ nhất có thể thấy với lực 80 %: dz = {}.",
                "Smallest change detectable with 80% power: dz = {}.",
            ).format(number(effects["smallest"], 2))
        )
    columns = [t("Mã", "Code"), t("Nguyên văn", "Full wording"), t("Đo gì", "Measures")]
    yield table(t("Câu hỏi", "Questions"), columns, wording(questionnaire), numbers=[])


BY_HAND: Final = (
    Text("Ai đủ điều kiện tham gia, ai không và vì sao", "Who was eligible, who was not, and why"),
    Text(
        "Nội dung chiến dịch: hoạt động nào, mấy lần, bao lâu, ai thực hiện",
        "The campaign: which activities, how often, how long, by whom",
    ),
    Text("Khác gì so với kế hoạch, và vì sao", "What was done otherwise than planned, and why"),
    Text(
        "Việc khác xảy ra trong thời gian này có thể ảnh hưởng kết quả",
        "What else happened in this time that may bear on the results",
    ),
)
"""What TREND asks for and no answer can tell: lines for somebody who was there to fill in."""


def by_hand() -> Iterator[dict[str, Any]]:
    """An empty table of what only people know."""
    yield heading(t("Điền bằng tay", "To be filled in by hand"))
    columns = [t("TREND cần biết", "TREND asks"), t("Trả lời", "Answer")]
    caption = t("Những điều số liệu không biết", "What the data do not know")
    yield table(caption, columns, [[words, ""] for words in BY_HAND], numbers=[])


def _limits(found: Comparison, before: Round, after: Round) -> Iterator[dict[str, Any]]:
    yield heading(t("Cần biết khi đọc", "Before you conclude"))
    for caveat in reading.caveats(found.effects, with_cards=before.with_cards and after.with_cards):
        yield {"kind": "item", "text": str(caveat)}
    yield {
        "kind": "small",
        "text": t("Lập ngày {}. Mã kiểm tra {}.", "Made on {}. Check {}.").format(
            day(found.made_on), found.digest
        ),
    }


def heading(words: str) -> dict[str, Any]:
    """A heading of a document."""
    return {"kind": "heading", "text": words}


def said(words: str) -> dict[str, Any]:
    """A paragraph of a document."""
    return {"kind": "paragraph", "text": words}


def table(
    caption: str, columns: list[Any], rows: list[list[Any]], *, numbers: list[int] | None = None
) -> dict[str, Any]:
    """A table of a document; numbers: which columns stand to the right, all but the first unless said."""
    heads = [str(one["label"]) if isinstance(one, dict) else one for one in columns]
    cells = [[number(one) if isinstance(one, int) else str(one) for one in row] for row in rows]
    right = list(range(1, len(heads))) if numbers is None else numbers
    return {"kind": "table", "caption": caption, "columns": heads, "rows": cells, "numbers": right}


def _linked_share(effects: dict[str, Any]) -> float:
    smaller: int = max(1, min(effects["before"], effects["after"]))
    return float(effects["linked"] / smaller)


def _sizes(effects: dict[str, Any]) -> list[list[str]]:
    return [
        [
            str(reading.SCORES[one["name"]]),
            number(found["dz"], 2),
            t("{} đến {}", "{} to {}").format(*(number(end, 2) for end in found["dz_interval"])),
            number(found["d_av"], 2),
            *("–" if found[k] is None else number(found[k], 2) for k in ("dz_hedges", "d_av_hedges")),
        ]
        for one in effects["scores"]
        if (found := one["sizes"])
    ]


def wording(questionnaire: Questionnaire) -> list[list[Any]]:
    """One row a question of any wave: its code, its words, what it measures."""
    asked = (item for item in questionnaire.all_items.values() if item.kind in ANSWERED)
    return [[item.code, str(item.label), str(KINDS[item.measure.kind])] for item in asked]
