"""Workbooks as questionnaires: each loads, or is refused with every reason, sheet and cell."""

from __future__ import annotations

import io
import json
import random
import re
import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from openpyxl import Workbook, load_workbook

from survey import models
from survey.asking import settle, steps
from survey.questionnaire import Questionnaire, load
from survey.xlsform import grid, reading, room, writing
from survey.xlsform.findings import Findings
from survey.xlsform.reading import Outcome, check

FOLDER = Path(__file__).parent / "xlsforms"
ROOT = FOLDER.parent.parent.parent
WORKBOOKS = sorted(FOLDER.glob("*.xls*"))
Rows = Sequence[Sequence[object]]
HEAD = ("type", "name", "label::Tiếng Việt (vi)", "label::English (en)")
YES_NO: Rows = (
    ("list_name", "name", "label::vi", "label::en"),
    ("ck", "co", "Có", "Yes"),
    ("ck", "khong", "Không", "No"),
)


def workbook(survey: Rows, choices: Rows = YES_NO, settings: Rows = (), **more: Rows) -> bytes:
    book = Workbook()
    book.remove(book["Sheet"])
    for name, rows in {"survey": survey, "choices": choices, "settings": settings, **more}.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def asked(*rows: Sequence[object], extra: Sequence[str] = (), choices: Rows = YES_NO) -> Outcome:
    return check(workbook((HEAD + tuple(extra), *rows), choices))


def problems(outcome: Outcome) -> dict[str, str]:
    return {one.where(): one.reason.en for one in outcome.findings.problems}


# Those of others


def listed() -> dict[str, str]:
    """What docs/questionnaires.md says of each."""
    words = (ROOT / "docs/questionnaires.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `([^`]+\.xlsx?)` \| ([^|]+?) \|", words, re.M))


@pytest.mark.parametrize("path", WORKBOOKS, ids=lambda path: path.name)
def test_a_workbook_of_somebody_else_loads_or_is_refused_by_cell(path: Path) -> None:
    outcome = check(path.read_bytes())
    if outcome.data is None:
        assert outcome.findings.problems
        for one in outcome.findings.problems:
            assert one.sheet, one.reason.en
            assert one.reason.vi
            assert "Traceback" not in one.reason.en
        said = f"refused, {len(outcome.findings.problems)}"
    else:
        found = Questionnaire.from_json(json.loads(json.dumps(outcome.data)))
        said = f"loads, {len([item for item in found.all_items.values() if item.kind != 'calculate'])} items"
    assert listed()[path.name] == said


def test_the_docs_list_no_other_workbook() -> None:
    assert set(listed()) == {path.name for path in WORKBOOKS}


# Ours


def test_the_shipped_questionnaire_is_a_workbook() -> None:
    outcome = check((ROOT / "survey/data/nhan_thuc.xlsx").read_bytes())
    assert problems(outcome) == {}
    assert outcome.findings.notes == []
    assert outcome.data is not None
    found = Questionnaire.from_json(outcome.data)
    assert found.digest() == load().digest()
    assert sum(item.measure.kind == "linkage" for item in found.all_items.values()) == 7


@pytest.mark.parametrize("name", ["nhan_thuc", "mau_bang_hoi"])
def test_the_workbooks_to_download_are_as_the_program_writes_them(name: str) -> None:
    written = writing.from_data(load().data) if name == "nhan_thuc" else writing.example()
    kept = (ROOT / f"survey/data/{name}.xlsx").read_bytes()
    assert _cells(kept) == _cells(written)


def _cells(file: bytes) -> dict[str, list[tuple[object, ...]]]:
    book = load_workbook(io.BytesIO(file))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}


def test_the_template_shows_every_kind_of_question() -> None:
    outcome = check((ROOT / "survey/data/mau_bang_hoi.xlsx").read_bytes())
    assert problems(outcome) == {}
    assert outcome.data is not None
    kinds = {item["kind"] for item in outcome.data["items"]}
    assert kinds >= {"one", "many", "letter", "digits", "integer", "date", "range", "note", "calculate"}
    rules = {rule for item in outcome.data["items"] for rule in item.get("rules", {})}
    assert rules >= {"relevant", "constraint", "required", "choice_filter", "calculate"}


