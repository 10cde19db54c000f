"""The secretary writes and takes along the report to the Department of Health; two write it at once; it is closed."""

from __future__ import annotations

import io
import re
from datetime import date
from typing import Any

import docx
import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from board import ledger
from board.activities.lines import Line, as_filed
from board.activities.models import Activity, ActivityPhoto, UnitReport
from board.published import Published
from board.report import writing
from core import db
from core.access import Denied, Role
from core.db import new_id
from core.disclosure import ProtectedTable, Row, Value
from core.units import Unit
from intake.keys.founding import Founded
from tests import factories
from tests.board.conftest import noon

pytestmark = [pytest.mark.embedded, pytest.mark.slow]

HERE = "/dieu-hanh/bao-cao-so-y-te/2026"


@pytest.fixture
def centre(app: Flask, cheap: None, calculated_here: None, clock: Any) -> Founded:
    """A centre in the action month whose first three units have filed, the third too late."""
    clock.set(noon(2026, 12, 9))
    made = factories.found_centre(app)
    with app.app_context():
        files(0, date(2026, 12, 2), held("A02", 4), held("A07", 2, participants=50, men=20))
        files(1, date(2026, 12, 7), held("A02", 3, held_on=date(2026, 12, 6)))
        files(2, date(2026, 12, 9), held("A02", 1, held_on=date(2026, 12, 9)))
    return made


def held(code: str, count: int, **said: Any) -> Line:
    return Line(id=new_id(), type_code=code, state="held", numbers={"count": count}, **said)


def files(place: int, on: date, *lines: Line) -> None:
    """A unit files its report."""
    with db.writing() as session:
        unit = session.scalars(select(Unit).order_by(Unit.id)).all()[place]
        session.add(
            UnitReport(
                id=new_id(),
                unit_id=unit.id,
                year=2026,
                state="filed",
                version=1,
                changed_on=on,
                first_filed_on=on,
                filed_on=on,
                filed=[as_filed(line) for line in lines],
                note="",
            )
        )


@pytest.fixture
def desk(app: Flask, centre: Founded) -> FlaskClient:
    return factories.signed_in(app, centre.of(Role.CAMPAIGNER)[0])


def opened(desk: FlaskClient, kind: str = "report") -> Any:
    answer = desk.get(f"{HERE}/{kind}.docx")
    assert answer.status_code == 200, answer.status_code
    return docx.Document(io.BytesIO(answer.data))


def words(document: Any) -> str:
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(one.text for one in document.paragraphs), *cells])


def seen(page: str) -> str:
    return re.findall(r'name="seen"[^>]* value="([^"]*)"', page)[0]


def writes(desk: FlaskClient, path: str, **said: str) -> Any:
    """Open a page, fill it in, send it."""
    return factories.post(desk, path, {"seen": seen(desk.get(path).text), **said})


def test_the_report_says_what_units_filed_and_who_was_late(desk: FlaskClient) -> None:
    page = desk.get("/dieu-hanh/bao-cao-so-y-te/", follow_redirects=True).text
    assert "Ngày cuối đúng hạn: 11/12/2026" in page
    assert "treo 07 băng rôn" in page, "what was done after the as-of day is not in it"

    document = opened(desk)
    table = document.tables[2]
    assert [table.rows[place].cells[3].text for place in (3, 8, 9)] == ["7", "2", "50 (nam: 20)"]
    assert sum(row.cells[2].text == "Trễ hạn" for row in document.tables[3].rows) == 1

    book = openpyxl.load_workbook(io.BytesIO(desk.get(f"{HERE}/report.xlsx").data))
    assert book.sheetnames == ["25 chỉ tiêu", "Theo đơn vị", "Tình hình báo cáo"]
    assert book["25 chỉ tiêu"]["D6"].value == 7
    by_unit = book["Theo đơn vị"]
    assert "A14" not in str([cell.value for cell in by_unit[3]])
    assert sum(row[2] or 0 for row in by_unit.iter_rows(min_row=4, max_row=6, values_only=True)) == 7


def test_what_is_written_stands_there_and_goes_back_to_the_suggestion(desk: FlaskClient) -> None:
    path = f"{HERE}/muc/difficulties"
    writes(desk, path, text="- Thiếu người.\n- Mưa lũ.")
    assert "- Mưa lũ." in words(opened(desk))

    writes(desk, path, text="")
    assert "Mưa lũ" not in words(opened(desk))
    assert desk.get(f"{HERE}/muc/letters").status_code == 404, "only released figures stand there"


