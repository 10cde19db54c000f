"""Methods an evaluator asks for, against published examples and against R (tests/vectors/effects.R)."""

from __future__ import annotations

import json
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from survey.effects import categories, clusters, dose, families, ranks, reliability

R: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "vectors" / "effects-from-r.json").read_text(encoding="utf-8")
)
UNIT, BEFORE, AFTER, TREATED = (np.array(R[name]) for name in ("unit", "before", "after", "treated"))
ITEMS = np.array(R["items"])

# --- more than two answers or waves


VISION = np.array([[1520, 266, 124, 66], [234, 1512, 432, 78], [117, 362, 1772, 205], [36, 82, 179, 492]])


def test_unaided_vision_of_7477_women() -> None:
    """Stuart 1955: 11.957 with 3 degrees of freedom; Bhapkar 1966: 11.976."""
    found, other = categories.stuart_maxwell(VISION), categories.bhapkar(VISION)
    assert found
    assert other
    assert found.statistic == pytest.approx(R["stuart_maxwell"]["statistic"], rel=1e-8)
    assert (found.df, found.p) == (3, pytest.approx(R["stuart_maxwell"]["p"], rel=1e-8))
    assert other.statistic == pytest.approx(11.976, abs=5e-4)


def test_two_answers_give_the_square_of_mcnemar() -> None:
    found = categories.stuart_maxwell(np.array([[59, 6], [16, 80]]))
    assert found
    assert found.statistic == pytest.approx((16 - 6) ** 2 / (16 + 6))
    assert found.df == 1


def test_an_answer_that_nobody_moved_to_or_from_says_nothing() -> None:
    with_empty = np.zeros((4, 4))
    with_empty[np.ix_([0, 2], [0, 2])] = [[59, 6], [16, 80]]
    with_empty[3, 3] = 12
    found = categories.stuart_maxwell(with_empty)
    assert found
    assert (found.statistic, found.df) == (pytest.approx(100 / 22), 1)
    assert categories.stuart_maxwell(np.diag([3, 4, 5])) is None
    assert categories.bhapkar(np.diag([3, 4, 5])) is None


def test_two_circles_of_answers_that_never_mix_count_once_each() -> None:
    apart = np.zeros((4, 4))
    apart[:2, :2], apart[2:, 2:] = [[5, 3], [9, 5]], [[5, 2], [8, 5]]
    found = categories.stuart_maxwell(apart)
    assert found
    assert found.df == 2
    assert found.statistic == pytest.approx(36 / 12 + 36 / 10)


def test_everybody_in_one_direction_is_beyond_bhapkars_bound() -> None:
    found = categories.bhapkar(np.array([[0, 20], [0, 0]]))
    assert found
    assert (found.statistic, found.p) == (inf, 0)


def test_three_sportswriters_and_twelve_games() -> None:
    """Conover 1971, p. 201, as NIST's Dataplot gives it: Q = 2.8, p = 0.2466."""
    games = [(1, 1, 1), (1, 1, 1), (0, 1, 0), (1, 1, 0), (0, 0, 0), (1, 1, 1)]
    games += [(1, 1, 1), (1, 1, 0), (0, 0, 1), (0, 1, 0), (1, 1, 1), (1, 1, 1)]
    found = categories.cochrans_q(np.array(games), np.ones(12))
    assert found
    assert (found.statistic, found.df, found.p) == (pytest.approx(2.8), 2, pytest.approx(0.246597, abs=1e-6))
    assert categories.cochrans_q(np.array([(1, 1, 1), (0, 0, 0)]), np.array([5, 7])) is None


def test_cochran_over_two_waves_is_mcnemar() -> None:
    found = categories.cochrans_q(np.array([(1, 1), (1, 0), (0, 1), (0, 0)]), np.array([59, 6, 16, 80]))
    assert found
    assert found.statistic == pytest.approx(100 / 22)


# --- many tests at once


def test_families_of_tests_as_r_adjusts_them() -> None:
    raw = [0.01, 0.02, 0.03, 0.04, 0.05, 0.001]
    assert families.holm(raw) == pytest.approx(R["holm"])
    assert families.benjamini_hochberg(raw) == pytest.approx(R["bh"])