def test_a_stored_answer_has_the_room_the_reader_counts_with() -> None:
    assert room.ANSWER_BYTES == models.ANSWER_BYTES
    assert models.LINK_BYTES == 1121 + room.LINK_BYTES + 4 + 16


# What is refused, all at once


def test_a_choice_filter_may_look_at_the_code_itself() -> None:
    outcome = asked(
        ("select_one ck", "a", "A", "A"),
        ("select_one ck", "b", "B", "B", "not(name = ${a})"),
        extra=("choice_filter",),
    )
    assert problems(outcome) == {}
    assert outcome.data is not None
    settled = settle(Questionnaire.from_json(outcome.data), "before", {"a": "co"}, date(2026, 11, 24))
    assert [choice.code for choice in settled.offered["b"]] == ["khong"]


def test_a_list_from_another_file_is_refused_where_it_is_asked_for() -> None:
    outcome = asked(("select_one ck", "a", "A", "A", "minimal search('fruits')"), extra=("appearance",))
    assert problems(outcome)["survey!E2"].startswith("search() takes choices from another file")


def test_every_problem_is_told_at_once_with_its_cell() -> None:
    outcome = asked(
        ("text", "ten", "Tên", "Name"),
        ("geopoint", "o_dau", "Ở đâu", "Where"),
        ("image", "anh", "Ảnh", "Picture"),
        ("start", "bat_dau"),
        ("begin repeat", "lap", "Lặp", "Again"),
        ("end repeat",),
        ("select_one ck or_other", "khac", "Khác", "Other"),
        ("select_one khong_co", "mat", "Mất", "Lost"),
        ("dateTime", "luc", "Lúc", "When"),
        ("lạ", "la", "Lạ", "Odd"),
        ("integer", "tên có dấu", "Sai", "Wrong"),
        ("integer", "card", "Thẻ", "Card"),
        ("integer", "n", "Một", "One"),
        ("integer", "n", "Hai", "Two"),
        ("integer", "khong_nhan"),
    )
    found = problems(outcome)
    assert outcome.data is None
    assert set(found) >= {f"survey!A{row}" for row in (2, 3, 4, 5, 6, 8, 9, 10, 11)}
    assert set(found) >= {f"survey!B{row}" for row in (12, 13, 15, 16)}
    assert "Free text" in found["survey!A2"]
    assert "“khong_co”" in found["survey!A9"]


def test_an_expression_is_refused_in_its_cell() -> None:
    outcome = asked(
        ("integer", "a", "A", "A", "${sau} = 1", ""),
        ("integer", "b", "B", "B", "${khong_co} = 1", ". > pulldata('x', 'y', 'z', 1)"),
        ("integer", "sau", "Sau", "Later", "", "regex(., '(a+)+')"),
        extra=("relevant", "constraint"),
    )
    found = problems(outcome)
    assert "asked later" in found["survey!E2"]
    assert "no question named" in found["survey!E3"]
    assert "pulldata" in found["survey!F3"]
    assert "could run for very long" in found["survey!F4"]


def test_a_loop_of_calculations_is_found() -> None:
    outcome = asked(
        ("calculate", "a", "", "", "${b} + 1"),
        ("calculate", "b", "", "", "${c} + 1"),
        ("calculate", "c", "", "", "${a} + 1"),
        ("calculate", "d", "", "", "${a} + 1"),
        ("integer", "e", "E", "E", ""),
        extra=("calculation",),
    )
    found = problems(outcome)
    assert {"survey!E2", "survey!E3", "survey!E4"} <= set(found)
    assert "survey!E5" not in found, "it leads into the loop and is no part of it"


