"""P3: with scripts the words are sealed in the reporter's browser, and the page says which of the two ways it is.

Asserted on the bytes that left a real browser, and on what a handler then opens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect

from core.access import Role
from intake.keys.founding import Founded
from tests import factories
from tests.journeys.sealing import CANARIES, CONTACT, LEAST, NAME, STORY, Writer
from tests.letters import Handler, desks

pytestmark = pytest.mark.browser

Look = Callable[[Page], None]


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


def test_without_scripts_the_page_says_that_the_letter_is_sealed_on_arrival(
    scripts_off: BrowserContext, centre: Founded
) -> None:
    page = scripts_off.new_page()
    page.goto("/thu")
    assert "niêm phong khi tới máy chủ" in page.inner_text("[data-sealing]")
    assert "ngay trên máy của bạn" not in page.inner_text("main")


def test_nothing_that_was_written_or_drawn_leaves_the_browser(writer: Writer, centre: Founded) -> None:
    struck = centre.of(Role.HANDLER)[0].person_id
    receipt = writer.writes(**CANARIES, exclude_handlers=[struck])
    told = [STORY, NAME, CONTACT, "Canary", "0912", receipt, receipt[:8], struck]
    told += ["choking", "physical", "superior", "narrative", "18_59", "Chim", "ho\\u00e0ng"]
    for _method, url, body in writer.sent:
        for canary in told:
            assert canary not in url
            assert canary.encode() not in body
        assert bytes.fromhex(struck) not in body
        assert receipt.encode() not in body


def test_every_letter_has_one_size_whatever_was_written(
    writer: Writer, app: Flask, handlers: list[Handler]
) -> None:
    longest = "ệ😀" * 2000
    writer.writes()
    writer.writes(**CANARIES)
    writer.writes(
        narrative=longest, people_involved="𝕳" * 500, reporter_name="ữ" * 120, reporter_role="witness",
        survivor_aware="no", affected_person="𝕳" * 500, contact_mode="phone", safe_contact="😀" * 300,
        support_wanted=["record_only", "listening", "medical", "shelter", "legal", "action", "protection"],
    )  # fmt: skip
    assert len(writer.bodies) == 3
    assert len({len(body) for body in writer.bodies}) == 1
    stories = [handlers[0].opens(line.case_id).story.get("narrative", "") for line in handlers[0].cases()]
    assert longest in stories


def test_the_page_says_which_way_before_anything_is_sent(writer: Writer, assert_accessible: Look) -> None:
    page = writer.opens()
    assert "niêm phong ngay trên máy của bạn" in page.inner_text("[data-sealing]")
    assert "khi tới máy chủ" not in page.inner_text("main")
    assert_accessible(page)
    page.get_by_role("button", name="Tiếp tục").click()
    expect(page.locator("#ack_limits-error")).to_be_visible()
    expect(page.locator("#ack_limits")).to_be_focused()
    assert_accessible(page)
    writer.answers(**{**CANARIES, "age_group": "under_16"})
    assert "niêm phong ngay trên máy của bạn" in page.inner_text("main")
    assert "Gọi 111" in page.inner_text("main")
    assert_accessible(page)
    writer.sends()
    assert_accessible(page)
    page.fill("#digits", "0000")
    page.get_by_role("button", name="Tôi đã ghi xong").click()
    expect(page.locator("#digits-error")).to_be_visible()
    assert_accessible(page)
    page.fill("#digits", writer.receipt)
    page.get_by_role("button", name="Tôi đã ghi xong").click()
    expect(page.locator(".panel")).to_be_visible()
    assert writer.receipt[:4] not in page.content()
    assert_accessible(page)


def test_a_browser_without_web_crypto_is_told_so_and_sends_the_other_way(
    writer: Writer, handlers: list[Handler]
) -> None:
    writer.context.add_init_script("Object.defineProperty(crypto, 'subtle', {value: undefined})")
    page = writer.page
    page.goto("/thu")
    expect(page.get_by_text("Thư không niêm phong được trên máy này")).to_be_visible()
    assert "khi tới máy chủ" in page.inner_text("[data-sealing]")
    for name, value in LEAST.items():
        page.locator(f"[name={name}][value='{value[0] if isinstance(value, list) else value}']").check()
    page.get_by_role("button", name="Xem lại trước khi gửi").click()
    page.get_by_role("button", name="Gửi thư").click()
    page.locator("#receipt").wait_for()
    assert len(handlers[0].cases()) == 1


def test_sealing_that_fails_half_way_says_so_and_never_falls_back_in_silence(
    writer: Writer, handlers: list[Handler]
) -> None:
    page = writer.opens()
    writer.answers(narrative=STORY)
    page.evaluate("() => { crypto.subtle.encrypt = () => Promise.reject(new Error('injected')) }")
    page.get_by_role("button", name="Gửi thư").click()
    expect(page.get_by_text("Chưa niêm phong được thư trên máy này")).to_be_visible()
    assert writer.bodies == []
    page.get_by_role("button", name="Gửi theo cách khác").click()
    page.get_by_role("button", name="Gửi thư").click()
    page.locator("#receipt").wait_for()
    (line,) = handlers[0].cases()
    assert handlers[0].opens(line.case_id).story["narrative"] == STORY
