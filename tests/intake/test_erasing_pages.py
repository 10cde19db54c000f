"""The page of what is due, and `flask intake purge`."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import delete

from core import db, log
from core.access import Role
from intake.keeping import left_behind
from intake.keeping.left_behind import NotLeftBehind
from intake.keys.founding import Founded, Settled
from intake.models import Compartment
from tests.erasing import rows, years_on
from tests.factories import code_for, forget_codes, post, signed_in
from tests.intake.test_older_cases import NEW, change
from tests.letters import Handler, Reporter

pytestmark = pytest.mark.embedded
GONE = "Có phần không mở được"


@pytest.fixture
def closed(reporter: Reporter, handlers: list[Handler]) -> Reporter:
    reporter.writes(narrative="CANARY", reporter_name="CANARY")
    handlers[0].opens(reporter.case_id)
    handlers[0].answers(reporter.case_id, "CANARY", "closed")
    return reporter


def test_what_is_due_is_shown_with_its_days_and_without_a_word(
    app: Flask, centre: Founded, closed: Reporter
) -> None:
    browser = signed_in(app, centre.of(Role.HANDLER)[0])
    page = browser.get("/lam-viec/luu-giu").text
    assert "73" in page
    assert "Sắp tới" in page
    assert "CANARY" not in page
    assert f"/lam-viec/luu-giu/{closed.case_id}" in page


def test_the_page_is_empty_kindly(app: Flask, centre: Founded) -> None:
    page = signed_in(app, centre.of(Role.HANDLER)[0]).get("/en/lam-viec/luu-giu").text
    assert "No letter has a date yet" in page


def test_it_is_erased_from_its_page_when_its_time_is_over_and_not_before(
    app: Flask, centre: Founded, closed: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in(app, centre.of(Role.HANDLER)[0])
    address = f"/lam-viec/luu-giu/{closed.case_id}"
    assert "Xóa hẳn" not in browser.get(address).text
    assert "Chưa xóa: chưa đến hạn" in post(browser, f"{address}/xoa", follow_redirects=True).text
    years_on(monkeypatch)
    assert post(browser, f"/lam-viec/{closed.case_id}/mo").status_code == 410
    assert "CANARY" not in post(browser, f"/lam-viec/{closed.case_id}/mo").text
    assert "Xóa hẳn" in browser.get(address).text
    with monkeypatch.context() as recovery_code:
        recovery_code.setattr("intake.keeping.erasing_pages.by_phone", lambda: False)
        assert "bằng mã dự phòng" in post(browser, f"{address}/xoa", follow_redirects=True).text
    assert "Đã xóa" in post(browser, f"{address}/xoa", follow_redirects=True).text
    assert rows(app)["case_file"] == 0
    assert browser.get(address).status_code == 404


def test_a_hold_needs_a_reason_and_is_ended_again(
    app: Flask, centre: Founded, closed: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in(app, centre.of(Role.HANDLER)[0])
    address = f"/lam-viec/luu-giu/{closed.case_id}"
    assert post(browser, f"{address}/giu", {"reason": ""}).status_code == 422
    post(browser, f"{address}/giu", {"reason": "Tòa án đang xét"})
    assert "Đang được giữ" in browser.get("/lam-viec/luu-giu").text
    years_on(monkeypatch)
    assert post(browser, f"/lam-viec/{closed.case_id}/mo").status_code == 200
    post(browser, f"{address}/thoi-giu", {"reason": "Đã xong"})
    assert "Đã quá hạn" in browser.get("/lam-viec/luu-giu").text


def test_nobody_but_handlers_finds_the_pages(app: Flask, centre: Founded, closed: Reporter) -> None:
    for person in centre.people:
        if Role.HANDLER not in person.roles:
            browser = signed_in(app, person)
            for address in ("/lam-viec/luu-giu", f"/lam-viec/luu-giu/{closed.case_id}"):
                assert browser.get(address).status_code == 404


def test_purge_shows_and_only_with_now_erases(
    app: Flask, centre: Founded, closed: Reporter, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    person = handlers[0].person
    assert "0 past their date, 1 with a date to come" in _purge(app, person, "--now")
    years_on(monkeypatch)
    assert "1 past their date" in _purge(app, person)
    assert rows(app)["case_file"] == 1
    asked = f"{person.credentials.passphrase}\n{person.credentials.recovery_codes[0]}\n"
    words = ["intake", "purge", "--name", person.sign_name, "--now"]
    refused = app.test_cli_runner().invoke(args=words, input=asked)
    assert "takes the code of the phone" in refused.output, "only by it is the clock known to be right"
    assert rows(app)["case_file"] == 1
    said = _purge(app, person, "--now")
    assert "Erased: 1." in said
    assert "CANARY" not in said
    assert rows(app)["case_file"] == 0


def test_a_case_with_a_part_taken_away_says_so_wherever_it_is_opened_and_no_command_erases_it(
    app: Flask, centre: Founded, closed: Reporter, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The part may be the reporter's word that they do not withdraw any more."""
    browser = signed_in(app, centre.of(Role.HANDLER)[0])
    handlers[0].answers(closed.case_id, "Một lời nữa.")
    assert GONE not in post(browser, f"/lam-viec/{closed.case_id}/mo").text
    with app.app_context(), db.writing() as session:
        session.execute(delete(Compartment).where(Compartment.sequence == 6))
    assert GONE in post(browser, f"/lam-viec/{closed.case_id}/mo").text
    assert GONE in browser.get(f"/lam-viec/{closed.case_id}/ho-so").text
    years_on(monkeypatch)
    assert GONE.lower() in browser.get("/lam-viec/luu-giu").text
    page = browser.get(f"/lam-viec/luu-giu/{closed.case_id}").text
    assert GONE in page
    assert "Hãy hỏi người giữ khóa trước khi xóa" in page
    said = _purge(app, handlers[0].person, "--now")
    assert "SOME PARTS DO NOT OPEN" in said
    assert "Erased: 0." in said
    assert rows(app)["case_file"] == 1


