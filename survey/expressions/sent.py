"""An expression as plain lists, for the browser that computes it too (static/conditions.js) (pure).

["n", "2.5"] a number · ["w", "co"] words · ["a", "tuoi"] an answer · ["o"] the answer itself · ["c", "nhom"] a column ·
["f", "selected", …] a function · ["b", "<=", left, right] a sign. Only what `grammar` has read is ever sent.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from survey.expressions.grammar import Answer, Both, Call, Column, Node, Number, Own, Words, read


@lru_cache(maxsize=4096)
def as_lists(text: str, columns: frozenset[str] = frozenset()) -> tuple[Any, ...]:
    """The tree of an expression as nested lists; raises ExpressionRefused where the text is not one."""
    return _lists(read(text, columns=columns))


def _lists(tree: Node) -> tuple[Any, ...]:
    match tree:
        case Number(digits):
            return ("n", digits)
        case Words(words):
            return ("w", words)
        case Answer(name):
            return ("a", name)
        case Own():
            return ("o",)
        case Column(name):
            return ("c", name)
        case Call(name, given):
            return ("f", name, *map(_lists, given))
        case Both(sign, left, right):
            return ("b", sign, _lists(left), _lists(right))
