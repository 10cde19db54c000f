"""Numbers that people typed, in bands of ten people or more (pure).

The edges are fixed beforehand, 0, 1, 2, 5, 10, 20, 50 and so on, so that no edge is anybody's number; neighbours are put
together until each band has ten people, and the outermost are open, so that neither the least nor the most is told.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from core.i18n import Text
from survey.power import FEWEST

EDGES: Final = (0, *(step * 10**power for power in range(15) for step in (1, 2, 5)))


def bands(numbers: Sequence[Decimal | None], *, whole: bool) -> tuple[list[Text], list[int | None]]:
    """The words of each band from low to high, and the place of each number among them, counted from 1.

    whole: the numbers are whole ones, so a band from 5 to under 10 is called 5 to 9. A skipped question stays None.
    """
    fine = [None if one is None else bisect_right(EDGES, one) for one in numbers]
    starts = _starts([place for place in fine if place is not None])
    places = [None if one is None else bisect_right(starts, one) for one in fine]
    return [_words(starts, place, whole) for place in range(len(starts))], places


def _starts(places: Sequence[int]) -> list[int]:
    """The fine places at which a band of ten people or more begins; the last ones join the band before."""
    starts: list[int] = []
    waiting, begun = 0, -1
    for place, people in sorted(Counter(places).items()):
        begun = place if waiting == 0 else begun
        waiting += people
        if waiting >= FEWEST:
            starts.append(begun)
            waiting = 0
    return starts


def _words(starts: Sequence[int], place: int, whole: bool) -> Text:
    low = EDGES[starts[place] - 1] if place else None
    high = EDGES[starts[place + 1] - 1] if place + 1 < len(starts) else None
    if low is None and high is None:
        return Text("Mọi số", "Any number")
    if low is None:
        return Text(f"Dưới {_vi(high)}", f"Under {high:,}")
    if high is None:
        return Text(f"Từ {_vi(low)} trở lên", f"{low:,} or more")
    if not whole:
        return Text(f"Từ {_vi(low)} đến dưới {_vi(high)}", f"{low:,} to under {high:,}")
    if high - low == 1:
        return Text(_vi(low), f"{low:,}")
    return Text(f"{_vi(low)} đến {_vi(high - 1)}", f"{low:,} to {high - 1:,}")


def _vi(number: int | None) -> str:
    return f"{number:,}".replace(",", ".")
