"""Pictures of published figures and of effects, as SVG with the words for those who do not see them.

Runs in the child process of `core.heavy`; Vega-Lite draws. One design, 360 units wide, readable on a phone
and enlarged on a screen: words above their mark, the figure itself beside them, so that nothing depends on
colour or on an axis. A range is drawn as a range, "fewer than k" as a dashed frame, a withheld figure as a
quiet row of dots. Without colour and on paper, solid, light and outlined still differ.

The SVG carries no style, no script and no colour of text: ink is `currentColor`; the marks have classes
(`drawn-accent`, `drawn-soft`) over colours that stand out from light and dark paper alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field
from hashlib import sha256
from textwrap import wrap
from typing import Any, Final, Literal

from markupsafe import escape

from core.disclosure import ProtectedTable, Value, from_json, shown
from core.i18n import LANGUAGES, Language, Text, number, percent, speak

Mood = Literal["open", "quiet"]
WIDTH: Final = 360
EDGE: Final = 7
_COLOURS: Final[dict[Mood, str]] = {"open": "#d9730d", "quiet": "#3a868c"}
_INK, _QUIET, _LINE, _ACCENT, _SOFT = "#010101", "#010102", "#010103", "#010104", "#010105"
_FONT: Final = "system-ui, -apple-system, Segoe UI, Roboto, Noto Sans, sans-serif"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Right answers to one question: shares before and after, the interval of the difference (all 0 to 1).

    `missing` is the sentence that stands instead where there is no figure.
    """

    label: str
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


def bars(
    table: ProtectedTable,
    language: Language,
    mood: Mood = "open",
    *,
    title: str,
    labels: Mapping[str, str],
    heading: bool = False,
) -> str:
    """A protected table, one bar a row. labels: category or group → its name; "total" may be among them.

    title: the picture's name; drawn as well with `heading`, for a picture that will stand alone.
    """
    if not isinstance(table, ProtectedTable):
        raise TypeError("Only protected tables are drawn: core.disclosure.protect() is the door.")
    return _speaking(language, lambda: _bars(table, mood, _Head(title, heading), labels))


def dumbbell(
    rows: Sequence[Share], language: Language, mood: Mood = "open", *, title: str, heading: bool = False
) -> str:
    """Before and after of each question on a line from 0 to 100 %, with the interval of the change."""
    return _speaking(language, lambda: _dumbbell(rows, mood, _Head(title, heading)))


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
    return _speaking(language, lambda: _forest(rows, mood, _Head(title, heading), unit))


def png(svg: str, scale: float = 3) -> bytes:
    """The same picture as PNG on white, for documents and downloads."""
    import vl_convert

    return bytes(vl_convert.svg_to_png(_standalone(svg), scale=scale))


