"""Many tests of one family: p adjusted so that chance alone rarely looks like a finding (pure)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def holm(p: Sequence[float]) -> list[float]:
    """p adjusted for claims: the chance of any false one in the family stays below the level.

    Holm 1979, Scandinavian Journal of Statistics 6:65-70. In the order given; an empty family stays empty.
    """
    raw = np.asarray(p, dtype=float)
    order = np.argsort(raw, kind="stable")
    steps = raw[order] * np.arange(raw.size, 0, -1)
    return _back(np.minimum(1.0, np.maximum.accumulate(steps)), order)


def benjamini_hochberg(p: Sequence[float]) -> list[float]:
    """p adjusted for a list to explore: the expected share of false ones among those named stays below the level.

    Benjamini & Hochberg 1995, Journal of the Royal Statistical Society B 57:289-300.
    """
    raw = np.asarray(p, dtype=float)
    order = np.argsort(raw, kind="stable")
    steps = raw[order] * raw.size / np.arange(1, raw.size + 1)
    return _back(np.minimum(1.0, np.minimum.accumulate(steps[::-1])[::-1]), order)


def _back(adjusted: np.ndarray, order: np.ndarray) -> list[float]:
    found = np.empty_like(adjusted)
    found[order] = adjusted
    return [float(one) for one in found]
