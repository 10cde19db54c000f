"""Survey cards as a PDF to print and cut: made in a child process, from codes that stand nowhere else.

A4, ten cards of 90 × 52 mm to a page, a dashed line wherever to cut. The square picture opens the list of
surveys and carries no code; the twelve digits, two of them check digits, are typed. The same codes on the same
day are the same bytes: no hour and no random id tells one printing from another.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import segno

if TYPE_CHECKING:
    from fpdf import FPDF

FONTS: Final = Path(__file__).parent / "data" / "fonts"
FAMILY: Final = "card"
ACROSS, DOWN = 2, 5
PER_PAGE: Final = ACROSS * DOWN
WIDTH, HEIGHT = 90.0, 52.0
LEFT, TOP = (210 - ACROSS * WIDTH) / 2, (297 - DOWN * HEIGHT) / 2
EDGE: Final = 4.0
QR_MM: Final = 27.0
_TITLE: Final = {"vi": "Khảo sát {year}", "en": "Survey {year}"}
_HOW: Final = {
    "vi": "Quét ô vuông hoặc mở địa chỉ dưới đây, rồi gõ 12 chữ số.",
    "en": "Scan the square or open this address, then type the 12 digits.",
}
_KEEP: Final = {
    "vi": "Giữ thẻ cho lần sau. Không đưa cho ai xem.",
    "en": "Keep it for next time. Show it to nobody.",
}


def pdf_job(payload: Mapping[str, Any]) -> dict[str, str]:
    """Cards as base64. payload: codes (as printed, in groups of four), address, year, language ("vi", "en"), day."""
    pdf = _blank(payload)
    picture = io.BytesIO(qr(payload["address"]))
    for place, code in enumerate(payload["codes"]):
        if place % PER_PAGE == 0:
            pdf.add_page()
            _cuts(pdf)
        row, column = divmod(place % PER_PAGE, ACROSS)
        _card(pdf, LEFT + column * WIDTH, TOP + row * HEIGHT, code, picture, payload)
    return {"file": base64.b64encode(bytes(pdf.output())).decode()}


def qr(address: str) -> bytes:
    """The square picture of an address as PNG, eight dots to a module, with its quiet border."""
    kept = io.BytesIO()
    segno.make(address, error="m").save(kept, kind="png", scale=8, border=2)
    return kept.getvalue()


def _blank(payload: Mapping[str, Any]) -> FPDF:
    from fpdf import FPDF

    pdf = FPDF(format="A4")
    pdf.set_auto_page_break(False)
    pdf.set_margin(0)
    pdf.c_margin = 0
    pdf.set_creation_date(datetime.fromisoformat(payload["day"]).replace(tzinfo=UTC))
    pdf.file_id = lambda: None  # type: ignore[method-assign]
    pdf.set_title(_TITLE[payload["language"]].format(year=payload["year"]))
    pdf.set_lang("vi-VN" if payload["language"] == "vi" else "en-GB")
    pdf.add_font(FAMILY, "", FONTS / "DejaVuSans-vi.ttf")
    pdf.add_font(FAMILY, "B", FONTS / "DejaVuSans-Bold-vi.ttf")
    return pdf


def _cuts(pdf: FPDF) -> None:
    """Dashed lines from edge to edge of the sheet, so that a guillotine finds them."""
    pdf.set_draw_color(130)
    pdf.set_line_width(0.2)
    pdf.set_dash_pattern(dash=1.5, gap=1.5)
    for column in range(ACROSS + 1):
        pdf.line(LEFT + column * WIDTH, 4, LEFT + column * WIDTH, 293)
    for row in range(DOWN + 1):
        pdf.line(4, TOP + row * HEIGHT, 206, TOP + row * HEIGHT)
    pdf.set_dash_pattern()


def _card(pdf: FPDF, x: float, y: float, code: str, picture: io.BytesIO, payload: Mapping[str, Any]) -> None:
    first, second = ("vi", "en") if payload["language"] == "vi" else ("en", "vi")
    beside, width = x + EDGE + QR_MM + 3, WIDTH - 2 * EDGE - QR_MM - 3
    pdf.image(picture, x + EDGE, y + EDGE, QR_MM, QR_MM)
    pdf.set_xy(beside, y + EDGE)
    _say(pdf, width, _TITLE[first].format(year=payload["year"]), 13, bold=True)
    _say(pdf, width, _TITLE[second].format(year=payload["year"]), 8)
    pdf.set_y(pdf.get_y() + 1)
    _say(pdf, width, _HOW[first], 7.5, x=beside)
    _say(pdf, width, _HOW[second], 6.5, x=beside)
    _line(pdf, x, y + 32, payload["address"].split("//")[-1], 8, bold=True)
    _line(pdf, x, y + 36, code, 24, bold=True)
    _line(pdf, x, y + 45, _KEEP[first], 7)
    _line(pdf, x, y + 48, _KEEP[second], 6.5)


def _line(pdf: FPDF, x: float, y: float, words: str, points: float, *, bold: bool = False) -> None:
    """One line in the middle of a card; a long address gets smaller letters, so that it is never cut."""
    width = WIDTH - 2 * EDGE
    pdf.set_font(FAMILY, "B" if bold else "", points)
    if (needed := pdf.get_string_width(words)) > width:
        pdf.set_font_size(points * width / needed)
    pdf.set_xy(x + EDGE, y)
    pdf.cell(width, points * 0.39, words, align="C")


def _say(
    pdf: FPDF, width: float, words: str, points: float, *, bold: bool = False, x: float | None = None
) -> None:
    """Words in a column, wrapped between words; the pen goes below them."""
    pdf.set_font(FAMILY, "B" if bold else "", points)
    if x is not None:
        pdf.set_x(x)
    left = pdf.get_x()
    pdf.multi_cell(width, points * 0.43, words, align="L")
    pdf.set_x(left)
