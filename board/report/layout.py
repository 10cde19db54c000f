"""The report as .docx in the layout of Decree 30/2020/NĐ-CP, Annex I: made in a child process.

Every measure is a constant here, and a test reads each of them back from the file. A line under words is the lower
border of an empty paragraph, indented so that it is as long as the decree wants: as the words themselves under the
motto, a third to a half of them elsewhere.
"""

from __future__ import annotations

import base64
import io
import unicodedata
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from core.document import settled

if TYPE_CHECKING:
    from docx.document import Document
    from docx.section import Section

FONT: Final = "Times New Roman"
MARGINS_MM: Final = {"top": 20, "bottom": 20, "left": 30, "right": 15}
HEADER_MM: Final = 10
TEXT_MM: Final = 210 - MARGINS_MM["left"] - MARGINS_MM["right"]
HEAD_MM: Final = (66, 99)
"""The two columns of head and signature: two fifths and three fifths."""
NATION, MOTTO = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc"
POINTS: Final = {
    "nation": 12,
    "motto": 13,
    "parent": 12,
    "issuer": 12,
    "number": 13,
    "place_day": 13,
    "kind": 14,
    "about": 14,
    "body": 14,
    "signing": 14,
    "recipients_word": 12,
    "recipients": 11,
    "annex": 14,
    "table": 12,
    "page": 14,
}
INDENT_MM: Final = 12.7
SPACE_POINTS: Final = 6
LINES: Final = 1.15
UNDER_MOTTO, UNDER_OTHERS = 1.0, 0.4
"""How long a line is, as a share of the words above it."""
SIGNATURE_POINTS: Final = 72
PHOTO_MM: Final = (78, 60)
"""No photograph is wider or taller."""

_WIDTHS: Final = {
    **dict.fromkeys("., ", 250),
    **dict.fromkeys("il/", 278),
    **dict.fromkeys("jft-():;", 333),
    **dict.fromkeys("sI", 389),
    **dict.fromkeys("cerz", 444),
    **dict.fromkeys("agovxyJ0123456789", 500),
    **dict.fromkeys("bdhknpquS", 556),
    **dict.fromkeys("FP", 611),
    **dict.fromkeys("BELTZ", 667),
    **dict.fromkeys("ACDNRUVXYw", 722),
    **dict.fromkeys("GHKOQ", 778),
    **dict.fromkeys("m", 833),
    **dict.fromkeys("M", 944),
    **dict.fromkeys("W…", 1000),
}
"""Widths of Times bold, thousandths of the size; marks above or below a letter do not make it wider."""


def docx_job(payload: Mapping[str, Any]) -> dict[str, str]:
    """The document as base64. payload: as `board.report.paper` makes it."""
    import docx

    document = docx.Document()
    _styles(document, payload)
    section = document.sections[0]
    _page(section)
    _head(document, payload)
    _title(document, payload)
    for block in payload["blocks"]:
        _BLOCKS[block["kind"]](document, block["text"])
    _signature(document, payload)
    for annex in payload["annexes"]:
        _annex(document, annex, payload["with"])
    kept = io.BytesIO()
    document.save(kept)
    return settled(kept, payload)


def width_mm(words: str, points: float) -> float:
    """How wide words in bold Times are, in millimetres."""
    plain = unicodedata.normalize("NFD", words).replace("Đ", "D").replace("đ", "d")
    letters = [one for one in plain if not unicodedata.combining(one)]
    return sum(_WIDTHS.get(one, 556) for one in letters) / 1000 * points * 25.4 / 72


# --- the page


def _styles(document: Document, payload: Mapping[str, Any]) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Pt

    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = FONT, Pt(POINTS["body"])
    fonts = normal.element.get_or_add_rPr().get_or_add_rFonts()
    for one in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{one}"), FONT)
        # A font of the theme would win over the one that is named.
        fonts.attrib.pop(qn(f"w:{one}Theme"), None)
    # Else Word underlines every Vietnamese word in red.
    for tongue in document.styles.element.iter(qn("w:lang")):
        tongue.set(qn("w:val"), "vi-VN")
    normal.paragraph_format.space_after = normal.paragraph_format.space_before = Pt(0)
    normal.paragraph_format.line_spacing = 1.0
    core = document.core_properties
    core.title, core.author, core.comments, core.language = payload["about"], "", "", "vi-VN"


def _page(section: Section) -> None:
    """A4, the margins, and the number of the page in the middle of the upper one from the second page on."""
    from docx.shared import Mm

    section.page_width, section.page_height = Mm(210), Mm(297)
    for side, width in MARGINS_MM.items():
        setattr(section, f"{side}_margin", Mm(width))
    section.header_distance = Mm(HEADER_MM)
    section.different_first_page_header_footer = True
    section.header.is_linked_to_previous = section.first_page_header.is_linked_to_previous = False
    paragraph = section.header.paragraphs[0]
    paragraph.style = "Normal"
    _centre(paragraph)
    _page_number(paragraph)
    section.first_page_header.paragraphs[0].style = "Normal"


