"""What a report asks, in the order a counsellor would ask it, and the sentences around it (pure).

The questions, their reasons, their conditions and their compartments are data: data/report.json, read once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from core.i18n import Text

Kind = Literal["one", "many", "text", "tick"]
Answer = str | bool | tuple[str, ...]
Codes = Mapping[str, frozenset[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """One choice. `tally` is the coarse word under which it may be counted, if it may."""

    code: str
    label: Text
    tally: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """A question is asked only when an earlier answer is, or is not, one code."""

    field: str
    code: str
    negated: bool

    def met(self, answers: Mapping[str, Answer]) -> bool:
        """Never met while the earlier question is unanswered."""
        given = answers.get(self.field)
        return given is not None and (given == self.code) is not self.negated


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One question. `choices` = "roster": the people who could read it are offered beside the options."""

    name: str
    section: str
    kind: Kind
    label: Text
    why: Text
    hint: Text | None
    missing: Text | None
    required: bool
    options: tuple[Option, ...]
    condition: Condition | None
    max_length: int | None
    default: str | None
    choices: Literal["roster"] | None
    compartments: tuple[str, ...]

    def option(self, code: str) -> Option | None:
        """The option of that code, if there is one."""
        return next((option for option in self.options if option.code == code), None)

    def words(self, value: Answer | list[str]) -> tuple[Text | str, ...]:
        """A stored answer as people read it; a code that is no option (someone's id) stays as it is."""
        if isinstance(value, bool):
            return (Text("Có", "Yes") if value else Text("Không", "No"),)
        if self.kind == "text":
            return (str(value),)
        codes = (value,) if isinstance(value, str) else value
        return tuple(option.label if (option := self.option(code)) else code for code in codes)


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A group of questions under one heading."""

    code: str
    title: Text


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """What the reporter is told about where the report stands, and what comes next."""

    code: str
    label: Text
    next: Text


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportForm:
    """All questions in the order a counsellor would ask them, and the sentences around them."""

    version: int
    sections: tuple[Section, ...]
    fields: tuple[Field, ...]
    urgent: tuple[Codes, ...]
    states: tuple[State, ...]
    wording: Mapping[str, tuple[Text, ...]]

    def __getitem__(self, name: str) -> Field:
        return next(field for field in self.fields if field.name == name)

    def within(self, section: str) -> tuple[Field, ...]:
        """The questions of one section."""
        return tuple(field for field in self.fields if field.section == section)

    def state(self, code: str) -> State:
        """What a state is called."""
        return next(state for state in self.states if state.code == code)

    def told(self, answers: Mapping[str, Any]) -> Iterator[tuple[Field, tuple[Text | str, ...]]]:
        """Question and answer in the order of the form, of a report or of an opened compartment."""
        for question in self.fields:
            if question.name in answers:
                yield question, question.words(answers[question.name])


# --- reading the data ----------------------------------------------------------------------------


def _both(entry: Mapping[str, Any], stem: str = "") -> Text:
    return Text(entry[f"{stem}vi"], entry[f"{stem}en"])


def _maybe(entry: Mapping[str, Any], stem: str) -> Text | None:
    return _both(entry, stem) if f"{stem}vi" in entry else None


def _condition(entry: Mapping[str, str] | None) -> Condition | None:
    if entry is None:
        return None
    return Condition(field=entry["field"], code=entry.get("is") or entry["not"], negated="not" in entry)


def _field(entry: Mapping[str, Any]) -> Field:
    return Field(
        name=entry["name"],
        section=entry["section"],
        kind=entry["kind"],
        label=_both(entry),
        why=_both(entry, "why_"),
        hint=_maybe(entry, "hint_"),
        missing=_maybe(entry, "missing_"),
        required=entry["required"],
        options=tuple(
            Option(code=option["code"], label=_both(option), tally=option.get("tally"))
            for option in entry.get("options", [])
        ),
        condition=_condition(entry.get("condition")),
        max_length=entry.get("max_length"),
        default=entry.get("default"),
        choices=entry.get("choices"),
        compartments=tuple(entry["compartments"]),
    )


def _form(data: Mapping[str, Any]) -> ReportForm:
    return ReportForm(
        version=data["version"],
        sections=tuple(Section(code=entry["code"], title=_both(entry)) for entry in data["sections"]),
        fields=tuple(map(_field, data["fields"])),
        urgent=tuple({name: frozenset(codes) for name, codes in rule.items()} for rule in data["urgent"]),
        states=tuple(
            State(code=entry["code"], label=_both(entry), next=_both(entry, "next_"))
            for entry in data["states"]
        ),
        wording={key: tuple(map(_both, sentences)) for key, sentences in data["wording"].items()},
    )


FORM: Final = _form(json.loads((Path(__file__).parent.parent / "data" / "report.json").read_text("utf-8")))
