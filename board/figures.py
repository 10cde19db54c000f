"""What a release says, arranged for a page: key figures with their meaning, tables, pictures (pure).

Everything here takes protected tables and nothing else; sums are sums of what was published, range by range.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from board.catalogue import CATALOGUES, OWN, TOLD, Catalogue, Table
from board.published import K, Published
from core.disclosure import ProtectedTable, Row, Value, shown
from core.disclosure.tables import TOTAL
from core.i18n import Text

YEARS: Final = "years"
YEARS_TITLE: Final = Text("Thư của người bị hại, qua các năm", "Letters of the persons harmed, year by year")
FEWEST_YEARS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFigure:
    """One number that stands for itself, with what it counts and why it looks as it does."""

    label: Text
    note: Text
    value: Value
    why: Text | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of a one-way table; `before` is what the release before it in the same year said."""

    label: Text
    value: Value
    before: Value
    total: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OneWay:
    """A table by one dim. most: the largest figure in it; tells: whether a row below the total says something."""

    title: Text
    note: Text
    by: Text
    lines: Sequence[Line]
    most: int
    tells: bool
    svg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoWay:
    """A table by two dims: the first down, the second across; totals last."""

    title: Text
    note: Text
    down: Text
    columns: Sequence[Text]
    rows: Sequence[tuple[Text, Sequence[Value]]]
    tells: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One release in the course of the years."""

    name: str
    as_of: date
    final: bool
    own: Value
    told: Value


def key_figures(published: Published) -> list[KeyFigure]:
    """Own reports, told reports, and both together."""
    own, told = total_of(published, OWN), total_of(published, TOLD)
    counts = words_of(published).counts
    counted = [
        KeyFigure(label=label, note=note, value=value, why=why(value, final=published.final))
        for value, (label, note) in ((own, counts[OWN]), (told, counts[TOLD]))
    ]
    both = together(own, told)
    return [
        *counted,
        KeyFigure(
            label=Text("Cả hai cộng lại", "Both together"),
            note=Text(
                "Hai số bên cạnh cộng lại. Không thư nào được đếm hai lần.",
                "The two figures beside it, added up. No letter is counted twice.",
            ),
            value=both,
            why=None
            if both is None or isinstance(both, int)
            else Text("Khoảng cộng với khoảng cho ra một khoảng.", "Ranges added up make a range."),
        ),
    ]


def total_of(published: Published, counts: str) -> Value:
    """The total of one kind of report; withheld where there is no such table."""
    for table in published.tables:
        if table.counts == counts:
            return table.value(*(TOTAL for _ in table.dims))
    return None


def together(one: Value, other: Value) -> Value:
    """What two published figures of disjoint reports say about their sum."""
    if one is None or other is None:
        return None
    if isinstance(one, int) and isinstance(other, int):
        return one + other
    (low, high), (low_too, high_too) = ends(one), ends(other)
    return low + low_too, high + high_too


def why(value: Value, k: int = K, *, final: bool = False) -> Text | None:
    """Why a figure looks as it does, in one sentence; None for an exact one."""
    if isinstance(value, int):
        return None
    if value is None:
        return Text(
            "Giữ kín: cùng với các số khác, nó sẽ làm lộ một số nhỏ.",
            "Withheld: with the other figures it would give a small one away.",
        )
    if value[0] == 0:
        few = ", ".join(str(one) for one in range(k - 1))
        return Text(
            f"Có thể là {few} hoặc {k - 1}. Không nói rõ, để không ai bị nhận ra.",
            f"It may be {few} or {k - 1}. We do not say which, so that nobody can be recognised.",
        )
    if final:
        last = shown(value[1])
        return Text(
            f"Kỳ trước là {last.vi}. Từ đó bỏ ra chưa đến {k} thư, có thể không thư nào.",
            f"The release before said {last.en}. Fewer than {k} were taken out since, perhaps none.",
        )
    last = shown(value[0])
    return Text(
        f"Lần công bố chính xác gần nhất là {last.vi}. Từ đó tăng thêm chưa đến {k}, có thể không tăng.",
        f"The last exact figure was {last.en}. It has grown by fewer than {k} since, perhaps not at all.",
    )


def words_of(published: Published) -> Catalogue:
    """The catalogue by which a release was made."""
    return CATALOGUES[published.catalogue]


def one_way(published: Published, before: Published | None, language: str) -> list[OneWay]:
    """The tables by one dim. before: the release before in the same year, for the column beside."""
    catalogue = words_of(published)
    earlier = {table.name: table for table in catalogue.arranged(before.tables)} if before else {}
    return [
        _one_way(
            table,
            catalogue[table.name],
            earlier.get(table.name),
            published.charts.get(table.name, {}).get(language, ""),
        )
        for table in catalogue.arranged(published.tables)
        if len(table.dims) == 1
    ]


def two_way(published: Published) -> list[TwoWay]:
    """The tables by two dims."""
    catalogue = words_of(published)
    return [_two_way(table, catalogue[table.name]) for table in published.tables if len(table.dims) == 2]


def before_in_year(published: Published, all_releases: Sequence[Published]) -> Published | None:
    """The release before this one whose counts run from the same 1 January."""
    earlier = [one for one in all_releases if one.year == published.year and one.name < published.name]
    return earlier[-1] if earlier else None


def course(releases: Sequence[Published]) -> list[Point]:
    """The totals of all releases, the newest first."""
    return [
        Point(
            name=one.name, as_of=one.as_of, final=one.final, own=total_of(one, OWN), told=total_of(one, TOLD)
        )
        for one in reversed(releases)
    ]


def years(releases: Sequence[Published]) -> ProtectedTable | None:
    """The persons' own letters of every year, as its last release said; None for one year, or where none says anything."""
    last = {one.year: one for one in releases}
    said = [value for one in last.values() if (value := total_of(one, OWN)) is not None]
    if len(last) < FEWEST_YEARS or not any(ends(value)[0] for value in said):
        return None
    rows = tuple(Row(at=(_label(one),), value=total_of(one, OWN)) for one in last.values())
    return ProtectedTable(
        name=YEARS,
        release=releases[-1].as_of.isoformat(),
        dims={"year": tuple(row.at[0] for row in rows)},
        rows=rows,
    )


