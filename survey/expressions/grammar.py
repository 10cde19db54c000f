"""One expression of an XLSForm as a tree, or the reason why it is refused.

The subset of XPath 1.0 and ODK that stands in docs/questionnaires.md: answers, numbers, words, comparison,
arithmetic, and functions by name. Paths into other data, and what reads a device, are not in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from core.i18n import Text
from survey.expressions.patterns import PatternRefused, compile_pattern

LONGEST: Final = 1000
"""Characters of one expression."""
DEEPEST: Final = 24
"""Parentheses and functions inside one another."""
PARTS: Final = 300
"""Words, signs and numbers of one expression."""

FUNCTIONS: Final[dict[str, tuple[int, int]]] = {
    "abs": (1, 1),
    "boolean": (1, 1),
    "ceiling": (1, 1),
    "coalesce": (2, 2),
    "concat": (2, 8),
    "contains": (2, 2),
    "count-selected": (1, 1),
    "date": (1, 1),
    "ends-with": (2, 2),
    "false": (0, 0),
    "floor": (1, 1),
    "if": (3, 3),
    "int": (1, 1),
    "max": (1, 8),
    "min": (1, 8),
    "normalize-space": (1, 1),
    "not": (1, 1),
    "number": (1, 1),
    "once": (1, 1),
    "regex": (2, 2),
    "round": (1, 2),
    "selected": (2, 2),
    "selected-at": (2, 2),
    "starts-with": (2, 2),
    "string": (1, 1),
    "string-length": (1, 1),
    "substr": (2, 3),
    "today": (0, 0),
    "true": (0, 0),
}
"""Every function there is, with the fewest and most things it takes."""


class ExpressionRefused(ValueError):
    """An expression was not understood, or asks for something that is not on the list."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason: Final = reason


@dataclass(frozen=True, slots=True)
class Number:
    """A number, as it is written."""

    digits: str


@dataclass(frozen=True, slots=True)
class Words:
    """Words between quotation marks."""

    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """`${name}`: the answer to another question."""

    name: str


@dataclass(frozen=True, slots=True)
class Own:
    """`.`: the answer being looked at."""


@dataclass(frozen=True, slots=True)
class Column:
    """A bare name in a choice_filter: that column of the choice."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function and what it is given."""

    name: str
    given: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Both:
    """Two sides and the sign between them."""

    sign: str
    left: Node
    right: Node


Node = Number | Words | Answer | Own | Column | Call | Both


def read(text: str, *, columns: frozenset[str] = frozenset()) -> Node:
    """The tree of an expression. columns: what a bare name may be. Raises ExpressionRefused."""
    text = _straight(text.strip())
    if len(text) > LONGEST:
        raise ExpressionRefused(
            Text(
                f"Biểu thức dài quá {LONGEST} ký tự.", f"The expression is longer than {LONGEST} characters."
            )
        )
    reader = _Reader(list(_tokens(text)), columns)
    tree = reader.whole()
    reader.must_be_over()
    return tree


def answers_in(tree: Node) -> frozenset[str]:
    """The names of the questions an expression looks at."""
    return frozenset(node.name for node in walk(tree) if isinstance(node, Answer))


def walk(tree: Node) -> Iterator[Node]:
    """Every node of a tree, the outermost first."""
    yield tree
    if isinstance(tree, Call):
        for one in tree.given:
            yield from walk(one)
    elif isinstance(tree, Both):
        yield from walk(tree.left)
        yield from walk(tree.right)


# --- reading ---------------------------------------------------------------------------------------

_QUOTES: Final = str.maketrans("\u2018\u2019\u201c\u201d\u00a0", "''\"\" ")
_NAME: Final = r"[^\W\d][\w.-]*"
_TOKEN: Final = re.compile(
    rf"""\s*(?:
      (?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)
    | (?P<words>"[^"]*"|'[^']*')
    | \$\{{\s*(?P<answer>{_NAME})\s*\}}
    | (?!(?:and|or|div|mod)\s*\()(?P<call>{_NAME}(?::{_NAME})?)\s*\(
    | (?P<name>{_NAME})
    | (?P<sign><=|>=|!=|[-+*=<>(),.])
    )""",
    re.VERBOSE,
)
_WORD_SIGNS: Final = frozenset(("and", "or", "div", "mod"))
_STRENGTH: Final = {
    "or": 1,
    "and": 2,
    "=": 3,
    "!=": 3,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "div": 6,
    "mod": 6,
}
_Token = tuple[str, str]
_END: Final[_Token] = ("end", "")


def _straight(text: str) -> str:
    return text.translate(_QUOTES)


def _tokens(text: str) -> Iterator[_Token]:
    place, count = 0, 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            if not text[place:].strip():
                return
            raise _refused_at(text[place:].strip())
        count += 1
        if count > PARTS:
            raise ExpressionRefused(
                Text(f"Biểu thức có quá {PARTS} thành phần.", f"The expression has more than {PARTS} parts.")
            )
        place = found.end()
        kind = str(found.lastgroup)
        yield kind, found[kind]


