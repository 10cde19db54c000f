"""The effect report as values: what stands in it, and why a view may be missing (pure)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from survey.effects.attrition import Attrition
from survey.effects.categories import ChiSquared
from survey.effects.dose import Slope
from survey.effects.means import Change, Sample, Sizes
from survey.effects.mixed import Mixed
from survey.effects.ordinal import Odds
from survey.effects.reliability import Reliability
from survey.effects.yes_no import Interval
from survey.power import FEWEST

Code = Literal["too few", "no change"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """Why a view gives no more: fewer than `needed` people, or nobody's answer changed."""

    code: Code
    n: int
    needed: int = FEWEST


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkedShare:
    """A share among linked people: both waves, its difference with two intervals, who moved, two p."""

    n: int
    before: float
    after: float
    difference: float
    tango: Interval
    newcombe: Interval
    gained: int
    lost: int
    p_exact: float
    p_mid: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ApartShare:
    """The same share in all answers of each wave, as if nobody could be linked."""

    n_before: int
    n_after: int
    before: float
    after: float
    difference: float
    newcombe: Interval


@dataclass(frozen=True, kw_only=True, slots=True)
class Views:
    """A share seen in three ways; a view is None where `reasons` says why (keys: linked, apart, everyone)."""

    linked: LinkedShare | None
    apart: ApartShare | None
    everyone: Change | None
    reasons: dict[str, Reason]


@dataclass(frozen=True, kw_only=True, slots=True)
class YesNo:
    """A question with a right answer. unsure: the share of "don't know", where that is an answer.

    all_answers: whether right, wrong and "don't know" together moved (Stuart-Maxwell); bhapkar the same with the
    variance as observed. None below 10 linked, where nobody moved, or, the second, where it has no bound.
    """

    code: str
    measures: str
    right: Views
    unsure: Views | None
    all_answers: ChiSquared | None
    bhapkar: ChiSquared | None


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkedMean:
    """A mean among linked people."""

    n: int
    before: Sample
    after: Sample
    r: float
    change: Change


@dataclass(frozen=True, kw_only=True, slots=True)
class ApartMean:
    """The same mean in all answers of each wave, with Welch's interval and Cliff's delta."""

    before: Sample
    after: Sample
    change: Change
    delta: float
    delta_interval: Interval


@dataclass(frozen=True, kw_only=True, slots=True)
class Typical:
    """The typical change (Hodges-Lehmann: the median of all means of two changes) and its interval."""

    change: float
    interval: Interval


@dataclass(frozen=True, kw_only=True, slots=True)
class Moved:
    """How single ratings moved among linked people: shares, signed-rank p, rank-biserial correlation."""

    up: float
    same: float
    down: float
    p: float
    biserial: float
    typical: Typical


@dataclass(frozen=True, kw_only=True, slots=True)
class Rating:
    """A question answered on a scale; `reverse` tells that its levels were turned round.

    ceiling: share of all answers before that were already at the best level; None below ten. ordinal: proportional
    odds of all answers, as a check; None below ten in a wave, or where there is nothing to compare.
    """

    code: str
    measures: str
    reverse: bool
    linked: LinkedMean | None
    moved: Moved | None
    apart: ApartMean | None
    everyone: Change | None
    ordinal: Odds | None
    ceiling: float | None
    reasons: dict[str, Reason]


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreEffect:
    """A score. ceiling: share of all answers before that were already at the best value; typical, attrition: see there.

    ordinal: proportional odds of all answers, as a check of the means.
    """

    name: str
    low: float
    high: float
    linked: LinkedMean | None
    sizes: Sizes | None
    apart: ApartMean | None
    everyone: Change | None
    ordinal: Odds | None
    typical: Typical | None
    ceiling: float | None
    attrition: Attrition
    reasons: dict[str, Reason]


@dataclass(frozen=True, kw_only=True, slots=True)
class Adjusted:
    """One item's p among its family: as it is, adjusted for claims (Holm), for exploring (Benjamini-Hochberg)."""

    code: str
    family: str
    p: float
    holm: float
    bh: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Together:
    """How well the items of a scale hang together in each wave; None with too few people or items."""

    name: str
    codes: tuple[str, ...]
    before: Reliability | None
    after: Reliability | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Solved:
    """One wave of knowledge items, among those who answered all: the share right, and how each goes with the others."""

    n: int
    right: tuple[float, ...]
    rest: tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """Items that add up without measuring one thing: difficulty and discrimination; None with too few people or items."""

    name: str
    codes: tuple[str, ...]
    before: Solved | None
    after: Solved | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemWaves:
    """One yes/no item among those who answered it in all three waves: the share right each time, and Cochran's Q.

    q is None where nobody's answers differed.
    """

    code: str
    n: int
    right: tuple[float, ...]
    q: ChiSquared | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreOverWaves:
    """One score over three waves; model None where too few came twice or nothing varies."""

    name: str
    model: Mixed | None


@dataclass(frozen=True, kw_only=True, slots=True)
class OverWaves:
    """Before, after and follow-up together. linked: people found in all three; items with ten of them or more."""

    linked: int
    items: tuple[ItemWaves, ...]
    scores: tuple[ScoreOverWaves, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Met:
    """People who met about as much of the campaign, and how a score changed among them."""

    codes: tuple[str, ...]
    n: int
    change: Change


@dataclass(frozen=True, kw_only=True, slots=True)
class ByExposure:
    """A score's change by exposure. line: for one level more; no proof of cause."""

    score: str
    item: str
    groups: tuple[Met, ...]
    line: Slope | None


@dataclass(frozen=True, kw_only=True, slots=True)
class EffectReport:
    """All effects. smallest: the smallest dz that the linked could have shown with 80 % power.

    three: where a third wave had closed when these two were joined.
    """

    questionnaire: str
    before: int
    after: int
    linked: int
    smallest: float | None
    yes_no: tuple[YesNo, ...]
    ratings: tuple[Rating, ...]
    scores: tuple[ScoreEffect, ...]
    adjusted: tuple[Adjusted, ...]
    reliability: tuple[Together, ...]
    exposure: tuple[ByExposure, ...]
    index: tuple[Index, ...]
    three: OverWaves | None

    def to_json(self) -> dict[str, Any]:
        """Plain lists, numbers and text; no NaN."""
        return asdict(self)
