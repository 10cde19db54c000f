"""Change between two waves: shares as dumbbells, means against the line of no change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.charts.sheet import (
    ACCENT,
    INK,
    LINE,
    QUIET,
    SOFT,
    WIDTH,
    Head,
    Mood,
    Sheet,
    aside,
    cap,
    end_of,
    label_above,
    missing,
    points,
    signed,
    speaking,
    svg,
    ticks,
)
from core.i18n import Language, Text, percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Right answers to one question: shares before and after, the interval of the difference (all 0 to 1).

    `missing` is the sentence that stands instead where there is no figure; `ceiling` one about too little room to
    rise, marked above the place before.
    """

    label: str
    ceiling: str = ""
    before: float = 0.0
    after: float = 0.0
    low: float | None = None
    high: float | None = None
    missing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """A change in points with its interval; `missing` is the sentence instead of it."""

    label: str
    change: float = 0.0
    low: float = 0.0
    high: float = 0.0
    missing: str = ""


def dumbbell(
    rows: Sequence[Share], language: Language, mood: Mood = "open", *, title: str, heading: bool = False
) -> str:
    """Before and after of each question on a line from 0 to 100 %, with the interval of the change."""
    return speaking(language, lambda: _dumbbell(rows, mood, Head(title, heading)))


def forest(
    rows: Sequence[Mean],
    language: Language,
    mood: Mood = "open",
    *,
    title: str,
    unit: str = "",
    heading: bool = False,
) -> str:
    """Changes of means against the line of no change. unit: what a point is ("points of 1 to 5")."""
    return speaking(language, lambda: _forest(rows, mood, Head(title, heading), unit))


def _dumbbell(rows: Sequence[Share], mood: Mood, head: Head) -> str:
    sheet = Sheet(0, 1)
    sheet.heading(head)
    for row in rows:
        label_above(sheet, row.label)
        if row.missing:
            missing(sheet, row.label, row.missing)
        else:
            _dumbbell_row(sheet, row)
    ticks(sheet, [(0, percent(0)), (0.5, percent(0.5)), (1, percent(1))])
    marks = Text("Vạch đứng: trước. Chấm tròn: sau.", "Upright line: before. Dot: after.")
    band = Text(
        "Dải nhạt: các mức sau chiến dịch hợp với số liệu (khoảng tin cậy 95 % của thay đổi). "
        "Thay đổi tính bằng điểm phần trăm.",
        "Pale band: levels after the campaign that fit the data (95% confidence interval of the change). "
        "Changes are in percentage points.",
    )
    sheet.notes([f"{marks} {band}" if any(row.low is not None for row in rows) else str(marks)])
    return svg(sheet, head.title, mood)


def _dumbbell_row(sheet: Sheet, row: Share) -> None:
    shares, change = f"{percent(row.before)} → {percent(row.after)}", points(row.after - row.before)
    for at in (0, 0.5, 1):
        sheet.upright(at, sheet.y + 22, sheet.y + 40, color=LINE)
    if row.low is not None and row.high is not None:
        change += f" ({end_of(row.low * 100, 0)} … {end_of(row.high * 100, 0)})"
        start, end = (min(1.0, max(0.0, row.before + end)) for end in (row.low, row.high))
        sheet.box(start, end, 25, 12, color=SOFT, stroke=ACCENT, strokeWidth=0.75)
    sheet.text(shares, 0, 14, fontWeight="bold")
    sheet.text(change, WIDTH, 14, align="right", color=QUIET)
    sheet.rule(row.before, row.after, 31, color=ACCENT, strokeWidth=3)
    sheet.upright(row.before, sheet.y + 23, sheet.y + 39, color=INK, strokeWidth=2.5)
    sheet.point(row.after, 31)
    if row.ceiling:
        cap(sheet, 1, sheet.y + 23, sheet.y + 39)
    sheet.y += 22 + 18
    if row.ceiling:
        sheet.y += 2
        aside(sheet, row.ceiling)
    sheet.y += 18
    sheet.words.append(f"{row.label} {shares}, {change}. {row.ceiling}".rstrip())


def _forest(rows: Sequence[Mean], mood: Mood, head: Head, unit: str) -> str:
    known = [row for row in rows if not row.missing]
    low = min([0.0, *(row.low for row in known)])
    high = max([0.0, *(row.high for row in known)])
    room = max(high - low, 0.1) * 0.06
    sheet = Sheet(low - room, high + room)
    sheet.heading(head)
    for row in rows:
        label_above(sheet, row.label)
        if row.missing:
            missing(sheet, row.label, row.missing)
        else:
            _forest_row(sheet, row)
    ticks(sheet, [(0, str(Text("0: không đổi", "0: no change")))])
    points = Text(
        "Hình thoi: thay đổi. Vạch ngang: khoảng tin cậy 95 %.",
        "Diamond: change. Bar: 95% confidence interval.",
    )
    sheet.notes([f"{points} {unit}".strip()])
    return svg(sheet, head.title, mood)


def _forest_row(sheet: Sheet, row: Mean) -> None:
    change, interval = signed(row.change), f"{end_of(row.low)} … {end_of(row.high)}"
    sheet.text(change, 0, 14, fontWeight="bold")
    sheet.text(f"({interval})", WIDTH, 14, align="right", color=QUIET)
    sheet.upright(0, sheet.y + 21, sheet.y + 41, color=INK, strokeWidth=1.5)
    sheet.rule(row.low, row.high, 31, color=ACCENT, strokeWidth=3)
    for end in (row.low, row.high):
        sheet.upright(end, sheet.y + 26, sheet.y + 36, color=ACCENT, strokeWidth=2)
    sheet.point(row.change, 31, shape="diamond", size=170)
    sheet.y += 22 + 18 + 18
    sheet.words.append(f"{row.label}: {change} ({interval}).")
