"""The annex as a workbook: the 25 indicators, who reported, and what each unit did (pure).

Units stand beside activities alone. What the centre as a whole counts, letters and surveys stand in the first sheet,
in the very words of the document.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from board.activities import summing
from board.activities.kinds import OFFERED
from board.activities.lines import Line
from board.report import paper
from board.report.paper import Facts


def workbook(facts: Facts, units: Sequence[tuple[str, Sequence[Line]]]) -> dict[str, Any]:
    """The payload of `core.document:xlsx_job`. units: name and lines of each unit that filed."""
    about = f"Phụ lục: kết quả triển khai {facts.title}"
    return {
        "title": about,
        "day": facts.as_of.isoformat(),
        "sheets": [_figures(facts, about), _by_unit(facts, units), _units(facts)],
    }


def _figures(facts: Facts, about: str) -> dict[str, Any]:
    table = paper.annexes(facts)[0]
    rows = [
        [int(row[0]), *row[1:3], *(_value(words) for words in row[3:-1]), row[-1]] for row in table["rows"]
    ]
    return {
        "name": "25 chỉ tiêu",
        "caption": about,
        "columns": table["columns"],
        "rows": rows,
        "notes": table["notes"],
    }


def _value(words: str) -> str | int:
    """A whole number as a number, so that a sheet can add it up; all else as it is said."""
    plain = words.replace(".", "")
    return int(plain) if plain.isdigit() else words


def _by_unit(facts: Facts, units: Sequence[tuple[str, Sequence[Line]]]) -> dict[str, Any]:
    columns = ["Đơn vị", *(f"{kind.code} {kind.name.vi} ({kind.unit.vi})" for kind in OFFERED)]
    rows = []
    for name, lines in units:
        found = summing.totals([lines])
        rows.append(
            [name, *(found[kind.code].quantity if _told(kind.code, lines) else None for kind in OFFERED)]
        )
    return {
        "name": "Theo đơn vị",
        "caption": f"Hoạt động của từng đơn vị đến hết ngày {paper.dated(facts.as_of)}",
        "columns": columns,
        "rows": rows,
        "notes": ["Ô trống: đơn vị không nói đến. Số 0: đơn vị báo không phát sinh."],
    }


def _told(code: str, lines: Sequence[Line]) -> bool:
    return any(line.type_code == code and line.state in ("held", "none") for line in lines)


def _units(facts: Facts) -> dict[str, Any]:
    table = paper.annexes(facts)[1]
    return {
        "name": "Tình hình báo cáo",
        "caption": table["title"].capitalize(),
        "columns": table["columns"],
        "rows": [[int(row[0]), *row[1:]] for row in table["rows"]],
        "notes": table["notes"],
    }
