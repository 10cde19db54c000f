"""Do the items of a scale hang together: alpha with its interval, alpha if dropped, omega (pure).

Everything follows from the covariances of the items among people who answered all of them, so that the frozen
tables need no row of anybody. Too few items or people are said, not computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from survey.effects.curves import f_quantile
from survey.effects.yes_no import LEVEL, Interval

FEWEST_ITEMS: Final = 3
FEWEST_PEOPLE: Final = 100
_LEAST: Final = 0.005
"""Of an item's variance, at least this share is its own: without a floor the likelihood may run away (Heywood)."""

Array = NDArray[Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reliability:
    """Of one scale in one wave. dropped: alpha without each item, in order; omega None where no fit was found."""

    n: int
    items: int
    alpha: float
    interval: Interval
    dropped: tuple[float, ...]
    omega: float | None


def reliability(covariance: Array, n: int) -> Reliability | None:
    """All of it; None for fewer than 3 items or 100 people, or where an item does not vary."""
    covariance = np.asarray(covariance, dtype=float)
    items = len(covariance)
    if items < FEWEST_ITEMS or n < FEWEST_PEOPLE or (covariance.diagonal() <= 0).any():
        return None
    value = alpha(covariance)
    return Reliability(
        n=n,
        items=items,
        alpha=value,
        interval=feldt(value, n, items),
        dropped=tuple(alpha(np.delete(np.delete(covariance, one, 0), one, 1)) for one in range(items)),
        omega=omega(covariance),
    )


def discrimination(covariance: Array) -> tuple[float | None, ...]:
    """Of each item: its correlation with the sum of the others; None where one of the two does not vary.

    The corrected item-total correlation (Nunnally & Bernstein 1994, Psychometric Theory, ch. 8); of right and wrong
    answers it is the point-biserial one.
    """
    covariance = np.asarray(covariance, dtype=float)
    found: list[float | None] = []
    for one in range(len(covariance)):
        others = np.delete(np.delete(covariance, one, 0), one, 1).sum()
        below = float(covariance[one, one] * others)
        with_rest = float(covariance[one].sum() - covariance[one, one])
        found.append(with_rest / sqrt(below) if below > 1e-12 else None)
    return tuple(found)


def alpha(covariance: Array) -> float:
    """Cronbach's alpha (Cronbach 1951, Psychometrika 16:297-334) from the items' covariances."""
    items = len(covariance)
    return items / (items - 1) * (1 - float(np.trace(covariance)) / float(covariance.sum()))


def feldt(value: float, n: int, items: int, level: float = LEVEL) -> Interval:
    """The interval of an alpha found among n people (Feldt 1965; Feldt, Woodruff & Salih 1987, APM 11:93-103)."""
    people, both = n - 1, (n - 1) * (items - 1)
    tail = (1 - level) / 2
    upper, lower = (f_quantile(share, people, both) for share in (tail, 1 - tail))
    return 1 - (1 - value) * lower, 1 - (1 - value) * upper


def omega(covariance: Array) -> float | None:
    """McDonald's omega from a model of one common factor, fitted by maximum likelihood to the correlations.

    McDonald 1999, Test Theory; the model of Jöreskog 1967, Psychometrika 32:443-482. Total-score omega in the units
    of the items: (Σλ)² / ((Σλ)² + Σψ). None where the fit does not converge.
    """
    scale = np.sqrt(covariance.diagonal())
    correlation = covariance / np.outer(scale, scale)

    def misfit(free: Array) -> tuple[float, Array]:
        return _misfit(free, correlation)

    start = np.full(len(scale), 0.5)
    fitted = minimize(misfit, start, jac=True, method="L-BFGS-B", bounds=[(_LEAST, 1.0)] * len(scale))
    if not fitted.success:
        return None
    own = fitted.x
    loadings = _loadings(own, correlation) * scale
    common = float(loadings.sum()) ** 2
    return common / (common + float((own * scale**2).sum()))


def _misfit(own: Array, correlation: Array) -> tuple[float, Array]:
    """Minus the concentrated likelihood of one factor for these own variances, and its slope."""
    root = np.sqrt(own)
    rest = np.linalg.eigvalsh(correlation / np.outer(root, root))[:-1]
    value = float((rest - np.log(np.maximum(rest, 1e-12)) - 1).sum())
    loadings = _loadings(own, correlation)
    model = np.outer(loadings, loadings) + np.diag(own)
    return value, ((model - correlation).diagonal()) / own**2


def _loadings(own: Array, correlation: Array) -> Array:
    root = np.sqrt(own)
    values, vectors = np.linalg.eigh(correlation / np.outer(root, root))
    loadings = root * vectors[:, -1] * sqrt(max(float(values[-1]) - 1, 0.0))
    return np.asarray(loadings if loadings.sum() >= 0 else -loadings)
