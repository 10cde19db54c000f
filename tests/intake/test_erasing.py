"""Erasing: shown before it happens, held by proceedings, decided by a handler, whole even after a crash."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask

from core import clock, db, log
from core.access import Role
from intake import eraser
from intake.cases import NoSuchCase, PastRetention
from intake.eraser import eraser_path
from intake.keeping import erasing
from intake.keeping.erasing import ClockDoubtful, NotYetDue
from intake.keys.founding import Founded
from intake.models import CaseFile, ErasedCase
from intake.retention import HOLD, UNHOLD, WITHDRAW, Months, kept
from tests.erasing import erase, rows, years_on
from tests.letters import Handler, Reporter

DAY = date(2026, 1, 31)


def entry(what: str, on: str, role: str = "handler", **more: object) -> dict[str, object]:
    return {"what": what, "at": f"{on}T10:00+07:00", "role": role, **more}


def until(*entries: dict[str, object]) -> date | None:
    return kept(entries, arrived_on=DAY, months=Months()).until


def closing(on: str) -> dict[str, object]:
    return entry("answer", on, state="closed")


def test_a_closed_case_is_kept_two_years_after_its_last_word() -> None:
    assert until(closing("2026-01-31")) == date(2028, 1, 31)
    assert until(closing("2026-02-28")) == date(2028, 2, 28)
    assert until(closing("2026-02-28"), entry("answer", "2026-03-01", state="answered")) == date(2028, 3, 1)
    assert until(entry("answer", "2026-02-28", state="answered")) is None


def test_what_is_closed_is_what_a_handler_signed_and_no_reporter_wrote_after() -> None:
    reopened = entry("file", "2026-03-02", kind="mo-lai", values={})
    assert until(closing("2026-02-28"), entry("message", "2026-03-01", "reporter")) is None
    assert until(closing("2026-02-28"), reopened) is None
    assert until(closing("2026-02-28"), reopened, closing("2026-03-05")) == date(2028, 3, 5)
    assert until({**closing("2026-02-28"), "role": "reporter"}) is None, "nobody but a handler closes"


def test_out_of_scope_is_kept_for_six_months() -> None:
    ending = entry("file", "2026-08-31", kind="ket-thuc", values={"closure": "ngoai_pham_vi"})
    assert until(ending) == date(2027, 2, 28)
    ending["values"] = {"closure": "hoan_thanh"}
    assert until(ending) == date(2028, 8, 31)
    theirs = {**ending, "role": "reporter", "values": {"closure": "ngoai_pham_vi"}}
    assert until(theirs, ending) == date(2028, 8, 31)


def test_a_withdrawal_counts_two_weeks_and_writing_again_takes_it_back() -> None:
    asked = entry(WITHDRAW, "2026-02-01", "reporter")
    assert until(asked) == date(2026, 2, 15)
    assert until(asked, entry("answer", "2026-02-02")) == date(2026, 2, 15)
    assert until(asked, entry("message", "2026-02-03", "reporter")) is None
    assert until({**asked, "role": "handler"}) is None, "only the reporter can ask"


def test_a_hold_stops_every_date_until_a_handler_ends_it() -> None:
    held = [closing("2026-01-31"), entry(HOLD, "2026-02-01")]
    found = kept(held, arrived_on=DAY, months=Months())
    assert (found.held, found.over(date(2099, 1, 1)), found.days_left(DAY)) == (True, False, None)
    found = kept([*held, entry(UNHOLD, "2026-03-01")], arrived_on=DAY, months=Months())
    assert not found.held
    assert not found.over(date(2028, 1, 31))
    assert found.over(date(2028, 2, 1)), "the hold itself does not move the date"
    assert not kept([entry(HOLD, "2026-02-01", "reporter")], arrived_on=DAY, months=Months()).held


# --- a case and its rows --------------------------------------------------------------------------


@pytest.fixture
def closed(reporter: Reporter, handlers: list[Handler]) -> Reporter:
    reporter.writes(narrative="CANARY", reporter_name="CANARY")
    handlers[0].opens(reporter.case_id)
    handlers[0].answers(reporter.case_id, "CANARY", "closed")
    return reporter


def test_before_its_date_nothing_is_erased_and_the_date_is_shown(
    app: Flask, closed: Reporter, handlers: list[Handler]
) -> None:
    with pytest.raises(NotYetDue):
        erase(app, handlers[0], closed.case_id)
    with app.app_context():
        (line,) = erasing.outlook(handlers[0].person.identity, handlers[0].seed)
    assert line.case_id == closed.case_id
    assert line.kept.days_left(clock.today()) in range(729, 733)
    assert not line.ready


def test_a_letter_that_no_handler_wrote_in_has_no_date_whatever_stands_in_clear_beside_it(
    app: Flask, reporter: Reporter, handlers: list[Handler]
) -> None:
    """State and day are not signed: whoever can write into the database must not have it erased unread."""
    reporter.writes()
    with app.app_context(), db.writing() as session:
        file = session.get(CaseFile, reporter.case_id)
        assert file is not None
        file.state, file.arrived_on = "closed", date(2020, 1, 1)
    with app.app_context():
        assert erasing.outlook(handlers[0].person.identity, handlers[0].seed) == []
    with pytest.raises(NotYetDue):
        erase(app, handlers[0], reporter.case_id)
    assert handlers[0].opens(reporter.case_id).story


@pytest.mark.embedded
def test_open_work_outlives_a_state_changed_in_sql_and_a_clock_set_on(
    app: Flask, reporter: Reporter, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter.writes(danger_now="yes")
    handlers[0].opens(reporter.case_id)
    handlers[0].answers(reporter.case_id, "Chúng tôi đang làm.")
    with app.app_context(), db.writing() as session:
        file = session.get_one(CaseFile, reporter.case_id)
        file.state, file.urgent = "closed", False
    (line,) = handlers[0].cases()
    assert (line.state, line.urgent) == ("reading", True), "the list believes what is sealed"
    with monkeypatch.context() as later:
        years_on(later)
        with app.app_context():
            assert erasing.outlook(handlers[0].person.identity, handlers[0].seed) == []
        with pytest.raises(NotYetDue):
            erase(app, handlers[0], reporter.case_id)
    opened = handlers[0].opens(reporter.case_id)
    assert [one.en for one in opened.unsigned] == ["state", "urgent mark"]
    assert handlers[0].opens(reporter.case_id).unsigned == (), "and it was set right"


@pytest.mark.embedded
def test_by_a_clock_past_the_last_day_of_the_roster_nothing_is_erased(
    app: Flask, closed: Reporter, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now() + timedelta(days=800)
    monkeypatch.setattr(clock, "now", lambda: now)
    monkeypatch.setattr(clock, "today", lambda: now.date())
    with pytest.raises(ClockDoubtful):
        erase(app, handlers[0], closed.case_id)
    assert rows(app)["case_file"] == 1


def test_past_its_date_it_opens_to_nobody_and_can_be_erased(
    app: Flask, closed: Reporter, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    years_on(monkeypatch)
    for handler in handlers:
        with pytest.raises(PastRetention):
            handler.opens(closed.case_id)
    erase(app, handlers[1], closed.case_id)
    assert rows(app) == {"case_file": 0, "key_set": 0, "compartment": 0, "letter": 0, "erased_case": 1}
    for handler in handlers:
        assert handler.cases() == []
        with pytest.raises(NoSuchCase):
            handler.opens(closed.case_id)
    assert "CANARY" not in closed.opens().text


def test_a_held_case_is_neither_closed_to_handlers_nor_erased(
    app: Flask, closed: Reporter, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context(), db.writing() as session:
        erasing.hold(session, handlers[0].person.identity, handlers[0].seed, closed.case_id, "CANARY tòa án")
    years_on(monkeypatch)
    handlers[1].opens(closed.case_id)
    with pytest.raises(NotYetDue):
        erase(app, handlers[1], closed.case_id)
    with app.app_context(), db.writing() as session:
        erasing.unhold(session, handlers[1].person.identity, handlers[1].seed, closed.case_id, "xong")
    erase(app, handlers[1], closed.case_id)


def test_a_reporter_who_has_just_written_stops_it(
    app: Flask, closed: Reporter, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    closed.adds("Tôi vẫn còn ở đây")
    years_on(monkeypatch)
    handlers[0].opens(closed.case_id)
    with pytest.raises(NotYetDue):
        erase(app, handlers[0], closed.case_id)


def test_who_writes_or_holds_between_the_decision_and_the_deed_stops_it(
    app: Flask, closed: Reporter, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = handlers[0]
    with monkeypatch.context() as later:
        years_on(later)
        with app.app_context(), db.writing() as session:
            erasing.decide(session, one.person.identity, one.seed, closed.case_id)
    closed.adds("Tôi vẫn còn ở đây")
    years_on(monkeypatch)
    with pytest.raises(NotYetDue), app.app_context(), db.writing() as session:
        erasing.carry_out(session, one.person.identity, one.seed, closed.case_id)
    assert rows(app)["case_file"] == 1


@pytest.mark.parametrize("moment", ["after the decision", "before the commit"])
def test_a_crash_in_between_leaves_it_whole_or_unopenable_and_the_rest_is_cleared_away(
    app: Flask, closed: Reporter, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    class Crash(Exception):
        pass

    years_on(monkeypatch)
    true_erase = eraser.erase

    def crash(*place: object) -> None:
        if moment == "before the commit":
            true_erase(*place)  # type: ignore[arg-type]
        raise Crash

    with monkeypatch.context() as patched, pytest.raises(Crash):
        patched.setattr(eraser, "erase", crash)
        erase(app, handlers[0], closed.case_id)
    assert rows(app)["case_file"] == 1, "rows are whole or gone"
    with app.app_context():
        done = erasing.finish()
    if moment == "before the commit":
        assert (done, rows(app)["compartment"]) == (1, 0)
    else:
        assert done == 0
        erase(app, handlers[0], closed.case_id)
    with app.app_context():
        assert erasing.finish() == 0
    assert rows(app)["erased_case"] == 1


def test_every_step_leaves_a_line_and_the_chain_holds(
    app: Flask, centre: Founded, closed: Reporter, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    years_on(monkeypatch)
    erase(app, handlers[0], closed.case_id)
    custodian = centre.of(Role.CUSTODIAN)[0]
    assert custodian.credentials.seed is not None
    with app.app_context(), db.reading() as session:
        log_seed, first = log.keys_for(session, custodian.person_id, custodian.credentials.seed)
        assert log.check(session, first)
        newest = [line.deed for line in log.read(session, log_seed, limit=2)]
    assert newest == ["erased", "erase_decided"]


def test_when_the_log_cannot_be_written_nothing_is_erased(
    app: Flask, closed: Reporter, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    years_on(monkeypatch)
    (app.extensions["settings"].instance / "log.key").unlink()
    with pytest.raises(log.LogBroken):
        erase(app, handlers[0], closed.case_id)
    with app.app_context(), pytest.raises(log.LogBroken), db.writing() as session:
        erasing.carry_out(session, handlers[0].person.identity, handlers[0].seed, closed.case_id)
    assert rows(app)["case_file"] == 1
    with app.app_context(), db.reading() as session:
        eraser.key(eraser_path(), session.get_one(CaseFile, closed.case_id).eraser_slot)


def test_the_same_sending_again_after_erasing_makes_no_case_anew(
    app: Flask, reporter: Reporter, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = reporter.checks()
    first = reporter.sends(page)
    handlers[0].answers(reporter.case_id, "x", "closed")
    years_on(monkeypatch)
    erase(app, handlers[0], reporter.case_id)
    again = reporter.sends(page)
    assert (first.status_code, again.status_code) == (200, 200)
    assert rows(app)["case_file"] == 0
    with app.app_context(), db.reading() as session:
        assert session.get(ErasedCase, erasing.mark_of(reporter.case_id)) is not None


def test_whoever_was_struck_out_sees_no_date_and_erases_nothing(
    app: Flask, centre: Founded, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Reporter(app)
    one.writes(struck=[centre.of(Role.HANDLER)[1]])
    handlers[0].answers(one.case_id, "x", "closed")
    years_on(monkeypatch)
    with app.app_context():
        assert erasing.outlook(handlers[1].person.identity, handlers[1].seed) == []
    with pytest.raises(NoSuchCase):
        erase(app, handlers[1], one.case_id)