def _purge(app: Flask, person: Settled, *options: str) -> str:
    forget_codes(app, person)
    asked = f"{person.credentials.passphrase}\n{code_for(person)}\n"
    done = app.test_cli_runner().invoke(
        args=["intake", "purge", "--name", person.sign_name, *options], input=asked
    )
    assert done.exit_code == 0, done.output
    return str(done.output)


def test_two_custodians_erase_what_nobody_on_the_roster_can_open_and_not_before_its_time(
    app: Flask, centre: Founded, reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter.writes(narrative="CANARY")
    first, second = centre.of(Role.HANDLER)
    purge_left = app.test_cli_runner().invoke
    command = ["intake", "purge-left-behind"]
    change(app, centre, Role.HANDLER, leaves=first)
    assert "0 past their date, 0 that" in purge_left(args=command).output, "one of two is still there"
    another = replace(NEW[Role.HANDLER], name="Bùi Thị Sau")
    monkeypatch.setitem(NEW, Role.HANDLER, another)
    change(app, centre, Role.HANDLER, leaves=second)
    assert "0 past their date, 1 that the cards" in purge_left(args=[*command, "--now"]).output
    assert "Everybody who could open 1 of them has left" in purge_left(args=["instance", "check"]).output
    told = signed_in(app, centre.of(Role.CUSTODIAN)[2]).get("/lam-viec/").text
    assert "Có thư mà mọi người đọc được đã thôi việc ấy" in told
    later = Reporter(app)
    later.writes()
    two = centre.of(Role.CUSTODIAN)[:2]
    with app.app_context(), pytest.raises(NotLeftBehind), db.writing() as session:
        left_behind.erase(session, [one.identity for one in two], later.case_id)
    years_on(monkeypatch)

    def typed(*people: Settled) -> str:
        for one in people:
            forget_codes(app, one)
        return "".join(f"{one.sign_name}\n{one.credentials.passphrase}\n{code_for(one)}\n" for one in people)

    assert purge_left(args=[*command, "--now"], input=typed(two[0], two[0])).exit_code == 1
    assert rows(app)["case_file"] == 2
    done = purge_left(args=[*command, "--now"], input=typed(*two))
    assert "Erased: 1." in done.output, done.output
    assert rows(app)["case_file"] == 1
    with app.app_context(), db.reading() as session:
        seed, first_key = log.keys_for(session, two[0].person_id, two[0].credentials.seed or b"")
        log.check(session, first_key)
        deeds = [line.deed for line in log.read(session, seed, limit=3)]
    assert deeds == ["erased", "left_behind_erased", "left_behind_erased"]


def test_purge_is_for_handlers(app: Flask, centre: Founded) -> None:
    person = centre.of(Role.CUSTODIAN)[0]
    forget_codes(app, person)
    asked = f"{person.credentials.passphrase}\n{code_for(person)}\n"
    done = app.test_cli_runner().invoke(args=["intake", "purge", "--name", person.sign_name], input=asked)
    assert done.exit_code == 1
    assert "Only a handler" in done.output
