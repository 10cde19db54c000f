"""A sheet by the meaning of its columns, as pyxform reads them, with the cell of every value.

`bind.relevant`, `label` in one language and so on are found whichever of the many accepted headers named them.
The columns that only this program knows (docs/questionnaires.md) are read beside, and not given to pyxform.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pyxform import aliases
from pyxform.errors import PyXFormError
from pyxform.parsing.sheet_headers import dealias_and_group_headers, process_header
from pyxform.question import MultipleChoiceQuestion, Option
from pyxform.survey import Survey

from core.i18n import Text
from core.vietnamese import fold
from survey.xlsform.findings import Findings
from survey.xlsform.grid import Sheet

OWN: Final[dict[str, frozenset[str]]] = {
    "survey": frozenset(("measures", "right", "reverse", "element", "waves", "lead", "source", "certainty")),
    "choices": frozenset(("counts", "exclusive")),
    "settings": frozenset(("title", "minutes", "consent", "closing")),
}
"""Columns beyond XLSForm, by sheet. Other programs pass over them."""
_KNOWN: Final[dict[str, tuple[Mapping[str, Any], frozenset[str]]]] = {
    "survey": (aliases.survey_header, frozenset(MultipleChoiceQuestion.get_slot_names())),
    "choices": (aliases.list_header, frozenset(Option.get_slot_names())),
    "settings": (aliases.settings_header, frozenset(Survey.get_slot_names())),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One row by meaning: `values` as pyxform nests them, `own` our own columns, `cells` where each stands."""

    sheet: str
    number: int
    values: Mapping[str, Any]
    own: Mapping[str, str]
    cells: Mapping[tuple[str, ...], str]

    def cell(self, *meaning: str) -> str:
        """The address of what a column says; of the row's first cell where it has no such column."""
        for tokens, letter in self.cells.items():
            if tokens[: len(meaning)] == meaning:
                return f"{letter}{self.number}"
        return f"A{self.number}"

    def text(self, *meaning: str) -> str:
        """One value, or nothing. Where it is given in several languages the first counts."""
        value: Any = self.values
        for word in meaning:
            value = value.get(word) if isinstance(value, Mapping) else None
        while isinstance(value, Mapping):
            value = next(iter(value.values()), None)
        return "" if value is None else str(value)


def is_own(sheet: str, header: str) -> bool:
    """Whether a header is one of our own columns."""
    return header.split(":")[0].strip().lower() in OWN.get(sheet, ())


def entries(sheet: Sheet, kind: str, default_language: str, findings: Findings) -> tuple[Entry, ...]:
    """The rows of a sheet by meaning; empty where pyxform cannot tell its columns apart."""
    known, columns = _KNOWN[kind]
    headers = [header for header in sheet.headers if not is_own(kind, header)]
    double = any("::" in header for header in headers)
    cells = {
        tuple(process_header(header, double, known, columns)[1]): sheet.headers[header] for header in headers
    }
    try:
        grouped = dealias_and_group_headers(
            sheet_name=kind,
            sheet_data=[
                {header: text for header, text in row.cells.items() if not is_own(kind, header)}
                for row in sheet.rows
            ],
            sheet_header=[dict.fromkeys(headers)],
            header_aliases=known,
            header_columns=columns,
            default_language=default_language,
            strip_whitespace=True,
        )
    except PyXFormError as wrong:
        findings.problem(sheet.name, "A1", *said_by_pyxform(wrong))
        return ()
    own = {header: _own_name(header) for header in sheet.headers if is_own(kind, header)}
    return tuple(
        Entry(
            sheet=sheet.name,
            number=row.number,
            values=values,
            own={name: row.cells[header] for header, name in own.items() if header in row.cells},
            cells=cells | {(name,): sheet.headers[header] for header, name in own.items()},
        )
        for row, values in zip(sheet.rows, grouped.data, strict=True)
    )


def said_by_pyxform(wrong: PyXFormError) -> tuple[str, str]:
    """What pyxform says of a workbook, without its own mark of the row."""
    words = re.sub(r"^\s*\[row : \d+\]\s*", "", " ".join(str(wrong).split()))[:400]
    return f"pyxform không đọc được: {words}", f"pyxform cannot read this: {words}"


def _own_name(header: str) -> str:
    """`source::English (en)` → `source_en`; `measures` → `measures`."""
    first, *rest = (part.strip() for part in re.split("::?", header))
    name = first.lower()
    return f"{name}_{tongue(rest[0]) or 'vi'}" if rest else name


def tongue(language: str) -> str:
    """`vi` or `en` for the name of a language as authors write it; nothing for any other."""
    marked = re.search(r"\(([A-Za-z]{2})[A-Za-z-]*\)\s*$", language)
    word = marked[1].lower() if marked else fold(language).strip().lower()
    return {"vietnamese": "vi", "tieng viet": "vi", "viet": "vi", "english": "en", "tieng anh": "en"}.get(
        word, word if word in ("vi", "en") else ""
    )


def in_both(value: object) -> tuple[Text | None, frozenset[str]]:
    """Words in both languages, and which of the two were missing and took over the other's."""
    if not isinstance(value, Mapping):
        text = "" if value is None else str(value).strip()
        return (Text(text, text) if text else None), frozenset(("vi", "en"))
    found: dict[str, str] = {}
    for language, words in value.items():
        if str(words).strip():
            found.setdefault(tongue(str(language)) or "other", str(words).strip())
    if not found:
        return None, frozenset(("vi", "en"))
    vi = found.get("vi") or found.get("other") or found["en"]
    en = found.get("en") or found.get("other") or found["vi"]
    return Text(vi, en), frozenset({"vi", "en"} - set(found))
