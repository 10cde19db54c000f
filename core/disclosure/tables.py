"""Two kinds of table: one that may never be shown, and one that is nothing but what is shown (pure).

A release is named by the day its counts reach, "2026-09-30"; its first four characters are the year in
which the counts run from 1 January. "2026-12-31-final" holds the final figures of that year, once. Tables of
one year that count the same things (`counts`) are margins of one cube, and what one of them says about a cell
all of them say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextvars import copy_context
from dataclasses import InitVar, dataclass, field
from itertools import product
from typing import Any, Final, NoReturn

from core.i18n import Language, Text, number, speak

TOTAL: Final = "total"
FINAL: Final = "-final"
_RELEASE: Final = re.compile(r"\d{4}-\S+")
_DOOR: Final = "A raw table is never shown, iterated or stored: core.disclosure.protect() is the door."

Value = int | tuple[int, int] | None
"""What a row says: exactly this many, between these two (inclusive), or nothing (withheld)."""

Categories = Mapping[str, tuple[str, ...]]
Groups = Mapping[str, Mapping[str, tuple[str, ...]]]
"""dim → group → the categories it stands for; a category that stands in a group is only ever shown by group."""


class NotPublishable(Exception):
    """These figures cannot be published: the rule or its audit could not be satisfied."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """The cases a row counts: in which year, of what, and in which categories (totals left out)."""

    year: str
    counts: str
    cell: frozenset[tuple[str, str]]


def places(dims: Categories, groups: Groups) -> Iterator[tuple[str, ...]]:
    """Every row of a table in catalogue order, the grand total first; groups after the categories outside any."""
    return product(*((TOTAL, *places_of(dim, categories, groups)) for dim, categories in dims.items()))


def places_of(dim: str, categories: Sequence[str], groups: Groups) -> list[str]:
    """What a dim is shown by: its groups, and the categories that stand in none."""
    named = groups.get(dim, {})
    inside = {one for members in named.values() for one in members}
    return [*(one for one in categories if one not in inside), *named]


def meaning_of(release: str, counts: str, dims: Iterable[str], at: Sequence[str]) -> Meaning:
    """The meaning of the row that stands at `at`."""
    cell = frozenset((dim, place) for dim, place in zip(dims, at, strict=True) if place != TOTAL)
    return Meaning(release[:4], counts, cell)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RawTable:
    """True counts of the finest cells of one table, in a custodian's memory; a missing cell counts 0.

    dims: dim → its fixed categories, in order. rows: one category per dim → count; given once, and not to be
    read again outside this package. Two tables of the same release that count the same things must have the
    same total. moves: in final figures, the dims in which a counted case may have been moved since.
    """

    name: str
    release: str
    dims: Categories
    rows: InitVar[Mapping[tuple[str, ...], int]]
    groups: Groups = field(default_factory=dict)
    counts: str = "cases"
    moves: tuple[str, ...] = ()

    def __post_init__(self, rows: Mapping[tuple[str, ...], int]) -> None:
        if not _RELEASE.fullmatch(self.release):
            raise ValueError(f"A release is named by its day, such as 2026-09-30, not {self.release!r}.")
        for dim, categories in self.dims.items():
            named = [*categories, *self.groups.get(dim, {})]
            if TOTAL in named or len(set(named)) < len(named):
                raise ValueError(f"The categories of {dim!r} must be distinct, and none may be 'total'.")
            members = {one for group in self.groups.get(dim, {}).values() for one in group}
            if not members <= set(categories):
                raise ValueError(f"A group of {dim!r} names a category that does not exist.")
        for at, count in rows.items():
            known = len(at) == len(self.dims) and all(
                place in self.dims[dim] for dim, place in zip(self.dims, at, strict=False)
            )
            if not known or isinstance(count, bool) or not isinstance(count, int) or count < 0:
                raise ValueError(f"Table {self.name!r} has a row outside its catalogue or a bad count.")
        object.__setattr__(self, "_cells", dict(rows))

    def totals(self) -> dict[tuple[str, ...], int]:
        """The true count of every row of the catalogue. For `protect` alone."""
        return {at: self._count(at) for at in places(self.dims, self.groups)}

    def cells(self) -> dict[tuple[str, ...], int]:
        """The true counts as they were given. For this package alone."""
        cells: dict[tuple[str, ...], int] = vars(self)["_cells"]
        return cells

    def _count(self, at: tuple[str, ...]) -> int:
        wanted = [
            None if place == TOTAL else set(self.groups.get(dim, {}).get(place, (place,)))
            for dim, place in zip(self.dims, at, strict=True)
        ]
        return sum(
            count
            for cell, count in self.cells().items()
            if all(w is None or place in w for w, place in zip(wanted, cell, strict=True))
        )

    def __repr__(self) -> str:
        return f"<RawTable {self.name} {self.release}: not for showing>"

    def _closed(self, *_: object) -> NoReturn:
        raise TypeError(_DOOR)

    def __str__(self) -> str:
        self._closed()

    def __format__(self, spec: str) -> str:
        self._closed()

    def __html__(self) -> str:
        self._closed()

    def __iter__(self) -> Iterator[object]:
        self._closed()

    def __len__(self) -> int:
        self._closed()

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        self._closed()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One published row: a category, a group or "total" for each dim of its table, and its value."""

    at: tuple[str, ...]
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedTable:
    """What everybody may see, frozen: the only kind of table that pages, files and pictures accept."""

    name: str
    release: str
    dims: Categories
    rows: tuple[Row, ...]
    groups: Groups = field(default_factory=dict)
    counts: str = "cases"
    moves: tuple[str, ...] = ()

    @property
    def final(self) -> bool:
        """Whether it belongs to the final figures of a year."""
        return self.release.endswith(FINAL)

    def value(self, *at: str) -> Value:
        """The value of the row at these categories (KeyError if the table has no such row)."""
        for row in self.rows:
            if row.at == at:
                return row.value
        raise KeyError(at)

    def meaning(self, row: Row) -> Meaning:
        """The cases that this row counts."""
        return meaning_of(self.release, self.counts, self.dims, row.at)


