"""Joint tables: how many gave which answer before and which after (pure; loads neither numpy nor scipy).

They are frozen when the later wave closes, and every figure is read from them; no pair of answers need be
kept. Per item: counts of each answer before, after, and of each pair of answers among the linked. Per
score: the same for its values. Codes stand in the order of the questionnaire, "" (skipped) last.

A help question with many ticks becomes one yes/no item per place ("H:113", right when a right place is
ticked or a distractor is not) and one item for the indicator ("H", right at three places and no distractor).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Final

from survey.effects.exposure import ExposureTable, exposure_tables
from survey.effects.moments import ScaleItems, scale_items
from survey.questionnaire import Choice, Item, Questionnaire
from survey.scoring import Answers, Scale, knows_help, scales, scorer

VERSION: Final = 3
"""Version 1 had no moments of items, 2 no exposure; they are read as tables without them."""
SKIPPED: Final = ""
UNSURE: Final = "khong_biet"
YES, NO = "yes", "no"
MEASURED: Final = ("knowledge", "attitude", "confidence", "trust", "help")

Pairs = Sequence[tuple[int, int]]
Column = Sequence[str | list[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemTable:
    """One item. before, after: counts per code; joint[i][j]: linked people with code i before, j after.

    `right` is the right answer of a yes/no item, None for a rating; `reverse` means that agreeing less is
    the better answer, `unsure` which code stands for "don't know".
    """

    code: str
    measures: str
    codes: tuple[str, ...]
    right: str | None
    unsure: str | None
    reverse: bool
    before: tuple[int, ...]
    after: tuple[int, ...]
    joint: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreTable:
    """One score between `low` and `high`. before, after: (value, people); joint: (before, after, people)."""

    name: str
    low: float
    high: float
    before: tuple[tuple[float, int], ...]
    after: tuple[tuple[float, int], ...]
    joint: tuple[tuple[float, float, int], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class JointTables:
    """All that is kept of two waves put side by side. JSON in and out, with its version."""

    questionnaire: str
    before: int
    after: int
    linked: int
    items: tuple[ItemTable, ...]
    scores: tuple[ScoreTable, ...]
    scales: tuple[ScaleItems, ...] = ()
    exposure: tuple[ExposureTable, ...] = ()
    version: int = VERSION

    def to_json(self) -> dict[str, Any]:
        """Plain lists, numbers and text."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> JointTables:
        """The tables as `to_json` wrote them; ValueError for a version not known here."""
        if data.get("version") not in (1, 2, VERSION):
            raise ValueError(f"Joint tables of version {data.get('version')!r} are not known here.")
        whole = dict(data)
        whole["items"] = tuple(ItemTable(**_tuples(item)) for item in data["items"])
        whole["scores"] = tuple(ScoreTable(**_tuples(one)) for one in data["scores"])
        whole["scales"] = tuple(ScaleItems.from_json(one) for one in data.get("scales", ()))
        whole["exposure"] = tuple(ExposureTable.from_json(one) for one in data.get("exposure", ()))
        whole["version"] = VERSION
        return cls(**whole)

    def swapped(self) -> JointTables:
        """The same with before and after exchanged."""
        return JointTables(
            questionnaire=self.questionnaire,
            before=self.after,
            after=self.before,
            linked=self.linked,
            items=tuple(_swapped_item(item) for item in self.items),
            scores=tuple(
                ScoreTable(
                    name=one.name,
                    low=one.low,
                    high=one.high,
                    before=one.after,
                    after=one.before,
                    joint=tuple((after, before, people) for before, after, people in one.joint),
                )
                for one in self.scores
            ),
            scales=tuple(one.swapped() for one in self.scales),
            exposure=tuple(one.swapped() for one in self.exposure),
        )


def freeze(
    pairs: Pairs, befores: Sequence[Answers], afters: Sequence[Answers], questionnaire: Questionnaire
) -> JointTables:
    """Count everything once.

    pairs: (place in befores, place in afters) of the linked; each place at most once. Answers are coded
    answers as `Questionnaire.validate` returns them. ValueError names an answer outside the questionnaire.
    """
    _each_at_most_once(pairs)
    items: list[ItemTable] = []
    for item in questionnaire.all_items.values():
        items.extend(_item_tables(item, pairs, befores, afters))
    return JointTables(
        questionnaire=questionnaire.digest(),
        before=len(befores),
        after=len(afters),
        linked=len(pairs),
        items=tuple(items),
        scores=tuple(_score_table(scale, pairs, befores, afters) for scale in scales(questionnaire)),
        scales=scale_items(questionnaire, befores, afters),
        exposure=exposure_tables(pairs, befores, afters, questionnaire),
    )


def _each_at_most_once(pairs: Pairs) -> None:
    if any(len({pair[side] for pair in pairs}) < len(pairs) for side in (0, 1)):
        raise ValueError("A form is linked twice; each may be linked once.")


