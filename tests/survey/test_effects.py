"""Each method against a published worked example or a value computed another way; laws on everything."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from survey import questionnaire
from survey.effects import (
    JointTables,
    categories,
    count_job,
    curves,
    dose,
    effects,
    freeze,
    from_json,
    mixed,
    ordinal,
    packing,
    reliability,
)
from survey.effects import means as m
from survey.effects import ranks as r
from survey.effects import yes_no as y
from survey.effects.waves import Present
from survey.scoring import scales, scorer

# --- shares: published examples


def test_mcnemar_on_complete_response_before_and_after_consolidation() -> None:
    """Cavo et al. 2012 (59, 6, 16, 80) in Fagerland, Lydersen & Laake, Statistical Analysis of Contingency
    Tables (2017), ch. 8; figures as printed by the authors' R package contingencytables."""
    assert y.mcnemar_exact(6, 16) == pytest.approx(0.052479, abs=5e-7)
    assert y.mcnemar_mid_p(6, 16) == pytest.approx(0.034690, abs=5e-7)
    assert y.tango(6, 16, 161) == pytest.approx((-0.1240, -0.0054), abs=5e-5)
    assert y.newcombe_paired(59, 6, 16, 80) == pytest.approx((-0.1186, -0.0046), abs=5e-5)


def test_mcnemar_on_airway_responsiveness() -> None:
    """Bentur et al. 2009 (1, 1, 7, 12) in Fagerland, Lydersen & Laake 2013: exact 0.0703, mid-p 0.0391."""
    assert y.mcnemar_exact(1, 7) == pytest.approx(0.0703, abs=5e-5)
    assert y.mcnemar_mid_p(1, 7) == pytest.approx(0.0391, abs=5e-5)


def test_newcombe_for_independent_shares() -> None:
    """Newcombe 1998, Statistics in Medicine 17:873-890, table II, method 10: contrasts (a) and (b)."""
    assert y.newcombe_apart(48, 80, 56, 70) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert y.newcombe_apart(3, 10, 9, 10) == pytest.approx((0.1705, 0.8090), abs=5e-5)


@pytest.mark.parametrize(
    ("gained", "lost", "n"), [(6, 16, 161), (0, 0, 20), (20, 0, 20), (0, 20, 20), (3, 0, 40)]
)
def test_tango_is_where_the_score_test_turns(gained: int, lost: int, n: int) -> None:
    """The limits reached by another road: the restricted maximum likelihood by a grid, not a formula."""
    for limit in y.tango(gained, lost, n):
        if abs(limit) < 1 - 1e-9:
            lose = np.linspace(max(0.0, -limit), (1 - limit) / 2, 400_001)[1:-1]
            likelihood = (
                gained * np.log(np.maximum(lose + limit, 1e-300))
                + lost * np.log(lose)
                + (n - gained - lost) * np.log(np.maximum(1 - 2 * lose - limit, 1e-300))
            )
            q = lose[likelihood.argmax()] if lost else max(0.0, -limit)
            if not lost:
                q = lose[likelihood.argmax()] if likelihood.argmax() > 0 else max(0.0, -limit)
            z = (gained - lost - n * limit) / np.sqrt(n * (2 * q + limit * (1 - limit)))
            assert abs(z) == pytest.approx(1.959964, abs=2e-3)


def test_two_waves_that_agree_wholly_have_intervals_around_nothing() -> None:
    low, high = y.tango(0, 0, 30)
    assert low == pytest.approx(-high)
    assert 0 < high < 0.15
    assert y.newcombe_paired(30, 0, 0, 0) == pytest.approx(
        (-(1 - y.wilson(30, 30)[0]), 1 - y.wilson(30, 30)[0])
    )
    assert y.mcnemar_mid_p(0, 0) == y.mcnemar_exact(0, 0) == 1


def test_phi_is_drawn_towards_nothing_only_when_positive() -> None:
    """Newcombe's method 10: φ̂ loses n/2 when positive (not past 0), and stays as it is when negative."""
    assert y._phi(59, 6, 16, 80) == pytest.approx((59 * 80 - 6 * 16 - 80.5) / np.sqrt(65 * 96 * 75 * 86))
    assert y._phi(3, 3, 3, 4) == 0
    assert y._phi(1, 5, 6, 1) == pytest.approx((1 - 30) / np.sqrt(6 * 7 * 7 * 6))


# --- means: published examples


def test_paired_t_on_the_sleep_of_student() -> None:
    """Student 1908 (R's `sleep`): mean 1.58, t = 4.0621, df = 9, p = 0.002833, CI 0.7001142 to 2.4598858."""
    change = m.paired(SLEEP[0], SLEEP[1], np.ones(10))
    assert (change.change, change.t, change.df) == (pytest.approx(1.58), pytest.approx(4.0621, abs=5e-5), 9)
    assert change.p == pytest.approx(0.002833, abs=5e-7)
    assert change.interval == pytest.approx((0.7001142, 2.4598858), abs=5e-8)


def test_welch_on_the_sleep_of_student() -> None:
    """R's t.test(extra ~ group, data = sleep), group 2 less group 1: t = 1.8608, df = 17.776, p = 0.07939,
    CI −0.2054832 to 3.3654832."""
    change = m.welch(*(m.sample(group, np.ones(10)) for group in SLEEP))
    assert (change.t, change.df) == (pytest.approx(1.8608, abs=5e-5), pytest.approx(17.776, abs=5e-4))
    assert change.p == pytest.approx(0.07939, abs=5e-6)
    assert change.interval == pytest.approx((-0.2054832, 3.3654832), abs=5e-8)


