"""Wrapping anew after the roster changed: what one press of a handler's button gets through, and the floor beneath.

The floor is what no program can leave out: one slot opened, and one wrap for each handler and for the cards, by the
same library, with nothing read or written.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from flask import Flask

from core import db, rosters
from core.access import Role
from core.sealing import PrivateKey, random_bytes, seal, unseal
from intake import founding, recovery
from intake.founding import Founded

LETTERS = 3_000
ROUNDS = 300


def measure(app: Flask, founded: Founded, line: Callable[[str, str, str], None]) -> None:
    """Sign a new roster, then wrap letters anew on both sides, as one long press does it, on every core."""
    handler, custodian = founded.of(Role.HANDLER)[0], founded.of(Role.CUSTODIAN)[0]
    with app.app_context():
        with db.writing() as session:
            rosters.propose(session, founded.roster.recovery_public)
            for one in founded.of(Role.CUSTODIAN)[:2]:
                founding.sign(session, one.identity, one.credentials.seed or b"")
        for side, who, deed in (
            ("handler", handler, recovery.wrap_anew),
            ("custodian", custodian, recovery.wrap_guards_anew),
        ):
            with _Stopwatch() as watch:
                done = deed(who.identity, who.credentials.seed or b"", most=LETTERS).done
            line(
                f"wrapping anew by a {side}, {done:,} letters", watch.rate(done), "≥ 3,000/s (decision 0024)"
            )
    people = len(founded.roster.handlers) + 1
    keys = [PrivateKey.from_seed(random_bytes(32)) for _ in range(people)]
    sealed = seal(random_bytes(32), keys[0].public, b"floor")
    with _Stopwatch() as watch:
        for _ in range(ROUNDS):
            unseal(sealed, keys[0], b"floor")
            for key in keys:
                seal(bytes(32), key.public, b"floor")
    line(f"  beneath it: 1 slot opened, {people} wraps made", watch.rate(ROUNDS), "")


class _Stopwatch:
    """Wall time, and the time of the processor with that of children: a busy machine slows the first alone."""

    def __enter__(self) -> _Stopwatch:
        self._wall, self._core = time.perf_counter(), sum(os.times()[:4])
        return self

    def __exit__(self, *_: object) -> None:
        self._wall, self._core = time.perf_counter() - self._wall, sum(os.times()[:4]) - self._core

    def rate(self, done: int) -> str:
        """As it is printed."""
        return f"{done / self._wall:,.0f}/s, {done / self._core:,.0f} per second of one core"
