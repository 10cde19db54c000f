"""Documents people file, print and sign: .docx and .xlsx, made in a child process from words and figures.

What goes in is plain text and numbers that may be shown: a raw table has no text (core.disclosure). A document is a
list of blocks, each a dict with a `kind`:

    {"kind": "title" | "heading" | "paragraph" | "small" | "item", "text": str}
    {"kind": "table", "caption": str, "columns": [str], "rows": [[str | int | float | None]], "numbers": [int]}
    {"kind": "picture", "svg": str, "words": str}

`numbers` says which columns stand to the right. The layout is that of Vietnamese offices: A4, Times New Roman 13,
margins of 20 mm above and below, 30 mm to the left and 20 mm to the right (Decree 30/2020/NĐ-CP, Annex I).
"""

from __future__ import annotations

import base64
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from flask import Response

from core import heavy
from core.i18n import Text

if TYPE_CHECKING:
    from docx.document import Document
    from openpyxl.worksheet.worksheet import Worksheet

BUSY: Final = Text(
    "Máy đang tính việc khác. Bạn đợi một phút rồi tải lại nhé.",
    "Another calculation is running. Please wait a minute and try again.",
)
FONT: Final = "Times New Roman"
BODY_POINTS: Final = 13
TABLE_POINTS: Final = 11
SMALL_TABLE_POINTS: Final = 9
_MANY_COLUMNS: Final = 7
MARGINS_MM: Final = {"top": 20, "bottom": 20, "left": 30, "right": 20}
WORD: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEETS: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TEXT_MM: Final = 160
TALLEST_MM: Final = 180
_SHORTEST, _LONGEST = 12, 44
"""Letters: no column of a table is taken for shorter or longer than this."""
_MOMENT: Final = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(</dcterms:)")
_NUMBER: Final = "#,##0.###"
_SMALL: Final = "0.00E+00"
_SHOWN: Final = 0.001
"""Below this a number would look like nothing: it is written with its power of ten."""
_WIDEST: Final = 60
_LINE_POINTS: Final = 16


def docx_job(payload: Mapping[str, Any]) -> dict[str, str]:
    """A document as base64. payload: title, language ("vi" or "en"), day (ISO), blocks, header (a line on each page)."""
    import docx

    document = docx.Document()
    _prepare(document, payload)
    for block in payload["blocks"]:
        _BLOCKS[block["kind"]](document, block)
    kept = io.BytesIO()
    document.save(kept)
    return settled(kept, payload)


def xlsx_job(payload: Mapping[str, Any]) -> dict[str, str]:
    """A workbook as base64. payload: title, day, sheets: [{"name", "caption", "columns", "rows", "notes"}]."""
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    book.properties.title, book.properties.creator = payload["title"], ""
    for sheet in payload["sheets"]:
        _fill_sheet(book.create_sheet(sheet["name"][:31]), sheet)
    kept = io.BytesIO()
    book.save(kept)
    return settled(kept, payload)


def settled(made: io.BytesIO, payload: Mapping[str, Any]) -> dict[str, str]:
    """The same words on the same day are the same bytes: no hour, in no part, tells when or by whom it was asked for."""
    kept, day = io.BytesIO(), payload["day"]
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            part = source.read(name)
            if name == "docProps/core.xml":
                part = _MOMENT.sub(rb"\g<1>" + day.encode() + rb"T00:00:00Z\g<2>", part)
            target.writestr(zipfile.ZipInfo(name), part, zipfile.ZIP_DEFLATED)
    return {"file": base64.b64encode(kept.getvalue()).decode()}


def bytes_of(done: Mapping[str, str]) -> bytes:
    """The file that a job made."""
    return base64.b64decode(done["file"])


def download(kind: str, payload: Mapping[str, Any], name: str) -> Response:
    """A .docx or .xlsx (`kind`) made in a child, as a file to keep. Raises as `core.heavy.run` does."""
    made = bytes_of(heavy.run(f"core.document:{kind}_job", payload))
    answer = Response(made, content_type=WORD if kind == "docx" else SHEETS)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return answer


# --- .docx


def _prepare(document: Document, payload: Mapping[str, Any]) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt

    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    for side, width in MARGINS_MM.items():
        setattr(section, f"{side}_margin", Mm(width))
    for name in ("Normal", "Title", "Heading 1", "Heading 2", "List Bullet", "Caption", "Header"):
        style = document.styles[name]
        style.font.name = FONT
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for one in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
            fonts.set(qn(one), FONT)
        for one in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
            fonts.attrib.pop(qn(one), None)
        style.font.color.rgb = None
        style.font.size = Pt(BODY_POINTS if name in ("Normal", "List Bullet") else 14)
    document.styles["Normal"].paragraph_format.space_after = Pt(6)
    document.styles["Caption"].font.size = document.styles["Header"].font.size = Pt(TABLE_POINTS)
    section.header.paragraphs[0].text = payload.get("header", "")
    core = document.core_properties
    core.title, core.author, core.comments = payload["title"], "", ""
    core.language = "vi-VN" if payload["language"] == "vi" else "en-GB"


def _said(style: str, *, bold: bool = False) -> Any:
    def add(document: Document, block: Mapping[str, Any]) -> None:
        run = document.add_paragraph(style=style).add_run(block["text"])
        run.bold = bold or None

    return add


