"""Who came only the first time: did they start elsewhere, and what if none of them changed (pure).

Both follow from the frozen tables: of everybody's values before, those of the linked are taken away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np

from survey.effects.joint import ScoreTable
from survey.effects.means import Change, Sample, mean_change, sample
from survey.power import FEWEST

FLAG: Final = 0.2
"""A standardised difference before beyond this is worth a sentence (What Works Clearinghouse's 0.25, made stricter)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attrition:
    """Of one score. linked, lost: people with it before, with and without it after.

    difference: mean before of the linked less that of the lost, in pooled SDs; flagged beyond 0.2.
    carried: the mean change of everybody before had nobody among the lost changed, the least that can be claimed.
    Both None with fewer than ten people on either side.
    """

    linked: int
    lost: int
    difference: float | None
    flagged: bool
    carried: Change | None


def attrition(table: ScoreTable) -> Attrition:
    """From one score's table; counts alone where too few stayed or left."""
    stayed: Counter[float] = Counter()
    for before, _, people in table.joint:
        stayed[before] += people
    left = {value: people - stayed[value] for value, people in table.before}
    linked, lost = sum(stayed.values()), sum(left.values())
    if min(linked, lost) < FEWEST:
        return Attrition(linked=linked, lost=lost, difference=None, flagged=False, carried=None)
    apart = _apart(_sample(stayed), _sample(left))
    return Attrition(
        linked=linked,
        lost=lost,
        difference=apart,
        flagged=apart is not None and abs(apart) > FLAG,
        carried=_carried(table, linked + lost),
    )


def _sample(counts: Mapping[float, int]) -> Sample:
    known = sorted(counts)
    return sample(np.array(known, dtype=float), np.array([counts[one] for one in known], dtype=float))


def _apart(stayed: Sample, left: Sample) -> float | None:
    """Cohen's d with the pooled SD; None where nobody differs from anybody."""
    within = (stayed.n - 1) * stayed.sd**2 + (left.n - 1) * left.sd**2
    pooled = sqrt(within / (stayed.n + left.n - 2))
    return (stayed.mean - left.mean) / pooled if pooled else None


def _carried(table: ScoreTable, everybody: int) -> Change:
    total = sum((after - before) * people for before, after, people in table.joint)
    squares = sum((after - before) ** 2 * people for before, after, people in table.joint)
    return mean_change(everybody, total, squares)
