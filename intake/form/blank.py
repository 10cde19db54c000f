"""The blank letter as data for the script that seals it in the browser (pure).

The questions stand on the page already; here are the rules behind them and the people. Their public keys, which weigh
more than all the rest, are asked for when the letter is sealed: whoever only reads the page needs none of them.
One language at a time and the same bytes for everyone, so that it tells nothing about who asked for it.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any, Final

from core.access import TITLES, Role
from core.roster import Member, Roster
from intake.form.first_steps import FIRST_STEPS
from intake.form.questions import FORM, Field
from intake.form.report import ALWAYS_COUNTED, TOO_LONG

FORMAT: Final = 1


def blank(roster: Roster, installation: str) -> dict[str, Any]:
    """Rules, limits, sentences and people, JSON-able, in the language of the page being made."""
    return {
        **rules(),
        "format": FORMAT,
        "installation": installation,
        "roster": {
            "fingerprint": roster.fingerprint,
            "members": [_member(member) for member in roster.members],
        },
    }


def keys(roster: Roster) -> dict[str, Any]:
    """What a letter is sealed to, JSON-able: the roster of this fingerprint, with public keys and no names."""
    return {
        "version": roster.version,
        "fingerprint": roster.fingerprint,
        "recovery": _text(roster.recovery_public),
        "members": [
            {"id": member.id, "role": member.role, "key": _text(member.seal_public)}
            for member in roster.members
        ],
    }


def rules() -> dict[str, Any]:
    """What the answers mean: which are asked, needed, urgent, counted, and how long they may be."""
    return {
        "form": FORM.version,
        "fields": [_field(field) for field in FORM.fields],
        "urgent": [{name: sorted(codes) for name, codes in rule.items()} for rule in FORM.urgent],
        "steps": [[step.asked, step.code] for step in FIRST_STEPS],
        "too_long": str(TOO_LONG),
    }


def _field(field: Field) -> dict[str, Any]:
    said: dict[str, Any] = {
        "name": field.name,
        "section": field.section,
        "kind": field.kind,
        "required": field.required,
        "compartments": field.compartments,
        "missing": str(field.missing or ""),
        "limit": field.max_length,
        "default": field.default,
        "roster": field.choices == "roster",
        "always_counted": field.name in ALWAYS_COUNTED,
        "options": [[option.code, option.tally] for option in field.options],
    }
    if field.condition:
        said["condition"] = [field.condition.field, field.condition.code, field.condition.negated]
    return said


def _member(member: Member) -> dict[str, str]:
    return {
        "id": member.id,
        "role": member.role,
        "name": member.name,
        "title": str(member.title),
        "office": str(TITLES[Role(member.role)]),
    }


def _text(raw: bytes) -> str:
    return b64encode(raw).decode()
