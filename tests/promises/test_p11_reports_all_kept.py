"""P11, reports: what is sent at the same moment is all kept, behind one address too, and nobody is refused.

Two hundred reports at once from sixteen clients, on the program as it is really started.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select

from core import db
from core.access import Role
from intake.keys.founding import Founded
from intake.models import CaseFile, Compartment, KeySet
from intake.seal import receipt
from tests.letters import Handler, answers
from tests.servers import Served
from tests.wires import Wire

pytestmark = pytest.mark.slow

REPORTS, CLIENTS = 200, 16


def test_two_hundred_reports_at_once_are_two_hundred_reports_kept(
    app: Flask, centre: Founded, served: Served
) -> None:
    together = Barrier(CLIENTS)

    def client(number: int) -> list[tuple[str, str]]:
        with Wire(served.url) as wire:
            together.wait(timeout=30)
            return [
                wire.writes(narrative=f"Thư {number}-{turn}")
                for turn in range(REPORTS // CLIENTS + (number < REPORTS % CLIENTS))
            ]

    with ThreadPoolExecutor(CLIENTS) as clients:
        sent = [pair for pairs in clients.map(client, range(CLIENTS)) for pair in pairs]
    assert len(set(sent)) == len({digits for _, digits in sent}) == REPORTS
    with app.app_context(), db.reading() as session:
        assert set(session.scalars(select(CaseFile.id))) == {case_id for case_id, _ in sent}
        assert session.scalar(select(func.count()).select_from(KeySet)) == 2 * REPORTS
        assert session.scalar(select(func.count()).select_from(Compartment)) == 5 * REPORTS
    desk = Handler(app, centre.of(Role.HANDLER)[0])
    assert len(desk.cases()) == REPORTS
    told = {desk.opens(case_id).story["narrative"] for case_id, _ in sent[:: REPORTS // 10]}
    assert len(told) == 10
    with Wire(served.url) as wire:
        for _, digits in sent[:: REPORTS // 10]:
            assert 'name="message_id"' in wire.post("/hop-thu", {"receipt": digits}).text


def test_a_report_sent_many_times_at_the_same_moment_is_kept_once(
    app: Flask, centre: Founded, served: Served
) -> None:
    digits = receipt.draw()
    said = answers() | {"case": "a" * 32, "receipt": digits}
    together = Barrier(CLIENTS)

    def sends(_: int) -> bool:
        with Wire(served.url) as wire:
            together.wait(timeout=30)
            page = wire.post("/thu/gui", said)
            return page.status == 200 and digits[:4] in page.text

    with ThreadPoolExecutor(CLIENTS) as clients:
        assert all(clients.map(sends, range(CLIENTS))), "the first sending"
        assert all(clients.map(sends, range(CLIENTS))), "once it is known"
    with app.app_context(), db.reading() as session:
        assert session.scalars(select(CaseFile.id)).all() == ["a" * 32]
