"""How well two waves were joined, and whether the answer depends on how tolerant one is.

The change of each score is computed again with the pairs of distance 0, and 0 and 1. Two tolerances whose pairs
differ by one to nine people are never shown beside each other: their difference would be those few people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from core import heavy
from survey import effects
from survey.pairing import TOLERANCE, Links
from survey.power import FEWEST
from survey.questionnaire import Questionnaire
from survey.scoring import Answers

DECIMALS: Final = 3


def report(
    linked: Links,
    befores: Sequence[Answers],
    afters: Sequence[Answers],
    questionnaire: Questionnaire,
    computed: Mapping[str, Any],
) -> dict[str, Any]:
    """What is kept of the joining: counts, the expected false links, and the change at each tolerance shown.

    `computed` are the effects at the full tolerance. Raises as `core.heavy.run` does.
    """
    rows = []
    for tolerance in shown(linked):
        pairs = linked.at(tolerance)
        found = computed
        if len(pairs) != len(linked.pairs):
            joint = effects.freeze(pairs, befores, afters, questionnaire).to_json()
            found = heavy.run("survey.effects:from_json", joint)
        false = round(sum(linked.false_by_distance[: tolerance + 1]), DECIMALS)
        rows.append({"tolerance": tolerance, "linked": len(pairs), "false": false, "scores": _scores(found)})
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
