"""Rows of a file as coded answers, or everything that is wrong with them, with row and column (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from core.i18n import Text
from survey.coding import Coded, WrongAnswer, code
from survey.collected.files import Sheet
from survey.effects.joint import MEASURED
from survey.items import ANSWERED, Item
from survey.questionnaire import Questionnaire


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong, where: row 1 is the row of names; 0 where a whole column is missing."""

    file: str
    row: int
    column: str
    says: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Columns that are no answers: who it is, which unit, how much of the campaign was met; and those left aside."""

    link: str = ""
    cluster: str = ""
    exposure: str = ""
    ignored: frozenset[str] = frozenset()

    def named(self) -> Iterator[str]:
        """The columns that a file must have."""
        yield from (name for name in (self.link, self.cluster, self.exposure) if name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """One file, checked: answers by row; link, cluster and exposure in the same order, "" where empty."""

    answers: tuple[Mapping[str, Coded], ...]
    links: tuple[str, ...]
    clusters: tuple[str, ...]
    exposures: tuple[str, ...]


def check(sheet: Sheet, questionnaire: Questionnaire, wave: str, roles: Roles) -> tuple[Wave, list[Problem]]:
    """The answers of a file, and all its problems; with a problem the answers are not to be used."""
    items = {item.code: item for item in questionnaire.items(wave) if item.kind in ANSWERED}
    problems = list(_columns(sheet, items, roles))
    places = {name: place for place, name in enumerate(sheet.columns)}
    asked = [(items[name], place) for name, place in places.items() if name in items]
    answers = []
    for number, cells in sheet.rows:
        answers.append(_coded(number, cells, asked, sheet.name, problems))
    found = Wave(
        answers=tuple(answers),
        links=_column(sheet, places, roles.link),
        clusters=_column(sheet, places, roles.cluster),
        exposures=_column(sheet, places, roles.exposure),
    )
    problems.extend(_twice(sheet, found.links, roles.link))
    if not sheet.rows:
        problems.append(Problem(file=sheet.name, row=0, column="", says=_EMPTY))
    return found, problems


def joined(before: Wave, after: Wave) -> list[tuple[int, int]]:
    """Places of the same link in both files; a row without a link is joined to none."""
    places = {link: place for place, link in enumerate(before.links) if link}
    return [(places[link], place) for place, link in enumerate(after.links) if link in places]


def _columns(sheet: Sheet, items: Mapping[str, Item], roles: Roles) -> Iterator[Problem]:
    seen: set[str] = set()
    allowed = {*items, *roles.named(), *roles.ignored}
    for name in sheet.columns:
        if name in seen:
            yield Problem(file=sheet.name, row=1, column=name, says=_TWICE)
        elif name not in allowed:
            yield Problem(file=sheet.name, row=1, column=name, says=_STRANGE)
        seen.add(name)
    measured = [name for name, item in items.items() if item.measure.kind in MEASURED]
    for name in (*measured, *roles.named()):
        if name not in seen:
            yield Problem(file=sheet.name, row=0, column=name, says=_MISSING)


def _coded(
    number: int,
    cells: Sequence[str],
    asked: Iterable[tuple[Item, int]],
    file: str,
    problems: list[Problem],
) -> dict[str, Coded]:
    coded: dict[str, Coded] = {}
    for item, place in asked:
        if not (cell := cells[place]):
            continue
        try:
            # Several choices stand in one cell, as XLSForm tools write them: "a b c".
            coded[item.code] = code(item, cell.split() if item.kind == "many" else [cell])
        except WrongAnswer:
            problems.append(Problem(file=file, row=number, column=item.code, says=_wrong(cell)))
    return coded


def _column(sheet: Sheet, places: Mapping[str, int], name: str) -> tuple[str, ...]:
    place = places.get(name)
    return tuple("" if place is None else cells[place] for _, cells in sheet.rows)


def _twice(sheet: Sheet, links: Sequence[str], column: str) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for (number, _), link in zip(sheet.rows, links, strict=True):
        if link and link in first:
            says = Text(
                f"Mã này đã có ở dòng {first[link]}.", f"The same link stands in row {first[link]} already."
            )
            yield Problem(file=sheet.name, row=number, column=column, says=says)
        first.setdefault(link, number)


def _wrong(cell: str) -> Text:
    shown = cell if len(cell) <= 40 else cell[:39] + "…"
    return Text(f"“{shown}” không phải câu trả lời của câu này.", f"“{shown}” is no answer of this question.")


_EMPTY: Final = Text("Tệp không có dòng trả lời nào.", "The file holds no answers.")
_TWICE: Final = Text("Cột này có hai lần.", "This column stands here twice.")
_STRANGE: Final = Text(
    "Bộ câu hỏi không có cột này. Nếu cần bỏ qua, thêm --ignore.",
    "The questionnaire has no such column. To leave it aside, add --ignore.",
)
_MISSING: Final = Text("Thiếu cột này.", "This column is missing.")