@pytest.mark.parametrize(
    ("own", "told", "in_time", "said"),
    [
        (32, 23, 21, ["người bị hại tự viết: 32; người khác báo tin: 23", "66"]),
        (24, 23, 21, ["người bị hại tự viết: 24; người khác báo tin: 23", "không nêu"]),
        (24, (5, 9), None, ["người bị hại tự viết: 24", "không nêu"]),
        ((12, 16), None, 11, ["người bị hại tự viết: từ 12 đến 16", "không nêu"]),
        (9, 8, None, ["không nêu", "không nêu"]),
        ((0, 4), (0, 4), None, ["không nêu", "không nêu"]),
    ],
)
def test_only_released_letters_that_may_leave_the_board_stand_in_it(
    app: Flask, desk: FlaskClient, own: Value, told: Value, in_time: Value, said: list[str]
) -> None:
    tables = (
        released(
            "own_by_first_answer",
            "own",
            {"first_answer": ("days_2",)},
            {("days_2",): in_time, ("total",): own},
        ),
        released("told_in_all", "told", {}, {(): told}),
    )
    document = ledger.written(tables)
    publication = Published(
        name="2026-12-07",
        as_of=date(2026, 12, 7),
        made_on=date(2026, 12, 8),
        catalogue=2,
        tables=tables,
        digest=ledger.digest_of(document),
        charts={},
        signatures=[],
    )
    with app.app_context(), db.writing() as session:
        ledger.freeze(session, publication)

    table = opened(desk).tables[2]
    assert [table.rows[place].cells[3].text for place in (20, 21)] == said


def released(
    name: str, counts: str, dims: dict[str, tuple[str, ...]], values: dict[tuple[str, ...], Value]
) -> ProtectedTable:
    """One table of a release."""
    rows = tuple(Row(at=at, value=value) for at, value in values.items())
    return ProtectedTable(name=name, release="2026-12-07", dims=dims, rows=rows, counts=counts)


def test_words_that_may_point_to_one_person_are_warned_about_and_kept(desk: FlaskClient) -> None:
    writes(desk, f"{HERE}/muc/support", text="Đã thăm chị Lan ở thôn 2, bị chồng đánh.")

    page = desk.get(HERE).text
    assert "có thể cho biết một người cụ thể" in page
    assert "Xem lại: 3. Tư vấn, thăm hỏi, hỗ trợ" in page
    assert "chị Lan" in words(opened(desk))
    writes(desk, f"{HERE}/muc/praise", text="Biểu dương chị Nguyễn Thị Hoa.")
    assert "Xem lại: 4." not in desk.get(HERE).text


def test_two_who_write_at_once_lose_nothing(desk: FlaskClient) -> None:
    path = f"{HERE}/muc/lessons"
    before = seen(desk.get(path).text)
    factories.post(desk, path, {"seen": before, "text": "Bản thứ nhất."})

    second = factories.post(desk, path, {"seen": before, "text": "Bản thứ hai."})

    assert second.status_code == 409
    assert "Bản thứ nhất." in second.text
    assert "Bản thứ hai." in second.text
    again = factories.post(desk, path, {"seen": seen(second.text), "text": "Bản thứ hai."})
    assert again.status_code == 302
    assert "Bản thứ hai." in words(opened(desk))


def test_number_signature_and_the_centres_own_counts_come_from_their_pages(desk: FlaskClient) -> None:
    answer = writes(
        desk,
        f"{HERE}/the-thuc",
        number="7",
        day="10/12/2026",
        signing="board",
        signer="Nguyễn Thị Mẫu",
        addressee="Sở Y tế Thanh Hóa",
        symbol="BC-TTYT",
        recipients="Như trên;\r\nLưu: VT.",
        bases="",
    )
    assert answer.status_code == 302
    writes(desk, f"{HERE}/so-cua-trung-tam", A13="1.200", A14="3", A19="")

    document = opened(desk)
    said = words(document)
    assert "Số: 07/BC-TTYT" in said
    assert "TM. BAN VÌ SỰ TIẾN BỘ CỦA PHỤ NỮ\nTRƯỞNG BAN\nNguyễn Thị Mẫu" in said
    assert "- Lưu: VT." in said
    assert [document.tables[2].rows[place].cells[3].text for place in (14, 15)] == ["1.200", "dưới 5"]
    assert writes(desk, f"{HERE}/the-thuc", day="31/02/2026").status_code == 422


