"""How well two waves were joined, and whether the answer depends on how tolerant one is.

The change of each score is computed again with the pairs of distance 0, and 0 and 1. Two tolerances whose pairs
differ by one to nine people are never shown beside each other: their difference would be those few people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from survey.pairing import TOLERANCE, Links
from survey.power import FEWEST

DECIMALS: Final = 3


def stricter(linked: Links) -> list[tuple[tuple[int, int], ...]]:
    """The pairs of each tolerance shown that joins fewer than the full one, strictest first."""
    ways = (linked.at(tolerance) for tolerance in shown(linked))
    return [pairs for pairs in ways if len(pairs) != len(linked.pairs)]


def report(linked: Links, computed: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What is kept of the joining: counts, the expected false links, and the change at each tolerance shown.

    computed: the effects at the full tolerance, then those of `stricter`, in its order.
    """
    whole, *others = computed
    ahead = iter(others)
    rows = []
    for tolerance in shown(linked):
        count = len(linked.at(tolerance))
        found = whole if count == len(linked.pairs) else next(ahead)
        false = round(sum(linked.false_by_distance[: tolerance + 1]), DECIMALS)
        rows.append({"tolerance": tolerance, "linked": count, "false": false, "scores": _scores(found)})
    return {
        "by_card": linked.by_card,
        "by_distance": list(linked.by_distance),
        "ties": linked.ties,
        "false": linked.false,
        "tolerances": rows,
    }


def shown(linked: Links) -> list[int]:
    """The tolerances that may stand side by side, strictest first."""
    kept: list[int] = []
    last = len(linked.pairs)
    for tolerance in range(TOLERANCE, -1, -1):
        count = len(linked.at(tolerance))
        if count >= FEWEST and not 0 < last - count < FEWEST:
            kept.insert(0, tolerance)
            last = count
    return kept


def _scores(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Changes as they will be shown: rounded here, so that nothing finer is kept."""
    return [
        {
            "name": one["name"],
            "change": round(change["change"], DECIMALS),
            "interval": [round(end, DECIMALS) for end in change["interval"]],
        }
        for one in found["scores"]
        if one["linked"] and (change := one["linked"]["change"])
    ]
