"""P11, surveys: a whole health centre behind one address is not noise, and what is sent at once is all kept.

Three hundred people answer behind one address, on the program as it is really started: faster than the ten
minutes they would take, so that whatever would brake them then would brake them here.
"""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select

from core import config, db
from core.access import Role
from intake.keys.founding import Founded
from survey.cards import draw
from survey.models import CardUse
from tests.servers import Served
from tests.surveys import QUESTIONS, Campaigner, kept
from tests.wires import Wire

pytestmark = pytest.mark.slow

PEOPLE, CLIENTS = 300, 16


@pytest.fixture
def campaigner(app: Flask, centre: Founded) -> Campaigner:
    """The campaigner of the centre."""
    return Campaigner(app, centre.of(Role.CAMPAIGNER)[0])


def said(number: int) -> dict[str, str]:
    """Answers by which each of 4^8 people could be told apart, in a test only."""
    scale = [item.code for item in QUESTIONS.items("before") if item.measure.kind == "attitude"]
    return {code: str(1 + number // 4**place % 4) for place, code in enumerate(scale)}


def test_three_hundred_behind_one_address_are_all_kept_and_nobody_is_braked(
    app: Flask, campaigner: Campaigner, served: Served
) -> None:
    codes = campaigner.prints(PEOPLE + 40)
    round_id = campaigner.opens("before", invited=PEOPLE)
    path = f"/khao-sat/{round_id}"
    together = Barrier(CLIENTS)

    def client(place: int) -> list[int]:
        told = []
        with Wire(served.url) as wire:
            together.wait(timeout=30)
            for number in range(place, PEOPLE, CLIENTS):
                told.append(wire.get(path).status)
                told.append(wire.post(path, said(number) | {"card": codes[number]}).status)
        return told

    with ThreadPoolExecutor(CLIENTS) as crowd:
        told = Counter(status for statuses in crowd.map(client, range(CLIENTS)) for status in statuses)

    assert told == {200: 2 * PEOPLE}
    arrived = Counter(json.dumps(json.loads(row.answers), sort_keys=True) for row in kept(app, round_id))
    assert arrived == {json.dumps(said(number), sort_keys=True): 1 for number in range(PEOPLE)}
    with app.app_context(), db.reading() as session:
        used = select(func.sum(CardUse.used)).where(CardUse.round_id == round_id)
        assert session.scalar(used) == PEOPLE
        if db.current().embedded:
            journal = Path(f"{config.current().instance / 'centre.db'}-wal")
            assert not journal.exists() or journal.stat().st_size == 0


def test_one_card_sent_at_once_by_many_is_one_answer(
    app: Flask, campaigner: Campaigner, served: Served
) -> None:
    (code,) = campaigner.prints(1)
    round_id = campaigner.opens("before")
    together = Barrier(CLIENTS)

    def client(number: int) -> int:
        with Wire(served.url) as wire:
            together.wait(timeout=30)
            return wire.post(f"/khao-sat/{round_id}", said(number) | {"card": code}).status

    with ThreadPoolExecutor(CLIENTS) as crowd:
        told = Counter(crowd.map(client, range(CLIENTS)))

    assert told == {200: 1, 409: CLIENTS - 1}
    assert len(kept(app, round_id)) == 1


@pytest.mark.embedded
def test_somebody_who_tries_card_after_card_brakes_nobody(
    app: Flask, campaigner: Campaigner, served: Served
) -> None:
    (code,) = campaigner.prints(1)
    path = f"/khao-sat/{campaigner.opens('before')}"
    with Wire(served.url) as noise, Wire(served.url) as honest:
        told = {noise.post(path, {"card": card}).status for _ in range(60) for card in (draw(), "12")}
        assert told == {422}
        assert honest.post(path, {"card": code, "K1": "sai"}).status == 200
