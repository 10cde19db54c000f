"""People in front of a real browser: a reporter who writes and comes back, a handler who reads and answers."""

from __future__ import annotations

import re

from flask import Flask
from playwright.sync_api import Error, Page, expect

from core import db
from core.installation import installation_id
from intake.form.questions import Field
from intake.keys.founding import Settled
from intake.mailbox import mailbox
from intake.seal import receipt
from tests.factories import code_for, forget_codes

LEAST = {
    "ack_limits": "yes",
    "danger_now": "no",
    "reporter_role": "self",
    "age_group": "18_59",
    "what_kind": "threats",
    "contact_mode": "mailbox",
}
"""What has to be answered."""


def goes_back(page: Page) -> None:
    """Press the browser's back button; just after a change of page Chromium may have no list of visits for a moment."""
    for _ in range(40):
        try:
            page.go_back()
        except Error as refused:
            if "Not attached to an active page" not in str(refused):
                raise
            page.wait_for_timeout(50)
        else:
            return
    raise AssertionError("the browser never went back")


def says_its_name(page: Page, field: Field, prefix: str) -> None:
    """What a screen reader says of a question, in the language of the page: its words, its choices, why it is asked."""
    words = (lambda text: text.en) if prefix else (lambda text: text.vi)
    role = {"tick": "checkbox", "text": "textbox"}.get(field.kind, "group")
    asked = page.get_by_role(role, name=words(field.label), exact=True)  # type: ignore[arg-type]
    expect(asked).to_have_accessible_description(re.compile(re.escape(words(field.why))))
    for option in field.options:
        kind = "radio" if field.kind == "one" else "checkbox"
        assert asked.get_by_role(kind, name=words(option.label), exact=True).count() == 1  # type: ignore[arg-type]


class LetterWriter:
    """A reporter, with what they have written down.

    scripts: whether the browser runs them; then the page may ask one question at a time and seal by itself.
    """

    def __init__(self, page: Page, prefix: str = "", *, scripts: bool = False) -> None:
        self.page, self.prefix, self.scripts = page, prefix, scripts
        self.receipt = ""

    def fills_in(self, story: str = "", name: str = "", struck: str = "") -> None:
        """Answer the six questions that need it, and tell as much as one wants."""
        page = self.page
        page.goto(f"{self.prefix}/thu")
        said = {**LEAST, "narrative": story, "reporter_name": name, "exclude_handlers": struck}
        if self._one_by_one():
            for _ in range(40):
                if page.locator("[data-send]").count():
                    return
                asked = page.locator(".ask:visible [name]").first.get_attribute("name") or ""
                self._says(asked, said.get(asked, ""))
                page.locator("[data-next]").click()
            raise AssertionError("the questions have no end")
        for asked, value in said.items():
            self._says(asked, value)

    def fills_in_by_keyboard(self, story: str) -> None:
        """The same with the Tab key, arrows and the space bar alone, down to the button, which is pressed."""
        self.page.goto(f"{self.prefix}/thu")
        said, press = {**LEAST, "narrative": story}, self.page.keyboard.press
        for _ in range(150):
            press("Tab")
            name, kind, value = self._focused()
            wanted = said.get(name, "")
            if kind == "submit" and not name:
                return press("Enter")
            if kind == "textarea" and wanted:
                self.page.keyboard.type(wanted)
            if kind == "radio" and wanted:
                for _ in range(9):
                    if self._focused()[2] != wanted:
                        press("ArrowDown")
                press("Space")
            if kind == "checkbox" and value == wanted:
                press("Space")
        raise AssertionError("the Tab key never comes to the button")

    def _focused(self) -> tuple[str, str, str]:
        """Name, kind and value of what has the focus."""
        found = self.page.evaluate("(({ name, type, value }) => [name, type, value])(document.activeElement)")
        name, kind, value = (one or "" for one in found)
        return name, kind, value

    def _one_by_one(self) -> bool:
        if not self.scripts or not self.page.locator("form[data-letter]").count():
            return False
        self.page.locator("[data-progress]").wait_for()
        return True

    def _says(self, asked: str, value: str) -> None:
        if not value:
            return
        written = self.page.locator(f"textarea[name='{asked}'], input[type=text][name='{asked}']")
        if written.count():
            written.fill(value)
        else:
            self.page.check(f"input[name='{asked}'][value='{value}']")

    def checks(self) -> None:
        """Look at everything once more."""
        if not self.page.locator("[data-send]").count():
            self.goes_on()

    def sends(self) -> None:
        """Send what was checked, and copy the receipt down."""
        if self.page.locator("[data-send]").count():
            self.page.click("[data-send]")
        else:
            self.goes_on()
        self.copies_the_receipt()

    def goes_on(self) -> None:
        """Press the page's main button."""
        self.page.click("main form:visible .btn:not(.btn--plain)")

    def writes(self, story: str = "", name: str = "", struck: str = "") -> None:
        """Write, check, send, copy the receipt down and type one group back."""
        self.fills_in(story, name, struck)
        self.checks()
        self.sends()
        self.page.fill("#digits", self.receipt)  # the whole receipt counts as any of its groups
        self.goes_on()
        self.page.locator(".panel").wait_for()

    def copies_the_receipt(self) -> None:
        """Write the digits down."""
        shown = self.page.inner_text("#receipt")
        self.receipt = "".join(character for character in shown if character.isdigit())
        assert len(self.receipt) == 24

    def paper(self) -> str:
        """What a printer would put on paper."""
        self.page.emulate_media(media="print")
        words = self.page.inner_text("body")
        self.page.emulate_media(media="screen")
        return words

    def reads(self) -> str:
        """Open the mailbox and read everything in it."""
        self.page.goto(f"{self.prefix}/hop-thu")
        if self.scripts:
            self.page.get_by_text(re.compile("không rời khỏi máy|does not leave your device")).wait_for()
        self.page.fill("#receipt", receipt.shown(self.receipt))
        self.goes_on()
        self.page.locator("main #message, main [aria-invalid]").first.wait_for()
        return self.page.inner_text("main")

    def adds(self, message: str) -> str:
        """Write more, in the open mailbox."""
        self.page.fill("#message", message)
        self.goes_on()
        self.page.locator("main .notice.is-done:visible").first.wait_for()
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
        self.page.click("main table tbody a >> nth=0")
        self.page.click("form[action$='/mo'] .btn")
        return self.page.inner_text("main")

    def answers(self, text: str) -> str:
        """Answer in the opened letter."""
        self.page.fill("#message", text)
        self.page.click("form[action$='/tra-loi'] .btn:not(.btn--plain)")
        return self.page.inner_text("main")

    def judges(self, genuine: str, gbv_type: str) -> str:
        """Record what this case is."""
        self.page.check(f"input[name=genuine][value={genuine}]")
        self.page.check(f"input[name=gbv_type][value={gbv_type}]")
        self.page.click("form[action$='/nhan-dinh'] .btn")
        return self.page.inner_text("main")