def test_fifteen_comparisons_of_thrombolysis() -> None:
    """Benjamini & Hochberg 1995: at 5 %, four of fifteen; Holm's stricter rule names three."""
    raw = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
    raw += [0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    assert sum(p <= 0.05 for p in families.benjamini_hochberg(raw)) == 4
    assert sum(p <= 0.05 for p in families.holm(raw)) == 3


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1), max_size=20))
def test_adjusting_never_helps_and_keeps_the_order(raw: list[float]) -> None:
    gentle, strict = families.benjamini_hochberg(raw), families.holm(raw)
    assert all(p <= g + 1e-12 <= s + 1e-9 <= 1 + 1e-8 for p, g, s in zip(raw, gentle, strict, strict=True))
    order = np.argsort(raw, kind="stable")
    assert all(np.diff(np.array(strict)[order]) >= 0)


# --- scales


def test_alpha_and_its_kin_as_r_gives_them() -> None:
    found = reliability.reliability(np.cov(ITEMS.T), len(ITEMS))
    assert found
    assert found.alpha == pytest.approx(R["alpha"], abs=1e-9)
    assert found.dropped == pytest.approx(R["dropped"], abs=1e-9)
    assert found.interval == pytest.approx(R["feldt"], abs=2e-3)
    assert found.omega == pytest.approx(R["omega"], abs=1e-4)


def test_too_few_items_or_people_and_items_that_do_not_vary_have_no_alpha() -> None:
    covariance = np.cov(ITEMS.T)
    assert reliability.reliability(covariance[:2, :2], 240) is None
    assert reliability.reliability(covariance, 99) is None
    covariance[0], covariance[:, 0] = 0, 0
    assert reliability.reliability(covariance, 240) is None


def test_equal_items_have_the_same_alpha_and_omega() -> None:
    covariance = np.full((4, 4), 0.5) + np.eye(4) * 0.5
    assert reliability.omega(covariance) == pytest.approx(reliability.alpha(covariance), abs=1e-6)


def test_a_fit_that_does_not_converge_has_no_omega(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failed:
        success = False

    monkeypatch.setattr(reliability, "minimize", lambda *_, **__: Failed())
    assert reliability.omega(np.cov(ITEMS.T)) is None


# --- exposure


def test_alcohol_and_malformation() -> None:
    """Graubard & Korn 1987 in Agresti, Categorical Data Analysis: trend chi-squared 6.57, p 0.010."""
    yes, people = np.array([48, 38, 5, 1, 1]), np.array([17114, 14502, 793, 127, 38])
    found = dose.cochran_armitage(yes, people, np.array([0, 0.5, 1.5, 4, 7]))
    assert found
    assert found.z**2 == pytest.approx(R["trend"], rel=1e-8)
    assert found.p == pytest.approx(R["trend_p"], rel=1e-8)
    assert found.z > 0
    assert dose.cochran_armitage(yes, people, np.ones(5)) is None
    assert dose.cochran_armitage(people, people, np.arange(5)) is None


def test_the_line_over_doses_is_rs_line() -> None:
    found = dose.slope(BEFORE, AFTER, np.ones(len(UNIT)))
    assert found
    assert found.slope == pytest.approx(R["slope"]["value"], rel=1e-8)
    assert found.interval == pytest.approx(R["slope"]["interval"], rel=1e-8)
    assert found.p == pytest.approx(R["slope"]["p"], rel=1e-6)


def test_counts_stand_for_people() -> None:
    once = dose.slope(np.array([0, 1, 2, 2]), np.array([1.0, 2, 2, 5]), np.array([1, 2, 1, 2]))
    each = dose.slope(np.array([0, 1, 1, 2, 2, 2]), np.array([1.0, 2, 2, 2, 5, 5]), np.ones(6))
    assert once
    assert each
    assert (once.slope, *once.interval, once.df) == pytest.approx((each.slope, *each.interval, each.df))


def test_a_perfect_line_has_no_t_and_two_people_no_line() -> None:
    found = dose.slope(np.array([0, 1, 2, 3]), np.array([0, 2, 4, 6]), np.ones(4))
    assert found
    assert (found.slope, found.t, found.p) == (pytest.approx(2), None, None)
    assert dose.slope(np.array([0, 1]), np.array([0, 1]), np.ones(2)) is None
    assert dose.slope(np.array([1, 1, 1]), np.array([0, 1, 2]), np.ones(3)) is None


# --- the typical change


def test_the_typical_change_and_its_interval_are_those_of_r() -> None:
    middle, interval = ranks.hodges_lehmann(np.array(R["changes"]), np.ones(len(R["changes"])))
    # R seeks the root of a rank statistic, and so lies between two neighbouring means.
    assert middle == pytest.approx(R["hodges_lehmann"], abs=2e-4)
    assert interval == pytest.approx(R["hl_interval"], abs=2e-3)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-4, 4), min_size=6, max_size=20))
