"""A case past its date is opened again by no deed, and what leaves it names who really wrote."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from core import db
from core.access import Identity
from intake.asking import asking, authority
from intake.cases import PastRetention
from intake.casework import casework, handing
from intake.form.asked import About, Wish
from intake.keeping import erasing
from tests.erasing import years_on
from tests.letters import Handler, Reporter

pytestmark = pytest.mark.embedded
WISH = Wish(recipient="Công an huyện", document="12/CV", parts=("story",))


def demand(session: Session, identity: Identity, seed: bytes, case_id: str) -> None:
    asking.ask(session, identity, seed, About(case_id=case_id, kind="authority"), "Yêu cầu", WISH)


@pytest.fixture
def closed(reporter: Reporter, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch) -> Reporter:
    """A closed letter whose time is over."""
    reporter.writes(narrative="…", reporter_name="Lê Thị Hoa")
    handlers[0].opens(reporter.case_id)
    handlers[0].answers(reporter.case_id, "Xong.", "closed")
    years_on(monkeypatch)
    return reporter


@pytest.mark.parametrize(
    ("deed", "more"),
    [
        (casework.answer, ("Chào bạn.", "answered")),
        (erasing.hold, ("Tòa án hỏi.",)),
        (handing.outlook, ()),
        (handing.step_back, ()),
        (demand, ()),
    ],
)
def test_no_deed_opens_it_again(
    app: Flask, closed: Reporter, handlers: list[Handler], deed: Any, more: tuple[Any, ...]
) -> None:
    one = handlers[0]
    with pytest.raises(PastRetention), app.app_context(), db.writing() as session:
        deed(session, one.person.identity, one.seed, closed.case_id, *more)
    for handler in handlers:
        with pytest.raises(PastRetention):
            handler.opens(closed.case_id)


def test_no_judgement_moves_its_date(app: Flask, closed: Reporter, handlers: list[Handler]) -> None:
    one = handlers[0]
    with pytest.raises(PastRetention), app.app_context(), db.writing() as session:
        casework.judge(session, one.person.identity, one.seed, closed.case_id, genuine="yes", gbv_type="rape")


def test_a_clock_set_back_opens_nothing_again_and_the_check_says_so(
    app: Flask, reporter: Reporter, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter.writes()
    handlers[0].answers(reporter.case_id, "Xong.", "closed")
    with monkeypatch.context() as later:
        years_on(later)
        Reporter(app).writes()
    with pytest.raises(PastRetention):
        handlers[0].opens(reporter.case_id)
    said = app.test_cli_runner().invoke(args=["instance", "check"])
    assert said.exit_code == 1
    assert "set its clock right" in said.output


def test_nothing_inside_an_entry_passes_for_its_author_and_no_key_leaves(
    app: Flask, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes(narrative="…")
    one = handlers[0]
    false = {
        "what": "note",
        "text": "t",
        "by": "Người khác",
        "role": "reporter",
        "sequence": 0,
        "clean": {"key": "K"},
    }
    with app.app_context(), db.writing() as session:
        hand = casework.at_hand(session, one.person.identity, one.seed, reporter.case_id)
        casework.add(session, hand, false)
    with app.app_context(), db.writing() as session:
        hand = casework.at_hand(session, one.person.identity, one.seed, reporter.case_id)
        (entry,) = authority.entries(hand, hand.story())
    assert (entry["by"], entry["role"]) == (one.person.name, "handler")
    assert entry["sequence"] > 0
    assert entry["clean"] == {}