def test_measuring_columns_are_checked() -> None:
    extra = ("measures", "right", "element", "waves")
    outcome = asked(
        ("select_one ck", "k", "K", "K", "knowledge", "dung", "", ""),
        ("integer", "t", "T", "T", "attitude", "", "", ""),
        ("select_multiple ck", "h", "H", "H", "help", "", "", ""),
        ("select_one ck", "m", "M", "M", "weight", "", "", "now"),
        ("text", "e", "E", "E", "linkage", "", "name", ""),
        extra=extra,
    )
    assert set(problems(outcome)) >= {
        "survey!F2",
        "survey!E3",
        "survey!E4",
        "survey!E5",
        "survey!H5",
        "survey!G6",
    }


def test_formulas_are_not_values() -> None:
    outcome = asked(("integer", "a", "=1+1", "A"), ("integer", "b", '=HYPERLINK("http://x")', "B"))
    assert set(problems(outcome)) >= {"survey!C2", "survey!C3"}


def test_what_only_pyxform_refuses_is_told_in_its_words() -> None:
    outcome = asked(("select_one ck", "a", "A", "A", "randomize=maybe"), extra=("parameters",))
    assert any("pyxform" in reason for reason in problems(outcome).values())


def test_more_than_an_answer_can_hold_is_refused() -> None:
    outcome = asked(*((("integer", f"cau_hoi_so_{n}", "Số", "Number")) for n in range(80)))
    assert "The longest answer needs" in problems(outcome)["survey"]


def test_choices_behind_a_filter_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "FILTERED", 3)
    outcome = asked(
        ("integer", "a", "A", "A"),
        *(("select_one ck", f"b{n}", "B", "B", "${a} > 1") for n in range(2)),
        extra=("choice_filter",),
    )
    assert "4 choices stand behind" in problems(outcome)["survey"]


def test_words_in_one_language_are_shown_in_both_and_noted() -> None:
    outcome = check(workbook((("type", "name", "label"), ("integer", "a", "Số lần"))))
    assert outcome.data is not None
    assert outcome.data["items"][0]["en"] == "Số lần"
    notes = {one.cell: one.reason.en for one in outcome.findings.notes}
    assert "one language" in notes["C2"]
    assert "single somebody out" in notes["A2"]


# Files that are no workbooks


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"not a workbook",
        b"PK\x03\x04 broken",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
        b"x" * (grid.FILE_BYTES + 1),
    ],
    ids=["nothing", "words", "broken zip", "broken xls", "too large"],
)
def test_a_file_that_is_no_workbook_is_refused(file: bytes) -> None:
    outcome = check(file)
    assert len(outcome.findings.problems) == 1
    assert outcome.data is None


def _packed(**parts: bytes) -> bytes:
    """A workbook with more parts in its archive."""
    kept = io.BytesIO(workbook((HEAD, ("integer", "a", "A", "A"))))
    with zipfile.ZipFile(kept, "a", zipfile.ZIP_DEFLATED) as packed:
        for name, words in parts.items():
            packed.writestr(name, words)
    return kept.getvalue()


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"xl/big.xml": b" " * (grid.UNPACKED_BYTES + 1)}, "unpacks to too much"),
        ({"xl/vbaProject.bin": b"Sub"}, "macros"),
        ({"xl/externalLinks/externalLink1.xml": b"<x/>"}, "links to other files"),
        ({"xl/more.xml": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a/>'}, "damaged"),
    ],
    ids=["bomb", "macros", "links", "entities"],
)
def test_a_dangerous_archive_is_not_opened(parts: dict[str, bytes], said: str) -> None:
    (problem,) = check(_packed(**parts)).findings.problems
    assert said in problem.reason.en


def test_rows_and_columns_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grid, "ROWS", 20)
    rows = [("integer", f"a{n}", "A", "A") for n in range(20)]
    assert "survey!A21" in problems(asked(*rows))
    wide = check(workbook(((*HEAD, *(f"c{n}" for n in range(200))), ("integer", "a", "A", "A"))))
    assert any("columns" in reason for reason in problems(wide).values())


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_workbook_is_refused_or_read_but_never_a_traceback(seed: int) -> None:
    chance = random.Random(seed)
    file = bytearray(WORKBOOKS[seed % len(WORKBOOKS)].read_bytes())
    for _ in range(40):
        file[chance.randrange(len(file))] = chance.randrange(256)
    outcome = check(bytes(file))
    assert (outcome.data is None) is bool(outcome.findings.problems)