def leaving(table: ProtectedTable, *, at_least: int = 10) -> ProtectedTable:
    """The table as files may carry it out of the board: only rows whose lower bound is large enough."""
    rows = tuple(
        Row(at=row.at, value=row.value if row.value is not None and _low(row.value) >= at_least else None)
        for row in table.rows
    )
    return ProtectedTable(
        name=table.name,
        release=table.release,
        dims=table.dims,
        rows=rows,
        groups=table.groups,
        counts=table.counts,
        moves=table.moves,
    )


def _low(value: int | tuple[int, int]) -> int:
    return value if isinstance(value, int) else value[0]


def shown(value: Value) -> Text:
    """A value in words: "12", "12 to 16", "fewer than 5", "withheld", in both languages."""
    if value is None:
        return Text("giữ kín", "withheld")
    if isinstance(value, int):
        return Text(_spoken("vi", value), _spoken("en", value))
    low, high = value
    if low == 0:
        return Text(f"dưới {_spoken('vi', high + 1)}", f"fewer than {_spoken('en', high + 1)}")
    return Text(
        f"từ {_spoken('vi', low)} đến {_spoken('vi', high)}", f"{_spoken('en', low)} to {_spoken('en', high)}"
    )


def _spoken(language: Language, value: int) -> str:
    def speaking() -> str:
        speak(language)
        return number(value)

    return copy_context().run(speaking)


def to_json(tables: Sequence[ProtectedTable], *, k: int = 5) -> dict[str, Any]:
    """All published tables as one document (design.md 6), ready for `json.dumps`."""
    dims: dict[str, list[str]] = {}
    groups: dict[str, dict[str, list[str]]] = {}
    for table in tables:
        for dim, categories in table.dims.items():
            known = dims.setdefault(dim, [])
            known.extend(one for one in categories if one not in known)
        for dim, named in table.groups.items():
            for name, members in named.items():
                if groups.setdefault(dim, {}).setdefault(name, list(members)) != list(members):
                    raise ValueError(f"The group {name!r} has two meanings; give the new one a new name.")
    releases = list(dict.fromkeys(table.release for table in tables))
    return {
        "k": k,
        "releases": releases,
        "dims": dims,
        "groups": groups,
        "tables": [_table_to_json(table) for table in tables],
    }


