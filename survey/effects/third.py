"""What is kept of three waves, counted from packed answers (pure; needs numpy, and so runs in a child process)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from survey.effects.counting import Links, Scored, Wave, judged, marks
from survey.effects.joint import JointTables
from survey.effects.packing import MEASURED
from survey.effects.waves import Pattern, Present, ScoreWaves, ThreeWaves
from survey.power import FEWEST
from survey.questionnaire import Item, Questionnaire
from survey.scoring import Score, scales

Array = NDArray[Any]
Three = tuple[Wave, Wave, Wave]


def three_waves(questionnaire: Questionnaire, waves: Three, links: tuple[Links, Links]) -> ThreeWaves:
    """links: places of the first wave joined to the second, and of the first joined to the third."""
    first = waves[0].people
    there = np.stack([np.arange(first), *(_partner(first, one) for one in links)], axis=1)
    everywhere = there[(there >= 0).all(axis=1)]
    return ThreeWaves(
        linked=len(everywhere),
        items=tuple(
            Pattern(code=code, people=_patterns(columns, everywhere))
            for item in questionnaire.all_items.values()
            for code, columns in _right(item, waves)
        ),
        scores=tuple(
            ScoreWaves(name=scale.name, groups=_groups(waves, there, scale.name))
            for scale in scales(questionnaire)
        ),
    )


def _partner(people: int, links: Links) -> Array:
    """For each person of the first wave the place in the later one, −1 where nobody was joined."""
    found = np.full(people, -1, dtype=np.int64)
    found[links[0]] = links[1]
    return found


def _right(item: Item, waves: Three) -> Iterator[tuple[str, list[Array]]]:
    """The yes/no items: each person's 1 right, 0 wrong, −1 skipped, wave by wave."""
    if item.measure.kind == "help":
        for code, is_right in marks(item):
            told = np.array([1, 0, -1])
            yield code, [told[judged(wave, item.code, is_right)] for wave in waves]
    elif item.measure.kind in MEASURED and item.measure.right is not None:
        told = np.array([*(int(one.code == item.measure.right) for one in item.choices), -1])
        yield item.code, [told[wave.columns[item.code]] for wave in waves]


def _patterns(columns: list[Array], there: Array) -> tuple[int, ...]:
    said = np.stack([column[there[:, wave]] for wave, column in enumerate(columns)], axis=1)
    answered = said[(said >= 0).all(axis=1)]
    return tuple(np.bincount(answered @ np.array([4, 2, 1]), minlength=8).tolist())


def _groups(waves: Three, there: Array, name: Score) -> tuple[Present, ...]:
    """People by the waves in which they have the score; a kind of fewer than ten is told apart into single waves."""
    rows = _rows([wave.scores[name] for wave in waves], there)
    kinds = (~np.isnan(rows)) @ np.array([4, 2, 1])
    single: list[list[float]] = [[], [], []]
    found = []
    for kind in (7, 6, 5, 3, 4, 2, 1):
        places = [wave for wave in range(3) if kind & (4 >> wave)]
        here = rows[kinds == kind][:, places]
        if len(places) > 1 and len(here) >= FEWEST:
            found.append(_present(tuple(places), here))
        else:
            for column, wave in zip(here.T, places, strict=True):
                single[wave].extend(column.tolist())
    alone = (
        _present((wave,), np.array(values)[:, None])
        for wave, values in enumerate(single)
        if len(values) >= FEWEST
    )
    return (*found, *alone)


def _rows(scores: list[Scored], there: Array) -> Array:
    """One row a person, one column a wave, NaN where there is no score; those not in the first wave come last."""
    known = [np.array([np.nan, *score.values])[score.places + 1] for score in scores]
    rows = [np.stack([_at(column, there[:, wave]) for wave, column in enumerate(known)], axis=1)]
    for wave in (1, 2):
        alone = np.setdiff1d(np.arange(len(known[wave])), there[:, wave])
        more = np.full((len(alone), 3), np.nan)
        more[:, wave] = known[wave][alone]
        rows.append(more)
    return np.concatenate(rows)


def _at(column: Array, places: Array) -> Array:
    found = np.full(len(places), np.nan)
    joined = places >= 0
    found[joined] = column[places[joined]]
    return found


def _present(waves: tuple[int, ...], rows: Array) -> Present:
    """Equal rows are counted first and then summed, so that the order of people changes no digit."""
    values, people = np.unique(rows, axis=0, return_counts=True)
    products = (values * people[:, None]).T @ values
    return Present(
        waves=waves,
        n=len(rows),
        sums=tuple((people @ values).tolist()),
        products=tuple(map(tuple, products.tolist())),
    )


def beside(
    tables: JointTables, questionnaire: Questionnaire, waves: Three, links: tuple[Links, Links], place: int
) -> JointTables:
    """The joint tables of two waves with what tells of all three. The third of `waves` is the after wave where
    `place` is 1, else the follow-up."""
    if place == 1:
        waves, links = (waves[0], waves[2], waves[1]), (links[1], links[0])
    return replace(tables, three=three_waves(questionnaire, waves, links))
