"""A workbook of units read in a child process of its own (core.heavy): the first sheet as rows of words."""

from __future__ import annotations

import base64
import io
import resource
from collections.abc import Mapping
from datetime import date, datetime
from itertools import islice
from typing import Any, Final

from core.unit_sheet import MOST_ROWS

_MEMORY: Final = 1024 * 1024 * 1024
_WIDEST: Final = 26
_LONGEST_CELL: Final = 500


class NoWorkbook(ValueError):
    """The file is no .xlsx workbook."""


def read_job(payload: Mapping[str, Any]) -> dict[str, Any]:
    """{"file": base64} → {"lines": [[str]]}. Raises `NoWorkbook`."""
    from zipfile import BadZipFile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    # A file that unpacks to more than anybody expects ends this process, not the machine.
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    try:
        book = load_workbook(io.BytesIO(base64.b64decode(payload["file"])), read_only=True, data_only=True)
        rows = book.worksheets[0].iter_rows(values_only=True, max_col=_WIDEST)
        lines = [[_words(cell) for cell in row] for row in islice(rows, MOST_ROWS + 20)]
    except (BadZipFile, InvalidFileException, IndexError, KeyError, ValueError, OSError) as error:
        raise NoWorkbook("This is no .xlsx workbook.") from error
    return {"lines": lines}


def _words(cell: Any) -> str:
    """A cell as somebody would have typed it."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date):
        return cell.isoformat()[:10]
    return str(cell)[:_LONGEST_CELL]
