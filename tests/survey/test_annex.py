"""The evaluator's annex: what an evaluator looks for stands in it, and nothing that the rounds do not know."""

from __future__ import annotations

import io
from typing import Any

import docx
import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient

from core import clock as core_clock
from core import db
from core.access import Role
from intake.keys.founding import Founded
from survey import effects
from survey.models import Comparison
from tests.conftest import StillClock
from tests.factories import signed_in
from tests.survey.conftest import Campaigner
from tests.survey.test_reading import people
from tests.surveys import QUESTIONS

pytestmark = pytest.mark.embedded


@pytest.fixture
def desk(app: Flask, centre: Founded, clock: StillClock) -> FlaskClient:
    """The campaigner's browser, signed in."""
    return signed_in(app, centre.of(Role.CAMPAIGNER)[0])


@pytest.fixture
def compared(app: Flask, campaigner: Campaigner, calculated_here: None) -> str:
    """Two closed rounds in which 40 people answered twice and learnt something; the address of what changed."""
    before, after = campaigner.opens("before"), campaigner.opens("after")
    campaigner.closes(before)
    campaigner.closes(after)
    first, second = [*people(3, 2, 20), *people(5, 3, 20)], [*people(6, 3, 20), *people(4, 4, 20)]
    joint = effects.freeze([(place, place) for place in range(40)], first, second, QUESTIONS)
    computed = effects.effects(joint).to_json()
    computed["linking"] = {"by_card": 30, "by_distance": [8, 1, 1], "ties": 0, "false": 0.2}
    with app.app_context(), db.writing() as session:
        session.add(
            Comparison(
                before_id=before,
                after_id=after,
                joint=joint.to_json(),
                effects=computed,
                charts={},
                digest="f" * 64,
                made_on=core_clock.today(),
            )
        )
    return f"/dieu-hanh/thay-doi/{before}/{after}"


def words_of(file: bytes) -> str:
    found = docx.Document(io.BytesIO(file))
    cells = [cell.text for table in found.tables for row in table.rows for cell in row.cells]
    return " | ".join([*(paragraph.text for paragraph in found.paragraphs), *cells])


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_the_annex_holds_what_trend_asks_for(desk: FlaskClient, compared: str, prefix: str) -> None:
    answer = desk.get(f"{prefix}{compared}/phu-luc.docx")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    words = words_of(answer.data)

    asked: dict[str, tuple[Any, Any]] = {
        "flow": ("Dòng người tham gia", "Flow of participants"),
        "linking": ("Ghép bằng thẻ: 30", "Joined by card: 30"),
        "false links": ("Ước tính ghép nhầm: 0,2", "Estimated false links: 0.2"),
        "plan": ("Kết quả chính: điểm thái độ trung bình", "Primary outcome: the attitude mean"),
        "clustering": ("không điều chỉnh được theo cụm", "clustering could not be allowed for"),
        "three ways": ("Ba cách tính cạnh nhau", "Three ways side by side"),
        "sizes": ("d_av", "d_av"),
        "families": ("p theo Holm", "p, Holm"),
        "reliability": ("Độ tin cậy của thang đo", "Reliability"),
        "ceiling": ("Mức trần", "Ceiling"),
        "smallest": ("lực 80 %: dz = ", "80% power: dz = "),
        "typical": ("Hodges–Lehmann", "Hodges–Lehmann"),
        "dose": ("Nội dung chiến dịch", "The campaign: which activities"),
        "deviations": ("Khác gì so với kế hoạch", "otherwise than planned"),
        "wording": ("Nguyên văn", "Full wording"),
        "no causes": ("chưa chắc là do chiến dịch", "not proof that it caused it"),
    }
    for what, said in asked.items():
        assert said[bool(prefix)] in words, what
    assert str(next(iter(QUESTIONS.items("before"))).code) in words


def test_the_workbook_holds_the_same_figures_as_numbers(desk: FlaskClient, compared: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(desk.get(f"{compared}/phu-luc.xlsx").data))
    page = book["Hiểu biết"]
    head = [cell.value for cell in page[3]]
    first = dict(zip(head, [cell.value for cell in page[4]], strict=True))
    assert first["n"] == 40
    assert page[page.max_row][0].value.startswith("Không ghi dòng mà mọi người trả lời như nhau")
    assert {cell.number_format for cell in page["M"][3:] if isinstance(cell.value, float)} <= {
        "#,##0.###",
        "0.00E+00",
    }
    assert first["after"] - first["before"] == pytest.approx(first["difference"])
    assert book.sheetnames == [
        "Hiểu biết",
        "Không biết",
        "Thang điểm",
        "Từng câu",
        "Độ lớn",
        "Hạng",
        "Như thể không ghép",
        "Người vắng lần sau",
        "Tỷ số odds",
        "Độ phân biệt",
        "Độ tin cậy",
        "p",
        "Câu hỏi",
    ]


def test_while_another_calculation_runs_the_page_says_so(
    desk: FlaskClient, compared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core import heavy

    def busy(*_: Any, **__: Any) -> Any:
        raise heavy.HeavyBusy

    monkeypatch.setattr(heavy, "run", busy)
    answer = desk.get(f"{compared}/phu-luc.docx", follow_redirects=True)
    assert "Bạn đợi một phút" in answer.text


def test_the_annex_of_a_comparison_nobody_made_is_not_there(desk: FlaskClient) -> None:
    assert desk.get(f"/dieu-hanh/thay-doi/{'0' * 32}/{'1' * 32}/phu-luc.docx").status_code == 404
    assert desk.get(f"/dieu-hanh/thay-doi/{'0' * 32}/{'1' * 32}/phu-luc.pdf").status_code == 404
