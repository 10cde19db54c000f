"""The server's half of a mailbox that opens in the browser: what it hands out, and what it refuses."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from core import db, rosters
from core.installation import installation_id
from core.sealing import PUBLIC_OVERHEAD, SHARED_OVERHEAD
from intake.keys.founding import Founded
from intake.mailbox import sealed_mailbox
from intake.models import Compartment, KeySet, Letter
from intake.seal import receipt
from intake.seal.compartments import ENTRY, SIZES
from intake.seal.letters import LETTER_SIZE
from intake.seal.slots import Side, slots_length
from tests import factories
from tests.letters import Reporter

OPEN, SEND = "/hop-thu/niem-phong/mo", "/hop-thu/niem-phong/gui"


@pytest.fixture
def centre(app: Flask) -> Iterator[Founded]:
    with factories.cheap_locks():
        yield factories.found_centre(app)


@pytest.fixture
def token(app: Flask, centre: Founded) -> bytes:
    writing = Reporter(app)
    writing.writes()
    with app.app_context():
        return receipt.derive(writing.receipt, installation_id()).token


@pytest.fixture
def browser_of(app: Flask) -> FlaskClient:
    return app.test_client(use_cookies=False)


def message(
    app: Flask, at: dict[str, object], token: bytes, *, part: int | None = None, message: int = 1
) -> bytes:
    """A body of the right shape; the server cannot tell that nothing in it opens."""
    with app.app_context(), db.reading() as session:
        roster = rosters.chain(session)[-1]
    number = int(str(at["part"])) if part is None else part
    numbers = b"".join(one.to_bytes(4, "big") for one in (roster.version, number, int(str(at["letter"]))))
    sizes = (
        slots_length(roster, Side.HANDLERS),
        SIZES[ENTRY] + SHARED_OVERHEAD,
        LETTER_SIZE + PUBLIC_OVERHEAD,
    )
    parts = b"".join(b"\1" + bytes(size - 1) for size in sizes)
    head = b"\1" + token + message.to_bytes(16, "big") + bytes.fromhex(str(at["fingerprint"]))
    return head + numbers + parts


def said(answer: TestResponse) -> dict[str, object]:
    """What an answer says, without what only fills it up."""
    return {name: value for name, value in answer.get_json().items() if name != "pad"}


def rows(app: Flask) -> tuple[int, ...]:
    with app.app_context(), db.reading() as session:
        return tuple(
            session.scalar(select(func.count()).select_from(one)) or 0
            for one in (Compartment, KeySet, Letter)
        )


def test_an_unknown_token_gets_no_word_more_than_any_other(browser_of: FlaskClient, token: bytes) -> None:
    first, second = (browser_of.post(OPEN, data=b"\1" + bytes([value]) * 32) for value in (3, 4))
    assert first.status_code == second.status_code == 404
    assert [said(one) for one in (first, second)] == [{"why": "unknown"}] * 2
    assert len(first.data) == len(second.data)


def test_an_answer_is_as_long_with_nine_letters_as_with_none(
    app: Flask, browser_of: FlaskClient, token: bytes
) -> None:
    lengths = set()
    empty = browser_of.post(OPEN, data=b"\1" + token).data
    assert len(gzip.compress(empty)) > 180_000, "what fills it up does not compress away"
    for number in range(1, 11):
        answer = browser_of.post(OPEN, data=b"\1" + token)
        assert len(answer.get_json()["letters"]) == number - 1
        lengths.add(len(answer.data))
        assert "no-transform" in answer.headers["Cache-Control"]
        at = answer.get_json()["writing"]
        assert browser_of.post(SEND, data=message(app, at, token, message=number)).status_code == 200
    assert lengths == {256 * 1024}


def test_a_long_mailbox_hands_out_its_newest_letters_and_older_ones_when_asked(
    app: Flask, browser_of: FlaskClient, token: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 5):
        at = browser_of.post(OPEN, data=b"\1" + token).get_json()["writing"]
        assert browser_of.post(SEND, data=message(app, at, token, message=number)).status_code == 200
    monkeypatch.setattr(sealed_mailbox, "SHOWN", 2)

    def handed_out(more: bytes = b"") -> tuple[int, int, int]:
        found = browser_of.post(OPEN, data=b"\1" + token + more).get_json()
        return found["older"], len(found["letters"]), found["writing"]["letter"]

    assert handed_out() == (2, 2, 4)
    assert handed_out((3).to_bytes(4, "big")) == (1, 3, 4)
    assert handed_out((2**32 - 1).to_bytes(4, "big")) == (0, 4, 4)
    assert browser_of.post(OPEN, data=b"\1" + token + b"\0").status_code == 400


def test_guessing_is_slowed_and_a_ticket_buys_the_next_try(browser_of: FlaskClient, token: bytes) -> None:
    tried = [browser_of.post(OPEN, data=b"\1" + bytes([value]) * 32) for value in range(33)]
    waiting = next(one for one in tried if one.status_code == 429)
    assert waiting.get_json()["seconds"] >= 1
    assert waiting.get_json()["ticket"]
    assert browser_of.post(OPEN, data=b"\1" + token).status_code == 429


def test_what_has_not_the_shape_is_refused_and_leaves_nothing(
    app: Flask, browser_of: FlaskClient, token: bytes
) -> None:
    at = browser_of.post(OPEN, data=b"\1" + token).get_json()["writing"]
    good, before = message(app, at, token), rows(app)
    bad = [b"", good[:40], good[:-1], good + b"\0", b"\2" + good[1:], good[: -SIZES[ENTRY]]]
    assert [browser_of.post(SEND, data=body).status_code for body in bad] == [400] * len(bad)
    assert browser_of.post(SEND, data=message(app, at, bytes(32))).status_code == 404
    assert browser_of.post(SEND, data=message(app, at, token, part=99)).status_code == 409
    assert browser_of.post(SEND, data=message(app, at | {"fingerprint": "00" * 32}, token)).status_code == 409
    assert rows(app) == before


def test_the_same_message_again_adds_nothing_and_has_the_same_answer(
    app: Flask, browser_of: FlaskClient, token: bytes
) -> None:
    at, before = browser_of.post(OPEN, data=b"\1" + token).get_json()["writing"], rows(app)
    body = message(app, at, token)
    first, second = browser_of.post(SEND, data=body), browser_of.post(SEND, data=body)
    assert (first.status_code, said(first)) == (second.status_code, said(second)) == (200, {"kept": True})
    assert len(first.data) == len(second.data) == 1024
    assert rows(app) == tuple(count + 1 for count in before)
    assert browser_of.post(SEND, data=message(app, at, token, message=2)).status_code == 409
