"""A reporter comes back with scripts on: the receipt never leaves the browser, and neither does what they write."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, Route, expect

from intake import receipt
from intake.founding import Founded
from tests import factories
from tests.journeys.sealing import Writer
from tests.letters import Handler, Reporter, desks

Look = Callable[[Page], None]

pytestmark = pytest.mark.browser

CANARY = "Chim sẻ nâu đậu trên bậc thềm số chín."


@pytest.fixture
def centre(app: Flask) -> Iterator[Founded]:
    with factories.cheap_locks():
        yield factories.found_centre(app)


@pytest.fixture
def handlers(app: Flask, centre: Founded) -> list[Handler]:
    return desks(app, centre)


@pytest.fixture
def reporter(app: Flask, centre: Founded) -> Reporter:
    """Somebody who wrote without scripts; how the letter was sealed makes no difference afterwards."""
    writing = Reporter(app)
    writing.writes()
    return writing


@pytest.fixture
def returning(visitor: BrowserContext, app: Flask, reporter: Reporter) -> Writer:
    return Writer(visitor, app, receipt=reporter.receipt)


def opens(returning: Writer, digits: str = "") -> Page:
    page = returning.page
    page.goto("/hop-thu")
    expect(page.get_by_text("Mã thư không rời khỏi máy của bạn.")).to_be_visible()
    page.fill("#receipt", digits or receipt.shown(returning.receipt))
    page.keyboard.press("Enter")
    return page


def writes(page: Page, text: str) -> None:
    page.fill("#message", text)
    page.get_by_role("button", name="Gửi tin").focus()
    page.keyboard.press("Enter")


def test_messages_go_both_ways_and_neither_receipt_nor_words_leave_the_browser(
    returning: Writer, handlers: list[Handler], assert_accessible: Look
) -> None:
    (line,) = handlers[0].cases()
    handlers[0].opens(line.case_id)
    handlers[0].answers(line.case_id, "Chúng tôi đã đọc.")
    page = opens(returning)
    expect(page.get_by_text("Chúng tôi đã đọc.")).to_be_visible()
    expect(page.locator("[data-counts]")).to_contain_text("1")
    assert_accessible(page)
    for text in ("Có", CANARY + "😀" * 900):
        writes(page, text)
        expect(page.get_by_text("Tin của bạn đã đến")).to_be_visible()
        expect(page.locator("main .mine", has_text=text[:30]).first).to_be_visible()
    assert [entry.text for entry in handlers[0].opens(line.case_id).entries][-2:] == [
        "Có",
        CANARY + "😀" * 900,
    ]
    everything = b"".join(url.encode() + body for _method, url, body in returning.sent)
    assert CANARY.encode() not in everything
    for secret in (
        returning.receipt,
        receipt.shown(returning.receipt),
        *receipt.groups(returning.receipt)[:3],
    ):
        assert not any(secret.encode() in url.encode() for _method, url, _body in returning.sent)
    assert returning.receipt.encode() not in everything
    assert receipt.shown(returning.receipt).encode() not in everything
    sizes = {len(body) for method, url, body in returning.sent if url.endswith("/niem-phong/gui")}
    assert len(sizes) == 1


def test_a_wrong_digit_is_caught_here_and_an_unknown_code_gets_the_words_of_an_expired_one(
    returning: Writer, assert_accessible: Look
) -> None:
    wrong = returning.receipt[:-1] + str((int(returning.receipt[-1]) + 1) % 10)
    page = opens(returning, wrong)
    expect(page.get_by_text("Có chữ số bị gõ nhầm.")).to_be_visible()
    assert_accessible(page)
    assert not returning.bodies
    page.fill("#receipt", receipt.draw())
    page.keyboard.press("Enter")
    expect(page.get_by_text("Không có hộp thư nào mở bằng mã này.")).to_be_visible()


def test_a_lost_connection_loses_nothing_and_sends_nothing_twice(
    returning: Writer, handlers: list[Handler]
) -> None:
    page = opens(returning)
    page.locator("#message").wait_for()

    def arrives_but_the_answer_is_lost(route: Route) -> None:
        route.fetch()
        route.abort("connectionreset")

    page.route("**/niem-phong/gui", arrives_but_the_answer_is_lost)
    writes(page, CANARY)
    expect(page.get_by_text("Mạng bị ngắt")).to_be_visible()
    assert page.input_value("#message") == CANARY
    page.unroute("**/niem-phong/gui")
    page.get_by_role("button", name="Gửi tin").click()
    expect(page.get_by_text("Tin của bạn đã đến")).to_be_visible()
    (line,) = handlers[0].cases()
    assert [entry.text for entry in handlers[0].opens(line.case_id).entries] == [CANARY]


def test_who_answered_meanwhile_moves_the_place_and_the_message_is_sealed_anew(
    returning: Writer, handlers: list[Handler]
) -> None:
    page = opens(returning)
    page.locator("#message").wait_for()
    (line,) = handlers[0].cases()
    handlers[0].answers(line.case_id, "Tin chen vào giữa.")
    writes(page, CANARY)
    expect(page.get_by_text("Tin của bạn đã đến")).to_be_visible()
    expect(page.get_by_text("Tin chen vào giữa.")).to_be_visible()
    assert handlers[0].opens(line.case_id).entries[-1].text == CANARY


def test_who_was_struck_out_opens_no_message_either(
    visitor: BrowserContext, app: Flask, handlers: list[Handler]
) -> None:
    writer = Writer(visitor, app)
    writer.writes(exclude_handlers=[handlers[0].person.person_id])
    page = opens(writer)
    page.locator("#message").wait_for()
    writes(page, CANARY)
    expect(page.get_by_text("Tin của bạn đã đến")).to_be_visible()
    assert handlers[0].cases() == []
    (line,) = handlers[1].cases()
    assert handlers[1].opens(line.case_id).entries[-1].text == CANARY
