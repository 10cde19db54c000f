"""Change of means: linked, not linked, and everyone together, with effect sizes (pure).

Samples are given as values with counts, so that the cost does not grow with the number of people.
Every difference is after minus before.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import special
from scipy.optimize import brentq

from survey.effects.curves import t_beyond, t_quantile
from survey.effects.yes_no import LEVEL, Interval

SMALL_SAMPLE: Final = 50
Array = NDArray[Any]


def _legendre(n: int) -> tuple[Array, Array]:
    """Gauss's nodes and weights on −1 to 1, by Newton's steps: in a fiftieth of the time that eigenvalues take."""
    x = np.cos(np.pi * (np.arange(n) + 0.75) / (n + 0.5))
    slope = x
    for _ in range(6):
        before, here = np.ones(n), x
        for k in range(2, n + 1):
            before, here = here, ((2 * k - 1) * x * here - (k - 1) * before) / k
        slope = n * (x * here - before) / (x * x - 1)
        x = x - here / slope
    return x, 2 / ((1 - x * x) * slope**2)


_NODES, _WEIGHTS = _legendre(240)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """Size, mean and standard deviation (n − 1 below it) of one wave's values."""

    n: int
    mean: float
    sd: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A change of means with its interval; t, df and p are None where nothing varies."""

    change: float
    interval: Interval
    t: float | None
    df: float | None
    p: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sizes:
    """Standardised change. dz: by the SD of the changes; d_av: by the mean of the two SDs.

    The hedges fields carry Hedges' correction and are filled below 50 pairs.
    """

    dz: float
    dz_interval: Interval
    d_av: float
    dz_hedges: float | None
    d_av_hedges: float | None


def sample(values: Array, counts: Array) -> Sample:
    """Moments of values that occur `counts` times; at least two people."""
    n = int(counts.sum())
    mean = float(values @ counts) / n
    variance = float(((values - mean) ** 2) @ counts) / (n - 1)
    return Sample(n=n, mean=mean, sd=_root(variance, mean))


def _root(variance: float, scale: float) -> float:
    """The SD, with the dust of rounding taken for the nothing that it is."""
    return 0.0 if variance <= (1e-9 * max(1.0, abs(scale))) ** 2 else sqrt(variance)


def _tested(change: float, error: float, df: float, level: float = LEVEL) -> Change:
    if error == 0:
        return Change(change=change, interval=(change, change), t=None, df=None, p=None)
    half = t_quantile((1 + level) / 2, df) * error
    t = change / error
    return Change(
        change=change,
        interval=(change - half, change + half),
        t=t,
        df=df,
        p=t_beyond(t, df),
    )


def paired(before: Array, after: Array, counts: Array) -> Change:
    """Mean change of linked people with Student's interval and paired t."""
    changes = sample(np.round(after - before, 9), counts)
    return _tested(changes.mean, changes.sd / sqrt(changes.n), changes.n - 1)


def mean_change(n: int, total: float, squares: float) -> Change:
    """Mean change of a group with Student's interval, from its sum and sum of squares; at least two people."""
    mean = total / n
    sd = _root(max(0.0, (squares - total * mean) / (n - 1)), mean)
    return _tested(mean, sd / sqrt(n), n - 1)


def sizes(before: Array, after: Array, counts: Array) -> Sizes | None:
    """Standardised change of linked people; None where all changed alike.

    dz = t/√n with the interval of the noncentral t (Steiger & Fouladi 1997); d_av as in Cumming 2012 and
    Lakens 2013, Frontiers in Psychology 4:863; Hedges 1981.
    """
    changes = sample(np.round(after - before, 9), counts)
    if changes.sd == 0:
        return None
    one, other = sample(before, counts), sample(after, counts)
    dz, spread = changes.mean / changes.sd, (one.sd + other.sd) / 2
    d_av = changes.mean / spread
    factor = hedges(changes.n - 1) if changes.n < SMALL_SAMPLE else None
    low, high = noncentrality(dz * sqrt(changes.n), changes.n - 1)
    return Sizes(
        dz=dz,
        dz_interval=(low / sqrt(changes.n), high / sqrt(changes.n)),
        d_av=d_av,
        dz_hedges=None if factor is None else dz * factor,
        d_av_hedges=None if factor is None else d_av * factor,
    )