def test_partly_overlapping_t_on_the_example_of_its_authors() -> None:
    """Derrick, Toher & White 2017, The Quantitative Methods for Psychology 13(2):120-126 (and the example of
    R's Partiallyoverlapping): equal variances, p = 0.026."""
    change = m.partly_overlapping(*OVERLAP, 8, OVERLAP_R, equal=True)
    assert change.p == pytest.approx(0.026, abs=5e-4)
    assert change.df == pytest.approx(18.5)


def test_partly_overlapping_t_becomes_its_two_neighbours() -> None:
    one, other = (m.sample(group, np.ones(10)) for group in SLEEP)
    all_linked = m.partly_overlapping(one, other, 10, m.correlation(*SLEEP, np.ones(10)))
    assert _numbers(all_linked) == pytest.approx(_numbers(m.paired(*SLEEP, np.ones(10))))
    assert _numbers(m.partly_overlapping(one, other, 0, 0.0)) == pytest.approx(_numbers(m.welch(one, other)))


def test_effect_sizes_on_the_sleep_of_student() -> None:
    """dz = t/√10 = 1.28456; its limits satisfy the definition; J(9) = 0.9139 to four places (Hedges 1981,
    table); d_av = 1.58 / ((1.789010 + 2.002249)/2)."""
    found = m.sizes(*SLEEP, np.ones(10))
    assert found is not None
    assert found.dz == pytest.approx(4.062128 / np.sqrt(10), abs=1e-6)
    low, high = (limit * np.sqrt(10) for limit in found.dz_interval)
    assert stats.nct.cdf(4.062127683382037, 9, low) == pytest.approx(0.975, abs=1e-6)
    assert stats.nct.cdf(4.062127683382037, 9, high) == pytest.approx(0.025, abs=1e-6)
    assert found.d_av == pytest.approx(1.58 / ((1.789010 + 2.002249) / 2), abs=1e-6)
    assert m.hedges(9) == pytest.approx(0.9139, abs=1e-3)
    assert found.dz_hedges == pytest.approx(found.dz * m.hedges(9))
    assert found.d_av_hedges == pytest.approx(found.d_av * m.hedges(9))
    large = m.sizes(*SLEEP, np.full(10, 5))
    assert large is not None
    assert large.dz_hedges is None


@pytest.mark.parametrize(
    ("df", "t", "nc"), [(9, 2.1, 1.0), (99, -3.0, -2.0), (5, 0.5, 3.0), (999, 10.0, 9.0)]
)
def test_the_noncentral_t_agrees_with_scipy_where_scipy_answers(df: int, t: float, nc: float) -> None:
    assert m.below(t, df, nc) == pytest.approx(stats.nct.cdf(t, df, nc), abs=1e-8)


def test_the_noncentral_t_answers_in_the_far_tail_too() -> None:
    assert m.below(50.0, 9, 130.0) < 1e-6
    low, high = m.noncentrality(120.0, 99_999)
    assert low == pytest.approx(117.97, abs=0.01)
    assert high == pytest.approx(122.03, abs=0.01)


@pytest.mark.parametrize(
    ("n", "dz"), [(20, 0.66), (30, 0.53), (50, 0.40), (100, 0.28), (150, 0.23), (200, 0.20), (300, 0.16)]
)
def test_the_smallest_detectable_effect_has_the_power_it_claims(n: int, dz: float) -> None:
    """Known values (G*Power: n = 34 finds dz = 0.5 with 0.8077); power recomputed with scipy."""
    found = m.smallest_detectable(n)
    assert found == pytest.approx(dz, abs=0.005)
    bar = stats.t.ppf(0.975, n - 1)
    assert stats.nct.sf(bar, n - 1, found * np.sqrt(n)) == pytest.approx(0.8, abs=1e-4)


# --- ranks: published examples


def test_cliffs_delta_on_the_example_of_effsize() -> None:
    """R package effsize (Torchiano), data of Hogarty & Kromrey 1999: −0.25, CI −0.7265846 to 0.3890062."""
    treated, control = np.array([10, 20, 30, 40, 50.0]), np.array([10, 20, 30, 40, 50.0])
    delta, interval = r.cliffs_delta(control, np.array([1, 1, 1, 2, 1]), treated, np.array([2, 3, 3, 1, 1]))
    assert delta == pytest.approx(-0.25)
    assert interval == pytest.approx((-0.7265846, 0.3890062), abs=5e-8)


def test_waves_that_do_not_overlap_have_a_delta_of_one_and_an_honest_interval() -> None:
    low_, high_ = np.array([1.0, 2.0]), np.array([4.0, 5.0])
    people = np.array([10, 10])
    delta, (low, high) = r.cliffs_delta(low_, people, high_, people)
    assert (delta, high) == (1, 1)
    assert 0.9 < low < 1
    assert r.cliffs_delta(high_, people, low_, people) == (-1, (-1, -low))


def test_a_wave_with_one_value_each_has_an_interval_that_is_not_a_point() -> None:
    one = np.array([3.0])
    delta, (low, high) = r.cliffs_delta(one, np.array([12]), one, np.array([12]))
    assert delta == 0
    assert low < 0 < high


