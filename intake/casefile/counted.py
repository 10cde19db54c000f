"""What the file of a case says in coarse words, for the custodians' count. Pure.

A judgement carries these words to the custodians, who read nothing of a file. They are few and wide on purpose:
in which group of units somebody works, never in which unit; how soon the first answer went out, never when.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

NEEDS: Final = ("health", "psychosocial", "shelter", "legal", "police", "labour", "child")
PLACES: Final = ("offices", "departments", "stations", "other")
"""Three groups of at least five units each, and everybody who does not work here."""
COUNTED_AFTER: Final = frozenset({"nhu-cau", "ket-thuc", "mo-lai"})
"""Kinds of entries of a file that change what is counted."""
_SOON: Final = ((2, "days_2"), (7, "days_7"))

Entries = Sequence[Mapping[str, Any]]


def coarse(entries: Entries, *, arrived_on: date, closed: bool) -> dict[str, Any]:
    """The words that go with a judgement. entries: of the handlers' side, in order, with "role" and "at".

    closed: as a handler signed it, whatever state stands in clear beside the case.
    """
    mine = [one for one in entries if one["role"] == "handler"]
    answered = any(one["what"] == "answer" for one in mine)
    return {
        "state": "closed" if closed else "answered" if answered else "open",
        "first_answer": _how_soon(mine, arrived_on),
        "needs": sorted(set(_latest(mine, "nhu-cau").get("needs", ())) & set(NEEDS)),
        "place": str(_latest(mine, "phan-loai").get("unit_group", "")),
    }


def judged_genuine(entries: Entries) -> Mapping[str, Any] | None:
    """The judgement that stands, if it says that the case is genuine."""
    judged = [one for one in entries if one["role"] == "handler" and one["what"] == "judgement"]
    return judged[-1] if judged and judged[-1].get("genuine") == "yes" else None


def _how_soon(mine: Entries, arrived_on: date) -> str:
    first = next((one for one in mine if one["what"] == "answer"), None)
    if first is None:
        return "not_yet"
    days = (date.fromisoformat(str(first["at"])[:10]) - arrived_on).days
    return next((code for most, code in _SOON if days <= most), "later")


def _latest(mine: Entries, kind: str) -> Mapping[str, Any]:
    written = [one for one in mine if one["what"] == "file" and one.get("kind") == kind]
    values = written[-1].get("values") if written else None
    return values if isinstance(values, Mapping) else {}
