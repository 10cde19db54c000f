"""Furniture of this folder: a founded centre, letters judged on chosen days, and two custodians."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from board import ledger, releasing
from board.published import Published
from core import clock, db, rosters
from core.access import Role
from intake.form.report import validate
from intake.keys.founding import Founded, Settled
from intake.writing import submission
from tests import factories
from tests.letters import LEAST, Handler


@dataclass
class Year:
    """A centre in which letters arrive, are judged and counted."""

    app: Flask
    centre: Founded

    def person(self, role: Role, place: int = 0) -> Settled:
        """Somebody who holds a role."""
        return self.centre.of(role)[place]

    def writes(self, *, struck: Sequence[Settled] = (), **answers: Any) -> str:
        """A letter by the person harmed, who agrees to statistics unless told otherwise; returns the case's id."""
        said = {**LEAST, "consent_stats": "yes", **answers}
        said["exclude_handlers"] = [person.person_id for person in struck]
        raw = {
            name: value if isinstance(value, list) else [value]
            for name, value in said.items()
            if value is not None
        }
        with self.app.app_context():
            with db.reading() as session:
                roster = rosters.current(session)
            report = validate(raw, people=[member.id for member in roster.members])
            return submission.send(report, roster, submission.draw()).case_id

    def judges(self, case_id: str, genuine: str = "yes", gbv_type: str = "psychological") -> None:
        """A handler judges a letter on this day."""
        Handler(self.app, self.person(Role.HANDLER)).judges(case_id, genuine, gbv_type)

    def gets(self, count: int, **answers: Any) -> list[str]:
        """So many letters, each judged genuine on this day."""
        gbv_type = answers.pop("gbv_type", "psychological")
        cases = [self.writes(**answers) for _ in range(count)]
        for case_id in cases:
            self.judges(case_id, gbv_type=gbv_type)
        return cases

    def begins(self, as_of: date, first: int = 0, second: int = 1, *, final: bool = False) -> None:
        """The first custodian's step."""
        one, other = self.person(Role.CUSTODIAN, first), self.person(Role.CUSTODIAN, second)
        with self.app.app_context():
            releasing.begin(one.identity, seed_of(one), as_of=as_of, second=other.person_id, final=final)

    def counts(self, second: int = 1) -> None:
        """The second custodian's first step."""
        other = self.person(Role.CUSTODIAN, second)
        with self.app.app_context():
            releasing.count(other.identity, seed_of(other))

    def publishes(self, second: int = 1) -> Published:
        """The second custodian's last step."""
        other = self.person(Role.CUSTODIAN, second)
        with self.app.app_context():
            return releasing.publish(other.identity, seed_of(other))

    def releases(self, as_of: date, first: int = 0, second: int = 1, *, final: bool = False) -> Published:
        """A whole release."""
        self.begins(as_of, first, second, final=final)
        self.counts(second)
        return self.publishes(second)

    def published(self) -> list[Published]:
        """Everything released so far."""
        with self.app.app_context(), db.reading() as session:
            return ledger.releases(session)

    def at_desk(self, role: Role, place: int = 0) -> FlaskClient:
        """A browser in which somebody of this role has signed in."""
        return factories.signed_in(self.app, self.person(role, place))


def seed_of(person: Settled) -> bytes:
    """The seed a custodian or handler holds."""
    assert person.credentials.seed is not None
    return person.credentials.seed


def noon(year: int, month: int, day: int) -> datetime:
    """Noon of a day in Viet Nam."""
    return datetime(year, month, day, 12, 0, tzinfo=clock.ZONE)


@pytest.fixture
def cheap() -> Iterator[None]:
    """Locks and receipts that open in no time."""
    with factories.cheap_locks(), factories.cheap_receipts():
        yield


@pytest.fixture
def year(app: Flask, cheap: None, calculated_here: None, clock: Any) -> Year:
    """A centre founded in January 2026; the clock stands at 20 November 2026 afterwards."""
    clock.set(noon(2026, 1, 5))
    made = Year(app, factories.found_centre(app))
    clock.set(noon(2026, 11, 20))
    return made


@pytest.fixture
def in_app(app: Flask) -> Iterator[Flask]:
    """An application at work, without people."""
    with app.test_request_context():
        yield app