_KINDS = ("select_one ck", "select_multiple ck", "integer", "decimal", "date", "range", "note", "calculate")
_ODD = ("begin group", "end group", "begin repeat", "text", "start", "", "select_one khac", "lạ")
_WORDS = (
    "${a1} = 'co'",
    "selected(${a0}, 'co')",
    "${a2} > 1",
    ". <= today()",
    "${a9}",
    "nhom = 'x'",
    "regex(., '(a+)+')",
)


def _anything(seed: int) -> grid.Grid:
    """A workbook as chance writes it, sane or not, without a file around it."""
    chance = random.Random(seed)
    heads = ("type", "name", "label", "relevant", "constraint", "required", "choice_filter", "calculation")
    rows = []
    for number in range(chance.randrange(1, 9)):
        odd = seed % 2 and chance.random() < 0.3
        kind = chance.choice(_ODD if odd else _KINDS)
        said = [chance.choice(_WORDS) if chance.random() < 0.08 else "" for _ in range(4)]
        sum_of = "1 + 1" if kind == "calculate" and chance.random() < 0.9 else ""
        rows.append((kind, f"a{number}", "Câu ${a0}" if chance.random() < 0.1 else "Câu", *said, sum_of))
    listed = [("ck", "co", "Có", "x"), ("ck", "khong", "Không", "")]
    return {
        "survey": _sheet("survey", heads, rows),
        "choices": _sheet("choices", ("list_name", "name", "label", "nhom"), listed),
    }


def _sheet(name: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> grid.Sheet:
    return grid.Sheet(
        name=name,
        headers={head: chr(65 + place) for place, head in enumerate(heads)},
        rows=tuple(
            grid.Row(number=number, cells={head: text for head, text in zip(heads, row, strict=True) if text})
            for number, row in enumerate(rows, start=2)
        ),
    )


def test_whatever_stands_in_the_cells_is_asked_or_refused_with_reasons() -> None:
    loaded = 0
    for seed in range(60):
        outcome = reading.check_sheets(_anything(seed), Findings())
        assert (outcome.data is None) is bool(outcome.findings.problems)
        assert all(one.sheet and one.reason.vi for one in outcome.findings.problems)
        if outcome.data is not None:
            loaded += 1
            found = Questionnaire.from_json(json.loads(json.dumps(outcome.data)))
            settled = settle(found, "before", {"a0": "co", "a1": "co", "a2": "3"}, date(2026, 11, 24))
            assert set(settled.answers) <= set(found.all_items)
            assert steps(found, "before") or not found.all_items
    assert 5 < loaded < 55


def test_a_list_of_problems_has_an_end() -> None:
    findings = Findings()
    for number in range(2000):
        findings.problem("survey", f"A{number}", "sai", "wrong")
    assert len(findings.problems) == 300


# The command


def test_the_command_ends_with_0_or_2_and_every_reason(tmp_path: Path) -> None:
    from survey.commands import check as command

    good, bad = tmp_path / "tot.xlsx", FOLDER / "tutorial.xls"
    good.write_bytes(writing.example())
    ran = CliRunner().invoke(command, [str(good)])
    assert (ran.exit_code, "can be asked: 11 questions" in ran.output) == (0, True), ran.output
    ran = CliRunner().invoke(command, [str(bad)])
    assert ran.exit_code == 2
    assert "survey!B3" in ran.output
    ran = CliRunner().invoke(command, [str(bad), "--json"])
    assert {one["cell"] for one in json.loads(ran.output)["problems"]} == {"B2", "B3"}
    assert CliRunner().invoke(command, [str(good), "--json"]).exit_code == 0
