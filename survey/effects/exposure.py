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
from survey.questionnaire import Item, Questionnaire
from survey.scoring import Answers, scales, scorer


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


def exposure_tables(
    pairs: Sequence[tuple[int, int]],
    befores: Sequence[Answers],
    afters: Sequence[Answers],
    questionnaire: Questionnaire,
) -> tuple[ExposureTable, ...]:
    """Each score by each question about exposure that takes one of several ordered answers."""
    asked = [
        item
        for item in questionnaire.all_items.values()
        if item.measure.kind == "exposure" and item.kind == "one"
    ]
    found = []
    for scale in scales(questionnaire) if asked else ():
        score = scorer(scale)
        changes = [
            (afters[j], has - had)
            for i, j in pairs
            if (had := score(befores[i])) is not None and (has := score(afters[j])) is not None
        ]
        for item in asked:
            groups = _groups(item, changes)
            if len(groups) > 1:
                found.append(ExposureTable(score=scale.name, item=item.code, groups=groups))
    return tuple(found)


def _groups(item: Item, changes: Sequence[tuple[Answers, float]]) -> tuple[Group, ...]:
    by_code: dict[str, list[float]] = {choice.code: [] for choice in item.choices}
    for answers, change in changes:
        if (said := answers.get(item.code)) in by_code:
            by_code[str(said)].append(change)
    merged: list[tuple[list[str], list[int], list[float]]] = []
    for place, (code, here) in enumerate(by_code.items()):
        if merged and (len(here) < FEWEST or len(merged[-1][2]) < FEWEST):
            codes, places, held = merged[-1]
            codes.append(code)
            places.extend([place] * len(here))
            held.extend(here)
        else:
            merged.append(([code], [place] * len(here), list(here)))
    return tuple(_group(*one) for one in merged if len(one[2]) >= FEWEST)


def _group(codes: Sequence[str], places: Sequence[int], changes: Sequence[float]) -> Group:
    n = len(changes)
    return Group(
        codes=tuple(codes),
        dose=sum(places) / n,
        n=n,
        sum=fsum(changes),
        squares=fsum(change * change for change in changes),
    )
