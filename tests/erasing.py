"""A case whose time is over, for tests: the clock set on, the deed, and what rows are left."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from core import clock, db, rosters
from core.db import Base
from intake.keeping import erasing
from tests.letters import Handler


def years_on(monkeypatch: pytest.MonkeyPatch, days: int = 800) -> None:
    now = clock.now() + timedelta(days=days)
    monkeypatch.setattr(clock, "now", lambda: now)
    monkeypatch.setattr(clock, "today", lambda: now.date())
    # The roster has run out by then; that is another promise.
    monkeypatch.setattr(rosters, "current", lambda session: rosters.chain(session)[-1])


def erase(app: Flask, handler: Handler, case_id: str) -> None:
    with app.app_context():
        with db.writing() as session:
            erasing.decide(session, handler.person.identity, handler.seed, case_id)
        with db.writing() as session:
            erasing.carry_out(session, handler.person.identity, handler.seed, case_id)
        erasing.settle()


def rows(app: Flask) -> dict[str, int]:
    tables = ("case_file", "key_set", "compartment", "letter", "erased_case")
    with app.app_context(), db.reading() as session:
        return {name: len(session.execute(Base.metadata.tables[name].select()).all()) for name in tables}
