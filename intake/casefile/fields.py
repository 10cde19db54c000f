"""What a page of the file asks, read once from data/case.json. Pure.

ask("risk_level")              a field
ask("consents.recipient")      a column of a table
columns("actions", "on*", "what*", "due")      several, those with a star must be answered
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from core.i18n import Text

_DATA: Final = Path(__file__).parent.parent / "data"
_FIELDS: Final[Mapping[str, Any]] = {
    one["name"]: one for one in json.loads((_DATA / "case.json").read_text("utf-8"))["fields"]
}
_LENGTH: Final = 500
_LINE: Final = 200
_ON_ONE_LINE: Final = frozenset({"recipient", "taken_by", "spoken_password", "who", "means"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One answer to choose. at_least: the risk level it asks for; beside: only together with that one."""

    code: str
    label: Text
    at_least: str = ""
    beside: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One question. kind: one, many, text, date, moment, or row, which names an earlier entry."""

    name: str
    kind: str
    label: Text
    hint: Text | str = ""
    options: tuple[Option, ...] = ()
    required: bool = False
    max_length: int = _LENGTH

    @property
    def needed(self) -> Ask:
        """The same question, which must be answered."""
        return replace(self, required=True)

    def said(self, value: Any) -> str | Text | list[str | Text]:
        """An answer in words."""
        labels: dict[str, Text | str] = {option.code: option.label for option in self.options}
        if isinstance(value, list):
            return [labels.get(str(code), str(code)) for code in value]
        return labels.get(str(value), str(value))


def ask(path: str, name: str = "", label: Text | None = None) -> Ask:
    """The question of that name, or a column of it; under another name where two would meet."""
    found, _, column = path.partition(".")
    entry = _FIELDS[found]
    if column:
        entry = next(one for one in entry["columns"] if one["name"] == column)
    hint = Text(entry["hint_vi"], entry["hint_en"]) if "hint_vi" in entry else ""
    options = tuple(_option(one) for one in entry.get("options") or _choices(entry))
    return Ask(
        name=name or entry["name"],
        kind=entry["kind"],
        label=label or Text(entry["vi"], entry["en"]),
        hint=hint,
        options=options,
        max_length=_LINE if entry["name"] in _ON_ONE_LINE else min(entry.get("max_length", _LENGTH), 1000),
    )


def columns(table: str, *names: str) -> tuple[Ask, ...]:
    """Columns of a table, in this order; a star behind a name: it must be answered."""
    asks = (ask(f"{table}.{name.rstrip('*')}") for name in names)
    return tuple(one.needed if name.endswith("*") else one for one, name in zip(asks, names, strict=True))


def text(name: str, vi: str, en: str, max_length: int = _LENGTH) -> Ask:
    """A question to be answered in words."""
    return Ask(name=name, kind="text", label=Text(vi, en), max_length=max_length)


def one(name: str, label: Text, *options: tuple[str, str, str], many: bool = False) -> Ask:
    """A question with answers of its own: code, Vietnamese, English."""
    made = tuple(Option(code=code, label=Text(vi, en)) for code, vi, en in options)
    return Ask(name=name, kind="many" if many else "one", label=label, options=made)


def _choices(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    name = entry.get("choices")
    return json.loads((_DATA / name).read_text("utf-8")) if name else []


def _option(entry: Mapping[str, Any]) -> Option:
    return Option(
        code=entry["code"],
        label=Text(entry["vi"], entry["en"]),
        at_least=entry.get("at_least", ""),
        beside=entry.get("with", ""),
    )
