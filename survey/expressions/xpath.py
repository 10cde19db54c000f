"""An expression computed by lxml: the tree is written out as XPath 1.0 whose every function is known.

Answers come in as variables, so no answer is ever part of a program. Days are compared and counted as days:
where XPath would make "not a number" of a date, both sides go through `values.number`, which gives days since 1970.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
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
from survey.expressions.values import FUNCTIONS, said

_NAMESPACE: Final = "urn:expressions"
_NOWHERE: Final = etree.Element("nowhere")
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
    return said(program.calculation(_NOWHERE, **program.variables(facts)))


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
            # Read by the same rule as an answer, so that 2.345 typed is 2.345 written to the last bit.
            return digits if digits.isdigit() and len(digits) <= 15 else f"x:number('{digits}')"
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
    if sign in ("and", "or"):
        return f"({left} {sign} {right})"
    if sign in ("=", "!="):
        return f"x:same({left}, {right})" if sign == "=" else f"not(x:same({left}, {right}))"
    return f"(x:number({left}) {sign} x:number({right}))"


_NATIVE: Final = frozenset(("true", "false", "not", "boolean"))
"""What XPath itself does as it is written down; everything else is survey.expressions.values."""


def _called(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda _, *given: function(*given)


_FUNCTIONS: Final = {(_NAMESPACE, name): _called(function) for name, function in FUNCTIONS.items()}
