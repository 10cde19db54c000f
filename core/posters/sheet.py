"""A poster or leaflet as a print-ready PDF: made in a child process, every letter embedded, the square drawn as lines.

One layout grows with the paper: all measures are shares of the width of the sheet. A coloured field carries the message,
the white below it the way to the page, the help numbers and the name of the centre. Nothing reaches the edge, so any
office printer prints it whole. Even the smallest mark above a letter has its room: lines stand 1.3 sizes apart.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape, quoteattr

import segno

if TYPE_CHECKING:
    from fpdf import FPDF

Mark = dict[str, Any]
"""One thing to draw: its kind, and measures in millimetres."""
FONTS: Final = Path(__file__).parent.parent / "data" / "fonts"
FAMILY: Final = "sheet"
WEIGHTS: Final = {"": "Regular", "B": "Bold", "I": "ExtraBold"}
"""The style "I" stands for the heaviest weight: the library knows no other name for a third one."""
LEADING: Final = 1.3
POINT_MM: Final = 25.4 / 72
WARM: Final = {"field": (156, 74, 12), "light": (178, 96, 30), "ink": (156, 74, 12)}
CALM: Final = {"field": (10, 75, 92), "light": (34, 99, 115), "ink": (10, 75, 92)}
PAPER, TEXT, SOFT, LINE = (255, 255, 255), (32, 36, 40), (84, 90, 96), (206, 210, 214)
EDGE: Final = 0.05
"""Free margin around everything, as a share of the width."""
_LEADS: Final = ((4.3, "I"), (2.6, "B"))
"""Size and weight of what the page is, in the first and in the second language."""


def pdf_job(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The sheet as base64, and each of its sides as SVG to look at beforehand.

    payload: width, height (mm); day; quiet; title (for the file); above, message, lead, lines, centre: lists of words,
    the first language first; address (as printed), link (in the square); numbers: [[number, name, when]];
    back: None or {"heading": [words], "lines": [words]} for the second side. A no-break space keeps two words together.
    """
    sheet = _Sheet(payload)
    sheet.front()
    if payload["back"]:
        sheet.behind()
    _close(sheet.pdf)
    return {
        "file": base64.b64encode(_as_pdf(payload, sheet.pages)).decode(),
        "pages": _as_svg(payload, sheet.pages),
    }