def _page_number(paragraph: Any) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    for kind, words in (("begin", ""), ("", "PAGE"), ("separate", ""), ("", "2"), ("end", "")):
        run = _run(paragraph, "", POINTS["page"])
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark = OxmlElement("w:instrText" if words == "PAGE" else "w:t")
            mark.text = words
        run._r.append(mark)


# --- the head


def _head(document: Document, payload: Mapping[str, Any]) -> None:
    left, right = _two_cells(document)
    first = left.paragraphs[0]
    if payload["parent"]:
        _said(first, payload["parent"], POINTS["parent"])
        first = left.add_paragraph()
    _said(first, payload["issuer"], POINTS["issuer"], bold=True)
    longest = min(width_mm(payload["issuer"], POINTS["issuer"]), HEAD_MM[0])
    _line(left.add_paragraph(), longest * UNDER_OTHERS, HEAD_MM[0])
    _said(left.add_paragraph(), payload["number"], POINTS["number"])
    _said(right.paragraphs[0], NATION, POINTS["nation"], bold=True)
    _said(right.add_paragraph(), MOTTO, POINTS["motto"], bold=True)
    _line(right.add_paragraph(), width_mm(MOTTO, POINTS["motto"]) * UNDER_MOTTO, HEAD_MM[1])
    _said(right.add_paragraph(), payload["place_day"], POINTS["place_day"], italic=True)


def _title(document: Document, payload: Mapping[str, Any]) -> None:
    from docx.shared import Pt

    kind = document.add_paragraph()
    kind.paragraph_format.space_before = Pt(2 * SPACE_POINTS)
    _said(kind, payload["kind"], POINTS["kind"], bold=True)
    about = document.add_paragraph()
    _said(about, payload["about"], POINTS["about"], bold=True)
    longest = min(width_mm(payload["about"], POINTS["about"]), TEXT_MM)
    _line(document.add_paragraph(), longest * UNDER_OTHERS, TEXT_MM)
    to = document.add_paragraph()
    to.paragraph_format.space_before = to.paragraph_format.space_after = Pt(2 * SPACE_POINTS)
    _said(to, f"Kính gửi: {payload['addressee']}.", POINTS["body"])


