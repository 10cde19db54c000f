"""Raw tables do not get out, and what gets out proves no small count: told to a solver and to brute force."""

from __future__ import annotations

import copy
import importlib
import json
import pickle
from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.disclosure import (
    NotPublishable,
    ProtectedTable,
    RawTable,
    Row,
    audit,
    from_json,
    leaving,
    ledger,
    protect,
    protect_job,
    shown,
    to_job,
    to_json,
)
from core.disclosure.lattice import Lattice, acyclic
from core.disclosure.reader import Reader

# --- a raw table is closed


@pytest.mark.parametrize(
    "door",
    [str, format, iter, len, list, pickle.dumps, copy.copy, lambda raw: f"{raw}", lambda raw: raw.__html__()],
)
def test_a_raw_table_names_the_right_door_instead_of_opening(door: Callable[[RawTable], object]) -> None:
    with pytest.raises(TypeError, match=r"protect\(\) is the door"):
        door(kinds(12, 3, 0))


def test_a_raw_table_tells_a_debugger_its_name_and_no_figure() -> None:
    assert repr(kinds(12, 3, 0)) == "<RawTable kind 2026-03-31: not for showing>"
    with pytest.raises(TypeError):
        json.dumps(kinds(12, 3, 0))
    assert not hasattr(kinds(12, 3, 0), "rows")
    assert "777" not in str(asdict(kinds(777, 3, 0)))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"release": "March"}, "named by its day"),
        ({"dims": {"kind": ("total", "b")}}, "none may be 'total'"),
        ({"dims": {"kind": ("a", "a")}}, "distinct"),
        ({"groups": {"kind": {"g": ("z",)}}}, "does not exist"),
        ({"rows": {("z",): 1}}, "outside its catalogue"),
        ({"rows": {("a", "b"): 1}}, "outside its catalogue"),
        ({"rows": {("a",): -1}}, "bad count"),
        ({"rows": {("a",): True}}, "bad count"),
        ({"rows": {("a",): 1.5}}, "bad count"),
    ],
)
def test_a_raw_table_that_makes_no_sense_is_refused(wrong: dict[str, object], words: str) -> None:
    fine: dict[str, object] = {
        "name": "kind",
        "release": "2026-03-31",
        "dims": {"kind": ("a", "b")},
        "rows": {},
    }
    with pytest.raises(ValueError, match=words):
        RawTable(**{**fine, **wrong})  # type: ignore[arg-type]


# --- the step rule


def test_a_row_first_appears_at_k_and_then_moves_only_in_steps_of_k() -> None:
    assert [ledger.step(count, None, 5) for count in (0, 4, 5)] == [(0, 4), (0, 4), 5]
    assert [ledger.step(count, 8, 5) for count in (8, 12, 13)] == [(8, 12), (8, 12), 13]
    told: list[ProtectedTable] = []
    for release, count in zip(QUARTERS, (0, 8, 12, 13), strict=True):
        told += protect([kinds(count, 4 * count, 3 * count, release=release)], told)
    assert [table.value("a") for table in told][:3] == [(0, 4), 8, (8, 12)]


def test_none_and_a_few_look_the_same() -> None:
    none, few = (protect([kinds(count, 60, 31 - count)], [])[0].value("a") for count in (0, 4))
    assert none == few == (0, 4)


def test_standing_still_looks_like_growing_a_little() -> None:
    told = protect([kinds(20, 40, 30)], [])
    still, grown = (
        protect([kinds(20 + more, 40, 30 - more + 10, release="2026-06-30")], told)[0].value("a")
        for more in (0, 4)
    )
    assert still == grown == (20, 24)


def test_a_new_year_starts_from_nothing() -> None:
    told = protect([kinds(20, 40, 30)], [])
    assert protect([kinds(6, 7, 30, release="2027-03-31")], told)[0].value("a") == 6


def test_a_category_that_holds_all_of_its_parent_is_withheld() -> None:
    (table,) = protect([kinds(20, 0, 0)], [])
    assert (table.value("total"), table.value("a")) == (20, None)


