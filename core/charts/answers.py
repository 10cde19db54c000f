"""How answers are spread, before and after: steps of agreement around a middle, and who took part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

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
    label_above,
    missing,
    speaking,
    svg,
)
from core.i18n import Language, Text, number, percent

MARGIN: Final = 92
"""Room left and right of the steps, for the wave's name and the shares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """One question: shares of its answers from the least to the most helpful, before and after (each 0 to 1).

    `missing` is the sentence that stands instead where there is no figure; `ceiling` one about too little room to
    rise, marked at the end of the bar before.
    """

    label: str
    ceiling: str = ""
    before: tuple[float, ...] = ()
    after: tuple[float, ...] = ()
    missing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One wave: how many were invited (None where nobody counted), answered, and could be joined with themselves."""

    label: str
    invited: int | None
    answered: int
    joined: int


def spreads(
    rows: Sequence[Spread], language: Language, mood: Mood = "open", *, title: str, heading: bool = False
) -> str:
    """Stacked bars that part in the middle: less helpful answers to the left, more helpful ones to the right."""
    return speaking(language, lambda: _spreads(rows, mood, Head(title, heading)))


def flow(
    rows: Sequence[Part], language: Language, mood: Mood = "open", *, title: str, heading: bool = False
) -> str:
    """Who took part: of those invited, how many answered, and how many of them did so in both waves."""
    return speaking(language, lambda: _flow(rows, mood, Head(title, heading)))


def _spreads(rows: Sequence[Spread], mood: Mood, head: Head) -> str:
    ends = [_ends(wave) for row in rows if not row.missing for wave in (row.before, row.after)]
    reach = [max(0.1, *(end[side] for end in ends)) if ends else 1.0 for side in (0, 1)]
    sheet = Sheet(-reach[0], reach[1], edge=MARGIN)
    sheet.heading(head)
    for row in rows:
        label_above(sheet, row.label)
        if row.missing:
            missing(sheet, row.label, row.missing)
            continue
        top = sheet.y + 2
        told = []
        for words, wave, capped in (
            (_BEFORE, row.before, bool(row.ceiling)),
            (_AFTER, row.after, False),
        ):
            told.append(_steps(sheet, str(words), wave))
            if capped:
                cap(sheet, _ends(wave)[1], sheet.y - 20, sheet.y - 2)
        sheet.upright(0, top, sheet.y - 2, color=INK, strokeWidth=1)
        if row.ceiling:
            aside(sheet, row.ceiling)
            told.append(row.ceiling.rstrip("."))
        sheet.words.append(f"{row.label} {'; '.join(told)}.")
        sheet.y += 14
    sheet.notes([str(_READ)])
    return svg(sheet, head.title, mood)


def _ends(shares: tuple[float, ...]) -> tuple[float, float]:
    """How far a bar reaches to the left and to the right of the middle of its middle answer."""
    half = len(shares) // 2
    middle = shares[half] / 2 if len(shares) % 2 else 0.0
    return sum(shares[:half]) + middle, sum(shares[-half:]) + middle


def _steps(sheet: Sheet, wave: str, shares: tuple[float, ...]) -> str:
    """One bar; what it says in words."""
    half = len(shares) // 2
    middle = shares[half] if len(shares) % 2 else 0.0
    worse, better = sum(shares[:half]), sum(shares[-half:])
    sheet.text(wave, 0, 15, color=QUIET)
    sheet.text(percent(worse), MARGIN - 6, 15, align="right")
    sheet.text(percent(better), WIDTH - MARGIN + 6, 15, fontWeight="bold")
    at = -middle / 2
    for place, share in enumerate(reversed(shares[:half])):
        sheet.box(at - share, at, 3, 16, color=QUIET if place == half - 1 else LINE)
        at -= share
    if middle:
        sheet.box(-middle / 2, middle / 2, 3.5, 15, filled=False, stroke=INK, strokeWidth=0.8)
    at = middle / 2
    for place, share in enumerate(shares[-half:]):
        sheet.box(at, at + share, 3, 16, color=ACCENT if place == half - 1 else SOFT)
        at += share
    sheet.y += 22
    return str(_SAID.format(wave=wave, worse=percent(worse), better=percent(better)))


def _flow(rows: Sequence[Part], mood: Mood, head: Head) -> str:
    sheet = Sheet(0, max([1, *(max(row.invited or 0, row.answered) for row in rows)]), edge=1)
    sheet.heading(head)
    for row in rows:
        words = _answered(row)
        sheet.text(row.label, 0, 14, fontWeight="bold")
        sheet.text(words, WIDTH, 14, align="right")
        sheet.y += 22
        if row.invited is not None:
            sheet.box(0, row.invited, 0.75, 18.5, filled=False, stroke=INK, strokeWidth=1, strokeDash=[3, 3])
        sheet.box(0, row.answered, 0.75, 18.5, color=SOFT, stroke=ACCENT, strokeWidth=1)
        sheet.box(0, row.joined, 0, 20, color=ACCENT)
        both = str(_BOTH.format(n=number(row.joined), left=number(row.answered - row.joined)))
        sheet.text(both, 0, 35, color=QUIET)
        sheet.y += 54
        sheet.words.append(f"{row.label}: {words}; {both}.")
    counted = any(row.invited is not None for row in rows)
    sheet.notes([str(_FILLED), *([str(_FRAME)] if counted else [])])
    return svg(sheet, head.title, mood)


def _answered(row: Part) -> str:
    if row.invited is None:
        return str(_ANSWERED.format(n=number(row.answered)))
    return str(_OF.format(n=number(row.answered), of=number(row.invited)))


_BEFORE: Final = Text("Trước", "Before")
_AFTER: Final = Text("Sau", "After")
_SAID: Final = Text(
    "{wave}: {worse} chưa tốt, {better} tốt", "{wave}: {worse} less helpful, {better} more helpful"
)
_READ: Final = Text(
    "Bên phải vạch giữa là câu trả lời theo hướng tốt, đậm là rất rõ. Bên trái là hướng chưa tốt. "
    "Khung rỗng ở giữa: phân vân.",
    "Right of the middle line stand answers in the helpful direction; full colour is the firm ones. "
    "Left of it, the less helpful ones. The empty frame in the middle: undecided.",
)
_ANSWERED: Final = Text("{n} người trả lời", "{n} answered")
_OF: Final = Text("{n} trong {of} người trả lời", "{n} of {of} answered")
_BOTH: Final = Text(
    "{n} người có ở cả hai lần; {left} chỉ lần này", "{n} took part both times; {left} only this time"
)
_FILLED: Final = Text(
    "Đậm: có ở cả hai lần. Nhạt: chỉ trả lời lần này.", "Full: both times. Pale: only this time."
)
_FRAME: Final = Text("Khung nét đứt: mọi người được mời.", "Dashed frame: everybody invited.")
