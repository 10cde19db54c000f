"""Ranks: did single ratings move up or down, without taking their levels for distances (pure).

Values come with counts; the cost depends on how many different values there are, not on people.
"""

from __future__ import annotations

from math import sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from survey.effects.curves import normal_beyond, normal_quantile, t_quantile
from survey.effects.yes_no import LEVEL, Interval

EXACT_UP_TO: Final = 50
Array = NDArray[Any]


def wilcoxon_pratt(changes: Array, counts: Array) -> tuple[float, float]:
    """Two-sided p of the signed-rank test, and the matched-pairs rank-biserial correlation.

    Those who did not move are ranked too and then dropped (Pratt 1959, JASA 54:655-667). With at most 50
    who moved the p is exact, given the tied ranks; above, normal with tie correction and without
    continuity correction. Rank-biserial: (R+ − R−)/(R+ + R−) (Kerby 2014); 0 where nobody moved.
    """
    changes = np.round(changes, 9)
    sizes, place = np.unique(np.abs(changes), return_inverse=True)
    tied = np.bincount(place, weights=counts)
    ranks = np.cumsum(tied) - (tied - 1) / 2
    up = float((ranks[place] * counts)[changes > 0].sum())
    down = float((ranks[place] * counts)[changes < 0].sum())
    if up + down == 0:
        return 1.0, 0.0
    moved = sizes > 0
    biserial = (up - down) / (up + down)
    if tied[moved].sum() <= EXACT_UP_TO:
        return _exact(up, ranks[moved], tied[moved].astype(int)), biserial
    variance = float((ranks[moved] ** 2) @ tied[moved]) / 4
    z = (up - down) / 2 / sqrt(variance)
    return normal_beyond(z), biserial


def _exact(up: float, ranks: Array, tied: Array) -> float:
    """Twice the smaller tail of R+ when every sign is a toss of a coin; ranks are doubled to be whole."""
    ways = np.ones(1)
    for rank, people in zip(np.rint(2 * ranks).astype(int), tied, strict=True):
        tosses = np.zeros(rank * people + 1)
        tosses[::rank] = special.binom(people, np.arange(people + 1)) * 0.5**people
        ways = np.convolve(ways, tosses)
    seen = round(2 * up)
    return min(1.0, 2 * float(min(ways[: seen + 1].sum(), ways[seen:].sum())))


def cliffs_delta(before: Array, n_before: Array, after: Array, n_after: Array) -> tuple[float, Interval]:
    """How much more often a value after is above one before than below it, −1 to 1, with its interval.

    Cliff 1996; interval of Feng & Cliff 2004, Journal of Modern Applied Statistical Methods 3(2):322-332:
    asymmetric, unbiased variance, Student's t with m + n − 2 degrees of freedom; as R's effsize gives it.
    The variance is never taken below Cliff's least, (1 − δ²)/(mn − 1), and where the waves do not overlap
    at all δ is drawn in by 1/(mn) for the inner limit.
    """
    m, n = float(n_after.sum()), float(n_before.sum())
    sign = np.sign(after[:, None] - before[None, :])
    by_after, by_before = sign @ n_before / n, n_after @ sign / m
    delta = float(by_after @ n_after) / m
    inner = delta * (1 - 1 / (m * n)) if abs(delta) >= 1 else delta
    rows = n * n * float(((by_after - inner) ** 2) @ n_after)
    columns = m * m * float(((by_before - inner) ** 2) @ n_before)
    cells = float(n_after @ (sign - inner) ** 2 @ n_before)
    variance = (rows + columns - cells) / (m * n * (m - 1) * (n - 1))
    variance = max(variance, (1 - inner**2) / (m * n - 1))
    t = t_quantile((1 + LEVEL) / 2, m + n - 2)
    half = t * sqrt(variance) * sqrt((1 - inner**2) ** 2 + t * t * variance)
    below = 1 - inner**2 + t * t * variance
    low, high = (inner - inner**3 - half) / below, (inner - inner**3 + half) / below
    return delta, (-1.0 if delta <= -1 else max(-1.0, low), 1.0 if delta >= 1 else min(1.0, high))


def hodges_lehmann(changes: Array, counts: Array, level: float = LEVEL) -> tuple[float, Interval]:
    """The typical change: the median of all means of two changes, with the interval of the signed-rank test.

    Hodges & Lehmann 1963, Annals of Mathematical Statistics 34:598-611; the interval by the normal approximation of
    the signed-rank statistic without ties. Cost: the square of how many different changes there are.
    """
    values, place = np.unique(np.round(np.asarray(changes, dtype=float), 9), return_inverse=True)
    people = np.bincount(place, weights=counts)
    n = float(people.sum())
    one, other = np.triu_indices(len(values))
    means = (values[one] + values[other]) / 2
    pairs = np.where(one == other, people[one] * (people[one] + 1) / 2, people[one] * people[other])
    order = np.argsort(means)
    means, upto = means[order], np.cumsum(pairs[order])
    total = n * (n + 1) / 2
    away = normal_quantile((1 + level) / 2) * sqrt(n * (n + 1) * (2 * n + 1) / 24)
    low = max(1.0, np.floor(total / 2 - away) + 1)

    def at(place: float) -> float:
        return float(means[min(int(np.searchsorted(upto, place)), len(means) - 1)])

    middle = (at(np.floor((total + 1) / 2)) + at(np.ceil((total + 1) / 2))) / 2
    return middle, (at(low), at(total + 1 - low))
