"""People in front of a real browser: a reporter who writes and comes back, a handler who reads and answers."""

from __future__ import annotations

from flask import Flask
from playwright.sync_api import Page

from core import db
from core.installation import installation_id
from intake import mailbox, receipt
from intake.founding import Settled
from tests.factories import code_for, forget_codes


class LetterWriter:
    """A reporter, with what they have written down."""

    def __init__(self, page: Page, prefix: str = "") -> None:
        self.page, self.prefix = page, prefix
        self.receipt = ""

    def fills_in(self, story: str = "", name: str = "", struck: str = "") -> None:
        """Answer the six questions that need it, and tell as much as one wants."""
        page = self.page
        page.goto(f"{self.prefix}/thu")
        page.check("#ack_limits")
        for field, value in (("danger_now", "no"), ("reporter_role", "self"), ("age_group", "18_59")):
            page.check(f"input[name={field}][value='{value}']")
        page.check("input[name=what_kind][value=threats]")
        page.fill("#narrative", story)
        page.fill("#reporter_name", name)
        if struck:
            page.check(f"input[name=exclude_handlers][value='{struck}']")

    def goes_on(self) -> None:
        """Press the page's main button."""
        self.page.click("main form .btn:not(.btn--plain)")

    def writes(self, story: str = "", name: str = "", struck: str = "") -> None:
        """Write, check, send, copy the receipt down and type one group back."""
        self.fills_in(story, name, struck)
        self.goes_on()
        self.goes_on()
        self.copies_the_receipt()
        group = int(self.page.get_attribute("input[name=group]", "value") or 0)
        self.page.fill("#digits", receipt.groups(self.receipt)[group - 1])
        self.goes_on()
        assert self.page.locator(".panel").is_visible()

    def copies_the_receipt(self) -> None:
        """Write the digits down."""
        shown = self.page.inner_text("#receipt")
        self.receipt = "".join(character for character in shown if character.isdigit())
        assert len(self.receipt) == 24

    def reads(self) -> str:
        """Open the mailbox and read everything in it."""
        self.page.goto(f"{self.prefix}/hop-thu")
        self.page.fill("#receipt", receipt.shown(self.receipt))
        self.goes_on()
        return self.page.inner_text("main")

    def adds(self, message: str) -> str:
        """Write more, in the open mailbox."""
        self.page.fill("#message", message)
        self.goes_on()
        return self.page.inner_text("main")

    def case_id(self, app: Flask) -> str:
        """Which case this is: only for the test, and only with the receipt."""
        with app.app_context(), db.reading() as session:
            keys = receipt.derive(self.receipt, installation_id())
            return mailbox.find(session, self.receipt, keys).case_id


class HandlerAtDesk:
    """A handler in a browser of their own."""

    def __init__(self, page: Page, app: Flask, person: Settled, prefix: str = "") -> None:
        self.page, self.app, self.person, self.prefix = page, app, person, prefix

    def signs_in(self) -> None:
        """Type name, passphrase and code."""
        forget_codes(self.app, self.person)
        self.page.goto(f"{self.prefix}/dang-nhap")
        self.page.fill("[name=name]", self.person.sign_name)
        self.page.fill("[name=passphrase]", self.person.credentials.passphrase)
        self.page.fill("[name=code]", code_for(self.person))
        self.page.click("main form .btn")

    def list(self) -> str:
        """What the list says."""
        self.page.goto(f"{self.prefix}/lam-viec/")
        return self.page.inner_text("main")

    def opens_the_first(self) -> str:
        """Open the first letter of the list and read it."""
        self.list()
        self.page.click("main table a >> nth=0")
        self.page.click("form[action$='/mo'] .btn")
        return self.page.inner_text("main")

    def answers(self, text: str) -> str:
        """Answer in the opened letter."""
        self.page.fill("#message", text)
        self.page.click("form[action$='/tra-loi'] .btn")
        return self.page.inner_text("main")

    def judges(self, genuine: str, gbv_type: str) -> str:
        """Record what this case is."""
        self.page.check(f"input[name=genuine][value={genuine}]")
        self.page.check(f"input[name=gbv_type][value={gbv_type}]")
        self.page.click("form[action$='/nhan-dinh'] .btn")
        return self.page.inner_text("main")
