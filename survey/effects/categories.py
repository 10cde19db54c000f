"""More than two answers, more than two waves: did the shares change (pure).

Tables count linked people: rows are the answer before, columns the answer after, in the same order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from survey.effects.curves import chi_above

Array = NDArray[Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class ChiSquared:
    """A test statistic that follows chi-squared with `df` degrees of freedom, and its p."""

    statistic: float
    df: int
    p: float


def stuart_maxwell(table: Array) -> ChiSquared | None:
    """Whether the shares of all answers together are the same before and after; None where nobody moved.

    Stuart 1955, Biometrika 42:412-416; Maxwell 1970, British Journal of Psychiatry 116:651-655. No count is
    added to empty cells. An answer that nobody gave, or that all who gave it kept, says nothing and is left out.
    """
    table = np.asarray(table, dtype=float)
    before, after, stayed = table.sum(1), table.sum(0), table.diagonal()
    told = (before + after - 2 * stayed) > 0
    if not told.any():
        return None
    difference = (before - after)[told]
    variance = -(table + table.T)[np.ix_(told, told)]
    np.fill_diagonal(variance, (before + after - 2 * stayed)[told])
    # The differences add up to nothing within each set of answers between which people moved: the rank says how often.
    df = int(np.linalg.matrix_rank(variance))
    statistic = float(difference @ np.linalg.pinv(variance, hermitian=True) @ difference)
    return ChiSquared(statistic=statistic, df=df, p=chi_above(statistic, df))


def bhapkar(table: Array) -> ChiSquared | None:
    """The same question with the variance taken as observed, a little more powerful; None where nobody moved.

    Bhapkar 1966, JASA 61:228-235: the Stuart-Maxwell statistic divided by 1 − statistic / n. Where everybody moved
    in one direction the statistic has no bound; it is then given as infinite, with p = 0.
    """
    found = stuart_maxwell(table)
    if found is None:
        return None
    left = 1 - found.statistic / float(np.asarray(table).sum())
    statistic = found.statistic / left if left > 1e-12 else float("inf")
    return ChiSquared(statistic=statistic, df=found.df, p=chi_above(statistic, found.df))


def cochrans_q(patterns: Array, people: Array) -> ChiSquared | None:
    """Whether the share of right answers is the same in all waves, for people who answered each.

    patterns: one row a pattern of 0 and 1, one column a wave; people: how many showed each. None where nobody's
    answers differed between waves. Cochran 1950, Biometrika 37:256-266.
    """
    patterns, people = np.asarray(patterns, dtype=float), np.asarray(people, dtype=float)
    waves = patterns.shape[1]
    right, each = people @ patterns, patterns.sum(1)
    below = float(people @ (each * (waves - each)))
    if below == 0:
        return None
    statistic = (waves - 1) * float(waves * (right**2).sum() - right.sum() ** 2) / below
    return ChiSquared(statistic=statistic, df=waves - 1, p=chi_above(statistic, waves - 1))
