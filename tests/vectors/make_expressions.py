"""Writes expressions.json: what Python makes of expressions and typed answers, for Python and the browser to agree on.

Read the difference before it is committed: whatever changes here changes what frozen questionnaires mean.
"""

from __future__ import annotations

import json
import random
from datetime import date
from pathlib import Path
from typing import Any

from survey.coding import WrongAnswer, code
from survey.expressions.grammar import FUNCTIONS
from survey.expressions.sent import as_lists
from survey.expressions.xpath import Facts, calculated, holds
from survey.items import Item, Measure, Span, plain

FILE = Path(__file__).parent / "expressions.json"
TODAY = date(2026, 11, 24)
ANSWERS = {
    "tuoi": "41", "noi": "111 yte", "ngay": "2026-11-20", "le": "2.5", "am": "-0.5", "co": "co", "trong": "",
    "chu": "Đường  ế\U0001f600", "lon": "123456789012345", "xa": "0001-01-01",
}  # fmt: skip
COLUMNS = {"nhom": "co", "tuoi_tu": "18"}
EDGES = [
    "2.345 = '2.345'", ". = 2.345", "1 = '1.0'", "'1' = '1.0'", "true() = 'x'", "false() = ''", "${ngay} = 20777",
    "${ngay} < today()", "'2026-02-30' = '2026-02-30'", "number('2026-02-30')", "number('1e3')", "number('+5.')",
    "number(' 7 ')", "number('٣')", "0.1 + 0.2", "1 div 3", "-1 div 3", "1 div 0", "0 div 0", "-7 mod 3", "7 mod -3",
    "round(2.5)", "round(-2.5)", "round(0.05, 1)", "round(1234.5678, -2)", "round(55, -2)", "round(2.675, 2)",
    "round(1, 16)", "round('x')", "int(-0.5)", "floor(-0.5)", "ceiling(-0.5)", "abs('x')", "1000000 * 1000000000",
    "1 div 1000000000", "123456789.0125 + 0", "1234567890.125 + 0", "string-length(${chu})", "substr(${chu}, 1, 3)",
    "substr(${chu}, -5)", "substr(${chu}, 2, 99)", "substr('abc', 2, 1)", "substr('abc', 'x')", "normalize-space(${chu})",
    "selected(${noi}, ' yte ')", "selected-at(${noi}, 1.9)", "selected-at(${noi}, -1)", "selected-at(${noi}, 2)",
    "count-selected(${trong})", "coalesce(${trong}, 5)", "coalesce(0, 5)", "if('0', 'a', 'b')", "if(0, 'a', 'b')",
    "concat(1 = 1, 2.50, ${trong}, 1 div 0)", "contains(${chu}, '')", "starts-with(12, 1)", "ends-with(${ngay}, '20')",
    "min(3, ${le}, ${am})", "max(1, 'x')", "date(0)", "date(-719163)", "date(9999999)", "date(${ngay} + 0.9)",
    "${xa} + 0", "not('')", "boolean('false')", "boolean(0.0)", "once(${le})", "regex(., '[0-9]{2,3}')",
    "regex(${ngay}, '\\d{4}-\\d\\d-\\d\\d')", "regex('a-b', '[\\w\\-]+')", "regex('a@b', 'a\\@b')", "regex('a-b', 'a\\-b')",
    "regex(${chu}, 'Đ.+')", "regex('a', 'A')", "'a' < 'b'", "'' = ${trong}", "- - 3", "1 != 'x'", "'x' != 'x'",
    "${constructor} = ''", "today() + 1", "date(today() + 40)", "1 = 1 = 1", "3 > 2 > 1",
]  # fmt: skip
OWN = ["", "5", "12", "2.345", "2026-11-24", "a b", " 7 "]


