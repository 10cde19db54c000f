"""Expressions: what they give, what is refused, and that nothing takes long."""

from __future__ import annotations

import json
import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.expressions.grammar import DEEPEST, LONGEST, ExpressionRefused, read
from survey.expressions.patterns import LONGEST_TEXT, PatternRefused, compile_pattern, matches
from survey.expressions.xpath import Facts, calculated, holds, looks_at
from tests.vectors import make_expressions

TODAY = date(2026, 11, 24)
ANSWERS = {"tuoi": "41", "noi": "111 yte", "ngay": "2026-11-20", "le": "2.5", "co": "co", "trong": ""}


def value(text: str, own: str = "", **columns: str) -> str:
    return calculated(text, Facts(answers=ANSWERS, today=TODAY, own=own, columns=columns))


def true(text: str, own: str = "", **columns: str) -> bool:
    return holds(text, Facts(answers=ANSWERS, today=TODAY, own=own, columns=columns))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("7 div 2", "3.5"),
        ("7 mod 2", "1"),
        ("-${tuoi} + 1", "-40"),
        ("2 - -3", "5"),
        ("${le} * 2", "5"),
        ("0.1 + 0.2", "0.3"),
        ("${trong} + 1", ""),
        ("1 div 0", ""),
        ("if(${tuoi} >= 40, 'lon', 'nho')", "lon"),
        ("if(${trong}, 'a', 'b')", "b"),
        ("coalesce(${trong}, ${co})", "co"),
        ("count-selected(${noi})", "2"),
        ("selected-at(${noi}, 1)", "yte"),
        ("selected-at(${noi}, 9)", ""),
        ("int('3.9')", "3"),
        ("round(2.345, 2)", "2.35"),
        ("round(2.5)", "3"),
        ("floor(-1.5)", "-2"),
        ("abs(-2)", "2"),
        ("min(3, ${le}, 4)", "2.5"),
        ("max(3, ${trong})", ""),
        ("string-length(${noi})", "7"),
        ("substr('abcdef', 1, 3)", "bc"),
        ("concat(${co}, '-', ${tuoi})", "co-41"),
        ("normalize-space('  a   b ')", "a b"),
        ("string(1 = 1)", "true"),
        ("number('abc')", ""),
        ("once(5)", "5"),
        ("today()", "2026-11-24"),
        ("date(today() + 7)", "2026-12-01"),
        ("today() - ${ngay}", "4"),
        ("date('2026-02-30')", ""),
        ("“a”", "a"),
    ],
)
def test_a_calculation_gives(text: str, expected: str) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "own", "expected"),
    [
        (". >= 1 and . <= 50", "50", True),
        (". >= 1 and . <= 50", "51", False),
        (". <= today()", "2026-11-24", True),
        (". <= today()", "2026-11-25", False),
        (". > '2026-09-30'", "2026-10-01", True),
        (". = 5", "5", True),
        (". = '05'", "5", False),
        ("regex(., '[0-9]{2,3}')", "12", True),
        ("regex(., '[0-9]{2,3}')", "12x", False),
        ("regex(., '^A|B$')", "B", True),
        ("not(selected(${noi}, 'zalo'))", "", True),
        ("selected(${noi}, '11')", "", False),
        ("${tuoi} > 40 or ${tuoi} < 10", "", True),
        ("${tuoi} != 41", "", False),
        ("${ngay} = '2026-11-20'", "", True),
        ("${trong} = ''", "", True),
        ("${trong} > 3", "", False),
        ("1 = 1 and 2 = 2 or 3 = 4", "", True),
        ("${tuoi} > 40 and (${co} = 'co' or ${co} = 'khong')", "", True),
        ("(1 = 2) or(${tuoi} mod (2) = 1)", "", True),
        (". = 2.345", "2.345", True),
        ("true()", "", True),
        ("false()", "", False),
        ("starts-with(${co}, 'c') and ends-with(${co}, 'o') and contains(${noi}, 'yt')", "", True),
    ],
)
def test_a_condition_holds_or_not(text: str, own: str, expected: bool) -> None:
    assert true(text, own) is expected


