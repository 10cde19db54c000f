"""A report: its answers checked, its urgency, and the sealed compartment each answer belongs to (pure).

The compartments are those of the envelope. `story` is everything a handler reads; `flags` the little the
queue needs; `safe_contact` how to reach the reporter; `tally` coarse answers for the custodians' count;
`identity` names. Which answer goes where is written in data/report.json.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from core.i18n import Text
from core.vietnamese import nfc
from intake.form.questions import FORM, Answer, Field

__all__ = [
    "COMPARTMENTS",
    "FORM",
    "Compartments",
    "Report",
    "ReportRefused",
    "entered",
    "sound",
    "split",
    "urgent",
    "validate",
]


class ReportRefused(Exception):
    """A report was not taken in: an answer was missing, unknown or too long."""

    def __init__(self, errors: Mapping[str, Text]) -> None:
        super().__init__(", ".join(errors))  # names of questions only: never what was written
        self.errors: Final = dict(errors)


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """Checked answers. Its repr says nothing, so that no traceback can."""

    answers: Mapping[str, Answer] = field(repr=False)

    def chosen(self, name: str) -> tuple[str, ...]:
        """The codes chosen for one question; none when it was skipped."""
        value = self.answers.get(name)
        if isinstance(value, tuple):
            return value
        return (value,) if isinstance(value, str) else ()

    @property
    def struck_out(self) -> frozenset[str]:
        """The people on the roster who must not read it."""
        return frozenset(
            code for code in self.chosen("exclude_handlers") if not FORM["exclude_handlers"].option(code)
        )

    @property
    def prefers_outside(self) -> bool:
        """Whether the reporter would rather tell someone outside the centre: show them where."""
        return "outside" in self.chosen("exclude_handlers")


@dataclass(frozen=True, kw_only=True, slots=True)
class Compartments:
    """A report taken apart for sealing: JSON-able, every part present even when it holds no answer."""

    story: dict[str, Any] = field(repr=False)
    flags: dict[str, Any] = field(repr=False)
    safe_contact: dict[str, Any] = field(repr=False)
    tally: dict[str, Any] = field(repr=False)
    identity: dict[str, Any] = field(repr=False)

    def items(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Name and content of each part, so that none is forgotten."""
        for name in COMPARTMENTS:
            yield name, getattr(self, name)


COMPARTMENTS: Final = ("story", "flags", "safe_contact", "tally", "identity")
_CODE_LENGTH: Final = 64
_FIRST_LINE: Final = 200
_ENTERED: Final = re.compile(rf"\[[^\[\]\n]{{1,{_FIRST_LINE}}}\](\n\n|$)")
ALWAYS_COUNTED: Final = frozenset({"reporter_role"})
"""Answers a custodian may count without consent: letters of the person harmed and of others stand apart."""


def validate(raw: Mapping[str, list[str]], *, people: Collection[str] = ()) -> Report:
    """The report that was typed, or ReportRefused with every error at once.

    raw: the form's values by field name; other names are ignored, empty ones count as skipped.
    people: ids on the roster, the only ones that may be struck out.
    Text is brought to NFC; answers whose condition is not met are dropped.
    """
    answers: dict[str, Answer] = {}
    errors: dict[str, Text] = {}
    for question in FORM.fields:
        if question.condition and not question.condition.met(answers):
            continue
        try:
            value = _answer(question, raw.get(question.name, []), people)
        except _Wrong as wrong:
            errors[question.name] = wrong.sentence
        else:
            if value is not None:
                answers[question.name] = value
    if errors:
        raise ReportRefused(errors)
    return Report(answers=MappingProxyType(answers))


def entered(report: Report, line: str) -> Report:
    """The same letter, with a first line in brackets before its story: who entered it for its writer, and how.

    The line is no part of what may be written: 4,000 characters of story fit beside it, and `sound` keeps both.
    """
    first = re.sub(r"[\[\]\s]+", " ", line).strip()[:_FIRST_LINE]
    story = "\n\n".join([f"[{first}]", *report.chosen("narrative")])
    return Report(answers=MappingProxyType({**report.answers, "narrative": story}))


def urgent(report: Report) -> bool:
    """Whether somebody must look within the hour: any one of the form's `urgent` rules holds in full."""
    return any(
        all(codes.intersection(report.chosen(name)) for name, codes in rule.items()) for rule in FORM.urgent
    )


def says_urgent(flags: Mapping[str, Any]) -> bool:
    """The same of opened flags, which hold every question that the rules ask."""
    return any(
        all(codes.intersection(_said(flags.get(name))) for name, codes in rule.items())
        for rule in FORM.urgent
    )


def _said(value: Any) -> frozenset[str]:
    return frozenset([value] if isinstance(value, str) else value if isinstance(value, list | tuple) else ())


