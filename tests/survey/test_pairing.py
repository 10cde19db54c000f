"""Linking two waves: exact by card, careful by self-made code, and nothing left that says who."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.pairing import Links, Mark, link, mark, normalise_element
from tests import simulated


def test_the_same_card_links_two_forms() -> None:
    links = link([card("A"), card("B"), card("C")], [card("C"), card("X"), card("A")])
    assert set(links.pairs) == {(0, 2), (2, 0)}
    assert (links.by_card, links.by_distance, links.alone_before, links.alone_after) == (2, (0, 0, 0), 1, 1)


def test_a_card_used_twice_links_nobody() -> None:
    assert link([card("A"), card("A")], [card("A")]).pairs == ()
    assert link([card("A")], [card("A"), card("A")]).pairs == ()


def test_a_card_used_twice_may_still_link_by_elements() -> None:
    links = link([Mark(card="A", elements=ME), card("A")], [Mark(elements=ME)])
    assert links.pairs == ((0, 0),)


def test_different_cards_are_different_people() -> None:
    assert link([Mark(card="A", elements=ME)], [Mark(card="B", elements=ME)]).pairs == ()


@pytest.mark.parametrize(("wrong", "distance"), [(0, 0), (1, 1), (2, 2), (3, None)])
def test_elements_link_up_to_two_mistakes(wrong: int, distance: int | None) -> None:
    links = link([code(ME)], [code(("?",) * wrong + ME[wrong:])])
    assert links.pairs == (() if distance is None else ((0, 0),))
    if distance is not None:
        assert links.by_distance[distance] == 1
        assert [len(links.at(t)) for t in range(3)] == [int(t >= distance) for t in range(3)]


def test_tolerance_is_as_strict_as_one_asks() -> None:
    assert link([code(ME)], [code(("?", *ME[1:]))], tolerance=0).pairs == ()


def test_the_nearest_is_taken_first() -> None:
    almost = ("?", *ME[1:])
    links = link([code(ME), code(almost)], [code(almost), code(ME)])
    assert set(links.pairs) == {(0, 1), (1, 0)}
    assert links.by_distance == (2, 0, 0)


def test_ties_stay_unlinked() -> None:
    links = link([code(ME)], [code(ME), code(ME)])
    assert (links.pairs, links.ties) == ((), 1)
    links = link([code(ME), code(ME)], [code(ME)])
    assert (links.pairs, links.ties) == ((), 0)
    between = link([code(ME)], [code(("?", *ME[1:])), code((*ME[:-1], "?"))])
    assert (between.pairs, between.ties) == ((), 1)


def test_a_skipped_element_agrees_with_nothing_not_even_another() -> None:
    gap = ("", *ME[1:])
    assert link([code(gap)], [code(gap)]).by_distance == (0, 1, 0)
    empty = ("",) * 7
    assert link([code(empty)], [code(empty)]).pairs == ()


def test_forms_without_any_mark_stay_alone() -> None:
    links = link([Mark(), code(ME)], [Mark()])
    assert (links.pairs, links.alone_before, links.false) == ((), 2, 0.0)
    assert link([], []).pairs == ()


def test_a_mark_keeps_the_order_of_the_questionnaire() -> None:
    assert mark("", {"E2": "B", "E1": "A"}, ["E1", "E2", "E3"]) == Mark(elements=("A", "B", ""))
    assert mark("X", {}, ["E1"]) == Mark(card="X")


def test_a_mark_does_not_show_itself() -> None:
    assert "A" not in repr(Mark(card="A", elements=("A",)))


def test_links_tell_only_places_and_counts_in_no_order() -> None:
    marks = [card(f"{n:03}") for n in range(200)]
    links = link(marks, marks)
    assert set(links.pairs) == {(n, n) for n in range(200)}
    assert sum(one < other for one, other in pairwise(links.pairs)) < 150
    assert set(Links.__slots__) == {
        "pairs", "distances", "by_card", "by_distance", "ties", "alone_before", "alone_after", "false",
        "false_by_distance",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "written", "kept"),
    [
        ("letter", " đ ", "D"),
        ("letter", "Đ", "D"),
        ("letter", "Ấ", "A"),
        ("letter", "ư", "U"),
        ("letter", "Hoa", "H"),
        ("letter", "0", "0"),
        ("letter", "7", ""),
        ("letter", "", ""),
        ("digits", "7", "07"),
        ("digits", " 42 ", "42"),
        ("digits", "123", ""),
        ("digits", "x", ""),
        ("one", " Đỏ ", "do"),
    ],
)
def test_elements_are_compared_without_marks_or_case(kind: str, written: str, kept: str) -> None:
    assert normalise_element(kind, written) == kept


def test_a_staff_of_350_with_a_few_mistakes_is_linked_nearly_whole_and_never_wrongly() -> None:
    """The simulation of the plan: 3 % error an element, 81 % exact, 98 % at distance 1, 99.9 % at 2."""
    before, after = staff(350, error=0.03, seed=5)
    links = link(before, after)
    wrong = sum(one != other for one, other in links.pairs)
    shares = [len(links.at(t)) / 350 for t in range(3)]
    assert wrong == 0
    assert shares[0] == pytest.approx(0.81, abs=0.06)
    assert shares[1] > 0.95
    assert shares[2] > 0.985
    assert links.false < 1
    assert links.false == pytest.approx(sum(links.false_by_distance))


def test_the_expected_number_of_false_links_is_about_right() -> None:
    """Weak codes and no true partner at all: what is linked is false, and about as much as was expected."""
    expected = seen = 0.0
    for seed in range(20):
        source = random.Random(seed)
        ones, others = (
            [code(tuple(source.choice("abc") for _ in range(7))) for _ in range(12)] for _ in range(2)
        )
        links = link(ones, others, tolerance=1)
        expected += links.false
        seen += len(links.pairs)
    assert seen / 2 < expected < seen * 3


@pytest.mark.parametrize("seed", range(3))
def test_with_names_and_numbers_as_unevenly_spread_as_they_are_97_in_a_hundred_of_350_are_linked(
    seed: int,
) -> None:
    found, wrong = linked_and_wrong(350, seed)

    assert found >= 0.97
    assert wrong <= 0.002


@pytest.mark.slow
def test_three_thousand_forms_are_linked_and_hardly_ever_wrongly() -> None:
    found, wrong = linked_and_wrong(3000, seed=6)

    assert found >= 0.9
    assert wrong <= 0.002


def test_forms_that_are_all_alike_are_never_linked() -> None:
    assert link([code(ME)] * 3000, [code(ME)] * 3000).pairs == ()


@settings(max_examples=60, deadline=None)
@given(st.lists(CODES := st.tuples(*[st.sampled_from("ab")] * 4), max_size=8), st.lists(CODES, max_size=8))
def test_every_link_is_mutual_unique_and_within_the_distance(
    ones: list[tuple[str, ...]], others: list[tuple[str, ...]]
) -> None:
    """Against the definition itself, tried on all pairs."""
    links = link([code(one) for one in ones], [code(other) for other in others], tolerance=2)
    here, there, expected = set(range(len(ones))), set(range(len(others))), set()
    for distance in range(3):
        near = {
            (i, j)
            for i in here
            for j in there
            if sum(a != b for a, b in zip(ones[i], others[j], strict=True)) <= distance
        }
        sole = {(i, j) for i, j in near if sum(i == k for k, _ in near) == 1 == sum(j == k for _, k in near)}
        expected |= sole
        here, there = here - {i for i, _ in sole}, there - {j for _, j in sole}
    assert set(links.pairs) == expected
    swapped = link([code(other) for other in others], [code(one) for one in ones], tolerance=2)
    assert {(i, j) for j, i in swapped.pairs} == expected


# --- furniture

ME = ("H", "L", "do", "05", "42", "T", "xoi")


def card(text: str) -> Mark:
    return Mark(card=text)


def code(elements: tuple[str, ...]) -> Mark:
    return Mark(elements=elements)


def linked_and_wrong(n: int, seed: int) -> tuple[float, float]:
    """The share linked and the share linked with somebody else, among staff with 3 % errors an element."""
    before, after = simulated.staff(n, error=0.03, seed=seed)
    links = link(before, after)
    return len(links.pairs) / n, sum(one != other for one, other in links.pairs) / n


def staff(n: int, *, error: float, seed: int) -> tuple[list[Mark], list[Mark]]:
    source = random.Random(seed)
    letters, colours = "HTLMNTHQDAVPKCBGX", ["do", "xanh", "den", "trang", "nau"]
    draws = [
        lambda: source.choice(letters),
        lambda: source.choice(letters),
        lambda: source.choice(colours),
        lambda: f"{source.randint(1, 12):02}",
        lambda: f"{source.randint(0, 99):02}",
        lambda: source.choice(letters),
        lambda: str(source.randint(0, 13)),
    ]
    people = [tuple(draw() for draw in draws) for _ in range(n)]
    again = [
        tuple(draw() if source.random() < error else one for one, draw in zip(person, draws, strict=True))
        for person in people
    ]
    return [code(one) for one in people], [code(one) for one in again]
