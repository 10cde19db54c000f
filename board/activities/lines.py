"""One entry of a unit's report as a value, and the form in which it is kept once filed (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

FORMAT: Final = 1

_DAYS: Final = ("planned_on", "held_on")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a unit says about one activity. What was not answered is None or not in `numbers`.

    state: planned, held, or none ("there was nothing of this type"). numbers: field of the type → how many.
    cost: thousands of đồng.
    """

    id: str
    type_code: str
    state: str
    title: str = ""
    audience: str = ""
    planned_on: date | None = None
    held_on: date | None = None
    numbers: Mapping[str, int] = field(default_factory=dict)
    participants: int | None = None
    women: int | None = None
    men: int | None = None
    cost: int | None = None
    description: str = ""

    @property
    def came(self) -> int | None:
        """How many took part: as written, or women and men together where only they were written."""
        if self.participants is not None:
            return self.participants
        if self.women is None and self.men is None:
            return None
        return (self.women or 0) + (self.men or 0)


NAMES: Final = tuple(name for name in Line.__slots__)


def as_filed(line: Line) -> dict[str, Any]:
    """A line as it is kept when its report is filed: plain JSON that says its form."""
    kept = {name: getattr(line, name) for name in NAMES}
    for name in _DAYS:
        kept[name] = kept[name].isoformat() if kept[name] else None
    return {**kept, "numbers": dict(line.numbers), "format": FORMAT}


def from_filed(kept: Mapping[str, Any]) -> Line:
    """The line that `as_filed` kept."""
    planned, held = kept["planned_on"], kept["held_on"]
    return Line(
        **{name: kept[name] for name in NAMES if name not in _DAYS},
        planned_on=date.fromisoformat(planned) if planned else None,
        held_on=date.fromisoformat(held) if held else None,
    )
