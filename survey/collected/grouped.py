"""What only collected answers can say: likeness within units, and change by how much of the campaign was met (pure).

Everything is None, or says why in `reason`, where there is too little to say anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from math import isfinite
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.i18n import Text
from core.vietnamese import NotANumber, parse_number
from survey.collected.checking import Problem, Wave
from survey.collected.files import Sheet
from survey.effects import clusters, dose
from survey.effects.means import smallest_detectable
from survey.power import FEWEST
from survey.questionnaire import Item, Questionnaire
from survey.scoring import Answers, scales, scorer

Array = NDArray[Any]
MOST_ROWS: Final = 4_000
"""CR2 needs a square of rows: beyond this only what needs none is computed."""


def by_cluster(
    pairs: Sequence[tuple[int, int]], before: Wave, after: Wave, questionnaire: Questionnaire
) -> list[dict[str, Any]]:
    """One entry a score: change among the linked with errors that allow for units, ICC, and signs turned by unit."""
    found = []
    for name, changes, firsts, places in _changes(pairs, before, after, questionnaire):
        units = _units(places, before, after)
        known = units != ""
        found.append({"score": name, **_clustered(changes[known], firsts[known], units[known].astype(str))})
    return found


def _units(places: Sequence[tuple[int, int]], before: Wave, after: Wave) -> Array:
    """The unit of each linked person, as it was after, else as it was before; "" where neither is known."""
    return np.array([after.clusters[j] or before.clusters[i] for i, j in places], dtype=object)


def _clustered(changes: Array, firsts: Array, units: Array) -> dict[str, Any]:
    n, named = len(changes), len(set(units.tolist()))
    nothing = {"n": n, "units": named, "change": None, "regression_to_the_mean": None, "icc": None}
    nothing = {**nothing, "design_effect": None, "p_turned_signs": None, "smallest": None}
    if n < FEWEST or named < 2:
        return {**nothing, "reason": "too few people" if n < FEWEST else "one unit"}
    like = clusters.alike(changes, units)
    told: dict[str, Any] = {
        **nothing,
        "icc": like.icc if like else None,
        "design_effect": like.design_effect if like else None,
        "p_turned_signs": clusters.turned_signs(changes, units),
        # n people of like units tell as much as n / design effect people of none.
        "smallest": smallest_detectable(n) * float(np.sqrt(like.design_effect)) if like else None,
    }
    if float(np.ptp(changes)) == 0:
        return {**told, "icc": None, "design_effect": None, "smallest": None, "reason": "no variation"}
    if n > MOST_ROWS:
        return {**told, "reason": "too many rows for CR2"}
    ones = np.ones(n)
    told["change"] = _plain(clusters.regress(ones[:, None], changes, units)[0])
    if float(np.ptp(firsts)) > 0:
        design = np.column_stack([ones, firsts - firsts.mean()])
        told["regression_to_the_mean"] = _plain(clusters.regress(design, changes, units)[1])
    if named == n:
        return {**told, "reason": "one person in each unit"}
    return {**told, "reason": None if named >= clusters.FEW_UNITS else "few units: read p_turned_signs"}


def _plain(found: clusters.Coefficient) -> dict[str, Any] | None:
    """A coefficient as JSON can hold it: without t and p where units leave no error; None where it has no df."""
    if not isfinite(found.df) or not isfinite(found.error):
        return None
    told = asdict(found)
    if found.error <= 1e-9 * max(1.0, abs(found.value)):
        told["t"] = told["p"] = None
    return told


def by_exposure(
    pairs: Sequence[tuple[int, int]], before: Wave, after: Wave, questionnaire: Questionnaire, column: str
) -> list[dict[str, Any]]:
    """One entry a score: the slope of change over exposure, and means where ten people or more share a dose.

    Where units are named the slope is given once more with errors that allow for them (with exposure 0 and 1 that is
    the difference in differences), and among people equal before (ANCOVA).
    """
    level = doses(after, questionnaire, column)
    found = []
    for name, changes, firsts, places in _changes(pairs, before, after, questionnaire):
        met = np.array([np.nan if (one := level[j]) is None else one for _, j in places], dtype=float)
        known = ~np.isnan(met)
        n = int(known.sum())
        line = dose.slope(met[known], changes[known], np.ones(n)) if n >= FEWEST else None
        means = []
        for one in np.unique(met[known]):
            there = changes[known & (met == one)]
            if len(there) >= FEWEST:
                means.append({"exposure": float(one), "n": len(there), "change": float(there.mean())})
        told = {"score": name, "n": n, "slope": asdict(line) if line else None, "means": means}
        units = _units(places, before, after)
        found.append({**told, **_over_units(met, changes, firsts, units)})
    return found


def _over_units(met: Array, changes: Array, firsts: Array, units: Array) -> dict[str, Any]:
    """The slope with CR2 errors, alone and with the level before beside it; None where that cannot be said."""
    kept = ~np.isnan(met) & (units != "")
    found: dict[str, Any] = {"slope_units": None, "ancova": None}
    if not FEWEST <= int(kept.sum()) <= MOST_ROWS or float(np.ptp(changes[kept])) == 0:
        return found
    named = units[kept].astype(str)
    design = np.column_stack([np.ones(int(kept.sum())), met[kept]])
    with suppress(ValueError):  # one unit, or exposure that does not vary
        found["slope_units"] = _plain(clusters.regress(design, changes[kept], named)[1])
        found["ancova"] = _plain(
            clusters.ancova(firsts[kept], firsts[kept] + changes[kept], met[kept], named)
        )
    return found


def shares_by_exposure(
    pairs: Sequence[tuple[int, int]], after: Wave, questionnaire: Questionnaire, column: str
) -> list[dict[str, Any]]:
    """One entry a knowledge item: whether the share of right answers after rises with exposure (Cochran-Armitage)."""
    level = doses(after, questionnaire, column)
    found: list[dict[str, Any]] = []
    for item in questionnaire.all_items.values():
        if item.measure.kind != "knowledge" or item.measure.right is None:
            continue
        said = [
            (dose_, after.answers[j][item.code] == item.measure.right)
            for _, j in pairs
            if (dose_ := level[j]) is not None and item.code in after.answers[j]
        ]
        trend = _trend(said) if len(said) >= FEWEST else None
        found.append({"item": item.code, "n": len(said), "trend": asdict(trend) if trend else None})
    return found


def _trend(said: Sequence[tuple[float, bool]]) -> dose.Trend | None:
    met, right = (np.array(column, dtype=float) for column in zip(*said, strict=True))
    levels, place = np.unique(met, return_inverse=True)
    return dose.cochran_armitage(np.bincount(place, weights=right), np.bincount(place), levels)


def doses(wave: Wave, questionnaire: Questionnaire, column: str) -> list[float | None]:
    """Exposure as a number: the place among the choices where the column is a question of one, else as written.

    Rows whose exposure is neither were refused before (`wrong_doses`); `NotANumber` otherwise.
    """
    item = questionnaire.all_items.get(column)
    return [_dose(item, written) for written in wave.exposures]


def wrong_doses(sheet: Sheet, wave: Wave, questionnaire: Questionnaire, column: str) -> list[Problem]:
    """Every row whose exposure is no choice and no number."""
    item = questionnaire.all_items.get(column)
    found = []
    for (row, _), written in zip(sheet.rows, wave.exposures, strict=True):
        try:
            _dose(item, written)
        except NotANumber:
            said = written[:40]
            says = Text(f"Mức tham gia “{said}” không phải số.", f"Exposure “{said}” is no number.")
            found.append(Problem(file=sheet.name, row=row, column=column, says=says))
    return found


def _dose(item: Item | None, written: str) -> float | None:
    places = {choice.code: float(place) for place, choice in enumerate(item.choices)} if item else {}
    if not written:
        return None
    if written in places:
        return places[written]
    if item is not None and item.kind == "many":
        return float(len(set(written.split()) - {c.code for c in item.choices if c.exclusive}))
    return float(parse_number(written))


def _changes(
    pairs: Sequence[tuple[int, int]], before: Wave, after: Wave, questionnaire: Questionnaire
) -> list[tuple[str, Array, Array, list[tuple[int, int]]]]:
    """Each score: changes of the linked who have it twice, what they had before, and their places."""
    found: list[tuple[str, Array, Array, list[tuple[int, int]]]] = []
    for scale in scales(questionnaire):
        score = scorer(scale)
        firsts, seconds = _scored(score, before.answers), _scored(score, after.answers)
        kept = [(i, j) for i, j in pairs if firsts[i] is not None and seconds[j] is not None]
        had = np.array([firsts[i] for i, _ in kept], dtype=float)
        has = np.array([seconds[j] for _, j in kept], dtype=float)
        found.append((scale.name, has - had, had, kept))
    return found


def _scored(score: Any, answers: Sequence[Mapping[str, Any]]) -> list[float | None]:
    known: Sequence[Answers] = answers
    return [score(one) for one in known]
