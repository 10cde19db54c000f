"""Units as rows of a sheet (pure): written for a workbook, and read back with every wrong cell named at once.

The first column is the unit's own number; an empty one adds a unit. Nothing is ever deleted by a sheet: a unit that is
missing from it stays as it is, and one that ends gets its last day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from core.i18n import Text, day
from core.vietnamese import fold, nfc, sort_key

COLUMNS: Final = {
    "id": Text("Mã (để trống nếu thêm mới)", "Number (empty adds a unit)"),
    "name_vi": Text("Tên", "Name"),
    "name_en": Text("Tên bằng tiếng Anh", "Name in English"),
    "kind": Text("Loại", "Kind"),
    "group": Text("Nhóm trong số liệu", "Group in figures"),
    "valid_from": Text("Có từ ngày", "From"),
    "valid_until": Text("Đến hết ngày", "Until"),
}
NEEDED: Final = ("name_vi", "kind", "group", "valid_from")
MOST_ROWS: Final = 1000
_DAY: Final = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRow:
    """A unit as a row has it; `id` is None for one to be added."""

    id: str | None
    name_vi: str
    name_en: str
    kind: str
    group: str
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """A cell that cannot be taken: "C7", and why."""

    cell: str
    reason: Text


Names = Mapping[str, Text]


def written(rows: Iterable[UnitRow], kinds: Names, groups: Names) -> list[list[str]]:
    """Rows of words for a workbook, in the language of the page."""
    return [
        [
            row.id or "",
            row.name_vi,
            row.name_en,
            str(kinds.get(row.kind, row.kind)),
            str(groups.get(row.group, row.group)),
            _day_words(row.valid_from),
            _day_words(row.valid_until) if row.valid_until else "",
        ]
        for row in rows
    ]


def read(
    lines: Sequence[Sequence[str]],
    *,
    kinds: Names,
    groups: Names,
    known: Iterable[str],
    there: Iterable[UnitRow] = (),
) -> tuple[list[UnitRow], list[Wrong]]:
    """The rows of a sheet, or everything that is wrong with it.

    lines: the sheet's cells from its first row on; the row of column names is looked for. known: ids of units there are.
    there: those units, so that a sheet that is sent twice does not add its units twice.
    """
    head = next((place for place, line in enumerate(lines) if _columns(line)), None)
    if head is None:
        return [], [Wrong(cell="A1", reason=_NO_HEAD)]
    columns = _columns(lines[head])
    missing = [str(COLUMNS[name]) for name in NEEDED if name not in columns]
    if missing:
        return [], [Wrong(cell=f"A{head + 1}", reason=_MISSING.format(names=", ".join(missing)))]
    rest = [
        (number, line) for number, line in enumerate(lines[head + 1 :], head + 2) if any(map(str.strip, line))
    ]
    if len(rest) > MOST_ROWS:
        return [], [Wrong(cell=f"A{head + 1}", reason=_MANY)]
    reader = _Reader(columns=columns, kinds=kinds, groups=groups, known=frozenset(known))
    read_rows = [(number, reader.row(number, line)) for number, line in rest]
    rows = [(number, row) for number, row in read_rows if row is not None]
    wrong = reader.wrong + _repeated(rest, columns) + _at_once(rows, columns["name_vi"], there)
    return [row for _, row in rows], sorted(wrong, key=lambda one: _place(one.cell))


class _Reader:
    """Reads rows one after the other and gathers what is wrong."""

    def __init__(
        self,
        *,
        columns: Mapping[str, int],
        kinds: Names,
        groups: Names,
        known: frozenset[str],
    ) -> None:
        self.columns, self.kinds, self.groups, self.known = columns, kinds, groups, known
        self.wrong: list[Wrong] = []

    def row(self, number: int, line: Sequence[str]) -> UnitRow | None:
        """The row as a unit; None where a cell of it is wrong."""
        before = len(self.wrong)
        unit_id = self._id(number, line)
        name_vi, name_en = self._name(number, line, "name_vi"), self._name(number, line, "name_en")
        kind = self._of(number, line, "kind", self.kinds)
        group = self._of(number, line, "group", self.groups)
        first, last = self._day(number, line, "valid_from"), self._day(number, line, "valid_until")
        if first and last and last < first:
            self._say(number, "valid_until", _WRONG_WAY)
        if len(self.wrong) > before or first is None:
            return None
        return UnitRow(
            id=unit_id,
            name_vi=name_vi,
            name_en=name_en or name_vi,
            kind=kind,
            group=group,
            valid_from=first,
            valid_until=last,
        )

    def _cell(self, line: Sequence[str], name: str) -> str:
        place = self.columns.get(name, len(line))
        return nfc(line[place]).strip() if place < len(line) else ""

    def _say(self, number: int, name: str, reason: Text) -> None:
        self.wrong.append(Wrong(cell=f"{_letter(self.columns[name])}{number}", reason=reason))

    def _id(self, number: int, line: Sequence[str]) -> str | None:
        found = self._cell(line, "id")
        if found and found not in self.known:
            self._say(number, "id", _UNKNOWN_ID)
        return found or None

    def _name(self, number: int, line: Sequence[str], name: str) -> str:
        found = self._cell(line, name)
        if not found and name == "name_vi":
            self._say(number, name, _EMPTY)
        if len(found) > 160:
            self._say(number, name, _LONG)
        return found

    def _of(self, number: int, line: Sequence[str], name: str, names: Names) -> str:
        found, known = self._cell(line, name), _by_word(names)
        if not found:
            self._say(number, name, _EMPTY)
        elif fold(found) not in known:
            vi, en = (
                "; ".join(words) for words in zip(*((one.vi, one.en) for one in names.values()), strict=True)
            )
            self._say(
                number,
                name,
                Text(
                    _NOT_ONE_OF.vi.format(word=found[:40], words=vi),
                    _NOT_ONE_OF.en.format(word=found[:40], words=en),
                ),
            )
        return known.get(fold(found), "")

    def _day(self, number: int, line: Sequence[str], name: str) -> date | None:
        found = self._cell(line, name)
        if not found:
            if name in NEEDED:
                self._say(number, name, _EMPTY)
            return None
        day_read = _read_day(found)
        if day_read is None:
            self._say(number, name, _NO_DAY.format(word=found[:40]))
        return day_read


def _columns(line: Sequence[str]) -> dict[str, int]:
    """Which column is which, from a row that names at least the units' names and one more; {} for any other row."""
    words = {fold(label): name for name, text in COLUMNS.items() for label in (text.vi, text.en, name)}
    found: dict[str, int] = {}
    for place, cell in enumerate(line[: len(_LETTERS)]):
        name = words.get(fold(cell))
        if name:
            found.setdefault(name, place)
    return found if "name_vi" in found and len(found) > 1 else {}


