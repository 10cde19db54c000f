"""An expression computed by lxml: the tree is written out as XPath 1.0 whose every function is known.

Answers come in as variables, so no answer is ever part of a program. Days are compared and counted as days:
where XPath would make "not a number" of a date, both sides go through `_number`, which gives days since 1970.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any, Final

from lxml import etree

from survey.expressions.grammar import (
    Answer,
    Both,
    Call,
    Column,
    Node,
    Number,
    Own,
    Words,
    answers_in,
    read,
    walk,
)
from survey.expressions.patterns import matches

_NAMESPACE: Final = "urn:expressions"
_EPOCH: Final = date(1970, 1, 1)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_NOWHERE: Final = etree.Element("nowhere")
_LONGEST_RESULT: Final = 1000
Value = str | float | bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What an expression may look at: answers by question, the answer itself, a choice's columns, the day.

    An answer that was not given is the empty text; several ticked codes stand in one, with spaces between.
    """

    answers: Mapping[str, str]
    today: date
    own: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Program:
    """One expression, ready to run: what it looks at, and XPath as a condition and as a calculation."""

    names: frozenset[str]
    columns: frozenset[str]
    condition: etree.XPath
    calculation: etree.XPath

    def variables(self, facts: Facts) -> dict[str, str]:
        """What it looks at, as XPath's variables."""
        found = {f"q_{name}": facts.answers.get(name, "") for name in self.names}
        found |= {f"c_{name}": facts.columns.get(name, "") for name in self.columns}
        return found | {"own": facts.own, "today": facts.today.isoformat()}


def holds(text: str, facts: Facts) -> bool:
    """Whether a condition is true; the columns of `facts` are the bare names it may use."""
    program = _program(text, frozenset(facts.columns))
    return bool(program.condition(_NOWHERE, **program.variables(facts)))


def calculated(text: str, facts: Facts) -> str:
    """What a calculation gives, as text; a number without its ".0", nothing where there is no number."""
    program = _program(text, frozenset())
    return _said(program.calculation(_NOWHERE, **program.variables(facts)))


def looks_at(text: str, columns: frozenset[str] = frozenset()) -> frozenset[str]:
    """The questions an expression looks at."""
    return _program(text, columns).names


@lru_cache(maxsize=4096)
def _program(text: str, columns: frozenset[str]) -> _Program:
    """Compiled once a process; raises ExpressionRefused where the text is not an expression."""
    tree = read(text, columns=columns)
    written = write(tree)
    return _Program(
        names=answers_in(tree),
        columns=frozenset(one.name for one in walk(tree) if isinstance(one, Column)),
        condition=_compiled(f"boolean({written})"),
        calculation=_compiled(written),
    )


def _compiled(written: str) -> etree.XPath:
    return etree.XPath(
        written, namespaces={"x": _NAMESPACE}, extensions=_FUNCTIONS, regexp=False, smart_strings=False
    )


def write(tree: Node) -> str:
    """The tree as XPath 1.0, in full brackets."""
    match tree:
        case Number(digits):
            return digits
        case Words(words):
            return f"'{words}'" if "'" not in words else f'"{words}"'
        case Answer(name):
            return f"$q_{name}"
        case Own():
            return "$own"
        case Column(name):
            return f"$c_{name}"
        case Call(name, given):
            return _call(name, [write(one) for one in given])
        case Both(sign, left, right):
            return _both(sign, write(left), write(right))


def _call(name: str, given: list[str]) -> str:
    if name == "today":
        return "$today"
    if name == "once":
        # Nothing is kept between two pages, so a calculation has no earlier value to keep.
        return f"({given[0]})"
    own = "" if name in _NATIVE else "x:"
    return f"{own}{name}({', '.join(given)})"


def _both(sign: str, left: str, right: str) -> str:
    if sign in ("and", "or", "=", "!="):
        return f"({left} {sign} {right})"
    return f"(x:number({left}) {sign} x:number({right}))"


