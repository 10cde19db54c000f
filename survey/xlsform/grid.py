"""A workbook's cells as text, read within limits: size, unpacked size, rows, columns, length of a cell.

A file is refused before it is unpacked where its table of contents already says too much. Formulas, macros and
links to other files are refused: what a cell shows must be what it holds.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Final

import openpyxl
import xlrd
from openpyxl.utils import get_column_letter

from survey.xlsform.findings import Findings

FILE_BYTES: Final = 5 * 1024 * 1024
UNPACKED_BYTES: Final = 60 * 1024 * 1024
PARTS: Final = 500
ROWS: Final = 2000
COLUMNS: Final = 120
CELL: Final = 4000
_BLANK_ROWS: Final = 60
_BLANK_COLUMNS: Final = 20
NAMES: Final = frozenset(("survey", "choices", "settings", "external_choices", "osm", "entities"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row below the headers: its number in the sheet, and its cells by header."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """One sheet: its name as it is written, its headers with their columns' letters, its rows."""

    name: str
    headers: Mapping[str, str]
    rows: tuple[Row, ...]


Grid = Mapping[str, Sheet]
"""Sheets that XLSForm knows, by their names in small letters."""


class Unreadable(Exception):
    """The file is no workbook, or too large; the findings say which."""


def read(file: bytes, findings: Findings) -> Grid:
    """The sheets of an .xlsx or .xls file. Raises Unreadable where nothing could be read."""
    if len(file) > FILE_BYTES:
        raise _stop(findings, "Tệp lớn quá 5 MB.", "The file is larger than 5 MB.")
    if file[:4] == b"PK\x03\x04":
        return _gathered(_xlsx(file, findings), findings)
    if file[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return _gathered(_xls(file, findings), findings)
    raise _stop(
        findings,
        "Đây không phải là tệp bảng tính .xlsx hoặc .xls.",
        "This is not a workbook in .xlsx or .xls format.",
    )


def _stop(findings: Findings, vi: str, en: str) -> Unreadable:
    findings.problem("", "", vi, en)
    return Unreadable(en)


def _broken(findings: Findings) -> Unreadable:
    return _stop(
        findings,
        "Tệp hỏng hoặc bị khóa: không mở được như một bảng tính.",
        "The file is damaged or locked: it does not open as a workbook.",
    )


# --- .xlsx


_Cells = Iterable[tuple[int, list[tuple[Any, bool]]]]
"""Row numbers with the values of their cells, and whether each is a formula."""
_Named = Iterator[tuple[str, int, _Cells]]


def _xlsx(file: bytes, findings: Findings) -> _Named:
    _weigh(file, findings)
    try:
        book = openpyxl.load_workbook(io.BytesIO(file), read_only=True, keep_links=False)
    except Exception:  # noqa: BLE001  (whatever a strange file makes the library stumble over)
        raise _broken(findings) from None
    sheets = [one for one in book.worksheets if hasattr(one, "iter_rows")]
    for sheet in sheets:
        yield sheet.title, len(sheets), _xlsx_rows(sheet, findings)


def _xlsx_rows(sheet: Any, findings: Findings) -> _Cells:
    # The size a sheet claims for itself may be false; it is read as far as the limits go.
    sheet.reset_dimensions()
    try:
        for number, row in enumerate(sheet.iter_rows(max_row=ROWS + 1, max_col=COLUMNS + 1), start=1):
            yield number, [(cell.value, cell.data_type == "f") for cell in row]
    except Exception:  # noqa: BLE001  (as above: a damaged part is found only while reading)
        raise _broken(findings) from None


def _weigh(file: bytes, findings: Findings) -> None:
    """Raises Unreadable for what unpacks to too much, carries macros or names entities of its own."""
    try:
        with zipfile.ZipFile(io.BytesIO(file)) as packed:
            parts = packed.infolist()
            if len(parts) > PARTS or sum(part.file_size for part in parts) > UNPACKED_BYTES:
                raise _stop(
                    findings,
                    "Tệp bung ra quá lớn (hơn 60 MB).",
                    "The file unpacks to too much (more than 60 MB).",
                )
            _look_inside(packed, parts, findings)
    except Unreadable:
        raise
    except Exception:  # noqa: BLE001  (a damaged archive breaks in many places)
        raise _broken(findings) from None


def _look_inside(packed: zipfile.ZipFile, parts: list[zipfile.ZipInfo], findings: Findings) -> None:
    names = [part.filename.lower() for part in parts]
    if any(name.endswith("vbaproject.bin") for name in names):
        raise _stop(
            findings,
            "Tệp có chứa macro. Hãy lưu lại dưới dạng .xlsx không có macro.",
            "The file carries macros. Save it as .xlsx without macros.",
        )
    if any("externallink" in name for name in names):
        raise _stop(
            findings,
            "Tệp có liên kết đến tệp khác. Hãy chép giá trị vào và bỏ liên kết.",
            "The file links to other files. Paste the values and remove the links.",
        )
    for part in parts:
        if part.filename.lower().endswith((".xml", ".rels")):
            with packed.open(part) as words:
                if re.search(rb"<!(DOCTYPE|ENTITY)", words.read(4096), re.IGNORECASE):
                    raise _broken(findings)


# --- .xls


def _xls(file: bytes, findings: Findings) -> _Named:
    try:
        book = xlrd.open_workbook(file_contents=file, logfile=io.StringIO(), on_demand=True)
        sheets = [book.sheet_by_index(place) for place in range(book.nsheets)]
    except Exception:  # noqa: BLE001  (xlrd stumbles over strange files in many ways)
        raise _broken(findings) from None
    for sheet in sheets:
        yield sheet.name, len(sheets), _xls_rows(sheet, book.datemode)


def _xls_rows(sheet: Any, datemode: int) -> _Cells:
    for row in range(min(sheet.nrows, ROWS + 1)):
        width = min(sheet.row_len(row), COLUMNS + 1)
        yield row + 1, [(_xls_value(sheet.cell(row, column), datemode), False) for column in range(width)]


def _xls_value(cell: Any, datemode: int) -> Any:
    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            return xlrd.xldate_as_datetime(cell.value, datemode)
        except (ValueError, OverflowError, xlrd.xldate.XLDateError):
            return cell.value
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return ""
    return cell.value


# --- both


def _gathered(named: _Named, findings: Findings) -> dict[str, Sheet]:
    found: dict[str, Sheet] = {}
    for name, count, cells in named:
        key = name.strip().lower()
        # A workbook of one sheet is a survey, whatever the sheet is called: so pyxform reads it.
        key = "survey" if count == 1 and key not in NAMES else key
        if key not in NAMES:
            continue
        if key in found:
            findings.problem(name, "", f"Có hai trang tên “{key}”.", f"There are two sheets named “{key}”.")
            continue
        found[key] = _sheet(name, cells, findings)
    return found


def _sheet(name: str, cells: _Cells, findings: Findings) -> Sheet:
    headers: dict[str, str] = {}
    letters: list[tuple[str, str]] = []
    rows: list[Row] = []
    blank = 0
    for number, values in cells:
        if number == 1:
            headers = _headers(name, values, findings)
            letters = [(letter, header) for header, letter in headers.items()]
            continue
        if number > ROWS:
            findings.problem(
                name, f"A{number}", f"Trang có quá {ROWS} hàng.", f"The sheet has more than {ROWS} rows."
            )
            break
        rows.append(_row(name, number, dict(_lettered(values)), letters, findings))
        blank = 0 if rows[-1].cells else blank + 1
        if blank > _BLANK_ROWS:
            break
    while rows and not rows[-1].cells:
        rows.pop()
    return Sheet(name=name, headers=headers, rows=tuple(rows))


def _lettered(values: list[tuple[Any, bool]]) -> Iterator[tuple[str, tuple[Any, bool]]]:
    for column, value in enumerate(values, start=1):
        if value[0] not in (None, ""):
            yield get_column_letter(column), value


def _headers(name: str, values: list[tuple[Any, bool]], findings: Findings) -> dict[str, str]:
    """Headers with their letters, up to a run of columns without one."""
    headers: dict[str, str] = {}
    last = 0
    for column, (value, _) in enumerate(values, start=1):
        header = " ".join(_text(value).split())
        if not header:
            if column - last > _BLANK_COLUMNS:
                break
            continue
        last = column
        letter = get_column_letter(column)
        if column > COLUMNS:
            findings.problem(
                name,
                f"{letter}1",
                f"Trang có quá {COLUMNS} cột.",
                f"The sheet has more than {COLUMNS} columns.",
            )
            break
        if header in headers:
            findings.problem(
                name, f"{letter}1", f"Cột “{header}” có hai lần.", f"The column “{header}” is there twice."
            )
        else:
            headers[header] = letter
    return headers


def _row(
    name: str,
    number: int,
    values: Mapping[str, tuple[Any, bool]],
    letters: list[tuple[str, str]],
    findings: Findings,
) -> Row:
    cells: dict[str, str] = {}
    for letter, header in letters:
        value, formula = values.get(letter, (None, False))
        text = _text(value)
        if formula:
            findings.problem(
                name,
                f"{letter}{number}",
                f"Ô chứa công thức ({text[:40]}). Hãy ghi thẳng giá trị.",
                f"The cell holds a formula ({text[:40]}). Write the value itself.",
            )
        elif len(text) > CELL:
            findings.problem(
                name,
                f"{letter}{number}",
                f"Ô dài quá {CELL} ký tự.",
                f"The cell is longer than {CELL} characters.",
            )
        elif text:
            cells[header] = text
    return Row(number=number, cells=cells)


_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def _text(value: Any) -> str:
    """A cell as text: whole numbers without ".0", days as ISO, no characters that XML cannot hold."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    return _UNPRINTABLE.sub("", str(value)).replace("\u00a0", " ").strip()