def test_the_difference_that_would_give_a_small_count_away_costs_the_least_valuable_row() -> None:
    (table,) = protect([kinds(9, 9, 3)], [])
    assert [row.value for row in table.rows] == [21, 9, None, (0, 4)]
    assert audit([table]) == []


def test_growth_in_one_month_is_guarded_like_a_count() -> None:
    told = protect([kinds(10, 10, 20)], [])
    more = protect([kinds(17, 12, 20, release="2026-06-30")], told)
    assert audit([*told, *more]) == []
    assert more[0].value("b") == (10, 14)
    honest_but_unwise = [table_of("2026-06-30", 49, 17, 12, 20)]
    assert ("small", (("kind", "b"),), "2026-03-31") in {
        (finding.kind, finding.cell, finding.since) for finding in audit([*told, *honest_but_unwise])
    }


# --- the door refuses


def test_nothing_in_gives_nothing_out() -> None:
    assert protect([], []) == ()


def test_a_release_is_published_once() -> None:
    with pytest.raises(NotPublishable, match="already published"):
        protect([kinds(9, 9, 9)], protect([kinds(9, 9, 9)], []))


def test_two_releases_are_not_mixed() -> None:
    with pytest.raises(NotPublishable, match="one release at a time"):
        protect([kinds(9, 9, 9), kinds(9, 9, 9, release="2026-06-30")], [])


def test_counts_that_fall_are_not_published() -> None:
    with pytest.raises(NotPublishable, match="would fall"):
        protect([kinds(8, 9, 19, release="2026-06-30")], protect([kinds(9, 9, 9)], []))


def test_tables_that_disagree_about_the_same_cases_are_not_published() -> None:
    with pytest.raises(NotPublishable, match="disagrees"):
        protect([kinds(9, 9, 9), sexes(9, 9)], [])


def test_history_that_contradicts_itself_is_not_continued() -> None:
    with pytest.raises(NotPublishable, match="contradict"):
        audit([table_of("2026-03-31", 30, 9, 9, 9)])


def test_history_that_already_proves_something_small_is_not_continued() -> None:
    leaky = [table_of("2026-03-31", 21, 9, 9, (0, 4))]
    with pytest.raises(NotPublishable, match="already published let"):
        protect([kinds(40, 40, 40, release="2026-06-30")], leaky)


def test_an_audit_without_time_publishes_nothing() -> None:
    with pytest.raises(NotPublishable, match="out of time"):
        protect([kinds(9, 9, 9)], [], seconds=0)


def test_a_solver_that_gives_up_publishes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scipy.optimize.milp", lambda *a, **b: SolverSays(status=1, x=None))
    with pytest.raises(NotPublishable, match="could not decide"):
        protect([kinds(9, 9, 9)], [])


def test_a_solver_that_is_wrong_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scipy.optimize.milp", lambda c, **b: SolverSays(status=0, x=np.ones(len(c))))
    with pytest.raises(NotPublishable, match="did not hold"):
        protect([kinds(9, 9, 9)], [])


def test_a_witness_must_also_show_what_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader(Lattice([table_of("2026-03-31", None, None, None, None)]), 5)
    proof = next(proof for proof in reader._small() if proof.cell.label)
    monkeypatch.setattr("scipy.optimize.milp", lambda c, **b: SolverSays(status=0, x=np.ones(len(c))))
    with pytest.raises(NotPublishable, match="did not hold"):
        reader.proves(proof)


def test_an_audit_that_still_finds_something_publishes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "_to_withhold", lambda *a: set())
    with pytest.raises(NotPublishable, match="could still be proved"):
        protect([kinds(9, 9, 3)], [])


def test_too_large_a_cube_is_not_decided_and_so_not_published() -> None:
    wide = {dim: tuple(f"{dim}{i}" for i in range(200)) for dim in ("a", "b")}
    with pytest.raises(NotPublishable, match="too many categories"):
        audit([ProtectedTable(name="wide", release="2026-03-31", dims=wide, rows=())])


