"""From packed answers to joint tables: everything counted at once, a million answers in a second or two (pure).

Needs numpy, and so runs in a child process. The order of people changes nothing; scores are rounded one by one as
`survey.scoring` rounds them, since there are few different ones.
"""

from __future__ import annotations

from array import array
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from survey.effects.exposure import ExposureTable, grouped
from survey.effects.joint import NO, UNSURE, YES, ItemTable, JointTables, ScoreTable
from survey.effects.moments import Moments, ScaleItems
from survey.effects.packing import MEASURED, SKIPPED, Packed, Ticks, answers_of
from survey.questionnaire import Choice, Item, Questionnaire
from survey.scoring import DECIMALS, Scale, knows_help, scales, ticks, worth

Array = NDArray[Any]
Links = tuple[Array, Array]
"""Places before and places after of those linked."""
MEANS: Final = ("attitude", "confidence")
_NOBODY: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One score in one wave: different values, lowest first, and each person's place among them (−1: none)."""

    values: tuple[float, ...]
    places: Array


class Wave:
    """One wave, ready to be counted: columns as arrays, and each score once."""

    def __init__(self, answers: Packed, questionnaire: Questionnaire) -> None:
        self.people: Final = answers.people
        self.ticks: Final = answers.ticks
        self.columns: Final[dict[str, Array]] = {
            code: np.asarray(column) for code, column in answers.columns.items()
        }
        self.scores: Final = {scale.name: _scored(self, scale) for scale in scales(questionnaire)}


def links(pairs: Sequence[tuple[int, int]]) -> Links:
    """Pairs of places as two columns."""
    both = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def links_from_text(sent: Sequence[str]) -> Links:
    """As `packing.pairs_to_text` wrote them."""
    before, after = (np.array(array("I", b64decode(side)), dtype=np.int64) for side in sent)
    return before, after


def count(questionnaire: Questionnaire, before: Wave, after: Wave, links: Links) -> JointTables:
    """All joint tables of two waves. ValueError where a form is linked twice."""
    if any(len(np.unique(side)) < len(side) for side in links):
        raise ValueError("A form is linked twice; each may be linked once.")
    items: list[ItemTable] = []
    for item in questionnaire.all_items.values():
        if item.measure.kind in MEASURED:
            items.extend(_item_tables(item, before, after, links))
    known = scales(questionnaire)
    return JointTables(
        questionnaire=questionnaire.digest(),
        before=before.people,
        after=after.people,
        linked=len(links[0]),
        items=tuple(items),
        scores=tuple(_score_table(scale, before, after, links) for scale in known),
        scales=tuple(
            ScaleItems(
                name=scale.name,
                codes=tuple(item.code for item in scale.items),
                before=_moments(scale, before),
                after=_moments(scale, after),
            )
            for scale in known
            if scale.name in (*MEANS, "knowledge")
        ),
        exposure=tuple(_exposure_tables(questionnaire, before, after, links)),
    )


# --- items


def marks(item: Item) -> Iterator[tuple[str, Callable[[Ticks], bool]]]:
    """The yes/no items of a help question: the indicator, then each place that counts."""
    yield item.code, lambda ticked: knows_help(item, ticked)
    for choice in item.choices:
        if choice.counts is not None:
            yield f"{item.code}:{choice.code}", partial(_marked, choice)


def _marked(choice: Choice, ticked: Ticks) -> bool:
    return (choice.code in ticked) == (choice.counts == "right")


def judged(wave: Wave, code: str, is_right: Callable[[Ticks], bool]) -> Array:
    """Each person's place among yes, no and skipped; sets of ticks repeat, so each is judged once."""
    verdict = [2 if not ticked else 1 - is_right(ticked) for ticked in wave.ticks[code]]
    return np.array(verdict, dtype=np.uint8)[wave.columns[code]]


def _item_tables(item: Item, before: Wave, after: Wave, links: Links) -> Iterator[ItemTable]:
    if item.measure.kind == "help":
        for code, is_right in marks(item):
            one, other = (judged(wave, item.code, is_right) for wave in (before, after))
            yield _table(item, code, (YES, NO, SKIPPED), YES, (one, other), links)
    else:
        columns = before.columns[item.code], after.columns[item.code]
        yield _table(item, item.code, answers_of(item), item.measure.right, columns, links)


def _table(
    item: Item,
    code: str,
    codes: tuple[str, ...],
    right: str | None,
    columns: tuple[Array, Array],
    links: Links,
) -> ItemTable:
    before, after = (np.bincount(column, minlength=len(codes)) for column in columns)
    return ItemTable(
        code=code,
        measures=item.measure.kind,
        codes=codes,
        right=right,
        unsure=UNSURE if UNSURE in codes else None,
        reverse=item.measure.reverse,
        before=tuple(before.tolist()),
        after=tuple(after.tolist()),
        joint=tuple(map(tuple, crossed(columns, links, len(codes), len(codes)).tolist())),
    )