def _item_tables(
    item: Item, pairs: Pairs, befores: Sequence[Answers], afters: Sequence[Answers]
) -> Iterable[ItemTable]:
    measure = item.measure
    if measure.kind not in MEASURED:
        return
    waves = [[answers.get(item.code, SKIPPED) for answers in wave] for wave in (befores, afters)]
    if measure.kind == "help":
        ticked = [_ticked(item, wave) for wave in waves]
        for code, is_right in _marks(item):
            columns = [_yes_no(wave, is_right) for wave in ticked]
            yield _table(item, code, (YES, NO), YES, columns[0], columns[1], pairs)
    else:
        codes = tuple(choice.code for choice in item.choices)
        yield _table(item, item.code, codes, measure.right, waves[0], waves[1], pairs)


def _marks(item: Item) -> Iterator[tuple[str, Callable[[frozenset[str]], bool]]]:
    """The yes/no items of a help question: the indicator, then each place that counts."""
    yield item.code, lambda ticked: knows_help(item, ticked)
    for choice in item.choices:
        if choice.counts is not None:
            yield f"{item.code}:{choice.code}", partial(_marked, choice)


def _marked(choice: Choice, ticked: frozenset[str]) -> bool:
    return (choice.code in ticked) == (choice.counts == "right")


def _ticked(item: Item, wave: Column) -> list[frozenset[str]]:
    """Each answer as a set; a skipped question as the empty one, since it cannot be sent with no tick."""
    codes = {choice.code for choice in item.choices}
    known: dict[tuple[str, ...], frozenset[str]] = {(): frozenset()}
    sets = []
    for given in wave:
        key = (given,) if isinstance(given, str) and given else tuple(given)
        if key not in known:
            known[key] = frozenset(key)
            if strange := known[key] - codes:
                raise ValueError(f"Question {item.code} has no answer {min(strange)!r}.")
        sets.append(known[key])
    return sets


def _yes_no(wave: Sequence[frozenset[str]], is_right: Callable[[frozenset[str]], bool]) -> list[str]:
    """Each set of ticks as yes or no; sets repeat, so each is judged once."""
    verdict = {one: YES if is_right(one) else NO for one in set(wave)}
    verdict[frozenset()] = SKIPPED
    return [verdict[one] for one in wave]


def _table(
    item: Item,
    code: str,
    codes: tuple[str, ...],
    right: str | None,
    before: Column,
    after: Column,
    pairs: Pairs,
) -> ItemTable:
    codes = (*codes, SKIPPED)
    try:
        counts = Counter(before), Counter(after)
    except TypeError as wrong:
        raise ValueError(f"Question {code} takes one answer, not a list.") from wrong
    strange = (set(counts[0]) | set(counts[1])) - set(codes)
    if strange:
        raise ValueError(f"Question {code} has no answer {min(map(str, strange))!r}.")
    both = _both(before, after, pairs)
    return ItemTable(
        code=code,
        measures=item.measure.kind,
        codes=codes,
        right=right,
        unsure=UNSURE if UNSURE in codes else None,
        reverse=item.measure.reverse,
        before=tuple(counts[0][one] for one in codes),
        after=tuple(counts[1][one] for one in codes),
        joint=tuple(tuple(both[one, other] for other in codes) for one in codes),
    )


def _both(before: Sequence[Any], after: Sequence[Any], pairs: Pairs) -> Counter[tuple[Any, Any]]:
    """How many linked people gave each pair of answers."""
    return Counter(zip((before[i] for i, _ in pairs), (after[j] for _, j in pairs), strict=True))


def _score_table(
    scale: Scale, pairs: Pairs, befores: Sequence[Answers], afters: Sequence[Answers]
) -> ScoreTable:
    score = scorer(scale)
    before, after = list(map(score, befores)), list(map(score, afters))
    both = _both(before, after, pairs)
    return ScoreTable(
        name=scale.name,
        low=scale.low,
        high=scale.high,
        before=tuple(sorted((v, n) for v, n in Counter(before).items() if v is not None)),
        after=tuple(sorted((v, n) for v, n in Counter(after).items() if v is not None)),
        joint=tuple(sorted((b, a, n) for (b, a), n in both.items() if b is not None and a is not None)),
    )


def _swapped_item(item: ItemTable) -> ItemTable:
    fields = {name: getattr(item, name) for name in ItemTable.__dataclass_fields__}
    joint = tuple(zip(*item.joint, strict=True))
    return ItemTable(**{**fields, "before": item.after, "after": item.before, "joint": joint})


def _tuples(fields: Mapping[str, Any]) -> dict[str, Any]:
    def frozen(value: Any) -> Any:
        return tuple(map(frozen, value)) if isinstance(value, list | tuple) else value

    return {name: frozen(value) for name, value in fields.items()}