def test_a_group_may_not_change_its_members_within_a_year() -> None:
    one, other = (grouped(members, "2026-03-31") for members in (("u1", "u2"), ("u1", "u3")))
    with pytest.raises(NotPublishable, match="two things"):
        audit([one, other])


# --- what the audit can see


@pytest.mark.parametrize(
    ("values", "proved"),
    [
        ((21, 9, 9, (0, 4)), {("small", "c")}),
        ((7, (0, 4), (0, 4), 0), {("small", "a"), ("small", "b")}),
        ((12, 12, (0, 4), (0, 4)), {("all of parent", "a")}),
        ((3, None, None, None), {("small", "total")}),
        (((12, 16), (12, 16), (0, 4), (0, 4)), set()),
        ((None, None, None, None), set()),
        ((21, None, 9, (0, 4)), set()),
    ],
)
def test_the_audit_finds_exactly_what_can_be_proved(
    values: tuple[object, ...], proved: set[tuple[str, str]]
) -> None:
    findings = audit([table_of("2026-03-31", *values)])
    assert {(f.kind, dict(f.cell).get("kind", "total")) for f in findings} == proved
    assert all(
        (f.year, f.counts, f.since, f.until) == ("2026", "cases", None, "2026-03-31") for f in findings
    )


def test_tables_that_share_only_the_total_are_read_together() -> None:
    by_kind = table_of("2026-03-31", None, 9, 9, (0, 4))
    by_sex = ProtectedTable(
        name="sex",
        release="2026-03-31",
        dims={"sex": ("f", "m")},
        rows=(Row(at=("total",), value=21), Row(at=("f",), value=None), Row(at=("m",), value=None)),
    )
    assert audit([by_kind]) == []
    assert {f.cell for f in audit([by_sex, by_kind])} == {(("kind", "c"),)}


def test_three_tables_that_share_only_the_total_are_read_together() -> None:
    known = [kinds(20, 20, 20), sexes(30, 30), ages(30, 30)]
    told = list(protect(known, []))
    told += protect(
        [kinds(29, 20, 23, "2026-06-30"), sexes(36, 36, "2026-06-30"), ages(41, 31, "2026-06-30")], told
    )
    assert audit(told) == []
    assert audit([*told, table_of("2026-09-30", 73, None, None, None)]) != []


def test_tables_of_other_cases_are_not_confused() -> None:
    mine, theirs = table_of("2026-03-31", None, 9, 9, (0, 4)), table_of("2026-03-31", 21, None, None, None)
    apart = ProtectedTable(
        name="kind", release=theirs.release, dims=theirs.dims, rows=theirs.rows, counts="third party"
    )
    assert audit([mine, apart]) == []
    assert audit([mine, theirs]) != []


def test_tables_in_a_ring_are_read_as_one_cube() -> None:
    assert acyclic([frozenset("ab"), frozenset("bc"), frozenset("cd")])
    assert not acyclic([frozenset("ab"), frozenset("bc"), frozenset("ca")])
    ring = [pair_table("x", "y"), pair_table("y", "z"), pair_table("z", "x")]
    assert Lattice(ring[:2]).families == [("x", "y"), ("y", "z")]
    assert Lattice(ring).families == [("x", "y", "z")]


def test_a_crossing_never_published_can_be_asked_about() -> None:
    told = protect([kinds(20, 20, 20), sexes(30, 30)], [])
    assert audit(told, together=[("kind", "sex"), ("kind", "unknown")]) == []
    assert [t.families for t in (Lattice(told), Lattice(told, [("kind", "sex")]))] == [
        [("kind",), ("sex",)],
        [("kind", "sex")],
    ]


def test_old_and_new_groups_are_read_together() -> None:
    units = ("u1", "u2", "u3")
    before = grouped(("u1", "u2", "u3"), "2026-03-31", name="all three", value=12)
    after = grouped(("u1", "u2"), "2026-03-31", name="two", value=9)
    assert {f.cell for f in audit([before, after])} == {(("unit", "u3"),)}
    raw = RawTable(
        name="unit",
        release="2026-03-31",
        dims={"unit": units},
        groups={"unit": {"north": ("u1", "u2"), "south": ("u3",)}},
        rows={("u1",): 6, ("u2",): 1, ("u3",): 8},
    )
    (table,) = protect([raw], [])
    assert [(row.at, row.value) for row in table.rows] == [(("total",), 15), (("north",), 7), (("south",), 8)]


