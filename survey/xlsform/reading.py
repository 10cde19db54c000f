"""A workbook as a questionnaire, or all that is wrong with it.

Two readers: this one goes over every cell and names every problem with its place; pyxform reads the same cells
and has the last word on what an XLSForm is. What only pyxform refuses is told in its own words, row by row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pyxform import aliases

from core.i18n import Text
from survey.questionnaire import Questionnaire
from survey.xlsform import grid
from survey.xlsform.findings import Findings
from survey.xlsform.grid import Grid, Sheet
from survey.xlsform.lists import Listed, lists
from survey.xlsform.measures import measures, waves
from survey.xlsform.room import refuse_what_does_not_fit
from survey.xlsform.rules import filtered_by, rules
from survey.xlsform.second_reader import as_pyxform_reads
from survey.xlsform.spans import parameters, span
from survey.xlsform.table import Entry, entries, in_both
from survey.xlsform.walk import Asked, Screen, screens, words

_REFERENCE: Final = re.compile(r"\$\{\s*([^}\s]+)\s*\}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """A questionnaire's data where there is no problem; the findings in any case."""

    data: Mapping[str, Any] | None
    findings: Findings


def check(file: bytes) -> Outcome:
    """Read a workbook. Whatever the file holds, the answer is a questionnaire or its problems."""
    findings = Findings()
    try:
        sheets = grid.read(file, findings)
    except grid.Unreadable:
        return Outcome(data=None, findings=findings)
    return check_sheets(sheets, findings)


def check_sheets(sheets: Grid, findings: Findings) -> Outcome:
    """The same for a workbook that is open already."""
    data = _read(sheets, findings)
    as_pyxform_reads(sheets, findings)
    if data is not None and not findings.problems:
        refuse_what_does_not_fit(Questionnaire.from_json(data), sheets["survey"].name, findings)
    return Outcome(data=None if findings.problems else data, findings=findings)


def _read(sheets: Grid, findings: Findings) -> dict[str, Any] | None:
    survey = sheets.get("survey")
    if survey is None or not survey.headers:
        findings.problem("survey", "", "Tệp không có trang survey.", "The workbook has no sheet survey.")
        return None
    _refuse_other_sheets(sheets, findings)
    settings = _settings(sheets.get("settings"), findings)
    default = settings.text("default_language") if settings else ""
    rows = entries(survey, "survey", default or "default", findings)
    pages = screens(rows, findings)
    asked = [row for page in pages for row in page.rows]
    if not any(row.kind not in ("note", "calculate") for row in asked) and not findings.problems:
        findings.problem(survey.name, "", "Trang survey không hỏi câu nào.", "The sheet survey asks nothing.")
    listed = _lists(sheets, asked, settings, default, findings)
    ruled = rules(asked, {name: one.columns for name, one in listed.items()}, findings)
    _refuse_unknown_references(asked, findings)
    items = [_item(row, listed, ruled[row.name], findings) for row in asked]
    return _gathered(settings, pages, asked, items, listed, findings)


def _refuse_other_sheets(sheets: Grid, findings: Findings) -> None:
    for name in ("external_choices", "osm", "entities"):
        if name in sheets and any(row.cells for row in sheets[name].rows):
            findings.problem(
                sheets[name].name,
                "A1",
                "Trang này không được hỗ trợ: mọi danh sách phải nằm trong trang choices.",
                "This sheet is not supported: every list must stand on the sheet choices.",
            )


def _settings(sheet: Sheet | None, findings: Findings) -> Entry | None:
    found = entries(sheet, "settings", "default", findings) if sheet else ()
    return found[0] if found else None


def _lists(
    sheets: Grid, asked: Sequence[Asked], settings: Entry | None, default: str, findings: Findings
) -> Mapping[str, Listed]:
    used = {row.choices: row for row in reversed(asked) if row.choices}
    sheet = sheets.get("choices")
    twice = bool(settings and aliases.yes_no.get(settings.text("allow_choice_duplicates")))
    rows = entries(sheet, "choices", default or "default", findings) if sheet else ()
    found = lists(rows, frozenset(used), twice, findings)
    for row in asked:
        if row.choices and row.choices not in found:
            findings.problem(
                row.entry.sheet,
                row.entry.cell("type"),
                f"Trang choices không có danh sách “{row.choices}”.",
                f"The sheet choices has no list “{row.choices}”.",
            )
    return found