def split(report: Report) -> Compartments:
    """The report taken apart; each part says the version of the form it answers."""
    parts: dict[str, dict[str, Any]] = {name: {"form": FORM.version} for name in COMPARTMENTS}
    for question in FORM.fields:
        value = report.answers.get(question.name)
        if value is not None:
            for name in question.compartments:
                parts[name][question.name] = list(value) if isinstance(value, tuple) else value
    parts["tally"] = {"form": FORM.version, **_coarse(report)}
    return Compartments(**parts)


def sound(part: Mapping[str, Any]) -> dict[str, Any]:
    """What an opened part says, as far as it answers questions in their kind; the rest is dropped.

    A browser sealed it, so it may hold anything, and whoever opens it must not stumble over that. Codes of
    an older form are kept as they are.
    """
    found: dict[str, Any] = {"form": FORM.version} if part.get("form") == FORM.version else {}
    if isinstance(part.get("arrived_at"), str):
        found["arrived_at"] = part["arrived_at"][:_CODE_LENGTH]
    for question in FORM.fields:
        value = part.get(question.name)
        if question.kind == "text" and isinstance(value, str):
            found[question.name] = _fitting(question, nfc(value))
        elif _FITS[question.kind](value):
            found[question.name] = value
    return found


def _fitting(question: Field, text: str) -> str:
    first = _ENTERED.match(text) if question.name == "narrative" else None
    return text[: (question.max_length or len(text)) + (first.end() if first else 0)]


def _is_code(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _CODE_LENGTH and value.isprintable()


_FITS: Final[Mapping[str, Callable[[object], bool]]] = {
    "text": lambda _value: False,
    "tick": lambda value: value is True,
    "one": _is_code,
    "many": lambda value: isinstance(value, list) and all(map(_is_code, value)),
}


def _coarse(report: Report) -> dict[str, Any]:
    """What a custodian may count. Without consent, which nobody can give for another: the total alone."""
    agreed = report.answers.get("consent_stats") is True
    tally: dict[str, Any] = {"consent_stats": agreed}
    for question in FORM.fields:
        if "tally" not in question.compartments or question.kind == "tick":
            continue
        if agreed or question.name in ALWAYS_COUNTED:
            options = [question.option(code) for code in report.chosen(question.name)]
            words = sorted({option.tally for option in options if option and option.tally})
            if words:
                tally[question.name] = words if question.kind == "many" else words[0]
    return tally


# --- one answer ----------------------------------------------------------------------------------

_UNKNOWN: Final = Text(
    "Câu trả lời này không có trong danh sách. Bạn chọn lại giúp.",
    "This answer is not on the list. Please choose again.",
)
_ONLY_ONE: Final = Text("Câu này chỉ chọn một.", "Please choose only one.")
_ROSTER_CHANGED: Final = Text(
    "Danh sách người đọc vừa thay đổi. Bạn xem và chọn lại giúp.",
    "The list of readers has just changed. Please look and choose again.",
)


class _Wrong(Exception):
    def __init__(self, sentence: Text | None) -> None:
        assert sentence is not None
        self.sentence = sentence


def _answer(question: Field, given: list[str], people: Collection[str]) -> Answer | None:
    given = [value for value in given if value.strip()] or ([question.default] if question.default else [])
    if question.kind == "text":
        given = [text] if (text := nfc("\n".join(given)).strip()) else []
    if not given:
        if question.required:
            raise _Wrong(question.missing)
        return None
    if question.kind == "text":
        return _written(question, given[0])
    if question.kind == "tick":
        if set(given) - {"yes", "on"}:
            raise _Wrong(_UNKNOWN)
        return True
    return _chosen(question, given, people)


def _written(question: Field, text: str) -> str:
    if question.max_length and len(text) > question.max_length:
        raise _Wrong(_too_long(len(text), question.max_length))
    return text


TOO_LONG: Final = Text(
    "Bạn đã viết {written} ký tự, ô này nhận nhiều nhất {limit}. Mọi điều bạn viết vẫn còn đây."
    " Bạn bớt lại, hoặc gửi phần sau trong hộp thư.",
    "You wrote {written} characters; {limit} fit here. Nothing is lost."
    " Shorten it, or send the rest from your mailbox afterwards.",
)


def _too_long(written: int, limit: int) -> Text:
    """Both languages write thousands their own way, and nothing that was typed is cut."""
    english = {"written": f"{written:,}", "limit": f"{limit:,}"}
    vietnamese = {name: number.replace(",", ".") for name, number in english.items()}
    return Text(TOO_LONG.vi.format(**vietnamese), TOO_LONG.en.format(**english))


def _chosen(question: Field, given: list[str], people: Collection[str]) -> Answer:
    order = [option.code for option in question.options]
    if question.choices == "roster":
        order += sorted(people)
    if set(given) - set(order):
        raise _Wrong(_ROSTER_CHANGED if question.choices else _UNKNOWN)
    codes = tuple(code for code in order if code in given)
    if question.kind == "many":
        # "I exclude nobody" beside a name: the name counts, because the other mistake cannot be undone.
        return tuple(c for c in codes if c != "none") or codes if question.choices else codes
    if len(codes) > 1:
        raise _Wrong(_ONLY_ONE)
    return codes[0]
