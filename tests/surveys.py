"""People around a survey, for tests: respondents without scripts, a campaigner and custodians.

campaigner = Campaigner(app, centre.of(Role.CAMPAIGNER)[0])
codes = campaigner.prints(40)
round_id = campaigner.opens("before")
respondent = Respondent(app, card=codes[0])
respondent.answers(round_id, K1="sai")          # sends the form; a list stands for several ticks
campaigner.closes(round_id)
Custodian(app, centre.of(Role.CUSTODIAN)[0]).joins(before, after)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from core import clock, db, rosters
from intake.keys.founding import Settled
from survey import cards, places, results, rounds, versions
from survey.models import Comparison, Response, Round
from survey.questionnaire import Questionnaire, load
from survey.xlsform.reading import check

QUESTIONS: Questionnaire = load()


def first_answers(wave: str) -> dict[str, Any]:
    """The first answer of every question that has answers to choose from, linkage left out."""
    return {
        item.code: [item.choices[0].code] if item.kind == "many" else item.choices[0].code
        for item in QUESTIONS.items(wave)
        if item.choices and item.measure.kind != "linkage"
    }


@dataclass
class Respondent:
    """Somebody with a browser without scripts or cookies, and a card from the box."""

    app: Flask
    card: str = ""
    prefix: str = ""
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.app.test_client(use_cookies=False)

    def lists(self) -> TestResponse:
        """Look at what is open."""
        return self.client.get(f"{self.prefix}/khao-sat/")

    def opens(self, round_id: str) -> TestResponse:
        """Open the questions."""
        return self.client.get(f"{self.prefix}/khao-sat/{round_id}")

    def answers(self, round_id: str, **given: Any) -> TestResponse:
        """Send these answers and nothing else, with the card."""
        card = {"card": self.card} if self.card else {}
        return self.client.post(f"{self.prefix}/khao-sat/{round_id}", data={**card, **given})


@dataclass
class Campaigner:
    """A campaigner whose deeds need no browser."""

    app: Flask
    person: Settled

    def prints(self, count: int, year: int | None = None) -> list[str]:
        """Make cards, and read their codes from the paper."""
        with self.app.app_context(), db.writing() as session:
            year = year or clock.today().year
            return cards.make(session, self.person.identity, year=year, count=count)

    def plans(
        self,
        wave: str,
        opens_on: date | None = None,
        days: int = 10,
        *,
        with_cards: bool = True,
        invited: int = 0,
        questionnaire_id: str = "",
    ) -> str:
        """Plan a round that opens today or on a day; returns its id."""
        begins = opens_on or clock.today()
        with self.app.app_context(), db.writing() as session:
            year = rounds.year_of(session, wave, begins)
            found = rounds.plan(
                session,
                self.person.identity,
                year=year,
                wave=wave,
                opens_on=begins,
                closes_on=begins + timedelta(days=days),
                invited=invited,
                with_cards=with_cards,
                questionnaire_id=questionnaire_id,
            )
            return found.id

    def writes(self, workbook: bytes) -> str:
        """Keep a workbook as a version of a questionnaire; its id."""
        outcome = check(workbook)
        assert outcome.data is not None, outcome.findings.problems
        with self.app.app_context(), db.writing() as session:
            return versions.keep(session, self.person.identity, workbook, outcome.data)

    def opens(self, wave: str, **planned: Any) -> str:
        """Plan a round and open it; returns its id."""
        round_id = self.plans(wave, **planned)
        with self.app.app_context(), db.writing() as session:
            found = session.get_one(Round, round_id)
            rounds.open_round(session, self.person.identity, found, rosters.current(session))
        return round_id

    def closes(self, round_id: str) -> None:
        """Close a round."""
        with self.app.app_context():
            with db.writing() as session:
                rounds.close_round(session, self.person.identity, session.get_one(Round, round_id))
            places.forget_order()


@dataclass
class Custodian:
    """A custodian with their opened seed."""

    app: Flask
    person: Settled

    def joins(self, before: str, after: str) -> Comparison:
        """Join two rounds and look at what is kept."""
        assert self.person.credentials.seed is not None
        with self.app.app_context():
            results.compare(before, after, self.person.identity, self.person.credentials.seed)
            with db.reading() as session:
                return session.get_one(Comparison, (before, after))


def kept(app: Flask, round_id: str) -> list[Response]:
    """The answers a round holds."""
    with app.app_context(), db.reading() as session:
        wanted = select(Response).where(Response.round_id == round_id, Response.filled == 1)
        return list(session.scalars(wanted))


def state_of(app: Flask, round_id: str) -> str:
    """How a round stands."""
    with app.app_context(), db.reading() as session:
        return session.get_one(Round, round_id).state


@contextmanager
def listening(app: Flask) -> Iterator[list[str]]:
    """The SQL statements that reach the database meanwhile; transactions begin and end without one."""
    said: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK")):
            said.append(" ".join(statement.split()))

    engine = app.extensions["database"].engine
    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", hear)


def chosen(page: str, name: str) -> list[str]:
    """The values that are ticked or chosen on a page."""
    return re.findall(rf'name="{name}" value="([^"]*)" checked', page)


def typed(page: str, name: str) -> str:
    """What stands in a box."""
    found = re.search(rf'name="{name}"[^>]* value="([^"]*)"', page)
    assert found, f"no box {name} on this page"
    return found.group(1)
