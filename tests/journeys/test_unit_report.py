"""A midwife reports from her phone: five activities, a lost connection, a colleague; the secretary returns it once."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from board.activities.models import Activity, ActivityPhoto, UnitReport
from core import db
from core.access import Role
from core.accounts import Person
from core.units import valid
from intake.keys.founding import Newcomer, Settled
from tests import factories
from tests.conftest import Live, StillClock, window
from tests.factories import code_for, forget_codes

pytestmark = pytest.mark.browser

MIDWIFE = Newcomer(name="Phan Thị Yến", title_vi="Nữ hộ sinh", roles=frozenset({Role.UNIT}))
MOST_INTERACTIONS = 40
COUNTED = 29
"""Taps and fields from the sign-in page to the filed report; docs/operations.md names the number."""


class Midwife:
    """A unit's reporter at her phone; every tap and every field she fills is counted."""

    def __init__(self, page: Page, app: Flask, person: Settled) -> None:
        self.page, self.app, self.person = page, app, person
        self.interactions = 0

    def taps(self, words: str, within: str = "main") -> None:
        self.interactions += 1
        self.page.locator(within).locator("a, button").filter(has_text=words).first.click()

    def fills(self, name: str, value: str) -> None:
        self.interactions += 1
        self.page.locator(f"[name={name}]").fill(value)

    def signs_in(self) -> None:
        forget_codes(self.app, self.person)
        self.page.goto("/dang-nhap")
        self.fills("name", self.person.sign_name)
        self.fills("passphrase", self.person.credentials.passphrase)
        self.fills("code", code_for(self.person))
        self.interactions += 1
        self.page.locator("main button").first.click()
        expect(self.page).to_have_url("/don-vi/")

    def records(self, code: str, **said: str) -> None:
        self.taps("Thêm", f"#{code} .works__deeds")
        for name, value in said.items():
            self.fills(name, value)
        self.taps("Lưu", "#entry")
        expect(self.page).to_have_url(f"/don-vi/#{code}")


def test_a_midwife_files_five_activities_from_her_phone(
    browser: Browser,
    live: Live,
    clock: StillClock,
    calculated_here: None,
    assert_accessible: Callable[[Page], None],
) -> None:
    with factories.cheap_locks():
        centre = factories.found_centre(live.app, [*factories.PEOPLE, MIDWIFE])
    person = centre.of(Role.UNIT)[0]
    with live.app.app_context(), db.writing() as session:
        session.get_one(Person, person.person_id).unit_id = valid(session)[-1].id
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    with window(browser, live.url, **phone) as context:
        midwife = Midwife(context.new_page(), live.app, person)
        midwife.signs_in()
        assert_accessible(midwife.page)
        midwife.records("A01", n_count="1", day="16/11")
        midwife.records("A02", n_count="4", day="16/11")
        midwife.records("A04", n_count="300", day="18/11")
        midwife.records("A07", day="20/11", women="25", men="15")
        midwife.records("A10", day="19/11", women="12", men="4")
        midwife.taps("Các loại còn lại: không có")
        midwife.taps("Xem lại và nộp")
        assert_accessible(midwife.page)
        midwife.taps("Nộp báo cáo", "form.row")
        expect(midwife.page.locator("main")).to_contain_text("Đã nộp báo cáo")
        assert midwife.interactions == COUNTED <= MOST_INTERACTIONS
        _loses_the_connection(midwife, assert_accessible)
    with live.app.app_context(), db.reading() as session:
        (report,) = session.query(UnitReport)
        assert report.filed is not None
        assert sorted(line["type_code"] for line in report.filed if line["state"] == "held") == [
            "A01",
            "A02",
            "A04",
            "A07",
            "A10",
        ]


def _loses_the_connection(midwife: Midwife, assert_accessible: Callable[[Page], None]) -> None:
    """She corrects a number while there is no network: it stays on the page and is kept when it is back.

    Then a photograph with the place in it: made small before it is sent, and of the place nothing is kept.
    """
    page = midwife.page
    midwife.taps("Sửa báo cáo")
    page.locator("#A02 .works__lines a").click()
    assert_accessible(page)
    page.context.set_offline(True)
    midwife.fills("n_count", "5")
    midwife.taps("Lưu", "#entry")
    expect(page.locator("[data-state]")).to_contain_text("mất kết nối")
    expect(page.locator("[name=n_count]")).to_have_value("5")
    page.context.set_offline(False)
    expect(page.locator("[data-state]")).to_have_text("Đã lưu.")
    with midwife.app.app_context(), db.reading() as session:
        banners = session.query(Activity).filter_by(type_code="A02").one()
        assert banners.numbers == {"count": 5}
    page.set_input_files(
        "[name=photo]", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": _taken_there()}
    )
    expect(page.locator(".photos img")).to_be_visible()
    assert_accessible(page)
    with midwife.app.app_context(), db.reading() as session:
        photo = session.query(ActivityPhoto).one()
    with Image.open(io.BytesIO(photo.image)) as kept:
        assert (kept.size, dict(kept.getexif())) == ((1600, 1200), {})


def _taken_there() -> bytes:
    """A photograph of a telephone, with the place where it was taken."""
    told, out = Image.Exif(), io.BytesIO()
    told.get_ifd(0x8825)[1] = "N"
    told[0x0110] = "Điện thoại"
    Image.new("RGB", (2400, 1800), "teal").save(out, format="JPEG", exif=told)
    return out.getvalue()
