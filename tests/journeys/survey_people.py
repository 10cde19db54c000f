"""People around a survey in front of a real browser: respondents, a campaigner at the desk, a custodian who joins."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from flask import Flask
from playwright.sync_api import Page

from intake.keys.founding import Settled
from tests.factories import code_for, forget_codes

SEND = "main form .btn"
FAR = 120
"""No page of the survey takes more presses of the tabulator than this."""


class AtHome:
    """A respondent with a card, a phone or a computer, and nothing else."""

    def __init__(self, page: Page, card: str = "", prefix: str = "") -> None:
        self.page, self.card, self.prefix = page, card, prefix

    def finds_the_survey(self) -> str:
        """From the list to the questions; returns the name of the page."""
        self.page.goto(f"{self.prefix}/khao-sat/")
        self.page.click(".door")
        return self.page.inner_text("h1")

    def fills_in(self, **given: Any) -> None:
        """Type the card and choose; a list stands for several ticks."""
        if self.card:
            self.page.fill("#card", self.card)
        for name, answer in given.items():
            for one in [answer] if isinstance(answer, str) else answer:
                self.page.check(f"input[name='{name}'][value='{one}']")

    def sends(self) -> str:
        """Press the button; what the page says then."""
        self.page.click(SEND)
        return self.page.inner_text("main")

    def answers(self, **given: Any) -> str:
        """Find the survey, fill it in, send it."""
        self.finds_the_survey()
        self.fills_in(**given)
        return self.sends()


class WithoutMouse(AtHome):
    """A respondent who uses the keys alone."""

    def finds_the_survey(self) -> str:
        self.page.goto(f"{self.prefix}/khao-sat/")
        self._goes_to("a.door")
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        return self.page.inner_text("h1")

    def fills_in(self, **given: Any) -> None:
        if self.card:
            self._goes_to("#card")
            self.page.keyboard.type(self.card)
        for name, answer in given.items():
            several = not isinstance(answer, str)
            for one in answer if several else [answer]:
                self._chooses(name, one, several=several)

    def sends(self) -> str:
        self._goes_to("#send")
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        return self.page.inner_text("main")

    def _chooses(self, name: str, value: str, *, several: bool) -> None:
        wanted = f"input[name='{name}'][value='{value}']"
        if several:
            self._goes_to(wanted)
            self.page.keyboard.press("Space")
            return
        self._goes_to(f"input[name='{name}']")
        self.page.keyboard.press("Space")
        for _ in range(20):
            if self.page.is_checked(wanted):
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{value} cannot be reached with the arrows")

    def _goes_to(self, selector: str) -> None:
        for _ in range(FAR):
            if self.page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{selector} cannot be reached with the keys")


class SignedIn:
    """Somebody with a sign-in, at their own computer."""

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


class CampaignerAtDesk(SignedIn):
    """The campaigner."""

    def looks(self) -> str:
        """What the desk says."""
        self.page.goto(f"{self.prefix}/dieu-hanh/")
        return self.page.inner_text("main")

    def plans(self, wave: str, opens: date, closes: date, invited: int = 0) -> str:
        """Write a round down."""
        self.page.goto(f"{self.prefix}/dieu-hanh/dot-moi")
        self.page.check(f"input[name=wave][value={wave}]")
        self.page.fill("#opens_on", f"{opens:%d/%m/%Y}")
        self.page.fill("#closes_on", f"{closes:%d/%m/%Y}")
        self.page.fill("#invited", str(invited or ""))
        self.page.click("main form .btn")
        return self.page.inner_text("main")

    def brings(self, workbook: str) -> str:
        """Upload a questionnaire; what the next page says."""
        self.page.goto(f"{self.prefix}/dieu-hanh/bang-hoi/")
        self.page.set_input_files("#tep", workbook)
        self.page.click("main form .btn")
        return self.page.inner_text("main")

    def types_a_paper(self, **numbers: str) -> str:
        """One typing of a paper with the keys alone, from the box the page puts one into; what the next page says."""
        for _ in range(FAR):
            name = self.stands_on()
            if name == "send":
                break
            self.page.keyboard.type(numbers.get(name, ""))
            if self.stands_on() == name:
                self.page.keyboard.press("Enter")
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        return self.page.inner_text("main")

    def stands_on(self) -> str:
        """The id of the box the next key goes to."""
        return str(self.page.evaluate("document.activeElement.id"))

    def brings_answers(self, before: bytes, after: bytes) -> str:
        """Upload two files collected elsewhere; what the page of their columns says."""
        self.page.goto(f"{self.prefix}/dieu-hanh/noi-khac/")
        for name, file in (("truoc", before), ("sau", after)):
            self.page.set_input_files(
                f"#{name}", {"name": f"{name}.csv", "mimeType": "text/csv", "buffer": file}
            )
        self.page.click("main form .btn")
        return self.page.inner_text("main")

    def prints(self, count: int) -> list[str]:
        """Make cards, and read what the paper says."""
        self.looks()
        self.page.fill("#count", str(count))
        self.page.click("main form[action$='/the'] [data-page]")
        return [re.sub(r"\s+", " ", code) for code in self.page.locator(".card output").all_inner_texts()]

    def opens(self) -> str:
        """Open the planned round, after reading what that means."""
        return self._does("mo")

    def closes(self) -> str:
        """Close the open round, after reading what that means."""
        return self._does("dong")

    def reads_what_changed(self) -> str:
        """Follow the desk's next step to the results."""
        self.looks()
        self.page.click("main .notice .btn")
        return self.page.inner_text("main")

    def _does(self, deed: str) -> str:
        self.looks()
        self.page.click(f"main a[href$='/{deed}']")
        self.page.click("main form .btn >> nth=0")
        return self.page.inner_text("main")


class CustodianWhoJoins(SignedIn):
    """A custodian, for a minute."""

    def joins(self) -> str:
        """Press the one button there is."""
        self.page.goto(f"{self.prefix}/lam-viec/ghep/")
        self.page.click("main form[action*='/ghep/'] .btn")
        return self.page.inner_text("main")