def _table_to_json(table: ProtectedTable) -> dict[str, Any]:
    rows = [
        {
            "dims": dict(zip(table.dims, row.at, strict=True)),
            "value": list(row.value) if isinstance(row.value, tuple) else row.value,
        }
        for row in table.rows
    ]
    return {
        "name": table.name,
        "release": table.release,
        "counts": table.counts,
        "dims": list(table.dims),
        **({"moves": list(table.moves)} if table.moves else {}),
        "rows": rows,
    }


def from_json(document: Mapping[str, Any]) -> tuple[ProtectedTable, ...]:
    """The tables of a document written by `to_json`; ValueError says what is wrong with it."""
    try:
        tables = [_table_from_json(document, table) for table in document["tables"]]
    except (KeyError, TypeError, IndexError) as wrong:
        raise ValueError(f"This is not a document of releases: {wrong!r}.") from wrong
    order = {release: place for place, release in enumerate(document["releases"])}
    return tuple(sorted(tables, key=lambda table: order[table.release]))


def _table_from_json(document: Mapping[str, Any], table: Mapping[str, Any]) -> ProtectedTable:
    names = table["dims"]
    dims = {dim: tuple(document["dims"][dim]) for dim in names}
    groups = {
        dim: {name: tuple(members) for name, members in document["groups"][dim].items()}
        for dim in names
        if dim in document["groups"]
    }
    rows = tuple(
        Row(at=tuple(row["dims"].get(dim, TOTAL) for dim in names), value=_value_from_json(row["value"]))
        for row in table["rows"]
    )
    for row in rows:
        for dim, place in zip(names, row.at, strict=True):
            if place != TOTAL and place not in dims[dim] and place not in groups.get(dim, {}):
                raise ValueError(f"Table {table['name']!r} has a row outside its catalogue.")
    return ProtectedTable(
        name=table["name"],
        release=table["release"],
        dims=dims,
        rows=rows,
        groups=groups,
        counts=table.get("counts", "cases"),
        moves=tuple(str(dim) for dim in table.get("moves", ())),
    )


def _value_from_json(value: object) -> Value:
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    if isinstance(value, Sequence) and len(value) == 2 and all(isinstance(end, int) for end in value):
        low, high = value
        if 0 <= low <= high:
            return low, high
    raise ValueError("A value is a count, a pair of counts from low to high, or nothing.")


def to_job(candidate: Sequence[RawTable], history: Sequence[ProtectedTable], *, k: int = 5) -> dict[str, Any]:
    """What the child process needs to protect these tables. Holds true counts: pipe it, never store it."""
    return {
        "k": k,
        "history": to_json(history, k=k),
        "candidate": [
            {
                "name": raw.name,
                "release": raw.release,
                "counts": raw.counts,
                "moves": list(raw.moves),
                "dims": {dim: list(categories) for dim, categories in raw.dims.items()},
                "groups": {
                    dim: {name: list(members) for name, members in named.items()}
                    for dim, named in raw.groups.items()
                },
                "rows": [[list(at), count] for at, count in raw.cells().items()],
            }
            for raw in candidate
        ],
    }


def raw_from_job(table: Mapping[str, Any]) -> RawTable:
    """One raw table as `to_job` packed it."""
    return RawTable(
        name=table["name"],
        release=table["release"],
        counts=table["counts"],
        moves=tuple(table.get("moves", ())),
        dims={dim: tuple(categories) for dim, categories in table["dims"].items()},
        groups={
            dim: {name: tuple(members) for name, members in named.items()}
            for dim, named in table["groups"].items()
        },
        rows={tuple(at): count for at, count in table["rows"]},
    )