def test_signed_ranks_agree_with_scipy_on_many_people() -> None:
    """scipy.stats.wilcoxon(zero_method="pratt", method="asymptotic", correction=False), itself checked
    against R's coin::wilcoxsign_test in scipy's own tests."""
    changes, people = np.arange(-3.0, 4.0), np.array([4, 9, 31, 60, 44, 21, 6])
    p, biserial = r.wilcoxon_pratt(changes, people)
    theirs = stats.wilcoxon(
        np.repeat(changes, people), zero_method="pratt", method="asymptotic", correction=False
    )
    assert p == pytest.approx(theirs.pvalue, rel=1e-9)
    assert biserial > 0


def test_signed_ranks_agree_with_scipy_exactly_when_nothing_is_tied() -> None:
    changes = np.array([1.0, -2.0, 3.0, 4.5, -5.0, 6.0, 7.0, 8.0])
    p, biserial = r.wilcoxon_pratt(changes, np.ones(8))
    assert p == pytest.approx(stats.wilcoxon(changes, method="exact").pvalue)
    assert biserial == pytest.approx((36 - 2 * (2 + 5)) / 36)


def test_signed_ranks_are_exact_with_ties_and_zeros_too() -> None:
    """All 2⁶ signs of the moved tried one by one, ranks with the zeros in and then dropped (Pratt)."""
    changes = np.array([0, 0, 1, 1, -1, 2, 2, 3.0])
    ranks = stats.rankdata(np.abs(changes))
    moved = ranks[changes != 0]
    seen = ranks[changes > 0].sum()
    sums = [moved[np.array(signs, dtype=bool)].sum() for signs in product((0, 1), repeat=len(moved))]
    tail = min(np.mean(np.array(sums) >= seen), np.mean(np.array(sums) <= seen))
    values, people = np.unique(changes, return_counts=True)
    assert r.wilcoxon_pratt(values, people)[0] == pytest.approx(min(1, 2 * tail))


def test_dust_of_rounding_breaks_no_tie() -> None:
    people = np.array([5, 6, 20])
    clean = r.wilcoxon_pratt(np.array([-0.3, 0.3, 0.6]), people)
    assert r.wilcoxon_pratt(np.array([-0.3, 0.1 + 0.2, 0.6]), people) == clean
    assert r.wilcoxon_pratt(np.array([0.3 - 0.1 - 0.2]), np.array([30])) == (1, 0)


# --- joint tables


def test_freezing_counts_every_answer_and_every_linked_pair() -> None:
    befores = [{"K1": "sai", "H1": ["113", "111", "yte"]}, {"K1": "dung"}, {}]
    afters = [{"K1": "sai", "H1": ["113", "114"]}, {"K1": "khong_biet", "H1": "khong_biet"}]
    joint = freeze([(0, 0), (1, 1)], befores, afters, SHIPPED)
    k1 = _item(joint, "K1")
    assert k1.codes == ("dung", "sai", "khong_biet", "")
    assert (k1.before, k1.after) == ((1, 1, 0, 1), (0, 1, 1, 0))
    assert k1.joint == ((0, 0, 1, 0), (0, 1, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0))
    assert (_item(joint, "H1").before, _item(joint, "H1").after) == ((1, 0, 2), (0, 2, 0))
    assert _item(joint, "H1:114").before == (1, 0, 2)
    assert _item(joint, "H1:114").after == (1, 1, 0)
    assert (joint.before, joint.after, joint.linked) == (3, 2, 2)
    assert not [item for item in joint.items if item.measures in ("background", "exposure", "linkage")]


def test_joint_tables_keep_no_person_and_read_back_the_same() -> None:
    joint = _year(60, seed=1)
    text = json.dumps(joint.to_json())
    assert JointTables.from_json(json.loads(text)) == joint
    assert joint.swapped().swapped() == joint