def expressions(count: int, seed: int) -> list[str]:
    """Expressions of every sign and function, put together by chance."""
    draw = random.Random(seed)
    atoms = [
        *(f"${{{name}}}" for name in ANSWERS),
        ".",
        "0",
        "1",
        "2.5",
        "'a'",
        "'yte'",
        "'2026-11-24'",
        "''",
        "'-3'",
    ]
    signs = ["+", "-", "*", "div", "mod", "=", "!=", "<", "<=", ">", ">=", "and", "or"]
    functions = [(name, span) for name, span in FUNCTIONS.items() if name != "regex"]

    def one(depth: int) -> str:
        kind = draw.random()
        if depth == 0 or kind < 0.2:
            return draw.choice(atoms)
        if kind < 0.6:
            return f"({one(depth - 1)} {draw.choice(signs)} {one(depth - 1)})"
        name, (fewest, most) = draw.choice(functions)
        return f"{name}({', '.join(one(depth - 1) for _ in range(draw.randint(fewest, min(most, 3))))})"

    return [one(3) for _ in range(count)]


def case(text: str, own: str) -> dict[str, Any]:
    """One expression with what Python makes of it."""
    facts = Facts(answers=ANSWERS, today=TODAY, own=own)
    return {
        "text": text,
        "lists": as_lists(text),
        "own": own,
        "true": holds(text, facts),
        "value": calculated(text, facts),
    }


def item(kind: Any, *span: str) -> Item:
    """A question of a kind; span: least, most and step of a range."""
    from decimal import Decimal

    from core.i18n import Text

    ends = [Decimal(one) for one in span]
    return Item(
        code="q", kind=kind, label=Text("q", "q"), choices=(), measure=Measure(kind="other"), waves=("before",),
        lead=None, hint=None, source=None, certainty=None, shuffle=False,
        span=Span(least=ends[0], most=ends[1], step=ends[2]) if ends else None,
    )  # fmt: skip


ITEMS = {
    "integer": item("integer"), "decimal": item("decimal"), "date": item("date"), "digits": item("digits"),
    "letter": item("letter"), "range": item("range", "0", "10", "2"), "fine": item("range", "-1", "20", "0.25"),
}  # fmt: skip
TYPED = [
    "5", "007", "-3", "−3", "1.500", "1 500", "1.50", "1,5", "1,50", "1,500", "0,500", ",5", "5,", "1,5,5", "1e3", "1 50",
    "1.500.000,25", "123456789012345", "1234567890123456", "-0", "-0,0", "0", "00", "42", "4", "10", "0.5", "-0,75",
    "-0.75", "6", "0,30", "5/12/2026", "05-12-2026", "31/2/2026", "2026-12-05", "2026-2-5", "1/1/0000", "1/1/0001", "a", "Đ",
    "ế", "Bà", "é", "0a", "x y", "３", "\u00a05",
]  # fmt: skip


def typed(name: str, text: str) -> dict[str, str]:
    """One typed answer with the code it becomes; "" where it is not taken."""
    try:
        coded = str(code(ITEMS[name], [text.strip()]))
    except WrongAnswer:
        coded = ""
    return {"item": name, "typed": text, "coded": coded}


def rules(name: str) -> dict[str, Any]:
    """An item of ITEMS as the browser is given it."""
    held = ITEMS[name]
    span = held.span
    ends = (
        {"steps": span.steps(), "span": [plain(one) for one in (span.least, span.most, span.step)]}
        if span
        else {}
    )
    return {"name": name, "kind": held.kind, "relevant": [], "choices": [], **ends}


def main() -> None:
    """Write the file."""
    texts = [*EDGES, *expressions(250, seed=20261124)]
    found = {
        "today": TODAY.isoformat(),
        "answers": ANSWERS,
        "cases": [case(text, OWN[place % len(OWN)]) for place, text in enumerate(texts)],
        "items": {name: rules(name) for name in ITEMS},
        "typed": [typed(name, text) for name in ITEMS for text in TYPED],
    }
    lines = json.dumps(found, ensure_ascii=False, indent=None, separators=(",", ":"))
    FILE.write_text(
        lines.replace('{"text"', '\n{"text"').replace('{"item"', '\n{"item"') + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