def _refuse_unknown_references(asked: Sequence[Asked], findings: Findings) -> None:
    """A label may show an earlier answer."""
    numbers = {row.name: row.entry.number for row in asked if row.kind != "note"}
    for row in asked:
        for column in ("label", "hint"):
            found, _ = in_both(row.entry.values.get(column))
            named = _REFERENCE.findall(f"{found.vi} {found.en}") if found else []
            for name in dict.fromkeys(named):
                if numbers.get(name, row.entry.number) >= row.entry.number:
                    findings.problem(
                        row.entry.sheet,
                        row.entry.cell(column),
                        f"Không có câu nào trước câu này tên “{name}”.",
                        f"No question before this one is named “{name}”.",
                    )


# --- one item


def _item(
    row: Asked, listed: Mapping[str, Listed], ruled: dict[str, Any], findings: Findings
) -> dict[str, Any]:
    entry = row.entry
    label = words(entry, findings, "label") or words(entry, findings, "hint")
    if label is None and row.kind != "calculate":
        findings.problem(
            entry.sheet, entry.cell("name"), "Câu chưa có nhãn (label).", "The row has no label."
        )
    if row.kind in ("date", "integer", "decimal"):
        findings.note_once(
            entry.sheet,
            entry.cell("type"),
            "Từ đây có câu hỏi số hoặc ngày: chúng có thể chỉ ra một người. Nếu được, hãy hỏi theo nhóm.",
            "From here on numbers or days are asked: they can single somebody out. Ask in bands where you can.",
        )
    label = label or Text("", "")
    found: dict[str, Any] = {"code": row.name, "kind": row.kind, "vi": label.vi, "en": label.en}
    found["measures"] = measures(row, listed.get(row.choices), findings)
    found |= waves(row, findings) | _both(entry, "hint", findings) | _own_words(entry)
    if row.kind == "range":
        found["span"] = span(row, findings)
    if row.choices and parameters(row).get("randomize", "").lower() == "true":
        found["shuffle"] = True
    if "likert" in entry.text("control", "appearance").split():
        found["likert"] = True
    lead = _lead_of_inner_group(row, findings)
    if lead and "lead_vi" not in found:
        found |= {"lead_vi": lead.vi, "lead_en": lead.en}
    return found | ({"rules": ruled} if ruled else {})


def _both(entry: Entry, column: str, findings: Findings) -> dict[str, str]:
    if not entry.text("label"):
        return {}  # the hint stands in for the label
    found = words(entry, findings, column)
    return {f"{column}_vi": found.vi, f"{column}_en": found.en} if found else {}


def _own_words(entry: Entry) -> dict[str, str]:
    """lead, source and certainty: one language stands in for the other."""
    found: dict[str, str] = {}
    for column in ("lead", "source", "certainty"):
        vi, en = entry.own.get(f"{column}_vi", ""), entry.own.get(f"{column}_en", "")
        either = vi or en or entry.own.get(column, "")
        if either:
            found |= {f"{column}_vi": vi or either, f"{column}_en": en or either}
    return found


def _lead_of_inner_group(row: Asked, findings: Findings) -> Text | None:
    """The label of a group inside a page stands above its first question."""
    if len(row.groups) < 2:
        return None
    inner = row.groups[-1]
    return words(inner, findings, "label") if row.entry.number == inner.number + 1 else None


# --- the whole


