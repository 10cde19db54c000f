"""pyxform's reading of the same cells: it has the last word on what an XLSForm is."""

from __future__ import annotations

import re
from typing import Any, Final

from pyxform.errors import PyXFormError
from pyxform.xls2xform import convert

from survey.xlsform.findings import Findings
from survey.xlsform.grid import Grid
from survey.xlsform.table import is_own, said_by_pyxform

_TRIES: Final = 12


def as_pyxform_reads(sheets: Grid, findings: Findings) -> None:
    """Let pyxform read the same cells; each row it stumbles over is named, then left out and it reads on."""
    if "survey" not in sheets:
        return
    left_out: set[int] = set()
    for _ in range(_TRIES):
        try:
            convert(_plainly(sheets, left_out), warnings=[], validate=False)
        except PyXFormError as wrong:
            found = re.search(r"\[row : (\d+)\]", str(wrong))
            row = int(found[1]) if found else 0
            if not row or row in left_out:
                _tell(wrong, sheets, findings)
                return
            left_out.add(row)
            if not findings.touches(sheets["survey"].name, row):
                findings.problem(sheets["survey"].name, f"A{row}", *said_by_pyxform(wrong))
        except Exception:  # noqa: BLE001  (a library that stumbles must not show its own insides)
            if not findings.problems:
                findings.problem(
                    "survey", "", "pyxform dừng giữa chừng với tệp này.", "pyxform gave up on this workbook."
                )
            return
        else:
            return


def _tell(wrong: PyXFormError, sheets: Grid, findings: Findings) -> None:
    """What pyxform says without a row only adds something where nothing was found so far."""
    if not findings.problems:
        findings.problem(sheets["survey"].name, "", *said_by_pyxform(wrong))


def _plainly(sheets: Grid, left_out: set[int]) -> dict[str, Any]:
    given: dict[str, Any] = {"sheet_names": [sheet.name for sheet in sheets.values()]}
    for kind, sheet in sheets.items():
        headers = [header for header in sheet.headers if not is_own(kind, header)]
        given[f"{kind}_header"] = [dict.fromkeys(headers)]
        given[kind] = [
            {}
            if kind == "survey" and row.number in left_out
            else {header: text for header, text in row.cells.items() if not is_own(kind, header)}
            for row in sheet.rows
        ]
    return given
