"""One letter takes many messages in a row, then slower ones; a new letter and what is read never wait."""

from __future__ import annotations

import time

import pytest
from flask import Flask

from core import brakes
from intake.keys.founding import Founded
from intake.mailbox import pacing
from tests.intake.test_sealed_mailbox import OPEN, SEND, message, said
from tests.letters import Handler, Reporter

pytestmark = pytest.mark.embedded


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Two messages in a row, then one in five minutes; what is in the list has passed."""
    passed = [0.0]
    honest = time.time
    monkeypatch.setattr(pacing, "STAGES", ((0, 2, 300),))
    monkeypatch.setattr(time, "time", lambda: honest() + passed[0])
    return passed


def test_so_many_come_through_at_once_and_then_one_after_each_while(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    with app.app_context():
        tried = [brakes.pace("test", "a", at_once=3, apart=60) for _ in range(5)]
        assert tried == [0, 0, 0, 60, 60], "who is refused pushes nothing further away"
        now[0] += 60
        assert [brakes.pace("test", "a", at_once=3, apart=60) for _ in range(2)] == [0, 60]
        now[0] += 3600
        assert [brakes.pace("test", "a", at_once=3, apart=60) for _ in range(4)] == [0, 0, 0, 60]
        assert brakes.pace("test", "b", at_once=3, apart=60) == 0


def test_a_longer_letter_is_slower_and_none_is_ever_shut(app: Flask) -> None:
    with app.app_context():
        for held, at_once, _apart in reversed(pacing.STAGES):
            case_id = f"{held:032x}"
            for _ in range(at_once):
                pacing.require_turn(case_id, held)
            with pytest.raises(pacing.Slowed) as slowed:
                pacing.require_turn(case_id, held)
            assert 1 <= slowed.value.minutes <= 8 * 60
    assert [at_once for _, at_once, _ in pacing.STAGES] == sorted(at for _, at, _ in pacing.STAGES)


def test_who_writes_many_messages_is_told_when_and_whom_to_call_and_loses_no_word(
    slow: list[float], reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    for number in range(2):
        assert reporter.adds(f"Tin {number}.", message_id=f"{number:032x}").status_code == 200
    held = reporter.adds("Thêm một điều nữa.", message_id="a" * 32)
    assert (held.status_code, held.headers["Retry-After"]) == (429, "300")
    assert "gửi lại được sau 5 phút" in held.text
    assert "113" in held.text
    assert "Thêm một điều nữa.</textarea>" in held.text
    again = reporter.adds("Tin 1.", message_id=f"{1:032x}")
    assert again.status_code == 200, "a lost answer is not another message"
    assert Reporter(reporter.app).writes().status_code == 200, "a new letter never waits"
    handlers[0].answers(reporter.case_id, "Chúng tôi đây.")
    slow[0] += 301
    assert reporter.adds("Thêm một điều nữa.", message_id="a" * 32).status_code == 200
    assert len([one for one in handlers[0].opens(reporter.case_id).entries if not one.author]) == 3


def test_a_browser_that_seals_is_slowed_the_same(
    app: Flask, slow: list[float], centre: Founded, reporter: Reporter
) -> None:
    from core.installation import installation_id
    from intake.seal import receipt

    reporter.writes()
    with app.app_context():
        token = receipt.derive(reporter.receipt, installation_id()).token
    for number in (1, 2, 3):
        at = reporter.client.post(OPEN, data=b"\1" + token).get_json()["writing"]
        body = message(app, at, token, message=number)
        answer = reporter.client.post(SEND, data=body)
    assert (answer.status_code, said(answer)) == (429, {"why": "pace", "minutes": 5})
    assert len(answer.data) == 1024
    slow[0] += 301
    assert said(reporter.client.post(SEND, data=body)) == {"kept": True}
