"""Every method on at least two data sets, against R run once (tests/vectors/methods.R): to 1e-6, p on the log scale."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from math import isnan, log
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from survey.effects import (
    categories,
    clusters,
    dose,
    families,
    means,
    mixed,
    ordinal,
    ranks,
    reliability,
    yes_no,
)
from survey.effects.attrition import attrition
from survey.effects.joint import ScoreTable
from survey.effects.waves import Present

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent.parent / "vectors" / "methods-from-r.json").read_text(encoding="utf-8")
)
DOCS = (Path(__file__).parent.parent.parent / "docs" / "statistics.md").read_text(encoding="utf-8")
P = ("p", "exact", "mid", "bhapkar_p", "f_p")


def paired_share(x: Any) -> dict[str, Any]:
    both, gained, lost, neither = x
    return {
        "exact": yes_no.mcnemar_exact(gained, lost),
        "mid": yes_no.mcnemar_mid_p(gained, lost),
        "tango": yes_no.tango(gained, lost, sum(x)),
        "newcombe": yes_no.newcombe_paired(both, gained, lost, neither),
    }


def all_answers(x: Any) -> dict[str, Any]:
    table = np.array(x)
    one, other = categories.stuart_maxwell(table), categories.bhapkar(table)
    assert one
    assert other
    return {"stuart_maxwell": one.statistic, "p": one.p, "bhapkar": other.statistic, "bhapkar_p": other.p}


def three_waves(x: Any) -> dict[str, Any]:
    found = categories.cochrans_q(np.array(x), np.ones(len(x)))
    assert found
    return {"q": found.statistic, "p": found.p}


def score_over_waves(x: Any) -> dict[str, Any]:
    rows: dict[tuple[int, ...], list[list[float]]] = {}
    for row in x:
        there = tuple(wave for wave, value in enumerate(row) if value != "NA")
        rows.setdefault(there, []).append([row[wave] for wave in there])
    groups = [
        Present(
            waves=waves,
            n=len(here),
            sums=tuple(np.sum(here, axis=0).tolist()),
            products=tuple(map(tuple, (np.array(here).T @ np.array(here)).tolist())),
        )
        for waves, here in rows.items()
    ]
    found = mixed.mixed(groups)
    assert found
    told = [_told(one) for one in found.changes]
    return {
        "means": found.means,
        "changes": [one.change for one in found.changes],
        "low": [one["interval"][0] for one in told],
        "high": [one["interval"][1] for one in told],
        **{name: [one[name] for one in told] for name in ("t", "p")},
        "f": found.f,
        "f_p": found.p,
        "between": found.between,
        "within": found.within,
    }


def odds(x: Any) -> dict[str, Any]:
    found = ordinal.proportional_odds(*(np.array(wave) for wave in x))
    assert found
    return {name: getattr(found, name) for name in ("log_odds", "error", "odds", "interval", "p")}


def two_waves(x: Any) -> dict[str, Any]:
    before, after, pairs = np.array(x["before"]), np.array(x["after"]), x["pairs"]
    ones = np.ones(len(before))
    one, other = means.sample(before, ones), means.sample(after, ones)
    r = means.correlation(before[-pairs:], after[-pairs:], np.ones(pairs))
    sizes = means.sizes(before, after, ones)
    assert sizes
    middle, interval = ranks.hodges_lehmann(after - before, ones)
    delta, delta_interval = ranks.cliffs_delta(before, ones, after, ones)
    return {
        "paired": _told(means.paired(before, after, ones)),
        "welch": _told(means.welch(one, other)),
        "overlap": _told(means.partly_overlapping(one, other, pairs, r)),
        "dz": sizes.dz,
        "dz_interval": sizes.dz_interval,
        "d_av": sizes.d_av,
        "hedges": means.hedges(len(before) - 1),
        "hodges_lehmann": middle,
        "hl_interval": interval,
        "delta": delta,
        "delta_interval": delta_interval,
    }


def _told(change: means.Change) -> dict[str, Any]:
    return {"t": change.t, "df": change.df, "p": change.p, "interval": change.interval}


def signed_ranks(x: Any) -> dict[str, Any]:
    p, biserial = ranks.wilcoxon_pratt(np.array(x, dtype=float), np.ones(len(x)))
    return {"p": p, "biserial": biserial}


def scale(x: Any) -> dict[str, Any]:
    covariance, (n, items) = np.cov(np.array(x).T), np.shape(x)
    value = reliability.alpha(covariance)
    return {
        "alpha": value,
        "dropped": [
            reliability.alpha(np.delete(np.delete(covariance, one, 0), one, 1)) for one in range(items)
        ],
        "omega": reliability.omega(covariance),
        "discrimination": reliability.discrimination(covariance),
        "feldt": reliability.feldt(value, n, items),
    }


def trend(x: Any) -> dict[str, Any]:
    found = dose.cochran_armitage(x["yes"], x["people"], x["dose"])
    assert found
    return {"z2": found.z**2, "p": found.p}


def line(x: Any) -> dict[str, Any]:
    found = dose.slope(x["dose"], x["change"], np.ones(len(x["dose"])))
    assert found
    return {"slope": found.slope, "interval": found.interval, "p": found.p}


def units(x: Any) -> dict[str, Any]:
    unit, before, after, treated = (np.array(x[name]) for name in ("unit", "before", "after", "treated"))
    alike = clusters.alike(after - before, unit)
    assert alike
    both = clusters.difference_in_differences(
        np.concatenate([before, after]), np.repeat([0, 1], len(unit)), np.tile(treated, 2), np.tile(unit, 2)
    )
    return {
        "icc": alike.icc,
        "turned": clusters.turned_signs(after - before, unit),
        "change": _coefficient(clusters.regress(np.ones((len(unit), 1)), after - before, unit)[0]),
        "ancova": _coefficient(clusters.ancova(before, after, treated, unit)),
        "did": _coefficient(both),
    }


def _coefficient(found: clusters.Coefficient) -> dict[str, Any]:
    return {name: getattr(found, name) for name in ("value", "error", "df", "p", "interval")}


def left(x: Any) -> dict[str, Any]:
    linked = Counter(zip(x["before"], x["after"], strict=False))
    found = attrition(
        ScoreTable(
            name="x",
            low=-99.0,
            high=999.0,
            before=tuple(sorted(Counter(x["before"]).items())),
            after=(),
            joint=tuple(sorted((one, other, people) for (one, other), people in linked.items())),
        )
    )
    assert found.carried
    return {
        "difference": found.difference,
        "carried": found.carried.change,
        "interval": found.carried.interval,
        "p": found.carried.p,
    }


METHODS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "paired share": paired_share,
    "apart share": lambda x: {"newcombe": yes_no.newcombe_apart(*x)},
    "all answers": all_answers,
    "three waves": three_waves,
    "three waves of a score": score_over_waves,
    "proportional odds": odds,
    "two waves": two_waves,
    "smallest": lambda n: {"dz": means.smallest_detectable(n)},
    "signed ranks": signed_ranks,
    "families": lambda p: {"holm": families.holm(p), "bh": families.benjamini_hochberg(p)},
    "scale": scale,
    "trend": trend,
    "line": line,
    "units": units,
    "attrition": left,
}


@pytest.mark.parametrize("case", CASES, ids=lambda one: f"{one['method']}: {one['set']}")
def test_a_method_says_what_r_says(case: dict[str, Any]) -> None:
    _same(METHODS[case["method"]](case["data"]), case["r"], case["method"])


def _same(ours: Any, theirs: Any, name: str) -> None:
    if isinstance(theirs, dict):
        for key in theirs:
            _same(ours[key], theirs[key], key)
    elif isinstance(theirs, list):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            _same(one, other, name)
    else:
        assert not isnan(theirs)
        if name in P:
            ours, theirs = log(ours), log(theirs)
        assert ours == pytest.approx(theirs, abs=1e-6, rel=1e-6), name


def test_every_method_has_two_sets_and_each_set_is_named_in_the_documents() -> None:
    assert min(Counter(one["method"] for one in CASES).values()) >= 2
    assert {one["method"] for one in CASES} == set(METHODS)
    for one in CASES:
        assert one["set"] in DOCS, one["set"]


# --- laws of units


def test_the_names_and_the_order_of_units_change_nothing() -> None:
    random = np.random.default_rng(5)
    for few in (9, 20):
        unit = np.repeat(np.arange(few), 5)
        changes, firsts = random.normal(0.3, 1, len(unit)), random.normal(0, 1, len(unit))
        named = random.permutation(few)[unit]
        mixed = random.permutation(len(unit))
        design = np.column_stack([np.ones(len(unit)), firsts])
        for other, rows in ((named, np.arange(len(unit))), (named, mixed)):
            assert clusters.turned_signs(changes[rows], other[rows]) == clusters.turned_signs(changes, unit)
            assert clusters.alike(changes[rows], other[rows]).icc == pytest.approx(  # type: ignore[union-attr]
                clusters.alike(changes, unit).icc  # type: ignore[union-attr]
            )
            again = clusters.regress(design[rows], changes[rows], other[rows])
            for mine, theirs in zip(again, clusters.regress(design, changes, unit), strict=True):
                assert _coefficient(mine)["p"] == pytest.approx(theirs.p, rel=1e-9)
                assert mine.df == pytest.approx(theirs.df, rel=1e-9)


def test_swapping_the_waves_turns_what_units_say() -> None:
    random = np.random.default_rng(6)
    unit, changes = np.repeat(np.arange(16), 4), random.normal(0.4, 1, 64)
    forth, back = (clusters.regress(np.ones((64, 1)), one, unit)[0] for one in (changes, -changes))
    assert [back.value, back.p] == pytest.approx([-forth.value, forth.p])
    assert clusters.turned_signs(-changes, unit) == pytest.approx(
        clusters.turned_signs(changes, unit), abs=0.02
    )
