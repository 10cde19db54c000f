"""Who before is who after, found in memory and handed on as places only (pure).

First by card: the same code, used by one form in each wave. Then by the self-made code: one form after is
the only one within the distance, and the form before is its only one too (mutual and unique); at
distance 0, then 1, then 2 among those still alone. Whoever has two possible partners stays unlinked.
Two forms with different cards are never linked. A skipped element agrees with nothing.

Nothing here is stored. The caller forgets the marks; what goes on are shuffled pairs of places and counts.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from core.vietnamese import fold

TOLERANCE: Final = 2
SKIPPED: Final = ""


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Mark:
    """What links one form: the card's code, the elements of the self-made code (normalised), or both."""

    card: str | None = None
    elements: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Links:
    """Pairs of places (before, after) in random order, and how they were found.

    by_distance: links by elements at distance 0, 1, …; pairs at tolerance t are `at(t)`. ties: forms before
    that stayed unlinked because more than one partner was possible. false: expected number of links
    between different people, were the elements independent of each other; false_by_distance: how it adds up.
    """

    pairs: tuple[tuple[int, int], ...]
    distances: tuple[int, ...]
    by_card: int
    by_distance: tuple[int, ...]
    ties: int
    alone_before: int
    alone_after: int
    false: float
    false_by_distance: tuple[float, ...] = ()

    def at(self, tolerance: int) -> tuple[tuple[int, int], ...]:
        """The pairs found by card or by elements up to this distance, for the sensitivity table."""
        return tuple(p for p, d in zip(self.pairs, self.distances, strict=True) if d <= tolerance)


def mark(card: str | None, elements: Mapping[str, str], codes: Sequence[str]) -> Mark:
    """A form's mark from its card and its elements by code, in the fixed order of `codes`."""
    values = tuple(elements.get(code, SKIPPED) for code in codes)
    return Mark(card=card or None, elements=values if any(values) else None)


def normalise_element(kind: str, written: str) -> str:
    """An element as it is compared: a letter without marks (Đ as D), two digits, or a folded choice.

    kind: "letter", "digits" or "one", as in the questionnaire. "" for what cannot be read: it agrees with
    nothing, and the other elements may still link.
    """
    text = fold(written.strip())
    if kind == "letter":
        letter = text[:1].upper()
        return letter if letter.isascii() and (letter.isalpha() or letter == "0") else SKIPPED
    if kind == "digits":
        return text.zfill(2) if text.isascii() and text.isdigit() and len(text) <= 2 else SKIPPED
    return text.lower()


def link(
    befores: Sequence[Mark],
    afters: Sequence[Mark],
    *,
    tolerance: int = TOLERANCE,
    shuffle: random.Random | None = None,
) -> Links:
    """All links between two waves. Linear in the number of forms, however many share a code."""
    waves = _Wave(befores), _Wave(afters)
    found = [(pair, 0) for pair in _by_card(*waves)]
    by_card = len(found)
    by_distance, false = [], []
    for distance in range(tolerance + 1):
        linked = _by_elements(*waves, distance)
        found.extend((pair, distance) for pair in linked)
        by_distance.append(len(linked))
        false.append(_by_chance(*waves, distance))
    (shuffle or random.SystemRandom()).shuffle(found)
    return Links(
        pairs=tuple(pair for pair, _ in found),
        distances=tuple(distance for _, distance in found),
        by_card=by_card,
        by_distance=tuple(by_distance),
        ties=_tied(*waves, tolerance),
        alone_before=len(waves[0].alone),
        alone_after=len(waves[1].alone),
        false=sum(false),
        false_by_distance=tuple(false),
    )


class _Wave:
    """One wave's marks and the places still alone."""

    def __init__(self, marks: Sequence[Mark]) -> None:
        self.marks = marks
        self.alone = set(range(len(marks)))

    def buckets(self, distance: int) -> dict[tuple[object, ...], list[int]]:
        """Places still alone by what is left of their elements when `distance` of them are left out."""
        found: dict[tuple[object, ...], list[int]] = defaultdict(list)
        for place in sorted(self.alone):
            for key in _keys(self.marks[place], distance):
                found[key].append(place)
        return found


