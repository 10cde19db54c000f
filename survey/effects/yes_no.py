"""Shares of right answers: tests and intervals for two waves, linked or not (pure).

Every function takes counts and returns shares between −1 and 1, after minus before.
"""

from __future__ import annotations

from math import sqrt
from typing import Final

from scipy.optimize import brentq

from survey.effects.curves import normal_quantile, tosses_exactly, tosses_upto

LEVEL: Final = 0.95
Interval = tuple[float, float]


def critical(level: float = LEVEL) -> float:
    """The two-sided normal critical value."""
    return normal_quantile((1 + level) / 2)


def mcnemar_exact(gained: int, lost: int) -> float:
    """Two-sided exact conditional p for equal numbers of gained and lost (McNemar 1947)."""
    few, all_changed = min(gained, lost), gained + lost
    return min(1.0, 2 * tosses_upto(few, all_changed))


def mcnemar_mid_p(gained: int, lost: int) -> float:
    """McNemar's mid-p, close to its level where the exact p is too careful.

    Fagerland, Lydersen & Laake 2013, BMC Medical Research Methodology 13:91.
    """
    few, all_changed = min(gained, lost), gained + lost
    mid = 2 * tosses_upto(few, all_changed) - tosses_exactly(few, all_changed)
    return min(1.0, float(mid))


def wilson(right: int, n: int, level: float = LEVEL) -> Interval:
    """Wilson's score interval of one share (1927)."""
    z = critical(level)
    middle = (right + z * z / 2) / (n + z * z)
    half = z * sqrt(right * (n - right) / n + z * z / 4) / (n + z * z)
    return max(0.0, middle - half), min(1.0, middle + half)


def tango(gained: int, lost: int, n: int, level: float = LEVEL) -> Interval:
    """Score interval of the difference of paired shares (Tango 1998, Statistics in Medicine 17:891-908).

    The limits are the differences δ at which the score statistic reaches the critical value, with the
    probability of losing at its maximum likelihood given δ.
    """
    z, share = critical(level), (gained - lost) / n

    def score(delta: float) -> float:
        b = -gained - lost + (2 * n - gained + lost) * delta
        c = -lost * delta * (1 - delta)
        lose = (sqrt(max(0.0, b * b - 8 * n * c)) - b) / (4 * n)
        variance = n * (2 * lose + delta * (1 - delta))
        return (gained - lost - n * delta) / sqrt(variance) if variance > 0 else 0.0

    edge = 1e-12
    low = -1.0 if lost == n else brentq(lambda d: score(d) - z, -1 + edge, share, xtol=1e-12)
    high = 1.0 if gained == n else brentq(lambda d: score(d) + z, share, 1 - edge, xtol=1e-12)
    return float(low), float(high)


def newcombe_paired(both: int, gained: int, lost: int, neither: int, level: float = LEVEL) -> Interval:
    """Square-and-add interval of the difference of paired shares.

    Newcombe 1998, Statistics in Medicine 17:2635-2650, method 10 (Wilson limits, corrected φ).
    """
    n = both + gained + lost + neither
    before, after = both + lost, both + gained
    (l1, u1), (l2, u2) = wilson(after, n, level), wilson(before, n, level)
    p1, p2 = after / n, before / n
    phi = _phi(both, gained, lost, neither)
    down = (p1 - l1) ** 2 - 2 * phi * (p1 - l1) * (u2 - p2) + (u2 - p2) ** 2
    up = (p2 - l2) ** 2 - 2 * phi * (p2 - l2) * (u1 - p1) + (u1 - p1) ** 2
    return p1 - p2 - sqrt(max(0.0, down)), p1 - p2 + sqrt(max(0.0, up))


def _phi(both: int, gained: int, lost: int, neither: int) -> float:
    n = both + gained + lost + neither
    product = (both + gained) * (lost + neither) * (both + lost) * (gained + neither)
    if product == 0:
        return 0.0
    excess = both * neither - gained * lost
    if excess > 0:
        return max(excess - n / 2, 0.0) / sqrt(product)
    return excess / sqrt(product)


def newcombe_apart(before: int, n_before: int, after: int, n_after: int, level: float = LEVEL) -> Interval:
    """Interval of the difference of two independent shares.

    Newcombe 1998, Statistics in Medicine 17:873-890, method 10 (Wilson limits, no correction).
    """
    p1, p2 = after / n_after, before / n_before
    (l1, u1), (l2, u2) = wilson(after, n_after, level), wilson(before, n_before, level)
    low = p1 - p2 - sqrt((p1 - l1) ** 2 + (u2 - p2) ** 2)
    return low, p1 - p2 + sqrt((u1 - p1) ** 2 + (p2 - l2) ** 2)
