"""Change between two waves: frozen joint tables in, effects out (pure).

Page workers may import this: numpy and scipy are loaded only when `effects` or `from_json` is called,
which happens in a short-lived child process.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from survey.effects.joint import ItemTable, JointTables, ScoreTable, freeze

if TYPE_CHECKING:
    from survey.effects.shapes import EffectReport

__all__ = ["ItemTable", "JointTables", "ScoreTable", "effects", "freeze", "from_json"]


def effects(joint: JointTables) -> EffectReport:
    """Every effect that follows from the joint tables; the cost does not depend on how many answered."""
    from survey.effects import report

    return report.effects(joint)


def from_json(payload: Mapping[str, Any]) -> dict[str, Any]:
    """`effects` for a child process: joint tables as JSON in, the report as JSON out."""
    return effects(JointTables.from_json(payload)).to_json()
