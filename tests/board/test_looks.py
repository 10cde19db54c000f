"""The pages in a real browser: nobody is shut out, nothing runs over a small phone, paper has no chrome."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from core.access import Role
from intake.keys.founding import Settled
from tests import factories
from tests.board.conftest import Year, noon
from tests.board.test_releasing import JUNE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Look = Callable[[Page], None]


def enter(window: BrowserContext, person: Settled) -> Page:
    page = window.new_page()
    page.goto("/dang-nhap")
    page.fill("[name=name]", person.sign_name)
    page.fill("[name=passphrase]", person.credentials.passphrase)
    page.fill("[name=code]", factories.code_for(person))
    page.click("main form button:not(.link)")
    page.wait_for_url(lambda url: "/dang-nhap" not in url)
    return page


def fits(page: Page) -> bool:
    page.set_viewport_size({"width": 360, "height": 740})
    return int(page.evaluate("document.documentElement.scrollWidth")) <= 360


def test_the_boards_pages_are_open_to_everybody(
    year: Year, clock: Any, visitor: BrowserContext, assert_accessible: Look
) -> None:
    page = enter(visitor, year.person(Role.BOARD))
    page.goto("/ban/")
    assert_accessible(page)
    assert fits(page)
    clock.set(noon(2026, 5, 2))
    year.gets(8, sex="female", setting="home", gbv_type="rape")
    year.gets(7, sex="male", setting="work")
    clock.set(noon(2026, 7, 5))
    year.releases(JUNE)

    for address in ("/ban/", "/en/ban/"):
        page.goto(address)
        page.set_viewport_size({"width": 1280, "height": 800})
        assert_accessible(page)
        assert page.locator("figure svg").count() > 0
        assert fits(page)
    page.emulate_media(media="print")
    assert not page.get_by_role("button").count()


def test_the_custodians_pages_are_open_to_everybody(
    year: Year, visitor: BrowserContext, assert_accessible: Look
) -> None:
    page = enter(visitor, year.person(Role.CUSTODIAN))
    page.goto("/lam-viec/cong-bo/")
    assert_accessible(page)
    assert fits(page)
    page.get_by_label("30/06/2026").check()
    page.get_by_label("Phạm Thị Khóa").check()
    page.get_by_role("button", name="Đếm phần của tôi").click()
    page.get_by_text("Đang chờ Phạm Thị Khóa").wait_for()
    assert_accessible(page)
    visitor.clear_cookies()
    page = enter(visitor, year.person(Role.CUSTODIAN, 1))
    page.goto("/lam-viec/cong-bo/")
    page.get_by_role("button", name="Đếm và xem trước").click()
    page.get_by_text("Chưa công bố").wait_for()
    assert_accessible(page)
    assert fits(page)
    page.get_by_role("button", name="Công bố cho Ban").click()
    page.get_by_text("Đã công bố. Ban xem được ngay.").wait_for()
    assert_accessible(page)
