"""From what is known and what was written to the document as a payload of `board.report.layout:docx_job` (pure).

The document is Vietnamese whatever the language of the page: it goes to a Vietnamese authority (Decree 30/2020/NĐ-CP).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from board.report.indicators import Figure
from board.report.parts import CHAPTERS, SIGNING, Part
from board.report.suggestions import Units
from core.particulars import Particulars

SYMBOL: Final = "BC-TTYT"
RECIPIENTS: Final = "Như trên;\nBan Giám đốc (để b/c);\nLưu: VT, BVSTBPN."
_BLANK: Final = "      "
_ON_TIME, _LATE, _MISSING = "Đúng hạn", "Trễ hạn", "Chưa báo cáo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A report that went out: its number and day, the day its figures reached, and what it said of each indicator."""

    number: str
    symbol: str
    day: date
    as_of: date
    said: Mapping[int, str]
    units: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything the document is made from. texts: part → words, written or suggested; formal: as `parts.FORMAL`."""

    year: int
    title: str
    as_of: date
    particulars: Particulars
    formal: Mapping[str, str]
    texts: Mapping[str, str]
    figures: Sequence[Figure]
    units: Units
    sent: Sent | None = None
    """For a supplement: what was reported before."""
    photos: tuple[tuple[str, str], ...] = ()
    """Photographs that were chosen: JPEG as base64, and the words under it."""


def report(facts: Facts) -> dict[str, Any]:
    """The report itself."""
    return {
        **_frame(facts, "number", "day"),
        "about": f"Kết quả triển khai {facts.title}",
        "addressee": addressee(facts),
        "blocks": [*_bases(facts), *_opening(facts), *_chapters(facts), _closing(facts, "báo cáo kết quả")],
        "annexes": annexes(facts),
    }


def supplement(facts: Facts) -> dict[str, Any]:
    """The supplement: what came after the report, beside what the report had said."""
    return {
        **_frame(facts, "supplement_number", "supplement_day"),
        "about": f"Bổ sung kết quả triển khai {facts.title}",
        "addressee": addressee(facts),
        "blocks": [*_followed(facts), _closing(facts, "báo cáo bổ sung kết quả")],
        "annexes": annexes(facts),
    }


def annexes(facts: Facts) -> list[dict[str, Any]]:
    """The tables behind the signature: the indicators, and who reported."""
    tables = [_figures(facts), _units(facts)]
    return [*tables, _photos(facts)] if facts.photos else tables


def issuer(facts: Facts) -> str:
    """The centre's name as it is written in running words."""
    return facts.particulars.issuer.vi if facts.particulars.issuer else "Trung tâm Y tế"


def addressee(facts: Facts) -> str:
    """Who the report goes to."""
    parent = facts.particulars.parent.vi if facts.particulars.parent else "Sở Y tế"
    return facts.formal.get("addressee") or parent


def number_line(number: str, symbol: str) -> str:
    """Số: 05/BC-TTYT; without a number, room to write it by hand."""
    written = number.strip()
    if written.isdigit():
        written = written.zfill(2)
    return f"Số: {written or _BLANK}/{symbol.strip() or SYMBOL}"


def day_line(place: str, day: date | None, year: int) -> str:
    """Thiệu Hóa, ngày 05 tháng 12 năm 2026: days below ten and the first two months with their zero."""
    where = f"{place}, " if place else ""
    if day is None:
        return f"{where}ngày{_BLANK}tháng{_BLANK}năm {year}"
    month = f"{day.month:02d}" if day.month < 3 else str(day.month)
    return f"{where}ngày {day.day:02d} tháng {month} năm {day.year}"


def dated(day: date) -> str:
    """05/12/2026."""
    return f"{day:%d/%m/%Y}"


def read_day(words: str) -> date | None:
    """A day as it is kept."""
    return date.fromisoformat(words) if words else None