def _by_word(names: Names) -> dict[str, str]:
    """Every way of writing a kind or group → its code."""
    return {fold(word): code for code, text in names.items() for word in (text.vi, text.en, code)}


def _repeated(rest: Sequence[tuple[int, Sequence[str]]], columns: Mapping[str, int]) -> list[Wrong]:
    """Numbers that stand in two rows."""
    place = columns.get("id")
    if place is None:
        return []
    seen: dict[str, int] = {}
    wrong = []
    for number, line in rest:
        unit_id = line[place].strip() if place < len(line) else ""
        if unit_id and seen.setdefault(unit_id, number) != number:
            wrong.append(Wrong(cell=f"{_letter(place)}{number}", reason=_TWICE.format(row=seen[unit_id])))
    return wrong


def _at_once(rows: Sequence[tuple[int, UnitRow]], place: int, there: Iterable[UnitRow]) -> list[Wrong]:
    """Units of one name that exist at the same time: an old name may come back, but not before it has ended."""
    written = {row.id for _, row in rows}
    seen: dict[object, list[tuple[int, UnitRow]]] = {}
    for unit in there:
        if unit.id not in written:
            seen.setdefault(sort_key(unit.name_vi)[0], []).append((0, unit))
    wrong = []
    for number, row in rows:
        namesakes = seen.setdefault(sort_key(row.name_vi)[0], [])
        other = next((at for at, one in namesakes if _overlap(one, row)), None)
        if other is not None:
            reason = _NAMESAKE.format(row=other) if other else _THERE_ALREADY
            wrong.append(Wrong(cell=f"{_letter(place)}{number}", reason=reason))
        namesakes.append((number, row))
    return wrong


def _overlap(one: UnitRow, other: UnitRow) -> bool:
    if one.id and one.id == other.id:
        return False  # one unit written twice, which is told by its number
    ends = [row.valid_until or date.max for row in (one, other)]
    return one.valid_from <= ends[1] and other.valid_from <= ends[0]


def _read_day(words: str) -> date | None:
    """A day as people or spreadsheets write it: 1/7/2025, 01.07.2025, 2025-07-01 (with or without an hour)."""
    found = _DAY.fullmatch(words)
    try:
        if found:
            return date(int(found[3]), int(found[2]), int(found[1]))
        return date.fromisoformat(words[:10])
    except ValueError:
        return None


def _day_words(value: date) -> str:
    return f"{value.day:02d}/{value.month:02d}/{value.year}"


def _letter(place: int) -> str:
    return _LETTERS[place]


def _place(cell: str) -> tuple[int, str]:
    return int(cell[1:]), cell[0]


def said(row: UnitRow) -> str:
    """A row in a few words, for a list of what will change."""
    until = f" – {day(row.valid_until)}" if row.valid_until else ""
    return f"{row.name_vi} ({day(row.valid_from)}{until})"


_NO_HEAD: Final = Text(
    "Không thấy dòng tên cột (Tên, Loại, Nhóm trong số liệu, Có từ ngày).",
    "There is no row of column names (Name, Kind, Group in figures, From).",
)
_MISSING: Final = Text("Thiếu cột: {names}.", "Columns are missing: {names}.")
_MANY: Final = Text("Nhiều hơn 1.000 dòng.", "There are more than 1,000 rows.")
_EMPTY: Final = Text("Ô này cần được điền.", "This cell needs an answer.")
_LONG: Final = Text("Dài quá 160 chữ và dấu.", "This is longer than 160 characters.")
_UNKNOWN_ID: Final = Text(
    "Không có đơn vị nào mang mã này. Để trống nếu thêm đơn vị mới.",
    "No unit has this number. Leave it empty to add a unit.",
)
_TWICE: Final = Text("Mã này đã đứng ở dòng {row}.", "This number stands in row {row} already.")
_NAMESAKE: Final = Text(
    "Tên này trùng với dòng {row} trong cùng thời gian.", "Row {row} has the same name at the same time."
)
_THERE_ALREADY: Final = Text(
    "Đã có đơn vị mang tên này. Nếu là đơn vị đó, bạn điền mã của nó.",
    "A unit of this name is there already. If it is that one, fill in its number.",
)
_NOT_ONE_OF: Final = Text("“{word}” không có trong: {words}.", "“{word}” is none of: {words}.")
_NO_DAY: Final = Text("“{word}” không phải ngày như 01/07/2025.", "“{word}” is no day like 01/07/2025.")
_WRONG_WAY: Final = Text("Ngày kết thúc đứng trước ngày bắt đầu.", "This ends before it begins.")
