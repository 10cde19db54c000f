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
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from core.disclosure.lattice import Cell, Label, Lattice
from core.disclosure.tables import Meaning, NotPublishable, ProtectedTable

SECONDS: Final = 60.0

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
) -> list[Finding]:
    """Everything that a reader of all these tables could prove; empty is what one hopes for.

    releases: every table ever published, in the order of release. together: further crossings of dims to
    decide. Raises NotPublishable when the tables contradict one another or time runs out.
    """
    found: list[Finding] = []
    for (year, counts), tables in universes(releases).items():
        crossings = [dims for dims in together if all(any(d in t.dims for t in tables) for d in dims)]
        reader = Reader(Lattice(tables, crossings), k, seconds)
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
    """A cell with the unknowns that add up to it, and for "all of parent" those of the rest.

    empty, full: whether a cube has been seen in which the cell is 0, or k − 1. (Withholding only adds cubes.)
    """

    cell: Cell
    inside: Array
    rest: Array | None = None
    empty: bool = False
    full: bool = False


class Reader:
    """One reader of one year: what they can prove, and whether they still can once a row is withheld.

    careful: hold against the figures already that they narrow a small count, 0 to k − 1, at either end.
    """

    def __init__(self, lattice: Lattice, k: int, seconds: float = SECONDS, *, careful: bool = False) -> None:
        self.lattice = lattice
        self.k = k
        self.careful = careful
        self._deadline = time.monotonic() + seconds
        self._matrix = _matrix(lattice)
        self._low = np.array(lattice.low, dtype=np.float64)
        self._high = np.array(lattice.high, dtype=np.float64)

    def withhold(self, release: str, meanings: set[Meaning]) -> None:
        """From now on read as if that release had withheld the rows of these meanings, and only these."""
        for place, said in enumerate(self.lattice.said):
            if said is not None and said[0] == release:
                hidden = said[1] in meanings
                self._low[place] = -np.inf if hidden else self.lattice.low[place]
                self._high[place] = np.inf if hidden else self.lattice.high[place]

    def proofs(self) -> list[Proof]:
        """Every cell that this reader can prove small or all of its parent."""
        left = [*self._small(), *self._whole()]
        first = self._witness()
        if first is None:
            raise NotPublishable("The published figures contradict one another.")
        left = self._still_open(left, first)
        for largest in (False, True):
            while True:
                if not left:
                    return []
                witness = self._sweep(left, largest=largest)
                open_still = left if witness is None else self._still_open(left, witness)
                if len(open_still) == len(left):
                    break
                left = open_still
        proved: list[Proof] = []
        while left:
            proof, *left = left
            held, left = self.decide(proof, left)
            if held:
                proved.append(proof)
        return proved

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
            for dim, name in cell.label if cell.since < 0 else ():
                if self.lattice.members(dim, name) >= set(self.lattice.dims[dim]):
                    continue
                label = tuple(pair for pair in cell.label if pair[0] != dim)
                parent = Cell(label=label, since=cell.since, until=cell.until)
                family = self.lattice.family_of(cell)
                inside = self.lattice.within(family, cell)
                rest = np.setdiff1d(self.lattice.within(family, parent), inside, assume_unique=True)
                proofs.append(Proof(cell=cell, inside=inside, rest=rest))
        return proofs

    def _still_open(self, proofs: list[Proof], witness: Array) -> list[Proof]:
        return [proof for proof in proofs if not self._cleared(proof, witness)]

    def _cleared(self, proof: Proof, witness: Array) -> bool:
        inside = int(witness[proof.inside].sum())
        if proof.rest is None:
            proof.empty |= inside == 0
            proof.full |= inside == self.k - 1 or not self.careful
            return inside >= self.k or (proof.empty and proof.full)
        return inside == 0 or int(witness[proof.rest].sum()) > 0

    def _counterexample(self, proof: Proof, others: Sequence[Proof]) -> list[Array | None]:
        """Cubes in which the cell is not what would be proved; None among them: it is proved.

        Whatever cube is sought, one that clears many of the others too is preferred.
        """
        if proof.rest is not None:
            return [self._either((proof.inside, 0, 0), (proof.rest, 1, np.inf))]
        if not self.careful:
            return [self._either((proof.inside, 0, 0), (proof.inside, self.k, np.inf))]
        large = self._witness(extra=(proof.inside, self.k, np.inf))
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
        witness = self._sweep(others[:200], largest=largest, extra=extra) if others else None
        return self._witness(extra=extra) if witness is None else witness

    def _sweep(self, proofs: Sequence[Proof], *, largest: bool, extra: Extra | None = None) -> Array | None:
        """A cube that makes as many open cells as it can empty, or large."""
        aim = np.zeros(self.lattice.width)
        for proof in proofs:
            aim[proof.inside] += 1
            if proof.rest is not None:
                aim[proof.rest] -= 1
        cap = self.k + max((high for high in self.lattice.high if np.isfinite(high)), default=0.0)
        return self._witness(aim=-aim if largest else aim, cap=cap, extra=extra)

    def _witness(
        self,
        *,
        aim: Array | None = None,
        cap: float = np.inf,
        extra: Extra | None = None,
    ) -> Array | None:
        """A cube that agrees with everything published (and `extra`), or None if there is none."""
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
        answer = milp(
            np.zeros(width) if aim is None else aim,
            integrality=np.ones(width),
            bounds=Bounds(0, cap),
            constraints=bound,
            options={"time_limit": left, "mip_rel_gap": 0.2},
        )
        if answer.status == 2:
            return None
        if answer.x is None:
            raise NotPublishable("The audit could not decide a cell in time, so nothing is published.")
        return self._believed(np.rint(answer.x).astype(np.int64), extra)

    def _believed(self, cube: Array, extra: Extra | None) -> Array:
        sums = self._matrix @ cube
        agrees = bool(np.all(cube >= 0) and np.all(sums >= self._low) and np.all(sums <= self._high))
        if extra is not None:
            agrees = agrees and extra[1] <= int(cube[extra[0]].sum()) <= extra[2]
        if not agrees:
            raise NotPublishable("The solver's answer did not hold when checked, so nothing is published.")
        return cube


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
