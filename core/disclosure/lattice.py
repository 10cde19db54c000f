"""Everything ever published about one year's cases, as linear constraints over whole numbers (pure).

The unknowns are the cases that arrived between two releases, in every finest cell. Counts never fall, so
the unknowns are non-negative; a published row binds a sum of them, from below and above, by its public
meaning.

Which cells: the tables' sets of dims form families (the maximal sets). Families are tied together where
they overlap, cell by cell, in every release, and by the grand total. When the sets form no cycle
(Graham's reduction empties them), tables that agree on their overlaps are always margins of one whole
cube of non-negative integers (Beeri, Fagin, Maier & Yannakakis 1983; Lauritzen 1996, decomposable
models): the families then say exactly as much as the full cube, and nothing about it is lost by leaving
it out. When they do form a cycle, one family of all dims, the full cube, is used.

The final figures of a year (`ProtectedTable.final`) are a layer of their own: they count the letters of the last
release anew, where they belong by then. In dims that may move (`moves`) a letter may have gone from any category to
any other; in all others it can only have been taken out, so that there the final figures and what was taken out
add up to the last release. What was taken out is among the cells.

Not among the cells: crossings of dims that were never published together. For one-way tables of a
single release such a crossing is safe whenever its margins are: it is at most the smaller margin, it can
be proved positive only where both margins can, and both margins reach their largest values together, at
the largest total. Name other crossings in `together` to have them decided as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.disclosure.tables import TOTAL, Meaning, NotPublishable, ProtectedTable, Value

LARGEST: Final = 20_000

Label = tuple[tuple[str, str], ...]
Members = frozenset[tuple[str, frozenset[str]]]
Array = NDArray[Any]
NOTHING: Final[Array] = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell of the lattice between two releases; `since` −1 is the start of the year.

    gone: not what came in between, but what was taken out before the final figures.
    """

    label: Label
    since: int
    until: int
    gone: bool = False


def acyclic(sets: Iterable[frozenset[str]]) -> bool:
    """Whether Graham's reduction empties the sets: then local agreement is global agreement."""
    edges = set(sets)
    while True:
        lonely = {
            frozenset(dim for dim in edge if sum(dim in other for other in edges) > 1) for edge in edges
        }
        kept = {edge for edge in lonely if not any(edge < other for other in lonely)}
        if kept == edges:
            return len(edges) <= 1
        edges = kept


