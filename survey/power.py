"""The smallest change that a number of people joined twice can show (pure; needs no scientific library).

80 % power, two-sided 5 %, paired t. Guenther (1981): n ≈ ((z₁₋α⁄₂ + z₁₋β) / dz)² + z²₁₋α⁄₂ / 2, turned round.
It agrees with the exact noncentral t to two decimals from ten pairs on (a test compares them).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final

FEWEST: Final = 10
"""People below whom no change and no group figure is given (statistics.md 2.2, rule 8)."""
ALPHA_Z: Final = 1.959963984540054
POWER_Z: Final = 0.8416212335729143
SHARES: Final = (0.5, 0.6, 0.7, 0.8, 0.9)
"""Of those invited, how many might answer in both waves and be joined."""
_SIZES: Final = (20, 30, 50, 100, 150, 200, 300)


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """One line of the panel: `share` of those invited (None where nobody is counted), pairs, smallest dz."""

    share: float | None
    pairs: int
    smallest: float


def smallest(pairs: int) -> float:
    """The smallest standardised mean change of this many pairs; ValueError below ten."""
    if pairs < FEWEST:
        raise ValueError(f"At least {FEWEST} pairs are needed, not {pairs}.")
    return (ALPHA_Z + POWER_Z) / sqrt(pairs - ALPHA_Z**2 / 2)


def panel(invited: int) -> list[Expected]:
    """What to expect of this many invited; of usual sizes where the number is not known or too small."""
    counted = [(share, round(invited * share)) for share in SHARES]
    if min(pairs for _, pairs in counted) < FEWEST:
        return [Expected(share=None, pairs=pairs, smallest=smallest(pairs)) for pairs in _SIZES]
    return [Expected(share=share, pairs=pairs, smallest=smallest(pairs)) for share, pairs in counted]
