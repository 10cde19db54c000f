"""Answers from elsewhere: columns are guessed and looked over, cells checked, and one wrong row refuses both files."""

from __future__ import annotations

import base64
import csv
import io
import random
import re
import zipfile
from datetime import date
from typing import Any

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from core import db
from core.access import Role
from core.db import Base
from intake.keys.founding import Founded
from survey import analysis_plan
from survey.collected import job, mapping
from survey.collected.files import Sheet
from survey.models import AnalysisPlan, QuestionnaireVersion
from tests.conftest import StillClock
from tests.factories import post, signed_in, token_of
from tests.surveys import QUESTIONS

pytestmark = pytest.mark.embedded
MEASURED = [
    item
    for item in QUESTIONS.items("before")
    if item.choices and item.measure.kind not in ("linkage", "background")
]


def as_kobo(count: int, *, learnt: int) -> list[dict[str, str]]:
    """Rows as KoboToolbox exports them: groups before names, codes in cells, boxes apart, metadata."""
    chance = random.Random(7)
    rows = []
    for number in range(count):
        row = {"_id": str(9000 + number), "start": "2026-11-01T08:00:00", "nhom/MA": f"n{number}"}
        for item in MEASURED:
            chosen = chance.choice(item.choices).code
            if item.measure.right and number < learnt:
                chosen = item.measure.right
            if item.kind == "many":
                row |= {f"nhom/{item.code}/{one.code}": str(int(one.code == chosen)) for one in item.choices}
            else:
                row[f"nhom/{item.code}"] = chosen
        rows.append(row)
    return rows


def as_google(count: int) -> list[dict[str, str]]:
    """Rows as Google Forms exports them: the words of questions and answers, several in one cell."""
    chance = random.Random(9)
    rows = []
    for number in range(count):
        row = {"Dấu thời gian": "01/12/2026 8:00:00", "Mã của bạn": f"n{number}"}
        for item in MEASURED:
            some = chance.sample(item.choices, 3)
            words = [one.label.vi for one in (some if item.kind == "many" else some[:1])]
            row[item.label.vi] = ", ".join(words)
        rows.append(row)
    return rows


