"""A reporter whose browser runs scripts: the letter is sealed there, and what leaves the browser tells nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from core import db
from intake.founding import Founded
from intake.models import CaseFile
from tests import factories
from tests.letters import Handler, Reporter, desks

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Request

pytestmark = pytest.mark.browser

STORY = "Chim hoàng yến đậu cửa sổ phòng bốn trăm mười hai."
NAME = "Nguyễn Thị Kiểm Chứng"
CONTACT = "0912 345 678, gọi sau 20 giờ"


@pytest.fixture
def centre(app: Flask) -> Iterator[Founded]:
    """Everybody enrolled, the roster signed, the log begun."""
    with factories.cheap_locks():
        yield factories.found_centre(app)


@pytest.fixture
def handlers(app: Flask, centre: Founded) -> list[Handler]:
    """The two handlers at their desks."""
    return desks(app, centre)


@dataclass
class Writer:
    """Somebody with a browser that runs scripts; `sent` is everything that left it."""

    context: BrowserContext
    app: Flask
    sent: list[tuple[str, str, bytes]] = field(default_factory=list)
    receipt: str = ""

    def __post_init__(self) -> None:
        self.context.on("request", self._remember)
        self.page: Page = self.context.new_page()

    def _remember(self, request: Request) -> None:
        self.sent.append((request.method, request.url, request.post_data_buffer or b""))

    @property
    def bodies(self) -> list[bytes]:
        """What was posted."""
        return [body for method, _url, body in self.sent if method == "POST"]

    def opens(self, address: str = "/thu") -> Page:
        """Open the page and wait until it says where the words will be sealed."""
        self.page.goto(address)
        self.page.locator("[data-progress]").wait_for()
        return self.page

    @property
    def asked(self) -> str:
        """The name of the question on the screen."""
        return str(self.page.locator(".ask:visible [name]").first.get_attribute("name"))

    def answers(self, **said: Any) -> None:
        """Go through the questions to the end: `said` by name; what is not said is skipped."""
        for _ in range(30):
            if self.page.locator("[data-send]").count():
                return
            name = self.asked
            self.says(name, said.get(name, LEAST.get(name)))
            self.page.get_by_role("button", name="Tiếp tục").click()
        pytest.fail("the questions have no end")

    def says(self, name: str, value: Any) -> None:
        """Answer the question on the screen."""
        if value is None:
            return
        ask = self.page.locator(".ask:visible")
        if ask.locator("textarea, input[type=text]").count():
            ask.locator(f"[name={name}]").fill(value)
            return
        for code in value if isinstance(value, list) else [value]:
            ask.locator(f"[name={name}][value='{code}']").check()

    def sends(self) -> str:
        """Press the button, and read the receipt."""
        self.page.get_by_role("button", name="Gửi thư").click()
        shown = self.page.locator("#receipt")
        shown.wait_for()
        self.receipt = re.sub(r"\D", "", shown.inner_text())
        return self.receipt

    def writes(self, **said: Any) -> str:
        """All of it."""
        self.opens()
        self.answers(**said)
        return self.sends()


LEAST: dict[str, Any] = {
    "ack_limits": "yes",
    "danger_now": "no",
    "reporter_role": "self",
    "age_group": "18_59",
    "what_kind": ["threats"],
    "contact_mode": "mailbox",
}
CANARIES: dict[str, Any] = {
    "danger_now": "yes",
    "danger_signs": ["choking", "stalking"],
    "sex": "female",
    "what_kind": ["physical", "money"],
    "narrative": STORY,
    "relation": "superior",
    "contact_mode": "phone",
    "safe_contact": CONTACT,
    "consent_stats": "yes",
    "people_involved": "Ông Canary Trưởng Khoa",
    "reporter_name": NAME,
}


@pytest.fixture
def writer(visitor: BrowserContext, app: Flask, centre: Founded) -> Writer:
    return Writer(visitor, app)


def count(app: Flask) -> int:
    with app.app_context(), db.reading() as session:
        return session.scalar(select(func.count()).select_from(CaseFile)) or 0


def test_a_letter_sealed_in_the_browser_is_read_by_a_handler_and_answered(
    writer: Writer, app: Flask, handlers: list[Handler]
) -> None:
    receipt = writer.writes(**CANARIES)
    (line,) = handlers[0].cases()
    assert line.urgent
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
