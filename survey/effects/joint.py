"""Joint tables: how many gave which answer before and which after (pure; loads neither numpy nor scipy).

They are frozen when the later wave closes (survey/effects/counting.py), and every figure is read from them; no pair
of answers need be kept. Per item: counts of each answer before, after, and of each pair of answers among the linked. Per
score: the same for its values. Codes stand in the order of the questionnaire, "" (skipped) last.

A help question with many ticks becomes one yes/no item per place ("H:113", right when a right place is
ticked or a distractor is not) and one item for the indicator ("H", right at three places and no distractor).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from survey.effects.exposure import ExposureTable
from survey.effects.moments import ScaleItems
from survey.effects.packing import MEASURED as MEASURED
from survey.effects.packing import SKIPPED as SKIPPED
from survey.effects.waves import ThreeWaves

VERSION: Final = 4
"""Version 1 had no moments of items, 2 no exposure, 3 no third wave; they are read as tables without them."""
UNSURE: Final = "khong_biet"
YES, NO = "yes", "no"


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemTable:
    """One item. before, after: counts per code; joint[i][j]: linked people with code i before, j after.

    `right` is the right answer of a yes/no item, None for a rating; `reverse` means that agreeing less is
    the better answer, `unsure` which code stands for "don't know".
    """

    code: str
    measures: str
    codes: tuple[str, ...]
    right: str | None
    unsure: str | None
    reverse: bool
    before: tuple[int, ...]
    after: tuple[int, ...]
    joint: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreTable:
    """One score between `low` and `high`. before, after: (value, people); joint: (before, after, people)."""

    name: str
    low: float
    high: float
    before: tuple[tuple[float, int], ...]
    after: tuple[tuple[float, int], ...]
    joint: tuple[tuple[float, float, int], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class JointTables:
    """All that is kept of two waves put side by side. JSON in and out, with its version.

    three: where a third wave had closed as well, what tells of all three.
    """

    questionnaire: str
    before: int
    after: int
    linked: int
    items: tuple[ItemTable, ...]
    scores: tuple[ScoreTable, ...]
    scales: tuple[ScaleItems, ...] = ()
    exposure: tuple[ExposureTable, ...] = ()
    three: ThreeWaves | None = None
    version: int = VERSION

    def to_json(self) -> dict[str, Any]:
        """Plain lists, numbers and text."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> JointTables:
        """The tables as `to_json` wrote them; ValueError for a version not known here."""
        if data.get("version") not in range(1, VERSION + 1):
            raise ValueError(f"Joint tables of version {data.get('version')!r} are not known here.")
        whole = dict(data)
        whole["items"] = tuple(ItemTable(**_tuples(item)) for item in data["items"])
        whole["scores"] = tuple(ScoreTable(**_tuples(one)) for one in data["scores"])
        whole["scales"] = tuple(ScaleItems.from_json(one) for one in data.get("scales", ()))
        whole["exposure"] = tuple(ExposureTable.from_json(one) for one in data.get("exposure", ()))
        whole["three"] = ThreeWaves.from_json(data["three"]) if data.get("three") else None
        whole["version"] = VERSION
        return cls(**whole)

    def swapped(self) -> JointTables:
        """The same with before and after exchanged; a third wave has no part in that."""
        return JointTables(
            questionnaire=self.questionnaire,
            before=self.after,
            after=self.before,
            linked=self.linked,
            items=tuple(_swapped_item(item) for item in self.items),
            scores=tuple(
                ScoreTable(
                    name=one.name,
                    low=one.low,
                    high=one.high,
                    before=one.after,
                    after=one.before,
                    joint=tuple((after, before, people) for before, after, people in one.joint),
                )
                for one in self.scores
            ),
            scales=tuple(one.swapped() for one in self.scales),
            exposure=tuple(one.swapped() for one in self.exposure),
        )


def _swapped_item(item: ItemTable) -> ItemTable:
    fields = {name: getattr(item, name) for name in ItemTable.__dataclass_fields__}
    joint = tuple(zip(*item.joint, strict=True))
    return ItemTable(**{**fields, "before": item.after, "after": item.before, "joint": joint})


def _tuples(fields: Mapping[str, Any]) -> dict[str, Any]:
    def frozen(value: Any) -> Any:
        return tuple(map(frozen, value)) if isinstance(value, list | tuple) else value

    return {name: frozen(value) for name, value in fields.items()}
