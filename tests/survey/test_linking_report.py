"""The report of joining: how it depends on tolerance, and no two levels whose difference is a few people."""

from __future__ import annotations

import pytest

from survey import effects, linking_report
from survey.pairing import Links
from tests.survey.test_reading import people
from tests.surveys import QUESTIONS

pytestmark = pytest.mark.embedded


def links(*by_distance: int, by_card: int = 0) -> Links:
    distances = [0] * by_card + [distance for distance, count in enumerate(by_distance) for _ in range(count)]
    return Links(
        pairs=tuple((place, place) for place in range(len(distances))),
        distances=tuple(distances),
        by_card=by_card,
        by_distance=by_distance,
        ties=2,
        alone_before=3,
        alone_after=4,
        false=0.6,
        false_by_distance=(0.1, 0.2, 0.3),
    )


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        (links(40, 20, 10), [0, 1, 2]),
        (links(40, 0, 0), [0, 1, 2]),
        (links(40, 20, 3), [0, 2]),
        (links(40, 9, 0), [1, 2]),
        (links(40, 5, 4), [2]),
        (links(40, 5, 5), [0, 2]),
        (links(9, 20, 20), [1, 2]),
        (links(3, 3, 3), []),
        (links(0, 0, 12, by_card=30), [0, 1, 2]),
    ],
)
def test_two_levels_stand_side_by_side_only_when_ten_people_lie_between(
    found: Links, shown: list[int]
) -> None:
    assert linking_report.shown(found) == shown


def test_each_level_has_its_people_its_false_links_and_its_change() -> None:
    found = links(20, 10, 10)
    first, second = people(3, 2, 40), [*people(6, 3, 20), *people(4, 4, 20)]
    ways = [found.pairs, *linking_report.stricter(found)]
    computed, *others = (
        effects.effects(effects.freeze(pairs, first, second, QUESTIONS)).to_json() for pairs in ways
    )

    report = linking_report.report(found, [computed, *others])

    rows = report["tolerances"]
    assert [(one["linked"], one["false"]) for one in rows] == [(20, 0.1), (30, 0.3), (40, 0.6)]
    knowledge = [
        next(score["change"] for score in one["scores"] if score["name"] == "knowledge") for one in rows
    ]
    whole = next(one for one in computed["scores"] if one["name"] == "knowledge")
    assert knowledge[2] == pytest.approx(whole["linked"]["change"]["change"], abs=0.001)
    assert knowledge[0] > knowledge[2], "the first twenty learnt more"
