"""Surveys: statements of a response, joining of simulated staff, cards as PDF, 100,000 responses as CSV, expressions."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

from flask import Flask

from core import clock, heavy
from core.access import Role
from intake.keys.founding import Founded
from survey import cards, evaluator_files, microdata, pairing
from survey.asking import settle
from survey.expressions.xpath import Facts, calculated
from survey.questionnaire import Questionnaire
from survey.xlsform import writing
from survey.xlsform.reading import check
from tests.conftest import SameOriginClient
from tests.simulated import staff
from tests.surveys import QUESTIONS, Campaigner, Respondent, first_answers, listening

RESPONSES, CARDS = 100_000, 300
Line = Callable[[str, str, str], None]


def measure(app: Flask, founded: Founded, line: Line) -> None:
    """Everything about surveys that needs no crowd."""
    app.test_client_class = SameOriginClient
    _statements(app, founded, line)
    for people, least in ((350, 97), (3000, 90)):
        _joining(people, least, line)
    _cards(app, line)
    _rows(line)
    _expressions(line)


def _statements(app: Flask, founded: Founded, line: Line) -> None:
    campaigner = Campaigner(app, founded.of(Role.CAMPAIGNER)[0])
    first, second = campaigner.prints(2)
    round_id = campaigner.opens("before", invited=300)
    Respondent(app, first).answers(round_id, **first_answers("before"))
    with listening(app) as looked:
        Respondent(app).opens(round_id)
    with listening(app) as sent:
        Respondent(app, second).answers(round_id, **first_answers("before"))
    counted = f"{len(looked)} to look, {len(sent)} to answer"
    line("SQL statements of a survey response", counted, "≤ 5 a page")


def _joining(people: int, least: int, line: Line) -> None:
    befores, afters = staff(people, error=0.03, seed=1)
    links, took = _timed(lambda: pairing.link(befores, afters))
    false = sum(one != other for one, other in links.pairs) / people
    found = f"{len(links.pairs) / people:.1%}, false {false:.2%}, {took:.2f} s"
    line(f"joined of {people:,} staff, 3 % errors an element", found, f"≥ {least} %, false ≤ 0.2 %")


def _cards(app: Flask, line: Line) -> None:
    asked = {
        "codes": [cards.shown(cards.draw()) for _ in range(CARDS)],
        "address": "https://goc.example.vn/khao-sat/",
        "year": 2026,
        "language": "vi",
        "day": "2026-11-24",
    }
    with app.app_context():
        _, took = _timed(lambda: heavy.run("survey.card_sheet:pdf_job", asked))
    line(f"{CARDS} survey cards as PDF, in a child process", f"{took:.1f} s", "")


def _expressions(line: Line) -> None:
    """The example workbook's conditions, checks, filters and calculations over many different answers."""
    data = check(writing.example()).data
    assert data is not None
    asked = Questionnaire.from_json(data)
    day = clock.today()
    people = [
        {"da_hoc": "co", "so_lan": str(1 + number % 60), "huu_ich": "7", "nhom": "goi", "H1": ["111", "yte"]}
        for number in range(500)
    ]
    settle(asked, "before", people[0], day)
    _, took = _timed(lambda: [settle(asked, "before", one, day) for one in people])
    each = took / len(people)
    line("all rules of the example over one person's answers", f"{each * 1000:.2f} ms", "")
    facts = Facts(answers={"a": "41", "b": "x y", "d": "2026-11-20"}, today=day, own="7")
    texts = [
        "${a} > 40 and (selected(${b}, 'y') or . = 3)",
        "today() - ${d} <= 7",
        "if(${a} > 3, 'many', 'few')",
    ]
    _, took = _timed(lambda: [calculated(text, facts) for text in texts * 1000])
    line("expressions computed, one core", f"{len(texts) * 1000 / took:,.0f}/s", "")


def _rows(line: Line) -> None:
    chance = random.Random(1)
    items = [item for item in QUESTIONS.items("before") if item.choices and item.measure.kind != "linkage"]
    answers = [{item.code: _one(chance, item) for item in items} for _ in range(RESPONSES)]
    table, making = _timed(lambda: microdata.table(answers, QUESTIONS, "before"))
    size, writing = _timed(lambda: sum(len(piece) for piece in evaluator_files.as_csv(table)))
    said = f"{making + writing:.1f} s, {size / 1e6:.0f} MB"
    line(f"CSV of {RESPONSES:,} responses for an evaluator", said, "≤ 3 s, streamed")


def _one(chance: random.Random, item: Any) -> Any:
    code = chance.choice(item.choices).code
    return [code] if item.kind == "many" else code


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    begun = time.perf_counter()
    return work(), time.perf_counter() - begun
