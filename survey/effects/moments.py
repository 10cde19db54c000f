"""What the reliability of a scale follows from, as whole numbers (pure; loads neither numpy nor scipy).

Sums and sums of products of the items' levels, among those who answered every item of the scale: enough for all
covariances, and no row of anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import mul
from typing import Any

from survey.questionnaire import Questionnaire
from survey.scoring import Answers, Scale, scales, worth


@dataclass(frozen=True, kw_only=True, slots=True)
class Moments:
    """One wave: n people, the sum of each item's levels, and of the products of each two items' levels."""

    n: int
    sums: tuple[int, ...]
    products: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ScaleItems:
    """One scale whose score is a mean: its items, and their moments before and after."""

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


def scale_items(
    questionnaire: Questionnaire, befores: Sequence[Answers], afters: Sequence[Answers]
) -> tuple[ScaleItems, ...]:
    """The moments of every scale whose score is a mean of ratings."""
    return tuple(
        ScaleItems(
            name=scale.name,
            codes=tuple(item.code for item in scale.items),
            before=_moments(scale, befores),
            after=_moments(scale, afters),
        )
        for scale in scales(questionnaire)
        if scale.name in ("attitude", "confidence")
    )


def _moments(scale: Scale, wave: Iterable[Answers]) -> Moments:
    looked_up = [
        (item.code, {choice.code: int(worth(item, choice.code)) for choice in item.choices})
        for item in scale.items
    ]
    wanted = {code for code, _ in looked_up}
    rows = [answers for answers in wave if wanted <= answers.keys()]
    columns = [[levels[answers[code]] for answers in rows] for code, levels in looked_up]  # type: ignore[index]
    # Of the same two items the product is the same either way round.
    half = [
        [sum(map(mul, one, other)) for other in columns[: place + 1]] for place, one in enumerate(columns)
    ]
    size = range(len(columns))
    products = tuple(tuple(half[max(i, j)][min(i, j)] for j in size) for i in size)
    return Moments(n=len(rows), sums=tuple(map(sum, columns)), products=products)
