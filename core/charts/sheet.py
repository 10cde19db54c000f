"""What every picture is made of: a sheet of words and marks from top to bottom, and the way from it to a quiet SVG."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field
from hashlib import sha256
from textwrap import wrap
from typing import Any, Final, Literal

from markupsafe import escape

from core.i18n import Language, Text, number, speak

Mood = Literal["open", "quiet"]
WIDTH: Final = 360
EDGE: Final = 7
_COLOURS: Final[dict[Mood, str]] = {"open": "#d9730d", "quiet": "#3a868c"}
INK, QUIET, LINE, ACCENT, SOFT = "#010101", "#010102", "#010103", "#010104", "#010105"
_FONT: Final = "system-ui, -apple-system, Segoe UI, Roboto, Noto Sans, sans-serif"


def speaking(language: Language, made: Callable[[], str]) -> str:
    def inside() -> str:
        speak(language)
        return made()

    return copy_context().run(inside)


# --- a sheet: words and marks from top to bottom


@dataclass(frozen=True, slots=True)
class Head:
    """The picture's name, and whether it is drawn too."""

    title: str
    drawn: bool


@dataclass(slots=True)
class Sheet:
    """What is drawn so far; `y` is how far down it reaches, `edge` the room left and right of the values."""

    low: float
    high: float
    edge: float = EDGE
    y: float = 0.0
    layers: list[dict[str, Any]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def text(self, words: str | Sequence[str], x: float, dy: float, **mark: Any) -> None:
        """Words with their first baseline `dy` below the current place."""
        lines = [words] if isinstance(words, str) else list(words)
        encoding = {"x": {"value": x}, "y": {"value": self.y + dy}}
        look = {"type": "text", "text": lines, "baseline": "alphabetic", "fontSize": 14, "lineHeight": 19}
        self._add({**look, "align": "left", "color": INK, **mark}, encoding)

    def box(self, start: float, end: float, dy: float, height: float, **mark: Any) -> None:
        """A rectangle between two values."""
        encoding = {"x": self._at(start), "x2": {"datum": end}, "y": {"value": self.y + dy}}
        encoding["y2"] = {"value": self.y + dy + height}
        self._add({"type": "rect", **mark}, encoding)

    def rule(self, start: float, end: float, dy: float, **mark: Any) -> None:
        """A level line between two values."""
        encoding = {"x": self._at(start), "x2": {"datum": end}, "y": {"value": self.y + dy}}
        self._add({"type": "rule", **mark}, encoding)

    def upright(self, at: float, top: float, bottom: float, **mark: Any) -> None:
        """A standing line at a value, between two heights of the sheet."""
        encoding = {"x": self._at(at), "y": {"value": top}, "y2": {"value": bottom}}
        self._add({"type": "rule", **mark}, encoding)

    def point(self, at: float, dy: float, **mark: Any) -> None:
        """A dot or other shape at a value."""
        look = {"type": "point", "filled": True, "size": 110, "opacity": 1, "color": ACCENT}
        self._add({**look, **mark}, {"x": self._at(at), "y": {"value": self.y + dy}})

    def place(self, value: float) -> float:
        """Where a value stands, in units from the left."""
        return self.edge + (value - self.low) / (self.high - self.low) * (WIDTH - 2 * self.edge)

    def _at(self, value: float) -> dict[str, Any]:
        ends = [self.edge, WIDTH - self.edge]
        scale = {"domain": [self.low, self.high], "range": ends, "nice": False, "zero": False}
        return {"datum": value, "type": "quantitative", "scale": scale, "axis": None}

    def _add(self, mark: dict[str, Any], encoding: dict[str, Any]) -> None:
        self.layers.append({"mark": mark, "encoding": encoding})

    def heading(self, head: Head) -> None:
        """The title, and room below it."""
        if not head.drawn:
            return
        lines = balanced(head.title, 40)
        self.text(lines, 0, 17, fontSize=16, fontWeight="bold", lineHeight=22)
        self.y += 22 * len(lines) + 16

    def notes(self, lines: Iterable[str]) -> None:
        """Small print at the end."""
        self.y += 6
        for line in lines:
            small = wrap(line, 54)
            self.text(small, 0, 12, fontSize=12.5, color=QUIET, lineHeight=18)
            self.y += 18 * len(small)


def balanced(words: str, width: int) -> list[str]:
    """The words in as few lines as fit, the lines about equally long; at least one line."""
    lines = wrap(words, width) or [""]
    while width > 8 and len(wrap(words, width - 1)) <= len(lines):
        width -= 1
        lines = wrap(words, width) or [""]
    return lines


def words_above(sheet: Sheet, label: str, figure: str, *, bold: bool = False) -> None:
    lines = balanced(label, max(16, 44 - len(figure)))
    weight = "bold" if bold else "normal"
    sheet.text(lines, 0, 14, fontWeight=weight)
    sheet.y += 19 * (len(lines) - 1)
    sheet.text(figure, WIDTH, 14, align="right", fontWeight=weight)
    sheet.y += 20


def label_above(sheet: Sheet, label: str) -> None:
    lines = balanced(label, 49)
    sheet.text(lines, 0, 14)
    sheet.y += 19 * len(lines) + 2


def cap(sheet: Sheet, at: float, top: float, bottom: float) -> None:
    """A ceiling: two strokes side by side from a value on, so that it differs from every single line."""
    for shift in (1.0, 5.0):
        value = at + shift * (sheet.high - sheet.low) / (WIDTH - 2 * sheet.edge)
        sheet.upright(value, top, bottom, color=INK, strokeWidth=2)


def aside(sheet: Sheet, words: str) -> None:
    """A small remark of its own lines below a mark."""
    lines = balanced(words, 54)
    sheet.text(lines, 0, 13, fontSize=12.5, color=QUIET, lineHeight=18)
    sheet.y += 18 * len(lines)


def missing(sheet: Sheet, label: str, sentence: str) -> None:
    lines = balanced(sentence, 49)
    sheet.text(lines, 0, 14, color=QUIET)
    sheet.y += 19 * len(lines) + 18
    sheet.words.append(f"{label} {sentence}")


def ticks(sheet: Sheet, ticks: Sequence[tuple[float, str]]) -> None:
    for at, words in ticks:
        x = sheet.place(at)
        align = "left" if x < WIDTH / 5 else "right" if x > WIDTH * 4 / 5 else "center"
        edge = {"left": x - EDGE, "right": x + EDGE, "center": x}[align]
        sheet.text(words, edge, 8, align=align, fontSize=12.5, color=QUIET)
    sheet.y += 14


def points(share: float) -> str:
    return plus(number(share * 100))


def signed(change: float, decimals: int = 1) -> str:
    """A change of means to one decimal."""
    return plus(number(change, decimals))


def end_of(change: float, decimals: int = 1) -> str:
    """The end of an interval; one that rounds to nothing but is none tells on which side of it it stands."""
    words = signed(change, decimals)
    if words.strip("0.,") or abs(change) < 1e-9:
        return words
    return str(Text("trên 0", "above 0") if change > 0 else Text("dưới 0", "below 0"))


def plus(words: str) -> str:
    if words.lstrip("−0.,") == "":
        return words.lstrip("−")
    return words if words.startswith("−") else f"+{words}"


# --- from Vega-Lite to a quiet SVG


def svg(sheet: Sheet, title: str, mood: Mood) -> str:
    import vl_convert

    height = round(sheet.y + 4)
    drawn = vl_convert.vegalite_to_svg(
        {
            "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
            "background": None,
            "padding": 0,
            "width": WIDTH,
            "height": height,
            "autosize": {"type": "none"},
            "config": {"aria": False, "view": {"stroke": None, "fill": None}},
            "data": {"values": [{}]},
            "layer": sheet.layers,
        }
    )
    inside = drawn[drawn.index(">") + 1 : drawn.rindex("</svg>")]
    words = " ".join(sheet.words)
    name = "drawn-" + sha256(f"{title}{words}{mood}".encode()).hexdigest()[:10]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="drawn drawn-{mood}" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" font-family="{_FONT}" '
        f'role="img" aria-labelledby="{name}-title {name}-words">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-words">{escape(words)}</desc>'
        f"{_plain(inside, mood)}</svg>"
    )


