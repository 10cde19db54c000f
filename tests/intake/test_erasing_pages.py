"""The page of what is due, and `flask intake purge`."""

from __future__ import annotations

import pytest
from flask import Flask

from core.access import Role
from intake.founding import Founded
from tests.erasing import rows, years_on
from tests.factories import code_for, forget_codes, post, signed_in
from tests.letters import Handler, Reporter

pytestmark = pytest.mark.embedded


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

    def purge(*options: str) -> str:
        forget_codes(app, person)
        asked = f"{person.credentials.passphrase}\n{code_for(person)}\n"
        name = ["--name", person.sign_name]
        done = app.test_cli_runner().invoke(args=["intake", "purge", *name, *options], input=asked)
        assert done.exit_code == 0, done.output
        return str(done.output)

    assert "0 past their date, 1 with a date to come" in purge("--now")
    years_on(monkeypatch)
    assert "1 past their date" in purge()
    assert rows(app)["case_file"] == 1
    said = purge("--now")
    assert "Erased: 1." in said
    assert "CANARY" not in said
    assert rows(app)["case_file"] == 0


def test_purge_is_for_handlers(app: Flask, centre: Founded) -> None:
    person = centre.of(Role.CUSTODIAN)[0]
    forget_codes(app, person)
    asked = f"{person.credentials.passphrase}\n{code_for(person)}\n"
    done = app.test_cli_runner().invoke(args=["intake", "purge", "--name", person.sign_name], input=asked)
    assert done.exit_code == 1
    assert "Only a handler" in done.output