def _keys(mark: Mark, distance: int) -> Iterator[tuple[object, ...]]:
    """Two marks share a key exactly when they differ in at most `distance` elements."""
    elements = mark.elements or ()
    for kept in combinations(range(len(elements)), max(len(elements) - distance, 1) if elements else 0):
        values = tuple(elements[place] for place in kept)
        if values and SKIPPED not in values:
            yield len(elements), kept, values


def _by_card(before: _Wave, after: _Wave) -> list[tuple[int, int]]:
    holders = []
    for wave in (before, after):
        cards = Counter(mark.card for mark in wave.marks if mark.card)
        holders.append({m.card: place for place, m in enumerate(wave.marks) if m.card and cards[m.card] == 1})
    pairs = [(place, holders[1][card]) for card, place in holders[0].items() if card in holders[1]]
    _take(before, after, pairs)
    return pairs


def _by_elements(before: _Wave, after: _Wave, distance: int) -> list[tuple[int, int]]:
    forth, back = _only_partners(before, after, distance), _only_partners(after, before, distance)
    pairs = [
        (place, partner)
        for place, partner in forth.items()
        if partner is not None and back.get(partner) == place
    ]
    _take(before, after, pairs)
    return pairs


def _take(before: _Wave, after: _Wave, pairs: Sequence[tuple[int, int]]) -> None:
    before.alone -= {place for place, _ in pairs}
    after.alone -= {place for _, place in pairs}


def _only_partners(one: _Wave, other: _Wave, distance: int) -> dict[int, int | None]:
    """For each place alone in `one` with any partner in `other`: the only one, or None for several."""
    buckets = other.buckets(distance)
    partners: dict[int, int | None] = {}
    for place in one.alone:
        found: set[int] = set()
        for key in _keys(one.marks[place], distance):
            found.update(_first_two(one.marks[place], other, buckets.get(key, ())))
            if len(found) > 1:
                break
        if found:
            partners[place] = found.pop() if len(found) == 1 else None
    return partners


def _first_two(mine: Mark, other: _Wave, places: Sequence[int]) -> list[int]:
    """Two partners are as good as a thousand: both mean a tie."""
    found = []
    for place in places:
        theirs = other.marks[place].card
        if not (mine.card and theirs and mine.card != theirs):
            found.append(place)
            if len(found) == 2:
                break
    return found


def _tied(before: _Wave, after: _Wave, tolerance: int) -> int:
    return sum(partner is None for partner in _only_partners(before, after, tolerance).values())


def _by_chance(before: _Wave, after: _Wave, distance: int) -> float:
    """Expected accidental partners among those who are still alone after this distance.

    Whoever has met their true partner cannot meet a false one alone. The chance that two different people
    agree on an element is taken from how often each value occurs.
    """
    ones, others = ([m.elements for m in wave.marks if m.elements] for wave in (before, after))
    if not ones or not others:
        return 0.0
    agreeing = [1.0]
    for mine, theirs in zip(zip(*ones, strict=True), zip(*others, strict=True), strict=True):
        counts = Counter(mine), Counter(theirs)
        same = sum(n * counts[1][value] for value, n in counts[0].items() if value != SKIPPED)
        chance = same / (len(mine) * len(theirs))
        agreeing = [
            (agreeing[k] if k < len(agreeing) else 0.0) * (1 - chance)
            + (agreeing[k - 1] * chance if k else 0.0)
            for k in range(len(agreeing) + 1)
        ]
    near = sum(agreeing[max(len(agreeing) - 1 - distance, 1) :])
    left = [sum(wave.marks[place].elements is not None for place in wave.alone) for wave in (before, after)]
    return left[0] * left[1] * near
