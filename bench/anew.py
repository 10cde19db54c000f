"""Wrapping anew after the roster changed: how many letters a second one handler's press gets through."""

from __future__ import annotations

import time
from collections.abc import Callable

from flask import Flask

from core import db, rosters
from core.access import Role
from intake import founding, recovery
from intake.founding import Founded

LETTERS = 500


def measure(app: Flask, founded: Founded, line: Callable[[str, str, str], None]) -> None:
    """Sign a new roster, then wrap some letters anew."""
    handler = founded.of(Role.HANDLER)[0]
    assert handler.credentials.seed is not None
    left = iter(range(LETTERS + 1))
    with app.app_context():
        with db.writing() as session:
            rosters.propose(session, founded.roster.recovery_public)
            for one in founded.of(Role.CUSTODIAN)[:2]:
                assert one.credentials.seed is not None
                founding.sign(session, one.identity, one.credentials.seed)
        begun = time.perf_counter()
        outcome = recovery.wrap_anew(
            handler.identity, handler.credentials.seed, going_on=lambda: next(left) < LETTERS
        )
        took = time.perf_counter() - begun
    line(f"wrapping anew, {outcome.done:,} letters", f"{outcome.done / took:,.0f}/s", "≥ 3,000/s")