def draw(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Many pictures in one child: {"charts": [{"chart": "bars" | "dumbbell" | "forest", …}]} → {"svg": […]}.

    Each has language, mood, title, heading; bars a `document` (design.md 6) with one table and `labels`;
    the others `rows` of the fields of Share or Mean; forest a `unit`.
    """
    return {"svg": [_drawn(chart) for chart in payload["charts"]]}


def dumbbell_job(payload: Mapping[str, Any]) -> dict[str, Any]:
    """One dumbbell in both languages: rows with label_vi and label_en → {"vi": svg, "en": svg}."""
    titles = Text("Tỷ lệ trả lời đúng, trước và sau", "Right answers, before and after")
    drawn: dict[str, Any] = {}
    for language in LANGUAGES:
        rows = [
            Share(
                label=row[f"label_{language}"],
                before=row["before"],
                after=row["after"],
                low=row.get("low"),
                high=row.get("high"),
            )
            for row in payload["rows"]
        ]
        drawn[language] = dumbbell(rows, language, title=getattr(titles, language))
    return drawn


def _drawn(chart: Mapping[str, Any]) -> str:
    language, mood = chart["language"], chart.get("mood", "open")
    told = {"title": chart["title"], "heading": chart.get("heading", False)}
    if chart["chart"] == "bars":
        (table,) = from_json(chart["document"])
        return bars(table, language, mood, labels=chart["labels"], **told)
    if chart["chart"] == "dumbbell":
        return dumbbell([Share(**row) for row in chart["rows"]], language, mood, **told)
    rows = [Mean(**row) for row in chart["rows"]]
    return forest(rows, language, mood, unit=chart.get("unit", ""), **told)


def _speaking(language: Language, made: Callable[[], str]) -> str:
    def inside() -> str:
        speak(language)
        return made()

    return copy_context().run(inside)


# --- a sheet: words and marks from top to bottom


@dataclass(frozen=True, slots=True)
class _Head:
    """The picture's name, and whether it is drawn too."""

    title: str
    drawn: bool


@dataclass(slots=True)
class _Sheet:
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
        self._add({**look, "align": "left", "color": _INK, **mark}, encoding)

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
        look = {"type": "point", "filled": True, "size": 110, "opacity": 1, "color": _ACCENT}
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

    def heading(self, head: _Head) -> None:
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
            self.text(small, 0, 12, fontSize=12.5, color=_QUIET, lineHeight=18)
            self.y += 18 * len(small)


def balanced(words: str, width: int) -> list[str]:
    """The words in as few lines as fit, the lines about equally long; at least one line."""
    lines = wrap(words, width) or [""]
    while width > 8 and len(wrap(words, width - 1)) <= len(lines):
        width -= 1
        lines = wrap(words, width) or [""]
    return lines


# --- protected tables


def _bars(table: ProtectedTable, mood: Mood, head: _Head, labels: Mapping[str, str]) -> str:
    ends = [row.value if isinstance(row.value, int) else (row.value or (0, 0))[1] for row in table.rows]
    sheet = _Sheet(0, max([1, *ends]), edge=1)
    sheet.heading(head)
    for row in table.rows:
        named = [place for place in row.at if place != "total"]
        label = " · ".join(labels.get(place, place) for place in named) or _total(labels)
        words = str(shown(row.value))
        _words_above(sheet, label, words, bold=not named)
        _value(sheet, row.value)
        sheet.upright(0, sheet.y - 2, sheet.y + 16, color=_INK, strokeWidth=1.5)
        sheet.y += 14 + 15
        sheet.words.append(f"{label}: {words}.")
    sheet.notes(_legend(row.value for row in table.rows))
    return _svg(sheet, head.title, mood)


def _total(labels: Mapping[str, str]) -> str:
    return labels.get("total", str(Text("Tổng", "Total")))


def _words_above(sheet: _Sheet, label: str, figure: str, *, bold: bool = False) -> None:
    lines = balanced(label, max(16, 44 - len(figure)))
    weight = "bold" if bold else "normal"
    sheet.text(lines, 0, 14, fontWeight=weight)
    sheet.y += 19 * (len(lines) - 1)
    sheet.text(figure, WIDTH, 14, align="right", fontWeight=weight)
    sheet.y += 20


def _value(sheet: _Sheet, value: Value) -> None:
    if value is None:
        sheet.rule(
            0, sheet.high * 0.25, 7, color=_QUIET, strokeWidth=3, strokeDash=[0.1, 9], strokeCap="round"
        )
    elif isinstance(value, int):
        sheet.box(0, value, 0, 14, color=_ACCENT)
    elif value[0] == 0:
        sheet.box(0, value[1], 0.75, 12.5, filled=False, stroke=_INK, strokeWidth=1.2, strokeDash=[3, 3])
    else:
        sheet.box(value[0], value[1], 0.75, 12.5, color=_SOFT, stroke=_ACCENT, strokeWidth=1.5)
        sheet.box(0, value[0], 0, 14, color=_ACCENT)


def _legend(values: Iterable[Value]) -> list[str]:
    kinds = list(values)
    lines = []
    if any(isinstance(value, tuple) and value[0] > 0 for value in kinds):
        lines.append(
            Text("Phần nhạt: số thật nằm trong khoảng này.", "Light part: the true number is in this range.")
        )
    few = next((value for value in kinds if isinstance(value, tuple) and value[0] == 0), None)
    if few is not None:
        frame = Text("Khung nét đứt: dưới {k}, có thể là 0.", "Dashed frame: fewer than {k}, perhaps none.")
        lines.append(frame.format(k=few[1] + 1))
    if None in kinds:
        lines.append(
            Text(
                "Dãy chấm: giữ kín, để không ai bị nhận ra.",
                "Dots: withheld, so that nobody can be recognised.",
            )
        )
    return [str(line) for line in lines]


# --- effects


def _dumbbell(rows: Sequence[Share], mood: Mood, head: _Head) -> str:
    sheet = _Sheet(0, 1)
    sheet.heading(head)
    for row in rows:
        _label(sheet, row.label)
        if row.missing:
            _missing(sheet, row.label, row.missing)
        else:
            _dumbbell_row(sheet, row)
    _ticks(sheet, [(0, percent(0)), (0.5, percent(0.5)), (1, percent(1))])
    marks = Text("Vạch đứng: trước. Chấm tròn: sau.", "Upright line: before. Dot: after.")
    band = Text(
        "Dải nhạt: các mức sau chiến dịch hợp với số liệu (khoảng tin cậy 95 % của thay đổi). "
        "Thay đổi tính bằng điểm phần trăm.",
        "Pale band: levels after the campaign that fit the data (95% confidence interval of the change). "
        "Changes are in percentage points.",
    )
    sheet.notes([f"{marks} {band}" if any(row.low is not None for row in rows) else str(marks)])
    return _svg(sheet, head.title, mood)


def _dumbbell_row(sheet: _Sheet, row: Share) -> None:
    shares, change = f"{percent(row.before)} → {percent(row.after)}", _points(row.after - row.before)
    for at in (0, 0.5, 1):
        sheet.upright(at, sheet.y + 22, sheet.y + 40, color=_LINE)
    if row.low is not None and row.high is not None:
        change += f" ({_points(row.low)} … {_points(row.high)})"
        start, end = (min(1.0, max(0.0, row.before + end)) for end in (row.low, row.high))
        sheet.box(start, end, 25, 12, color=_SOFT, stroke=_ACCENT, strokeWidth=0.75)
    sheet.text(shares, 0, 14, fontWeight="bold")
    sheet.text(change, WIDTH, 14, align="right", color=_QUIET)
    sheet.rule(row.before, row.after, 31, color=_ACCENT, strokeWidth=3)
    sheet.upright(row.before, sheet.y + 23, sheet.y + 39, color=_INK, strokeWidth=2.5)
    sheet.point(row.after, 31)
    sheet.y += 22 + 18 + 18
    sheet.words.append(f"{row.label} {shares}, {change}.")


def _forest(rows: Sequence[Mean], mood: Mood, head: _Head, unit: str) -> str:
    known = [row for row in rows if not row.missing]
    low = min([0.0, *(row.low for row in known)])
    high = max([0.0, *(row.high for row in known)])
    room = max(high - low, 0.1) * 0.06
    sheet = _Sheet(low - room, high + room)
    sheet.heading(head)
    for row in rows:
        _label(sheet, row.label)
        if row.missing:
            _missing(sheet, row.label, row.missing)
        else:
            _forest_row(sheet, row)
    _ticks(sheet, [(0, str(Text("0: không đổi", "0: no change")))])
    points = Text(
        "Hình thoi: thay đổi. Vạch ngang: khoảng tin cậy 95 %.",
        "Diamond: change. Bar: 95% confidence interval.",
    )
    sheet.notes([f"{points} {unit}".strip()])
    return _svg(sheet, head.title, mood)


def _forest_row(sheet: _Sheet, row: Mean) -> None:
    change, interval = _signed(row.change), f"{_signed(row.low)} … {_signed(row.high)}"
    sheet.text(change, 0, 14, fontWeight="bold")
    sheet.text(f"({interval})", WIDTH, 14, align="right", color=_QUIET)
    sheet.upright(0, sheet.y + 21, sheet.y + 41, color=_INK, strokeWidth=1.5)
    sheet.rule(row.low, row.high, 31, color=_ACCENT, strokeWidth=3)
    for end in (row.low, row.high):
        sheet.upright(end, sheet.y + 26, sheet.y + 36, color=_ACCENT, strokeWidth=2)
    sheet.point(row.change, 31, shape="diamond", size=170)
    sheet.y += 22 + 18 + 18
    sheet.words.append(f"{row.label}: {change} ({interval}).")


def _label(sheet: _Sheet, label: str) -> None:
    lines = balanced(label, 49)
    sheet.text(lines, 0, 14)
    sheet.y += 19 * len(lines) + 2


def _missing(sheet: _Sheet, label: str, sentence: str) -> None:
    lines = balanced(sentence, 49)
    sheet.text(lines, 0, 14, color=_QUIET)
    sheet.y += 19 * len(lines) + 18
    sheet.words.append(f"{label} {sentence}")


def _ticks(sheet: _Sheet, ticks: Sequence[tuple[float, str]]) -> None:
    for at, words in ticks:
        x = sheet.place(at)
        align = "left" if x < WIDTH / 5 else "right" if x > WIDTH * 4 / 5 else "center"
        edge = {"left": x - EDGE, "right": x + EDGE, "center": x}[align]
        sheet.text(words, edge, 8, align=align, fontSize=12.5, color=_QUIET)
    sheet.y += 14


def _points(share: float) -> str:
    return _plus(number(share * 100))


def _signed(change: float) -> str:
    return _plus(number(change, 2))


def _plus(words: str) -> str:
    if words.lstrip("−0.,") == "":
        return words.lstrip("−")
    return words if words.startswith("−") else f"+{words}"


# --- from Vega-Lite to a quiet SVG


def _svg(sheet: _Sheet, title: str, mood: Mood) -> str:
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
        (_INK, "currentColor", ""),
        (_QUIET, "currentColor", ' {part}-opacity="0.74"'),
        (_LINE, "currentColor", ' {part}-opacity="0.22"'),
        (_ACCENT, accent, ""),
        (_SOFT, accent, ' {part}-opacity="0.36"'),
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


def _standalone(svg: str) -> str:
    """With ink and paper of its own, for where there is no page around it."""
    height = re.search(r'viewBox="0 0 (\d+) (\d+)"', svg)
    assert height is not None
    paper = f'<rect width="{height.group(1)}" height="{height.group(2)}" fill="#ffffff"/>'
    svg = svg.replace(
        _FONT, "DejaVu Sans, Noto Sans, sans-serif"
    )  # every letter and sign of ours in one face
    return svg.replace("currentColor", "#1b1b1b").replace("</desc>", "</desc>" + paper, 1)
