"""What the reliability of a scale follows from, as whole numbers (pure; loads neither numpy nor scipy).

Sums and sums of products of the items' levels, among those who answered every item of the scale: enough for all
covariances, and no row of anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Moments:
    """One wave: n people, the sum of each item's levels, and of the products of each two items' levels."""

    n: int
    sums: tuple[int, ...]
    products: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ScaleItems:
    """One scale whose score is a mean, or the knowledge items (0 or 1): its items, and their moments before and after."""

    name: str
    codes: tuple[str, ...]
    before: Moments
    after: Moments

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ScaleItems:
        """As `dataclasses.asdict` wrote it."""
        waves = {
            wave: Moments(
                n=data[wave]["n"],
                sums=tuple(data[wave]["sums"]),
                products=tuple(map(tuple, data[wave]["products"])),
            )
            for wave in ("before", "after")
        }
        return cls(name=data["name"], codes=tuple(data["codes"]), **waves)

    def swapped(self) -> ScaleItems:
        """The same with before and after exchanged."""
        return ScaleItems(name=self.name, codes=self.codes, before=self.after, after=self.before)