def test_the_typical_change_is_the_median_of_all_means_of_two(changes: list[int]) -> None:
    means = [(a + b) / 2 for i, a in enumerate(changes) for b in changes[i:]]
    values, counts = np.unique(changes, return_counts=True)
    middle, (low, high) = ranks.hodges_lehmann(values, counts)
    assert middle == pytest.approx(float(np.median(means)))
    assert low <= middle <= high


# --- units


def test_ancova_and_difference_in_differences_with_cr2_as_clubsandwich() -> None:
    after = clusters.ancova(BEFORE, AFTER, TREATED, UNIT)
    both = clusters.difference_in_differences(
        np.concatenate([BEFORE, AFTER]), np.repeat([0, 1], len(UNIT)), np.tile(TREATED, 2), np.tile(UNIT, 2)
    )
    for found, told in ((after, R["ancova"]), (both, R["did"])):
        assert (found.value, found.error, found.df, found.p) == pytest.approx(
            (told["value"], told["error"], told["df"], told["p"]), rel=1e-6
        )
        assert found.interval[0] < found.value < found.interval[1]


def test_what_cannot_be_told_apart_is_refused() -> None:
    with pytest.raises(ValueError, match="told apart"):
        clusters.regress(np.ones((4, 2)), np.arange(4), np.array([1, 1, 2, 2]))
    with pytest.raises(ValueError, match="told apart"):
        clusters.regress(np.ones((4, 1)), np.arange(4), np.ones(4))


def test_an_outcome_without_errors_is_certain() -> None:
    found = clusters.regress(np.ones((6, 1)), np.full(6, 3.0), np.array([1, 1, 2, 2, 3, 3]))[0]
    assert (found.value, found.error, found.p) == (
        pytest.approx(3),
        pytest.approx(0, abs=1e-12),
        pytest.approx(0),
    )


def test_units_that_agree_within_themselves_have_an_icc_of_one() -> None:
    found = clusters.alike(np.repeat([1.0, 2, 4], 4), np.repeat([1, 2, 3], 4))
    assert found
    assert (found.icc, found.design_effect, found.units) == (pytest.approx(1), pytest.approx(4), 3)


def test_the_icc_of_equal_units_is_the_one_of_the_textbook() -> None:
    """One-way ANOVA by scipy: (F − 1) / (F + m − 1)."""
    values, units = AFTER[:40], np.repeat(np.arange(8), 5)
    f = stats.f_oneway(*values.reshape(8, 5)).statistic
    found = clusters.alike(values, units)
    assert found
    assert found.icc == pytest.approx((f - 1) / (f + 4))


def test_units_that_differ_within_more_than_between_do_not_shrink_the_sample() -> None:
    found = clusters.alike(np.tile([1.0, 2, 3], 3), np.repeat([1, 2, 3], 3))
    assert found
    assert found.icc < 0
    assert found.design_effect == 1
    assert clusters.alike(np.ones(3), np.arange(3)) is None
    assert clusters.alike(np.ones(3), np.ones(3)) is None
    constant = clusters.alike(np.ones(4), np.array([1, 1, 2, 2]))
    assert constant
    assert constant.icc == 0


def test_a_few_units_are_tested_by_turning_their_signs() -> None:
    assert clusters.turned_signs(np.ones(12), np.repeat(np.arange(6), 2)) == pytest.approx(2 / 64)
    many = clusters.turned_signs(np.ones(40), np.repeat(np.arange(20), 2))
    assert many == clusters.turned_signs(np.ones(40), np.repeat(np.arange(20), 2)), (
        "the same data, the same p"
    )
    assert many < 0.001
    assert clusters.turned_signs(np.array([1.0, -1, 1, -1]), np.arange(4)) == 1