def _frame(facts: Facts, number: str, day: str) -> dict[str, Any]:
    """What stands around every document: head, signature, who gets it."""
    formal, particulars = facts.formal, facts.particulars
    parent = particulars.parent.vi if particulars.parent else ""
    place = particulars.place.vi if particulars.place else ""
    on = read_day(formal.get(day, ""))
    recipients = (formal.get("recipients") or RECIPIENTS).splitlines()
    return {
        "parent": parent.upper(),
        "issuer": issuer(facts).upper(),
        "number": number_line(formal.get(number, ""), formal.get("symbol", "")),
        "place_day": day_line(place, on, facts.year),
        "kind": "BÁO CÁO",
        "recipients": [_listed(line) for line in recipients if line.strip()],
        "signing": list(SIGNING.get(formal.get("signing", ""), SIGNING["director"])),
        "signer": formal.get("signer", ""),
        "with": _with(facts, formal.get(number, ""), on),
        "day": (on or facts.as_of).isoformat(),
    }


def _with(facts: Facts, number: str, on: date | None) -> str:
    """The line under the name of an annex."""
    named = number_line(number, facts.formal.get("symbol", "")).removeprefix("Số: ")
    when = dated(on) if on else f"…/…/{facts.year}"
    return f"(Kèm theo Báo cáo số {named} ngày {when} của {issuer(facts)})"


def _listed(line: str) -> str:
    return "- " + line.strip().lstrip("-–• ").strip()


def _bases(facts: Facts) -> Iterator[dict[str, str]]:
    """Legal bases, each in italics with its semicolon."""
    lines = [line.strip() for line in facts.formal.get("bases", "").splitlines() if line.strip()]
    for line in lines:
        yield {"kind": "base", "text": line.rstrip(";.,") + ";"}


def _opening(facts: Facts) -> Iterator[dict[str, str]]:
    plan = facts.particulars.higher_plan
    named = plan.vi if plan else "…/KH-… ngày …/…/… của Sở Y tế"
    yield {
        "kind": "body",
        "text": f"Thực hiện Kế hoạch số {named} về việc triển khai {facts.title}, {issuer(facts)} báo cáo kết quả"
        f" thực hiện như sau (số liệu tính đến hết ngày {dated(facts.as_of)}):",
    }


def _chapters(facts: Facts) -> Iterator[dict[str, str]]:
    for chapter in CHAPTERS:
        yield {"kind": "chapter", "text": chapter.heading}
        for part in chapter.parts:
            if not chapter.alone:
                yield {"kind": "heading", "text": part.heading}
            yield from _paragraphs(part, facts.texts)


def _paragraphs(part: Part, texts: Mapping[str, str]) -> Iterator[dict[str, str]]:
    for line in texts.get(part.code, "").splitlines():
        if line.strip():
            yield {"kind": "body", "text": line.strip()}


def _closing(facts: Facts, what: str) -> dict[str, str]:
    words = f"Trên đây là {what} triển khai {facts.title}, {issuer(facts)} trân trọng báo cáo./."
    return {"kind": "body", "text": words}


def _followed(facts: Facts) -> Iterator[dict[str, str]]:
    """The body of a supplement: the report it follows, who has reported since, what grew."""
    sent = facts.sent
    assert sent is not None
    named = number_line(sent.number, sent.symbol).removeprefix("Số: ")
    yield {
        "kind": "body",
        "text": f"Tiếp theo Báo cáo số {named} ngày {dated(sent.day)} (số liệu tính đến hết ngày {dated(sent.as_of)}),"
        f" {issuer(facts)} báo cáo bổ sung kết quả triển khai {facts.title} đến hết ngày {dated(facts.as_of)} như sau:",
    }
    yield {"kind": "heading", "text": "1. Đơn vị báo cáo"}
    filed = [*facts.units.on_time, *facts.units.late]
    since = [name for name in filed if name not in sent.units]
    yield {
        "kind": "body",
        "text": f"Đến nay {len(filed)}/{facts.units.owing} đơn vị đã gửi báo cáo."
        + (f" Các đơn vị báo cáo thêm: {'; '.join(since)}." if since else " Không có đơn vị báo cáo thêm."),
    }
    yield {"kind": "heading", "text": "2. Số liệu thay đổi"}
    # A small count that may not have grown at all is told in the annex alone, as the range that it is.
    changed = [
        one
        for one in facts.figures
        if sent.said.get(one.indicator.no) not in (None, one.said.vi)
        and (one.numbers or not one.indicator.activities)
    ]
    for one in changed:
        before = sent.said[one.indicator.no]
        yield {
            "kind": "body",
            "text": f"- {_whole_label(one, facts.figures)} ({one.indicator.unit.vi}): đã báo cáo {before},"
            f" đến nay {one.said.vi}.",
        }
    if not changed:
        yield {"kind": "body", "text": "Các chỉ tiêu không thay đổi so với báo cáo trước."}


