"""Did those who met more of the campaign change more (pure).

A slope over exposure is no proof: people who took part may differ from those who did not. The page says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from survey.effects.curves import normal_beyond, t_beyond, t_quantile
from survey.effects.yes_no import LEVEL, Interval

Array = NDArray[Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trend:
    """A trend of shares over doses: z positive where the share rises with the dose."""

    z: float
    p: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Slope:
    """Change of the outcome for one dose more, with its interval; t, p are None where the fit leaves nothing over."""

    slope: float
    interval: Interval
    df: int
    t: float | None
    p: float | None


def cochran_armitage(yes: Array, people: Array, doses: Array) -> Trend | None:
    """Whether a share rises or falls over ordered doses; None where the doses or the answers do not vary.

    Cochran 1954, Biometrics 10:417-451; Armitage 1955, Biometrics 11:375-386. With N below the variance, as
    Armitage has it.
    """
    yes, people, doses = (np.asarray(one, dtype=float) for one in (yes, people, doses))
    n, share = people.sum(), yes.sum() / people.sum()
    middle = (people @ doses) / n
    spread = float(people @ (doses - middle) ** 2)
    if spread == 0 or share in (0, 1):
        return None
    z = float(yes @ (doses - middle)) / sqrt(float(share * (1 - share)) * spread)
    return Trend(z=z, p=normal_beyond(z))


def slope(doses: Array, changes: Array, people: Array, level: float = LEVEL) -> Slope | None:
    """The straight line through changes over doses by least squares, values with counts; None below three people.

    The textbook line with normal errors: for linked people of one centre, whose units are not known.
    """
    doses, changes, people = (np.asarray(one, dtype=float) for one in (doses, changes, people))
    n = float(people.sum())
    away = doses - (people @ doses) / n
    spread = float(people @ away**2)
    if n < 3 or spread == 0:
        return None
    found = float(people @ (away * changes)) / spread
    left = changes - (people @ changes) / n - found * away
    df = int(n) - 2
    error = sqrt(float(people @ left**2) / df / spread)
    reach = t_quantile((1 + level) / 2, df) * error
    t = found / error if error > 1e-12 * max(1.0, abs(found)) else None
    p = None if t is None else t_beyond(t, df)
    return Slope(slope=found, interval=(found - reach, found + reach), df=df, t=t, p=p)


def slope_of_groups(
    doses: Array, people: Array, sums: Array, squares: Array, level: float = LEVEL
) -> Slope | None:
    """The same line from groups: each has a dose, its people, and the sum and sum of squares of their changes."""
    doses, people, sums, squares = (np.asarray(one, dtype=float) for one in (doses, people, sums, squares))
    n = float(people.sum())
    away = doses - (people @ doses) / n
    spread = float(people @ away**2)
    if n < 3 or spread == 0:
        return None
    found = float(away @ sums) / spread
    left = max(0.0, float(squares.sum()) - float(sums.sum()) ** 2 / n - found**2 * spread)
    df = int(n) - 2
    error = sqrt(left / df / spread)
    reach = t_quantile((1 + level) / 2, df) * error
    t = found / error if error > 1e-9 * max(1.0, abs(found)) else None
    p = None if t is None else t_beyond(t, df)
    return Slope(slope=found, interval=(found - reach, found + reach), df=df, t=t, p=p)
