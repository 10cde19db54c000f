"""The choices sheet: lists of answers by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from survey.xlsform.findings import Findings
from survey.xlsform.table import Entry, in_both

CODE: Final = re.compile(r"[^\s'\"<>&]{1,40}")
_KEPT_OUT: Final = frozenset(("name", "label", "list name", "list_name", "media", "__row"))
_COLUMN: Final = re.compile(r"[^\W\d][\w.-]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """One list: its choices as they are stored, and the columns a choice_filter may name, the code itself among them."""

    options: tuple[dict[str, Any], ...]
    columns: frozenset[str]


def lists(
    rows: Iterable[Entry], used: frozenset[str], twice: bool, findings: Findings
) -> Mapping[str, Listed]:
    """The lists that are used, checked. twice: whether the settings allow a code twice in a list."""
    gathered: dict[str, list[Entry]] = {}
    for row in rows:
        name = row.text("list name")
        if name in used and row.text("name"):
            gathered.setdefault(name, []).append(row)
        elif name in used:
            findings.problem(
                row.sheet,
                row.cell("name"),
                "Lựa chọn chưa có mã (cột name).",
                "The choice has no code (name).",
            )
    return {name: _one(entries, twice, findings) for name, entries in gathered.items()}


def _one(rows: list[Entry], twice: bool, findings: Findings) -> Listed:
    options: dict[str, dict[str, Any]] = {}
    for row in rows:
        option = _option(row, findings)
        if option is None:
            continue
        earlier = options.get(option["code"])
        if earlier is None:
            options[option["code"]] = option
        elif twice and (earlier["vi"], earlier["en"]) == (option["vi"], option["en"]):
            earlier["columns"] = [*earlier.get("columns", [{}]), *option.get("columns", [{}])]
        else:
            findings.problem(
                row.sheet,
                row.cell("name"),
                f"Mã “{option['code']}” có hai lần trong danh sách.",
                f"The code “{option['code']}” stands twice in the list.",
            )
    columns = {name for one in options.values() for held in one.get("columns", ()) for name in held}
    return Listed(options=tuple(options.values()), columns=frozenset((*columns, "name")))


def _option(row: Entry, findings: Findings) -> dict[str, Any] | None:
    code, where = row.text("name"), row.cell("name")
    if not CODE.fullmatch(code):
        findings.problem(
            row.sheet,
            where,
            f"Mã “{code[:40]}” không dùng được: tối đa 40 ký tự, không có khoảng trắng và dấu nháy.",
            f"The code “{code[:40]}” cannot be used: 40 characters at most, no spaces and no quotes.",
        )
        return None
    label, _ = in_both(row.values.get("label"))
    if row.values.get("media"):
        findings.problem(
            row.sheet,
            row.cell("media"),
            "Lựa chọn bằng ảnh, âm thanh hoặc phim không được hỗ trợ.",
            "Choices as pictures, sound or film are not supported.",
        )
        return None
    if label is None:
        findings.problem(
            row.sheet, where, f"Lựa chọn “{code}” chưa có nhãn.", f"The choice “{code}” has no label."
        )
        return None
    option: dict[str, Any] = {"code": code, "vi": label.vi, "en": label.en}
    return option | _own(row, findings) | _columns(row)


def _own(row: Entry, findings: Findings) -> dict[str, Any]:
    found: dict[str, Any] = {}
    counts = row.own.get("counts", "").lower()
    if counts in ("right", "distractor"):
        found["counts"] = counts
    elif counts:
        findings.problem(
            row.sheet,
            row.cell("counts"),
            "Cột counts chỉ nhận right hoặc distractor.",
            "The column counts takes right or distractor only.",
        )
    if row.own.get("exclusive", "").lower() in ("yes", "true"):
        found["exclusive"] = True
    return found


def _columns(row: Entry) -> dict[str, Any]:
    held = {
        name: str(value)
        for name, value in row.values.items()
        if name not in _KEPT_OUT and _COLUMN.fullmatch(name) and not isinstance(value, Mapping)
    }
    return {"columns": [held]} if held else {}
