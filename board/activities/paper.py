"""A unit's report on paper: what stands where in the layout of an office (Decree 30/2020/NĐ-CP, Annex I)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from board.activities.kinds import KINDS
from board.activities.lines import Line
from board.activities.models import UnitReport
from board.activities.words import how_many
from core import clock
from core.campaign import Campaign
from core.i18n import day, language, number, t
from core.units import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A unit's report, ready to be set. rows: number, activity, day, how many, people, women, men, cost."""

    day: date
    centre: str
    unit: str
    place_and_day: str
    about: str
    to: str
    campaign: str
    plan: str
    rows: list[list[str]]
    planned: list[list[str]]
    words: list[tuple[str, str]]
    none: list[str]
    draft: bool


def paper_of(unit: Unit, campaign: Campaign, report: UnitReport | None, lines: Sequence[Line]) -> Paper:
    """A unit's report for a year as it is printed; a draft says that it is one."""
    known = campaign.particulars
    filed = report.filed_on if report and report.state in ("filed", "accepted") else None
    place = str(known.place) if known.place else "…………"
    return Paper(
        day=filed or clock.today(),
        centre=str(known.issuer or ""),
        unit=t(unit.name_vi, unit.name_en),
        place_and_day=f"{place}, {written_day(filed or clock.today())}",
        about=t("Kết quả triển khai {}", "Results of the {}").format(campaign.title),
        to=str(known.board or t("Ban Vì sự tiến bộ của phụ nữ", "Board for the Advancement of Women")),
        campaign=campaign.title,
        plan=str(known.plan or ""),
        rows=[_row(place, line) for place, line in enumerate(_of(lines, "held"), 1)],
        planned=[_row(place, line) for place, line in enumerate(_of(lines, "planned"), 1)],
        words=[(_name(line), line.description) for line in _of(lines, "held") if line.description],
        none=[str(KINDS[line.type_code].name) for line in _of(lines, "none")],
        draft=filed is None,
    )


def written_day(value: date) -> str:
    """A day as it stands on a document: days below 10 and the first two months with a zero."""
    if language() == "en":
        return day(value)
    month = f"{value.month:02d}" if value.month < 3 else str(value.month)
    return f"ngày {value.day:02d} tháng {month} năm {value.year}"


def _of(lines: Sequence[Line], state: str) -> list[Line]:
    return [line for line in lines if line.state == state]


def _name(line: Line) -> str:
    name = str(KINDS[line.type_code].name)
    return f"{name}: {line.title}" if line.title else name


def _row(place: int, line: Line) -> list[str]:
    on = line.held_on if line.state == "held" else line.planned_on
    people = (line.came, line.women, line.men, line.cost)
    return [
        str(place),
        _name(line) + (f" ({line.audience})" if line.audience else ""),
        day(on) if on else "",
        how_many(line),
        *("" if value is None else number(value) for value in people),
    ]


def as_document(paper: Paper) -> dict[str, Any]:
    """The payload of `board.report.layout:docx_job`. The paper is one that was made in Vietnamese."""
    blocks = [
        ("body", f"Thực hiện kế hoạch triển khai {paper.campaign}, {paper.unit} báo cáo kết quả như sau:")
    ]
    blocks += [
        ("chapter", "I. KẾT QUẢ THỰC HIỆN"),
        ("body", f"Đã thực hiện {len(paper.rows)} hoạt động (Phụ lục)."),
    ]
    blocks += [("body", f"- {name}: {words}") for name, words in paper.words]
    if paper.none:
        blocks.append(("body", f"Không phát sinh: {'; '.join(paper.none)}."))
    if paper.planned:
        blocks += [("chapter", "II. HOẠT ĐỘNG DỰ KIẾN")]
        blocks += [("body", "- " + ", ".join(filter(None, row[1:4]))) for row in paper.planned]
    blocks.append(("body", f"Trên đây là báo cáo kết quả triển khai của {paper.unit}./."))
    return {
        "parent": paper.centre.upper(),
        "issuer": paper.unit.upper(),
        "number": "Số:       /BC",
        "place_day": paper.place_and_day,
        "kind": "BÁO CÁO",
        "about": paper.about,
        "addressee": paper.to,
        "blocks": [{"kind": kind, "text": words} for kind, words in blocks],
        "recipients": ["- Như trên;", "- Lưu: đơn vị."],
        "signing": ["PHỤ TRÁCH ĐƠN VỊ"],
        "signer": "",
        "with": f"(Kèm theo Báo cáo của {paper.unit})",
        "day": paper.day.isoformat(),
        "annexes": [_annex(paper)],
    }


def _annex(paper: Paper) -> dict[str, Any]:
    heads = ["TT", "Hoạt động", "Ngày", "Số lượng", "Người dự", "Nữ", "Nam", "Kinh phí (nghìn đồng)"]
    return {
        "number": "PHỤ LỤC",
        "title": "HOẠT ĐỘNG ĐÃ THỰC HIỆN",
        "columns": heads,
        "widths": [11, 43, 24, 23, 18, 12, 14, 20],
        "right": [4, 5, 6, 7],
        "rows": paper.rows,
        "notes": [],
    }