def _line(paragraph: Any, long_mm: float, room_mm: float) -> None:
    """A line so long, in the middle of the room there is."""
    from docx.enum.text import WD_LINE_SPACING
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt

    shape = paragraph.paragraph_format
    shape.left_indent = shape.right_indent = Mm(round((room_mm - long_mm) / 2, 1))
    shape.line_spacing_rule, shape.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(3)
    shape.space_after = Pt(SPACE_POINTS)
    borders, low = OxmlElement("w:pBdr"), OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "0"), ("color", "000000")):
        low.set(qn(f"w:{name}"), value)
    borders.append(low)
    properties = paragraph._p.get_or_add_pPr()
    properties.insert_element_before(borders, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr")


# --- the body


def _block(*, bold: bool = False, italic: bool = False) -> Any:
    def add(document: Document, words: str) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH
        from docx.shared import Mm, Pt

        paragraph = document.add_paragraph()
        shape = paragraph.paragraph_format
        paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        shape.first_line_indent, shape.space_after, shape.line_spacing = (
            Mm(INDENT_MM),
            Pt(SPACE_POINTS),
            LINES,
        )
        shape.keep_with_next = bold or None
        _run(paragraph, words, POINTS["body"], bold=bold, italic=italic)

    return add


_BLOCKS: Final = {
    "base": _block(italic=True),
    "body": _block(),
    "chapter": _block(bold=True),
    "heading": _block(bold=True),
}


def _signature(document: Document, payload: Mapping[str, Any]) -> None:
    """Who gets it on the left, who signs on the right; neither is torn apart by the end of a page."""
    from docx.shared import Pt

    document.add_paragraph().paragraph_format.keep_with_next = True
    left, right = _two_cells(document, (75, 90))
    _run(left.paragraphs[0], "Nơi nhận:", POINTS["recipients_word"], bold=True, italic=True)
    for line in payload["recipients"]:
        _run(left.add_paragraph(), line, POINTS["recipients"])
    for place, line in enumerate(payload["signing"]):
        paragraph = right.paragraphs[0] if place == 0 else right.add_paragraph()
        _said(paragraph, line, POINTS["signing"], bold=True)
    name = right.add_paragraph()
    name.paragraph_format.space_before = Pt(SIGNATURE_POINTS)
    _said(name, payload["signer"], POINTS["signing"], bold=True)


# --- annexes


def _annex(document: Document, annex: Mapping[str, Any], with_words: str) -> None:
    """An annex on a page of its own, with page numbers of its own."""
    from docx.enum.section import WD_SECTION
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Pt

    section = document.add_section(WD_SECTION.NEW_PAGE)
    _page(section)
    numbering = OxmlElement("w:pgNumType")
    numbering.set(qn("w:start"), "1")
    section._sectPr.append(numbering)
    _said(document.add_paragraph(), annex["number"], POINTS["annex"], bold=True)
    _said(document.add_paragraph(), annex["title"], POINTS["annex"], bold=True)
    under = document.add_paragraph()
    under.paragraph_format.space_after = Pt(SPACE_POINTS)
    _said(under, with_words, POINTS["annex"], italic=True)
    if "photos" in annex:
        _photos(document, annex["photos"])
    else:
        _table(document, annex)
    for place, note in enumerate(annex["notes"]):
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.space_before = Pt(SPACE_POINTS if place == 0 else 2)
        _run(paragraph, note, POINTS["table"], italic=True)


def _photos(document: Document, photos: Sequence[Mapping[str, str]]) -> None:
    """Two photographs side by side, each with its words; none is torn from them by the end of a page."""
    from docx.shared import Mm, Pt

    for place in range(0, len(photos), 2):
        for cell, photo in zip(_two_cells(document, (82, 83)), photos[place : place + 2], strict=False):
            paragraph = cell.paragraphs[0]
            _centre(paragraph)
            picture = io.BytesIO(base64.b64decode(photo["jpeg"]))
            shape = paragraph.add_run().add_picture(picture, width=Mm(PHOTO_MM[0]))
            if shape.height > Mm(PHOTO_MM[1]):
                shape.width, shape.height = (
                    round(shape.width * Mm(PHOTO_MM[1]) / shape.height),
                    Mm(PHOTO_MM[1]),
                )
            shape._inline.docPr.set("descr", photo["words"])
            words = cell.add_paragraph()
            words.paragraph_format.space_after = Pt(SPACE_POINTS)
            _said(words, photo["words"], POINTS["table"], italic=True)


def _table(document: Document, annex: Mapping[str, Any]) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Mm

    table = document.add_table(rows=1, cols=len(annex["columns"]), style="Table Grid")
    table.autofit = False
    _row(table.rows[0], annex["columns"], bold=True)
    again = OxmlElement("w:tblHeader")
    again.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(again)
    for words in annex["rows"]:
        _row(table.add_row(), words, right=annex["right"])
    for column, width in zip(table.columns, annex["widths"], strict=True):
        column.width = Mm(width)
    for row in table.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        for cell, width in zip(row.cells, annex["widths"], strict=True):
            cell.width = Mm(width)


def _row(row: Any, words: Sequence[str], *, bold: bool = False, right: Sequence[int] = ()) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    for place, (cell, said) in enumerate(zip(row.cells, words, strict=True)):
        paragraph = cell.paragraphs[0]
        paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(1)
        if bold or place == 0:
            _centre(paragraph)
        elif place in right:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        _run(paragraph, said, POINTS["table"], bold=bold)


# --- small things


def _two_cells(document: Document, widths_mm: tuple[int, int] = HEAD_MM) -> tuple[Any, Any]:
    """A table of one row without borders, whose cells begin at the very edge."""
    from docx.enum.table import WD_TABLE_ALIGNMENT
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Mm

    table = document.add_table(rows=1, cols=2)
    table.autofit, table.alignment = False, WD_TABLE_ALIGNMENT.CENTER
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        one = OxmlElement(f"w:{side}")
        one.set(qn("w:w"), "0")
        one.set(qn("w:type"), "dxa")
        margins.append(one)
    table._tbl.tblPr.append(margins)
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    for column, cell, width in zip(table.columns, table.rows[0].cells, widths_mm, strict=True):
        column.width = cell.width = Mm(width)
    return table.rows[0].cells[0], table.rows[0].cells[1]


def _said(paragraph: Any, words: str, points: float, *, bold: bool = False, italic: bool = False) -> None:
    _centre(paragraph)
    _run(paragraph, words, points, bold=bold, italic=italic)


def _run(paragraph: Any, words: str, points: float, *, bold: bool = False, italic: bool = False) -> Any:
    from docx.shared import Pt

    run = paragraph.add_run(words)
    run.font.size, run.bold, run.italic = Pt(points), bold or None, italic or None
    return run


def _centre(paragraph: Any) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