def test_a_choice_filter_looks_at_the_columns_of_the_choice() -> None:
    text = "nhom = ${co} or nhom = 'chung'"
    assert true(text, nhom="co")
    assert true(text, nhom="chung")
    assert not true(text, nhom="khac")
    assert looks_at(text, frozenset(["nhom"])) == {"co"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1 +",
        "(1",
        "1)",
        "1 2",
        "ten = 1",
        "/data/ten",
        "../ten",
        "//ten",
        "ten[1]",
        "@id",
        "$x",
        "${}",
        "${a b}",
        "${a",
        "a | b",
        "'abc",
        "pulldata('a', 'b', 'c', 'd')",
        "random()",
        "now()",
        "document('x')",
        "indexed-repeat(${co}, ${co}, 1)",
        "jr:choice-name(${co}, 'co')",
        "x:number(1)",
        "if(1, 2)",
        "today(1)",
        "regex(., ${co})",
        "and (1)",
    ],
)
def test_whatever_is_not_on_the_list_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(ExpressionRefused) as refused:
        read(text)
    assert refused.value.reason.vi
    assert refused.value.reason.en


def test_length_and_nesting_are_bounded() -> None:
    read("(" * (DEEPEST - 1) + "1" + ")" * (DEEPEST - 1))
    for text in ("(" * DEEPEST + "1" + ")" * DEEPEST, "-" * 400 + "1", "1" * (LONGEST + 1), "1+" * 200 + "1"):
        with pytest.raises(ExpressionRefused):
            read(text)


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+",
        "(a*)*b",
        "(a|a)*",
        "(a|ab)+c",
        "((a+)b)*",
        "a*a*a*a*b",
        "(.*)\\1",
        "(?=a)",
        "(?<n>a)",
        "a{1,9999}",
        *["(([0-9]{1})*[- .(]*([0-9]{3}))*", "[z-a]", "a**", "(", ")", "*a", "\\p{L}", "x" * 201],
    ],
)
def test_a_pattern_that_could_run_for_ever_is_refused(pattern: str) -> None:
    with pytest.raises(PatternRefused):
        compile_pattern(pattern)


def test_the_worst_patterns_that_pass_are_quick() -> None:
    begun = time.perf_counter()
    for pattern in (".*.*.*x", "(?:a?a?a?a?a?a?).*.*.*b", "[ab]*[ab]*[ab]{0,64}c"):
        assert not matches("a" * LONGEST_TEXT, pattern)
    assert time.perf_counter() - begun < 0.5
    assert not matches("a" * (LONGEST_TEXT + 1), "a*")


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="${}().,=<>!+-*'\" atuoi109:/[]@|\\divmodandor", max_size=60), st.text(max_size=20))
def test_whatever_is_written_is_read_or_refused_and_what_is_read_gives_a_value(text: str, own: str) -> None:
    own = own if own.isprintable() else ""
    try:
        read(text)
    except ExpressionRefused:
        return
    assert isinstance(value(text, own), str)
    assert true(text, own) in (True, False)


@settings(max_examples=100, deadline=None)
@given(st.dates(min_value=date(1950, 1, 1)), st.dates(min_value=date(1950, 1, 1)))
def test_days_compare_as_days(first: date, second: date) -> None:
    text = f"date('{first}') < '{second}'"
    assert true(text) is (first < second)
    assert value(f"'{first}' - '{second}'") == str((first - second).days)


def test_python_gives_what_the_vectors_say_and_the_browser_reads_the_same_lists() -> None:
    held = json.loads(make_expressions.FILE.read_text(encoding="utf-8"))
    for one in held["cases"]:
        assert json.loads(json.dumps(make_expressions.case(one["text"], one["own"]))) == one
    for one in held["typed"]:
        assert make_expressions.typed(one["item"], one["typed"]) == one
    for name, sent in held["items"].items():
        assert json.loads(json.dumps(make_expressions.rules(name))) == sent
