"""Change between two waves: frozen joint tables in, effects out (pure).

Page workers may import this: numpy and scipy are loaded only when something is counted or computed, which happens in a
short-lived child process (`count_job`). A worker only packs answers (`packing`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from survey.effects.joint import ItemTable, JointTables, ScoreTable
from survey.effects.packing import Packed, packed
from survey.questionnaire import Questionnaire
from survey.scoring import Answers

if TYPE_CHECKING:
    from survey.effects.shapes import EffectReport

__all__ = ["ItemTable", "JointTables", "ScoreTable", "count_job", "effects", "freeze", "from_json"]

Pairs = Sequence[tuple[int, int]]


def effects(joint: JointTables) -> EffectReport:
    """Every effect that follows from the joint tables; the cost does not depend on how many answered."""
    from survey.effects import report

    return report.effects(joint)


def from_json(payload: Mapping[str, Any]) -> dict[str, Any]:
    """`effects` for another process: joint tables as JSON in, the report as JSON out."""
    return effects(JointTables.from_json(payload)).to_json()


def freeze(
    pairs: Pairs, befores: Sequence[Answers], afters: Sequence[Answers], questionnaire: Questionnaire
) -> JointTables:
    """Count everything once, in this process.

    pairs: (place in befores, place in afters) of the linked; each place at most once. Answers are coded answers as
    `Questionnaire.validate` returns them. ValueError names an answer outside the questionnaire.
    """
    from survey.effects import counting

    before, after = (counting.Wave(packed(questionnaire, wave), questionnaire) for wave in (befores, afters))
    return counting.count(questionnaire, before, after, counting.links(pairs))


def count_job(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Joint tables and effects of two packed waves, for each way of joining them.

    payload: questionnaire (its content), before, after (`Packed.to_json`), pairs (ways of joining, each as
    `packing.pairs_to_text` wrote it; the first is the one that is kept), and where a third wave has closed too: third
    {"wave": 1 or 2 among before, after, follow-up, "answers": packed, "pairs": from before to it}.
    Result: joint, and effects: one report for each way.
    """
    from survey.effects import counting, third

    questionnaire = Questionnaire.from_json(payload["questionnaire"])
    before, after = (
        counting.Wave(Packed.from_json(payload[side]), questionnaire) for side in ("before", "after")
    )
    ways = [counting.links_from_text(one) for one in payload["pairs"]]
    tables = [counting.count(questionnaire, before, after, one) for one in ways]
    if other := payload.get("third"):
        more = counting.Wave(Packed.from_json(other["answers"]), questionnaire)
        tables[0] = third.beside(
            tables[0],
            questionnaire,
            (before, after, more),
            (ways[0], counting.links_from_text(other["pairs"])),
            other["wave"],
        )
    return {"joint": tables[0].to_json(), "effects": [effects(one).to_json() for one in tables]}
