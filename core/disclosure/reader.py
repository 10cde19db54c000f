"""The audit: a reader who holds every figure ever published, and an integer-programming solver (pure).

For every cell of the lattice let [low, high] be its smallest and largest value over all cubes of whole
numbers, never falling in time, that agree with everything published. A cell with 1 ≤ low and high ≤ k−1
is a finding. So is a cell proved to hold all of its parent (statistics.md 2.2, rule 9), since then
whoever is known to be in the parent is known to be in the cell.

The rule itself is public, so a careful reader is asked as well while rows are being withheld: for that
reader a cell known to be below k must still be able to be 0 and to be k − 1. Then what is withheld does
not depend on which small number it was, and knowing the program tells no more than the figures.

Most cells are cleared without being solved for: one witness cube in which a cell is 0, or at least k,
clears it, and a witness is rechecked in whole numbers before it is believed. So a numerical slip can
hide a row too many but never publish one too many.

What is covered: each year and each kind of count (`counts`) by itself; years share no case. What is not:
crossings never published together (see `lattice`), two kinds of count of which one contains the other, a
reader who already knows some of the cases.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from core.disclosure.lattice import NOTHING, Cell, Label, Lattice
from core.disclosure.tables import Meaning, NotPublishable, ProtectedTable

SECONDS: Final = 60.0
SWEEPS: Final = 60
PATIENCE: Final = 2

Progress = Callable[[str], None]
Array = NDArray[Any]
Extra = tuple[Array, float, float]
"""Unknowns, and the least and most they may add up to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A cell that can be proved small, or to hold all of its parent; `since` None is 1 January."""

    year: str
    counts: str
    cell: Label
    since: str | None
    until: str
    kind: Literal["small", "all of parent"]


def audit(
    releases: Sequence[ProtectedTable],
    k: int = 5,
    *,
    together: Sequence[tuple[str, ...]] = (),
    seconds: float = SECONDS,
    known: Sequence[Array] = (),
) -> list[Finding]:
    """Everything that a reader of all these tables could prove; empty is what one hopes for.

    releases: every table ever published, in the order of release. together: further crossings of dims to
    decide. known: cubes found before, to be tried first. Raises NotPublishable when the tables contradict one
    another or time runs out.
    """
    found: list[Finding] = []
    for (year, counts), tables in universes(releases).items():
        crossings = [dims for dims in together if all(any(d in t.dims for t in tables) for d in dims)]
        reader = Reader(Lattice(tables, crossings), k, seconds, known=known)
        found.extend(reader.finding(year, counts, proof) for proof in reader.proofs())
    return found


def universes(tables: Sequence[ProtectedTable]) -> dict[tuple[str, str], list[ProtectedTable]]:
    """Tables by the year and kind of what they count; only within these can figures be combined."""
    apart: dict[tuple[str, str], list[ProtectedTable]] = {}
    for table in tables:
        apart.setdefault((table.release[:4], table.counts), []).append(table)
    return apart


@dataclass(slots=True, kw_only=True, eq=False)
class Proof:
    """A cell with the unknowns that add up to it, and for "all of parent" those of the rest. place: its row in `Sums`.

    empty, full: whether a cube has been seen in which the cell is 0, or k − 1. (Withholding only adds cubes.)
    """

    cell: Cell
    inside: Array
    rest: Array | None = None
    place: int = 0
    empty: bool = False
    full: bool = False


class Sums:
    """What the cells of many proofs, and their rests, are in a cube: one multiplication for all of them."""

    def __init__(self, proofs: Sequence[Proof], width: int) -> None:
        for place, proof in enumerate(proofs):
            proof.place = place
        self._inside = _ones([proof.inside for proof in proofs], width)
        self._rest = _ones([NOTHING if proof.rest is None else proof.rest for proof in proofs], width)

    def of(self, cube: Array) -> tuple[list[int], list[int]]:
        """Cell and rest of every proof."""
        inside: list[int] = (self._inside @ cube).tolist()
        rest: list[int] = (self._rest @ cube).tolist()
        return inside, rest

    def aim(self, proofs: Sequence[Proof]) -> Array:
        """Weights under which a cube is large where the cells of these proofs are, and their rests are not."""
        chosen = np.zeros(self._inside.shape[0])
        chosen[[proof.place for proof in proofs]] = 1
        weights: Array = self._inside.T @ chosen - self._rest.T @ chosen
        return weights


class Reach:
    """How large a cell can be at most by plain subtraction: a solver need not be asked what that rules out.

    What came between two releases is at most the upper end of the later figure less the lower end of the earlier
    one, of the cell itself and of everything it is a part of.
    """

    def __init__(self, lattice: Lattice) -> None:
        self._final = lattice.final
        self._releases = len(lattice.releases)
        places = {name: place for place, name in enumerate(lattice.releases)}
        self._said: dict[frozenset[tuple[str, str]], list[tuple[int, int]]] = {}
        for row, said in enumerate(lattice.said):
            if said is not None:
                self._said.setdefault(said[1].cell, []).append((places[said[0]], row))

    def of(self, cell: Cell, low: Array, high: Array) -> float:
        """The most that a cell can be, as far as subtraction tells. low, high: of the lattice's rows, as read now."""
        if cell.gone:
            return float("inf")
        parts = (part for size in range(len(cell.label) + 1) for part in combinations(cell.label, size))
        return min(self._between(self._said.get(frozenset(part), []), cell, low, high) for part in parts)

    def _between(self, said: Sequence[tuple[int, int]], cell: Cell, low: Array, high: Array) -> float:
        """By the figures of one label: of the end or later from above, of the beginning or earlier from below."""
        final = cell.until == self._final > 0
        last = cell.until if final else (self._final or self._releases) - 1
        most = [float(high[row]) for at, row in said if cell.until <= at <= last]
        least = [float(low[row]) for at, row in said if at <= cell.since and not final]
        return min(most, default=float("inf")) - max([0.0, *least])


