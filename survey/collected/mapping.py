"""Columns of a file from elsewhere as columns of a questionnaire, and their cells as its codes (pure).

KoboToolbox and ODK name a column after the question, with its groups before it (`group/K1`, in ODK Central
`group-K1`), and may split a question with many ticks (`H1/113`). Google Forms names it by the words of the question and
fills in the words of the answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from core.vietnamese import fold
from survey.collected.checking import Roles
from survey.collected.files import Sheet
from survey.items import ANSWERED, Item
from survey.questionnaire import Questionnaire

LINK, CLUSTER, EXPOSURE = "=link", "=cluster", "=exposure"
ASIDE: Final = ""
_GROUP: Final = re.compile(r"[/:.-]")
_TICKED: Final = frozenset(("1", "true", "yes", "x", "co"))
_BETWEEN: Final = re.compile(r"[\s,;|]*")


def union(sheets: Iterable[Sheet]) -> tuple[str, ...]:
    """Every column of the files once, in the order of the first that has it."""
    return tuple(dict.fromkeys(column for sheet in sheets for column in sheet.columns))


def places(questionnaire: Questionnaire) -> dict[str, Item]:
    """What a column may be: items that somebody answers, by code, whatever their wave."""
    return {code: item for code, item in questionnaire.all_items.items() if item.kind in ANSWERED}


def suggest(columns: Sequence[str], questionnaire: Questionnaire) -> dict[str, str]:
    """What each column seems to be: a code, "code/choice" for one box, or "" for nothing of the questionnaire."""
    items = places(questionnaire)
    codes = {code.casefold(): code for code in items}
    words = {_plain(label): code for code, item in items.items() for label in (item.label.vi, item.label.en)}
    return {column: _seems(column, codes, words, items) for column in columns}


def _seems(column: str, codes: Mapping[str, str], words: Mapping[str, str], items: Mapping[str, Item]) -> str:
    text = column.strip().casefold()
    breaks = [(found.start(), found.end()) for found in _GROUP.finditer(text)]
    starts = [0, *(end for _, end in breaks)]
    for start in starts:
        if text[start:] in codes:
            return codes[text[start:]]
    for stop, after in breaks:
        for start in starts:
            found = codes.get(text[start:stop])
            if found and items[found].kind == "many" and (box := _box(items[found], text[after:])):
                return f"{found}/{box}"
    return words.get(_plain(column), ASIDE)


def _box(item: Item, code: str) -> str:
    return next((one.code for one in item.choices if one.code.casefold() == code), "")


def translated(
    sheet: Sheet, chosen: Mapping[str, str], questionnaire: Questionnaire
) -> tuple[Sheet, Roles, dict[str, str]]:
    """The file with the questionnaire's columns and codes; who it is and which unit; and each column's own name.

    Cells that are neither a code nor words of an answer stay as they are, to be refused with their row.
    """
    items = places(questionnaire)
    boxes: dict[str, list[tuple[int, str]]] = {}
    single: list[tuple[str, int]] = []
    for place, column in enumerate(sheet.columns):
        code, _, box = chosen.get(column, ASIDE).partition("/")
        if box:
            boxes.setdefault(code, []).append((place, box))
        elif code:
            single.append((code, place))
    columns = (*(code for code, _ in single), *boxes)
    rows = tuple(
        (
            number,
            (
                *(_cell(items.get(code), cells[place]) for code, place in single),
                *(_gathered(cells, one) for one in boxes.values()),
            ),
        )
        for number, cells in sheet.rows
    )
    named = {code: sheet.columns[place] for code, place in single}
    named |= {code: sheet.columns[one[0][0]] for code, one in boxes.items()}
    known = set(columns)
    roles = Roles(
        link=LINK if LINK in known else "",
        cluster=CLUSTER if CLUSTER in known else "",
        exposure=EXPOSURE if EXPOSURE in known else "",
    )
    return Sheet(name=sheet.name, digest=sheet.digest, columns=columns, rows=rows), roles, named


def _gathered(cells: Sequence[str], boxes: Sequence[tuple[int, str]]) -> str:
    return " ".join(box for place, box in boxes if fold(cells[place]).casefold() in _TICKED)


def _cell(item: Item | None, cell: str) -> str:
    if item is None or not item.choices or not cell:
        return cell
    by_code = {choice.code.casefold(): choice.code for choice in item.choices}
    if found := by_code.get(cell.strip().casefold()):
        return found
    if item.kind != "many":
        return _by_words(item).get(_plain(cell), cell)
    if all(part.casefold() in by_code for part in cell.split()):
        return " ".join(by_code[part.casefold()] for part in cell.split())
    return _several(item, cell)


def _several(item: Item, cell: str) -> str:
    """Words of several answers in one cell, the longest first, since an answer may hold a comma itself."""
    left = _plain(cell)
    found: set[str] = set()
    for words, code in sorted(_by_words(item).items(), key=lambda one: -len(one[0])):
        if words in left:
            left = left.replace(words, " ", 1)
            found.add(code)
    if not _BETWEEN.fullmatch(left):
        return cell
    return " ".join(choice.code for choice in item.choices if choice.code in found)


def _by_words(item: Item) -> dict[str, str]:
    return {
        _plain(label): choice.code for choice in item.choices for label in (choice.label.vi, choice.label.en)
    }


def _plain(words: str) -> str:
    """Words as they are compared: without marks, case, numbering before them or an end of sentence."""
    text = re.sub(r"^\s*\d+\s*[.)]\s*", "", fold(words).casefold())
    return re.sub(r"\s+", " ", text).strip(" .?*:")
