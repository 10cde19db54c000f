"""Coded answers of one closed round as a table for evaluators: one row a response, in no order that means anything (pure).

What may stand in it follows the rules for numbers that leave (statistics.md 2): ten rows at least; no linkage; no
pairs; at most one item that says something about a person (background, exposure, or nothing that is scored), whose
groups are merged until each has ten people and none of them answered a question unanimously; a number that somebody typed
stands there in bands only; a question that fewer than ten answered, or all of them alike, is left out.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from core.i18n import Text
from survey.bands import bands
from survey.items import ANSWERED, Item
from survey.power import FEWEST
from survey.questionnaire import Questionnaire
from survey.scoring import Answers

MEASURED: Final = ("knowledge", "attitude", "confidence", "trust", "help")
ABOUT: Final = ("background", "exposure", "other")
"""What says something about a person: of these one may stand beside the answers."""
TYPED: Final = ("integer", "decimal", "range")
MERGED: Final = 99
_LONGEST: Final = 32
Value = int | None


class TooFew(ValueError):
    """Fewer than ten people answered: no row may leave."""


class BackgroundRefused(ValueError):
    """This item would show a group of fewer than ten people, or one in which everybody answered alike."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """One value of a variable: the number in the file, the questionnaire's own code, its words."""

    value: int
    code: str
    words: Text


@dataclass(frozen=True, kw_only=True, slots=True)
class Variable:
    """One column. level: "nominal" or "ordinal"; right: the value of the right answer; reverse: less is better."""

    name: str
    item: str
    words: Text
    measures: str
    level: str
    labels: tuple[Label, ...]
    right: int | None = None
    reverse: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """What leaves. left_out: names of variables that would have shown that all answered alike, or too few."""

    variables: tuple[Variable, ...]
    rows: tuple[tuple[Value, ...], ...]
    left_out: tuple[str, ...]


def offered(questionnaire: Questionnaire, wave: str) -> list[Item]:
    """The items of which one may stand beside the answers."""
    return [
        item
        for item in questionnaire.items(wave)
        if item.measure.kind in ABOUT and item.kind in ("one", *TYPED)
    ]


def table(
    answers: Sequence[Answers],
    questionnaire: Questionnaire,
    wave: str,
    *,
    background: str = "",
    seed: str = "",
) -> Table:
    """The table of a round; the same answers give the same rows in the same order. `TooFew`, `BackgroundRefused`."""
    if len(answers) < FEWEST:
        raise TooFew
    columns = [*_columns(answers, questionnaire, wave)]
    kept = [(one, values) for one, values in columns if _may_stand(values, one)]
    left_out = tuple(one.name for one, values in columns if not _may_stand(values, one))
    left_out += tuple(item.code for item in questionnaire.items(wave) if _is_typed(item, background))
    if background:
        kept.append(_background(answers, _chosen(questionnaire, wave, background), kept))
    rows = zip(*(values for _, values in kept), strict=True) if kept else iter(() for _ in answers)
    return Table(
        variables=tuple(one for one, _ in kept), rows=tuple(_shuffled(rows, seed)), left_out=left_out
    )


def _is_typed(item: Item, background: str) -> bool:
    """Whether it is a number or day that somebody typed, which may be theirs alone, and does not stand there in bands."""
    typed = item.kind in ANSWERED and not item.choices and item.measure.kind != "linkage"
    return typed and item.code != background


def _chosen(questionnaire: Questionnaire, wave: str, code: str) -> Item:
    for item in offered(questionnaire, wave):
        if item.code == code:
            return item
    raise BackgroundRefused


def _shuffled(rows: Iterable[tuple[Value, ...]], seed: str) -> list[tuple[Value, ...]]:
    """By a hash of what stands in the row: nothing of how it came or was kept has a part in it."""

    def key(row: tuple[Value, ...]) -> bytes:
        return hashlib.sha256(f"{seed}{row}".encode()).digest()

    return sorted(rows, key=key)


# --- the columns


def _columns(
    answers: Sequence[Answers], questionnaire: Questionnaire, wave: str
) -> Iterator[tuple[Variable, list[Value]]]:
    names: set[str] = set()
    for item in questionnaire.items(wave):
        if item.measure.kind not in MEASURED or not item.choices:
            continue
        if item.kind == "many":
            yield from _ticks(answers, item, names)
        else:
            variable = _single(item, _named(item.code, names))
            yield variable, _values(answers, item)


def _single(item: Item, name: str) -> Variable:
    labels = tuple(
        Label(value=place, code=choice.code, words=choice.label)
        for place, choice in enumerate(item.choices, start=1)
    )
    rated = item.measure.kind in ("attitude", "confidence", "trust")
    return Variable(
        name=name,
        item=item.code,
        words=item.label,
        measures=item.measure.kind,
        level="ordinal" if rated else "nominal",
        labels=labels,
        right=next((one.value for one in labels if one.code == item.measure.right), None),
        reverse=item.measure.reverse,
    )