def _plain(inside: str, mood: Mood) -> str:
    """Roles and fonts of the library out; ink from the page; classes and a fallback on the marks."""
    for useless in (r' class="[^"]*"', r' role="[^"]*"', r' aria-[a-z]+="[^"]*"', r' font-family="[^"]*"'):
        inside = re.sub(useless, "", inside)
    inside = re.sub(r'<path d="[^"]*" display="none"></path>|<path d="[^"]*" display="none"/>', "", inside)
    accent = _COLOURS[mood]
    for colour, part, rest in (
        (INK, "currentColor", ""),
        (QUIET, "currentColor", ' {part}-opacity="0.74"'),
        (LINE, "currentColor", ' {part}-opacity="0.22"'),
        (ACCENT, accent, ""),
        (SOFT, accent, ' {part}-opacity="0.36"'),
    ):
        for paint in ("fill", "stroke"):
            inside = inside.replace(f'{paint}="{colour}"', f'{paint}="{part}"' + rest.format(part=paint))
    return _classed(inside, accent)


def _classed(inside: str, accent: str) -> str:
    def named(found: re.Match[str]) -> str:
        tag = found.group(0)
        kind = "soft" if "fill-opacity" in tag else "accent"
        return tag.replace(" ", f' class="drawn-{kind}" ', 1)

    return re.sub(rf'<\w+ [^>]*"{accent}"[^>]*>', named, inside)


def png(svg: str, scale: float = 3) -> bytes:
    """The same picture as PNG on white, for documents and downloads."""
    import vl_convert

    return bytes(vl_convert.svg_to_png(standalone(svg), scale=scale))


def standalone(svg: str) -> str:
    """With ink and paper of its own, for where there is no page around it."""
    height = re.search(r'viewBox="0 0 (\d+) (\d+)"', svg)
    assert height is not None
    paper = f'<rect width="{height.group(1)}" height="{height.group(2)}" fill="#ffffff"/>'
    svg = svg.replace(
        _FONT, "DejaVu Sans, Noto Sans, sans-serif"
    )  # every letter and sign of ours in one face
    return svg.replace("currentColor", "#1b1b1b").replace("</desc>", "</desc>" + paper, 1)
