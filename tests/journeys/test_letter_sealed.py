"""A reporter whose browser runs scripts: the letter is sealed there, and what leaves the browser tells nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from core import clock, db, rosters
from core.access import Role
from intake.cases import Holder, NoSuchCase, load
from intake.casework import names
from intake.counts import tally
from intake.form.questions import FORM
from intake.keys.founding import Founded
from intake.seal import guards
from intake.seal.letters import read_compact
from tests import factories
from tests.conftest import Live
from tests.journeys.people import goes_back, says_its_name
from tests.journeys.sealing import CANARIES, CONTACT, LEAST, NAME, STORY, Writer
from tests.letters import Handler, Reporter, desks, sign_a_new_roster

Look = Callable[[Page], None]

pytestmark = pytest.mark.browser


@pytest.fixture
def centre(app: Flask) -> Iterator[Founded]:
    """Everybody enrolled, the roster signed, the log begun."""
    with factories.cheap_locks():
        yield factories.found_centre(app)


@pytest.fixture
def handlers(app: Flask, centre: Founded) -> list[Handler]:
    """The two handlers at their desks."""
    return desks(app, centre)


@pytest.fixture
def writer(visitor: BrowserContext, app: Flask, centre: Founded) -> Writer:
    return Writer(visitor, app)


def test_a_letter_sealed_in_the_browser_is_read_by_a_handler_and_answered(
    writer: Writer, app: Flask, handlers: list[Handler]
) -> None:
    writer.context.add_init_script("Date.now = ((now) => () => now() + 86_400_000)(Date.now)")
    receipt = writer.writes(**CANARIES)
    (line,) = handlers[0].cases()
    assert line.urgent
    arrived = clock.now() - datetime.fromisoformat(line.flags["arrived_at"])
    assert timedelta(0) <= arrived < timedelta(minutes=3), "the minute is the server's, not tomorrow's"
    assert line.flags["what_kind"] == ["physical", "money"]
    opened = handlers[0].opens(line.case_id)
    assert opened.story["narrative"] == STORY
    assert opened.story["relation"] == "superior"
    assert opened.safe_contact["safe_contact"] == CONTACT
    handlers[1].answers(line.case_id, "Chúng tôi đã đọc.")
    returning = Reporter(app, receipt=receipt)
    mailbox = returning.opens().text
    assert "Chúng tôi đã đọc." in mailbox
    returning.adds("Cảm ơn")
    assert handlers[0].opens(line.case_id).entries[-1].text == "Cảm ơn"


def test_names_open_for_two_and_the_tally_for_a_custodian_alone(
    writer: Writer, app: Flask, centre: Founded, handlers: list[Handler]
) -> None:
    writer.writes(**CANARIES)
    (line,) = handlers[0].cases()
    handlers[0].judges(line.case_id)
    custodian, handler = centre.of(Role.CUSTODIAN)[0], handlers[0]
    assert custodian.credentials.seed
    with app.app_context(), db.writing() as session:
        half = names.lend_half(
            session, custodian.identity, custodian.credentials.seed, line.case_id, handler.person.person_id
        )
        found = names.open_name(session, handler.person.identity, handler.seed, line.case_id, half)
        assert found["reporter_name"] == NAME
        assert found["people_involved"] == CANARIES["people_involved"]
        cells = tally.open_cells(
            session, custodian.identity, custodian.credentials.seed, releases=[], as_of=clock.today()
        ).cells
    told = {"counts": "own", "kind": "other", "sex": "female", "age": "from_18", "setting": "unsaid"}
    assert cells[line.case_id].items() >= {**told, "state": "open", "first_answer": "not_yet"}.items()


def test_who_was_struck_out_finds_nothing(
    writer: Writer, app: Flask, centre: Founded, handlers: list[Handler]
) -> None:
    keeper, struck = centre.of(Role.CUSTODIAN)[::2]
    out = [handlers[0].person.person_id, struck.person_id]
    writer.writes(narrative=STORY, exclude_handlers=out)
    assert handlers[0].cases() == []
    (line,) = handlers[1].cases()
    with pytest.raises(NoSuchCase):
        handlers[0].opens(line.case_id)
    assert set(handlers[1].opens(line.case_id).story["exclude_handlers"]) == set(out)
    with app.app_context(), db.reading() as session:
        chain, case = rosters.chain(session), load(session, line.case_id)
        opened = case.open_for(Holder.of(keeper.identity, keeper.credentials.seed or b""), chain)
        tally = read_compact(case.read_first("tally", opened, chain).payload)
        kept = guards.guards(*guards.said_in(tally, chain))
    assert struck.person_id in kept.left_out(chain[-1]), "by the tally, slots made anew stay dead as well"
    assert keeper.person_id not in kept.left_out(chain[-1])


def test_a_lost_connection_sends_the_same_body_again_and_makes_one_case(
    writer: Writer, app: Flask, handlers: list[Handler]
) -> None:
    page = writer.opens()
    writer.answers(narrative=STORY)

    def arrives_but_the_answer_is_lost(route: Route) -> None:
        route.fetch()
        route.abort("connectionreset")

    waiting: list[Route] = []
    page.route("**/thu/khoa.json", lambda route: waiting.append(route))
    page.get_by_role("button", name="Gửi thư").click()
    expect(page.get_by_text("Đang niêm phong thư")).to_be_visible()
    page.get_by_role("button", name="Quay lại").click()  # nothing changes under a letter that is being sealed
    expect(page.get_by_role("button", name="Gửi thư")).to_be_visible()
    waiting[0].abort("connectionreset")
    expect(page.get_by_text("Chưa có gì được gửi đi")).to_be_visible()
    expect(page.get_by_role("button", name="Quay lại")).to_be_visible()  # and all of it may still be changed
    assert writer.bodies == []
    page.unroute("**/thu/khoa.json")
    page.route("**/thu/niem-phong", arrives_but_the_answer_is_lost)
    page.get_by_role("button", name="Gửi thư").click()
    expect(page.get_by_text("Mạng bị ngắt khi đang gửi")).to_be_visible()
    page.unroute("**/thu/niem-phong")
    receipt = writer.sends()
    first, second = writer.bodies
    assert first == second
    assert len(handlers[0].cases()) == 1
    assert "Hộp thư của bạn" in Reporter(app, receipt=receipt).opens().text


def test_a_roster_that_changed_while_writing_is_shown_and_nothing_is_lost(
    writer: Writer, app: Flask, centre: Founded, handlers: list[Handler]
) -> None:
    page = writer.opens()
    writer.answers(narrative=STORY, exclude_handlers=[handlers[0].person.person_id])
    sign_a_new_roster(app, centre)
    page.get_by_role("button", name="Gửi thư").click()
    expect(page.get_by_text("Danh sách người đọc vừa thay đổi")).to_be_visible()
    expect(page.get_by_text("Người mới: Ngô Thị Mới (Dược sĩ).")).to_be_visible()
    assert page.get_by_text("Không còn trong danh sách").count() == 0
    assert writer.bodies == [], "nothing is sealed to people who were not shown"
    expect(page.get_by_label("Ngô Thị Mới")).to_be_visible()
    assert page.locator(".ask:visible :checked").get_attribute("value") == handlers[0].person.person_id
    page.get_by_role("button", name="Tiếp tục").click()
    writer.sends()
    assert handlers[0].cases() == []
    (line,) = handlers[1].cases()
    assert handlers[1].opens(line.case_id).story["narrative"] == STORY


def test_an_answer_is_changed_and_leads_back_to_the_whole(writer: Writer) -> None:
    page = writer.opens()
    writer.answers(narrative="Dòng một.")
    page.get_by_role("button", name=re.compile("Sửa.*Bạn muốn kể điều gì")).click()
    page.fill("#narrative", "ệ" * 4001)
    page.get_by_role("button", name="Tiếp tục").click()
    assert "4.001" in page.inner_text("#narrative-error")
    page.fill("#narrative", "Dòng khác.")
    page.get_by_role("button", name="Tiếp tục").click()
    assert "Dòng khác." in page.inner_text("main")
    page.get_by_role("button", name=re.compile("Sửa.*Bạn là ai trong chuyện này")).click()
    writer.says("reporter_role", "witness")
    page.get_by_role("button", name="Tiếp tục").click()
    assert writer.asked == "survivor_aware"


def test_leaving_at_once_asks_nothing_and_leaves_nothing(writer: Writer) -> None:
    page = writer.opens()
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.type), dialog.accept()))
    writer.says("ack_limits", "yes")
    page.get_by_role("button", name="Tiếp tục").click()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_url("**/tam-biet")
    assert dialogs == []
    goes_back(page)
    assert page.locator(":checked:not([value=mailbox])").count() == 0


def test_nothing_is_asked_where_nothing_was_written(writer: Writer) -> None:
    page = writer.opens()
    inside = page.get_by_text("Trang này đang mở trong Zalo")
    assert not inside.is_visible()
    zalo = "Object.defineProperty(navigator, 'userAgent', { value: navigator.userAgent + ' Zalo android/12110303' })"
    page.add_init_script(zalo)
    writer.opens()
    assert inside.is_visible()
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.type), dialog.accept()))
    page.get_by_text("Trước khi kể").first.click()
    page.reload()
    assert dialogs == []


def test_a_fault_anywhere_in_the_script_is_said_and_nothing_is_lost(
    browser: Browser, live: Live, app: Flask, centre: Founded, handlers: list[Handler]
) -> None:
    context = browser.new_context(base_url=live.url, locale="vi-VN")
    writer = Writer(context, app)
    page = writer.opens()
    writer.answers(narrative=STORY)
    page.evaluate("() => { setTimeout(() => { throw new Error('injected') }) }")
    expect(page.get_by_text("Chưa niêm phong được thư trên máy này")).to_be_visible()
    page.get_by_role("button", name="Gửi theo cách khác").click()
    assert STORY in page.inner_text("main")
    context.close()


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_every_question_is_open_to_everybody(writer: Writer, assert_accessible: Look, prefix: str) -> None:
    page = writer.opens(f"{prefix}/thu")
    said = {**LEAST, **CANARIES, "reporter_role": "witness", "survivor_aware": "no", "age_group": "under_16"}
    for _ in range(30):
        if page.locator("[data-send]").count():
            break
        assert page.locator("h1:visible").count() == 1
        says_its_name(page, FORM[writer.asked], prefix)
        writer.says(writer.asked, said.get(writer.asked))
        if not prefix:  # the same page but for its words, which were just looked at
            assert_accessible(page)
        page.get_by_role("button", name="Continue" if prefix else "Tiếp tục", exact=True).click()
    assert page.locator("h1:visible").count() == 1
    assert_accessible(page)


def test_the_keyboard_alone_writes_and_sends_a_letter(writer: Writer, handlers: list[Handler]) -> None:
    page = writer.opens()
    for _ in range(60):
        if page.locator("[data-send]").count():
            break
        name = writer.asked
        page.keyboard.press("Tab")
        focused = "document.activeElement.name || ''"
        while page.evaluate(focused) != name:
            page.keyboard.press("Tab")
        if name in LEAST:
            page.keyboard.press("Space")
        if name == "narrative":
            page.keyboard.type(STORY)
        while not page.evaluate("document.activeElement.matches('[data-next]')"):
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
    while not page.evaluate("document.activeElement.matches('[data-send]')"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator("#receipt").wait_for()
    digits = page.inner_text("#receipt")
    page.emulate_media(media="print")
    assert "Ảnh, ghi âm" not in page.inner_text("body"), "paper does not say what the digits are for"
    page.emulate_media(media="screen")
    while page.evaluate("document.activeElement.name") != "digits":
        page.keyboard.press("Tab")
    page.keyboard.type(digits)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Mã bạn ghi là đúng")).to_be_focused()
    (line,) = handlers[0].cases()
    assert handlers[0].opens(line.case_id).story["narrative"] == STORY


def test_sealing_takes_no_patience(writer: Writer) -> None:
    page = writer.opens()
    writer.answers(narrative=STORY)
    page.evaluate(
        """() => { const ask = fetch; let at = 0;
          document.querySelector("[data-send]").addEventListener("click", () => { at = performance.now(); }, true);
          globalThis.fetch = (...all) => { globalThis.took = performance.now() - at; return ask(...all); }; }"""
    )
    writer.sends()
    took = page.evaluate("took")
    print(f"sealed in {took:.0f} ms, {len(writer.bodies[-1])} bytes sent")
    assert took < 5000, took


def test_a_warning_stands_before_leaving_with_something_written(writer: Writer) -> None:
    page = writer.opens()
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.type), dialog.accept()))
    page.locator("#ack_limits").check()
    page.reload()
    assert dialogs == ["beforeunload"]
    assert not page.locator("#ack_limits").is_checked()


def test_a_first_visit_is_light_and_asks_nobody_else(
    visitor: BrowserContext, live: Live, centre: Founded
) -> None:
    page = visitor.new_page()
    found: dict[str, int] = {}
    page.on("response", lambda said: found.update({said.url: int(said.headers["content-length"])}))
    page.goto("/thu")
    page.locator("[data-progress]").wait_for()
    page.wait_for_load_state("networkidle")
    assert all(url.startswith(live.url) for url in found)
    assert len(found) <= 5, found
    assert sum(found.values()) <= 55_000, found