def _values(answers: Sequence[Answers], item: Item) -> list[Value]:
    places = {choice.code: place for place, choice in enumerate(item.choices, start=1)}
    return [None if (given := one.get(item.code)) is None else places.get(str(given)) for one in answers]


def _ticks(answers: Sequence[Answers], item: Item, names: set[str]) -> Iterator[tuple[Variable, list[Value]]]:
    for choice in item.choices:
        words = Text(f"{item.label.vi} – {choice.label.vi}", f"{item.label.en} – {choice.label.en}")
        variable = Variable(
            name=_named(f"{item.code}_{choice.code}", names),
            item=item.code,
            words=words,
            measures=item.measure.kind,
            level="nominal",
            labels=(_NO, _YES),
            right=None if choice.counts is None else int(choice.counts == "right"),
        )
        yield (
            variable,
            [int(choice.code in one[item.code]) if item.code in one else None for one in answers],
        )


_NO: Final = Label(value=0, code="0", words=Text("Không chọn", "Not ticked"))
_YES: Final = Label(value=1, code="1", words=Text("Có chọn", "Ticked"))


def _named(code: str, names: set[str]) -> str:
    """A name that CSV, SPSS and Stata all take: a letter first, 32 signs at most, none twice."""
    plain = re.sub(r"[^A-Za-z0-9_]", "_", code)
    stem = (plain if plain[:1].isalpha() else f"q_{plain}")[:_LONGEST]
    name, number = stem, 1
    while name.lower() in names:
        number += 1
        name = f"{stem[: _LONGEST - 4]}_{number}"
    names.add(name.lower())
    return name


# --- what may stand


def _may_stand(values: Sequence[Value], variable: Variable) -> bool:
    given = [value for value in values if value is not None]
    return len(given) >= FEWEST and not (len(set(given)) == 1 and variable.labels)


def _alike(values: Iterable[Value], variable: Variable) -> bool:
    """Whether a group's answers are all one; that nobody of a group ticked a box says little, so it does not count."""
    given = {value for value in values if value is not None}
    return len(given) == 1 and not (variable.labels == (_NO, _YES) and given == {0})


def _background(
    answers: Sequence[Answers], item: Item, kept: Sequence[tuple[Variable, list[Value]]]
) -> tuple[Variable, list[Value]]:
    """The item with its small and unanimous groups merged; `BackgroundRefused` when fewer than two are left."""
    found, values = _about(answers, item, _named(item.code, {one.name.lower() for one, _ in kept}))
    groups = {value: [place for place, one in enumerate(values) if one == value] for value in set(values)}
    merged = _merged(groups, kept)
    if len(groups) - len(merged) + bool(merged) < 2:
        raise BackgroundRefused
    labels = tuple(one for one in found.labels if one.value in groups and one.value not in merged)
    if merged:
        labels = (*labels, Label(value=MERGED, code="", words=Text("Các nhóm gộp lại", "Merged groups")))
    variable = Variable(
        name=found.name,
        item=found.item,
        words=found.words,
        measures=found.measures,
        level="nominal" if merged else found.level,
        labels=labels,
    )
    return variable, [MERGED if value in merged else value for value in values]


def _about(answers: Sequence[Answers], item: Item, name: str) -> tuple[Variable, list[Value]]:
    """The item as it would stand there, before small groups are merged; a typed number in bands."""
    if item.kind not in TYPED:
        return _single(item, name), _values(answers, item)
    numbers = [Decimal(str(one[item.code])) if item.code in one else None for one in answers]
    whole = item.kind == "integer" or (item.span is not None and item.span.whole)
    words, places = bands(numbers, whole=whole)
    labels = tuple(Label(value=place, code="", words=said) for place, said in enumerate(words, start=1))
    variable = Variable(
        name=name,
        item=item.code,
        words=item.label,
        measures=item.measure.kind,
        level="ordinal",
        labels=labels,
    )
    return variable, places


def _merged(groups: dict[Value, list[int]], kept: Sequence[tuple[Variable, list[Value]]]) -> set[Value]:
    """Which groups go together, so that what they become and what stays each may stand."""

    def fits(places: Sequence[int]) -> bool:
        return len(places) >= FEWEST and not any(
            _alike((values[place] for place in places), variable) for variable, values in kept
        )

    merged = {value for value, places in groups.items() if not fits(places)}
    by_size = sorted(groups, key=lambda value: (len(groups[value]), value is None, value or 0))
    while merged and not fits([place for value in merged for place in groups[value]]):
        rest = [value for value in by_size if value not in merged]
        if not rest:
            break
        merged.add(rest[0])
    return merged
