"""What a questionnaire is made of: choices, items with what they measure and their rules, pages (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from core.i18n import Text

Kind = Literal["one", "many", "letter", "digits", "integer", "decimal", "date", "range", "note", "calculate"]
Measured = Literal[
    "knowledge", "attitude", "confidence", "trust", "help", "background", "exposure", "linkage", "other"
]
ANSWERED: Final = frozenset(("one", "many", "letter", "digits", "integer", "decimal", "date", "range"))
"""Kinds that somebody answers; a note is read, a calculation computed."""
SHORT_RANGE: Final = 11
"""A range of up to so many steps is a list to choose from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One answer. `counts` is what ticking it is worth in a help question; `exclusive` clears the others.

    `columns`: what a choice_filter may look at; a choice that stands in a list twice has two of them, and is
    offered when either lets it.
    """

    code: str
    label: Text
    counts: Literal["right", "distractor"] | None = None
    exclusive: bool = False
    columns: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Measure:
    """What an item measures: `right` for knowledge, `reverse` for attitudes counted backwards on `scale`."""

    kind: Measured
    scale: str | None = None
    right: str | None = None
    reverse: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """Expressions (survey.expressions): when an item is asked (all of `relevant`), what it takes or computes.

    `required` is asked for a second time when it was skipped, and may then be skipped.
    """

    relevant: tuple[str, ...] = ()
    constraint: str | None = None
    constraint_says: Text | None = None
    required: str | None = None
    required_says: Text | None = None
    choice_filter: str | None = None
    calculate: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """From `least` to `most` in steps."""

    least: Decimal
    most: Decimal
    step: Decimal

    def holds(self, number: Decimal) -> bool:
        """Whether a number is one of the steps."""
        return self.least <= number <= self.most and (number - self.least) % self.step == 0

    @property
    def whole(self) -> bool:
        """Whether every step is a whole number."""
        return all(one == one.to_integral_value() for one in (self.least, self.step))

    def steps(self) -> tuple[str, ...]:
        """Every step as it is stored, or nothing where they are too many for a list."""
        count = int((self.most - self.least) / self.step) + 1
        if count > SHORT_RANGE:
            return ()
        return tuple(plain(self.least + self.step * place) for place in range(count))


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One question. `lead` stands above it; `source` is the law behind it, shown after the last wave.

    `shuffle`: the choices may be shown in any order, exclusive ones last. `likert`: shown as degrees.
    """

    code: str
    kind: Kind
    label: Text
    choices: tuple[Choice, ...]
    measure: Measure
    waves: tuple[str, ...]
    lead: Text | None
    hint: Text | None
    source: Text | None
    certainty: Text | None
    shuffle: bool
    rules: Rules = Rules()
    span: Span | None = None
    likert: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A screenful of items; the first carries the consent, the last the closing words."""

    code: str
    title: Text
    lead: Text | None
    items: tuple[Item, ...]


def plain(number: Decimal) -> str:
    """A number as it is stored: no exponent, no zeros that say nothing."""
    text = format(number, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"
