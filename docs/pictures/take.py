"""Takes the pictures of the README from a running demonstration centre.

make demo PORT=8001 ACCOUNTS=/somewhere/sign-ins.json SEED=1
.venv/bin/python docs/pictures/take.py http://127.0.0.1:8001 /somewhere/sign-ins.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pyotp
from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
STORY = "Anh ấy hay nhắn cho tôi những tin tôi không muốn đọc. Tôi đã nói, nhưng anh ấy vẫn nhắn."


def main(base: str, accounts: str) -> None:
    people = {one["role"]: one for one in json.loads(Path(accounts).read_text(encoding="utf-8"))}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = _window(browser, base, 900)
        page.goto("/")
        _take(page, "home")
        _letter(_window(browser, base, 420, scripts=False))
        for role, name, address in (("handler", "desk", "/lam-viec/"), ("board", "board", "/ban/")):
            page = _signed_in(browser, base, people[role])
            page.goto(address)
            _take(page, name)
        page = _signed_in(browser, base, people["campaigner"])
        page.goto("/dieu-hanh/")
        page.click("a[href*='thay-doi']:has-text('sau chiến dịch')")
        _take(page, "effect")
        browser.close()


def _window(browser: Browser, base: str, width: int, *, scripts: bool = True) -> Page:
    view: Any = {"width": width, "height": 760}
    return browser.new_context(viewport=view, base_url=base, java_script_enabled=scripts).new_page()


def _take(page: Page, name: str, *, full: bool = False) -> None:
    page.screenshot(path=HERE / f"{name}.png", full_page=full)


def _letter(page: Page) -> None:
    page.goto("/thu")
    _take(page, "report")
    page.check("[name=ack_limits]")
    for name, value in (("danger_now", "no"), ("reporter_role", "self"), ("age_group", "18_59")):
        page.check(f"[name={name}][value='{value}']")
    page.check("[name=what_kind][value=sexual_words]")
    page.fill("[name=narrative]", STORY)
    page.click("main form button:not([name])")
    page.click("main form button:not([name])")
    digits = page.inner_text("#receipt")
    page.locator("#receipt").scroll_into_view_if_needed()
    _take(page, "receipt")
    page.goto("/hop-thu")
    page.fill("[name=receipt]", digits)
    page.click("main form button")
    _take(page, "mailbox")


def _signed_in(browser: Browser, base: str, person: dict[str, str]) -> Page:
    page = _window(browser, base, 1100)
    page.goto("/dang-nhap")
    page.fill("[name=name]", person["name"])
    page.fill("[name=passphrase]", person["passphrase"])
    page.fill("[name=code]", pyotp.TOTP(person["totp_secret"]).now())
    page.click("main form button")
    page.wait_for_load_state()
    return page


if __name__ == "__main__":
    main(*sys.argv[1:3])
