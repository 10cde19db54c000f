"""The secretary's evening before the deadline: 36 units, three late, one sent back; the report, the annex, a poster."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path

import docx
import openpyxl
import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from board.activities.lines import Line, as_filed
from board.activities.models import UnitReport
from core import db
from core.access import Role
from core.db import new_id
from core.units import valid
from intake.keys.founding import Settled
from tests import factories
from tests.board.conftest import noon
from tests.conftest import Live, StillClock, window
from tests.factories import code_for, forget_codes

pytestmark = pytest.mark.browser

HERE = "/dieu-hanh/bao-cao-so-y-te/2026"
LATE = 3


def _units_file(app: Flask) -> str:
    """Every unit files four banners and a meeting, the last three too late; returns one that will be sent back."""
    with app.app_context(), db.writing() as session:
        units = valid(session, date(2026, 12, 1))
        assert len(units) == 36
        for place, unit in enumerate(units):
            on = date(2026, 12, 9) if place >= len(units) - LATE else date(2026, 12, 4)
            lines = [
                Line(id=new_id(), type_code="A02", state="held", numbers={"count": 4}),
                Line(
                    id=new_id(), type_code="A07", state="held", numbers={"count": 1}, participants=20, men=6
                ),
            ]
            report = UnitReport(
                id=new_id(), unit_id=unit.id, year=2026, state="filed", version=1, changed_on=on, note=""
            )
            report.first_filed_on = report.filed_on = on
            report.filed = [as_filed(line) for line in lines]
            session.add(report)
        return units[0].id


class Secretary:
    """The campaigner in front of a browser."""

    def __init__(self, page: Page, app: Flask, person: Settled) -> None:
        self.page, self.app, self.person = page, app, person

    def signs_in(self) -> None:
        forget_codes(self.app, self.person)
        self.page.goto("/dang-nhap")
        self.page.fill("[name=name]", self.person.sign_name)
        self.page.fill("[name=passphrase]", self.person.credentials.passphrase)
        self.page.fill("[name=code]", code_for(self.person))
        self.page.click("main form button")
        expect(self.page).to_have_url("/dieu-hanh/")

    def presses(self, words: str) -> None:
        self.page.locator("main").locator("a, button").filter(has_text=words).first.click()

    def fills(self, **said: str) -> None:
        for name, value in said.items():
            self.page.fill(f"[name={name}]", value)

    def takes(self, words: str, folder: Path) -> Path:
        """Download the file behind a button."""
        with self.page.expect_download() as found:
            self.presses(words)
        kept = folder / found.value.suggested_filename
        found.value.save_as(kept)
        return kept


def test_36_units_become_one_report(
    browser: Browser,
    live: Live,
    clock: StillClock,
    tmp_path: Path,
    calculated_here: None,
    assert_accessible: Callable[[Page], None],
) -> None:
    clock.set(noon(2026, 12, 10))
    with factories.cheap_locks():
        centre = factories.found_centre(live.app)
    returned = _units_file(live.app)
    with window(browser, live.url, viewport={"width": 1280, "height": 900}) as context:
        secretary = Secretary(context.new_page(), live.app, centre.of(Role.CAMPAIGNER)[0])
        page = secretary.page
        secretary.signs_in()
        page.goto(f"/dieu-hanh/bao-cao-don-vi/{returned}")
        page.locator("summary").filter(has_text="Trả lại").click()
        secretary.fills(note="Xin bổ sung số người dự.")
        page.locator("details[open] button").click()
        expect(page.locator("main")).to_contain_text("Đã trả lại")

        page.goto(HERE)
        expect(page.locator(".tiles")).to_contain_text("35")
        expect(page.locator("main")).to_contain_text("treo 140 băng rôn, khẩu hiệu")
        assert_accessible(page)
        _writes(secretary, assert_accessible)
        report = secretary.takes("Báo cáo (.docx)", tmp_path)
        annex = secretary.takes("Phụ lục (.xlsx)", tmp_path)

        page.goto("/dieu-hanh/ap-phich/?to=letter&size=a5&in=both")
        assert_accessible(page)
        poster = secretary.takes("Tải tệp để in (PDF)", tmp_path)

    document = docx.Document(str(report))
    assert [row.cells[3].text for row in document.tables[2].rows[3:4]] == ["140"]
    assert sum(row.cells[2].text == "Trễ hạn" for row in document.tables[3].rows) == LATE
    assert sum(row.cells[2].text == "Chưa báo cáo" for row in document.tables[3].rows) == 1
    assert openpyxl.load_workbook(annex)["25 chỉ tiêu"]["D6"].value == 140
    assert poster.read_bytes().startswith(b"%PDF")
    _reads_in_libreoffice(report)


def _writes(secretary: Secretary, assert_accessible: Callable[[Page], None]) -> None:
    """One part, the number, the signature."""
    page = secretary.page
    page.locator("#causes a").click()
    assert_accessible(page)
    secretary.fills(text="Một số đơn vị thiếu người.")
    secretary.presses("Lưu")
    expect(page).to_have_url(f"{HERE}#causes")
    secretary.presses("Số, ngày, nơi gửi")
    assert_accessible(page)
    secretary.fills(number="5", day="10/12/2026", signer="Nguyễn Thị Mẫu")
    secretary.presses("Lưu")
    expect(page).to_have_url(HERE)


def _reads_in_libreoffice(report: Path) -> None:
    """LibreOffice opens it without a word, and its pages say what was written."""
    office, reader = shutil.which("soffice"), shutil.which("pdftotext")
    if office is None or reader is None:
        pytest.skip("LibreOffice or poppler is not installed")
    profile = f"-env:UserInstallation=file://{report.parent}/profile"
    turned = [
        office,
        profile,
        "--headless",
        "--convert-to",
        "pdf",
        "--outdir",
        str(report.parent),
        str(report),
    ]
    subprocess.run(turned, check=True, capture_output=True, timeout=120)
    pdf = report.with_suffix(".pdf")
    words = subprocess.run(
        [reader, "-layout", str(pdf), "-"], check=True, capture_output=True, text=True
    ).stdout
    first, *others = words.split("\f")
    for said in ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Số: 05/BC-TTYT", "ngày 10 tháng 12 năm 2026"):
        assert said in first
    assert not first.lstrip().startswith("1"), "the first page bears no number"
    assert others[0].lstrip().startswith("2"), "the second one does, above everything"
    assert "Một số đơn vị thiếu người." in words
    assert "Nguyễn Thị Mẫu" in words
    assert 4 <= len(others) <= 8
