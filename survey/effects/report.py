"""The effect report: everything that the joint tables say about change, as frozen values (pure).

Three views of every outcome stand side by side (statistics.md 1.2): `linked`, the same people twice;
`apart`, all answers of each wave as if nobody could be linked; `everyone`, all answers with the links used
(partially overlapping t). Changes are after minus before, and always so turned that more is better.

A view with too few people, or in which nothing varies, says so in `reason` instead of giving a number that
means nothing; no figure is ever NaN or infinite.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import isfinite
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from survey.effects.attrition import attrition
from survey.effects.categories import ChiSquared, bhapkar, cochrans_q, stuart_maxwell
from survey.effects.dose import slope_of_groups
from survey.effects.exposure import ExposureTable
from survey.effects.families import benjamini_hochberg, holm
from survey.effects.joint import SKIPPED, ItemTable, JointTables, ScoreTable
from survey.effects.means import (
    Change,
    correlation,
    mean_change,
    paired,
    partly_overlapping,
    sample,
    sizes,
    smallest_detectable,
    welch,
)
from survey.effects.mixed import mixed
from survey.effects.moments import Moments, ScaleItems
from survey.effects.ordinal import Odds, proportional_odds
from survey.effects.ranks import cliffs_delta, hodges_lehmann, wilcoxon_pratt
from survey.effects.reliability import (
    FEWEST_ITEMS,
    FEWEST_PEOPLE,
    Reliability,
    discrimination,
    reliability,
)
from survey.effects.shapes import (
    Adjusted,
    ApartMean,
    ApartShare,
    ByExposure,
    EffectReport,
    Index,
    ItemWaves,
    LinkedMean,
    LinkedShare,
    Met,
    Moved,
    OverWaves,
    Rating,
    Reason,
    ScoreEffect,
    ScoreOverWaves,
    Solved,
    Together,
    Typical,
    Views,
    YesNo,
)
from survey.effects.waves import Pattern, ThreeWaves
from survey.effects.yes_no import (
    mcnemar_exact,
    mcnemar_mid_p,
    newcombe_apart,
    newcombe_paired,
    tango,
)
from survey.power import FEWEST

Array = NDArray[Any]
INDEX: Final = "knowledge"
"""Its items are an index, not a scale: difficulty and discrimination instead of alpha."""


def effects(joint: JointTables) -> EffectReport:
    """Every effect that follows from the joint tables."""
    yes_no = tuple(_yes_no(item) for item in joint.items if item.right is not None)
    ratings = tuple(_rating(item) for item in joint.items if item.right is None)
    return EffectReport(
        questionnaire=joint.questionnaire,
        before=joint.before,
        after=joint.after,
        linked=joint.linked,
        smallest=smallest_detectable(joint.linked) if joint.linked >= FEWEST else None,
        yes_no=yes_no,
        ratings=ratings,
        scores=tuple(_score(one) for one in joint.scores),
        adjusted=(*_family("yes_no", yes_no), *_family("ratings", ratings)),
        reliability=tuple(_together(one) for one in joint.scales if one.name != INDEX),
        exposure=tuple(_by_exposure(one) for one in joint.exposure),
        index=tuple(_index(one) for one in joint.scales if one.name == INDEX),
        three=_over_waves(joint.three) if joint.three else None,
    )


def _family(name: str, items: Sequence[YesNo | Rating]) -> Iterator[Adjusted]:
    """The items of one kind that could be compared, adjusted together."""
    found = [(item.code, p) for item in items if (p := _p_of(item)) is not None]
    raw = [p for _, p in found]
    for (code, p), strict, gentle in zip(found, holm(raw), benjamini_hochberg(raw), strict=True):
        yield Adjusted(code=code, family=name, p=p, holm=strict, bh=gentle)


def _p_of(item: YesNo | Rating) -> float | None:
    if isinstance(item, YesNo):
        return item.right.linked.p_mid if item.right.linked else None
    return item.moved.p if item.moved else None


def _together(items: ScaleItems) -> Together:
    before, after = (_reliability(wave) for wave in (items.before, items.after))
    return Together(name=items.name, codes=items.codes, before=before, after=after)


def _reliability(wave: Moments) -> Reliability | None:
    return reliability(_covariance(wave), wave.n) if wave.n >= FEWEST_PEOPLE else None


def _covariance(wave: Moments) -> Array:
    sums = np.array(wave.sums, dtype=float)
    return (np.array(wave.products, dtype=float) - np.outer(sums, sums) / wave.n) / (wave.n - 1)


def _index(items: ScaleItems) -> Index:
    before, after = (_solved(wave) for wave in (items.before, items.after))
    return Index(name=items.name, codes=items.codes, before=before, after=after)


def _solved(wave: Moments) -> Solved | None:
    if wave.n < FEWEST_PEOPLE or len(wave.sums) < FEWEST_ITEMS:
        return None
    rest = discrimination(_covariance(wave))
    return Solved(n=wave.n, right=tuple(one / wave.n for one in wave.sums), rest=rest)


def _over_waves(three: ThreeWaves) -> OverWaves:
    return OverWaves(
        linked=three.linked,
        items=tuple(_item_waves(one) for one in three.items if sum(one.people) >= FEWEST),
        scores=tuple(ScoreOverWaves(name=one.name, model=mixed(one.groups)) for one in three.scores),
    )


def _item_waves(pattern: Pattern) -> ItemWaves:
    people, said = np.array(pattern.people), np.array(list(product((0, 1), repeat=3)))
    n = int(people.sum())
    right = tuple((people @ said / n).tolist())
    return ItemWaves(code=pattern.code, n=n, right=right, q=cochrans_q(said, people))


def _by_exposure(table: ExposureTable) -> ByExposure:
    doses, people, sums, squares = (
        np.array([getattr(group, name) for group in table.groups]) for name in ("dose", "n", "sum", "squares")
    )
    return ByExposure(
        score=table.score,
        item=table.item,
        groups=tuple(
            Met(codes=one.codes, n=one.n, change=mean_change(one.n, one.sum, one.squares))
            for one in table.groups
        ),
        line=slope_of_groups(doses, people, sums, squares),
    )


# --- shares


def _yes_no(item: ItemTable) -> YesNo:
    together, observed = _all_answers(item)
    return YesNo(
        code=item.code,
        measures=item.measures,
        right=_views(item, item.right),
        unsure=None if item.unsure is None else _views(item, item.unsure),
        all_answers=together,
        bhapkar=observed,
    )


def _all_answers(item: ItemTable) -> tuple[ChiSquared | None, ChiSquared | None]:
    """Stuart-Maxwell, and Bhapkar where it is finite."""
    answered = [place for place, code in enumerate(item.codes) if code != SKIPPED]
    joint = np.array(item.joint, dtype=np.int64)[np.ix_(answered, answered)]
    if joint.sum() < FEWEST:
        return None, None
    observed = bhapkar(joint)
    return stuart_maxwell(joint), observed if observed and isfinite(observed.statistic) else None


def _views(item: ItemTable, chosen: str | None) -> Views:
    """The share of one answer among those who answered, in three views."""
    answered = [place for place, code in enumerate(item.codes) if code != SKIPPED]
    here = item.codes.index(chosen or SKIPPED)
    joint = np.array(item.joint, dtype=np.int64)[np.ix_(answered, answered)]
    both = int(joint[here, here])
    gained, lost = int(joint[:, here].sum()) - both, int(joint[here].sum()) - both
    neither = int(joint.sum()) - both - gained - lost
    n_before, n_after = (sum(wave[place] for place in answered) for wave in (item.before, item.after))
    yes_before, yes_after = item.before[here], item.after[here]
    reasons: dict[str, Reason] = {}
    linked = _linked_share(both, gained, lost, neither, reasons)
    apart = _apart_share(yes_before, n_before, yes_after, n_after, reasons)
    levels = np.array([1.0, 0.0])
    everyone = _everyone(
        levels,
        np.array([[both, lost], [gained, neither]]),
        np.array([yes_before, n_before - yes_before]),
        np.array([yes_after, n_after - yes_after]),
        reasons,
    )
    return Views(linked=linked, apart=apart, everyone=everyone, reasons=reasons)


def _linked_share(
    both: int, gained: int, lost: int, neither: int, reasons: dict[str, Reason]
) -> LinkedShare | None:
    n = both + gained + lost + neither
    if n < FEWEST:
        reasons["linked"] = Reason(code="too few", n=n)
        return None
    if gained == lost == 0:
        reasons["linked"] = Reason(code="no change", n=n)
    return LinkedShare(
        n=n,
        before=(both + lost) / n,
        after=(both + gained) / n,
        difference=(gained - lost) / n,
        tango=tango(gained, lost, n),
        newcombe=newcombe_paired(both, gained, lost, neither),
        gained=gained,
        lost=lost,
        p_exact=mcnemar_exact(gained, lost),
        p_mid=mcnemar_mid_p(gained, lost),
    )


def _apart_share(
    before: int, n_before: int, after: int, n_after: int, reasons: dict[str, Reason]
) -> ApartShare | None:
    if min(n_before, n_after) < FEWEST:
        reasons["apart"] = Reason(code="too few", n=min(n_before, n_after))
        return None
    return ApartShare(
        n_before=n_before,
        n_after=n_after,
        before=before / n_before,
        after=after / n_after,
        difference=after / n_after - before / n_before,
        newcombe=newcombe_apart(before, n_before, after, n_after),
    )


# --- means


def _rating(item: ItemTable) -> Rating:
    """Levels 1, 2, … in the order of the codes, turned round where less agreement is better."""
    levels = np.arange(1.0, len(item.codes))
    if item.reverse:
        levels = levels[::-1].copy()
    answered = len(levels)
    joint = np.array(item.joint, dtype=np.int64)[:answered, :answered]
    before, after = (np.array(wave[:answered], dtype=np.int64) for wave in (item.before, item.after))
    reasons: dict[str, Reason] = {}
    one, other, people = _long(levels, joint)
    return Rating(
        code=item.code,
        measures=item.measures,
        reverse=item.reverse,
        linked=_linked_mean(one, other, people, reasons),
        moved=_moved(other - one, people) if people.sum() >= FEWEST else None,
        apart=_apart_mean((levels, before), (levels, after), reasons),
        everyone=_everyone(levels, joint, before, after, reasons),
        ordinal=_ordinal(before, after) if not item.reverse else _ordinal(before[::-1], after[::-1]),
        ceiling=_share_from(levels, before, answered),
        reasons=reasons,
    )


def _score(table: ScoreTable) -> ScoreEffect:
    values = np.array(sorted({v for v, _ in (*table.before, *table.after)}), dtype=np.float64)
    place = {float(value): i for i, value in enumerate(values)}
    before, after = np.zeros(len(values), dtype=np.int64), np.zeros(len(values), dtype=np.int64)
    for wave, counts in ((before, table.before), (after, table.after)):
        for value, people_there in counts:
            wave[place[value]] += people_there
    joint = np.zeros((len(values), len(values)), dtype=np.int64)
    for first, second, people_there in table.joint:
        joint[place[first], place[second]] += people_there
    reasons: dict[str, Reason] = {}
    one, other, people = _long(values, joint)
    return ScoreEffect(
        name=table.name,
        low=table.low,
        high=table.high,
        linked=_linked_mean(one, other, people, reasons),
        sizes=sizes(one, other, people) if people.sum() >= FEWEST else None,
        apart=_apart_mean((values, before), (values, after), reasons),
        everyone=_everyone(values, joint, before, after, reasons),
        ordinal=_ordinal(before, after),
        typical=_typical(other - one, people) if people.sum() >= FEWEST else None,
        ceiling=_share_from(values, before, table.high),
        attrition=attrition(table),
        reasons=reasons,
    )


def _share_from(values: Array, counts: Array, best: float) -> float | None:
    """The share of people at the best value; None below ten."""
    everybody = int(counts.sum())
    return int(counts[values >= best].sum()) / everybody if everybody >= FEWEST else None


def _ordinal(before: Array, after: Array) -> Odds | None:
    """From counts at each value, lowest first; None below ten in a wave."""
    return proportional_odds(before, after) if min(before.sum(), after.sum()) >= FEWEST else None


def _typical(changes: Array, people: Array) -> Typical:
    middle, interval = hodges_lehmann(changes, people)
    return Typical(change=middle, interval=interval)


def _long(levels: Array, joint: Array) -> tuple[Array, Array, Array]:
    """A square of counts as three columns: value before, value after, people."""
    i, j = np.nonzero(joint)
    return levels[i], levels[j], joint[i, j]


def _linked_mean(before: Array, after: Array, people: Array, reasons: dict[str, Reason]) -> LinkedMean | None:
    n = int(people.sum())
    if n < FEWEST:
        reasons["linked"] = Reason(code="too few", n=n)
        return None
    if np.array_equal(before, after):
        reasons["linked"] = Reason(code="no change", n=n)
    return LinkedMean(
        n=n,
        before=sample(before, people),
        after=sample(after, people),
        r=correlation(before, after, people),
        change=paired(before, after, people),
    )


def _moved(changes: Array, people: Array) -> Moved:
    n = int(people.sum())
    up, down = int(people[changes > 0].sum()), int(people[changes < 0].sum())
    p, biserial = wilcoxon_pratt(changes, people)
    return Moved(
        up=up / n,
        same=(n - up - down) / n,
        down=down / n,
        p=p,
        biserial=biserial,
        typical=_typical(changes, people),
    )


def _apart_mean(
    before: tuple[Array, Array], after: tuple[Array, Array], reasons: dict[str, Reason]
) -> ApartMean | None:
    fewest = int(min(before[1].sum(), after[1].sum()))
    if fewest < FEWEST:
        reasons["apart"] = Reason(code="too few", n=fewest)
        return None
    one, other = sample(*before), sample(*after)
    delta, interval = cliffs_delta(*before, *after)
    return ApartMean(before=one, after=other, change=welch(one, other), delta=delta, delta_interval=interval)


def _everyone(
    levels: Array, joint: Array, before: Array, after: Array, reasons: dict[str, Reason]
) -> Change | None:
    """All answers with the links used; needs enough answers in each wave, and two linked to correlate."""
    fewest = int(min(before.sum(), after.sum()))
    if fewest < FEWEST:
        reasons["everyone"] = Reason(code="too few", n=fewest)
        return None
    pairs = int(joint.sum())
    r = correlation(*_long(levels, joint)) if pairs >= 2 else 0.0
    return partly_overlapping(sample(levels, before), sample(levels, after), pairs, r)
