"""Answers as one small number a person and item, so that a child process can count a million (pure; loads no numpy).

A worker that serves pages reads answers in portions and packs each portion; what it holds is two or three bytes where
a person's answers were a dictionary. Packed answers go to the child as text and are never stored.
"""

from __future__ import annotations

from array import array
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final

from survey.questionnaire import Item, Questionnaire
from survey.scoring import Answers

SKIPPED: Final = ""
MEASURED: Final = ("knowledge", "attitude", "confidence", "trust", "help")
PORTION: Final = 500
"""Answers packed at once: what they are turned into still lies near the processor."""
_NARROW: Final = 255

Ticks = frozenset[str]


@dataclass(kw_only=True, slots=True)
class Packed:
    """One wave. columns: by item, for each person the place of their answer among `answers_of(item)`.

    ticks: by question with many ticks, the different sets of ticks; its column holds places among these.
    """

    people: int = 0
    columns: dict[str, bytearray | array[int]] = field(default_factory=dict)
    ticks: dict[str, list[Ticks]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Columns as base64 of bytes or of numbers of four bytes."""
        return {
            "people": self.people,
            "columns": {code: [_width(one), _sent(one)] for code, one in self.columns.items()},
            "ticks": {code: [sorted(one) for one in sets] for code, sets in self.ticks.items()},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Packed:
        """As `to_json` wrote it, in another process of the same machine."""
        columns: dict[str, bytearray | array[int]] = {}
        for code, (width, text) in data["columns"].items():
            columns[code] = bytearray(b64decode(text)) if width == 1 else array("I", b64decode(text))
        ticks = {code: [frozenset(one) for one in sets] for code, sets in data["ticks"].items()}
        return cls(people=data["people"], columns=columns, ticks=ticks)


def _width(column: bytearray | array[int]) -> int:
    return 1 if isinstance(column, bytearray) else column.itemsize


def _sent(column: bytearray | array[int]) -> str:
    return b64encode(bytes(column) if isinstance(column, bytearray) else column.tobytes()).decode()


def pairs_to_text(pairs: Iterable[tuple[int, int]]) -> list[str]:
    """Places before and places after, each as base64 of numbers of four bytes."""
    before, after = array("I"), array("I")
    for one, other in pairs:
        before.append(one)
        after.append(other)
    return [b64encode(side.tobytes()).decode() for side in (before, after)]


def counted_items(questionnaire: Questionnaire) -> list[Item]:
    """The items that are counted: what measures, and exposure with one of several answers."""
    return [
        item
        for item in questionnaire.all_items.values()
        if item.measure.kind in MEASURED or (item.measure.kind == "exposure" and item.kind == "one")
    ]


def answers_of(item: Item) -> tuple[str, ...]:
    """The answers of an item that takes one, in the order of the questionnaire, "" (skipped) last."""
    return (*(choice.code for choice in item.choices), SKIPPED)


def packed(questionnaire: Questionnaire, wave: Sequence[Answers]) -> Packed:
    """A whole wave at once. ValueError names an answer outside the questionnaire."""
    packer = Packer(questionnaire)
    for start in range(0, len(wave), PORTION):
        packer.add(wave[start : start + PORTION])
    return packer.packed


class Packer:
    """Takes a wave portion by portion."""

    def __init__(self, questionnaire: Questionnaire) -> None:
        items = counted_items(questionnaire)
        self.packed: Final = Packed()
        self._codes: Final = [item.code for item in items]
        self._blank: Final[dict[str, Any]] = dict.fromkeys(self._codes, SKIPPED)
        self._places: Final[dict[str, dict[Any, int]]] = {}
        self._choices: Final[dict[str, frozenset[str]]] = {}
        for item in items:
            many = item.measure.kind == "help"
            known = answers_of(item)
            self._places[item.code] = (
                {(): 0, frozenset(): 0} if many else {answer: place for place, answer in enumerate(known)}
            )
            narrow = not many and len(known) <= _NARROW
            self.packed.columns[item.code] = bytearray() if narrow else array("I")
            if many:
                self._choices[item.code] = frozenset(known[:-1])
                self.packed.ticks[item.code] = [frozenset()]

    def add(self, wave: Sequence[Answers]) -> None:
        """One portion more."""
        if not wave:
            return
        self.packed.people += len(wave)
        if not self._codes:
            return
        for code, column in zip(self._codes, zip(*self._rows(wave), strict=True), strict=True):
            if code in self._choices:
                self.packed.columns[code].extend(self._ticked(code, column))
            else:
                self.packed.columns[code].extend(self._one(code, column))

    def _rows(self, wave: Sequence[Answers]) -> Iterable[tuple[Any, ...]]:
        if len(self._codes) == 1:
            return ((answers.get(self._codes[0], SKIPPED),) for answers in wave)
        # A look-up in C of all items at once; who skipped one is first given the empty answer.
        pick, blank = itemgetter(*self._codes), self._blank
        return (pick({**blank, **answers}) for answers in wave)

    def _one(self, code: str, column: Iterable[Any]) -> list[int]:
        try:
            return list(map(self._places[code].__getitem__, column))
        except TypeError as wrong:
            raise ValueError(f"Question {code} takes one answer, not a list.") from wrong
        except KeyError as wrong:
            raise ValueError(f"Question {code} has no answer {wrong.args[0]!r}.") from wrong

    def _ticked(self, code: str, column: Iterable[Any]) -> list[int]:
        """Places among the different sets; a skipped question is the empty set, which cannot be sent."""
        known = self._places[code]
        places = []
        for given in column:
            key = (given,) if isinstance(given, str) and given else tuple(given)
            if (place := known.get(key)) is None:
                place = known[key] = self._new(code, key)
            places.append(place)
        return places

    def _new(self, code: str, given: Iterable[str]) -> int:
        """The place of ticks in an order not seen before; the set itself may be known."""
        ticked, sets, known = frozenset(given), self.packed.ticks[code], self._places[code]
        if strange := ticked - self._choices[code]:
            raise ValueError(f"Question {code} has no answer {min(strange)!r}.")
        if ticked not in known:
            known[ticked] = len(sets)
            sets.append(ticked)
        return known[ticked]
