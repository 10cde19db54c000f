"""Workbooks to start from: the shipped questionnaire as one, and a small example of everything there is."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from survey.xlsform.example import CHOICES, EN, GUIDE, SETTINGS, SURVEY, VI

_WIDTHS: Final = {
    "label": 60,
    "hint": 40,
    "lead": 40,
    "source": 40,
    "consent": 60,
    "closing": 60,
    "title": 30,
}
_THEN: Final = datetime(2026, 1, 1)  # noqa: DTZ001  (a workbook's own date says nothing here)


def example() -> bytes:
    """The template to download: one small questionnaire with every kind of question, and a guide."""
    return _written(
        {
            "survey": _table(SURVEY),
            "choices": _table(CHOICES),
            "settings": _table(SETTINGS),
            "_huong_dan": GUIDE,
        }
    )


def from_data(data: Mapping[str, Any]) -> bytes:
    """A questionnaire's data as the workbook that reads as it."""
    return _written(
        {
            "survey": _table(list(_survey(data))),
            "choices": _table(list(_choices(data))),
            "settings": _table([_settings(data)]),
            "_huong_dan": GUIDE,
        }
    )


def _survey(data: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    items = {item["code"]: item for item in data["items"]}
    for page in data["pages"]:
        yield {"type": "begin group", "name": page["code"]} | _said("label", page, "") | _said("lead", page)
        for code in page["items"]:
            yield _item(items[code], data)
        yield {"type": "end group"}


def _item(item: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, str]:
    measures = item["measures"]
    listed = item.get("scale", item["code"])
    types = {"one": f"select_one {listed}", "many": f"select_multiple {listed}"}
    row = {
        "type": types.get(item["kind"]) or {"letter": "text", "digits": "integer"}[item["kind"]],
        "name": item["code"],
        "measures": measures["measures"],
        "right": measures.get("right", ""),
        "reverse": "yes" if measures.get("reverse") else "",
        "element": item["kind"] if item["kind"] in ("letter", "digits") else "",
        "waves": " ".join(item.get("waves", ())),
        "parameters": "randomize=true" if item.get("shuffle") else "",
        "appearance": "likert" if len(data["scales"].get(listed, ())) == 5 else "",
    }
    for column in ("hint", "lead", "source", "certainty"):
        row |= _said(column, item)
    return row | _said("label", item, "")


def _choices(data: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    named = {item["code"]: item["options"] for item in data["items"] if "options" in item}
    for name, options in {**data["scales"], **named}.items():
        for option in options:
            yield {
                "list_name": name,
                "name": option["code"],
                **_said("label", option, ""),
                "counts": option.get("counts", ""),
                "exclusive": "yes" if option.get("exclusive") else "",
            }


def _settings(data: Mapping[str, Any]) -> dict[str, str]:
    found = {
        "form_title": data["title_vi"],
        "form_id": data["name"],
        "version": str(data["version"]),
        "default_language": VI,
        "minutes": str(data["minutes"]),
    }
    found |= _said("title", data)
    for column in ("consent", "closing"):
        found[f"{column}::{VI}"] = "\n".join(one["vi"] for one in data[column])
        found[f"{column}::{EN}"] = "\n".join(one["en"] for one in data[column])
    return found


def _said(column: str, entry: Mapping[str, Any], stem: str | None = None) -> dict[str, str]:
    stem = f"{column}_" if stem is None else stem
    if f"{stem}vi" not in entry:
        return {}
    return {f"{column}::{VI}": entry[f"{stem}vi"], f"{column}::{EN}": entry[f"{stem}en"]}


_ORDER: Final = [
    "list_name",
    "type",
    "name",
    "label",
    "hint",
    "lead",
    "required",
    "relevant",
    "constraint",
    "constraint_message",
    "choice_filter",
    "calculation",
    "appearance",
    "parameters",
    "measures",
    "right",
    "reverse",
    "element",
    "waves",
    "counts",
    "exclusive",
    "source",
    "certainty",
]


def _table(rows: Sequence[Mapping[str, str]]) -> list[list[str]]:
    """Rows as cells, with the columns that hold anything."""
    headers = list(dict.fromkeys(header for row in rows for header, text in row.items() if text))
    place = {name: at for at, name in enumerate(_ORDER)}
    headers.sort(key=lambda header: place.get(header.split("::")[0], -1))
    return [headers, *([row.get(header, "") for header in headers] for row in rows)]


def _written(sheets: Mapping[str, Sequence[Sequence[str]]]) -> bytes:
    book = Workbook()
    book.remove(book.active)
    book.properties.creator = ""
    book.properties.created = book.properties.modified = _THEN
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            # Written as text: a code like 01 must not become the number 1, and "=" begins no formula.
            sheet.append([str(cell) for cell in row])
        for column, header in enumerate(rows[0], start=1):
            sheet.cell(1, column).font = Font(bold=True)
            sheet.column_dimensions[get_column_letter(column)].width = _WIDTHS.get(header.split("::")[0], 18)
        for cells in sheet.iter_rows():
            for cell in cells:
                cell.data_type = "s"
                cell.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.freeze_panes = "A2"
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()
