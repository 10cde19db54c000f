"""What a report still lacks before it can be signed, in the order in which somebody would see to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from board.activities.sense import could_name
from board.report.gathering import Gathered
from board.report.indicators import NOTHING
from board.report.parts import CENTRE, WRITTEN
from board.report.suggestions import UNWRITTEN
from core.i18n import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """One thing that is missing. where: the endpoint of the page on which it can be seen to, or "" for none."""

    words: Text
    where: str = ""
    part: str | None = None


def lacks(found: Gathered) -> list[Lack]:
    """Everything that is missing."""
    return [
        *_of_campaign(found),
        *_of_paper(found),
        *_of_parts(found),
        *_of_words(found),
        *_of_figures(found),
    ]


def _of_campaign(found: Gathered) -> Iterator[Lack]:
    particulars = found.facts.particulars
    if particulars.higher_plan is None:
        yield Lack(
            words=Text(
                "Số, ngày kế hoạch của cấp trên: ghi ở trang Chiến dịch. Trong văn bản đang để trống.",
                "Number and day of the higher plan: to be written on the campaign page. The document leaves room.",
            ),
            where="campaign.show",
        )
    if not particulars.theme_set:
        yield Lack(
            words=Text(
                "Chủ đề của năm: ghi ở trang Chiến dịch.",
                "This year's theme: to be written on the campaign page.",
            ),
            where="campaign.show",
        )


def _of_paper(found: Gathered) -> Iterator[Lack]:
    formal, before = found.facts.formal, "supplement_" if found.facts.sent else ""
    if not formal[f"{before}number"] or not formal[f"{before}day"]:
        yield Lack(
            words=Text(
                "Số và ngày của văn bản: để trống thì ghi tay.",
                "Number and day of the document: left empty, they are written by hand.",
            ),
            where="department_report.formal",
        )
    if not formal["signer"]:
        yield Lack(
            words=Text("Họ tên người ký.", "The name of the person who signs."),
            where="department_report.formal",
        )


def _of_parts(found: Gathered) -> Iterator[Lack]:
    """Parts about which no figure says anything, and which nobody has written; a supplement has none."""
    for code, part in WRITTEN.items():
        if not found.facts.sent and found.facts.texts[code] == UNWRITTEN:
            words = Text(f"Chưa ai viết: {part.heading}.", f"Not written yet: {part.name_en}.")
            yield Lack(words=words, where="department_report.part", part=code)


def _of_words(found: Gathered) -> Iterator[Lack]:
    """Written parts whose words may point to one person. It only warns: whoever wrote them may be right."""
    for code, part in WRITTEN.items():
        if not found.facts.sent and points_to_somebody(code, found.written.get(code, "")):
            words = Text(
                f"Xem lại: {part.heading}. Lời viết có thể chỉ ra một người cụ thể.",
                f"Look again: {part.name_en}. The words may point to one person.",
            )
            yield Lack(words=words, where="department_report.part", part=code)


def points_to_somebody(code: str, words: str) -> bool:
    """Whether words of a part may say who was hurt; those commended are named with their consent."""
    return bool(words) and could_name(words, commended=code == "praise")


def _of_figures(found: Gathered) -> Iterator[Lack]:
    facts = found.facts
    if absent := len(facts.units.missing):
        yield Lack(
            words=Text(
                f"{absent} đơn vị chưa báo cáo: văn bản ghi rõ đơn vị nào.",
                f"{absent} units have not reported: the document names them.",
            )
        )
    if any(code not in found.centre for code in CENTRE):
        yield Lack(
            words=Text(
                "Số của Trung tâm: tư vấn, thăm hỏi, xử lý vi phạm.",
                "Figures of the centre: counselling, visits, violations handled.",
            ),
            where="department_report.centre",
        )
    by_no = {one.indicator.no: one for one in facts.figures}
    if by_no[20].said == NOTHING:
        yield Lack(
            words=Text(
                "Chưa có kỳ công bố số liệu thư: hai người giữ khóa làm việc này.",
                "Letters were not released yet: two custodians do that.",
            )
        )
    if by_no[22].said == NOTHING:
        yield Lack(
            words=Text(
                "Khảo sát trước và sau chưa được ghép.", "The surveys before and after were not joined yet."
            )
        )