def as_csv(rows: list[dict[str, str]]) -> bytes:
    kept = io.StringIO()
    writer = csv.DictWriter(kept, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return b"\xef\xbb\xbf" + kept.getvalue().encode()


def as_xlsx(rows: list[dict[str, str]]) -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(list(rows[0]))
    for row in rows:
        page.append(list(row.values()))
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


# Matching, without a page


def test_columns_of_odk_central_are_guessed_with_their_groups() -> None:
    columns = ["phan-mot-K1", "phan-H1/113", "phan-H1-khong_biet", "meta-instanceID", "H1", "K1-K2-", "khac"]
    assert list(mapping.suggest(columns, QUESTIONS).values()) == [
        "K1", "H1/113", "H1/khong_biet", "", "H1", "", ""
    ]  # fmt: skip


def test_columns_of_kobo_and_google_are_guessed() -> None:
    kobo = mapping.suggest(list(as_kobo(1, learnt=0)[0]), QUESTIONS)
    google = mapping.suggest(list(as_google(1)[0]), QUESTIONS)

    assert kobo["nhom/K1"] == "K1"
    assert kobo["nhom/H1/113"] == "H1/113"
    assert kobo["_id"] == kobo["start"] == kobo["nhom/MA"] == ""
    assert {google[item.label.vi] for item in MEASURED} == {item.code for item in MEASURED}
    assert google["Dấu thời gian"] == ""


@pytest.mark.parametrize(
    ("code", "cell", "coded"),
    [
        ("K1", "Sai", "sai"),
        ("K1", "SAI", "sai"),
        ("K1", "False", "sai"),
        ("K1", "2. Sai", "sai"),
        ("K1", "có lẽ", "có lẽ"),
        ("T1", "Rất đồng ý", "5"),
        ("T1", "5", "5"),
        ("H1", "113 111", "113 111"),
        ("H1", "113 - Công an, Cơ sở y tế gần nhất (khám, cấp cứu, chăm sóc)", "113 co_so_y_te"),
        ("H1", "113 - Công an, chỗ khác", "113 - Công an, chỗ khác"),
    ],
)
def test_words_of_answers_become_their_codes_and_others_stay_to_be_refused(
    code: str, cell: str, coded: str
) -> None:
    sheet = Sheet(name="a", digest="", columns=("x",), rows=((2, (cell,)),))

    found, _, named = mapping.translated(sheet, {"x": code}, QUESTIONS)

    if coded == "113 co_so_y_te":
        assert len(found.rows[0][1][0].split()) == 2
        assert found.rows[0][1][0].startswith("113 ")
    else:
        assert found.rows[0][1] == (coded,)
    assert named == {code: "x"}


# The job


def looked(*files: bytes, names: tuple[str, str] = ("truoc.csv", "sau.csv")) -> list[dict[str, Any]]:
    sent = [
        {"name": name, "file": base64.b64encode(file).decode()}
        for name, file in zip(names, files, strict=True)
    ]
    sheets = []
    for one in sent:
        sheets += _look({"files": [one]})
    return sheets


def _look(payload: dict[str, Any]) -> list[dict[str, Any]]:
    """`look_job` without its limit of memory, which is the child's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("resource.setrlimit", lambda *_: None)
        found: list[dict[str, Any]] = job.look_job(payload)["sheets"]
        return found


def asked(sheets: list[dict[str, Any]], **chosen: str) -> dict[str, Any]:
    columns = list(dict.fromkeys(column for one in sheets for column in one["columns"]))
    return {
        "sheets": sheets,
        "waves": ["before", "after"],
        "plan": {"primary": "attitude", "secondary": "knowledge"},
        "chosen": {**mapping.suggest(columns, QUESTIONS), **chosen},
        "questionnaire": QUESTIONS.to_json(),
        "language": "vi",
        "day": "2026-12-20",
    }


@pytest.mark.slow
def test_a_kobo_file_and_a_google_workbook_become_one_report() -> None:
    sheets = looked(as_csv(as_kobo(30, learnt=5)), as_xlsx(as_google(30)), names=("truoc.csv", "sau.xlsx"))
    payload = asked(sheets)
    payload["chosen"] |= {"nhom/MA": mapping.LINK, "Mã của bạn": mapping.LINK}
    fixed = {"year": 2026, "fixed_on": "2026-11-01", "sha256": "ab" * 32}
    payload |= {"waves": ["before", "followup"], "plan": {"primary": "knowledge", "secondary": "", **fixed}}

    found = job.report_job(payload)

    assert found["problems"] == []
    assert found["counts"] == [30, 30, 30]
    assert "30 người trả lời trước" in found["sentences"][0]
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(found["file"]))) as file:
        words = file.read("word/document.xml").decode()
    assert "Sau ba tháng" in words
    assert "Kế hoạch phân tích của năm 2026, chốt ngày 01/11/2026." in words
    assert "câu hiểu biết" in found["sentences"][1]


def test_every_wrong_cell_is_named_with_file_row_and_column_and_nothing_is_computed() -> None:
    rows = as_kobo(12, learnt=0)
    rows[3]["nhom/K1"] = "có lẽ"
    rows[7]["nhom/T1"] = "9"
    sheets = looked(as_csv(rows), as_csv(as_kobo(12, learnt=12)))

    found = job.report_job(asked(sheets))

    assert {(one["file"], one["row"], one["column"]) for one in found["problems"]} == {
        ("truoc.csv", 5, "nhom/K1 (K1)"),
        ("truoc.csv", 9, "nhom/T1 (T1)"),
    }
    assert "file" not in found


def test_a_missing_question_and_a_link_used_twice_are_named() -> None:
    rows = as_kobo(12, learnt=0)
    rows[4]["nhom/MA"] = rows[2]["nhom/MA"]
    other = [{key: value for key, value in row.items() if key != "nhom/K2"} for row in as_kobo(12, learnt=0)]
    payload = asked(looked(as_csv(rows), as_csv(other)))
    payload["chosen"]["nhom/MA"] = mapping.LINK

    found = job.report_job(payload)

    assert [(one["file"], one["row"]) for one in found["problems"]] == [("truoc.csv", 6), ("sau.csv", 0)]


# The pages


@pytest.fixture
def desk(
    app: Flask, centre: Founded, clock: StillClock, calculated_here: None, monkeypatch: pytest.MonkeyPatch
) -> FlaskClient:
    """The campaigner's browser, signed in; jobs run in this process, which keeps its memory."""
    monkeypatch.setattr("resource.setrlimit", lambda *_: None)
    return signed_in(app, centre.of(Role.CAMPAIGNER)[0])


def sends(app: Flask, desk: FlaskClient, first: bytes, second: bytes) -> TestResponse:
    with app.app_context(), db.reading() as session:
        version = session.scalars(select(QuestionnaireVersion.id)).first()
    data = {
        "csrf_token": token_of(desk),
        "version": version,
        "truoc": (io.BytesIO(first), "truoc.csv"),
        "sau": (io.BytesIO(second), "sau.csv"),
    }
    return desk.post("/dieu-hanh/noi-khac/", data=data, content_type="multipart/form-data")


def rows_there(app: Flask) -> dict[str, int]:
    with app.app_context(), db.reading() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
            if name not in ("log_line", "session")
        }


def form_of(page: str) -> dict[str, str]:
    """What the matching page would send as it stands."""
    found = {}
    for name, body in re.findall(r'<select[^>]* name="(c\d+)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.search(r'value="([^"]*)" selected', body)
        found[name] = chosen.group(1) if chosen else ""
    return found