def test_a_table_of_nothing_but_the_total_is_a_table() -> None:
    (table,) = protect([RawTable(name="all", release="2026-03-31", dims={}, rows={(): 7})], [])
    assert table.value() == 7


def test_a_dim_with_a_single_category_says_no_more_than_the_total() -> None:
    (table,) = protect(
        [RawTable(name="one", release="2026-03-31", dims={"only": ("a",)}, rows={("a",): 7})], []
    )
    assert table.value("a") == 7


# --- the final figures of a year


def finished(release: str, a: int, b: int, c: int, f: int) -> list[RawTable]:
    """Kinds may have been judged anew; sexes stay as their writers said."""
    total = a + b + c
    moved = RawTable(
        name="kind",
        release=release,
        dims={"kind": ("a", "b", "c")},
        rows={("a",): a, ("b",): b, ("c",): c},
        moves=("kind",),
    )
    return [moved, sexes(f, total - f, release)]


def a_year() -> list[ProtectedTable]:
    told = list(protect([kinds(12, 20, 9), sexes(20, 21)], []))
    return told + list(protect([kinds(14, 29, 9, "2026-12-31"), sexes(27, 25, "2026-12-31")], told))


def test_the_final_figures_tell_what_was_held_in_a_dim_that_may_move() -> None:
    told = a_year()
    assert [told[2].value(at) for at in ("total", "a", "b", "c")] == [52, (12, 16), None, (9, 13)]
    final = protect(finished("2026-12-31-final", 14, 28, 10, 27), told)
    assert [final[0].value(at) for at in ("total", "a", "b")] == [(48, 52), 14, 28]
    assert final[0].value("c") is None, "else the total would be known, and that nobody was taken out"
    assert audit([*told, *final]) == []
    assert all(table.final for table in final)


def test_what_cannot_move_is_not_told_more_finely_than_before() -> None:
    told = list(protect([sexes(20, 21)], []))
    told += protect([sexes(22, 30, "2026-12-31")], told)
    assert told[1].value("f") == (20, 24)
    (final,) = protect([sexes(22, 30, "2026-12-31-final")], told)
    assert final.value("f") is None, "two women came after the first release"
    assert audit([*told, final]) == []


def test_how_few_were_taken_out_is_not_told_either() -> None:
    told = list(protect([kinds(12, 20, 9)], []))
    told += protect([kinds(14, 29, 19, "2026-12-31")], told)
    assert told[1].value("total") == 62
    final = protect(finished("2026-12-31-final", 14, 29, 17, 30)[:1], told)
    assert final[0].value("total") == (58, 62)
    leaky = ProtectedTable(
        name="all", release="2026-12-31-final", dims={}, rows=(Row(at=(), value=60),), moves=()
    )
    assert {(f.kind, f.since, f.until) for f in audit([*told, leaky])} == {
        ("small", "2026-12-31", "2026-12-31-final")
    }


def test_final_figures_above_the_last_release_contradict_it() -> None:
    told = list(protect([sexes(20, 21)], []))
    with pytest.raises(NotPublishable, match="More is final"):
        protect([sexes(30, 31, "2026-12-31-final")], told)
    more = ProtectedTable(
        name="all", release="2026-12-31-final", dims={}, rows=(Row(at=(), value=61),), moves=()
    )
    with pytest.raises(NotPublishable, match="contradict"):
        audit([*told, more])


def test_final_figures_come_once_and_last() -> None:
    told = a_year()
    final = protect(finished("2026-12-31-final", 14, 29, 9, 27), told)
    with pytest.raises(NotPublishable, match="once"):
        audit([*told, *final, *protect([kinds(60, 60, 60, "2026-12-31b")], [])])
    with pytest.raises(NotPublishable, match="once"):
        audit(final)


