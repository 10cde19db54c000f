"""Pages of units and of the secretary: what is typed is kept, both texts are shown, and nobody sees another unit's."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from board.activities.models import Activity, ActivityPhoto, UnitReport
from board.activities.standing import filed_reports
from core import db
from core.access import Role
from core.accounts import Person
from core.db import new_id
from core.deadlines import Standing
from core.units import valid
from intake.keys.founding import Founded, Newcomer, Settled
from tests import factories
from tests.conftest import StillClock
from tests.factories import post, signed_in
from tests.units import LATE, every_unit_reports

pytestmark = pytest.mark.embedded

REPORTERS = tuple(
    Newcomer(name=name, title_vi="Nữ hộ sinh", roles=frozenset({Role.UNIT}))
    for name in ("Phan Thị Yến", "Lê Thị Lan", "Ngô Thị Khoa")
)
JSON = {"Accept": "application/json"}


class Station:
    """Two reporters of one station, one of another unit, the secretary: each with a browser."""

    def __init__(self, app: Flask, centre: Founded) -> None:
        self.app = app
        people = {person.name: person for person in centre.of(Role.UNIT)}
        with app.app_context(), db.writing() as session:
            units = valid(session)
            self.unit, self.other = units[-1].id, units[0].id
            for name, unit in zip(people, (self.unit, self.unit, self.other), strict=True):
                session.get_one(Person, people[name].person_id).unit_id = unit
        self.yen, self.lan, self.khoa = (self.browser(person) for person in people.values())
        self.thu = self.browser(centre.of(Role.CAMPAIGNER)[0])

    def browser(self, person: Settled) -> FlaskClient:
        return signed_in(self.app, person)

    def writes(self, who: FlaskClient, entry_id: str = "", **said: Any) -> str:
        """Save one entry as the page does; its id."""
        entry_id = entry_id or new_id()
        assert self.sends(who, entry_id, **said).status_code == 302
        return entry_id

    def sends(self, who: FlaskClient, entry_id: str, headers: Any = None, **said: Any) -> Any:
        form = {"kind": "A07", "state": "held", "n_count": "1", "day": "20/11", "seen": "0", "hand": new_id()}
        return post(who, f"/don-vi/hoat-dong/{entry_id}", form | said, headers=headers)

    def files(self, who: FlaskClient) -> Any:
        page = who.get("/don-vi/nop").text
        (seen,) = re.findall(r'name="seen" value="(\d+)"', page)
        return post(who, "/don-vi/nop", {"seen": seen}, follow_redirects=True)

    def rows(self, what: Any) -> list[Any]:
        with self.app.app_context(), db.reading() as session:
            return list(session.scalars(select(what)))


@pytest.fixture
def station(app: Flask, clock: StillClock) -> Iterator[Station]:
    with factories.cheap_locks():
        yield Station(app, factories.found_centre(app, [*factories.PEOPLE, *REPORTERS]))


def test_the_desk_offers_every_type_but_those_that_could_name_a_family(station: Station) -> None:
    page = station.yen.get("/don-vi/").text
    assert set(re.findall(r'<li id="(A\d\d)">', page)) == {
        f"A{n:02d}" for n in (*range(1, 13), *range(15, 19), 99)
    }
    assert "Ngày cuối đúng hạn: 07/12/2026" in page
    for code in ("A13", "A14", "A19", "A50"):
        assert station.yen.get(f"/don-vi/hoat-dong/moi/{code}").status_code == 404


def test_what_is_typed_is_kept_and_what_is_odd_is_said(station: Station) -> None:
    entry = new_id()
    kept = station.sends(station.yen, entry, JSON, participants="5.000", description="Thăm chị Lan ở thôn 3")
    assert kept.json["version"] == 1
    assert any("rất đông" in words for words in kept.json["doubts"])
    assert any("một người cụ thể" in words for words in kept.json["doubts"])
    (row,) = station.rows(Activity)
    assert (row.participants, row.held_on) == (5000, date(2026, 11, 20))
    wrong = station.sends(station.yen, entry, JSON, day="31/02", participants="nhiều")
    assert wrong.status_code == 422
    assert len(wrong.json["errors"]) == 2
    assert "nhiều" in station.sends(station.yen, entry, participants="nhiều").text, (
        "typed words stay in the form"
    )


def test_both_texts_are_shown_and_neither_is_lost(station: Station) -> None:
    entry = station.writes(station.yen, title="Bản của Yến")
    assert station.sends(station.lan, entry, seen="1", title="Bản của Lan").status_code == 302
    assert station.sends(station.yen, entry, JSON, seen="1", title="Yến sửa").json == {"changed": True}
    both = station.sends(station.yen, entry, seen="1", title="Yến sửa")
    assert both.status_code == 409
    assert "Bản của Lan" in both.text
    assert 'value="Yến sửa"' in both.text
    (seen,) = re.findall(r'name="seen" value="(\d+)"', both.text)
    assert station.sends(station.yen, entry, seen=seen, title="Yến sửa").status_code == 302
    assert [row.title for row in station.rows(Activity)] == ["Yến sửa"]


def test_a_unit_sees_its_own_alone(station: Station, calculated_here: None) -> None:
    entry = station.writes(station.yen, title="Của trạm")
    photo = post(
        station.yen,
        f"/don-vi/hoat-dong/{entry}/anh",
        {"photo": (_picture(), "a.jpg")},
        content_type="multipart/form-data",
    )
    assert photo.status_code == 302
    (kept,) = station.rows(ActivityPhoto)
    assert "cũng mất khỏi bản đã nộp" not in station.yen.get(f"/don-vi/hoat-dong/{entry}").text
    assert station.yen.get(f"/don-vi/hoat-dong/anh/{kept.id}.jpg").data == kept.image
    assert "Của trạm" not in station.khoa.get("/don-vi/").text
    for path in (f"{entry}", f"{entry}/bo", f"anh/{kept.id}.jpg"):
        assert station.khoa.get(f"/don-vi/hoat-dong/{path}").status_code == 404
    assert station.sends(station.khoa, entry, seen="1").status_code == 404
    assert post(station.khoa, f"/don-vi/hoat-dong/{entry}/anh/{kept.id}/bo").status_code == 404
    for path in ("/don-vi/", f"/don-vi/hoat-dong/{entry}", "/don-vi/in"):
        assert station.thu.get(path).status_code == 404
    for path in ("/", f"/{station.unit}", "/nhac", "/nhan-het", f"/anh/{kept.id}.jpg"):
        assert station.yen.get(f"/dieu-hanh/bao-cao-don-vi{path}").status_code == 404
    assert station.thu.get(f"/dieu-hanh/bao-cao-don-vi/anh/{kept.id}.jpg").status_code == 200
    station.files(station.yen)
    post(station.yen, "/don-vi/sua")
    for path in (entry, f"{entry}/bo"):
        assert "mất khỏi bản đã nộp" in station.yen.get(f"/don-vi/hoat-dong/{path}").text


def test_a_photograph_too_large_gets_one_clear_sentence(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = station.writes(station.yen)
    path = f"/don-vi/hoat-dong/{entry}/anh"
    monkeypatch.setattr(station.app.view_functions["entry.add_photograph"], "most_bytes", 1000)
    form = {"photo": (io.BytesIO(bytes(2000)), "a.jpg")}
    page = post(station.yen, path, form, content_type="multipart/form-data", follow_redirects=True)
    assert "lớn quá 12 MB" in page.text
    assert station.rows(ActivityPhoto) == []


def test_filing_asks_once_and_correcting_keeps_what_was_filed(station: Station) -> None:
    station.writes(station.yen, participants="40")
    post(station.yen, "/don-vi/khong", {"none": "A02"})
    page = station.yen.get("/don-vi/nop").text
    assert "Đã làm: 1 mục" in page
    assert "Không phát sinh: 1 loại" in page
    assert "Chưa nói: 15 loại" in page
    assert station.rows(UnitReport)[0].state == "drafted"
    assert "Đã nộp báo cáo" in station.files(station.yen).text
    assert "đúng hạn" in station.lan.get("/don-vi/").text
    assert "Báo cáo đã nộp" in post(station.lan, "/don-vi/khong", {"rest": "1"}, follow_redirects=True).text
    assert "vẫn được tính" in post(station.lan, "/don-vi/sua", follow_redirects=True).text
    (report,) = station.rows(UnitReport)
    assert (report.state, len(report.filed)) == ("drafted", 2)


def test_the_secretary_returns_with_a_note_and_accepts(station: Station) -> None:
    station.writes(station.yen, participants="40")
    station.files(station.yen)
    here = f"/dieu-hanh/bao-cao-don-vi/{station.unit}"
    seen = re.findall(r'name="seen" value="(\d+)"', station.thu.get(here).text)[0]
    assert post(station.thu, f"{here}/tra-lai", {"seen": seen}).status_code == 422
    note = {"seen": seen, "note": "Nhờ xem lại số người."}
    assert "Được trả lại" in post(station.thu, f"{here}/tra-lai", note, follow_redirects=True).text
    assert "Nhờ xem lại số người." in station.lan.get("/don-vi/").text
    assert "được trả lại, cần nộp lại" in station.thu.get("/dieu-hanh/bao-cao-don-vi/nhac").text
    station.files(station.lan)
    ready = station.thu.get("/dieu-hanh/bao-cao-don-vi/nhan-het").text
    pair = re.findall(r'name="seen" value="([0-9a-f]{32}:\d+)"', ready)
    post(station.thu, "/dieu-hanh/bao-cao-don-vi/nhan-het", {"seen": pair})
    assert station.rows(UnitReport)[0].state == "accepted"
    assert "nhờ thư ký trả lại" in station.yen.get("/don-vi/").text


def test_the_list_is_narrowed_sorted_added_up_and_taken_home(station: Station, calculated_here: None) -> None:
    station.writes(station.yen, participants="5000", women="30")
    station.files(station.yen)
    page = station.thu.get("/dieu-hanh/bao-cao-don-vi/").text
    assert "trên 36 đơn vị" in page
    assert "Các đơn vị (1)" in page, "what waits is counted in the list of pages"
    assert "5.000" in page
    assert "35 đơn vị" in station.thu.get("/dieu-hanh/bao-cao-don-vi/?loc=chua-nop&xep=ngay").text
    assert "1 đơn vị" in station.thu.get("/dieu-hanh/bao-cao-don-vi/?loc=xem-lai").text
    assert "Không có đơn vị nào như thế" in station.thu.get("/dieu-hanh/bao-cao-don-vi/?tim=zzz").text
    text = station.thu.get("/dieu-hanh/bao-cao-don-vi/nhac").text
    assert text.count('class="slip"') == 35
    file = station.thu.get("/dieu-hanh/bao-cao-don-vi/tien-do.xlsx?loc=xem-lai")
    sheet = openpyxl.load_workbook(io.BytesIO(file.data)).worksheets[0]
    first, *rest = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4)]
    assert first[2:6] == ["Đã nộp", None, "20/11/2026", 1]
    assert first[6] > 0
    assert not any(row[1] for row in rest), "one unit, and a note below"
    whole = station.thu.get("/dieu-hanh/bao-cao-don-vi/tien-do.xlsx")
    rows = openpyxl.load_workbook(io.BytesIO(whole.data)).worksheets[0].iter_rows(min_row=4)
    assert sum(bool(row[1].value) for row in rows) == 36
    assert station.yen.get("/dieu-hanh/bao-cao-don-vi/tien-do.xlsx").status_code == 404


@pytest.mark.slow
def test_a_report_goes_to_paper_in_the_layout_of_an_office(station: Station, calculated_here: None) -> None:
    import docx

    station.writes(station.yen, participants="40", women="25", men="15", title="Phổ biến Luật")
    page = station.yen.get("/don-vi/in").text
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in page
    assert "Thiệu Hóa, ngày 20 tháng 11 năm 2026" in page
    assert "Bản này chưa nộp" in page
    made = station.yen.get("/en/don-vi/bao-cao.docx")
    document = docx.Document(io.BytesIO(made.data))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    assert "Hội nghị, lớp tập huấn, phổ biến pháp luật: Phổ biến Luật" in cells
    assert station.thu.get(f"/dieu-hanh/bao-cao-don-vi/{station.unit}/in").status_code == 404, "not filed yet"


def test_an_account_of_no_unit_is_told_whom_to_ask(station: Station) -> None:
    with station.app.app_context(), db.writing() as session:
        for person in session.scalars(select(Person).where(Person.unit_id == station.other)):
            person.unit_id = None
    assert "chưa gắn với đơn vị nào" in station.khoa.get("/don-vi/").text


def _picture() -> io.BytesIO:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (80, 60), "teal").save(out, format="JPEG")
    return io.BytesIO(out.getvalue())


@pytest.mark.slow
def test_36_units_report_by_their_own_deeds_and_are_seen_at_a_glance(app: Flask, clock: StillClock) -> None:
    with factories.cheap_locks():
        centre = factories.found_centre(app)
    clock.set(datetime(2026, 12, 11, 9, tzinfo=clock.moment.tzinfo))
    every_unit_reports(app, centre)
    page = signed_in(app, centre.of(Role.CAMPAIGNER)[0]).get("/dieu-hanh/bao-cao-don-vi/").text
    tiles = [int(number) for number in re.findall(r"<b>(?:<[^>]+>)*(\d+)", page)[:6]]
    assert tiles == [36, 35, 0, 0, 1, 0], "filed, to accept, being written, not begun, returned, doubtful"
    assert f"{LATE} trễ hạn" in page
    with app.app_context(), db.reading() as session:
        (returned,) = session.scalars(select(UnitReport).where(UnitReport.state == "returned"))
        counted = filed_reports(session, 2026)
    assert returned.note
    assert len(counted) == 35
    assert [one.standing for one in counted].count(Standing.LATE) == LATE
