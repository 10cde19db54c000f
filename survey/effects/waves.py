"""Three waves put side by side: before, after and a follow-up (pure; loads neither numpy nor scipy).

People are joined to the first wave, so that whoever was not there then stands alone. Kept are counts of right and
wrong over the three waves, and of scores what a normal model needs: people, sums and sums of products by who was in
which waves. Fewer than ten people of one such kind are told apart again, as if they had not been joined.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

WAVES: Final = ("before", "after", "followup")


@dataclass(frozen=True, kw_only=True, slots=True)
class Pattern:
    """One yes/no item. people[4b + 2a + f]: how many of those in all three were right (1) before, after, later."""

    code: str
    people: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Present:
    """People who have a score in just these `waves` (places among WAVES); sums and products in that order."""

    waves: tuple[int, ...]
    n: int
    sums: tuple[float, ...]
    products: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreWaves:
    """One score over three waves."""

    name: str
    groups: tuple[Present, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ThreeWaves:
    """All that is kept of three waves. linked: people found in all three."""

    linked: int
    items: tuple[Pattern, ...]
    scores: tuple[ScoreWaves, ...]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ThreeWaves:
        """As `dataclasses.asdict` wrote it."""
        return cls(
            linked=data["linked"],
            items=tuple(Pattern(code=one["code"], people=tuple(one["people"])) for one in data["items"]),
            scores=tuple(
                ScoreWaves(name=one["name"], groups=tuple(_present(group) for group in one["groups"]))
                for one in data["scores"]
            ),
        )


def _present(data: Mapping[str, Any]) -> Present:
    return Present(
        waves=tuple(data["waves"]),
        n=data["n"],
        sums=tuple(data["sums"]),
        products=tuple(map(tuple, data["products"])),
    )
