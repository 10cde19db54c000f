"""People of one unit answer alike: methods for imported data that carry a unit (pure).

The centre's own rounds know no unit (P10) and never come here. A result whose units are too few for the usual
theory is tested by turning the signs of whole units instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from survey.effects.curves import t_beyond, t_quantile
from survey.effects.yes_no import LEVEL, Interval

FEW_UNITS: Final = 10
_EVERY_SIGN_UP_TO: Final = 14
_DRAWS: Final = 20_000

Array = NDArray[Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Alike:
    """Intraclass correlation of one-way units, the design effect at their mean size, and how many there are."""

    icc: float
    design_effect: float
    units: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Coefficient:
    """One coefficient with its CR2 error, Satterthwaite degrees of freedom, t, p and interval."""

    value: float
    error: float
    df: float
    t: float
    p: float
    interval: Interval


def alike(values: Array, units: Array) -> Alike | None:
    """ICC(1) by analysis of variance and 1 + (m − 1) ICC; None with one unit, or where every unit has one person.

    Donner 1986, International Statistical Review 54:67-82, with his m₀ for units of unequal size. A negative
    estimate stays negative; its design effect is then taken as 1.
    """
    values = np.asarray(values, dtype=float)
    _, place, sizes = np.unique(units, return_inverse=True, return_counts=True)
    k, n = len(sizes), len(values)
    if k < 2 or n == k:
        return None
    means = np.bincount(place, weights=values) / sizes
    between = float(sizes @ (means - values.mean()) ** 2) / (k - 1)
    within = float(((values - means[place]) ** 2).sum()) / (n - k)
    typical = (n - float((sizes**2).sum()) / n) / (k - 1)
    below = between + (typical - 1) * within
    icc = (between - within) / below if below else 0.0
    return Alike(icc=icc, design_effect=max(1.0, 1 + (n / k - 1) * icc), units=k)


def regress(design: Array, outcome: Array, units: Array, level: float = LEVEL) -> list[Coefficient]:
    """Least squares with errors that allow for units: CR2 with Satterthwaite degrees of freedom.

    design: one row a person, one column a coefficient, with a column of ones where an intercept is meant.
    Bell & McCaffrey 2002, Survey Methodology 28:169-181; Pustejovsky & Tipton 2018, JBES 36:672-683, working model
    of independence. ValueError where a coefficient cannot be told apart or there are fewer than two units.
    """
    design, outcome = np.asarray(design, dtype=float), np.asarray(outcome, dtype=float)
    names = list(dict.fromkeys(np.asarray(units).tolist()))
    if len(names) < 2 or np.linalg.matrix_rank(design) < design.shape[1]:
        raise ValueError("These coefficients cannot be told apart, or there are fewer than two units.")
    bread = np.linalg.inv(design.T @ design)
    found = bread @ design.T @ outcome
    left = outcome - design @ found
    groups = [np.flatnonzero(np.asarray(units) == one) for one in names]
    # For each unit: how its residuals, corrected for what the fit has taken from them, reach each coefficient.
    reach = [bread @ design[rows].T @ _corrected(design[rows], bread) for rows in groups]
    scores = np.array([weights @ left[rows] for weights, rows in zip(reach, groups, strict=True)])
    errors = np.sqrt((scores**2).sum(0))
    away = np.eye(len(outcome)) - design @ bread @ design.T
    return [
        _coefficient(float(found[one]), float(errors[one]), _freedom(one, reach, groups, away), level)
        for one in range(len(found))
    ]


def ancova(before: Array, after: Array, treated: Array, units: Array) -> Coefficient:
    """The difference after between treated and not, for people who were equal before; 0 and 1 in `treated`."""
    design = np.column_stack([np.ones(len(before)), treated, before])
    return regress(design, after, units)[1]


def difference_in_differences(outcome: Array, wave: Array, treated: Array, units: Array) -> Coefficient:
    """How much more the treated changed than the others: treated × wave, both 0 and 1, one row an answer."""
    treated, wave = np.asarray(treated, dtype=float), np.asarray(wave, dtype=float)
    design = np.column_stack([np.ones(len(wave)), treated, wave, treated * wave])
    return regress(design, outcome, units)[3]


def turned_signs(changes: Array, units: Array, *, seed: int = 20_201_115) -> float:
    """Two-sided p of the mean change when each unit's sign is a toss of a coin: for fewer than ten units.

    All signs up to 14 units, else 20,000 draws from a seed that is always the same, with the one observed counted in
    (Phipson & Smyth 2010). Units weigh by their people.
    """
    _, place = np.unique(units, return_inverse=True)
    # Sorted, so that the units' names decide nothing about which draw meets which unit.
    sums = np.sort(np.bincount(place, weights=np.asarray(changes, dtype=float)))
    seen = abs(float(sums.sum())) - 1e-9
    if len(sums) <= _EVERY_SIGN_UP_TO:
        signs = np.array(list(product((-1, 1), repeat=len(sums))))
        return float((np.abs(signs @ sums) >= seen).mean())
    signs = np.random.default_rng(seed).choice((-1, 1), size=(_DRAWS, len(sums)))
    return float(((np.abs(signs @ sums) >= seen).sum() + 1) / (_DRAWS + 1))


def _corrected(rows: Array, bread: Array) -> Array:
    """The symmetric inverse root of I − H for one unit; what the fit used up entirely is left at nothing."""
    values, vectors = np.linalg.eigh(np.eye(len(rows)) - rows @ bread @ rows.T)
    root = np.array([1 / sqrt(one) if one > 1e-10 else 0.0 for one in values])
    return np.asarray((vectors * root) @ vectors.T)


def _freedom(one: int, reach: list[Array], groups: list[Array], away: Array) -> float:
    """Satterthwaite's degrees of freedom of one CR2 variance, under independent equal errors."""
    columns = np.column_stack(
        [away[:, rows] @ weights[one] for weights, rows in zip(reach, groups, strict=True)]
    )
    inner = columns.T @ columns
    return float(np.trace(inner) ** 2 / (inner**2).sum())


def _coefficient(value: float, error: float, df: float, level: float) -> Coefficient:
    t = value / error if error else float("inf") * np.sign(value or 1)
    reach = t_quantile((1 + level) / 2, df) * error
    p = t_beyond(t, df)
    return Coefficient(
        value=value, error=error, df=df, t=float(t), p=p, interval=(value - reach, value + reach)
    )