def _whole_label(one: Figure, figures: Sequence[Figure]) -> str:
    """A line under another says whose part it is."""
    under = one.indicator.under
    if under is None:
        return one.indicator.label.vi
    above = next(other for other in figures if other.indicator.no == under)
    label = one.indicator.label.vi
    return f"{above.indicator.label.vi.removesuffix(': số cuộc')}: {label[:1].lower()}{label[1:]}"


def _figures(facts: Facts) -> dict[str, Any]:
    """Annex 1: the 25 indicators."""
    sent = facts.sent
    head = ["Đã báo cáo", f"Đến hết {facts.as_of:%d/%m}"] if sent else ["Kết quả"]
    rows = []
    for one in facts.figures:
        star = " (*)" if one.indicator.sensitive else ""
        dash = "- " if one.indicator.under else ""
        said = [sent.said.get(one.indicator.no, ""), one.said.vi] if sent else [one.said.vi]
        why = one.why.vi if one.why else ""
        rows.append(
            [
                str(one.indicator.no),
                dash + one.indicator.label.vi + star,
                one.indicator.unit.vi,
                *said,
                why,
            ]
        )
    return {
        "number": "PHỤ LỤC I",
        "title": "BIỂU TỔNG HỢP SỐ LIỆU",
        "columns": ["TT", "Chỉ tiêu", "Đơn vị tính", *head, "Ghi chú"],
        "widths": [10, 50, 20, 24, 24, 37] if sent else [10, 62, 22, 32, 39],
        "right": [3, 4] if sent else [3],
        "rows": rows,
        "notes": [
            f"Số liệu tính đến hết ngày {dated(facts.as_of)}.",
            "(*) Chỉ tổng hợp ở cấp Trung tâm, không lấy từ báo cáo của đơn vị; số nhỏ không nêu để không ai bị nhận ra.",
        ],
    }


def _units(facts: Facts) -> dict[str, Any]:
    """Annex 2: who reported. About activities only: no unit stands beside a letter or a survey."""
    units = facts.units
    told = [(name, _ON_TIME) for name in units.on_time] + [(name, _LATE) for name in units.late]
    told += [(name, _MISSING) for name in units.missing]
    rows = [[str(place), name, how] for place, (name, how) in enumerate(told, start=1)]
    return {
        "number": "PHỤ LỤC II",
        "title": "TÌNH HÌNH BÁO CÁO CỦA CÁC ĐƠN VỊ",
        "columns": ["TT", "Đơn vị", "Báo cáo hoạt động"],
        "widths": [12, 108, 45],
        "right": [],
        "rows": rows,
        "notes": [
            f"Đã báo cáo {units.filed}/{units.owing} đơn vị; đúng hạn {len(units.on_time)}, trễ hạn {len(units.late)}.",
        ],
    }


def _photos(facts: Facts) -> dict[str, Any]:
    """Annex 3: photographs of activities, those that the secretary chose."""
    return {
        "number": "PHỤ LỤC III",
        "title": "MỘT SỐ HÌNH ẢNH HOẠT ĐỘNG",
        "photos": [{"jpeg": jpeg, "words": words} for jpeg, words in facts.photos],
        "notes": [],
    }