class Reader:
    """One reader of one year: what they can prove, and whether they still can once a row is withheld.

    careful: hold against the figures already that they narrow a small count, 0 to k − 1, at either end.
    known: cubes that somebody has found before; each is checked like any other.
    """

    def __init__(
        self,
        lattice: Lattice,
        k: int,
        seconds: float = SECONDS,
        *,
        careful: bool = False,
        known: Sequence[Array] = (),
    ) -> None:
        self.lattice = lattice
        self.k = k
        self.careful = careful
        self.witnesses = [cube for cube in known if len(cube) == lattice.width]
        self._deadline = time.monotonic() + seconds
        self._matrix = _matrix(lattice)
        self._low = np.array(lattice.low, dtype=np.float64)
        self._high = np.array(lattice.high, dtype=np.float64)
        self._cap = k + sum(high for high in lattice.high if np.isfinite(high))
        self._reach = Reach(lattice)

    def withhold(self, release: str, meanings: set[Meaning]) -> None:
        """From now on read as if that release had withheld the rows of these meanings, and only these."""
        for place, said in enumerate(self.lattice.said):
            if said is not None and said[0] == release:
                hidden = said[1] in meanings
                self._low[place] = -np.inf if hidden else self.lattice.low[place]
                self._high[place] = np.inf if hidden else self.lattice.high[place]

    def proofs(self) -> list[Proof]:
        """Every cell that this reader can prove small or all of its parent."""
        left = self.still_open()
        proved: list[Proof] = []
        while left:
            proof, *left = left
            held, left = self.decide(proof, left)
            if held:
                proved.append(proof)
        return proved

    def still_open(self) -> list[Proof]:
        """The cells that must be decided one by one, after those that a few cubes clear at once."""
        left = [*self._small(), *self._whole()]
        self._sums = Sums(left, self.lattice.width)
        for cube in [one for one in self.witnesses if self._agrees(one, None)]:
            left = self._still_open(left, cube)
        first = self._witness()
        if first is None:
            raise NotPublishable("The published figures contradict one another.")
        return self._swept(self._still_open(left, first))

    def _swept(self, left: list[Proof]) -> list[Proof]:
        """What is still open after cubes in which as many cells as possible are empty, or large.

        Whose turn it is changes from cube to cube, by chance that is the same every time.
        """
        chance = np.random.default_rng(0)
        idle = 0
        for turn in range(SWEEPS):
            if not left or idle == PATIENCE:
                break
            some = (
                left if turn < 2 else [left[at] for at in chance.permutation(len(left))[: 1 + len(left) // 2]]
            )
            witness = self._sweep(some, largest=turn % 2 == 1)
            before = len(left)
            left = left if witness is None else self._still_open(left, witness)
            idle = idle + 1 if len(left) == before else 0
        return left

    def decide(self, proof: Proof, others: list[Proof]) -> tuple[bool, list[Proof]]:
        """Whether this cell can be proved, and those of the others that are still open."""
        cubes = self._counterexample(proof, others)
        for cube in cubes:
            if cube is not None:
                others = self._still_open(others, cube)
        return any(cube is None for cube in cubes), others

    def proves(self, proof: Proof) -> bool:
        """Whether this one cell can be proved."""
        return self.decide(proof, [])[0]

    def finding(self, year: str, counts: str, proof: Proof) -> Finding:
        """The proof in the words of a report."""
        names, cell = self.lattice.releases, proof.cell
        return Finding(
            year=year,
            counts=counts,
            cell=cell.label,
            since=None if cell.since < 0 else names[cell.since],
            until=names[cell.until],
            kind="small" if proof.rest is None else "all of parent",
        )

    def _small(self) -> list[Proof]:
        return [Proof(cell=cell, inside=self.lattice.columns(cell)) for cell in self.lattice.cells()]

    def _whole(self) -> list[Proof]:
        proofs = []
        for cell in self.lattice.cells():
            for dim, name in cell.label if self.lattice.by_itself(cell) else ():
                if self.lattice.members(dim, name) >= set(self.lattice.dims[dim]):
                    continue
                label = tuple(pair for pair in cell.label if pair[0] != dim)
                parent = replace(cell, label=label)
                family = self.lattice.family_of(cell)
                inside = self.lattice.within(family, cell)
                rest = np.setdiff1d(self.lattice.within(family, parent), inside, assume_unique=True)
                proofs.append(Proof(cell=cell, inside=inside, rest=rest))
        return proofs

    def _still_open(self, proofs: list[Proof], witness: Array) -> list[Proof]:
        inside, rest = self._sums.of(witness)
        return [proof for proof in proofs if not self._cleared(proof, inside[proof.place], rest[proof.place])]

    def _cleared(self, proof: Proof, inside: int, rest: int) -> bool:
        if proof.rest is None:
            proof.empty |= inside == 0
            proof.full |= inside == self.k - 1 or not self.careful
            return inside >= self.k or (proof.empty and proof.full)
        return inside == 0 or rest > 0

    def _counterexample(self, proof: Proof, others: Sequence[Proof]) -> list[Array | None]:
        """Cubes in which the cell is not what would be proved; None among them: it is proved.

        Whatever cube is sought, one that clears many of the others too is preferred.
        """
        if proof.rest is not None:
            return [self._either((proof.inside, 0, 0), (proof.rest, 1, np.inf))]
        can_be_large = self._reach.of(proof.cell, self._low, self._high) >= self.k
        if not self.careful and can_be_large:
            return [self._either((proof.inside, 0, 0), (proof.inside, self.k, np.inf))]
        if not self.careful:
            return [self._witness(extra=(proof.inside, 0, 0))]
        large = self._witness(extra=(proof.inside, self.k, np.inf)) if can_be_large else None
        if large is not None:
            return [large]
        ends: list[Array | None] = []
        if not proof.full:
            top = self.k - 1
            ends.append(self._helpful(others, largest=True, extra=(proof.inside, top, top)))
        if not proof.empty and all(cube is not None for cube in ends):
            ends.append(self._helpful(others, largest=False, extra=(proof.inside, 0, 0)))
        return ends

    def _either(self, one: Extra, other: Extra) -> Array | None:
        witness = self._witness(extra=one)
        return self._witness(extra=other) if witness is None else witness

    def _helpful(self, others: Sequence[Proof], *, largest: bool, extra: Extra) -> Array | None:
        if not others:
            return self._witness(extra=extra)
        return self._sweep(others[:200], largest=largest, extra=extra)

    def _sweep(self, proofs: Sequence[Proof], *, largest: bool, extra: Extra | None = None) -> Array | None:
        """A cube that makes as many open cells as it can empty, or large."""
        aim = self._sums.aim(proofs)
        return self._witness(aim=-aim if largest else aim, cap=self._cap, extra=extra)

    def _witness(
        self,
        *,
        aim: Array | None = None,
        cap: float = np.inf,
        extra: Extra | None = None,
    ) -> Array | None:
        """A cube that agrees with everything published (and `extra`), or None if there is none.

        Fractions are allowed first: that is much quicker, where they admit nothing whole numbers do not either, and
        mostly the corner that is found is whole by itself.
        """
        for whole in (False, True):
            answer = self._solved(
                np.zeros(self.lattice.width) if aim is None else aim, cap, extra, whole=whole
            )
            if answer.status == 2:
                return None
            cube: Array | None = None if answer.x is None else np.rint(answer.x).astype(np.int64)
            if cube is not None and self._agrees(cube, extra):
                self.witnesses.append(cube)
                return cube
        if cube is None:
            raise NotPublishable("The audit could not decide a cell in time, so nothing is published.")
        raise NotPublishable("The solver's answer did not hold when checked, so nothing is published.")

    def _solved(self, aim: Array, cap: float, extra: Extra | None, *, whole: bool) -> Any:
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import csr_array

        width = self.lattice.width
        bound = [LinearConstraint(self._matrix, self._low, self._high)] if len(self._low) else []
        if extra is not None:
            chosen = csr_array((np.ones(len(extra[0])), extra[0], [0, len(extra[0])]), shape=(1, width))
            bound.append(LinearConstraint(chosen, extra[1], extra[2]))
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise NotPublishable("The audit ran out of time, so nothing is published.")
        return milp(
            aim,
            integrality=np.full(width, int(whole)),
            bounds=Bounds(0, cap),
            constraints=bound,
            options={"time_limit": left, "mip_rel_gap": 10.0},
        )

    def _agrees(self, cube: Array, extra: Extra | None) -> bool:
        sums = self._matrix @ cube
        agrees = bool(np.all(cube >= 0) and np.all(sums >= self._low) and np.all(sums <= self._high))
        return agrees and (extra is None or extra[1] <= int(cube[extra[0]].sum()) <= extra[2])


def _ones(rows: Sequence[Array], width: int) -> Any:
    """A sparse matrix with a 1 wherever a row names a column, shape (rows, width)."""
    from scipy.sparse import csr_array

    ends = np.cumsum([0, *(len(row) for row in rows)])
    columns = np.concatenate([NOTHING, *rows])
    return csr_array((np.ones(len(columns), dtype=np.int64), columns, ends), shape=(len(rows), width))


def _matrix(lattice: Lattice) -> Any:
    """The published rows and ties as a sparse matrix of −1, 0 and 1, shape (rows, width)."""
    from scipy.sparse import csr_array

    columns = [part for row in lattice.rows for part in row]
    rows = [np.full(len(part), place // 2) for place, part in enumerate(columns)]
    signs = [np.full(len(part), 1 - 2 * (place % 2)) for place, part in enumerate(columns)]
    shape = (len(lattice.rows), lattice.width)
    if not columns:
        return csr_array(shape, dtype=np.int64)
    where = (np.concatenate(rows), np.concatenate(columns))
    return csr_array((np.concatenate(signs), where), shape=shape)
