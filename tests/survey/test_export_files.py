"""Files for evaluators, read back by the programs' own readers: values, labels, levels, and the same bytes each time."""

from __future__ import annotations

import base64
import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyreadstat
import pytest

from survey import evaluator_files, export_files, microdata
from survey.models import Round
from tests.survey.test_microdata import people
from tests.surveys import QUESTIONS

pytestmark = [pytest.mark.embedded, pytest.mark.slow]


@pytest.fixture(scope="module")
def table() -> microdata.Table:
    """Sixty people, some of whom skipped a question, with one background item."""
    answers = people(60, K2=["dung", "sai", ""], B2=["nu", "nu", "nam"])
    return microdata.table(answers, QUESTIONS, "after", background="B2", seed="r")


@pytest.fixture(scope="module")
def payload(table: microdata.Table) -> dict[str, Any]:
    from datetime import date

    found = Round(id="0" * 32, year=2026, wave="after", closes_on=date(2026, 12, 20))
    return evaluator_files.as_payload(table, found, "Khảo sát 2026: Sau chiến dịch")


def made(job: Callable[..., dict[str, str]], payload: dict[str, Any]) -> bytes:
    return base64.b64decode(job(payload)["file"])


READ: dict[str, Callable[..., Any]] = {"sav": pyreadstat.read_sav, "dta": pyreadstat.read_dta}
JOBS: dict[str, Callable[..., dict[str, str]]] = {
    "sav": export_files.sav_job,
    "dta": export_files.dta_job,
    "xlsx": export_files.xlsx_job,
}


def read_back(kind: str, file: bytes) -> tuple[dict[str, list[Any]], Any]:
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / f"a.{kind}"
        path.write_bytes(file)
        columns, about = READ[kind](str(path), output_format="dict")
    return {name: [None if one != one else one for one in values] for name, values in columns.items()}, about


@pytest.mark.parametrize("kind", ["sav", "dta"])
def test_values_and_labels_come_back(kind: str, table: microdata.Table, payload: dict[str, Any]) -> None:
    columns, about = read_back(kind, made(JOBS[kind], payload))

    for place, variable in enumerate(table.variables):
        assert columns[variable.name] == [row[place] for row in table.rows], variable.name
        words = about.variable_value_labels[variable.name]
        assert list(words) == [one.value for one in variable.labels]
        assert all(words[one.value].rstrip("…") in one.words.vi for one in variable.labels)
        assert about.column_names_to_labels[variable.name].rstrip("…") in variable.words.vi
    assert about.number_rows == 60
    assert None in columns["K2"]


def test_spss_knows_what_can_be_put_in_order(payload: dict[str, Any]) -> None:
    _, about = read_back("sav", made(export_files.sav_job, payload))

    assert about.variable_measure["T1"] == "ordinal"
    assert about.variable_measure["K1"] == "nominal"


@pytest.mark.parametrize("kind", ["sav", "dta", "xlsx"])
def test_the_same_answers_are_the_same_bytes_and_no_hour_stands_in_them(
    kind: str, payload: dict[str, Any]
) -> None:
    first, second = made(JOBS[kind], payload), made(JOBS[kind], payload)

    assert first == second
    if kind == "xlsx":
        book = openpyxl.load_workbook(io.BytesIO(first))
        assert str(book.properties.created) == str(book.properties.modified) == "2026-12-20 00:00:00"
    else:
        _, about = read_back(kind, first)
        assert str(about.creation_time) == "2026-12-20 00:00:00"


def test_a_workbook_has_the_rows_and_the_codebook(table: microdata.Table, payload: dict[str, Any]) -> None:
    book = openpyxl.load_workbook(io.BytesIO(made(export_files.xlsx_job, payload)))

    rows = list(book["data"].iter_rows(values_only=True))
    assert rows[0] == tuple(one.name for one in table.variables)
    assert rows[1:] == list(table.rows)
    codes = list(book["codebook"].iter_rows(values_only=True))
    assert codes[0] == evaluator_files.BOOK
    assert ("K1", 2, "sai", "Sai", "False") in {(row[0], *row[7:]) for row in codes}


def test_long_words_are_cut_between_letters() -> None:
    words = "Người bị bạo lực gia đình " * 20

    cut = export_files._cut(words, 80)

    assert len(cut.encode()) <= 80
    assert words.startswith(cut.rstrip("…"))
    assert export_files._cut("ngắn", 80) == "ngắn"