@pytest.mark.slow
def test_ten_times_the_people_do_not_make_ten_times_the_tables() -> None:
    small, large = (len(json.dumps(_year(n, seed=2).to_json())) for n in (400, 4000))
    assert large < 2.5 * small


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"K1": "perhaps"}, "Question K1 has no answer 'perhaps'"),
        ({"T1": "6"}, "Question T1 has no answer '6'"),
        ({"K1": ["sai"]}, "Question K1 takes one answer"),
        ({"H1": ["115"]}, "Question H1 has no answer '115'"),
    ],
)
def test_answers_outside_the_questionnaire_are_named(answers: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        freeze([], [answers], [], SHIPPED)


def test_a_form_is_linked_once() -> None:
    with pytest.raises(ValueError, match="linked twice"):
        freeze([(0, 0), (0, 1)], [{}], [{}, {}], SHIPPED)


def test_tables_of_another_version_are_refused() -> None:
    with pytest.raises(ValueError, match="version 99"):
        JointTables.from_json({"version": 99})


# --- the report


def test_the_report_tells_each_kind_of_question_in_three_views() -> None:
    report = effects(_year(120, seed=4))
    assert {item.code for item in report.yes_no} >= {"K1", "K8", "H1", "H1:113", "H1:zalo"}
    assert {item.code for item in report.ratings} == {
        *(f"T{n}" for n in range(1, 9)),
        *(f"C{n}" for n in range(1, 7)),
    }
    assert [one.name for one in report.scores] == ["knowledge", "attitude", "confidence", "help"]
    for one in report.scores:
        assert one.linked is not None
        assert one.apart is not None
        assert one.everyone is not None
        assert one.linked.change.change > 0
        low, high = one.linked.change.interval
        assert low < one.linked.change.change < high
    assert report.smallest == pytest.approx(m.smallest_detectable(report.linked))


def test_the_report_reads_the_right_cells() -> None:
    """20 linked: 8 right twice, 7 gained (3 of them from "don't know"), 2 lost, 3 wrong twice."""
    pairs = [("sai", "sai")] * 8 + [("dung", "sai")] * 4 + [("khong_biet", "sai")] * 3
    pairs += [("sai", "dung")] * 2 + [("dung", "dung")] * 3
    report = effects(_linked([({"K1": one}, {"K1": other}) for one, other in pairs]))
    k1 = next(item for item in report.yes_no if item.code == "K1")
    assert k1.right.linked is not None
    assert k1.right.apart is not None
    assert k1.right.everyone is not None
    linked = k1.right.linked
    assert (linked.n, linked.before, linked.after) == (20, 0.5, 0.75)
    assert (linked.gained, linked.lost, linked.difference) == (7, 2, 0.25)
    assert linked.tango == y.tango(7, 2, 20)
    assert linked.newcombe == y.newcombe_paired(8, 7, 2, 3)
    assert (linked.p_exact, linked.p_mid) == (y.mcnemar_exact(7, 2), y.mcnemar_mid_p(7, 2))
    assert k1.right.apart.newcombe == y.newcombe_apart(10, 20, 15, 20)
    assert k1.right.everyone.change == pytest.approx(0.25)
    assert k1.unsure is not None
    assert k1.unsure.linked is not None
    assert (k1.unsure.linked.gained, k1.unsure.linked.lost) == (0, 3)


def test_reversed_items_are_turned_so_that_more_is_better() -> None:
    report = effects(
        _linked(
            [({"T1": "5", "T3": "1"}, {"T1": "4", "T3": "2"})] * 6
            + [({"T1": "3", "T3": "3"}, {"T1": "2", "T3": "3"})] * 6
        )
    )
    ratings = {item.code: item for item in report.ratings}
    t1, t3 = ratings["T1"], ratings["T3"]
    assert t1.linked is not None
    assert t1.moved is not None
    assert t3.moved is not None
    assert (t1.reverse, t1.linked.before.mean, t1.linked.after.mean) == (True, 2, 3)
    assert (t1.moved.up, t3.moved.up, t3.moved.same) == (1, 0.5, 0.5)


def test_too_few_people_are_told_why_and_get_no_figure() -> None:
    report = effects(_linked([({"K1": "sai", "T3": "1"}, {"K1": "dung", "T3": "5"})] * 9))
    k1 = next(item for item in report.yes_no if item.code == "K1")
    t3 = next(item for item in report.ratings if item.code == "T3")
    assert (k1.right.linked, k1.right.apart, k1.right.everyone) == (None, None, None)
    assert (t3.linked, t3.moved, t3.apart, t3.everyone) == (None, None, None, None)
    told = {view: (why.code, why.n, why.needed) for view, why in t3.reasons.items()}
    assert told == dict.fromkeys(("linked", "apart", "everyone"), ("too few", 9, 10))
    assert report.smallest is None


def test_nobody_at_all_is_a_report_too() -> None:
    report = effects(freeze([], [], [], SHIPPED))
    json.dumps(report.to_json(), allow_nan=False)
    assert all(one.ceiling is None for one in report.scores)


def test_unlinked_waves_still_have_two_views() -> None:
    one, other = [{"K1": "sai", "T3": "2"}] * 12, [{"K1": "dung", "T3": "3"}] * 11
    report = effects(freeze([], one, other, SHIPPED))
    t3 = next(item for item in report.ratings if item.code == "T3")
    assert t3.linked is None
    assert t3.apart is not None
    assert t3.everyone is not None
    assert t3.apart.change.change == t3.everyone.change == 1


def test_an_item_that_never_changes_says_so_and_nothing_is_nan() -> None:
    same = dict.fromkeys(("T1", "T3", "C1", "C6"), "3") | {f"K{n}": "sai" for n in range(1, 9)}
    same |= {f"T{n}": "3" for n in range(1, 9)} | {f"C{n}": "3" for n in range(1, 6)}
    report = effects(_linked([(same, same)] * 20))
    text = json.dumps(report.to_json(), allow_nan=False)
    assert "Infinity" not in text
    for one in [*report.ratings, *(score for score in report.scores if score.name != "help")]:
        assert one.reasons["linked"].code == "no change"
        assert one.linked is not None
        assert (one.linked.change.change, one.linked.change.p) == (0, None)
    assert report.yes_no[0].right.reasons["linked"].code == "no change"


def test_everyone_moving_by_the_same_step_is_a_change_without_a_t() -> None:
    report = effects(
        _linked([({f"C{n}": "3" for n in range(1, 6)}, {f"C{n}": "4" for n in range(1, 6)})] * 20)
    )
    confidence = next(one for one in report.scores if one.name == "confidence")
    assert confidence.linked is not None
    assert (confidence.linked.change.change, confidence.linked.change.t) == (1, None)
    assert confidence.sizes is None
    assert "linked" not in confidence.reasons


def test_the_ceiling_is_the_share_that_could_not_rise() -> None:
    best, less = (
        {f"K{n}": right for n, right in enumerate(RIGHT, 1)},
        {f"K{n}": "khong_biet" for n in range(1, 9)},
    )
    report = effects(_linked([(best, best)] * 6 + [(less, best)] * 14))
    assert next(one for one in report.scores if one.name == "knowledge").ceiling == 0.3


def test_a_child_process_gives_the_same_report() -> None:
    joint = _year(50, seed=9)
    payload = json.loads(json.dumps(joint.to_json()))
    assert json.dumps(from_json(payload)) == json.dumps(effects(joint).to_json())


def test_freezing_loads_neither_numpy_nor_scipy() -> None:
    code = "import sys, survey.effects; print({'numpy', 'scipy'} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"


# --- laws


@settings(max_examples=12, deadline=None)
@given(st.integers(10, 80), st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_the_order_of_people_does_not_matter(n: int, seed: int, random: Any) -> None:
    befores, afters, pairs = _people(n, seed)
    there, back = list(range(len(befores))), list(range(len(afters)))
    random.shuffle(there)
    random.shuffle(back)
    moved = [(there.index(i), back.index(j)) for i, j in pairs]
    random.shuffle(moved)
    again = freeze(moved, [befores[i] for i in there], [afters[j] for j in back], SHIPPED)
    assert again == freeze(pairs, befores, afters, SHIPPED)


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(st.integers(10, 80), st.integers(0, 10_000))
def test_swapping_the_waves_turns_signs_and_keeps_p(n: int, seed: int) -> None:
    joint = freeze(*_reordered(_people(n, seed)), SHIPPED)
    forth, back = effects(joint), effects(joint.swapped())
    for one, other in zip(forth.yes_no, back.yes_no, strict=True):
        _turned(
            one.right.linked, other.right.linked, ("difference",), ("p_exact", "p_mid"), ("tango", "newcombe")
        )
        _turned(one.right.apart, other.right.apart, ("difference",), (), ("newcombe",))
        _turned(one.right.everyone, other.right.everyone, ("change", "t"), ("p",), ("interval",))
    for mine, theirs in zip([*forth.ratings, *forth.scores], [*back.ratings, *back.scores], strict=True):
        for view in ("linked", "apart"):
            a, b = getattr(mine, view), getattr(theirs, view)
            if a is not None:
                _turned(a.change, b.change, ("change", "t"), ("p",), ("interval",))
        if mine.apart is not None and theirs.apart is not None:
            _turned(mine.apart, theirs.apart, ("delta",), (), ("delta_interval",))
        _turned(mine.everyone, theirs.everyone, ("change", "t"), ("p",), ("interval",))
    for rating, swapped in zip(forth.ratings, back.ratings, strict=True):
        _turned(rating.moved, swapped.moved, ("biserial",), ("p",), ())
    for score, swapped_score in zip(forth.scores, back.scores, strict=True):
        _turned(score.sizes, swapped_score.sizes, ("dz", "d_av"), (), ("dz_interval",))


@settings(max_examples=40, deadline=None)
@given(st.tuples(*[st.integers(0, 30)] * 4).filter(lambda cells: sum(cells) >= 1))
def test_intervals_of_shares_hold_their_estimate_and_stay_possible(cells: tuple[int, int, int, int]) -> None:
    _both, gained, lost, _neither = cells
    n = sum(cells)
    for low, high in (y.tango(gained, lost, n), y.newcombe_paired(*cells)):
        assert -1 - 1e-9 <= low <= (gained - lost) / n + 1e-9
        assert (gained - lost) / n - 1e-9 <= high <= 1 + 1e-9
    assert 0 < y.mcnemar_mid_p(gained, lost) <= y.mcnemar_exact(gained, lost) + 1e-12 <= 1 + 1e-12


# --- furniture

SHIPPED = questionnaire.load()
RIGHT = ("sai", "dung", "sai", "dung", "sai", "sai", "dung", "dung")
SLEEP = (
    np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]),
    np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]),
)
_A_ALONE, _A = [20, 21, 16, 18, 14, 12, 14, 17], [14, 15, 18, 20, 11, 19, 14, 15]
_B_ALONE, _B = [10, 16, 18, 16, 15, 14, 13, 10], [15, 10, 15, 17, 13, 19, 12, 13]
OVERLAP = tuple(m.sample(np.array(all_, dtype=float), np.ones(16)) for all_ in (_A_ALONE + _A, _B_ALONE + _B))
OVERLAP_R = m.correlation(np.array(_A, dtype=float), np.array(_B, dtype=float), np.ones(8))

