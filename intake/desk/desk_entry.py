"""What a desk knows of one case, as one piece of text. Pure.

    mark (16) ‖ cell (16) ‖ key (64) ‖ minute (16) ‖ starts (5) ‖ days ‖ flags as JSON, or `null` where it does not open

mark     changes with the slots of a case (intake/desk/desk_index.py)
cell     the first bytes of its sealed cell with days, as it was read; others say that the cell was written anew
key      opens that cell and nothing else of the case
minute   of arrival, in Viet Nam
starts   one letter for each flag that starts a clock or makes it urgent, else a dash; an exclamation mark at the end
         where another case stands under this id than the one that opened here before
days     those of the cell, as `v20261201` with blanks between

Text and not objects: a list of ten thousand holds nothing that Python's collector would go through.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

MARK_DIGITS: Final = 16
CELL_DIGITS: Final = 16
_CELL: Final = slice(16, 32)
_KEY: Final = slice(32, 96)
_HEAD: Final = 96
_MINUTE: Final = 16
_DAYS: Final = 21
_REPLACED: Final = "!"
_NOTHING: Final = "null"
_LIKE: Final[Mapping[str, Mapping[str, Any]]] = {
    "d": {"danger_now": "yes"},
    "t": {"age_group": "under_16"},
    "y": {"when": "hours_72", "what_kind": ("sexual_touch",)},
    "s": {"danger_signs": ("threat_to_kill",)},
}

_SIGNS: Final = frozenset({"threat_to_kill", "weapon", "choking", "self_harm"})

Days = Mapping[str, date]


def shut(mark: str) -> str:
    """Of a case that does not open for this person."""
    return mark + "-" * (_HEAD - MARK_DIGITS) + _NOTHING


def found(mark: str, key: bytes, minute: str, flags: Mapping[str, Any]) -> str:
    """Of a case that opens; its cell has not been read yet. minute: of arrival here, empty where it tells none."""
    starts = "".join(letter if holds else "-" for letter, holds in _starting(flags))
    words = json.dumps(flags, ensure_ascii=False, separators=(",", ":"))
    return mark + "-" * CELL_DIGITS + key.hex() + minute.ljust(_MINUTE) + starts + "-" + words


def marked(entry: str) -> str:
    """The entry of a case that is not the one which opened here before, or a case that no longer opens at all."""
    return entry[: _HEAD + _DAYS - 1] + _REPLACED + entry[_HEAD + _DAYS :] if opens(entry) else entry


def replaced(facts: str) -> bool:
    """Whether `marked` made the entry that these facts are of."""
    return facts[_DAYS - 1] == _REPLACED


def opens(entry: str) -> bool:
    """Whether the case opens for this person."""
    return not entry.endswith(_NOTHING)


def cell_of(entry: str) -> str:
    """The first bytes of the cell it was read from, in hexadecimal."""
    return entry[_CELL]


def key_of(entry: str) -> bytes:
    """What opens the cell."""
    return bytes.fromhex(entry[_KEY])


def rest_of(entry: str) -> str:
    """Everything behind mark, cell and key."""
    return entry[_HEAD:]


def with_days(entry: str, cell: str, days: Days) -> str:
    """The entry with what stands in a cell. cell: its first bytes in hexadecimal."""
    told = " ".join(f"{letter}{day:%Y%m%d}" for letter, day in sorted(days.items()))
    return entry[:MARK_DIGITS] + cell + entry[_KEY] + entry[_HEAD : _HEAD + _DAYS] + told + split(entry)[1]


def split(entry: str) -> tuple[str, str]:
    """All that clocks and dates need, which are the same where it is the same; and the flags as JSON."""
    at = entry.index("{", _HEAD)
    return entry[_HEAD:at], entry[at:]


def minute(facts: str) -> str:
    """The minute of arrival as it stands there."""
    return facts[:_MINUTE]


def days(facts: str) -> Days:
    """The days in them."""
    return {one[0]: date.fromisoformat(one[1:]) for one in facts[_DAYS:].split()}


def like_flags(facts: str) -> dict[str, Any]:
    """As much of the flags as starts a clock."""
    like: dict[str, Any] = {}
    for letter in facts[_MINUTE : _DAYS - 1]:
        like |= _LIKE.get(letter, {})
    return like


def urgent(facts: str) -> bool:
    """Whether the flags say that somebody must look within the hour, whatever stands in clear (intake/data/report.json)."""
    return facts[_MINUTE : _DAYS - 1] != "----"


def _starting(flags: Mapping[str, Any]) -> tuple[tuple[str, bool], ...]:
    """Each letter of `starts`, and whether its flag is there."""
    lately = flags.get("when") == "hours_72" and "sexual_touch" in flags.get("what_kind", ())
    return (
        ("d", flags.get("danger_now") == "yes"),
        ("t", flags.get("age_group") == "under_16"),
        ("y", lately),
        ("s", bool(_SIGNS.intersection(_listed(flags.get("danger_signs"))))),
    )


def _listed(said: Any) -> tuple[Any, ...]:
    return tuple(said) if isinstance(said, list | tuple) else ()