_NATIVE: Final = frozenset(
    ("true", "false", "not", "boolean", "concat", "contains", "starts-with", "normalize-space")
)


# --- what the functions do ---------------------------------------------------------------------------


def _said(value: object) -> str:
    """Any value as the text it is shown and compared as."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if not math.isfinite(value):
            return ""
        if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        return format(Decimal(f"{value:.12g}"), "f")
    return str(value)[:_LONGEST_RESULT]


def _number(value: object) -> float:
    """A number; a day counts as days since 1970; anything else is "not a number"."""
    if isinstance(value, bool | float):
        return float(value)
    text = str(value).strip()
    if _DAY.fullmatch(text):
        found = _as_day(text)
        return float((found - _EPOCH).days) if found else math.nan
    try:
        return float(text) if text.isascii() and len(text) <= 40 else math.nan
    except ValueError:
        return math.nan


def _as_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _truth(value: object) -> bool:
    """XPath's own idea of true: a text that is not empty, a number that is not 0."""
    if isinstance(value, float):
        return value != 0 and not math.isnan(value)
    return bool(value)


def _date(value: object) -> str:
    number = _number(value)
    if not math.isfinite(number) or not -700_000 < number < 2_900_000:
        return ""
    return (_EPOCH + timedelta(days=math.floor(number))).isoformat()


def _round(value: object, places: object = 0.0) -> float:
    number, wanted = _number(value), _number(places)
    if not math.isfinite(number) or not -15 <= wanted <= 15:
        return math.nan
    step = Decimal(1).scaleb(-int(wanted))
    try:
        return float(Decimal(f"{number:.12g}").quantize(step, rounding=ROUND_HALF_UP))
    except ArithmeticError:
        return number


def _whole(value: object, how: Any) -> float:
    number = _number(value)
    return float(how(number)) if math.isfinite(number) else math.nan


def _selected_at(value: object, place: object) -> str:
    chosen, at = _said(value).split(), _number(place)
    return chosen[int(at)] if math.isfinite(at) and 0 <= at < len(chosen) else ""


def _substr(value: object, start: object, end: object = math.inf) -> str:
    text, first, last = _said(value), _number(start), _number(end)
    if math.isnan(first) or math.isnan(last):
        return ""
    return text[int(max(0, min(first, len(text)))) : int(max(0, min(last, len(text))))]


def _most(how: Any, values: tuple[object, ...]) -> float:
    numbers = [_number(value) for value in values]
    return math.nan if any(map(math.isnan, numbers)) else float(how(numbers))


_FUNCTIONS: Final[dict[tuple[str, str], Any]] = {
    (_NAMESPACE, name): function
    for name, function in {
        "abs": lambda _, value: abs(_number(value)),
        "ceiling": lambda _, value: _whole(value, math.ceil),
        "coalesce": lambda _, first, second: first if _said(first) else second,
        "count-selected": lambda _, value: float(len(_said(value).split())),
        "date": lambda _, value: _date(value),
        "ends-with": lambda _, value, end: _said(value).endswith(_said(end)),
        "floor": lambda _, value: _whole(value, math.floor),
        "if": lambda _, condition, yes, no: yes if _truth(condition) else no,
        "int": lambda _, value: _whole(value, math.trunc),
        "max": lambda _, *values: _most(max, values),
        "min": lambda _, *values: _most(min, values),
        "number": lambda _, value: _number(value),
        "regex": lambda _, value, pattern: matches(_said(value), pattern),
        "round": lambda _, *values: _round(*values),
        "selected": lambda _, value, code: _said(code).strip() in _said(value).split(),
        "selected-at": lambda _, value, place: _selected_at(value, place),
        "string": lambda _, value: _said(value),
        "string-length": lambda _, value: float(len(_said(value))),
        "substr": lambda _, *values: _substr(*values),
    }.items()
}
