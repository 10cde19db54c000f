"""Wrapping anew after a handler and a custodian enrolled again: the presses of a colleague's button, and the floor.

The floor is what no program can leave out: one slot opened and one made for each case, by the same library, with
nothing read or written.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from flask import Flask

from core.access import Role
from core.sealing import PrivateKey, random_bytes, seal, unseal
from intake.keys import recovery
from intake.keys.founding import Founded, Settled
from tests.intake.test_recovery import enrols_again, signs

ROUNDS = 300


def measure(app: Flask, founded: Founded, line: Callable[[str, str, str], None]) -> None:
    """Sign a roster with two people's new keys, then wrap every letter anew on both sides, on every core."""
    handler, custodian = founded.of(Role.HANDLER)[0], founded.of(Role.CUSTODIAN)[0]
    enrols_again(app, founded.of(Role.HANDLER)[1])
    enrols_again(app, founded.of(Role.CUSTODIAN)[2])
    signs(app, founded)
    with app.app_context():
        for side, who, deed in (
            ("handler", handler, recovery.wrap_anew),
            ("custodian", custodian, recovery.wrap_guards_anew),
        ):
            with _Stopwatch() as watch:
                presses, done = _presses(deed, who)
            line(
                f"wrapping anew by a {side}, {done:,} letters, {presses} presses",
                watch.rate(done),
                "≥ 3,000/s (decision 0024)",
            )
    key = PrivateKey.from_seed(random_bytes(32))
    sealed = seal(random_bytes(32), key.public, b"floor")
    with _Stopwatch() as watch:
        for _ in range(ROUNDS):
            unseal(sealed, key, b"floor")
            seal(bytes(32), key.public, b"floor")
    line("  beneath it: 1 slot opened, 1 made", watch.rate(ROUNDS), "")


def _presses(deed: Callable[..., recovery.Outcome], who: Settled) -> tuple[int, int]:
    """How often the button is pressed until nothing is left, and how many letters were wrapped anew."""
    presses = done = 0
    last, more = "", True
    while more:
        outcome = deed(who.identity, who.credentials.seed or b"", after=last, most=recovery.AT_ONCE)
        presses, done, last, more = presses + 1, done + outcome.done, outcome.last, outcome.more
    return presses, done


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