def test_a_document_of_final_figures_says_what_may_have_moved() -> None:
    told = a_year()
    final = protect(finished("2026-12-31-final", 14, 29, 9, 27), told)
    document = json.loads(json.dumps(to_json([*told, *final])))
    assert from_json(document) == (*told, *final)
    assert [table.get("moves") for table in document["tables"]] == [None] * 4 + [["kind"], None]


@pytest.mark.slow
@settings(max_examples=6, deadline=None)
@given(
    st.tuples(*[st.integers(0, 4)] * 4),
    st.tuples(st.integers(0, 3), st.integers(0, 3)),
    st.integers(-3, 3),
)
def test_brute_force_proves_nothing_from_final_figures(
    arrived: tuple[int, ...], taken_out: tuple[int, int], moved: int
) -> None:
    told = finished_year(arrived, taken_out, moved)
    assert audit(told, K) == []
    assert proved_in_the_end(told) == set()


def test_final_figures_without_the_audit_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "_to_withhold", lambda *a: set())
    monkeypatch.setattr(ledger, "audit", lambda *a, **b: [])
    monkeypatch.setattr(ledger, "finish", lambda count, last, k: ledger.step(count, None, k))
    told = finished_year((4, 4, 4, 4), (1, 0), 0)
    assert (proved_in_the_end(told) > {"taken out"}) is bool(audit(told, K)) is True


# --- words and files


def test_values_are_spoken_in_both_languages() -> None:
    spoken = [shown(value) for value in (1234, (12, 16), (0, 4), None)]
    assert [text.vi for text in spoken] == ["1.234", "từ 12 đến 16", "dưới 5", "giữ kín"]
    assert [text.en for text in spoken] == ["1,234", "12 to 16", "fewer than 5", "withheld"]


def test_files_carry_only_rows_of_at_least_ten() -> None:
    table = table_of("2026-03-31", 40, 9, (10, 14), (0, 4))
    assert [row.value for row in leaving(table).rows] == [40, None, (10, 14), None]


def test_a_row_that_does_not_exist_has_no_value() -> None:
    with pytest.raises(KeyError):
        table_of("2026-03-31", 40, 9, 9, 9).value("z")


def test_a_document_says_the_same_when_read_back() -> None:
    told = (*protect([kinds(9, 9, 3), sexes(11, 10)], []), grouped(("u1", "u2"), "2026-03-31"))
    document = json.loads(json.dumps(to_json(told)))
    assert from_json(document) == told
    assert document["k"] == 5
    assert document["releases"] == ["2026-03-31"]
    assert document["dims"]["kind"] == ["a", "b", "c"]
    assert document["tables"][0]["rows"][0] == {"dims": {"kind": "total"}, "value": 21}


def test_a_document_knows_its_order_whatever_the_order_of_its_tables() -> None:
    first = protect([kinds(9, 9, 9)], [])
    both = (*first, *protect([kinds(19, 19, 19, release="2026-06-30")], first))
    document = to_json(both)
    document["tables"].reverse()
    assert from_json(document) == both


@pytest.mark.parametrize("value", [-1, True, "5", [5, 4], [1], [-1, 4], [0.5, 2], 1.5])
def test_a_document_with_an_impossible_value_is_refused(value: object) -> None:
    document = to_json([table_of("2026-03-31", 40, 9, 9, 9)])
    document["tables"][0]["rows"][0]["value"] = value
    with pytest.raises(ValueError, match="A value is"):
        from_json(document)


def test_a_document_with_a_strange_category_is_refused() -> None:
    document = to_json([table_of("2026-03-31", 40, 9, 9, 9)])
    document["tables"][0]["rows"][1]["dims"]["kind"] = "z"
    with pytest.raises(ValueError, match="outside its catalogue"):
        from_json(document)


def test_something_else_is_not_a_document() -> None:
    with pytest.raises(ValueError, match="not a document of releases"):
        from_json({"tables": [{}]})


def test_one_name_for_two_groups_is_not_written() -> None:
    with pytest.raises(ValueError, match="two meanings"):
        to_json([grouped(("u1", "u2"), "2026-03-31"), grouped(("u1", "u3"), "2027-03-31")])


