"""A reporter comes back with scripts on: the receipt never leaves the browser, and neither does what they write."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, Route, expect

from intake.keys.founding import Founded
from intake.mailbox import sealed_mailbox
from intake.seal import receipt
from tests import factories
from tests.conftest import Live
from tests.journeys.sealing import Writer
from tests.letters import Handler, Reporter, desks

Look = Callable[[Page], None]

pytestmark = pytest.mark.browser

TAPPED = "Đừng gọi, viết ở đây thôi"
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


def goes_to(page: Page, selector: str) -> None:
    """With the Tab key alone."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return
    pytest.fail(f"the keyboard never came to {selector}")


def presses(page: Page, selector: str) -> None:
    goes_to(page, selector)
    page.keyboard.press("Enter")


def test_the_keyboard_alone_answers_writes_asks_and_withdraws_and_no_word_leaves_the_browser(
    returning: Writer, live: Live, app: Flask, handlers: list[Handler], assert_accessible: Look
) -> None:
    (line,) = handlers[0].cases()
    handlers[0].opens(line.case_id)
    handlers[0].answers(line.case_id, "Gọi được không?", choices=[TAPPED, "Gọi được"])
    page, weights = returning.page, dict[str, int]()
    page.on("response", lambda said: weights.update({said.url: int(said.headers["content-length"])}))
    page.goto("/hop-thu")
    expect(page.get_by_text("Mã thư không rời khỏi máy của bạn.")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert all(url.startswith(live.url) for url in weights)
    assert len(weights) <= 5, weights
    assert sum(weights.values()) <= 60_000, weights
    goes_to(page, "#receipt")
    page.keyboard.type(receipt.shown(returning.receipt))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Gọi được không?")).to_be_visible()
    expect(page.locator("[data-counts]")).to_contain_text("1")
    expect(page.get_by_text("24 tháng sau lời cuối")).to_be_visible()
    assert_accessible(page)
    goes_to(page, "[name=choice]")
    page.keyboard.press("Space")
    presses(page, "[data-tap] button")
    expect(page.get_by_role("heading", name="Tin của bạn đã đến")).to_be_visible()
    expect(page.locator("[data-tap]")).to_be_hidden()
    for text in ("Có", CANARY + "😀" * 900):
        goes_to(page, "#message")
        page.keyboard.insert_text(text)
        presses(page, "[data-needed] button")
        expect(page.locator("main .mine", has_text=text[:30]).first).to_be_visible()
    goes_to(page, "#message")
    page.keyboard.insert_text("Chưa gửi")
    presses(page, "[data-wish=another]")
    expect(page.get_by_role("heading", name="Xin đổi người tiếp nhận")).to_be_focused()
    assert_accessible(page)
    goes_to(page, "#another")
    page.keyboard.insert_text(CANARY)
    presses(page, "form button:not([type=button])")
    expect(page.get_by_role("heading", name="Lời xin đổi người đã đến")).to_be_visible()
    assert page.input_value("#message") == "Chưa gửi"
    presses(page, "[data-wish=withdraw]")
    expect(page.get_by_text("Bạn có 14 ngày để đổi ý.")).to_be_visible()
    assert_accessible(page)
    presses(page, "form button:not([type=button])")
    expect(page.get_by_role("heading", name="Bạn đã xin rút thư")).to_be_visible()
    opened = handlers[0].opens(line.case_id)
    assert (opened.kept.why, opened.other) == ("withdrawn", True)
    presses(page, "[data-withdrawn] button")
    expect(page.get_by_role("heading", name="Bạn không rút thư nữa")).to_be_visible()
    assert page.input_value("#message") == "Chưa gửi"
    mine = [entry for entry in handlers[0].opens(line.case_id).entries if entry.what != "answer"]
    assert [(entry.what, entry.text) for entry in mine] == [
        ("message", TAPPED),
        ("message", "Có"),
        ("message", CANARY + "😀" * 900),
        ("other_handler", CANARY),
        ("withdraw", ""),
        ("taken_back", ""),
    ]
    nothing_readable_left(returning)


def nothing_readable_left(returning: Writer) -> None:
    everything = b"".join(url.encode() + body for _method, url, body in returning.sent)
    for words in (
        CANARY,
        TAPPED,
        "other_handler",
        "withdraw",
        returning.receipt,
        receipt.shown(returning.receipt),
    ):
        assert words.encode() not in everything, words
    for group in receipt.groups(returning.receipt)[:3]:
        assert not any(group.encode() in url.encode() for _method, url, _body in returning.sent)
    assert len({len(body) for _method, url, body in returning.sent if url.endswith("/niem-phong/gui")}) == 1


def test_where_sealing_fails_the_message_stays_and_goes_the_other_way_only_when_asked(
    returning: Writer, handlers: list[Handler]
) -> None:
    page = opens(returning)
    page.locator("#message").wait_for()
    page.evaluate("() => { crypto.subtle.encrypt = () => Promise.reject(new Error('broken')); }")
    writes(page, CANARY)
    expect(page.get_by_text("Chưa niêm phong được tin trên máy này.")).to_be_visible()
    assert page.input_value("#message") == CANARY
    assert CANARY.encode() not in b"".join(returning.bodies)
    page.fill("#message", f"{CANARY} Sửa lại.")
    page.route("**/hop-thu/gui", lambda route: route.abort("connectionreset"))
    page.get_by_role("button", name="Gửi theo cách khác").click()
    expect(page.get_by_role("heading", name="Mạng bị ngắt")).to_be_visible()
    assert page.input_value("#message") == f"{CANARY} Sửa lại."
    page.unroute("**/hop-thu/gui")
    page.get_by_role("button", name="Gửi tin").click()
    page.get_by_role("button", name="Gửi theo cách khác").click()
    expect(page.get_by_role("heading", name="Tin của bạn đã đến")).to_be_visible()
    (line,) = handlers[0].cases()
    assert [entry.text for entry in handlers[0].opens(line.case_id).entries] == [f"{CANARY} Sửa lại."]


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
    expect(page.get_by_role("heading", name="Mạng bị ngắt")).to_be_visible()
    assert page.input_value("#message") == CANARY
    page.unroute("**/niem-phong/gui")
    page.get_by_role("button", name="Gửi tin").click()
    expect(page.get_by_text("Tin của bạn đã đến")).to_be_visible()
    (line,) = handlers[0].cases()
    assert [entry.text for entry in handlers[0].opens(line.case_id).entries] == [CANARY]


def test_who_answered_meanwhile_moves_the_place_and_the_message_is_sealed_anew(
    returning: Writer, reporter: Reporter, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealed_mailbox, "SHOWN", 1)
    for text in ("Tin thứ nhất.", "Tin thứ hai."):
        handlers[0].answers(reporter.case_id, text)
    page = opens(returning)
    expect(page.get_by_text("Tin thứ hai.")).to_be_visible()
    expect(page.get_by_text("Tin thứ nhất.")).to_have_count(0)
    page.get_by_role("button", name="Xem tin cũ hơn").click()
    expect(page.get_by_text("Tin thứ nhất.")).to_be_visible()
    expect(page.get_by_role("button", name="Xem tin cũ hơn")).to_be_hidden()
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
