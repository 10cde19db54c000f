"""Conditions in the browser are those of the server: the same values, and the same questions after the same answers."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from core import clock
from survey.asking import settle
from survey.at_once import rules
from survey.items import ANSWERED, Page
from survey.questionnaire import Questionnaire
from survey.stepping import with_page
from survey.xlsform import writing
from survey.xlsform.reading import check
from tests.vectors import make_expressions

pytestmark = pytest.mark.browser

MODULE = Path(__file__).parent.parent.parent / "static" / "conditions.js"
RUN = """async ([source, vectors, rules, many]) => {
  const { holds, calculated, settle } = await import("data:text/javascript;base64," + source);
  const answer = (name) => (Object.hasOwn(vectors.answers, name) ? vectors.answers[name] : "");
  const cases = vectors.cases.map(({ lists, own }) => {
    const facts = { today: vectors.today, own, answer };
    return [holds(lists, facts), calculated(lists, facts)];
  });
  const typed = vectors.typed.map(({ item, typed }) => {
    const settled = settle({ today: vectors.today, items: [vectors.items[item]] }, new Map([[item, [typed]]]));
    return settled.values.get(item) ?? "";
  });
  const settled = many.map((raw) => {
    const found = settle(rules, new Map(Object.entries(raw)));
    return [[...found.asked].sort(), Object.fromEntries(found.offered), Object.fromEntries(found.values)];
  });
  return { cases, typed, settled };
}"""


def example() -> Questionnaire:
    data = check(writing.example()).data
    assert data is not None
    return Questionnaire.from_json(data)


def filled_in(questionnaire: Questionnaire, count: int) -> Iterator[dict[str, list[str]]]:
    """Pages as people leave them: with holes, and with answers to what is not asked of them."""
    draw = random.Random(20261124)
    typed = ["", "0", "3", "4", "5", "51", "1,5", "x", "24/11/2026", "1/12/2026", "h", "Đ", "42"]
    for _ in range(count):
        raw = {}
        for item in questionnaire.items("before"):
            codes = [choice.code for choice in item.choices] or (list(item.span.steps()) if item.span else [])
            if item.kind == "many":
                raw[item.code] = draw.sample(codes, draw.randint(0, 3))
            elif item.kind in ANSWERED:
                raw[item.code] = [draw.choice([*codes, ""] if codes else typed)]
        yield raw


def here(questionnaire: Questionnaire, raw: dict[str, list[str]]) -> list[Any]:
    """What the server makes of it."""
    everything = questionnaire.items("before")
    page = Page(code="", title=everything[0].label, lead=None, items=everything)
    settled = settle(questionnaire, "before", with_page({}, page, raw, {}), clock.today())
    offered = {name: [choice.code for choice in choices] for name, choices in settled.offered.items()}
    return [sorted(settled.asked), offered, dict(settled.values)]


def test_the_browser_follows_conditions_as_the_server_does(browser: Browser) -> None:
    questionnaire = example()
    vectors = json.loads(make_expressions.FILE.read_text(encoding="utf-8"))
    many = list(filled_in(questionnaire, 300))
    source = base64.b64encode(MODULE.read_bytes()).decode()
    page = browser.new_page()
    there = page.evaluate(RUN, [source, vectors, json.loads(rules(questionnaire, "before")), many])
    page.close()

    assert there["cases"] == [[one["true"], one["value"]] for one in vectors["cases"]]
    assert there["typed"] == [one["coded"] for one in vectors["typed"]]
    assert there["settled"] == [here(questionnaire, raw) for raw in many]
    assert len({tuple(found[0]) for found in there["settled"]}) >= 4, "conditions came out both ways"
