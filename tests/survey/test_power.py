"""How small a change can be seen: the short formula agrees with the exact one, and the panel says what it is for."""

from __future__ import annotations

import pytest

from survey import power
from survey.effects.means import smallest_detectable

pytestmark = pytest.mark.embedded


@pytest.mark.parametrize(
    ("pairs", "said"),
    [(20, 0.66), (30, 0.53), (50, 0.40), (100, 0.28), (150, 0.23), (200, 0.20), (300, 0.16)],
)
def test_the_figures_of_the_literature_come_out(pairs: int, said: float) -> None:
    assert round(power.smallest(pairs), 2) == said


@pytest.mark.parametrize("pairs", [10, 25, 60, 240, 3000])
def test_it_agrees_with_the_noncentral_t(pairs: int) -> None:
    assert power.smallest(pairs) == pytest.approx(smallest_detectable(pairs), rel=0.02)


def test_below_ten_pairs_nothing_is_promised() -> None:
    with pytest.raises(ValueError, match="10"):
        power.smallest(9)


def test_the_panel_counts_the_centre_where_it_knows_how_many_are_invited() -> None:
    lines = power.panel(300)

    assert [(one.share, one.pairs) for one in lines] == [
        (0.5, 150), (0.6, 180), (0.7, 210), (0.8, 240), (0.9, 270),
    ]  # fmt: skip
    assert [one.smallest for one in lines] == sorted((one.smallest for one in lines), reverse=True)


@pytest.mark.parametrize("invited", [0, 15])
def test_the_panel_shows_usual_sizes_otherwise(invited: int) -> None:
    assert [one.pairs for one in power.panel(invited)][:2] == [20, 30]
    assert {one.share for one in power.panel(invited)} == {None}