def _refused_at(rest: str) -> ExpressionRefused:
    shown = rest[:20]
    if rest[0] in "/[|@":
        return ExpressionRefused(
            Text(
                f"“{shown}”: đường dẫn vào dữ liệu khác không được hỗ trợ; hãy dùng ${{tên câu}}.",
                f"“{shown}”: paths into other data are not supported; use ${{question name}}.",
            )
        )
    if rest.startswith("${"):
        return ExpressionRefused(
            Text(f"“{shown}” không phải là ${{tên câu}}.", f"“{shown}” is not a ${{question name}}.")
        )
    return ExpressionRefused(Text(f"Không hiểu từ “{shown}”.", f"Not understood from “{shown}” on."))


class _Reader:
    """Reads tokens by the strength of their signs; every step inward counts against the deepest."""

    def __init__(self, tokens: list[_Token], columns: frozenset[str]) -> None:
        self._tokens = tokens
        self._columns = columns
        self._place = 0
        self._depth = 0

    def whole(self, weakest: int = 1) -> Node:
        """One expression of signs at least as strong as `weakest`."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise ExpressionRefused(
                Text(
                    f"Biểu thức lồng nhau quá {DEEPEST} tầng.",
                    f"The expression is nested more than {DEEPEST} deep.",
                )
            )
        left = self._one()
        while (sign := self._sign()) and _STRENGTH[sign] >= weakest:
            self._place += 1
            left = Both(sign, left, self.whole(_STRENGTH[sign] + 1))
        self._depth -= 1
        return left

    def must_be_over(self) -> None:
        """Raises ExpressionRefused when something stands behind the expression."""
        if self._place < len(self._tokens):
            raise _unexpected(self._tokens[self._place])

    def _peek(self) -> _Token:
        return self._tokens[self._place] if self._place < len(self._tokens) else _END

    def _next(self) -> _Token:
        token = self._peek()
        self._place += 1
        return token

    def _sign(self) -> str:
        kind, text = self._peek()
        if (kind == "sign" and text in _STRENGTH) or (kind == "name" and text in _WORD_SIGNS):
            return text
        return ""

    def _one(self) -> Node:
        kind, text = self._next()
        match kind:
            case "number":
                return Number(text)
            case "words":
                return Words(text[1:-1])
            case "answer":
                return Answer(text)
            case "call":
                return self._call(text)
            case "name":
                return self._column(text)
        if text == ".":
            return Own()
        if text == "-":
            return Both("-", Number("0"), self.whole(7))
        if text == "(":
            inside = self.whole()
            self._closing()
            return inside
        raise _unexpected((kind, text))

    def _column(self, name: str) -> Node:
        if name in self._columns:
            return Column(name)
        if name in _WORD_SIGNS:
            raise _unexpected(("name", name))
        raise ExpressionRefused(
            Text(
                f"“{name}” không phải là tên cột của lựa chọn; chữ đặt trong dấu nháy, câu khác viết ${{{name}}}.",
                f"“{name}” is no column of the choices; words stand in quotes, another question as ${{{name}}}.",
            )
        )

    def _closing(self) -> None:
        if self._next() != ("sign", ")"):
            raise ExpressionRefused(Text("Thiếu dấu đóng ngoặc.", "A closing bracket is missing."))

    def _call(self, name: str) -> Node:
        if name not in FUNCTIONS:
            raise ExpressionRefused(
                Text(f"Hàm {name}() không được hỗ trợ.", f"The function {name}() is not supported.")
            )
        given: list[Node] = []
        if self._peek() == ("sign", ")"):
            self._place += 1
        else:
            given.append(self.whole())
            while self._peek() == ("sign", ","):
                self._place += 1
                given.append(self.whole())
            self._closing()
        return _checked(Call(name, tuple(given)))


def _checked(call: Call) -> Call:
    fewest, most = FUNCTIONS[call.name]
    if not fewest <= len(call.given) <= most:
        span = str(fewest) if fewest == most else f"{fewest}-{most}"
        raise ExpressionRefused(
            Text(
                f"Hàm {call.name}() cần {span} giá trị, ở đây có {len(call.given)}.",
                f"The function {call.name}() takes {span} values and is given {len(call.given)}.",
            )
        )
    if call.name == "regex":
        _check_pattern(call.given[1])
    return call


def _check_pattern(pattern: Node) -> None:
    if not isinstance(pattern, Words):
        raise ExpressionRefused(
            Text(
                "Mẫu của regex() phải viết thẳng trong dấu nháy.",
                "The pattern of regex() must be written out in quotes.",
            )
        )
    try:
        compile_pattern(pattern.text)
    except PatternRefused as refused:
        raise ExpressionRefused(refused.reason) from None


def _unexpected(token: _Token) -> ExpressionRefused:
    if token == _END:
        return ExpressionRefused(Text("Biểu thức dừng giữa chừng.", "The expression stops in the middle."))
    shown = f"${{{token[1]}}}" if token[0] == "answer" else token[1]
    return ExpressionRefused(
        Text(f"“{shown}” không đứng được ở chỗ này.", f"“{shown}” cannot stand where it does.")
    )