def _gathered(
    settings: Entry | None,
    pages: Sequence[Screen],
    asked: Sequence[Asked],
    items: list[dict[str, Any]],
    listed: Mapping[str, Listed],
    findings: Findings,
) -> dict[str, Any]:
    uses = [row.choices for row in asked if row.choices]
    shared = sorted({name for name in uses if uses.count(name) > 1})
    for row, item in zip(asked, items, strict=True):
        _give_choices(row, item, shared, listed)
    title = _title(settings)
    return {
        "name": (settings.text("id_string") if settings else "")[:40] or "survey",
        "version": _version(settings),
        "title_vi": title.vi,
        "title_en": title.en,
        "minutes": _minutes(settings, len(items)),
        "scales": {
            name: [_without_columns(one) for one in listed[name].options] for name in shared if name in listed
        },
        "consent": _sentences(settings, "consent", _CONSENT),
        "closing": _sentences(settings, "closing", _CLOSING),
        "pages": [_page(place, screen, title, findings) for place, screen in enumerate(pages)],
        "items": items,
    }


def _give_choices(
    row: Asked, item: dict[str, Any], shared: Sequence[str], listed: Mapping[str, Listed]
) -> None:
    held = listed.get(row.choices)
    if held is None:
        return
    text = item.get("rules", {}).get("choice_filter")
    if text:
        looked = filtered_by(text, held.columns)
        item["options"] = [
            one
            | {
                "columns": [
                    _only({**column, "name": one["code"]}, looked) for column in one.get("columns", [{}])
                ]
            }
            for one in held.options
        ]
    elif row.choices in shared:
        item["scale"] = row.choices
        # Five degrees of a shared list are shown as degrees in any case.
        if len(held.options) == 5:
            item.pop("likert", None)
    else:
        item["options"] = [_without_columns(one) for one in held.options]


def _only(column: Mapping[str, str], looked: frozenset[str]) -> dict[str, str]:
    return {name: column.get(name, "") for name in sorted(looked)}


def _without_columns(option: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in option.items() if name != "columns"}


def _page(place: int, screen: Screen, title: Text, findings: Findings) -> dict[str, Any]:
    group = screen.group
    code = group.text("name") if group else f"p{place + 1}"
    label = (words(group, findings, "label") if group else None) or title
    lead = _own_words(group) if group else {}
    found: dict[str, Any] = {"code": code, "vi": label.vi, "en": label.en}
    found |= {name: said for name, said in lead.items() if name.startswith("lead_")}
    return found | {"items": [row.name for row in screen.rows]}


def _title(settings: Entry | None) -> Text:
    if settings is None:
        return Text("Khảo sát", "Survey")
    vi, en = settings.own.get("title_vi", ""), settings.own.get("title_en", "")
    plain = settings.text("title") or settings.text("id_string") or vi or en
    return Text(vi or plain or "Khảo sát", en or plain or "Survey")


def _version(settings: Entry | None) -> int:
    written = settings.text("version") if settings else ""
    return int(written) if written.isdecimal() and len(written) < 5 and int(written) else 1


def _minutes(settings: Entry | None, items: int) -> int:
    written = settings.own.get("minutes", "") if settings else ""
    return int(written) if written.isdecimal() and 0 < int(written) < 120 else max(1, round(items / 4))


_CONSENT: Final = (
    Text("Khảo sát này không hỏi họ tên của bạn.", "This survey does not ask your name."),
    Text("Bạn có thể bỏ qua bất kỳ câu nào.", "You may skip any question."),
    Text(
        "Kết quả chỉ được công bố theo nhóm lớn (từ 10 người trở lên).",
        "Results are published only for large groups (10 or more).",
    ),
)
_CLOSING: Final = (
    Text("Cảm ơn bạn.", "Thank you."),
    Text(
        "Nếu các câu hỏi gợi lại điều khó khăn, bạn có thể gọi các số dưới đây hoặc viết thư.",
        "If these questions brought back something hard, you can call the numbers below or write a letter.",
    ),
)


def _sentences(settings: Entry | None, column: str, usual: Sequence[Text]) -> list[dict[str, str]]:
    """One sentence a line in both languages; the usual ones where a language is missing or lines differ."""
    own = settings.own if settings else {}
    vi, en = (
        [line.strip() for line in own.get(f"{column}_{tongue}", "").splitlines() if line.strip()]
        for tongue in ("vi", "en")
    )
    if vi and len(vi) == len(en):
        return [{"vi": one, "en": other} for one, other in zip(vi, en, strict=True)]
    return [{"vi": one.vi, "en": one.en} for one in usual]
