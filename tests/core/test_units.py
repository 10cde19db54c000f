"""Units merge, split, are renamed and close; what was filed stays where it was, and it is known who took over."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta
from html import unescape
from typing import Any

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from core import clock, db, heavy, unit_changes, unit_sheet, units
from core.access import Denied, Role
from core.accounts import Person
from core.campaign import now_running
from core.unit_changes import Change, ChangeRefused
from core.units import Unit
from intake.keys.founding import Founded
from tests.factories import post, signed_in

pytestmark = pytest.mark.embedded
JULY = date(2025, 7, 1)
HERE = "/quan-tri/don-vi/sap-xep/"


@pytest.fixture
def desk(app: Flask, centre: Founded) -> FlaskClient:
    """The administrator at their desk."""
    return signed_in(app, centre.of(Role.ADMINISTRATOR)[0])


def _change(app: Flask, change: str, old: list[str], names: list[str], **more: Any) -> Change:
    with app.app_context(), db.reading() as session:
        ids = {
            unit.name_vi: unit.id for unit in session.scalars(select(Unit).where(Unit.valid_until.is_(None)))
        }
    given = {"on_day": JULY, "kind": "tram_y_te", "group": "tram_y_te"} | more
    return Change(
        change=change, old=tuple(ids[f"Trạm Y tế {name}"] for name in old), names=tuple(names), **given
    )


def _names(app: Flask, on: date) -> set[str]:
    with app.app_context(), db.reading() as session:
        return {unit.name_vi.removeprefix("Trạm Y tế ") for unit in units.valid(session, on)}


@pytest.mark.slow
def test_the_reorganisation_of_2025_can_be_walked_through_as_the_page_shows_it(
    app: Flask, desk: FlaskClient
) -> None:
    for number in range(1, 9):
        link = re.search(rf'href="([^"]+vi-du={number})"', desk.get(HERE).text)
        assert link, number
        form = desk.get(link[1]).text
        old = re.findall(r'name="old" value="([0-9a-f]{32})" checked', form)
        names = re.search(r'<textarea[^>]*name="names"[^>]*>\n([^<]*)', form)
        assert old
        assert names
        sent = {
            "old": old,
            "names": names[1],
            "on_day": "01/07/2025",
            "kind": "tram_y_te",
            "group": "tram_y_te",
        }
        looked = post(desk, link[1].partition("?")[0], sent)
        assert looked.status_code == 200
        assert "Kết thúc sau ngày 30/06/2025" in looked.text
        assert post(desk, link[1].partition("?")[0], sent | {"step": "do"}).status_code == 302
    stations = {name for name in _names(app, JULY) if name.startswith(("xã", "phường", "thị trấn"))}
    assert stations == {
        *("xã Thiệu Hóa", "xã Thiệu Quang", "xã Thiệu Tiến", "xã Thiệu Toán", "xã Thiệu Trung"),
        *("phường Đông Tiến", "xã Định Hòa"),
    }
    assert (
        len({name for name in _names(app, JULY - timedelta(days=1)) if name.startswith(("xã", "thị"))}) == 25
    )
    page = desk.get(HERE).text
    assert page.count("no longer possible") + page.count("không còn làm được") == 8
    with app.app_context(), db.reading() as session:
        town = session.scalars(select(Unit).where(Unit.name_vi == "Trạm Y tế thị trấn Thiệu Hóa")).one()
        assert [unit.name_vi.split()[-1] for unit in units.heirs(session, town.id)] == [
            "Hóa",
            "Quang",
            "Trung",
        ]
        assert [unit.id for unit in units.heirs(session, town.id, date(2025, 6, 30))] == [town.id]
        (fresh,) = [unit for unit in units.heirs(session, town.id) if unit.name_vi.endswith("Hóa")]
        assert len(units.forebears(session, fresh.id)) == 6
        assert {len(old) for _, _, old, _ in unit_changes.history(session)} == {1, 2, 4, 5}


def test_nothing_changes_before_somebody_confirms(app: Flask, desk: FlaskClient) -> None:
    before = _names(app, clock.today())
    change = _change(app, "rename", ["xã Thiệu Vũ"], ["Trạm Y tế xã Vũ"])
    sent = {
        "old": list(change.old),
        "names": "Trạm Y tế xã Vũ",
        "on_day": "01/12/2026",
        "kind": "tram_y_te",
        "group": "tram_y_te",
    }
    looked = post(desk, f"{HERE}doi-ten", sent)
    assert "Đang trong Tháng hành động năm 2026" in looked.text
    back = post(desk, f"{HERE}doi-ten", sent | {"step": "back"})
    assert "Trạm Y tế xã Vũ" in back.text
    assert _names(app, clock.today()) == before


@pytest.mark.parametrize(
    ("change", "old", "names", "field"),
    [
        ("merge", [], ["Trạm A"], "old"),
        ("merge", ["xã Thiệu Vũ"], ["Trạm A"], "old"),
        ("merge", ["xã Thiệu Vũ", "xã Thiệu Lý"], [], "names"),
        ("split", ["xã Thiệu Vũ"], ["Trạm A"], "names"),
        ("split", ["xã Thiệu Vũ"], ["Trạm Hòa", "trạm Hoà"], "names"),
        ("split", ["xã Thiệu Vũ", "xã Thiệu Lý"], ["Trạm A", "Trạm B"], "old"),
        ("rename", ["xã Thiệu Vũ"], ["Trạm Y tế xã Thiệu Lý"], "names"),
        ("rename", ["xã Thiệu Vũ"], ["x" * 161], "names"),
        ("close", ["xã Thiệu Vũ"], ["Trạm A"], "names"),
    ],
)
def test_what_is_no_such_change_is_refused_by_name(
    app: Flask, centre: Founded, change: str, old: list[str], names: list[str], field: str
) -> None:
    wanted = _change(app, change, old, names)
    who = centre.of(Role.ADMINISTRATOR)[0].identity
    with app.app_context(), db.reading() as session, pytest.raises(ChangeRefused) as refused:
        unit_changes.plan(session, who, wanted)
    assert refused.value.field == field


def test_a_unit_closed_in_mid_campaign_owes_nothing_and_whoever_took_it_over_does(
    app: Flask, centre: Founded, desk: FlaskClient
) -> None:
    who = centre.of(Role.ADMINISTRATOR)[0].identity
    merged = _change(app, "merge", ["xã Thiệu Vũ"], ["Trạm Y tế xã Thiệu Ngọc"], on_day=date(2026, 12, 1))
    late = _change(app, "close", ["xã Thiệu Lý"], [], on_day=date(2026, 12, 10))
    with app.app_context(), db.writing() as session:
        unit_changes.carry_out(session, who, merged)
        unit_changes.carry_out(session, who, late)
        person = session.get(Person, centre.of(Role.BOARD)[0].person_id)
        assert person is not None
        person.unit_id = merged.old[0]
    with app.app_context(), db.reading() as session:
        campaign = now_running(session)
        assert campaign is not None
        owing = {unit.name_vi.removeprefix("Trạm Y tế ") for unit in units.owing(session, campaign)}
        gone = session.get(Unit, merged.old[0])
        assert gone is not None
        assert gone.valid_until == date(2026, 11, 30)
        assert [unit.name_vi for unit in units.heirs(session, gone.id, date(2026, 12, 5))] == [
            "Trạm Y tế xã Thiệu Ngọc"
        ]
        assert units.heirs(session, late.old[0], date(2026, 12, 10)) == []
        stranded = unit_changes.without_unit(session, date(2026, 12, 2))
    assert "xã Thiệu Vũ" not in owing
    assert {"xã Thiệu Ngọc", "xã Thiệu Lý"} <= owing  # the 10th is after the last day on time
    assert [(one.id, unit.id) for one, unit, _ in stranded] == [(person.id, gone.id)]


def test_a_group_left_with_fewer_than_five_units_is_told_wherever_it_happens(
    app: Flask, desk: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context(), db.writing() as session:
        offices = session.scalars(select(Unit).where(Unit.group == "hanh_chinh").order_by(Unit.id)).all()
        for office in offices[5:]:
            office.valid_until = date(2026, 1, 1)
    warned = "Nhóm “Lãnh đạo và các phòng chức năng” còn 4 đơn vị"
    form = {"kind": "phong", "group": "hanh_chinh", "valid_from": "01/01/2020"}
    moved, path = offices[0], f"/quan-tri/don-vi/{offices[0].id}"
    renamed = post(desk, path, {**form, "name_vi": "Phòng Mới"}, follow_redirects=True).text
    assert "Đã lưu đơn vị" in renamed
    assert "Nhóm ít hơn năm" not in renamed
    row = [moved.id, "Phòng Mới", "", "phong", "dieu_tri", "01/01/2020", ""]
    lines = {"lines": [list(unit_sheet.COLUMNS), row]}
    monkeypatch.setattr(heavy, "run", lambda *_, **__: lines)
    looked = _upload(desk, b"a workbook").text
    assert warned in looked
    assert "sửa 1" in looked
    saved = post(desk, path, {**form, "name_vi": "Phòng Mới", "group": "dieu_tri"}, follow_redirects=True)
    assert warned in saved.text
    rows = unescape(re.findall(r'name="rows" value="([^"]+)"', looked)[0])
    assert "nhap-tep" in post(desk, "/quan-tri/don-vi/nhap-tep", {"rows": rows}).location, (
        "it changed meanwhile"
    )


def test_two_communes_that_differ_by_a_tone_are_two(app: Flask, centre: Founded) -> None:
    """Thiệu Hóa is not Thiệu Hòa, though a search finds both."""
    who = centre.of(Role.ADMINISTRATOR)[0].identity
    change = _change(app, "merge", ["xã Thiệu Vũ", "xã Thiệu Lý"], ["Trạm Y tế xã Thiệu Hóa"])
    joins = _change(app, "merge", ["xã Thiệu Vũ"], ["Trạm Y tế xã Thiệu Hoà"])
    with app.app_context(), db.reading() as session:
        assert unit_changes.plan(session, who, change).founded == ("Trạm Y tế xã Thiệu Hóa",)
        assert [unit.name_vi for unit in unit_changes.plan(session, who, joins).joined] == [
            "Trạm Y tế xã Thiệu Hòa"
        ]


def test_only_the_administrator_changes_units(app: Flask, centre: Founded) -> None:
    change = _change(app, "close", ["xã Thiệu Lý"], [])
    for person in centre.people:
        if Role.ADMINISTRATOR not in person.roles:
            with app.app_context(), db.reading() as session, pytest.raises(Denied):
                unit_changes.carry_out(session, person.identity, change)
    client = signed_in(app, centre.of(Role.CAMPAIGNER)[0])
    for path in ("sap-xep/", "sap-xep/sap-nhap", "danh-sach.xlsx", "nhap-tep"):
        assert client.get(f"/quan-tri/don-vi/{path}").status_code == 404


def _upload(desk: FlaskClient, body: bytes) -> Any:
    return desk.post(
        "/quan-tri/don-vi/nhap-tep",
        data={"tep": (io.BytesIO(body), "don-vi.xlsx"), "csrf_token": _token(desk)},
        content_type="multipart/form-data",
        headers={"Origin": "http://localhost"},
    )


def _token(desk: FlaskClient) -> str:
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', desk.get("/quan-tri/don-vi/nhap-tep").text)
    assert found
    return found[1]


@pytest.mark.slow
def test_the_list_goes_out_as_a_workbook_and_comes_back_changed(app: Flask, desk: FlaskClient) -> None:
    out = desk.get("/quan-tri/don-vi/danh-sach.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(out.data))
    sheet = book.worksheets[0]
    before = len(_names(app, clock.today()))
    assert sheet.max_row == before + 3
    sheet["B4"] = "Ban Giám đốc mới"
    sheet.append(["", "Khoa Phụ sản", "", "Khoa", "Các khoa điều trị", date(2026, 12, 1), None])
    sheet.append(["", "Khoa Sai", "", "Cục", "", "mai", None])
    kept = io.BytesIO()
    book.save(kept)
    wrong = _upload(desk, kept.getvalue())
    assert wrong.status_code == 422
    row = before + 5
    assert all(f">{cell}</th>" in wrong.text for cell in (f"D{row}", f"E{row}", f"F{row}"))
    sheet.delete_rows(row)
    kept = io.BytesIO()
    book.save(kept)
    looked = _upload(desk, kept.getvalue())
    assert "Thêm 1 đơn vị, sửa 1" in looked.text
    assert len(_names(app, date(2026, 12, 2))) == before
    rows = re.search(r'name="rows" value="([^"]+)"', looked.text)
    assert rows
    assert post(desk, "/quan-tri/don-vi/nhap-tep", {"rows": unescape(rows[1])}).status_code == 302
    assert {"Ban Giám đốc mới", "Khoa Phụ sản"} <= _names(app, date(2026, 12, 2))
    assert "nhap-tep" in post(desk, "/quan-tri/don-vi/nhap-tep", {"rows": unescape(rows[1])}).location, (
        "sent twice"
    )
    assert post(desk, "/quan-tri/don-vi/nhap-tep", {"rows": "[1]"}).status_code == 400
    assert _upload(desk, b"PK not a workbook").status_code == 422
