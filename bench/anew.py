"""Wrapping anew after the roster changed: what one press of a handler's button gets through, and the floor beneath.

The floor is what no program can leave out: one slot opened, and one wrap for each handler and for the cards, by the
same library, with nothing read or written.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from flask import Flask

from core import db, rosters
from core.access import Role
from core.sealing import PrivateKey, random_bytes, seal, unseal
from intake import founding, recovery
from intake.founding import Founded

LETTERS = 3_000
ROUNDS = 200


def measure(app: Flask, founded: Founded, line: Callable[[str, str, str], None]) -> None:
    """Sign a new roster, then wrap letters anew on both sides, with progress as a press shows it."""
    handler, custodian = founded.of(Role.HANDLER)[0], founded.of(Role.CUSTODIAN)[0]
    with app.app_context():
        with db.writing() as session:
            rosters.propose(session, founded.roster.recovery_public)
            for one in founded.of(Role.CUSTODIAN)[:2]:
                founding.sign(session, one.identity, one.credentials.seed or b"")
        for name, who, deed in (
            ("wrapping anew, a handler's press", handler, recovery.wrap_anew),
            ("wrapping anew, a custodian's press", custodian, recovery.wrap_guards_anew),
        ):
            begun = time.perf_counter()
            outcome = deed(who.identity, who.credentials.seed or b"", most=LETTERS)
            took = time.perf_counter() - begun
            line(f"{name}, {outcome.done:,} letters", f"{outcome.done / took:,.0f}/s", "≥ 3,000/s")
    people = len(founded.roster.handlers) + 1
    line(f"  its floor: 1 slot opened, {people} wraps made", f"{_floor(people):,.0f}/s", "")


def _floor(wraps: int) -> float:
    keys = [PrivateKey.from_seed(random_bytes(32)) for _ in range(wraps)]
    sealed = seal(random_bytes(32), keys[0].public, b"floor")
    begun = time.perf_counter()
    for _ in range(ROUNDS):
        unseal(sealed, keys[0], b"floor")
        for key in keys:
            seal(bytes(32), key.public, b"floor")
    return ROUNDS / (time.perf_counter() - begun)