class _Sheet:
    """One sheet while it is drawn. `w`: a hundredth of its width, in millimetres."""

    def __init__(self, payload: Mapping[str, Any]) -> None:
        self.said = payload
        self.width, self.height = float(payload["width"]), float(payload["height"])
        self.w = self.width / 100
        self.edge = self.width * EDGE
        self.inside = self.width - 2 * self.edge
        self.colours = CALM if payload["quiet"] else WARM
        self.pages: list[list[Mark]] = []
        self.pdf = _blank(payload)
        self.pdf.add_page()  # letters can be measured on a page alone

    def _page(self) -> None:
        self.pages.append([])

    def _put(self, kind: str, **how: Any) -> None:
        """One thing to draw, in millimetres from the upper left corner."""
        self.pages[-1].append({"kind": kind, **how})

    def front(self) -> None:
        """From below: who says so, help numbers, the way to the page; the message gets all the room that is left."""
        self._page()
        low = self._foot() - 2.2 * self.w
        low = self._numbers(low - self._numbers_tall()) - 3.4 * self.w
        top = low - self._way(self.height)
        self._way(top, draw=True)
        self._field(top - 4.4 * self.w - self.edge)

    def behind(self) -> None:
        """What somebody may want to know before opening the page."""
        back = self.said["back"]
        self._page()
        low = self._foot() - 2.2 * self.w
        end = self._numbers(low - self._numbers_tall())
        top = self.edge
        for place, heading in enumerate(back["heading"]):
            size, weight = ((6.2, "I"), (3.2, "B"))[min(place, 1)]
            top = self._words(heading, self.edge, top, self.inside, size, weight, self.colours["ink"])
        size = 4.2
        while size > 2 and self._list_tall(back["lines"], size) > end - top - 5 * self.w:
            size -= 0.1
        top += 2 * self.w
        for line in back["lines"]:
            middle, ink = top + size * self.w * LEADING / 2, self.colours["ink"]
            self._put("dot", x=self.edge + 0.8 * self.w, y=middle, radius=0.6 * self.w, colour=ink)
            top = self._words(line, self.edge + 3.4 * self.w, top, self.inside - 3.4 * self.w, size, "", TEXT)
            top += size * self.w * 0.4

    def _list_tall(self, lines: list[str], size: float) -> float:
        width = self.inside - 3.4 * self.w
        return sum(self._tall(line, width, size, "") + size * self.w * 0.4 for line in lines)

    def _field(self, high: float) -> None:
        """The coloured field with what stands above the message, and the message in its middle."""
        self._put(
            "field",
            x=self.edge,
            y=self.edge,
            wide=self.inside,
            tall=high,
            radius=2.4 * self.w,
            colour=self.colours["field"],
        )
        self._rings(high)
        x, width = self.edge + 5 * self.w, self.inside - 10 * self.w
        top = self.edge + 5 * self.w
        for words in self.said["above"]:
            top = self._words(words, x, top, width * 0.72, 2.5, "B", PAPER) + 0.6 * self.w
        message, *others = self.said["message"]
        room = self.edge + high - top - 8 * self.w
        size = self._largest(message, width, room * (0.66 if others else 1.0), 10.4)
        tall, other_size = self._tall(message, width, size, "I"), 0.0
        if others:
            other_size = self._largest(others[0], width, room * 0.3, size / 2, "B")
            tall += 2 * self.w + self._tall(others[0], width, other_size, "B")
        low = self._words(message, x, top + 3 * self.w + (room - tall) / 2, width, size, "I", PAPER)
        if others:
            self._words(others[0], x, low + 2 * self.w, width, other_size, "B", PAPER)

    def _rings(self, high: float) -> None:
        """Rings in the corner of the field: something to look at that means nothing bad to anybody."""
        within = (self.edge, self.edge, self.inside, high)
        x, y = self.width - self.edge - 3 * self.w, self.edge + 2 * self.w
        for place, radius in enumerate((10, 18, 26, 34)):
            thick = (2.6 - 0.4 * place) * self.w
            colour = self.colours["light"]
            self._put("ring", x=x, y=y, radius=radius * self.w, thick=thick, colour=colour, within=within)

    def _way(self, top: float, *, draw: bool = False) -> float:
        """The square, and beside it what the page is and its address; returns how tall that is."""
        square = 25 * self.w
        x = self.edge + square + 4 * self.w
        width, low = self.width - self.edge - x, top - 0.8 * self.w
        address = self._fitting(self.said["address"], width, 3.9)
        rows = [
            (words, *_LEADS[min(place, 1)], self.colours["ink"], 0.4)
            for place, words in enumerate(self.said["lead"])
        ]
        rows += [(words, 2.4, "", TEXT, 0.5) for words in self.said["lines"]]
        rows.append((self.said["address"], address, "B", TEXT, 1.2))
        for words, size, weight, colour, gap in rows:
            low += gap * self.w
            if draw:
                self._words(words, x, low, width, size, weight, colour)
            low += self._tall(words, width, size, weight)
        if draw:
            self._put("square", x=self.edge, y=top, side=square, fields=_fields(self.said["link"]))
        return max(low - top, square)

    def _numbers_tall(self) -> float:
        """How much room the help numbers need, the line above them included."""
        if not self.said["numbers"]:
            return 0
        width = self._number_width()
        return 6.8 * self.w + max(
            self._tall(name, width, 1.9, "B") + self._tall(when, width, 1.75, "")
            for _, name, when in self.said["numbers"]
        )

    def _number_width(self) -> float:
        count = len(self.said["numbers"])
        return (self.inside - 2 * self.w * (count - 1)) / count

    def _numbers(self, top: float) -> float:
        """Help numbers side by side, under a thin line, all of one size; returns where they begin."""
        numbers = self.said["numbers"]
        if not numbers:
            return top
        self._put("line", x=self.edge, y=top, wide=self.inside, thick=0.3 * self.w, colour=LINE)
        width = self._number_width()
        size = min(self._fitting(number, width, 4) for number, _, _ in numbers)
        for place, (number, name, when) in enumerate(numbers):
            x = self.edge + place * (width + 2 * self.w)
            self._words(number, x, top + 1.6 * self.w, width, size, "I", self.colours["ink"])
            low = self._words(name, x, top + 6.2 * self.w, width, 1.9, "B", TEXT)
            self._words(when, x, low + 0.2 * self.w, width, 1.75, "", SOFT)
        return top

    def _foot(self) -> float:
        """Who says so; returns where it begins."""
        low = self.height - self.edge
        for words in reversed(self.said["centre"]):
            low -= 2.1 * self.w * LEADING
            self._words(words, self.edge, low, self.inside, 2.1, "B", SOFT)
        return low

    # letters; sizes are hundredths of the width

    def _words(
        self,
        words: str,
        x: float,
        y: float,
        width: float,
        size: float,
        weight: str,
        colour: tuple[int, int, int],
    ) -> float:
        """Write words in a column; returns where they end."""
        step = size * self.w * LEADING
        for line in self._lines(words, width, size, weight):
            text = line.strip(" ")
            self._put(
                "text",
                x=x,
                y=y + step / 2 + 0.36 * size * self.w,
                words=text,
                size=size * self.w,
                weight=weight,
                colour=colour,
                wide=float(self.pdf.get_string_width(text)),
            )
            y += step
        return y

    def _lines(self, words: str, width: float, size: float, weight: str) -> list[str]:
        self.pdf.set_font(FAMILY, weight, size * self.w / POINT_MM)
        lines: Any = self.pdf.multi_cell(width, 1, words, align="L", dry_run=True, output="LINES")
        return list(lines)

    def _tall(self, words: str, width: float, size: float, weight: str) -> float:
        """How much room words take in a column, in millimetres."""
        return len(self._lines(words, width, size, weight)) * size * self.w * LEADING

    def _largest(self, words: str, width: float, room: float, most: float, weight: str = "I") -> float:
        """The largest size at which words fit into their room and no word is broken."""
        size = most
        while size > 2 and (
            self._tall(words, width, size, weight) > room or self._longest_word(words) > width
        ):
            size -= 0.2
        return size

    def _longest_word(self, words: str) -> float:
        return max(float(self.pdf.get_string_width(word)) for word in words.split(" "))

    def _fitting(self, words: str, width: float, most: float) -> float:
        """The largest size at which words stand on one line."""
        self.pdf.set_font(FAMILY, "B", most * self.w / POINT_MM)
        needed = float(self.pdf.get_string_width(words)) * 1.08
        return most if needed <= width else most * width / needed