def test_a_child_process_gives_the_same_tables() -> None:
    told = protect([kinds(9, 9, 3)], [])
    raw = [kinds(19, 19, 13, release="2026-06-30"), units_raw("2026-06-30")]
    document = protect_job(json.loads(json.dumps(to_job(raw, told))))
    assert from_json(document) == protect(raw, told)


def test_progress_is_told() -> None:
    heard: list[str] = []
    protect([kinds(9, 9, 3)], [], progress=heard.append)
    assert heard == ["audit 2026 cases"]


# --- the law: nobody can prove a small count


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=2, max_size=2))
def test_brute_force_proves_nothing_from_one_table_over_two_releases(arrivals: list[tuple[int, ...]]) -> None:
    told = year_of([("kind",)], (3,), arrivals)
    assert audit(told, K) == []
    assert brute_force(told, (3,), most=8) == set()


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 6)] * 4), min_size=1, max_size=1))
def test_brute_force_proves_nothing_from_a_crossed_table(arrivals: list[tuple[int, ...]]) -> None:
    told = year_of([("kind",), ("sex",), ("kind", "sex")], (2, 2), arrivals)
    assert audit(told, K) == []
    assert brute_force(told, (2, 2), most=14) == set()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 6)] * 4), min_size=1, max_size=1))
