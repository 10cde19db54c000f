"""The rules of a letter in the browser are those of the server: the same answers, errors, urgency and parts."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from core.vietnamese import nfc
from intake.form.blank import rules
from intake.form.first_steps import first_steps
from intake.form.questions import FORM
from intake.form.report import ReportRefused, split, urgent, validate
from intake.mailbox.wishes import MESSAGE, OTHER, TAKEN_BACK, read_choices, to_tap, withdrawal
from intake.retention import WITHDRAW

pytestmark = pytest.mark.browser

BROWSER = Path(__file__).parent.parent.parent / "browser"
PEOPLE = ["b" * 32, "a" * 32]
WORDS = [
    "", "  ", "Một dòng", "ệ" * 119, "e\u0323\u0302 tổ hợp", "hai\r\ndòng\tvà\u200b ẩn", "😀" * 200, "x" * 4001,
    " \n đầu và cuối \u3000", "a" + "\u0301" * 30, "\u2028 dòng \x85 mới \x0b", "\ufeff\u00a0 trắng \u00a0", "Ω ﬁ Å",
]  # fmt: skip
RUN = """async ([address, form, people, many, words]) => {
  const rules = await import(address);
  const read = (raw) => {
    const { answers, errors } = rules.read(form, (name) => raw[name] ?? [], people, (text) => text);
    const parts = rules.split(form, answers, "then");
    return { errors: Object.keys(errors), parts, urgent: rules.urgent(form, answers),
             struck: rules.struckOut(form, answers), steps: rules.steps(form, answers) };
  };
  return { read: many.map(read), nfc: words.map(rules.nfc) };
}"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_args: object) -> None:
        """Nothing: the test's own output is enough."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The browser's sources on a free loopback port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(BROWSER)))
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    opened = browser.new_page()
    opened.goto(f"{address}/package.json")
    yield opened
    opened.close()


def letters(count: int) -> Iterator[dict[str, list[str]]]:
    """Letters as a page might send them, whole and with holes."""
    draw = random.Random(20261120)
    for _ in range(count):
        raw = {}
        for field in FORM.fields:
            codes = [option.code for option in field.options] + (PEOPLE if field.choices else [])
            if field.kind == "text":
                raw[field.name] = [draw.choice(WORDS)]
            elif field.kind == "tick":
                raw[field.name] = draw.choice([[], ["yes"], ["yes"]])
            elif field.kind == "one":
                raw[field.name] = [draw.choice([*codes, *codes, ""])]
            else:
                raw[field.name] = draw.sample(codes, draw.randint(0, 3))
        yield raw


def at_the_limit() -> Iterator[dict[str, list[str]]]:
    """Stories of exactly 4,000 signs, and of one more: emoji, letters made of three, families, skins."""
    for sign in ("😀", "e\u0323\u0302", "👩\u200d👩\u200d👧", "\U0001f44d\U0001f3fd"):
        for count in (4000, 4001):
            least = {"ack_limits": ["yes"], "danger_now": ["no"], "reporter_role": ["self"]}
            yield least | {"age_group": ["18_59"], "what_kind": ["threats"], "narrative": [sign * count]}


def here(raw: dict[str, list[str]]) -> dict[str, Any] | list[str]:
    """What the server makes of it; the names of what is wrong where anything is."""
    try:
        report = validate(raw, people=PEOPLE)
    except ReportRefused as refused:
        return list(refused.errors)
    parts = dict(split(report).items())
    parts["flags"] |= {"arrived_at": "then"}
    return {
        "errors": [],
        "parts": parts,
        "urgent": urgent(report),
        "struck": sorted(report.struck_out),
        "steps": [[step.asked, step.code] for step in first_steps(report)],
    }


def test_the_browser_and_the_server_read_a_letter_alike(page: Page, address: str) -> None:
    many = [*letters(400), *at_the_limit()]
    given = [f"{address}/rules.mjs", rules(), PEOPLE, many, WORDS]
    there = page.evaluate(RUN, given)
    whole = 0
    for raw, found in zip(many, there["read"], strict=True):
        mine = here(raw)
        if isinstance(mine, list):
            assert found["errors"] == mine
        else:
            whole += 1
            assert found == mine
    assert whole > 20
    assert there["nfc"] == [nfc(text) for text in WORDS]


STANDING = """async ([address, boxes]) => {
  const wishes = await import(address);
  return boxes.map(([letters, today]) => [wishes.withdrawal(letters, today), wishes.toTap(letters)]);
}"""


@dataclass
class Said:
    """A letter as the server's mailbox knows it."""

    what: str
    mine: bool
    day: date
    choices: tuple[str, ...]


def mailboxes(count: int) -> Iterator[tuple[list[dict[str, Any]], str]]:
    """Letters of both sides over some weeks, as they lie sealed, and a day on which they are opened."""
    draw = random.Random(20261124)
    for _ in range(count):
        day, found = date(2026, 12, 20), []
        for _ in range(draw.randint(0, 6)):
            day += timedelta(days=draw.choice([0, 0, 1, 7, 14, 15]))
            letter: dict[str, Any] = {"who": draw.choice(["reporter", "handler"]), "day": day.isoformat()}
            if letter["who"] == "reporter":
                letter["what"] = draw.choice([MESSAGE, WITHDRAW, WITHDRAW, TAKEN_BACK, OTHER])
            else:
                letter["choices"] = draw.choice([None, [], "Có", ["Có", "Không"], [3, " ", *"abcdef"]])
            found.append(letter)
        yield found, (day + timedelta(days=draw.choice([0, 13, 14, 15, 40]))).isoformat()


def test_the_browser_and_the_server_reckon_a_withdrawal_and_what_can_be_tapped_alike(
    page: Page, address: str
) -> None:
    boxes = list(mailboxes(300))
    there = page.evaluate(STANDING, [f"{address}/wishes.mjs", boxes])
    standing = 0
    for (letters, today), (asked, offered) in zip(boxes, there, strict=True):
        said = [
            Said(
                what=one.get("what", MESSAGE),
                mine=one["who"] == "reporter",
                day=date.fromisoformat(one["day"]),
                choices=read_choices(one.get("choices")),
            )
            for one in letters
        ]
        mine = withdrawal(said, date.fromisoformat(today))
        standing += mine is not None
        assert asked == (
            {"asked": mine.asked.isoformat(), "until": mine.until.isoformat(), "over": mine.over}
            if mine
            else None
        )
        assert tuple(offered) == to_tap(said)
    assert standing > 50
