"""Expressions of all rows looked at together: names that exist, no loops, nothing that looks ahead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pyxform import aliases

from survey.expressions.grammar import Column, ExpressionRefused, Node, answers_in, read, walk
from survey.xlsform.findings import Findings
from survey.xlsform.table import Entry
from survey.xlsform.walk import Asked, words

_COLUMNS: Final = {
    "relevant": ("bind", "relevant"),
    "constraint": ("bind", "constraint"),
    "required": ("bind", "required"),
    "choice_filter": ("choice_filter",),
    "calculate": ("bind", "calculate"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """One expression: its row and rule, the cell it stands in, what it looks at."""

    row: Asked
    rule: str
    sheet: str
    cell: str
    text: str
    tree: Node


def rules(
    rows: Sequence[Asked], columns: Mapping[str, frozenset[str]], findings: Findings
) -> dict[str, dict[str, Any]]:
    """The rules of every row by its name. columns: what a choice_filter of a list may look at."""
    found: list[_Found] = []
    stored: dict[str, dict[str, Any]] = {}
    for row in rows:
        held = list(_of_row(row, columns.get(row.choices, frozenset()), findings))
        found += held
        stored[row.name] = _stored(row, held, findings)
    _look(rows, found, findings)
    return stored


def filtered_by(text: str, columns: frozenset[str]) -> frozenset[str]:
    """The columns a choice_filter looks at."""
    return frozenset(one.name for one in walk(read(text, columns=columns)) if isinstance(one, Column))


def _of_row(row: Asked, columns: frozenset[str], findings: Findings) -> Iterator[_Found]:
    for group in row.groups:
        yield from _one(row, "relevant", group, frozenset(), findings)
    for rule in _COLUMNS:
        yield from _one(row, rule, row.entry, columns if rule == "choice_filter" else frozenset(), findings)
    if row.kind == "calculate" and not row.entry.text(*_COLUMNS["calculate"]):
        findings.problem(
            row.entry.sheet,
            row.entry.cell("type"),
            "Thiếu phép tính (cột calculation).",
            "The calculation is missing.",
        )


def _one(
    row: Asked, rule: str, entry: Entry, columns: frozenset[str], findings: Findings
) -> Iterator[_Found]:
    column = _COLUMNS[rule]
    text = entry.text(*column)
    if not text or (rule == "calculate" and row.kind != "calculate"):
        if text:
            findings.problem(
                entry.sheet,
                entry.cell(*column),
                "Chỉ hàng calculate mới có phép tính.",
                "Only a calculate row can hold a calculation.",
            )
        return
    if text in aliases.yes_no:
        text = "true()" if aliases.yes_no[text] else "false()"
    try:
        tree = read(text, columns=columns)
    except ExpressionRefused as refused:
        findings.problem(entry.sheet, entry.cell(*column), refused.reason.vi, refused.reason.en)
        return
    yield _Found(row=row, rule=rule, sheet=entry.sheet, cell=entry.cell(*column), text=text, tree=tree)


def _stored(row: Asked, found: Sequence[_Found], findings: Findings) -> dict[str, Any]:
    """The rules as a questionnaire keeps them."""
    stored: dict[str, Any] = {}
    for one in found:
        if one.rule == "relevant":
            stored.setdefault("relevant", []).append(one.text)
        elif (one.rule, one.text) != ("required", "false()"):
            stored[one.rule] = one.text
    for rule, message in (("constraint", "jr:constraintMsg"), ("required", "jr:requiredMsg")):
        if rule in stored and (said := words(row.entry, findings, "bind", message)):
            stored |= {f"{rule}_vi": said.vi, f"{rule}_en": said.en}
    return stored


# --- together


def _look(rows: Sequence[Asked], found: Sequence[_Found], findings: Findings) -> None:
    names = {row.name: row.entry.number for row in rows if row.kind != "note"}
    for one in found:
        for name in sorted(answers_in(one.tree) - set(names)):
            findings.problem(
                one.sheet,
                one.cell,
                f"Không có câu nào tên “{name}” để xem câu trả lời.",
                f"There is no question named “{name}” whose answer could be looked at.",
            )
    looks: dict[str, set[str]] = {name: set() for name in names}
    for one in found:
        if one.row.name in looks and one.rule in ("relevant", "choice_filter", "calculate"):
            looks[one.row.name] |= answers_in(one.tree) & set(names)
    looping = _loops(looks)
    for one in found:
        if one.row.name in looping and one.rule in ("relevant", "choice_filter", "calculate"):
            findings.problem(
                one.sheet,
                one.cell,
                f"Vòng lặp: “{one.row.name}” phụ thuộc vào chính nó.",
                f"A loop: “{one.row.name}” depends on itself.",
            )
    _no_looking_ahead(found, looks, names, looping, findings)


def _loops(looks: Mapping[str, set[str]]) -> frozenset[str]:
    """Every name that depends on itself, however far round."""
    left = {name: set(held) for name, held in looks.items()}
    changed = True
    while changed:
        # Names that look at nothing that is still open cannot be part of a loop, nor lead into one.
        done = {name for name, held in left.items() if not held & set(left)}
        changed = bool(done)
        left = {name: held for name, held in left.items() if name not in done}
    return frozenset(name for name in left if _reaches(name, name, left))


def _reaches(start: str, goal: str, looks: Mapping[str, set[str]]) -> bool:
    seen: set[str] = set()
    ahead = list(looks.get(start, ()))
    while ahead:
        here = ahead.pop()
        if here == goal:
            return True
        if here not in seen:
            seen.add(here)
            ahead += looks.get(here, ())
    return False


def _no_looking_ahead(
    found: Sequence[_Found],
    looks: Mapping[str, set[str]],
    names: Mapping[str, int],
    looping: frozenset[str],
    findings: Findings,
) -> None:
    """Without scripts a condition acts between pages, so it can only look at what was asked before."""
    calculated = {one.row.name for one in found if one.rule == "calculate"}
    known: dict[str, int] = {}

    def known_from(name: str) -> int:
        """The row by which a value is there: a calculation waits for the last answer it looks at."""
        if name not in known:
            known[name] = names[name]
            if name in calculated and name not in looping:
                known[name] = max((known_from(one) for one in looks[name]), default=0)
        return known[name]

    for one in found:
        if one.rule == "calculate" or one.row.name in looping:
            continue
        place, of_itself = one.row.entry.number, one.rule in ("constraint", "required")
        for name in sorted(answers_in(one.tree) & set(names)):
            if known_from(name) > place or (known_from(name) == place and not of_itself):
                findings.problem(
                    one.sheet,
                    one.cell,
                    f"Điều kiện xem câu “{name}”, nhưng câu ấy được hỏi sau.",
                    f"The condition looks at “{name}”, which is asked later.",
                )