def _table(document: Document, block: Mapping[str, Any]) -> None:
    from docx.shared import Pt

    caption = document.add_paragraph(style="Caption")
    caption.add_run(block["caption"]).bold = True
    caption.paragraph_format.keep_with_next = True
    table = document.add_table(rows=1, cols=len(block["columns"]), style="Table Grid")
    table.autofit = False
    right = set(block.get("numbers", ()))
    points = TABLE_POINTS if len(block["columns"]) < _MANY_COLUMNS else SMALL_TABLE_POINTS
    for place, words in enumerate(block["columns"]):
        _cell(table.rows[0].cells[place], words, points, bold=True, right=place in right)
    _repeat(table.rows[0])
    for row in block["rows"]:
        cells = table.add_row().cells
        for place, value in enumerate(row):
            _cell(cells[place], "" if value is None else str(value), points, right=place in right)
    _set_widths(table, block)
    document.add_paragraph().paragraph_format.space_after = Pt(6)


def _set_widths(table: Any, block: Mapping[str, Any]) -> None:
    """Columns share the page by how much stands in them; a row stays on one page."""
    from docx.oxml import OxmlElement
    from docx.shared import Mm

    columns = list(zip(block["columns"], *block["rows"], strict=True))
    shares = [min(_LONGEST, max(_SHORTEST, *(len(str(one)) for one in column))) for column in columns]
    widths = [Mm(TEXT_MM * share / sum(shares)) for share in shares]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for row in table.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = width


def _cell(cell: Any, words: str, points: int, *, bold: bool = False, right: bool = False) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_after = Pt(2)
    if right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    run = paragraph.add_run(words)
    run.bold, run.font.size = bold or None, Pt(points)


def _repeat(row: Any) -> None:
    """The head of a table stands again on each page it runs over."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    again = OxmlElement("w:tblHeader")
    again.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(again)


def _picture(document: Document, block: Mapping[str, Any]) -> None:
    from docx.shared import Mm

    from core import charts

    inline = document.add_picture(io.BytesIO(charts.png(block["svg"], scale=3)), width=Mm(TEXT_MM))
    tallest = Mm(TALLEST_MM)
    if inline.height > tallest:
        inline.width, inline.height = round(inline.width * tallest / inline.height), tallest
    inline._inline.docPr.set("descr", block["words"])


_BLOCKS: Final[Mapping[str, Any]] = {
    "title": _said("Title", bold=True),
    "heading": _said("Heading 1", bold=True),
    "paragraph": _said("Normal"),
    "small": _said("Caption"),
    "item": _said("List Bullet"),
    "table": _table,
    "picture": _picture,
}


# --- .xlsx


def _fill_sheet(page: Worksheet, sheet: Mapping[str, Any]) -> None:
    from openpyxl.styles import Alignment, Font

    page.append([sheet["caption"]])
    page["A1"].font = Font(name=FONT, size=14, bold=True)
    page.append([])
    page.append(list(sheet["columns"]))
    for row in sheet["rows"]:
        page.append([safe(value) for value in row])
    widths = _widths(sheet)
    right = _columns_of_numbers(sheet)
    for cells in page.iter_rows(min_row=3):
        for cell in cells:
            cell.font = Font(name=FONT, size=12, bold=cell.row == 3)
            side = "right" if cell.row == 3 and cell.column in right else None
            cell.alignment = Alignment(wrap_text=True, vertical="top", horizontal=side)
            if isinstance(cell.value, int | float):
                cell.number_format = _SMALL if 0 < abs(cell.value) < _SHOWN else _NUMBER
    for note in sheet.get("notes", ()):
        page.append([])
        page.append([note])
    page.freeze_panes = "B4"
    for place, width in enumerate(widths, start=1):
        page.column_dimensions[page.cell(3, place).column_letter].width = width
    _set_heights(page, widths)
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", 9
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.print_title_rows = "3:3"


def safe(value: Any) -> Any:
    """Words that begin like a formula stay words, whoever opens the file."""
    if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return "\u200b" + value
    return value


def _set_heights(page: Worksheet, widths: Sequence[int]) -> None:
    """Rows high enough for words that run over: not every program makes room by itself."""
    for cells in page.iter_rows(min_row=3, max_col=len(widths)):
        if len(cells) > 1 and all(cell.value is None for cell in cells[1:]):
            continue  # a note runs over the columns beside it
        lines = max(
            -(-len(str(cell.value)) // max(1, width - 2)) if isinstance(cell.value, str) else 1
            for cell, width in zip(cells, widths, strict=True)
        )
        if lines > 1:
            page.row_dimensions[cells[0].row].height = lines * _LINE_POINTS


def _columns_of_numbers(sheet: Mapping[str, Any]) -> set[int]:
    """Columns that hold numbers, counted from 1: their heads stand to the right as well."""
    columns = zip(*sheet["rows"], strict=True)
    return {
        place
        for place, column in enumerate(columns, start=1)
        if any(isinstance(one, int | float) for one in column)
    }


def _widths(sheet: Mapping[str, Any]) -> list[int]:
    columns: Sequence[Sequence[Any]] = list(zip(sheet["columns"], *sheet["rows"], strict=True))
    return [min(_WIDEST, 3 + max(len(_as_shown(one)) for one in column)) for column in columns]


def _as_shown(value: Any) -> str:
    """About as long as a cell looks: numbers are kept whole and shown to three decimals."""
    return f"{value:,.3f}" if isinstance(value, float) else str(value)