def hedges(df: float) -> float:
    """Hedges' exact correction of the small-sample bias, Γ(df/2) / (√(df/2) Γ((df−1)/2)) (1981)."""
    return exp(float(special.gammaln(df / 2) - special.gammaln((df - 1) / 2))) / sqrt(df / 2)


def noncentrality(t: float, df: float, level: float = LEVEL) -> Interval:
    """The noncentralities under which the observed t is just at either end of the level."""
    tail = (1 - level) / 2
    reach = 8 * sqrt(1 + t * t / (2 * df)) + 2

    def limit(share: float) -> float:
        return float(brentq(lambda nc: below(t, df, nc) - share, t - reach, t + reach, xtol=1e-10))

    return limit(1 - tail), limit(tail)


def below(t: float, df: float, nc: float) -> float:
    """P(T ≤ t) of the noncentral t, by its definition: Φ(t·s − nc) averaged over s = √(χ²/df).

    scipy's own is NaN in far tails, where the search for a limit has to pass.
    """
    spread = 1 / sqrt(2 * df)
    low, high = max(0.0, 1 - 14 * spread), 1 + 14 * spread
    s = low + (high - low) * (_NODES + 1) / 2
    density = np.exp(
        np.log(2 * s)
        + special.xlogy(df / 2 - 1, s * s)
        + df / 2 * np.log(df / 2)
        - s * s * df / 2
        - special.gammaln(df / 2)
    )
    return float((special.ndtr(t * s - nc) * density) @ _WEIGHTS) * (high - low) / 2


def welch(before: Sample, after: Sample) -> Change:
    """Two independent samples with unequal variances (Welch 1947, Satterthwaite's df)."""
    one, other = before.sd**2 / before.n, after.sd**2 / after.n
    return _tested(after.mean - before.mean, sqrt(one + other), _welch_df(before, after))


def _welch_df(before: Sample, after: Sample) -> float:
    one, other = before.sd**2 / before.n, after.sd**2 / after.n
    below = one**2 / (before.n - 1) + other**2 / (after.n - 1)
    return (one + other) ** 2 / below if below > 0 else inf


def partly_overlapping(before: Sample, after: Sample, pairs: int, r: float, *, equal: bool = False) -> Change:
    """Everyone, some of them linked: the partially overlapping samples t.

    before, after: all answers of each wave, the linked included. r: correlation among the linked (0 where
    one of the two does not vary). Derrick, Russ, Toher & White 2017, Journal of Modern Applied Statistical
    Methods 16(1):137-157: T_new2, or T_new1 with `equal` variances. With every answer linked T_new2 is the
    paired t, with none it is Welch's.
    """
    n1, n2 = before.n, after.n
    alone = n1 + n2 - 2 * pairs
    if equal:
        pooled = ((n1 - 1) * before.sd**2 + (n2 - 1) * after.sd**2) / (n1 + n2 - 2)
        variance = pooled * (1 / n1 + 1 / n2 - 2 * r * pairs / (n1 * n2))
        gamma = float(n1 + n2 - 2)
    else:
        shared = 2 * r * before.sd * after.sd * pairs / (n1 * n2)
        variance = before.sd**2 / n1 + after.sd**2 / n2 - shared
        gamma = _welch_df(before, after)
    if variance <= 1e-18:
        return _tested(after.mean - before.mean, 0.0, 1.0)
    df = (pairs - 1) + (gamma - pairs + 1) / (n1 + n2) * alone
    return _tested(after.mean - before.mean, sqrt(variance), df)


def correlation(before: Array, after: Array, counts: Array) -> float:
    """Pearson's r of linked values; 0 where one of the two does not vary."""
    one, other = sample(before, counts), sample(after, counts)
    if one.sd == 0 or other.sd == 0:
        return 0.0
    together = float(((before - one.mean) * (after - other.mean)) @ counts) / (one.n - 1)
    return together / (one.sd * other.sd)


def smallest_detectable(n: int, power: float = 0.8, level: float = LEVEL) -> float:
    """The smallest dz that a paired t with n pairs finds with this power (two-sided; n at least 3)."""
    df = n - 1
    bar = t_quantile((1 + level) / 2, df)

    def missing(dz: float) -> float:
        nc = dz * sqrt(n)
        return 1 - below(bar, df, nc) + below(-bar, df, nc) - power

    return float(brentq(missing, 1e-6, 12.0, xtol=1e-10))
