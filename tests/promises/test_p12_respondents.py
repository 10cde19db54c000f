"""P12, surveys: no script, cookie, account, e-mail, phone number, nor anything from a third party, and little to load.

A whole answer is given in real Chromium with scripts off, while every request that leaves the browser is written
down and weighed.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Request
from werkzeug.test import TestResponse

from core.access import Role
from intake.keys.founding import Founded
from tests.conftest import Live, window
from tests.journeys.survey_people import AtHome
from tests.surveys import Campaigner, Respondent

Look = Callable[[Respondent], TestResponse]
MOST_BYTES, MOST_BYTES_WITH_SCRIPTS, MOST_REQUESTS = 25_000, 60_000, 5
"""A first visit, compressed as it travels."""


@pytest.fixture
def campaigner(app: Flask, centre: Founded) -> Campaigner:
    """The campaigner of the centre."""
    return Campaigner(app, centre.of(Role.CAMPAIGNER)[0])


def every_page(campaigner: Campaigner) -> list[Look]:
    """Each kind of page a respondent can meet, in an order in which they can be met."""
    first, second = campaigner.prints(2)
    before = campaigner.opens("before")
    free = campaigner.opens("after", with_cards=False)
    closed = campaigner.opens("followup")
    campaigner.closes(closed)

    def card(code: str, round_id: str, **given: str) -> Look:
        return lambda somebody: somebody.answers(round_id, card=code, **given)

    return [
        lambda somebody: somebody.lists(),
        lambda somebody: somebody.opens(before),
        lambda somebody: somebody.opens(free),
        lambda somebody: somebody.opens(closed),
        lambda somebody: somebody.opens("0" * 32),
        card("12", before, K1="sai"),
        card(first, before, K1="sai"),
        card(first, before, K1="dung"),
        card(second, closed),
    ]


@pytest.mark.embedded
@pytest.mark.parametrize("prefix", ["", "/en"])
def test_no_page_sets_a_cookie_loads_what_a_letter_does_not_or_names_another_place(
    app: Flask, campaigner: Campaigner, prefix: str
) -> None:
    somebody = Respondent(app, prefix=prefix)

    for look in every_page(campaigner):
        page = look(somebody)
        assert page.status_code in (200, 404, 409, 422)
        assert "Set-Cookie" not in page.headers
        own = page.text.replace("http://localhost", "").replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in own
        assert "https://" not in own
        # The files of every public page, so that no cache tells a letter from an answer; neither acts on these pages.
        assert re.findall(r"<script[^>]*/([^/]+)\">", own) == ["exit.js", "letter.js"]
        assert not re.findall("data-letter|data-mailbox|data-file-door", own)


@pytest.mark.browser
@pytest.mark.parametrize("prefix", ["", "/en"])
def test_a_whole_answer_needs_no_script_no_cookie_and_nobody_else(
    scripts_off: BrowserContext, live: Live, campaigner: Campaigner, prefix: str
) -> None:
    (code,) = campaigner.prints(1)
    campaigner.opens("before")
    requests: list[Request] = []
    scripts_off.on("request", lambda request: requests.append(request))
    somebody = AtHome(scripts_off.new_page(), code, prefix)

    said = somebody.answers(K1="sai", T1="2", H1=["113", "111"])

    assert ("Your answers have arrived" if prefix else "Đã nhận câu trả lời") in said
    assert scripts_off.cookies() == []
    assert {urlsplit(one.url).netloc for one in requests if not one.url.startswith("data:")} == {
        urlsplit(live.url).netloc
    }
    assert not [one for one in requests if one.resource_type == "script"]
    assert not [one for one in requests if code in one.url or "?" in one.url]


@pytest.mark.browser
def test_with_scripts_on_nothing_is_left_in_the_browser_either(
    visitor: BrowserContext, campaigner: Campaigner
) -> None:
    (code,) = campaigner.prints(1)
    campaigner.opens("before")
    somebody = AtHome(visitor.new_page(), code)
    somebody.answers(K1="sai")

    assert visitor.cookies() == []
    assert somebody.page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


@pytest.mark.browser
@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize("wave", ["before", "after"])
def test_a_first_visit_is_light(
    browser: Browser, live: Live, campaigner: Campaigner, wave: str, prefix: str
) -> None:
    round_id = campaigner.opens(wave)
    for path in (f"{prefix}/khao-sat/", f"{prefix}/khao-sat/{round_id}"):
        with window(browser, live.url) as context:
            weights: dict[str, int] = {}
            context.on("requestfinished", lambda one, into=weights: into.update({one.url: _weight(one)}))
            context.new_page().goto(path, wait_until="networkidle")

        asked = {url: weight for url, weight in weights.items() if not url.startswith("data:")}
        assert len(asked) <= MOST_REQUESTS, asked
        assert sum(asked.values()) <= MOST_BYTES_WITH_SCRIPTS, asked
        plain = [weight for url, weight in asked.items() if not url.endswith(".js")]
        assert sum(plain) <= MOST_BYTES, asked


def _weight(request: Request) -> int:
    response = request.response()
    assert response is not None
    return len(gzip.compress(response.body(), 9))
