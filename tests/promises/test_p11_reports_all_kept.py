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
from intake import receipt
from intake.founding import Founded
from intake.models import CaseFile, Compartment, KeySet
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


def test_the_same_report_sent_twice_at_the_same_moment_is_kept_once(
    app: Flask, centre: Founded, served: Served
) -> None:
    with Wire(served.url) as wire:
        case_id, digits = wire.writes()
    said = answers() | {"case": case_id, "receipt": digits}
    together = Barrier(CLIENTS)

    def again(_: int) -> bool:
        with Wire(served.url) as wire:
            together.wait(timeout=30)
            page = wire.post("/thu/gui", said)
            return page.status == 200 and digits[:4] in page.text

    with ThreadPoolExecutor(CLIENTS) as clients:
        assert all(clients.map(again, range(CLIENTS)))
    with app.app_context(), db.reading() as session:
        assert session.scalar(select(func.count()).select_from(CaseFile)) == 1


def test_the_first_sending_twice_at_the_same_moment_is_kept_once(
    app: Flask, centre: Founded, served: Served
) -> None:
    said = answers() | {"case": "a" * 32, "receipt": receipt.draw()}
    together = Barrier(CLIENTS)

    def first(_: int) -> int:
        with Wire(served.url) as wire:
            together.wait(timeout=30)
            return wire.post("/thu/gui", said).status

    with ThreadPoolExecutor(CLIENTS) as clients:
        assert set(clients.map(first, range(CLIENTS))) == {200}
    with app.app_context(), db.reading() as session:
        assert session.scalars(select(CaseFile.id)).all() == ["a" * 32]