def _blank(payload: Mapping[str, Any]) -> FPDF:
    from fpdf import FPDF

    pdf = FPDF(format=(payload["width"], payload["height"]))
    pdf.set_auto_page_break(False)
    pdf.set_margin(0)
    pdf.c_margin = 0
    pdf.set_creation_date(datetime.fromisoformat(payload["day"]).replace(tzinfo=UTC))
    pdf.file_id = lambda: None  # type: ignore[method-assign]
    pdf.set_title(payload["title"])
    pdf.set_lang(payload["lang"])
    for style, weight in WEIGHTS.items():
        pdf.add_font(FAMILY, style, FONTS / f"BeVietnamPro-{weight}-vi.ttf")
    return pdf


def _fields(link: str) -> list[list[bool]]:
    """The address as a square of dark fields; its quiet border is the paper."""
    return [[bool(one) for one in row] for row in segno.make(link, error="m", micro=False).matrix]


def _bars(mark: Mark) -> Iterator[tuple[float, float, float, float]]:
    """The dark fields as rectangles, as long as they are dark: sharp at any size."""
    one = mark["side"] / len(mark["fields"])
    for down, row in enumerate(mark["fields"]):
        begin = 0
        for end in range(len(row) + 1):
            if end == len(row) or not row[end]:
                if end > begin:
                    # A hair more than its field, so that no printer leaves a white line between two rows.
                    yield mark["x"] + begin * one, mark["y"] + down * one, (end - begin) * one, one * 1.01
                begin = end + 1


def _as_pdf(payload: Mapping[str, Any], pages: Sequence[Sequence[Mark]]) -> bytes:
    pdf = _blank(payload)
    for marks in pages:
        pdf.add_page()
        for mark in marks:
            _IN_PDF[mark["kind"]](pdf, mark)
    made = bytes(pdf.output())
    _close(pdf)
    return made


def _close(pdf: FPDF) -> None:
    """The library leaves the files of its letters open."""
    for font in pdf.fonts.values():
        if (letters := getattr(font, "ttfont", None)) is not None:
            letters.close()


def _pdf_text(pdf: FPDF, mark: Mark) -> None:
    pdf.set_font(FAMILY, mark["weight"], mark["size"] / POINT_MM)
    pdf.set_text_color(*mark["colour"])
    pdf.text(mark["x"], mark["y"], mark["words"])