def test_a_closed_report_stays_as_it_was_and_a_supplement_follows_it(app: Flask, desk: FlaskClient) -> None:
    assert desk.get(f"{HERE}/supplement.docx").status_code == 404
    before = desk.get(f"{HERE}/chot/report").text
    assert "Chốt khi văn bản đã gửi đi" in before
    with app.app_context():
        files(4, date(2026, 12, 9), held("A03", 1))
    assert factories.post(desk, f"{HERE}/chot/report", {"seen": seen(before)}).status_code == 409, "it grew"
    writes(desk, f"{HERE}/chot/report")
    sent = desk.get(f"{HERE}/report.docx").data
    annex = desk.get(f"{HERE}/report.xlsx").data
    with app.app_context():
        files(3, date(2026, 12, 14), held("A02", 10))

    assert desk.get(f"{HERE}/report.docx").data == sent
    assert desk.get(f"{HERE}/report.xlsx").data == annex
    writes(desk, f"{HERE}/muc/lessons", text="Viết sau khi chốt.")
    with app.app_context(), db.reading() as session:
        assert writing.written(session, 2026) == {}
    said = words(opened(desk, "supplement"))
    assert "Băng rôn, khẩu hiệu (chiếc): đã báo cáo 7, đến nay 18." in said
    writes(desk, f"{HERE}/the-thuc", supplement_number="9", supplement_day="15/12/2026")
    assert "Số: 09/BC-TTYT" in words(opened(desk, "supplement"))

    factories.post(desk, f"{HERE}/mo-lai/report")
    assert desk.get(f"{HERE}/report.docx").data != sent


def test_photographs_that_were_chosen_stand_in_an_annex_of_their_own(app: Flask, desk: FlaskClient) -> None:
    assert "Chưa có ảnh nào" in desk.get(f"{HERE}/anh").text
    photos = [photographed(app, place) for place in range(7)]

    page = desk.get(f"{HERE}/anh").text
    assert page.count("<img") == 7
    answer = factories.post(desk, f"{HERE}/anh", {"seen": seen(page), "photos": photos[:2]})
    assert answer.status_code == 302
    refused = factories.post(desk, f"{HERE}/anh", {"seen": seen(page), "photos": photos})
    assert (refused.status_code, "Nhiều nhất 6 ảnh" in refused.text) == (422, True)

    document = opened(desk)
    assert "PHỤ LỤC III" in words(document)
    shapes = document.inline_shapes
    assert len(shapes) == 2
    assert all(round(one.width.mm) <= 78 and round(one.height.mm) <= 60 for one in shapes)
    assert "Tọa đàm 0" in words(document)


def photographed(app: Flask, place: int) -> str:
    """A photograph beside an activity of the first unit; returns its id."""
    kept = io.BytesIO()
    Image.new("RGB", (40, 60), "teal").save(kept, "JPEG")
    with app.app_context(), db.writing() as session:
        report = session.scalars(select(UnitReport).order_by(UnitReport.first_filed_on)).first()
        assert report is not None
        entry = Activity(
            id=new_id(),
            report_id=report.id,
            type_code="A09",
            state="held",
            version=1,
            hand="",
            title=f"Tọa đàm {place}",
            audience="",
            numbers={"count": 1},
            description="",
        )
        photo = ActivityPhoto(id=new_id(), activity_id=entry.id, image=kept.getvalue(), width=40, height=60)
        session.add(entry)
        session.flush()
        session.add(photo)
        return photo.id


def test_nobody_but_the_secretary_reaches_it(app: Flask, centre: Founded) -> None:
    for role in (Role.BOARD, Role.HANDLER, Role.ADMINISTRATOR):
        client = factories.signed_in(app, centre.of(role)[0])
        assert client.get(HERE).status_code in (403, 404)
    with app.app_context(), db.writing() as session:
        for deed in (
            lambda: writing.write(session, centre.of(Role.BOARD)[0].identity, 2026, {"lessons": "x"}),
            lambda: writing.reopen(session, None, 2026, "report"),
        ):
            with pytest.raises(Denied):
                deed()


def test_no_paper_speaks_of_days_that_have_not_come(desk: FlaskClient, clock: Any) -> None:
    clock.set(noon(2026, 12, 3))
    assert "số liệu tính đến hết ngày 03/12/2026" in words(opened(desk))
    assert "Khi gửi, số liệu tính đến hết ngày 07/12/2026" in desk.get(HERE).text


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_every_page_answers_in_both_languages(desk: FlaskClient, prefix: str) -> None:
    for path in ("", "/the-thuc", "/so-cua-trung-tam", "/muc/direction", "/chot/report", "/anh"):
        assert desk.get(f"{prefix}{HERE}{path}").status_code == 200, path
    assert desk.get(f"{prefix}/dieu-hanh/bao-cao-so-y-te/1990").status_code == 404