class Lattice:
    """The unknowns, what binds them, and the cells a reader might try to prove.

    tables: one year's published tables of the same kind of count, in the order of release.
    """

    def __init__(self, tables: Sequence[ProtectedTable], together: Sequence[tuple[str, ...]] = ()) -> None:
        self.releases = list(dict.fromkeys(table.release for table in tables))
        self.final = _place_of_final(self.releases, tables)
        self.moves = frozenset(dim for table in tables for dim in table.moves)
        self.dims: dict[str, list[str]] = {}
        self.groups: dict[str, dict[str, frozenset[str]]] = {}
        for table in tables:
            self._learn(table)
        self.families = _families([*(tuple(table.dims) for table in tables), *together])
        self._dims_of = [frozenset(family) for family in self.families]
        self._covered: dict[tuple[int, Label, bool], Array] = {}
        self._lay_out()
        self._bind(tables)
        self._tie()

    def _learn(self, table: ProtectedTable) -> None:
        for dim, categories in table.dims.items():
            known = self.dims.setdefault(dim, [])
            known.extend(one for one in categories if one not in known)
            for name, members in table.groups.get(dim, {}).items():
                if self.groups.setdefault(dim, {}).setdefault(name, frozenset(members)) != set(members):
                    raise NotPublishable(f"The group {name!r} has meant two things within one year.")

    def _lay_out(self) -> None:
        """Number the unknowns: family by family, within it release by release."""
        self._first: list[int] = []
        self._size: list[int] = []
        width = 0
        for family in self.families:
            size = int(np.prod([len(self.dims[dim]) for dim in family], dtype=np.int64))
            self._first.append(width)
            self._size.append(size)
            width += size * len(self.releases)
        self._gone: list[int] = []
        for family in self.families if self.final else ():
            self._gone.append(width)
            width += int(np.prod([len(self.dims[dim]) for dim in self._staying(family)], dtype=np.int64))
        if width > LARGEST:
            raise NotPublishable("These tables cross too many categories to be audited.")
        self.width = width
        self.rows: list[tuple[Array, Array]] = []
        self.low: list[float] = []
        self.high: list[float] = []
        self.said: list[tuple[str, Meaning] | None] = []

    def _staying(self, family: tuple[str, ...]) -> tuple[str, ...]:
        """The dims of a family in which a counted letter cannot be moved."""
        return tuple(dim for dim in family if dim not in self.moves)

    def _bind(self, tables: Sequence[ProtectedTable]) -> None:
        seen: set[tuple[str, Meaning, Value]] = set()
        for table in tables:
            until = self.releases.index(table.release)
            for row in table.rows:
                said = (table.release, table.meaning(row))
                if row.value is None or (*said, row.value) in seen:
                    continue
                seen.add((*said, row.value))
                ends = (row.value, row.value) if isinstance(row.value, int) else row.value
                label = tuple((dim, at) for dim, at in zip(table.dims, row.at, strict=True) if at != TOTAL)
                since = until - 1 if until == self.final else -1
                self._say((self.columns(Cell(label=label, since=since, until=until)), NOTHING), ends, said)

    def _say(
        self, row: tuple[Array, Array], ends: tuple[float, float], said: tuple[str, Meaning] | None
    ) -> None:
        """Bind the sum of the first unknowns less the sum of the second."""
        self.rows.append(row)
        self.low.append(ends[0])
        self.high.append(ends[1])
        self.said.append(said)

    def _tie(self) -> None:
        """Families agree on what they share, between any two releases."""
        for one, other in combinations(range(len(self.families)), 2):
            shared = [dim for dim in self.families[one] if dim in self.families[other]]
            if not shared and one:
                continue
            for at in product(*(self.dims[dim] for dim in shared)):
                for until in range(len(self.releases)):
                    cell = Cell(label=tuple(zip(shared, at, strict=True)), since=until - 1, until=until)
                    self._say((self.within(one, cell), self.within(other, cell)), (0, 0), None)
        for place, family in enumerate(self.families if self.final else ()):
            self._part_with(place, self._staying(family))

    def _part_with(self, place: int, staying: tuple[str, ...]) -> None:
        """What a family knew at the last release is its final figures and what was taken out."""
        for at in product(*(self.dims[dim] for dim in staying)):
            label = tuple(zip(staying, at, strict=True))
            last = Cell(label=label, since=-1, until=self.final - 1)
            final = Cell(label=label, since=self.final - 1, until=self.final)
            parts = np.concatenate([self.within(place, final), self.within(place, replace(final, gone=True))])
            self._say((self.within(place, last), parts), (0, 0), None)

    def columns(self, cell: Cell) -> Array:
        """The unknowns that add up to this cell: their numbers, ascending."""
        return self.within(self.family_of(cell), cell)

    def family_of(self, cell: Cell) -> int:
        """The place of a family that holds all dims of the cell."""
        wanted = {dim for dim, _ in cell.label}
        return next(place for place, family in enumerate(self._dims_of) if wanted <= family)

    def within(self, place: int, cell: Cell) -> Array:
        """The same, in the unknowns of the family at `place`, which must hold all dims of the cell."""
        finest = self._finest(place, cell.label, gone=cell.gone)
        if cell.gone:
            return self._gone[place] + finest
        starts = self._first[place] + np.arange(cell.since + 1, cell.until + 1) * self._size[place]
        return np.add.outer(starts, finest).ravel()

    def _finest(self, place: int, label: Label, *, gone: bool) -> Array:
        """The finest cells of a family that a label covers: worked out once, since every release asks for them."""
        asked = (place, label, gone)
        if asked not in self._covered:
            family, wanted = self.families[place], dict(label)
            inside = np.ones((), dtype=np.int64)
            for dim in self._staying(family) if gone else family:
                members = self.members(dim, wanted[dim]) if dim in wanted else frozenset(self.dims[dim])
                axis = np.array([one in members for one in self.dims[dim]], dtype=np.int64)
                inside = np.multiply.outer(inside, axis)
            self._covered[asked] = np.flatnonzero(inside.ravel())
        return self._covered[asked]

    def members(self, dim: str, name: str) -> frozenset[str]:
        """The categories a category or group stands for."""
        return self.groups.get(dim, {}).get(name, frozenset((name,)))

    def cells(self) -> Iterator[Cell]:
        """Finest cells, margins and groups; at every release and between any two of them, and what was taken out."""
        seen: set[Members] = set()
        for family in self.families:
            for at in product(*((TOTAL, *self.dims[dim], *self.groups.get(dim, {})) for dim in family)):
                label = tuple((dim, one) for dim, one in zip(family, at, strict=True) if one != TOTAL)
                meant = frozenset((dim, self.members(dim, one)) for dim, one in label)
                if meant in seen:
                    continue
                seen.add(meant)
                yield from self._in_time(label)

    def _in_time(self, label: Label) -> Iterator[Cell]:
        for since, until in combinations(range(-1, self.final or len(self.releases)), 2):
            yield Cell(label=label, since=since, until=until)
        if self.final:
            final = Cell(label=label, since=self.final - 1, until=self.final)
            yield final
            if not any(dim in self.moves for dim, _ in label):
                yield replace(final, gone=True)

    def by_itself(self, cell: Cell) -> bool:
        """Whether a cell is all that a release says of it, not what came in between two of them."""
        return not cell.gone and (cell.since < 0 or cell.until == self.final)


def _place_of_final(releases: Sequence[str], tables: Sequence[ProtectedTable]) -> int:
    """The place of the final figures among a year's releases: 0 where there are none."""
    final = [releases.index(name) for name in dict.fromkeys(t.release for t in tables if t.final)]
    if final and (final != [len(releases) - 1] or final == [0]):
        raise NotPublishable("Final figures come once, after all other releases of their year.")
    return final[0] if final else 0


def _families(sets: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    distinct: dict[frozenset[str], tuple[str, ...]] = {}
    for dims in sets:
        distinct.setdefault(frozenset(dims), dims)
    largest = [dims for key, dims in distinct.items() if not any(key < other for other in distinct)]
    if acyclic(frozenset(dims) for dims in largest):
        return largest
    return [tuple(dict.fromkeys(dim for dims in largest for dim in dims))]
