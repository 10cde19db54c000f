"""The handler's list with 10,000 letters: the first one ever, any page, and the first after the next sign-in."""

from __future__ import annotations

import gc
import secrets
import time
from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

from core import db, memory, rosters
from core.access import Role
from core.db import new_id
from intake.form.questions import FORM
from intake.form.report import Report
from intake.keys.founding import Founded
from intake.seal.receipt import MailboxKeys
from intake.writing import submission
from tests import factories
from tests.conftest import SameOriginClient

LETTERS = 10_000
_AT_ONCE = 500
_PAGES = (
    "",
    "?trang=100",
    "?sap=-ngay&trang=57",
    "?han=hom-nay&loai=4",
    "?tinh-trang=dang-mo&lien-he=1&trang=9",
)


def measure(app: Flask, founded: Founded, line: Callable[[str, str, str], None]) -> None:
    """Fill the centre, sign a handler in, open pages of the list."""
    with app.app_context():
        kept_letters(LETTERS)
    app.test_client_class = SameOriginClient
    browser = factories.signed_in(app, founded.of(Role.HANDLER)[0])

    def shown(address: str) -> float:
        begun = time.perf_counter()
        assert browser.get(f"/lam-viec/{address}").status_code == 200
        return 1000 * (time.perf_counter() - begun)

    gc.collect()
    gc.freeze()  # as serve.py does
    first = _first_list(browser)
    pages = [shown(address) for address in _PAGES for _ in range(3)]
    with app.app_context():
        _forget()
    again = shown("")
    line(
        f"list of {LETTERS:,} letters, any page, slowest of {len(pages)}", f"{max(pages):,.0f} ms", "≤ 300 ms"
    )
    line("the first list ever, its first page", f"{first[0]:,.0f} ms", "≤ 1,000 ms, then progress")
    line("the same, until every slot was tried", f"{sum(first):,.0f} ms in {len(first)} pages", "")
    line("the first list after the next sign-in, by the sealed index", f"{again:,.0f} ms", "")


def _first_list(browser: FlaskClient) -> list[float]:
    """Milliseconds of each page, as it reloads by itself until every slot was tried."""
    found: list[float] = []
    while True:
        begun = time.perf_counter()
        page = browser.get("/lam-viec/").text
        found.append(1000 * (time.perf_counter() - begun))
        if 'http-equiv="refresh"' not in page:
            return found


def kept_letters(count: int) -> list[str]:
    """Ids of so many new letters."""
    with db.reading() as session:
        roster = rosters.current(session)
    kept: list[str] = []
    while len(kept) < count:
        fresh = [
            submission.seal(_report(len(kept) + one), roster, new_id(), _receipt())
            for one in range(min(_AT_ONCE, count - len(kept)))
        ]
        with db.writing() as session:
            for one in fresh:
                try:
                    submission.keep(session, one)
                except submission.PlaceTaken:
                    continue
                kept.append(one.case_id)
    return kept


def _report(number: int) -> Report:
    """Letters as different as their flags can be."""
    kinds = [option.code for option in FORM["what_kind"].options]
    return Report(
        answers={
            "reporter_role": "self",
            "danger_now": ("yes", "no", "unsure")[number % 3],
            "age_group": FORM["age_group"].options[number % 5].code,
            "what_kind": (kinds[number % 7], kinds[number // 7 % 7]),
            "when": FORM["when"].options[number % 7].code,
            "contact_mode": FORM["contact_mode"].options[number % 4].code,
            "ack_limits": True,
        }
    )


def _receipt() -> MailboxKeys:
    return MailboxKeys(token=secrets.token_bytes(32), seed=secrets.token_bytes(32))


def _forget() -> None:
    """As at the next sign-in: memory holds nothing of a desk any more."""
    store = memory.store()
    for (key,) in store._db().execute("SELECT key FROM shelf WHERE key LIKE 'desk:%'").fetchall():  # type: ignore[attr-defined]
        store.delete(key)
