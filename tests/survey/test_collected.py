"""`flask survey analyse`: files of anywhere become the same figures, or every problem is named and nothing is done."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from openpyxl import Workbook

from survey import effects, questionnaire
from survey.collected import checking, grouped
from survey.collected.checking import Roles
from survey.collected.files import Unreadable, read
from survey.commands import analyse

ASKED = questionnaire.load()
ITEMS = {
    wave: [
        item
        for item in ASKED.items(wave)
        if item.kind in ("one", "many") and item.measure.kind not in ("background", "linkage", "exposure")
    ]
    for wave in ("before", "after")
}


def people(wave: str, n: int = 40, **columns: Any) -> list[dict[str, str]]:
    """Rows of a file: everybody a little different, some learnt; `columns` name → value of the person's number."""
    drawn = random.Random(wave)
    rows = []
    for number in range(n):
        row = {name: str(value(number)) for name, value in columns.items()}
        for item in ITEMS[wave]:
            codes = [choice.code for choice in item.choices if not choice.exclusive]
            learnt = wave == "after" and drawn.random() < 0.4
            right = item.measure.right
            if item.kind == "many":
                row[item.code] = " ".join(sorted(drawn.sample(codes, 3)))
            else:
                row[item.code] = right if learnt and right else drawn.choice(codes)
        rows.append(row)
    return rows


def saved(path: Path, rows: list[dict[str, str]], separator: str = ",") -> Path:
    """Rows as CSV with a byte order mark, as spreadsheets write it."""
    with path.open("w", encoding="utf-8-sig", newline="") as opened:
        written = csv.DictWriter(opened, list(rows[0]), delimiter=separator)
        written.writeheader()
        written.writerows(rows)
    return path


def as_workbook(path: Path, rows: list[dict[str, str]]) -> Path:
    """The same as .xlsx, digits as numbers."""
    book = Workbook()
    assert book.active is not None
    book.active.append(list(rows[0]))
    for row in rows:
        book.active.append([float(cell) if cell.isdigit() else cell or None for cell in row.values()])
    book.save(path)
    return path


