"""The same change without taking levels for distances: proportional odds, as a check of the means (pure).

McCullagh 1980, Journal of the Royal Statistical Society B 42:109-142. All answers of each wave, as if nobody were
joined, so that the interval is rather too wide than too narrow where people were.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from survey.effects.curves import normal_beyond, normal_quantile
from survey.effects.yes_no import LEVEL, Interval

Array = NDArray[Any]
_STEPS: Final = 60
_LEAST: Final = 1e-12
_FARTHEST: Final = 15.0
"""Log odds beyond which the two waves do not overlap: the estimate has no bound."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Odds:
    """odds: how many times the odds of standing above any level are after what they were before; and log odds, z, p."""

    odds: float
    interval: Interval
    log_odds: float
    error: float
    z: float
    p: float


def proportional_odds(before: Array, after: Array, level: float = LEVEL) -> Odds | None:
    """From counts at each level, lowest first. None where all stand at one level or the waves do not overlap."""
    counts = np.array([before, after], dtype=float)
    counts = counts[:, counts.sum(0) > 0]
    if counts.shape[1] < 2 or (counts.sum(1) == 0).any():
        return None
    peak = _peak(counts)
    if peak is None:
        return None
    found, error = peak
    half = normal_quantile((1 + level) / 2) * error
    return Odds(
        odds=exp(found),
        interval=(exp(found - half), exp(found + half)),
        log_odds=found,
        error=error,
        z=found / error,
        p=normal_beyond(found / error),
    )


def _peak(counts: Array) -> tuple[float, float] | None:
    """The most likely log odds and its error, by Newton's steps that never go down; None where it has no bound."""
    shares = np.cumsum(counts.sum(0))[:-1] / counts.sum()
    free = np.append(np.log(shares / (1 - shares)), 0.0)
    value, slope, bend = _likelihood(free, counts)
    step, left = np.ones(1), _STEPS
    while float(np.abs(step).max()) > 1e-11 and left:
        left -= 1
        step = np.linalg.solve(bend, slope)
        tried = _likelihood(free + step, counts)
        while tried[0] < value - 1e-9 and float(np.abs(step).max()) > 1e-12:
            step = step / 2
            tried = _likelihood(free + step, counts)
        free = free + step
        value, slope, bend = tried
        if abs(free[-1]) > _FARTHEST:
            return None
    return float(free[-1]), sqrt(float(np.linalg.inv(bend)[-1, -1]))


def _likelihood(free: Array, counts: Array) -> tuple[float, Array, Array]:
    """Log likelihood, its slope, and the bend that makes it a peak; −∞ where limits are out of order.

    free: the limits between levels, then the log odds. P(level ≤ j) = 1 / (1 + e^(change·after − limit_j)).
    """
    limits, size = free[:-1], len(free)
    value, slope, bend = 0.0, np.zeros(size), np.zeros((size, size))
    for wave, people in enumerate(counts):
        below = np.concatenate([[0.0], 1 / (1 + np.exp(np.clip(free[-1] * wave - limits, -700, 700))), [1.0]])
        share = np.diff(below)
        if (share < _LEAST).any():
            return float("-inf"), slope, bend
        value += float(people @ np.log(share))
        steep = below * (1 - below)
        turned = steep * (1 - 2 * below)
        # Of each limit's place η = limit − change·wave: how `below` at it moves with every free number.
        moves = np.zeros((size + 1, size))
        moves[1:-1, :-1] = np.eye(size - 1)
        moves[1:-1, -1] = -float(wave)
        first = (steep[:, None] * moves)[1:] - (steep[:, None] * moves)[:-1]
        slope += (people / share) @ first
        bend += (first.T * (people / share**2)) @ first
        pull = people / share
        outer = np.concatenate([[0.0], pull[:-1] - pull[1:], [0.0]]) * turned
        bend -= (moves.T * outer) @ moves
    return value, slope, bend
