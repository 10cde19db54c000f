"""A score over three waves: a normal model with a person's own level and the wave as factor (pure).

Laird & Ware 1982, Biometrics 38:963-974, fitted by restricted maximum likelihood (Patterson & Thompson 1971,
Biometrika 58:545-554). Whoever missed a wave still counts with the others. The model follows from people, sums and sums
of products by who was in which waves, so that no row of anybody is needed and the cost is the same at any size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from survey.effects.curves import f_above, t_beyond, t_quantile
from survey.effects.means import Change
from survey.effects.waves import WAVES, Present
from survey.effects.yes_no import LEVEL

Array = NDArray[Any]
CONTRASTS: Final = ((0, 1), (0, 2), (1, 2))
"""From which wave to which: before to after, before to follow-up, after to follow-up."""
_FARTHEST: Final = 14.0
"""Of the logarithm of the ratio of the two variances; an answer so sure leaves nothing to test by."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mixed:
    """means: of each wave, as the model has them; changes: as CONTRASTS says; f, p: whether the wave matters at all.

    between, within: SD of people's own levels, and of one answer around them. df: answers − people − 2.
    """

    people: int
    answers: int
    means: tuple[float, ...]
    changes: tuple[Change, ...]
    f: float
    df: int
    p: float
    between: float
    within: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fit:
    means: Array
    inverse: Array
    misfit: float
    spread: float


def mixed(groups: Sequence[Present]) -> Mixed | None:
    """The model of these people; None where a wave is missing, nobody came twice, or all changed alike."""
    people = sum(one.n for one in groups)
    answers = sum(one.n * len(one.waves) for one in groups)
    df = answers - people - 2
    if {wave for one in groups for wave in one.waves} != set(range(len(WAVES))) or df < 1:
        return None
    total = sum(float(np.trace(one.products)) for one in groups)
    flat = _fit(groups, 0.0, answers)
    if flat.spread * answers <= 1e-12 * max(1.0, total):
        return None
    found = minimize_scalar(
        lambda at: _fit(groups, exp(at), answers).misfit,
        bounds=(-_FARTHEST, _FARTHEST),
        method="bounded",
        options={"xatol": 1e-11},
    )
    ratio = exp(found.x)
    best = _fit(groups, ratio, answers)
    if flat.misfit <= best.misfit:
        ratio, best = 0.0, flat
    if ratio > exp(_FARTHEST - 0.1):
        return None
    return _told(best, ratio, people, answers, df)


def _fit(groups: Sequence[Present], ratio: float, answers: int) -> _Fit:
    """Everything at one ratio of the two variances. misfit: −2 log restricted likelihood, but for a constant."""
    size = len(WAVES)
    crossed, reached, square, extra = np.zeros((size, size)), np.zeros(size), 0.0, 0.0
    for one in groups:
        k, at = len(one.waves), list(one.waves)
        shrink = ratio / (1 + k * ratio)
        weight = np.eye(k) - shrink
        sums, products = np.array(one.sums), np.array(one.products)
        crossed[np.ix_(at, at)] += one.n * weight
        reached[at] += weight @ sums
        square += float(np.trace(products) - shrink * products.sum())
        extra += one.n * log(1 + k * ratio)
    means = np.linalg.solve(crossed, reached)
    left = max(square - float(means @ reached), 1e-300)
    free = answers - size
    misfit = free * log(left / free) + extra + float(np.linalg.slogdet(crossed)[1])
    return _Fit(means=means, inverse=np.linalg.inv(crossed), misfit=misfit, spread=left / free)


def _told(fit: _Fit, ratio: float, people: int, answers: int, df: int) -> Mixed:
    covariance = fit.spread * fit.inverse
    changes = tuple(_change(fit.means, covariance, one, other, df) for one, other in CONTRASTS)
    away = np.array([[-1.0, 1.0, 0.0], [-1.0, 0.0, 1.0]])
    moved = away @ fit.means
    f = float(moved @ np.linalg.solve(away @ covariance @ away.T, moved)) / 2
    return Mixed(
        people=people,
        answers=answers,
        means=tuple(fit.means.tolist()),
        changes=changes,
        f=f,
        df=df,
        p=f_above(f, 2, df),
        between=sqrt(ratio * fit.spread),
        within=sqrt(fit.spread),
    )


def _change(means: Array, covariance: Array, one: int, other: int, df: int) -> Change:
    error = sqrt(covariance[one, one] + covariance[other, other] - 2 * covariance[one, other])
    change = float(means[other] - means[one])
    half = t_quantile((1 + LEVEL) / 2, df) * error
    t = change / error
    p = t_beyond(t, df)
    return Change(change=change, interval=(change - half, change + half), t=t, df=df, p=p)