def run(*arguments: Any) -> Result:
    """The command as typed."""
    return CliRunner().invoke(analyse, [str(one) for one in arguments])


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Forty people in both files, in eight units, with how often they came."""
    folder = tmp_path_factory.mktemp("collected")
    units: dict[str, Any] = {"who": lambda n: f"p{n}", "unit": lambda n: f"u{n % 8}"}
    before = saved(folder / "before.csv", people("before", **units))
    after = people("after", **units, came=lambda n: n % 4)
    random.Random(1).shuffle(after)
    return before, saved(folder / "after.csv", after, ";")


def test_two_files_are_the_same_figures_as_rounds_of_the_centre(two: tuple[Path, Path]) -> None:
    ran = run(
        "--before",
        two[0],
        "--after",
        two[1],
        "--link",
        "who",
        "--cluster",
        "unit",
        "--exposure",
        "came",
        "--json",
    )
    assert ran.exit_code == 0, ran.stderr
    found = json.loads(ran.stdout)
    roles = Roles(link="who", cluster="unit", exposure="came")
    before, _ = checking.check(read(two[0]), ASKED, "before", Roles(link="who", cluster="unit"))
    after, problems = checking.check(read(two[1]), ASKED, "after", roles)
    assert problems == []
    pairs = checking.joined(before, after)
    assert {before.links[i] == after.links[j] for i, j in pairs} == {True}
    joint = effects.freeze(pairs, before.answers, after.answers, ASKED)
    assert found["effects"] == json.loads(json.dumps(effects.effects(joint).to_json()))
    assert (found["effects"]["linked"], found["files"]["after"]["rows"]) == (40, 40)
    (knowledge,) = [one for one in found["clusters"] if one["score"] == "knowledge"]
    (linked,) = [one["linked"] for one in found["effects"]["scores"] if one["name"] == "knowledge"]
    assert knowledge["change"]["value"] == pytest.approx(linked["change"]["change"])
    assert (knowledge["units"], knowledge["reason"]) == (8, "few units: read p_turned_signs")
    assert {mean["n"] for mean in found["exposure"][0]["means"]} == {10}


def test_csv_and_workbook_say_the_same(two: tuple[Path, Path], tmp_path: Path) -> None:
    rows = people("before", who=lambda n: n)
    one, other = read(saved(tmp_path / "a.csv", rows)), read(as_workbook(tmp_path / "a.xlsx", rows))
    assert one.columns == other.columns
    assert one.rows == other.rows


def test_every_problem_is_named_with_row_and_column_and_nothing_is_written(tmp_path: Path) -> None:
    first = people("before", who=lambda n: n, start=lambda n: "x")
    first[3]["who"] = "1"
    rated = next(item.code for item in ITEMS["before"] if item.measure.kind == "attitude")
    first[4][rated], first[5][rated], first[6][rated] = "NaN", "1.5", "inf"
    second = [{k: v for k, v in row.items() if k != rated} for row in people("after", who=lambda n: n)]
    out = tmp_path / "report.docx"
    ran = run(
        "--before", saved(tmp_path / "b.csv", first), "--after", saved(tmp_path / "a.csv", second),
        "--link", "who", "--report", out, "--english",
    )  # fmt: skip
    assert ran.exit_code == 2
    assert ran.stdout == ""
    said = [line for line in ran.stderr.splitlines() if not line.startswith("…")]
    assert said == [
        "b.csv row 1, start: The questionnaire has no such column. To leave it aside, add --ignore.",
        f"b.csv row 6, {rated}: “NaN” is no answer of this question.",
        f"b.csv row 7, {rated}: “1.5” is no answer of this question.",
        f"b.csv row 8, {rated}: “inf” is no answer of this question.",
        "b.csv row 5, who: The same link stands in row 3 already.",
        f"a.csv, {rated}: This column is missing.",
        "6 problems; nothing was done.",
    ]
    assert not out.exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no row of column names"),
        (b"\xff\xfe\x00", "not CSV in UTF-8"),
        (b"a,b\n1,2,3\n", "beyond the last named column"),
        (b'a,b\n"1,2\n', "not CSV in UTF-8"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(Unreadable, match=says):
        read(tmp_path / "x.csv")
    (tmp_path / "x.xlsx").write_bytes(content)
    with pytest.raises(Unreadable, match=r"not an \.xlsx workbook"):
        read(tmp_path / "x.xlsx")


def test_too_few_people_and_files_without_links_are_no_error(tmp_path: Path) -> None:
    few = saved(tmp_path / "b.csv", people("before", 3)), saved(tmp_path / "a.csv", people("after", 3))
    ran = run("--before", few[0], "--after", few[1], "--english")
    assert ran.exit_code == 0
    assert "At least 10 people must be joined" in ran.stdout


def test_a_wrong_plan_and_a_wrong_exposure_are_refused(two: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text('{"primary": "happiness"}')
    files = ("--before", two[0], "--after", two[1], "--link", "who", "--ignore", "unit")
    ran = run(*files, "--ignore", "came", "--plan", tmp_path / "p.json")
    assert (ran.exit_code, "attitude" in ran.stderr) == (2, True)
    ran = run(*files, "--ignore", "came", "--exposure", "unit")
    assert ran.exit_code == 2


def test_alike_changes_of_one_unit_and_nobody_at_all_say_why(two: tuple[Path, Path]) -> None:
    before, _ = checking.check(read(two[0]), ASKED, "before", Roles(link="who", cluster="unit"))
    after, _ = checking.check(
        read(two[1]), ASKED, "after", Roles(link="who", cluster="unit", exposure="came")
    )
    alone = checking.Wave(
        answers=after.answers, links=after.links, clusters=("u",) * 40, exposures=after.exposures
    )
    pairs = checking.joined(before, after)
    assert {one["reason"] for one in grouped.by_cluster(pairs, before, alone, ASKED)} == {"one unit"}
    assert {one["reason"] for one in grouped.by_cluster([], before, after, ASKED)} == {"too few people"}
    same = grouped.by_cluster([(i, i) for i in range(40)], after, after, ASKED)
    assert {one["reason"] for one in same} == {"no variation"}


@pytest.mark.slow
def test_the_report_is_a_document_with_its_tables(two: tuple[Path, Path], tmp_path: Path) -> None:
    import docx

    out = tmp_path / "report.docx"
    ran = run(
        "--before", two[0], "--after", two[1], "--link", "who", "--cluster", "unit", "--exposure", "came",
        "--report", out, "--english",
    )  # fmt: skip
    assert ran.exit_code == 0, ran.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["report.docx"]
    written = docx.Document(str(out))
    words = "\n".join(paragraph.text for paragraph in written.paragraphs)
    assert "People of one unit" in words
    assert "Change by exposure" in words
    assert len(written.inline_shapes) == 4


# --- wrong sets of data: a clear sentence each, and never a number that means nothing


def told(path: Path, before: list[dict[str, str]], after: list[dict[str, str]], *more: Any) -> Result:
    """The command on these rows, linked by `who`, in English."""
    first, second = saved(path / "b.csv", before), saved(path / "a.csv", after)
    return run("--before", first, "--after", second, "--link", "who", "--english", *more)


def test_all_equal_is_no_change_and_no_nan(tmp_path: Path) -> None:
    same = [{**people("before", 1)[0], "who": str(n), "unit": f"u{n % 12}"} for n in range(40)]
    ran = told(tmp_path, same, same, "--cluster", "unit")
    assert ran.exit_code == 0
    assert "The attitude score of all 40 people joined did not change at all." in ran.stdout
    assert "everybody changed alike" in ran.stdout
    found = json.loads(told(tmp_path, same, same, "--cluster", "unit", "--json").stdout)
    (attitude,) = [one for one in found["effects"]["scores"] if one["name"] == "attitude"]
    assert attitude["reasons"]["linked"]["code"] == "no change"


def test_all_missing_says_that_nobody_answered_enough(tmp_path: Path) -> None:
    empty = [{**dict.fromkeys(people("before", 1)[0], ""), "who": str(n)} for n in range(40)]
    ran = told(tmp_path, empty, empty)
    assert ran.exit_code == 0
    assert "Fewer than 10 of those joined answered enough both times" in ran.stdout


def test_one_pair_is_too_few(tmp_path: Path) -> None:
    ran = told(tmp_path, people("before", 1, who=str), people("after", 1, who=str), "--json")
    assert ran.exit_code == 0
    assert {one["reasons"]["linked"]["code"] for one in json.loads(ran.stdout)["effects"]["scores"]} == {
        "too few"
    }
    ran = told(tmp_path, people("before", 1, who=str), people("after", 1, who=str))
    assert "At least 10 people must be joined" in ran.stdout


def test_forty_units_of_one_say_that_likeness_cannot_be_known(tmp_path: Path) -> None:
    columns: dict[str, Any] = {"who": str, "unit": str}
    ran = told(tmp_path, people("before", **columns), people("after", **columns), "--cluster", "unit")
    assert ran.exit_code == 0
    assert "Each unit has one person" in ran.stdout
    assert "carry no unit" not in ran.stdout


@pytest.mark.parametrize("strange", ["NaN", "inf", "-Infinity", "1e999", "2 lần"])
def test_exposure_that_is_no_number_is_refused(tmp_path: Path, strange: str) -> None:
    after = people("after", who=str, came=lambda n: n % 3)
    after[4]["came"] = strange
    ran = told(tmp_path, people("before", who=str), after, "--exposure", "came")
    assert ran.exit_code == 2
    assert f"a.csv row 6, came: Exposure “{strange}” is no number." in ran.stderr


def test_exposure_with_units_allows_for_them_and_shares_have_a_trend(two: tuple[Path, Path]) -> None:
    ran = run(
        "--before", two[0], "--after", two[1], "--link", "who", "--cluster", "unit", "--exposure", "came", "--json"
    )  # fmt: skip
    found = json.loads(ran.stdout)
    knowledge = found["exposure"][0]
    assert knowledge["slope_units"]["value"] == pytest.approx(knowledge["slope"]["slope"])
    assert knowledge["slope_units"]["df"] < 8 < knowledge["slope"]["df"]
    assert knowledge["ancova"]["error"] > 0
    assert {one["n"] for one in found["shares_by_exposure"]} == {40}
    assert all(0 <= one["trend"]["p"] <= 1 for one in found["shares_by_exposure"])
    assert found["clusters"][0]["smallest"] >= found["effects"]["smallest"] - 1e-12