def _label(one: Published) -> str:
    return (
        f"{one.year}" if one.as_of.month == 12 and one.as_of.day == 31 else f"{one.year}: → {one.as_of:%d/%m}"
    )


def _one_way(table: ProtectedTable, words: Table, earlier: ProtectedTable | None, svg: str) -> OneWay:
    (dim,) = words.dims
    said = {row.at: row.value for row in earlier.rows} if earlier else {}
    lines = [
        Line(
            label=dim.say(row.at[0]),
            value=row.value,
            before=said.get(row.at),
            total=row.at[0] == TOTAL,
        )
        for row in table.rows
    ]
    lines.sort(key=lambda line: line.total)
    most = max([1, *(ends(row.value)[1] for row in table.rows if row.value is not None)])
    title, note = words.words(final=table.final)
    return OneWay(title=title, note=note, by=dim.label, lines=lines, most=most, tells=tells(table), svg=svg)


def _two_way(table: ProtectedTable, words: Table) -> TwoWay:
    down, across = words.dims
    rows = [*down.labels, TOTAL]
    columns = [*across.labels, TOTAL]
    return TwoWay(
        title=words.title,
        note=words.note,
        down=down.label,
        columns=[words.say(across.code, place) for place in columns],
        rows=[(words.say(down.code, at), [table.value(at, place) for place in columns]) for at in rows],
        tells=tells(table),
    )


def tells(table: ProtectedTable) -> bool:
    """Whether any row below the total says more than "fewer than k"."""
    below = [row.value for row in table.rows if set(row.at) != {TOTAL}]
    return any(value is not None and ends(value)[0] > 0 for value in below)


def ends(value: int | tuple[int, int]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else value
