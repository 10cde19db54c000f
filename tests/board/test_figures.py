"""What a page may say of protected tables, and that it says nothing of raw ones."""

from __future__ import annotations

import json
import pickle
from datetime import date
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from board import figures, files
from board.catalogue import CATALOGUE
from board.ledger import digest_of
from board.published import Published
from board.signed import written
from core.disclosure import RawTable, protect
from core.disclosure.tables import ProtectedTable, Row, Value
from core.i18n import speak
from intake.counts import tally


def raw(
    counts: dict[tuple[str, ...], int], name: str = "own_by_kind", release: str = "2026-06-30"
) -> RawTable:
    table = CATALOGUE[name]
    return RawTable(name=name, release=release, dims=table.categories, rows=counts, counts=table.counts)


def published(*tables: ProtectedTable) -> Published:
    day = date.fromisoformat(tables[0].release)
    return Published(
        name=tables[0].release,
        as_of=day,
        made_on=day,
        catalogue=CATALOGUE.version,
        tables=tables,
        digest=digest_of(written(tables)),
        charts={},
        signatures=[],
    )


@pytest.mark.parametrize(
    "words", ["{{ it }}", "{{ it.__str__() }}", "{% for row in it %}{{ row }}{% endfor %}"]
)
def test_a_template_that_is_given_a_raw_table_raises(in_app: Flask, words: str) -> None:
    with pytest.raises(TypeError, match="protect"):
        in_app.jinja_env.from_string(words).render(it=raw({("sexual",): 3}))


def test_a_raw_table_can_be_neither_written_down_nor_arranged_for_a_page() -> None:
    table: Any = raw({("sexual",): 3})

    for wrong_door in (figures.tells, lambda one: written([one]), lambda one: json.dumps(one), pickle.dumps):
        with pytest.raises((TypeError, AttributeError)):
            wrong_door(table)


def test_the_catalogue_asks_for_no_more_than_a_cell_may_say() -> None:
    for table in CATALOGUE.tables:
        for dim, categories in table.categories.items():
            assert categories == tally.CATEGORIES[dim]


def test_the_two_kinds_of_report_are_counted_apart() -> None:
    assert {table.counts for table in CATALOGUE.tables} == {tally.OWN, tally.TOLD}
    assert [table.dims for table in CATALOGUE.tables if table.counts == tally.TOLD] == [()]


def test_the_sum_of_two_figures_is_what_both_together_say() -> None:
    assert figures.together(12, 7) == 19
    assert figures.together((0, 4), 7) == (7, 11)
    assert figures.together((5, 9), (0, 4)) == (5, 13)
    assert figures.together(None, 7) is None


values = st.one_of(st.integers(0, 40), st.tuples(st.integers(0, 9), st.integers(9, 20)), st.none())


@given(one=values, other=values, true_one=st.integers(0, 40), true_other=st.integers(0, 40))
def test_a_sum_never_excludes_what_its_parts_allow(
    one: Value, other: Value, true_one: int, true_other: int
) -> None:
    def allows(value: Value, true: int) -> bool:
        return value is None or value == true or (isinstance(value, tuple) and value[0] <= true <= value[1])

    if allows(one, true_one) and allows(other, true_other):
        assert allows(figures.together(one, other), true_one + true_other)


def test_every_figure_that_is_not_exact_says_why() -> None:
    assert figures.why(12) is None
    for value in (None, (0, 4), (12, 16)):
        assert figures.why(value)


def test_a_table_in_which_all_is_small_says_that_it_tells_nothing() -> None:
    (small,) = protect([raw({("sexual",): 3, ("physical",): 2})], [])
    (large,) = protect([raw({("sexual",): 30, ("physical",): 20, ("other",): 9})], [])

    assert not figures.tells(small)
    assert figures.tells(large)


def protected(release: str = "2026-06-30", **rows: Value) -> ProtectedTable:
    table = CATALOGUE["own_by_kind"]
    return ProtectedTable(
        name=table.name,
        release=release,
        dims=table.categories,
        rows=tuple(Row(at=(at,), value=rows.get(at)) for at in ("total", *table.categories["kind"])),
        counts=table.counts,
    )


def test_the_column_beside_holds_what_the_release_before_said() -> None:
    first = protected(total=58, sexual=8, physical=20)
    second = protected("2026-09-30", total=(58, 62), sexual=(8, 12), physical=29)
    (shown,) = figures.one_way(published(second), published(first), "vi")

    by_label = {line.label.en: (line.value, line.before) for line in shown.lines}
    assert by_label["Physical"] == (29, 20)
    assert by_label["Sexual"] == ((8, 12), 8)
    assert shown.lines[-1].total


def test_a_file_that_leaves_holds_only_rows_of_at_least_ten() -> None:
    table = protected(total=40, sexual=(9, 13), physical=10, other=(0, 4))
    speak("en")
    try:
        text = files.leaving_csv([published(table)]).decode("utf-8-sig")
    finally:
        speak("vi")

    assert [line.split(",")[-2:] for line in text.splitlines()[1:]] == [["40", "40"], ["10", "10"]]


def test_a_table_that_is_one_number_says_so_in_every_file() -> None:
    told = ProtectedTable(
        name="told_in_all",
        release="2026-06-30",
        counts="told",
        dims={},
        groups={},
        rows=(Row(at=(), value=17),),
    )
    (table,) = [
        block for block in files.leaving_document([published(told)])["blocks"] if block["kind"] == "table"
    ]

    assert (table["caption"], table["rows"]) == ("Người khác báo tin", [["Tổng", "17"]])
    assert len(table["columns"]) == 2
    assert [row[3] for row in files.leaving_rows([published(told)])][1:] == ["Tổng"]
