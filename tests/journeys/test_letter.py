"""A letter from end to end, as the people in front of it see it: written, opened, answered, read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from core.access import Role
from intake.form.questions import FORM
from intake.keys.founding import Founded
from tests import factories
from tests.conftest import Live, window
from tests.journeys.people import HandlerAtDesk, LetterWriter, goes_back, says_its_name

pytestmark = pytest.mark.browser

Look = Callable[[Page], None]


@pytest.fixture
def centre(app: Flask) -> Iterator[Founded]:
    with factories.cheap_locks():
        yield factories.found_centre(app)


@pytest.fixture
def desk(browser: Browser, live: Live, centre: Founded) -> Iterator[HandlerAtDesk]:
    with window(browser, live.url) as context:
        yield HandlerAtDesk(context.new_page(), live.app, centre.of(Role.HANDLER)[0])


@pytest.fixture
def unscripted(visitor: BrowserContext) -> BrowserContext:
    """A window in which the letter's own script does not arrive; test_letter_sealed.py has those where it does."""
    visitor.route("**/letter.js", lambda route: route.abort())
    return visitor


@pytest.fixture(params=["unscripted", "scripts_off"])
def both_kinds(request: pytest.FixtureRequest) -> BrowserContext:
    """A window without the letter's script, then one without any."""
    found: BrowserContext = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts on", "scripts off"])
def test_a_letter_is_written_opened_answered_and_read(
    browser: Browser,
    live: Live,
    centre: Founded,
    desk: HandlerAtDesk,
    assert_accessible: Look,
    scripts: bool,
) -> None:
    with window(browser, live.url, java_script_enabled=scripts) as context:
        _from_end_to_end(LetterWriter(context.new_page(), scripts=scripts), desk, assert_accessible)


def _from_end_to_end(writer: LetterWriter, desk: HandlerAtDesk, assert_accessible: Look) -> None:
    writer.writes("Chuyện xảy ra ở phòng trực.\nTôi sợ.", name="Nguyễn Thị Ẩn")

    desk.signs_in()
    assert "Đe dọa, xúc phạm" in desk.list()
    read = desk.opens_the_first()
    assert "Chuyện xảy ra ở phòng trực." in read
    assert "Nguyễn Thị Ẩn" not in read
    assert_accessible(desk.page)
    assert "Đã gửi trả lời" in desk.answers("Cảm ơn bạn đã viết. Bạn muốn chúng tôi làm gì trước?")

    mailbox = writer.reads()
    assert "Có tin nhắn mới cho bạn" in mailbox
    assert "Bạn muốn chúng tôi làm gì trước?" in mailbox
    assert "Chuyện xảy ra" not in mailbox
    assert "Cán bộ tiếp nhận" in mailbox
    assert "Tin của bạn đã đến" in writer.adds("Tôi muốn đổi ca trực.")

    assert "Tôi muốn đổi ca trực." in desk.opens_the_first()
    assert "Đã ghi nhận định" in desk.judges("yes", "psychological")


def test_every_page_of_a_letter_is_open_to_everybody(
    centre: Founded, unscripted: BrowserContext, assert_accessible: Look
) -> None:
    for prefix in ("", "/en"):
        writer = LetterWriter(unscripted.new_page(), prefix)
        page = writer.page
        page.goto(f"{prefix}/giup-do")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert_accessible(page)
        page.goto(f"{prefix}/thu")
        assert_accessible(page)
        for field in FORM.fields:
            says_its_name(page, field, prefix)
        writer.goes_on()
        assert_accessible(page)  # with every error there is
        writer.fills_in("Một dòng.")
        writer.checks()
        assert_accessible(page)
        writer.sends()
        assert_accessible(page)
        writer.reads()
        assert_accessible(page)
        writer.adds("Thêm một dòng.")
        assert_accessible(page)


def test_an_error_is_gathered_on_top_and_leads_to_its_question(
    centre: Founded, both_kinds: BrowserContext
) -> None:
    writer = LetterWriter(both_kinds.new_page())
    writer.fills_in("Giữ lại dòng này.")
    writer.page.uncheck("#ack_limits")
    writer.goes_on()
    summary = writer.page.locator("[role=alert] a")
    expect(summary).to_have_count(1)
    expect(writer.page).to_have_title("Có chỗ cần xem lại – Góc nhân viên – Viết thư")
    summary.click()
    assert writer.page.url.endswith("#ack_limits")
    expect(writer.page.locator("#narrative")).to_have_value("Giữ lại dòng này.")


def test_an_answer_is_changed_from_the_check_page_and_nothing_else_is_lost(
    centre: Founded, both_kinds: BrowserContext
) -> None:
    writer = LetterWriter(both_kinds.new_page())
    writer.fills_in("Dòng một.\nDòng hai.", name="Nguyễn Thị Ẩn")
    writer.goes_on()
    writer.page.click("button[name=edit][value=narrative]")
    assert writer.page.url.endswith("/thu#narrative")
    expect(writer.page.locator("#narrative")).to_have_value("Dòng một.\nDòng hai.")
    expect(writer.page.locator("#reporter_name")).to_have_value("Nguyễn Thị Ẩn")
    writer.page.fill("#narrative", "Dòng khác.")
    writer.goes_on()
    assert "Dòng khác." in writer.page.inner_text("main")


def test_going_back_and_sending_again_shows_the_same_receipt(
    centre: Founded, scripts_off: BrowserContext
) -> None:
    writer = LetterWriter(scripts_off.new_page())
    writer.fills_in_by_keyboard("Một lần thôi.")
    writer.page.get_by_role("heading", name="Xem lại trước khi gửi").wait_for()
    assert "Một lần thôi." in writer.page.inner_text("main")
    carried = writer.page.get_attribute("input[name=receipt]", "value")
    writer.goes_on()
    writer.copies_the_receipt()
    assert writer.receipt == carried
    on_paper = writer.paper()
    assert writer.receipt in "".join(on_paper.split())
    assert not [
        words for words in ("hư của bạn đã", "hộp thư", "113", "Ghi mã", "Thoát") if words in on_paper
    ]
    writer.page.reload()
    writer.copies_the_receipt()
    assert writer.receipt == carried


def test_a_struck_out_handler_finds_an_empty_desk(
    centre: Founded, unscripted: BrowserContext, desk: HandlerAtDesk
) -> None:
    LetterWriter(unscripted.new_page()).writes("Về người này.", struck=desk.person.person_id)
    desk.signs_in()
    assert "Chưa có thư nào" in desk.list()


def test_the_back_button_shows_nothing_typed_after_going_on_or_leaving_at_once(
    centre: Founded, unscripted: BrowserContext
) -> None:
    writer = LetterWriter(unscripted.new_page())
    writer.fills_in("Không ai được thấy.")
    writer.goes_on()
    goes_back(writer.page)
    assert writer.page.input_value("#narrative") == ""
    writer.fills_in("Không ai được thấy.")
    told = "(what) => dispatchEvent(new PageTransitionEvent(what, { persisted: true }))"
    writer.page.evaluate(
        told, "pagehide"
    )  # into the browser's memory, where it keeps pages for the back button
    assert writer.page.inner_text("body").strip() == ""
    with writer.page.expect_navigation():
        writer.page.evaluate(told, "pageshow")
    writer.fills_in("Không ai được thấy.")
    writer.page.keyboard.press("Escape")
    writer.page.keyboard.press("Escape")
    writer.page.wait_for_url("**/tam-biet")
    goes_back(writer.page)
    assert "Không ai được thấy." not in writer.page.content()