@pytest.mark.slow
def test_two_files_are_matched_checked_and_computed_and_leave_no_row_behind(
    app: Flask, desk: FlaskClient
) -> None:
    before = rows_there(app)
    answer = sends(app, desk, as_csv(as_kobo(14, learnt=2)), as_csv(as_kobo(14, learnt=14)))
    assert answer.status_code == 302
    path = answer.headers["Location"]
    page = desk.get(path).text
    chosen = form_of(page)
    link = re.search(r'<label[^>]*for="(c\d+)"[^>]*>\s*nhom/MA', page)
    assert link

    done = post(desk, path, {**chosen, link.group(1): mapping.LINK})
    file = post(desk, path, {**chosen, link.group(1): mapping.LINK, "docx": "1"})

    assert "14 người ghép được hai lần" in done.text
    assert file.data.startswith(b"PK")
    assert rows_there(app) == before
    post(desk, f"{path}/bo")
    assert desk.get(path).status_code == 404


@pytest.mark.slow
def test_one_wrong_cell_refuses_both_files_with_its_row(app: Flask, desk: FlaskClient) -> None:
    rows = as_kobo(12, learnt=0)
    rows[3]["nhom/K1"] = "có lẽ"
    path = sends(app, desk, as_csv(rows), as_csv(as_kobo(12, learnt=12))).headers["Location"]

    page = post(desk, path, form_of(desk.get(path).text))

    assert page.status_code == 422
    assert "truoc.csv, dòng 5, nhom/K1 (K1)" in page.text
    assert "“có lẽ”" in page.text


def test_somebody_says_which_wave_a_file_is_and_which_plan_counts(
    app: Flask, desk: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context(), db.writing() as session:
        content = analysis_plan.usual(QUESTIONS, year=2026) | {"primary": "knowledge", "secondary": ""}
        session.add(AnalysisPlan(year=2026, content=content, digest="ab" * 32, fixed_on=date(2026, 11, 1)))
    path = sends(app, desk, as_csv(as_kobo(12, learnt=0)), as_csv(as_kobo(12, learnt=12))).headers["Location"]
    page = desk.get(path).text
    assert "Kế hoạch năm 2026, mã băm abababababababab" in page
    chosen = form_of(page)
    asked_for: list[dict[str, Any]] = []

    def run(_job: str, payload: dict[str, Any]) -> dict[str, Any]:
        asked_for.append(payload)
        return {"problems": [], "sentences": [], "counts": [], "file": ""}

    monkeypatch.setattr("core.heavy.run", run)
    backwards = post(desk, path, {**chosen, "wave1": "after", "wave2": "before"})
    assert (backwards.status_code, asked_for) == (422, [])
    assert "Tệp thứ hai phải là một đợt sau" in backwards.text
    alike = post(desk, path, {**chosen, "primary": "help", "secondary": "help"})
    assert "phải là hai thang điểm khác nhau" in alike.text
    post(desk, path, {**chosen, "wave1": "after", "wave2": "followup", "plan": "2026"})
    post(desk, path, {**chosen, "primary": "help", "secondary": ""})
    assert [one["waves"] for one in asked_for] == [["after", "followup"], ["before", "after"]]
    assert asked_for[0]["plan"] == {
        "primary": "knowledge", "secondary": "", "year": 2026, "fixed_on": "2026-11-01", "sha256": "ab" * 32
    }  # fmt: skip
    assert asked_for[1]["plan"] == {"primary": "help", "secondary": ""}


def test_two_columns_cannot_be_one_question(app: Flask, desk: FlaskClient) -> None:
    path = sends(app, desk, as_csv(as_kobo(12, learnt=0)), as_csv(as_kobo(12, learnt=12))).headers["Location"]
    chosen = form_of(desk.get(path).text)

    page = post(desk, path, {**chosen, "c0": "K1", "c1": "K1"})

    assert page.status_code == 422
    assert "Hai cột cùng chọn một câu" in page.text


@pytest.mark.parametrize("first", [b"", b"\xff\xfe\x00\x01", b"PK\x03\x04 no workbook"])
def test_a_file_that_cannot_be_read_is_told_kindly(app: Flask, desk: FlaskClient, first: bytes) -> None:
    answer = sends(app, desk, first, as_csv(as_kobo(12, learnt=0)))

    assert answer.status_code == 422
    assert "Cần xem lại" in answer.text


def test_only_a_campaigner_brings_files(app: Flask, centre: Founded, clock: StillClock) -> None:
    custodian = signed_in(app, centre.of(Role.CUSTODIAN)[0])

    assert custodian.get("/dieu-hanh/noi-khac/").status_code in (302, 403, 404)