People = tuple[list[dict[str, Any]], list[dict[str, Any]], list[tuple[int, int]]]


def _numbers(change: m.Change) -> tuple[float | None, ...]:
    return change.change, *change.interval, change.t, change.df, change.p


def _item(joint: JointTables, code: str) -> Any:
    return next(item for item in joint.items if item.code == code)


def _answers(random: np.random.Generator, lift: float) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for item in SHIPPED.all_items.values():
        if (
            item.measure.kind not in ("knowledge", "attitude", "confidence", "trust", "help")
            or random.random() < 0.05
        ):
            continue
        if item.measure.kind == "help":
            answers[item.code] = [
                c.code for c in item.choices[:10] if random.random() < 0.3 + lift * (c.counts == "right")
            ] or ["113"]
        elif item.measure.right is not None:
            wrong = [choice.code for choice in item.choices if choice.code != item.measure.right]
            answers[item.code] = (
                item.measure.right if random.random() < 0.5 + lift else str(random.choice(wrong))
            )
        else:
            level = int(np.clip(round(random.normal(3 + 2 * lift, 1)), 1, 5))
            answers[item.code] = str(6 - level if item.measure.reverse else level)
    return answers


def _people(n: int, seed: int) -> People:
    random = np.random.default_rng(seed)
    befores = [_answers(random, 0.0) for _ in range(n)]
    afters = [_answers(random, 0.3) for _ in range(n - n // 10)]
    pairs = [(int(i), place) for place, i in enumerate(random.permutation(n)[: n * 7 // 10])]
    return befores, afters, pairs


def _reordered(people: People) -> tuple[Any, Any, Any]:
    befores, afters, pairs = people
    return pairs, befores, afters


def _year(n: int, seed: int) -> JointTables:
    return freeze(*_reordered(_people(n, seed)), SHIPPED)


def _linked(both: list[tuple[dict[str, Any], dict[str, Any]]]) -> JointTables:
    befores, afters = [one for one, _ in both], [other for _, other in both]
    return freeze([(place, place) for place in range(len(both))], befores, afters, SHIPPED)


def _turned(
    one: Any, other: Any, signs: tuple[str, ...], same: tuple[str, ...], ends: tuple[str, ...]
) -> None:
    if one is None:
        assert other is None
        return
    for name in signs:
        value, turned = getattr(one, name), getattr(other, name)
        assert turned == (None if value is None else pytest.approx(-value, abs=1e-9))
    for name in same:
        value = getattr(one, name)
        assert getattr(other, name) == (None if value is None else pytest.approx(value, abs=1e-9))
    for name in ends:
        low, high = getattr(one, name)
        assert getattr(other, name) == pytest.approx((-high, -low), abs=1e-8)


def test_change_by_exposure_is_kept_in_groups_of_at_least_ten() -> None:
    """Levels of 12, 4, 15 and 2 people become 16 and 17: no group tells of fewer than ten."""
    asked = next(
        item for item in SHIPPED.all_items.values() if item.measure.kind == "exposure" and item.kind == "one"
    )
    codes = [choice.code for choice in asked.choices]
    levels = [code for code, people in zip(codes, (12, 4, 15, 2), strict=True) for _ in range(people)]
    rated = [item.code for item in SHIPPED.all_items.values() if item.measure.kind == "attitude"]
    before = [dict.fromkeys(rated, "3") for _ in levels]
    after = [
        {**dict.fromkeys(rated, "3"), rated[0]: str(1 + place % 5), asked.code: level}
        for place, level in enumerate(levels)
    ]
    pairs = [(place, place) for place in range(len(levels))]
    joint = freeze(pairs, before, after, SHIPPED)

    (table,) = [one for one in joint.exposure if one.score == "attitude"]
    assert [(group.codes, group.n) for group in table.groups] == [
        (tuple(codes[:2]), 16),
        (tuple(codes[2:]), 17),
    ]
    assert JointTables.from_json(json.loads(json.dumps(joint.to_json()))) == joint
    mixed = freeze(pairs[::-1], before, after, SHIPPED)
    assert mixed == joint
    (found,) = [one for one in effects(joint).exposure if one.score == "attitude"]
    (turned,) = [one for one in effects(joint.swapped()).exposure if one.score == "attitude"]
    assert found.line is not None
    assert turned.line is not None
    assert turned.line.slope == pytest.approx(-found.line.slope)
    assert turned.line.p == pytest.approx(found.line.p)
    few = freeze(pairs[:15], before, after, SHIPPED)
    assert few.exposure == ()


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-4, 4)), min_size=6, max_size=60))
def test_a_line_through_groups_is_the_line_through_people(people: list[tuple[int, int]]) -> None:
    doses, changes = (np.array(column, dtype=float) for column in zip(*people, strict=True))
    levels = np.unique(doses)
    groups = [changes[doses == one] for one in levels]
    plain = dose.slope(doses, changes, np.ones(len(people)))
    grouped = dose.slope_of_groups(
        levels,
        np.array([len(one) for one in groups]),
        np.array([one.sum() for one in groups]),
        np.array([(one**2).sum() for one in groups]),
    )
    if plain is None or grouped is None:
        assert plain is grouped
        return
    assert grouped.slope == pytest.approx(plain.slope, abs=1e-9)
    assert grouped.interval == pytest.approx(plain.interval, abs=1e-6)
    if plain.p is not None and grouped.p is not None:
        assert grouped.p == pytest.approx(plain.p, rel=1e-6, abs=1e-12)


# --- counting at once, and three waves


def test_counting_in_portions_and_in_another_process_counts_the_same() -> None:
    befores, afters, pairs = _people(70, 12)
    here = freeze(pairs, befores, afters, SHIPPED)
    sent = []
    for wave in (befores, afters):
        packer = packing.Packer(SHIPPED)
        for start in range(0, len(wave), 9):
            packer.add(wave[start : start + 9])
        packer.add([])
        sent.append(packer.packed.to_json())
    asked = {
        "questionnaire": SHIPPED.to_json(),
        "before": sent[0],
        "after": sent[1],
        "pairs": [packing.pairs_to_text(one) for one in (pairs, pairs[:20])],
    }
    done = count_job(json.loads(json.dumps(asked)))
    done = json.loads(json.dumps(done))
    assert JointTables.from_json(done["joint"]) == here
    assert done["effects"][0] == json.loads(json.dumps(effects(here).to_json()))
    assert done["effects"][1]["linked"] == 20
    assert done["effects"][0]["three"] is None


def test_a_question_with_hundreds_of_answers_is_packed_in_wider_numbers() -> None:
    data = json.loads(json.dumps(SHIPPED.to_json()))
    item = next(one for one in data["items"] if one["code"] == "K1")
    item.pop("scale", None)
    item["options"] = [{"code": f"a{n}", "vi": f"{n}", "en": f"{n}"} for n in range(300)]
    item["measures"]["right"] = "a299"
    wide = questionnaire.Questionnaire.from_json(data)
    joint = freeze([], [{"K1": "a299"}, {"K1": "a0"}, {}], [], wide)
    assert (_item(joint, "K1").before[299], _item(joint, "K1").before[0], _item(joint, "K1").before[300]) == (
        1,
        1,
        1,
    )


def test_questionnaires_of_one_question_or_none_are_counted_too() -> None:
    data = json.loads(json.dumps(SHIPPED.to_json()))
    for code, counted in (("K1", 1), ("B1", 0)):
        kept = {**data, "items": [one for one in data["items"] if one["code"] == code]}
        kept["pages"] = [{**data["pages"][0], "items": [code]}]
        joint = freeze(
            [(0, 0)], [{"K1": "sai"}], [{"K1": "dung"}], questionnaire.Questionnaire.from_json(kept)
        )
        assert (len(joint.items), joint.linked) == (counted, 1)


def test_ticks_count_the_same_in_any_order() -> None:
    wave = packing.packed(SHIPPED, [{"H1": ["113", "111"]}, {"H1": ["111", "113"]}, {}])
    assert list(wave.columns["H1"]) == [1, 1, 0]


def _three(n: int, seed: int, place: int = 2) -> tuple[Any, dict[str, Any]]:
    """Three waves of n people, the last two joined to the first in part; and what a child makes of them."""
    random = np.random.default_rng(seed)
    waves = [[_answers(random, lift) for _ in range(n)] for lift in (0.0, 0.3, 0.2)]
    links = [[(int(i), j) for j, i in enumerate(random.permutation(n)[: n * 3 // 4])] for _ in range(2)]
    order = (0, 1, 2) if place == 2 else (0, 2, 1)
    sent = [packing.packed(SHIPPED, waves[one]).to_json() for one in order]
    ways = [packing.pairs_to_text(links[one - 1]) for one in order[1:]]
    asked = {
        "questionnaire": SHIPPED.to_json(),
        "before": sent[0],
        "after": sent[1],
        "pairs": ways[:1],
        "third": {"wave": place, "answers": sent[2], "pairs": ways[1]},
    }
    return (waves, links), count_job(json.loads(json.dumps(asked)))


def test_three_waves_count_people_who_answered_each_and_whoever_was_joined_first_changes_nothing() -> None:
    (waves, links), done = _three(60, 3)
    _, other = _three(60, 3, place=1)
    assert done["joint"]["three"] == other["joint"]["three"]
    assert JointTables.from_json(json.loads(json.dumps(done["joint"]))).to_json() == done["joint"]
    second, third = (dict(one) for one in links)
    everywhere = [(i, second[i], third[i]) for i in second if i in third]
    three = done["effects"][0]["three"]
    assert three["linked"] == len(everywhere)
    (k1,) = [one for one in three["items"] if one["code"] == "K1"]
    right = SHIPPED.item("K1").measure.right
    said = [[wave[at].get("K1") for wave, at in zip(waves, there, strict=True)] for there in everywhere]
    whole = np.array([[one == right for one in row] for row in said if None not in row])
    assert (k1["n"], k1["right"]) == (len(whole), pytest.approx(whole.mean(0)))
    q = categories.cochrans_q(whole, np.ones(len(whole)))
    assert q is not None
    assert k1["q"]["p"] == pytest.approx(q.p)
    (pattern,) = [one for one in done["joint"]["three"]["items"] if one["code"] == "K1"]
    assert list(pattern["people"]) == np.bincount(whole @ [4, 2, 1], minlength=8).tolist()


def test_a_score_over_three_waves_uses_everybody_and_stores_no_group_below_ten() -> None:
    (waves, _), done = _three(60, 8)
    for one in done["joint"]["three"]["scores"]:
        assert min(group["n"] for group in one["groups"]) >= 10
    score = scorer(next(one for one in scales(SHIPPED) if one.name == "attitude"))
    (model,) = [one["model"] for one in done["effects"][0]["three"]["scores"] if one["name"] == "attitude"]
    assert model["answers"] == sum(score(answers) is not None for wave in waves for answers in wave)
    rose = model["changes"][0]
    assert rose["interval"][0] < rose["change"] < rose["interval"][1]
    assert rose["p"] < 0.01
    assert model["means"][1] - model["means"][0] == pytest.approx(rose["change"])


def test_three_waves_of_nobody_or_of_people_never_joined_say_nothing_and_are_no_error() -> None:
    for n in (0, 12):
        random = np.random.default_rng(2)
        sent = packing.packed(SHIPPED, [_answers(random, 0.1) for _ in range(n)]).to_json()
        nobody = packing.pairs_to_text([])
        done = count_job(
            {
                "questionnaire": SHIPPED.to_json(),
                "before": sent,
                "after": sent,
                "pairs": [nobody],
                "third": {"wave": 2, "answers": sent, "pairs": nobody},
            }
        )
        three = done["effects"][0]["three"]
        assert (three["linked"], three["items"]) == (0, ())
        assert all(one["model"] is None for one in three["scores"])


def test_a_mixed_model_of_equal_people_or_without_a_wave_says_nothing() -> None:
    same = Present(waves=(0, 1, 2), n=20, sums=(60.0,) * 3, products=((180.0,) * 3,) * 3)
    assert mixed.mixed([same]) is None
    assert (
        mixed.mixed(
            [Present(waves=(0, 1), n=20, sums=(60.0, 61.0), products=((190.0, 180.0), (180.0, 200.0)))]
        )
        is None
    )
    assert mixed.mixed([]) is None


def test_people_whose_levels_never_agree_have_no_level_of_their_own() -> None:
    """Where answers of one person differ more than answers of two, the variance between people is none, not negative."""
    rows = np.array([[1.0, 5.0, 3.0], [5.0, 3.0, 1.0], [3.0, 1.0, 5.0]] * 5)
    found = mixed.mixed(
        [
            Present(
                waves=(0, 1, 2),
                n=15,
                sums=tuple(rows.sum(0).tolist()),
                products=tuple(map(tuple, (rows.T @ rows).tolist())),
            )
        ]
    )
    assert found is not None
    assert (found.between, found.f) == (0, pytest.approx(0, abs=1e-9))


def test_everybody_rising_alike_over_three_waves_has_no_error_to_test_by() -> None:
    rows = np.array([[1.0, 2.0, 3.0], [2.0, 3.0, 4.0]] * 10)
    crossed = tuple(map(tuple, (rows.T @ rows).tolist()))
    assert (
        mixed.mixed([Present(waves=(0, 1, 2), n=20, sums=tuple(rows.sum(0).tolist()), products=crossed)])
        is None
    )


def test_proportional_odds_turn_with_the_waves_and_say_nothing_where_nothing_overlaps() -> None:
    one, other = np.array([5, 9, 20, 14, 2]), np.array([1, 6, 17, 21, 9])
    forth, back = ordinal.proportional_odds(one, other), ordinal.proportional_odds(other, one)
    assert forth is not None
    assert back is not None
    assert (forth.log_odds, forth.p) == (pytest.approx(-back.log_odds), pytest.approx(back.p))
    assert forth.odds > 1
    far = ordinal.proportional_odds(np.array([1767, 7]), np.array([35, 125]))
    assert far is not None
    assert far.odds == pytest.approx((125 / 35) / (7 / 1767)), "of two levels it is the plain odds ratio"
    assert ordinal.proportional_odds(np.array([1, 1645, 0]), np.array([39, 0, 18])) is not None
    assert ordinal.proportional_odds(np.array([0, 20, 0]), np.array([0, 12, 0])) is None
    assert ordinal.proportional_odds(np.array([20, 0, 0]), np.array([0, 0, 20])) is None
    assert ordinal.proportional_odds(np.array([0, 0, 0]), np.array([0, 0, 20])) is None


def test_knowledge_items_have_difficulty_and_discrimination_and_no_alpha() -> None:
    many = [
        {
            f"K{n}": right if (7 * i + i // 5 + 3 * n) % 5 < 3 else "khong_biet"
            for n, right in enumerate(RIGHT, 1)
        }
        for i in range(120)
    ]
    report = effects(freeze([], many, many[:99], SHIPPED))
    assert {one.name for one in report.reliability} == {"attitude", "confidence"}
    (index,) = report.index
    assert index.before is not None
    assert len(index.before.right) == len(index.before.rest) == len(index.codes) == 8
    assert index.before.right == tuple(
        sum(one[code] == right for one in many) / 120 for code, right in zip(index.codes, RIGHT, strict=True)
    )
    solved = np.array(
        [[one[code] == right for code, right in zip(index.codes, RIGHT, strict=True)] for one in many]
    )
    assert index.before.rest[0] == pytest.approx(np.corrcoef(solved[:, 0], solved[:, 1:].sum(1))[0, 1])
    assert index.after is None
    assert reliability.discrimination(np.diag([1.0, 0.0, 1.0])) == (0.0, None, 0.0)


def test_distributions_are_those_of_scipy_far_out_too() -> None:
    for df in (1, 7.3, 400, 1e6):
        assert curves.t_quantile(0.975, df) == pytest.approx(stats.t.ppf(0.975, df), rel=1e-9)
        assert np.log(curves.t_beyond(-30, df)) == pytest.approx(np.log(2 * stats.t.sf(30, df)), rel=1e-9)
    assert np.log(curves.normal_beyond(30)) == pytest.approx(np.log(2 * stats.norm.sf(30)))
    assert np.log(curves.chi_above(900, 3)) == pytest.approx(np.log(stats.chi2.sf(900, 3)))
    assert curves.f_above(3.2, 2, 90) == pytest.approx(stats.f.sf(3.2, 2, 90))
    assert curves.f_quantile(0.975, 40, 160) == pytest.approx(stats.f.ppf(0.975, 40, 160))
    for few, tosses in ((0, 0), (0, 1), (3, 9), (40, 400)):
        assert curves.tosses_upto(few, tosses) == pytest.approx(stats.binom.cdf(few, tosses, 0.5), rel=1e-12)
        assert curves.tosses_exactly(few, tosses) == pytest.approx(
            stats.binom.pmf(few, tosses, 0.5), rel=1e-9
        )
