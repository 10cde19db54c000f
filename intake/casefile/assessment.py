"""The level of risk: signs raise it by rule, and only two people lower it. Pure.

Source of the signs and of what they ask for: the domain notes, section 1.4; the data are case.json's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from core.i18n import Text
from intake.casefile.fields import ask
from intake.casefile.kinds import CONDITIONS
from intake.casefile.record import File, Written

LEVELS: Final = ("standard", "concern", "high", "emergency")
AGAIN_DAYS: Final = {"standard": 30, "concern": 14, "high": 7, "emergency": 1}
_SIGNS: Final = (*ask("risk_factors").options, *CONDITIONS.options)
_TOLD: Final = {
    "threat_to_kill": "threat_to_kill",
    "weapon": "weapon",
    "choking": "choking",
    "getting_worse": "escalation",
    "stalking": "stalking",
    "pregnant": "pregnancy",
}
"""A sign as the letter asks for it → the same sign among the thirteen."""
SAY_WHY: Final = Text("Hạ mức thì cần ghi lý do.", "A lower level needs a reason.")


def told(flags: Mapping[str, Any]) -> list[str]:
    """The signs that the reporter named themselves: ticked beforehand in a first assessment, for the handler to check."""
    named = {_TOLD.get(sign, "") for sign in flags.get("danger_signs", ())}
    return [option.code for option in ask("risk_factors").options if option.code in named]


def floor(values: Mapping[str, Any]) -> str:
    """The level that the ticked signs ask for at least."""
    ticked = {*values.get("risk_factors", ()), *values.get("conditions", ())}
    asked = [
        sign.at_least
        for sign in _SIGNS
        if sign.code in ticked and sign.at_least and (not sign.beside or sign.beside in ticked)
    ]
    return max(asked, key=LEVELS.index, default=LEVELS[0])


def wanted(values: Mapping[str, Any]) -> str:
    """What one assessment comes to: the handler's level, or what the signs ask for if that is more."""
    return max(str(values.get("risk_level", LEVELS[0])), floor(values), key=LEVELS.index)


def in_force(file: File) -> tuple[str, Written] | None:
    """The level that holds and the assessment it comes from; None before the first."""
    level, source = "", None
    for entry in file.of("danh-gia"):
        found = wanted(entry.values)
        if not source or LEVELS.index(found) >= LEVELS.index(level) or file.seconded(entry):
            level, source = found, entry
    return (level, source) if source else None


def waiting(file: File) -> Written | None:
    """A lowering that no second person has agreed to yet."""
    latest, holds = file.latest("danh-gia"), in_force(file)
    return latest if latest and holds and holds[1] is not latest else None


def again_on(file: File) -> date | None:
    """When to assess again: the day the handler chose, at the latest after the days of the level."""
    holds, latest = in_force(file), file.latest("danh-gia")
    if not holds or not latest:
        return None
    last = latest.on + timedelta(days=AGAIN_DAYS[holds[0]])
    chosen = latest.day("again_on")
    return min(chosen, last) if chosen else last


def check(file: File, values: Mapping[str, Any]) -> dict[str, Text]:
    """What is wrong with a new assessment."""
    holds = in_force(file)
    lower = holds is not None and LEVELS.index(wanted(values)) < LEVELS.index(holds[0])
    return {"reason": SAY_WHY} if lower and not values.get("reason") else {}
