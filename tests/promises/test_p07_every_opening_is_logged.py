"""P7: every opening writes a line before anything is shown, and the reporter sees how often and by which role.

Every route by which a word or a name can be opened is taken, with a log that can be written and with one
that cannot, in each of the ways in which a log can fail.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, update

from core import db, log
from core.access import Role
from core.log import LogHead
from core.log_reader import ON_A_CASE
from intake.casework import names
from intake.keys.founding import Founded
from intake.models import CaseFile
from tests.factories import post, signed_in
from tests.letters import Handler, Reporter, desks

pytestmark = pytest.mark.embedded


@pytest.fixture
def reporter(app: Flask, centre: Founded) -> Reporter:
    one = Reporter(app)
    one.writes(
        narrative="CANARY lời kể", reporter_name="CANARY tên", contact_mode="phone", safe_contact="CANARY"
    )
    return one


@pytest.fixture
def browser(app: Flask, centre: Founded) -> FlaskClient:
    return signed_in(app, centre.of(Role.HANDLER)[0])


def key_file(app: Flask) -> Path:
    folder: Path = app.extensions["settings"].instance
    return folder / "log.key"


def lines(app: Flask, centre: Founded) -> list[tuple[str, str]]:
    """(deed, who) of every line about a case, as a custodian reads them; which case is not said."""
    custodian = centre.of(Role.CUSTODIAN)[0]
    assert custodian.credentials.seed is not None
    with app.app_context(), db.reading() as session:
        log_seed, first = log.keys_for(session, custodian.person_id, custodian.credentials.seed)
        assert log.check(session, first) > 0
        return [
            (line.deed, line.who)
            for line in log.read(session, log_seed, newest_first=False)
            if line.deed in ON_A_CASE
        ]


def test_each_opening_leaves_one_line_that_says_who(
    app: Flask, centre: Founded, reporter: Reporter, browser: FlaskClient
) -> None:
    for _ in range(2):
        assert "CANARY" in post(browser, f"/lam-viec/{reporter.case_id}/mo").text
    who = centre.of(Role.HANDLER)[0].person_id
    assert lines(app, centre) == [("opened", who), ("opened", who)]


def test_the_reporter_sees_how_often_and_by_which_role(
    app: Flask, centre: Founded, reporter: Reporter, browser: FlaskClient
) -> None:
    assert "Chưa ai mở thư" in reporter.opens().text
    for _ in range(3):
        post(browser, f"/lam-viec/{reporter.case_id}/mo")
    page = reporter.opens().text
    shown = page[page.index("Thư đã được mở") :]
    assert "Cán bộ tiếp nhận" in shown
    assert "<dd>3</dd>" in shown
    assert not [person.name for person in centre.people if person.name in shown]


def test_looking_at_list_and_flags_shows_no_word_and_counts_as_no_opening(
    app: Flask, reporter: Reporter, browser: FlaskClient
) -> None:
    for address in ("/lam-viec/", f"/lam-viec/{reporter.case_id}"):
        assert "CANARY" not in browser.get(address).text
    assert "Chưa ai mở thư" in reporter.opens().text


def test_a_name_is_counted_for_both_who_opened_it(app: Flask, centre: Founded, reporter: Reporter) -> None:
    handler, custodian = desks(app, centre)[0], centre.of(Role.CUSTODIAN)[0]
    assert custodian.credentials.seed is not None
    with app.app_context():
        with db.writing() as session:
            half = names.lend_half(
                session,
                custodian.identity,
                custodian.credentials.seed,
                reporter.case_id,
                handler.person.person_id,
            )
        with db.writing() as session:
            names.open_name(session, handler.person.identity, handler.seed, reporter.case_id, half)
    assert lines(app, centre) == [
        ("half_lent", custodian.person_id),
        ("name_opened", handler.person.person_id),
    ]
    page = reporter.opens().text
    shown = page[page.index("Thư đã được mở") :]
    assert shown.count("<dd>1</dd>") == 2


# --- a log that cannot be written ----------------------------------------------------------------


def without_its_key(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    key_file(app).unlink()


def cut_short(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    key_file(app).write_bytes(b"\0" * 7)


def without_its_head(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context(), db.writing() as session:
        session.execute(delete(LogHead))


def rolled_back(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context(), db.writing() as session:
        session.execute(update(LogHead).values(sequence=0))


def on_a_full_disk(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(log.os, "pwrite", full)


FAILURES = [without_its_key, cut_short, without_its_head, rolled_back, on_a_full_disk]
Failure = Callable[[Flask, pytest.MonkeyPatch], None]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.__name__)
def test_when_the_log_cannot_be_written_no_page_shows_a_word(
    app: Flask,
    reporter: Reporter,
    browser: FlaskClient,
    failure: Failure,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    browser.get("/lam-viec/")
    failure(app, monkeypatch)
    app.testing = False
    page = post(browser, f"/lam-viec/{reporter.case_id}/mo")
    assert page.status_code >= 500
    assert "CANARY" not in page.text


@pytest.mark.parametrize("failure", FAILURES[:-1], ids=lambda failure: failure.__name__)
def test_when_the_log_cannot_be_written_no_deed_gives_a_word_and_nothing_changes(
    app: Flask,
    centre: Founded,
    reporter: Reporter,
    failure: Failure,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handler = desks(app, centre)[0]
    failure(app, monkeypatch)
    deeds: list[Callable[[Handler], object]] = [
        lambda one: one.cases(),
        lambda one: one.opens(reporter.case_id),
        lambda one: one.answers(reporter.case_id, "x"),
        lambda one: one.judges(reporter.case_id),
    ]
    for deed in deeds:
        with pytest.raises(log.LogBroken):
            deed(handler)
    custodian = centre.of(Role.CUSTODIAN)[0]
    assert custodian.credentials.seed is not None
    with app.app_context(), pytest.raises(log.LogBroken), db.writing() as session:
        names.lend_half(
            session,
            custodian.identity,
            custodian.credentials.seed,
            reporter.case_id,
            handler.person.person_id,
        )
    with app.app_context(), db.reading() as session:
        file = session.get_one(CaseFile, reporter.case_id)
        assert (file.state, file.messages) == ("received", 0)
    assert "Chưa ai mở thư" in reporter.opens().text


def test_the_line_is_written_before_anything_is_unsealed(
    app: Flask, centre: Founded, reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    from intake.casework import casework
    from intake.seal import rows

    order: list[str] = []
    true_write, true_read = log.write, rows.read_compartment
    monkeypatch.setattr(log, "write", lambda *a, **k: order.append("log") or true_write(*a, **k))
    monkeypatch.setattr(rows, "read_compartment", lambda *a, **k: order.append("read") or true_read(*a, **k))
    assert casework.log is log
    desks(app, centre)[0].opens(reporter.case_id)
    assert order[0] == "log"
    assert "read" in order


def test_counts_cannot_be_turned_back_with_the_cell_of_another_case(
    app: Flask, centre: Founded, reporter: Reporter
) -> None:
    other = Reporter(app)
    other.writes()
    desks(app, centre)[0].opens(reporter.case_id)
    with app.app_context(), db.writing() as session:
        mine, theirs = (session.get_one(CaseFile, one.case_id) for one in (reporter, other))
        mine.openings_reporter = theirs.openings_reporter
    assert "Không đọc được số lần mở" in reporter.opens().text
