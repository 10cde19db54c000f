"""The report on answers that were collected elsewhere: figures under stable names, and a document of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from core.i18n import Text, language, number, t
from survey import annex, effects, pictures, reading
from survey.collected import design, grouped
from survey.collected.checking import Roles, Wave, joined
from survey.collected.files import Sheet
from survey.forms import WAVES
from survey.models import Round
from survey.questionnaire import Questionnaire

VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """Two files, checked, and what they are read by.

    plan: {"primary": score, "secondary": score or ""}, and of a plan fixed beforehand its year, day and sha256.
    named: which wave each file is.
    """

    sheets: tuple[Sheet, Sheet]
    waves: tuple[Wave, Wave]
    questionnaire: Questionnaire
    roles: Roles
    plan: Mapping[str, Any]
    named: tuple[str, str] = ("before", "after")


def figures(collected: Collected) -> dict[str, Any]:
    """Every figure at full precision; the names are documented in docs/statistics.md and stay."""
    before, after = collected.waves
    pairs = joined(before, after)
    questionnaire, roles = collected.questionnaire, collected.roles
    joint = effects.freeze(pairs, before.answers, after.answers, questionnaire)
    first, second = collected.sheets
    return {
        "version": VERSION,
        "questionnaire": {
            "name": questionnaire.name,
            "version": questionnaire.version,
            "sha256": questionnaire.digest(),
        },
        "files": {
            side: {"name": sheet.name, "sha256": sheet.digest, "rows": len(sheet.rows), "wave": wave}
            for side, sheet, wave in (
                ("before", first, collected.named[0]),
                ("after", second, collected.named[1]),
            )
        },
        "plan": {"sha256": _digest(collected.plan), **collected.plan},
        "effects": effects.effects(joint).to_json(),
        "joint": joint.to_json(),
        "clusters": grouped.by_cluster(pairs, before, after, questionnaire) if roles.cluster else None,
        "exposure": grouped.by_exposure(pairs, before, after, questionnaire, roles.exposure)
        if roles.exposure
        else None,
        "shares_by_exposure": grouped.shares_by_exposure(pairs, after, questionnaire, roles.exposure)
        if roles.exposure
        else None,
    }


def document(found: Mapping[str, Any], questionnaire: Questionnaire, day: date) -> dict[str, Any]:
    """The figures as a payload of `core.document:docx_job`."""
    return {
        "title": _title(),
        "language": language(),
        "day": day.isoformat(),
        "header": t("Phụ lục kỹ thuật · tệp {}", "Technical annex · file {}").format(
            found["files"]["after"]["sha256"][:16]
        ),
        "blocks": [
            *_opening(found, questionnaire),
            *_design(found),
            *annex.outcomes(found["effects"], questionnaire),
            *_clusters(found["clusters"]),
            *_exposure(found["exposure"]),
            *annex.quality(found["effects"], questionnaire),
            *annex.by_hand(),
            *_limits(found),
        ],
    }


def caveats(found: Mapping[str, Any]) -> list[str]:
    """What these very files cannot say; each row is one person's by its link, or nobody's."""
    known = bool(found["clusters"])
    said = [str(one) for one in reading.caveats(found["effects"], with_cards=True, with_units=known)]
    reasons = {one["reason"] for one in found["clusters"] or () if one["reason"]}
    return [*said, *(str(words) for code, words in _REASONS.items() if code in reasons)]


_REASONS: Final = {
    "too few people": Text(
        "Dưới 10 người ghép được có tên đơn vị, nên không tính theo đơn vị.",
        "Fewer than 10 joined people name a unit, so units could not be allowed for.",
    ),
    "one unit": Text(
        "Mọi người cùng một đơn vị, nên không tính theo đơn vị.",
        "Everybody is of one unit, so units could not be allowed for.",
    ),
    "no variation": Text(
        "Có thang điểm mà mọi người thay đổi như nhau, nên không tính theo đơn vị được.",
        "On some score everybody changed alike, so nothing can be said of units.",
    ),
    "one person in each unit": Text(
        "Mỗi đơn vị chỉ có một người, nên không biết người cùng đơn vị giống nhau đến đâu.",
        "Each unit has one person, so likeness within a unit cannot be known.",
    ),
    "few units: read p_turned_signs": Text(
        "Dưới 10 đơn vị: hãy đọc p đổi dấu, đừng đọc p của CR2.",
        "Fewer than 10 units: read p with signs turned, not the p of CR2.",
    ),
    "too many rows for CR2": Text(
        "Trên 4.000 dòng ghép được nên không tính CR2; dùng ICC và hệ số thiết kế.",
        "Over 4,000 joined rows, so no CR2; use the ICC and the design effect.",
    ),
}


def _limits(found: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield annex.heading(t("Cần biết khi đọc", "Before you conclude"))
    for words in caveats(found):
        yield {"kind": "item", "text": words}


def _digest(plan: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(plan, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _title() -> str:
    return t(
        "Thay đổi giữa hai lần khảo sát: phụ lục kỹ thuật", "Change between two surveys: technical annex"
    )


def _opening(found: Mapping[str, Any], questionnaire: Questionnaire) -> Iterator[dict[str, Any]]:
    from core import charts

    yield {"kind": "title", "text": _title()}
    order = [name for name in (found["plan"]["primary"], found["plan"]["secondary"]) if name]
    for sentence in reading.sentences(found["effects"], order):
        yield annex.said(sentence)
    waves = [Round(invited=0), Round(invited=0)]
    specs = pictures.in_languages(found["effects"], found["joint"], questionnaire, waves)[language()]
    for name, svg in zip(specs, charts.draw({"charts": list(specs.values())})["svg"], strict=True):
        yield {"kind": "picture", "svg": svg, "words": str(pictures.TITLES[name])}
        yield {"kind": "small", "text": str(pictures.TITLES[name])}


def _design(found: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield annex.heading(t("Tệp và kế hoạch phân tích", "Files and plan of analysis"))
    rows = [
        [str(WAVES[one["wave"]]), one["name"], number(one["rows"]), one["sha256"][:16]]
        for one in (found["files"]["before"], found["files"]["after"])
    ]
    columns = [t("Đợt", "Wave"), t("Tệp", "File"), t("Dòng", "Rows"), "SHA-256"]
    yield annex.table(t("Nguồn số liệu", "Sources"), columns, rows, numbers=[2])
    yield annex.said(
        t(
            "Bộ câu hỏi {}, mã băm {}. Kế hoạch phân tích, mã băm {}.",
            "Questionnaire {}, hash {}. Plan of analysis, hash {}.",
        ).format(
            found["questionnaire"]["name"],
            found["questionnaire"]["sha256"][:16],
            found["plan"]["sha256"][:16],
        )
    )
    yield annex.said(str(design.in_words(found["plan"])))
    yield annex.said(
        t(
            "Một nhóm, đo trước và sau, không có nhóm so sánh. Thay đổi chưa chắc là do chiến dịch.",
            "One group, measured before and after, with nobody to compare. The campaign need not have caused the change.",
        )
    )


def _clusters(found: list[dict[str, Any]] | None) -> Iterator[dict[str, Any]]:
    if not found:
        return
    yield annex.heading(t("Người cùng đơn vị", "People of one unit"))
    rows = []
    for one in found:
        change = one["change"]
        rows.append(
            [
                str(reading.SCORES[one["score"]]),
                number(one["n"]),
                number(one["units"]),
                number(change["value"], 2) if change else "–",
                _span(change["interval"]) if change else "–",
                "–" if one["icc"] is None else number(one["icc"], 3),
                "–" if one["p_turned_signs"] is None else number(one["p_turned_signs"], 3),
            ]
        )
    columns = [
        t("Thang điểm", "Score"),
        t("Số người", "People"),
        t("Số đơn vị", "Units"),
        t("Thay đổi", "Change"),
        t("Khoảng tin cậy 95 %", "95% interval"),
        "ICC",
        t("p đổi dấu", "p, signs turned"),
    ]
    caption = t(
        "Thay đổi, sai số CR2 theo đơn vị (Satterthwaite)", "Change with CR2 errors by unit (Satterthwaite)"
    )
    yield annex.table(caption, columns, rows)


def _exposure(found: list[dict[str, Any]] | None) -> Iterator[dict[str, Any]]:
    if not found:
        return
    yield annex.heading(t("Thay đổi theo mức tham gia", "Change by exposure"))
    yield annex.said(
        t(
            "Người tham gia nhiều có thể vốn đã khác người tham gia ít. Đây không phải bằng chứng nhân quả.",
            "Those who took part more may have differed from the start. This is no proof of cause.",
        )
    )
    rows = [
        [
            str(reading.SCORES[one["score"]]),
            number(one["n"]),
            number(line["slope"], 3) if (line := one["slope"]) else "–",
            _span(line["interval"], 3) if line else "–",
            "–" if not line or line["p"] is None else number(line["p"], 3),
        ]
        for one in found
    ]
    columns = [
        t("Thang điểm", "Score"),
        t("Số người", "People"),
        t("Mỗi mức thêm", "Each level more"),
        t("Khoảng tin cậy 95 %", "95% interval"),
        "p",
    ]
    yield annex.table(t("Đường thẳng qua các mức", "Straight line over levels"), columns, rows)


def _span(ends: list[float] | tuple[float, float], decimals: int = 2) -> str:
    return t("{} đến {}", "{} to {}").format(*(number(end, decimals) for end in ends))