def test_brute_force_proves_no_crossing_of_two_tables_that_share_only_the_total(
    arrivals: list[tuple[int, ...]],
) -> None:
    told = year_of([("kind",), ("sex",)], (2, 2), arrivals)
    assert brute_force(told, (2, 2), most=14) == set()


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(
    st.integers(1, 60),
    st.lists(st.lists(st.integers(0, 5), min_size=12, max_size=12), min_size=2, max_size=4),
)
def test_random_years_pass_the_audit_and_nothing_ever_falls(size: int, shapes: list[list[int]]) -> None:
    arrivals = [tuple(size * part // 5 for part in shape) for shape in shapes]
    told = year_of([("kind",), ("sex",), ("kind", "sex")], (4, 3), arrivals, k=5)
    assert audit(told, 5) == []
    for row in told[2].rows:
        lows = [low for table in told[2::3] if (low := lowest(table.value(*row.at))) is not None]
        assert lows == sorted(lows)


@pytest.mark.parametrize("weakened", ["no audit", "no steps", "zero shown", "only small ones hidden"])
def test_a_weakened_rule_is_caught(weakened: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "_to_withhold", lambda *a: set())
    monkeypatch.setattr(ledger, "audit", lambda *a, **b: [])
    if weakened == "no steps":
        monkeypatch.setattr(ledger, "step", lambda count, last, k: count if count >= k else (0, k - 1))
    if weakened == "zero shown":
        monkeypatch.setattr(
            ledger, "step", lambda count, last, k: count if count >= k or not count else (0, k - 1)
        )
    if weakened == "only small ones hidden":
        monkeypatch.setattr(ledger, "step", lambda count, last, k: count if count >= k or not count else None)
    random = np.random.default_rng(7)
    caught = by_solver = 0
    for _ in range(12):
        arrivals = [tuple(int(n) for n in random.integers(0, 5, 3)) for _ in range(2)]
        told = year_of([("kind",)], (3,), arrivals)
        proved = brute_force(told, (3,), most=8)
        caught += bool(proved)
        by_solver += bool([f for f in audit(told, K) if f.kind == "small"])
    assert caught > 0
    assert caught == by_solver


@pytest.mark.slow
def test_not_even_who_knows_the_program_learns_a_small_count() -> None:
    """All cubes of three categories and at most 8 cases: those that look alike leave every count open."""
    assert told_the_rule() == 0


@pytest.mark.slow
def test_a_rule_that_is_not_careful_tells_by_what_it_withholds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "Reader", lambda lattice, k, seconds, careful: Reader(lattice, k, seconds))
    assert told_the_rule() > 0


# --- furniture

K = 3
QUARTERS = ("2026-03-31", "2026-06-30", "2026-09-30", "2026-12-31")


class SolverSays:
    def __init__(self, *, status: int, x: object) -> None:
        self.status, self.x = status, x


def kinds(a: int, b: int, c: int, release: str = "2026-03-31") -> RawTable:
    rows = {("a",): a, ("b",): b, ("c",): c}
    return RawTable(name="kind", release=release, dims={"kind": ("a", "b", "c")}, rows=rows)


def sexes(f: int, m: int, release: str = "2026-03-31") -> RawTable:
    return RawTable(name="sex", release=release, dims={"sex": ("f", "m")}, rows={("f",): f, ("m",): m})


def ages(under: int, over: int, release: str = "2026-03-31") -> RawTable:
    rows = {("under",): under, ("over",): over}
    return RawTable(name="age", release=release, dims={"age": ("under", "over")}, rows=rows)


def units_raw(release: str) -> RawTable:
    return RawTable(
        name="unit",
        release=release,
        counts="staff",
        dims={"unit": ("u1", "u2", "u3")},
        groups={"unit": {"all": ("u1", "u2", "u3")}},
        rows={("u1",): 30},
    )


def table_of(release: str, *values: object) -> ProtectedTable:
    rows = tuple(
        Row(at=(at,), value=value) for at, value in zip(("total", "a", "b", "c"), values, strict=True)
    )  # type: ignore[arg-type]
    return ProtectedTable(name="kind", release=release, dims={"kind": ("a", "b", "c")}, rows=rows)


def pair_table(one: str, other: str) -> ProtectedTable:
    return ProtectedTable(
        name=one + other, release="2026-03-31", dims={one: ("0", "1"), other: ("0", "1")}, rows=()
    )


def grouped(members: tuple[str, ...], release: str, *, name: str = "g", value: int = 12) -> ProtectedTable:
    return ProtectedTable(
        name="unit",
        release=release,
        dims={"unit": ("u1", "u2", "u3")},
        groups={"unit": {name: members}},
        rows=(Row(at=(name,), value=value),),
    )


def lowest(value: object) -> int | None:
    return value[0] if isinstance(value, tuple) else value  # type: ignore[return-value]


def year_of(
    tables: Sequence[tuple[str, ...]], shape: tuple[int, ...], arrivals: Sequence[tuple[int, ...]], k: int = K
) -> list[ProtectedTable]:
    """A year's releases of these tables, made by `protect` from what arrived before each."""
    names = ("kind", "sex")[: len(shape)]
    cube = np.zeros(shape, dtype=int)
    told: list[ProtectedTable] = []
    for release, more in zip(QUARTERS, arrivals, strict=False):
        cube = cube + np.array(more).reshape(shape)
        raws = []
        for dims in tables:
            others = tuple(axis for axis, name in enumerate(names) if name not in dims)
            margin = cube.sum(axis=others)
            rows = {tuple(map(str, at)): int(margin[at]) for at in np.ndindex(margin.shape)}
            categories = {dim: tuple(map(str, range(shape[names.index(dim)]))) for dim in dims}
            raws.append(RawTable(name="_".join(dims), release=release, dims=categories, rows=rows))
        told += protect(raws, told, k)
    return told


def told_the_rule() -> int:
    """How many pictures of a year, published by the rule as it is, could only come from small counts."""
    alike: dict[tuple[object, ...], list[tuple[int, ...]]] = {}
    for cube in product(range(9), repeat=3):
        if sum(cube) <= 8:
            (table,) = protect([kinds(*cube)], [], K)
            alike.setdefault(tuple(row.value for row in table.rows), []).append(cube)
    return sum(
        any(min(counts) >= 1 and max(counts) <= K - 1 for counts in zip(*cubes, strict=True))
        for picture, cubes in alike.items()
        if picture[0] is not None
    )


def brute_force(told: Sequence[ProtectedTable], shape: tuple[int, ...], most: int) -> set[tuple[object, ...]]:
    """Every small count proved by trying all cubes with up to `most` arrivals a cell: knows no solver.

    It is told every public meaning, and nothing of the code that made the figures. Looking only at
    cubes up to `most` can make it think too much proved, never too little.
    """
    names = ("kind", "sex")[: len(shape)]
    releases = list(dict.fromkeys(table.release for table in told))
    cells = list(np.ndindex(shape))
    grid = np.indices((most + 1,) * (len(cells) * len(releases)), dtype=np.int16).reshape(
        len(releases), len(cells), -1
    )
    agrees = np.ones(grid.shape[-1], dtype=bool)

    def amount(at: dict[str, str], since: int, until: int) -> np.ndarray:
        inside = [
            all(str(cell[names.index(dim)]) == place for dim, place in at.items() if place != "total")
            for cell in cells
        ]
        return grid[since:until, inside].sum(axis=(0, 1))

    for table in told:
        for row in table.rows:
            if row.value is not None:
                low, high = row.value if isinstance(row.value, tuple) else (row.value, row.value)
                count = amount(
                    dict(zip(table.dims, row.at, strict=True)), 0, releases.index(table.release) + 1
                )
                agrees &= (count >= low) & (count <= high)
    assert agrees.any()
    grid = grid[:, :, agrees]
    proved = set()
    for at in product(*(("total", *map(str, range(size))) for size in shape)):
        for since in range(len(releases)):
            for until in range(since + 1, len(releases) + 1):
                count = amount(dict(zip(names, at, strict=True)), since, until)
                if count.min() >= 1 and count.max() <= K - 1:
                    proved.add((at, since, until))
    return proved


def finished_year(arrived: tuple[int, ...], taken_out: tuple[int, int], moved: int) -> list[ProtectedTable]:
    """One release of kinds and sexes, and final figures: kinds may have moved, of each sex some were taken out."""
    told = year_of([("kind",), ("sex",)], (2, 2), [arrived])
    f, m = (max(0, sum(arrived[sex::2]) - gone) for sex, gone in enumerate(taken_out))
    a = min(max(0, sum(arrived[:2]) + moved), f + m)
    release, two = "2026-12-31-final", ("0", "1")
    kinds_, sexes_ = {("0",): a, ("1",): f + m - a}, {("0",): f, ("1",): m}
    raws = [
        RawTable(name="kind", release=release, dims={"kind": two}, rows=kinds_, moves=("kind",)),
        RawTable(name="sex", release=release, dims={"sex": two}, rows=sexes_),
    ]
    return [*told, *protect(raws, told, K)]


def proved_in_the_end(told: Sequence[ProtectedTable], most: int = 9) -> set[str]:
    """Small counts that these figures prove, by trying every count of each sex and one kind, before and after.

    It is told every public meaning, that sexes stay and kinds move, and nothing of the code.
    """
    f, m, a, end_f, end_m, end_a = np.indices((most + 1,) * 6, dtype=np.int8).reshape(6, -1)
    cells = {
        ("kind", False): {"total": f + m, "0": a, "1": f + m - a},
        ("sex", False): {"total": f + m, "0": f, "1": m},
        ("kind", True): {"total": end_f + end_m, "0": end_a, "1": end_f + end_m - end_a},
        ("sex", True): {"total": end_f + end_m, "0": end_f, "1": end_m},
    }
    agrees = (a <= f + m) & (end_a <= end_f + end_m) & (end_f <= f) & (end_m <= m)
    for table in told:
        for row in table.rows:
            if row.value is not None:
                low, high = row.value if isinstance(row.value, tuple) else (row.value, row.value)
                count = cells[table.name, table.final][row.at[0]]
                agrees &= (count >= low) & (count <= high)
    assert agrees.any()
    counts = {f"{key} {at}": count for key, of in cells.items() for at, count in of.items()}
    counts |= {"taken out": f + m - end_f - end_m, "taken out f": f - end_f, "taken out m": m - end_m}
    ends = {name: (int(count[agrees].min()), int(count[agrees].max())) for name, count in counts.items()}
    return {name for name, (low, high) in ends.items() if low >= 1 and high <= K - 1}


def test_the_package_has_no_other_doors() -> None:
    with pytest.raises(AttributeError):
        importlib.import_module("core.disclosure").publish_raw  # noqa: B018
