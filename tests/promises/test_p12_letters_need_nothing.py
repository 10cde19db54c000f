"""P12, letters: no script, cookie, account, e-mail, phone number, nor anything from a third party.

A whole letter is written, answered and read in real Chromium with scripts off and cookies refused, while every
request that leaves the browser is written down.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, Request

from core.access import Role
from intake.keys.founding import Founded
from tests.conftest import Live
from tests.journeys.people import LetterWriter
from tests.letters import Handler, Reporter, hidden

PUBLIC = ["/thu", "/hop-thu", "/en/thu", "/en/hop-thu"]


@pytest.mark.browser
@pytest.mark.parametrize("prefix", ["", "/en"])
def test_a_whole_letter_needs_no_script_no_cookie_and_nobody_else(
    scripts_off: BrowserContext, live: Live, centre: Founded, prefix: str
) -> None:
    requests: list[Request] = []
    scripts_off.on("request", lambda request: requests.append(request))
    page = scripts_off.new_page()
    writer = LetterWriter(page, prefix)
    writer.writes("Chuyện ở phòng trực.")
    Handler(live.app, centre.of(Role.HANDLER)[0]).answers(writer.case_id(live.app), "Cảm ơn bạn đã viết.")
    assert "Cảm ơn bạn đã viết." in writer.reads()
    writer.adds("Tôi muốn đổi ca.")
    assert scripts_off.cookies() == []
    assert {urlsplit(one.url).netloc for one in requests} == {urlsplit(live.url).netloc}
    assert not [one for one in requests if one.resource_type == "script"]
    assert not [one for one in requests if writer.receipt in one.url or "?" in one.url]


@pytest.mark.browser
def test_with_scripts_on_nothing_is_left_in_the_browser_either(
    visitor: BrowserContext, live: Live, centre: Founded
) -> None:
    requests: list[Request] = []
    visitor.on("request", lambda request: requests.append(request))
    page: Page = visitor.new_page()
    LetterWriter(page, scripts=True).writes("Chuyện ở phòng trực.")
    assert visitor.cookies() == []
    stored = "[localStorage.length, sessionStorage.length, navigator.serviceWorker.controller === null]"
    assert page.evaluate(stored) == [0, 0, True]
    assert {urlsplit(one.url).netloc for one in requests} == {urlsplit(live.url).netloc}


@pytest.mark.embedded
def test_no_public_page_sets_a_cookie_or_names_another_place(app: Flask, centre: Founded) -> None:
    client = app.test_client()
    for address in PUBLIC:
        page = client.get(address)
        assert page.status_code == 200
        assert "Set-Cookie" not in page.headers
        assert "http://" not in page.text
        assert "https://" not in page.text


@pytest.mark.embedded
def test_no_question_asks_for_what_nobody_must_give(app: Flask, centre: Founded) -> None:
    """The least letter has no name, no number, no address and no story, and arrives."""
    reporter = Reporter(app)
    page = reporter.checks()
    assert hidden(page.text, "case")
    reporter.writes()
    assert "Đã nhận" in reporter.opens().text
