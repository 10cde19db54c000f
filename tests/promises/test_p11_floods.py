"""P11, floods: one source that sends ten thousand requests closes the channel for nobody, not even behind its own address.

Everybody here comes from one address, the worst case: no count by address could tell the noise from the rest.
How long the twenty take is measured by `make bench`, where nothing else runs; here it is counted what is kept.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from threading import Event

import pytest
from flask import Flask
from sqlalchemy import select

from core import db
from intake.keys.founding import Founded
from intake.models import CaseFile
from intake.seal import receipt
from tests.factories import cheap_receipts
from tests.letters import Reporter, answers
from tests.servers import Served
from tests.wires import Wire

NOISE, LINES, REPORTERS = 10_000, 4, 20

# The brakes stand in memory, and the wait for the database is tried in test_p11_reports_all_kept.py.
pytestmark = pytest.mark.embedded


def noise(served: Served, begun: Event) -> int:
    """A quarter of the noise on one line: pages, half-filled letters, guessed receipts. How many were answered."""
    guess = receipt.draw()
    kinds = cycle(
        [
            ("GET", "/thu", {}),
            ("GET", "/", {}),
            ("POST", "/thu", answers()),
            ("POST", "/hop-thu", {"receipt": guess}),
        ]
    )
    answered = 0
    with Wire(served.url) as wire:
        for method, path, said in islice(kinds, NOISE // LINES):
            page = wire.get(path) if method == "GET" else wire.post(path, said)
            answered += page.status < 500
            begun.set()
    return answered


def test_twenty_reports_amid_ten_thousand_requests_are_all_kept(
    app: Flask, centre: Founded, served: Served
) -> None:
    begun = Event()

    def reports(number: int) -> str:
        begun.wait(timeout=30)
        with Wire(served.url) as wire:
            return wire.writes(narrative=f"Thư {number}")[0]

    with ThreadPoolExecutor(LINES + REPORTERS) as clients:
        noisy = [clients.submit(noise, served, begun) for _ in range(LINES)]
        sent = set(clients.map(reports, range(REPORTERS)))
        assert sum(line.result() for line in noisy) == NOISE
    assert len(sent) == REPORTERS
    with app.app_context(), db.reading() as session:
        assert set(session.scalars(select(CaseFile.id))) == sent


def test_three_hundred_people_behind_one_address_are_never_asked_to_wait(app: Flask, centre: Founded) -> None:
    """One after the other in this process, as the brakes count them: each looks at the page and opens a mailbox.

    Every twentieth mistypes a receipt. How many at once a machine bears is `make bench`, not this test.
    """
    reporter = Reporter(app)
    mistyped = receipt.draw()
    with cheap_receipts():
        reporter.writes()
        for person in range(300):
            assert app.test_client().get("/thu").status_code == 200
            if person % 20 == 0:
                assert 'name="message_id"' not in reporter.opens(mistyped).text
            page = reporter.opens()
            assert page.status_code == 200
            assert 'name="message_id"' in page.text
