"""Invented staff with self-made codes, for linking: as unevenly spread as names, numbers and dishes are.

befores, afters = staff(350, error=0.03, seed=1)     # the true partner of a form stands at its own place
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from survey.pairing import Mark

LETTERS = "HTNLMDAVPKCBGXSQOUYE"
"""First letters of Vietnamese given names, the commonest first."""
COLOURS = ("den", "do", "xanh", "trang", "bac_xam", "nau", "vang", "khac")
MONTHS = [f"{month:02}" for month in range(1, 13)]
DISHES = [f"mon{number}" for number in range(14)]


def staff(n: int, *, error: float, seed: int) -> tuple[list[Mark], list[Mark]]:
    """Two waves of the same people; each element of the second is drawn anew with this chance."""
    chance = random.Random(seed)
    people = [tuple(_element(chance, place) for place in range(7)) for _ in range(n)]
    again = [
        tuple(_element(chance, place) if chance.random() < error else one for place, one in enumerate(person))
        for person in people
    ]
    return [Mark(elements=one) for one in people], [Mark(elements=one) for one in again]


def _element(chance: random.Random, place: int) -> str:
    if place in (0, 1, 5):
        return _uneven(chance, LETTERS)
    if place == 2:
        return _uneven(chance, COLOURS)
    if place == 3:
        return chance.choice(MONTHS)
    if place == 4:
        # Every third person takes a favourite: a repeated digit or a round number.
        favourite = chance.random() < 1 / 3
        return f"{chance.randrange(1, 10)}{chance.randrange(1, 10)}" if not favourite else _favourite(chance)
    return _uneven(chance, DISHES)


def _favourite(chance: random.Random) -> str:
    digit = chance.randrange(1, 10)
    return chance.choice((f"{digit}{digit}", f"{digit}0", "68", "79", "07"))


def _uneven(chance: random.Random, values: Sequence[str]) -> str:
    """The first values oftener than the last: weights 1, 1/1.3, 1/1.6 …"""
    return chance.choices(values, [1 / (1 + 0.3 * place) for place in range(len(values))])[0]
