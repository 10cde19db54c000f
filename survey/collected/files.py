"""A file of answers as rows of text: CSV as spreadsheets save it, or the first sheet of an .xlsx."""

from __future__ import annotations

import csv
import hashlib
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

SEPARATORS: Final = ",;\t"
STEP: Final = 100_000
"""Rows between two words of progress."""
LONGEST_CELL: Final = 2_000

Told = Callable[[str], None]


class Unreadable(ValueError):
    """The file is no CSV in UTF-8 and no .xlsx, or it has no row of names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Columns by name, and rows with their number in the file; a row that is empty throughout is left out.

    digest: SHA-256 of the file, in hex.
    """

    name: str
    digest: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read(path: Path, told: Told = lambda _: None) -> Sheet:
    """The whole file. Raises `Unreadable`, OSError."""
    with path.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    lines = _workbook(path) if path.suffix.lower() == ".xlsx" else _csv(path)
    try:
        columns = tuple(_text(cell) for cell in next(lines, ()))
        while columns and not columns[-1]:
            columns = columns[:-1]
        if not columns:
            raise Unreadable(f"{path.name} has no row of column names.")
        rows = tuple(_rows(lines, len(columns), path.name, told))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Unreadable(f"{path.name} is not CSV in UTF-8; save it as “CSV UTF-8” or .xlsx.") from error
    return Sheet(name=path.name, digest=digest, columns=columns, rows=rows)


def _rows(
    lines: Iterable[Sequence[Any]], width: int, name: str, told: Told
) -> Iterator[tuple[int, tuple[str, ...]]]:
    for number, line in enumerate(lines, start=2):
        if number % STEP == 0:
            told(f"{name}: {number:,} rows read")
        cells = [_text(cell) for cell in line]
        if any(cells[width:]):
            raise Unreadable(f"{name}, row {number}: there are cells beyond the last named column.")
        cells = [*cells[:width], *[""] * (width - len(cells))]
        if any(cells):
            yield number, tuple(cells)


def _csv(path: Path) -> Iterator[Sequence[Any]]:
    with path.open(encoding="utf-8-sig", newline="") as opened:
        head = "".join(islice(opened, 1))
        separator = max(SEPARATORS, key=head.count)
        opened.seek(0)
        yield from csv.reader(opened, delimiter=separator, strict=True)


def _workbook(path: Path) -> Iterator[Sequence[Any]]:
    from zipfile import BadZipFile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, ValueError) as error:
        raise Unreadable(f"{path.name} is not an .xlsx workbook.") from error
    try:
        yield from book.worksheets[0].iter_rows(values_only=True)
    finally:
        book.close()


def _text(cell: Any) -> str:
    """A cell as somebody would have typed it: whole numbers without a point, days as 2026-11-24."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date):
        return cell.isoformat()[:10]
    return unicodedata.normalize("NFC", str(cell)).strip()[:LONGEST_CELL]
