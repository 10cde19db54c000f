"""A reporter whose browser runs scripts, and everything that leaves that browser."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, Request

STORY = "Chim hoàng yến đậu cửa sổ phòng bốn trăm mười hai."
NAME = "Nguyễn Thị Kiểm Chứng"
CONTACT = "0912 345 678, gọi sau 20 giờ"


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
