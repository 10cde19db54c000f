"""From one person's answers to their scores, as the questionnaire says what each item measures (pure).

Knowledge: one point for each right answer; "don't know", a wrong answer and a skipped question give none.
Attitude and confidence: the mean of the answered items, reversed ones turned round, so that more is always
the better. Help: right ticks less wrong ticks, never below 0. A score needs three quarters of its items
answered, rounded up (6 of 8, 4 of 5); with fewer it is missing, not low. Trust stands alone as an item.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Final, Literal

from survey.questionnaire import Item, Questionnaire

Answers = Mapping[str, str | list[str]]
Score = Literal["knowledge", "attitude", "confidence", "help"]
SCORES: Final[tuple[Score, ...]] = ("knowledge", "attitude", "confidence", "help")
NEEDED: Final = 0.75
DECIMALS: Final = 6
"""Scores are rounded to this, so that a mean is the same number whichever items made it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """One score: its items, the most and least it can be, and how many answers it needs."""

    name: Score
    items: tuple[Item, ...]
    low: float
    high: float
    needed: int


def scales(questionnaire: Questionnaire) -> tuple[Scale, ...]:
    """The scores this questionnaire allows, in a fixed order."""
    found = []
    for name in SCORES:
        items = tuple(item for item in questionnaire.all_items.values() if item.measure.kind == name)
        if items:
            low, high = _ends(name, items)
            found.append(Scale(name=name, items=items, low=low, high=high, needed=ceil(NEEDED * len(items))))
    return tuple(found)


def score(scale: Scale, answers: Answers) -> float | None:
    """One person's score, or None when too few of its items were answered."""
    return scorer(scale)(answers)


def scorer(scale: Scale) -> Callable[[Answers], float | None]:
    """`score` for many people: what each answer is worth is looked up once, not once a person."""
    known: dict[str, dict[str, float]] = {item.code: _worths(item) for item in scale.items}
    mean = scale.name in ("attitude", "confidence")
    if scale.name != "help":
        return _plain_scorer([(item.code, known[item.code]) for item in scale.items], scale.needed, mean)

    def one(answers: Answers) -> float | None:
        points = []
        for item in scale.items:
            answer = answers.get(item.code)
            if answer is not None:
                points.append(known[item.code][answer] if isinstance(answer, str) else ticks(item, answer))
        return None if len(points) < scale.needed else float(sum(points))

    return one


def _plain_scorer(
    worths: Sequence[tuple[str, Mapping[Any, float]]], needed: int, mean: bool
) -> Callable[[Answers], float | None]:
    """Of items that take one answer each: nothing but look-ups, for a million people."""

    def one(answers: Answers) -> float | None:
        points = [worth[answers[code]] for code, worth in worths if code in answers]
        if len(points) < needed:
            return None
        return round(sum(points) / len(points), DECIMALS) if mean else sum(points)

    return one


def _worths(item: Item) -> dict[str, float]:
    return {choice.code: worth(item, choice.code) for choice in item.choices}


def worth(item: Item, answer: str | list[str]) -> float:
    """What one answer counts: 0 or 1, the place on a scale (turned round if reversed), or ticks."""
    if item.measure.kind == "help":
        return ticks(item, [answer] if isinstance(answer, str) else answer)
    if item.measure.right is not None:
        return float(answer == item.measure.right)
    codes = [choice.code for choice in item.choices]
    place = codes.index(str(answer))
    low, high = levels(item)
    return float(high - place if item.measure.reverse else low + place)


def levels(item: Item) -> tuple[int, int]:
    """The lowest and highest level of a rating item; its choices are listed from low to high."""
    return 1, len(item.choices)


def ticks(item: Item, ticked: Iterable[str]) -> float:
    """Right ticks less wrong ticks, never below 0."""
    right, wrong = right_and_wrong(item, ticked)
    return float(max(0, right - wrong))


def right_and_wrong(item: Item, ticked: Iterable[str]) -> tuple[int, int]:
    """How many right places and how many distractors were ticked."""
    chosen = set(ticked)
    marks = [choice.counts for choice in item.choices if choice.code in chosen]
    return marks.count("right"), marks.count("distractor")


def knows_help(item: Item, ticked: Iterable[str]) -> bool:
    """The indicator for help: at least three right places and no distractor."""
    right, wrong = right_and_wrong(item, ticked)
    return right >= 3 and wrong == 0


def _ends(name: Score, items: tuple[Item, ...]) -> tuple[float, float]:
    if name == "knowledge":
        return 0.0, float(len(items))
    if name == "help":
        return 0.0, float(sum(choice.counts == "right" for item in items for choice in item.choices))
    ends = [levels(item) for item in items]
    return float(min(low for low, _ in ends)), float(max(high for _, high in ends))