def crossed(columns: tuple[Array, Array], links: Links, rows: int, across: int) -> Array:
    """How many linked people have each pair of places."""
    one, other = columns[0][links[0]].astype(np.int64), columns[1][links[1]]
    return np.bincount(one * across + other, minlength=rows * across).reshape(rows, across)


# --- scores


def _scored(wave: Wave, scale: Scale) -> Scored:
    """Sums of whole points and how many items gave them; few pairs differ, and each is turned into a score once."""
    points = np.zeros(wave.people, dtype=np.int64)
    answered = np.zeros(wave.people, dtype=np.int64)
    for item in scale.items:
        worths, given = _worths(wave, item)
        column = wave.columns[item.code]
        points += worths[column]
        answered += given[column]
    known, place = np.unique(points * (len(scale.items) + 1) + answered, return_inverse=True)
    found = [_score(scale, *divmod(int(one), len(scale.items) + 1)) for one in known]
    values = tuple(sorted({one for one in found if one is not None}))
    there = {value: at for at, value in enumerate(values)}
    places = [_NOBODY if one is None else there[one] for one in found]
    return Scored(values=values, places=np.array(places or [_NOBODY], dtype=np.int64)[place])


def _worths(wave: Wave, item: Item) -> tuple[Array, Array]:
    """By place of an answer: its points, and whether it counts as answered."""
    if item.measure.kind == "help":
        sets = wave.ticks[item.code]
        return np.array([int(ticks(item, one)) for one in sets]), np.array([bool(one) for one in sets])
    codes = answers_of(item)[:-1]
    return np.array([*(int(worth(item, code)) for code in codes), 0]), np.array([*[True] * len(codes), False])


def _score(scale: Scale, points: int, answered: int) -> float | None:
    if answered < scale.needed:
        return None
    return round(points / answered, DECIMALS) if scale.name in MEANS else float(points)


def _score_table(scale: Scale, before: Wave, after: Wave, links: Links) -> ScoreTable:
    one, other = before.scores[scale.name], after.scores[scale.name]
    joint = _crossed_scores(one, other, links)
    there = zip(*np.nonzero(joint), strict=True)
    return ScoreTable(
        name=scale.name,
        low=scale.low,
        high=scale.high,
        before=_counted(one),
        after=_counted(other),
        joint=tuple((one.values[i], other.values[j], int(joint[i, j])) for i, j in there),
    )


def _counted(score: Scored) -> tuple[tuple[float, int], ...]:
    people = np.bincount(score.places + 1, minlength=len(score.values) + 1)[1:].tolist()
    return tuple((value, n) for value, n in zip(score.values, people, strict=True) if n)


def _crossed_scores(one: Scored, other: Scored, links: Links) -> Array:
    """How many linked people have each pair of values; those without one of the two are left out."""
    columns = one.places + 1, other.places + 1
    return crossed(columns, links, len(one.values) + 1, len(other.values) + 1)[1:, 1:]


# --- reliability


def _moments(scale: Scale, wave: Wave) -> Moments:
    """Among those who answered every item; whole numbers below 2⁵³, so that their products in floats are exact."""
    columns = [wave.columns[item.code] for item in scale.items]
    everybody = np.ones(wave.people, dtype=bool)
    for item, column in zip(scale.items, columns, strict=True):
        everybody &= column < len(item.choices)
    levels = np.empty((int(everybody.sum()), len(columns)))
    for place, (item, column) in enumerate(zip(scale.items, columns, strict=True)):
        levels[:, place] = _worths(wave, item)[0][column[everybody]]
    products = np.rint(levels.T @ levels).astype(np.int64)
    return Moments(
        n=len(levels),
        sums=tuple(np.rint(levels.sum(0)).astype(np.int64).tolist()),
        products=tuple(map(tuple, products.tolist())),
    )


# --- exposure


def _exposure_tables(
    questionnaire: Questionnaire, before: Wave, after: Wave, links: Links
) -> Iterator[ExposureTable]:
    """Each score by each question about exposure that takes one of several ordered answers."""
    asked = [
        item
        for item in questionnaire.all_items.values()
        if item.measure.kind == "exposure" and item.kind == "one"
    ]
    for scale in scales(questionnaire) if asked else ():
        one, other = before.scores[scale.name], after.scores[scale.name]
        for item in asked:
            groups = grouped(item, _changes(item, one, other, after.columns[item.code], links))
            if len(groups) > 1:
                yield ExposureTable(score=scale.name, item=item.code, groups=groups)


def _changes(
    item: Item, one: Scored, other: Scored, said: Array, links: Links
) -> Mapping[str, Sequence[tuple[float, int]]]:
    """By answer: each change that occurs among its linked people, and how many people it has."""
    found: dict[str, list[tuple[float, int]]] = {}
    for place, choice in enumerate(item.choices):
        there = said[links[1]] == place
        joint = _crossed_scores(one, other, (links[0][there], links[1][there]))
        cells = zip(*np.nonzero(joint), strict=True)
        found[choice.code] = [(other.values[j] - one.values[i], int(joint[i, j])) for i, j in cells]
    return found
