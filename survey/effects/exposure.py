"""Change by how much of the campaign somebody met, in groups of at least ten (pure; loads neither numpy nor scipy).

Only what a mean, its interval and a straight line need is kept of a group: people, sum and sum of squares of their
changes. A level that fewer than ten joined people share is put together with its neighbour before anything is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any

from survey.power import FEWEST
from survey.questionnaire import Item


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """People of one level, or of neighbouring ones. dose: their mean place among the answers, from 0."""

    codes: tuple[str, ...]
    dose: float
    n: int
    sum: float
    squares: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ExposureTable:
    """Changes of one score by the answer to one question about exposure; at least two groups."""

    score: str
    item: str
    groups: tuple[Group, ...]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ExposureTable:
        """As `dataclasses.asdict` wrote it."""
        groups = tuple(Group(**{**one, "codes": tuple(one["codes"])}) for one in data["groups"])
        return cls(score=data["score"], item=data["item"], groups=groups)

    def swapped(self) -> ExposureTable:
        """The same with before and after exchanged: every change turns its sign."""
        turned = (
            Group(codes=g.codes, dose=g.dose, n=g.n, sum=-g.sum + 0.0, squares=g.squares) for g in self.groups
        )
        return ExposureTable(score=self.score, item=self.item, groups=tuple(turned))


def grouped(item: Item, changes: Mapping[str, Sequence[tuple[float, int]]]) -> tuple[Group, ...]:
    """Groups of at least ten in the order of the answers. changes: by answer, (change, people) of the linked."""
    merged: list[tuple[list[str], list[int], list[tuple[float, int]]]] = []
    for place, choice in enumerate(item.choices):
        here = changes.get(choice.code, ())
        if merged and (_people(here) < FEWEST or _people(merged[-1][2]) < FEWEST):
            codes, doses, held = merged[-1]
            codes.append(choice.code)
            doses.append(place * _people(here))
            held.extend(here)
        else:
            merged.append(([choice.code], [place * _people(here)], list(here)))
    return tuple(_group(*one) for one in merged if _people(one[2]) >= FEWEST)


def _people(changes: Sequence[tuple[float, int]]) -> int:
    return sum(people for _, people in changes)


def _group(codes: Sequence[str], doses: Sequence[int], changes: Sequence[tuple[float, int]]) -> Group:
    n = _people(changes)
    return Group(
        codes=tuple(codes),
        dose=sum(doses) / n,
        n=n,
        sum=fsum(change * people for change, people in changes),
        squares=fsum(change * change * people for change, people in changes),
    )
