"""Files from elsewhere in a process of their own (core.heavy): looked at, then checked and computed, all or nothing."""

from __future__ import annotations

import base64
import resource
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from core import document
from core.i18n import speak
from survey import reading
from survey.collected import checking, grouped, mapping, report
from survey.collected.files import Sheet, Unreadable, read
from survey.questionnaire import Questionnaire

MOST_ROWS: Final = 20_000
_MEMORY: Final = 1024 * 1024 * 1024
_SHM: Final = Path("/dev/shm")  # noqa: S108  (the file is not written to a disk)


def look_job(payload: Mapping[str, Any]) -> dict[str, Any]:
    """{"files": [{"name", "file": base64}]} → {"sheets": […]}. Raises `Unreadable`."""
    # A file that unpacks to more than anybody expects ends this process, not the machine.
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    with tempfile.TemporaryDirectory(dir=_SHM if _SHM.is_dir() else None) as place:
        sheets = []
        for number, one in enumerate(payload["files"]):
            file = base64.b64decode(one["file"])
            # A workbook is a packed file, whatever its name says.
            path = Path(place) / f"{number}{'.xlsx' if file[:2] == b'PK' else '.csv'}"
            path.write_bytes(file)
            sheet = read(path)
            if len(sheet.rows) > MOST_ROWS:
                raise Unreadable(f"{one['name']} has more than {MOST_ROWS} rows.")
            sheets.append({**_as_json(sheet), "name": one["name"]})
    return {"sheets": sheets}


def _as_json(sheet: Sheet) -> dict[str, Any]:
    rows = [[number, list(cells)] for number, cells in sheet.rows]
    return {"name": sheet.name, "digest": sheet.digest, "columns": list(sheet.columns), "rows": rows}


def from_json(one: Mapping[str, Any]) -> Sheet:
    """A sheet that crossed to another process and back."""
    rows = tuple((number, tuple(cells)) for number, cells in one["rows"])
    return Sheet(name=one["name"], digest=one["digest"], columns=tuple(one["columns"]), rows=rows)


def report_job(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Everything wrong with the files, or the report of them; nothing in between.

    payload: sheets (earlier, later), waves (which each is), plan (as `report.Collected` takes it), chosen (column → what
    it is), questionnaire (its content), language, day.
    Result: problems [{"file", "row", "column", "vi", "en"}], or sentences, counts and the document in base64.
    """
    speak(payload["language"])
    questionnaire = Questionnaire.from_json(payload["questionnaire"])
    sheets, waves, roles, problems = [], [], [], []
    named = payload["waves"][0], payload["waves"][1]
    for one, wave in zip(payload["sheets"], named, strict=True):
        sheet, role, columns = mapping.translated(from_json(one), payload["chosen"], questionnaire)
        if wave == named[0]:
            role = replace(role, exposure="", ignored=role.ignored | {mapping.EXPOSURE})
        found, wrong = checking.check(sheet, questionnaire, wave, role)
        problems += [_problem(each, columns, questionnaire) for each in wrong]
        sheets.append(sheet)
        waves.append(found)
        roles.append(role)
    if roles[1].exposure:
        wrong = grouped.wrong_doses(sheets[1], waves[1], questionnaire, mapping.EXPOSURE)
        problems += [_problem(each, columns, questionnaire) for each in wrong]
    if problems:
        return {"problems": problems}
    collected = report.Collected(
        sheets=(sheets[0], sheets[1]),
        waves=(waves[0], waves[1]),
        questionnaire=questionnaire,
        roles=roles[1],
        plan=payload["plan"],
        named=named,
    )
    figures = report.figures(collected)
    made = document.docx_job(report.document(figures, questionnaire, date.fromisoformat(payload["day"])))
    effects = figures["effects"]
    return {
        "problems": [],
        "sentences": reading.sentences(
            effects, [name for name in (payload["plan"]["primary"], payload["plan"]["secondary"]) if name]
        ),
        "counts": [effects["before"], effects["after"], effects["linked"]],
        "file": made["file"],
    }


def _problem(one: checking.Problem, named: Mapping[str, str], questionnaire: Questionnaire) -> dict[str, Any]:
    column = named.get(one.column, one.column)
    if one.column in questionnaire.all_items and column != one.column:
        column = f"{column} ({one.column})"
    return {"file": one.file, "row": one.row, "column": column, "vi": one.says.vi, "en": one.says.en}