def _pdf_field(pdf: FPDF, mark: Mark) -> None:
    pdf.set_fill_color(*mark["colour"])
    how: Any = {"style": "F", "round_corners": True, "corner_radius": mark["radius"]}
    pdf.rect(mark["x"], mark["y"], mark["wide"], mark["tall"], **how)


def _pdf_ring(pdf: FPDF, mark: Mark) -> None:
    pdf.set_draw_color(*mark["colour"])
    pdf.set_line_width(mark["thick"])
    with pdf.rect_clip(*mark["within"]):
        pdf.circle(mark["x"], mark["y"], mark["radius"])


def _pdf_dot(pdf: FPDF, mark: Mark) -> None:
    pdf.set_fill_color(*mark["colour"])
    pdf.circle(mark["x"], mark["y"], mark["radius"], style="F")


def _pdf_line(pdf: FPDF, mark: Mark) -> None:
    pdf.set_draw_color(*mark["colour"])
    pdf.set_line_width(mark["thick"])
    pdf.line(mark["x"], mark["y"], mark["x"] + mark["wide"], mark["y"])


def _pdf_square(pdf: FPDF, mark: Mark) -> None:
    pdf.set_fill_color(*TEXT)
    for bar in _bars(mark):
        pdf.rect(*bar, style="F")


_IN_PDF: Final[Mapping[str, Any]] = {
    "text": _pdf_text,
    "field": _pdf_field,
    "ring": _pdf_ring,
    "dot": _pdf_dot,
    "line": _pdf_line,
    "square": _pdf_square,
}


def _as_svg(payload: Mapping[str, Any], pages: Sequence[Sequence[Mark]]) -> list[str]:
    """Each side as a picture of the same measures; letters are the browser's own, stretched to the same width."""
    size = f"{payload['width']:g} {payload['height']:g}"
    clip = (
        '<clipPath id="side-{n}"><rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}"/></clipPath>'
    )
    found = []
    for n, marks in enumerate(pages):
        ring = next((mark for mark in marks if mark["kind"] == "ring"), None)
        x, y, w, h = ring["within"] if ring else (0, 0, 1, 1)
        inner = [clip.format(n=n, x=x, y=y, w=w, h=h)] if ring else []
        inner += [_svg(mark, n) for mark in marks]
        white = f'<rect width="{payload["width"]:g}" height="{payload["height"]:g}" fill="#fff"/>'
        words = quoteattr(" ".join(mark["words"] for mark in marks if mark["kind"] == "text"))
        head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" role="img" aria-label={words}>'
        found.append(f"{head}{white}{''.join(inner)}</svg>")
    return found


def _svg(mark: Mark, page: int) -> str:
    place = {name: f"{value:.2f}" for name, value in mark.items() if isinstance(value, float)}
    colour = "#{:02x}{:02x}{:02x}".format(*mark.get("colour", TEXT))
    match mark["kind"]:
        case "text":
            weight = {"": 400, "B": 700, "I": 800}[mark["weight"]]
            return (
                f'<text x="{place["x"]}" y="{place["y"]}" font-size="{place["size"]}" font-weight="{weight}"'
                f' font-family="Be Vietnam Pro, sans-serif" fill="{colour}" textLength="{place["wide"]}"'
                f' lengthAdjust="spacingAndGlyphs">{escape(mark["words"])}</text>'
            )
        case "field":
            return (
                f'<rect x="{place["x"]}" y="{place["y"]}" width="{place["wide"]}" height="{place["tall"]}"'
                f' rx="{place["radius"]}" fill="{colour}"/>'
            )
        case "ring":
            return (
                f'<circle cx="{place["x"]}" cy="{place["y"]}" r="{place["radius"]}" fill="none" stroke="{colour}"'
                f' stroke-width="{place["thick"]}" clip-path="url(#side-{page})"/>'
            )
        case "dot":
            return f'<circle cx="{place["x"]}" cy="{place["y"]}" r="{place["radius"]}" fill="{colour}"/>'
        case "line":
            return (
                f'<rect x="{place["x"]}" y="{place["y"]}" width="{place["wide"]}" height="{place["thick"]}"'
                f' fill="{colour}"/>'
            )
    bars = "".join(f"M{x:.2f} {y:.2f}h{w:.2f}v{h:.2f}h-{w:.2f}z" for x, y, w, h in _bars(mark))
    return f'<path d="{bars}" fill="{colour}"/>'
