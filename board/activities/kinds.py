"""The types of activity of the plan, with the numbers each is counted in (pure).

The types are data (data/activity_types.json). Three of them could point at one family beside the name of a commune:
they are entered by the centre as a whole and never offered to a unit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from core.i18n import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One number of a type. usual: more than this in one entry is worth a second look."""

    code: str
    label: Text
    usual: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One type of activity. unit: what is counted; participants: whether people came together."""

    code: str
    name: Text
    unit: Text
    note: Text | None
    participants: bool
    sensitive: bool
    fields: tuple[Field, ...]


def _kind(entry: Mapping[str, Any]) -> Kind:
    return Kind(
        code=entry["code"],
        name=Text(entry["vi"], entry["en"]),
        unit=Text(entry["unit_vi"], entry["unit_en"]),
        note=Text(entry["note_vi"], entry["note_en"]) if entry["note_vi"] else None,
        participants=entry["participants"],
        sensitive=entry["sensitive"],
        fields=tuple(
            Field(code=one["code"], label=Text(one["vi"], one["en"]), usual=one["usual"])
            for one in entry["fields"]
        ),
    )


KINDS: Final[Mapping[str, Kind]] = {
    entry["code"]: _kind(entry)
    for entry in json.loads(
        (Path(__file__).parent.parent / "data" / "activity_types.json").read_text("utf-8")
    )
}
"""Every type of the plan, by its code and in its order."""

OFFERED: Final[tuple[Kind, ...]] = tuple(kind for kind in KINDS.values() if not kind.sensitive)
"""What a unit is asked for."""

GROUPS: Final[tuple[tuple[Text, tuple[str, ...]], ...]] = (
    (Text("Kế hoạch", "Plans"), ("A01",)),
    (Text("Truyền thông", "Communication"), ("A02", "A03", "A04", "A05", "A06")),
    (Text("Hội nghị, sự kiện", "Meetings and events"), ("A07", "A08", "A09", "A10", "A11", "A12", "A99")),
    (
        Text("Hỗ trợ, biểu dương, nguồn lực", "Support, commending, resources"),
        ("A15", "A16", "A17", "A18"),
    ),
)
"""How a unit sees them: what belongs together on a page."""
