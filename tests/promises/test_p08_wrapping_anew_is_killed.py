"""P8 through a crash: kill -9 in the midst of wrapping anew loses no letter and lets nobody wrong in."""

from __future__ import annotations

import os
import random
import signal
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from flask import Flask

from core import db, log, log_reader
from core.access import Role
from intake.cases import Case
from intake.keys import wrapping
from intake.keys.founding import Founded
from intake.seal.slots import Side
from tests.intake.test_recovery import enrols_again, opens, signs, uses_cards, wraps
from tests.letters import Handler, Reporter

pytestmark = pytest.mark.embedded

LETTERS = 24
KILLS = 12


def test_no_kill_in_the_midst_of_wrapping_anew_loses_a_letter_or_opens_one_to_the_struck_out(
    app: Flask, centre: Founded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intake.keys.wrapping.BATCH", 3)
    lost, stays = (Handler(app, one) for one in centre.of(Role.HANDLER)[:2])
    open_to_both, struck = _letters(app, []), _letters(app, [lost.person.person_id])
    again = enrols_again(app, lost.person)
    signs(app, centre)
    chance, midway = random.Random(KILLS), 0
    for turn in range(4 * KILLS):  # on a busy machine a child gets less far
        _killed(app, partial(wraps, app, stays), chance.uniform(0.0, 0.004) * (1 + turn))
        with app.app_context(), db.reading() as session:
            behind = set(wrapping.behind(session, Side.HANDLERS))
        midway += 0 < len(behind) < LETTERS
        for case_id in open_to_both:
            assert opens(app, stays.person, case_id) == "names"
            assert opens(app, again, case_id) == ("" if case_id in behind else "names")
        for case_id in struck:
            assert opens(app, stays.person, case_id) == "names"
            assert opens(app, again, case_id) == ""
        if not behind or (midway and turn >= KILLS):
            break

    wraps(app, stays)

    assert midway, "no child was killed in the midst"
    assert {opens(app, again, one) for one in open_to_both} == {"names"}
    assert {opens(app, again, one) for one in struck} == {""}
    custodian = centre.of(Role.CUSTODIAN)[0]
    with app.app_context(), db.reading() as session:
        keys = log.keys_for(session, custodian.person_id, custodian.credentials.seed or b"")
        assert not log_reader.check(session, *keys).broken


def test_no_kill_in_the_midst_of_the_cards_loses_a_letter_or_opens_a_name(
    app: Flask, centre: Founded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intake.keys.wrapping.BATCH", 2)
    first, second = (Handler(app, one) for one in centre.of(Role.HANDLER)[:2])
    open_to_both, struck = _letters(app, []), _letters(app, [first.person.person_id])
    again = [enrols_again(app, one.person) for one in (first, second)]
    signs(app, centre)
    chance, midway = random.Random(KILLS), 0
    for turn in range(4 * KILLS):
        _killed(app, partial(uses_cards, app, centre, 0, 1), chance.uniform(0.0, 0.004) * (1 + turn))
        with app.app_context(), db.reading() as session:
            behind = set(wrapping.behind(session, Side.HANDLERS))
        midway += 0 < len(behind) < LETTERS
        for case_id in open_to_both + struck:
            assert opens(app, again[1], case_id) == ("" if case_id in behind else "story")
            assert opens(app, again[0], case_id) == ("" if case_id in {*behind, *struck} else "story")
        if midway:
            break

    uses_cards(app, centre, 1, 2)

    assert midway, "no child was killed in the midst"
    assert {opens(app, again[1], one) for one in open_to_both + struck} == {"story"}
    assert {opens(app, again[0], one) for one in struck} == {""}


def _letters(app: Flask, struck: list[str]) -> list[str]:
    written = []
    for _ in range(LETTERS // 2):
        reporter = Reporter(app)
        reporter.writes(exclude_handlers=struck)
        written.append(reporter.case_id)
    return written


def _killed(app: Flask, deed: Callable[[], object], seconds: float) -> None:
    """A child wraps anew until it is through, or is killed so many seconds after it read its first letters."""
    app.extensions["database"].engine.dispose()  # no connection is shared with the child
    app.extensions["memory"].close()
    receiving, sending = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it never returns into the threads of the tests
        pid = os.fork()
    if pid == 0:
        try:
            wrapping._batches = _telling(sending)
            deed()
        finally:
            os.write(sending, b"!")
            os._exit(0)
    os.close(sending)
    assert os.read(receiving, 1) == b"!"
    os.close(receiving)
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def _telling(sending: int) -> Callable[..., Iterator[list[Case]]]:
    """The letters batch by batch, as ever; the parent hears when the first are there."""
    batches = wrapping._batches

    def told(*wanted: Any) -> Iterator[list[Case]]:
        for place, cases in enumerate(batches(*wanted)):
            if place == 0:
                os.write(sending, b"!")
            yield cases

    return told
