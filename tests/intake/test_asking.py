"""Names opened by a handler and a custodian, each in their own browser: asked, agreed or refused, shown once."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core import db, log, memory
from core.access import Role
from intake.founding import Founded
from tests.factories import post, signed_in
from tests.letters import Reporter, desks

pytestmark = pytest.mark.embedded

NAME = "CANARY Nguyễn Thị Ẩn"
WHY = "Cần gọi cho người nhà trước buổi hẹn"


@pytest.fixture
def case_id(app: Flask, centre: Founded) -> str:
    one = Reporter(app)
    one.writes(reporter_name=NAME, narrative="CANARY lời kể")
    return one.case_id


@pytest.fixture
def handler(app: Flask, centre: Founded) -> FlaskClient:
    return signed_in(app, centre.of(Role.HANDLER)[0])


@pytest.fixture
def custodian(app: Flask, centre: Founded) -> FlaskClient:
    return signed_in(app, centre.of(Role.CUSTODIAN)[0])


def ask(handler: FlaskClient, case_id: str, why: str = WHY) -> None:
    assert post(handler, f"/lam-viec/{case_id}/ten/xin", {"reason": why}).status_code == 303


def settle(custodian: FlaskClient, how: str) -> int:
    found = re.search(rf'action="([^"]*/mo-ten/[0-9a-f]+/{how})"', custodian.get("/lam-viec/mo-ten").text)
    assert found, "no request waits"
    return post(custodian, found.group(1)).status_code


def deeds(app: Flask, centre: Founded) -> list[str]:
    one = centre.of(Role.CUSTODIAN)[0]
    assert one.credentials.seed is not None
    with app.app_context(), db.reading() as session:
        log_seed, _ = log.keys_for(session, one.person_id, one.credentials.seed)
        lines = log.read(session, log_seed, newest_first=False)
    return [line.deed for line in lines if "name" in line.deed or "half" in line.deed]


def test_asked_agreed_and_shown_once_with_a_line_for_every_step(
    app: Flask, centre: Founded, handler: FlaskClient, custodian: FlaskClient, case_id: str
) -> None:
    ask(handler, case_id)
    page = custodian.get("/lam-viec/mo-ten").text
    assert WHY in page
    assert centre.of(Role.HANDLER)[0].name in page
    assert "(1)" in page, "the list of pages says that somebody waits"
    assert "CANARY" not in page
    assert case_id not in page
    assert settle(custodian, "dong-y") == 303
    assert "CANARY" not in custodian.get("/lam-viec/mo-ten").text
    shown = post(handler, f"/lam-viec/{case_id}/ten/mo")
    assert NAME in shown.text
    assert shown.headers["Refresh"].startswith("300;")
    assert "no-store" in shown.headers["Cache-Control"]
    again = post(handler, f"/lam-viec/{case_id}/ten/mo", follow_redirects=True)
    assert "CANARY" not in again.text
    assert deeds(app, centre) == ["name_asked", "half_lent", "name_opened"]


def test_without_a_custodian_nothing_opens(handler: FlaskClient, case_id: str) -> None:
    for before in (None, "asked"):
        if before:
            ask(handler, case_id)
        assert "CANARY" not in post(handler, f"/lam-viec/{case_id}/ten/mo", follow_redirects=True).text


def test_a_reason_is_needed_and_what_was_written_stays(handler: FlaskClient, case_id: str) -> None:
    assert post(handler, f"/lam-viec/{case_id}/ten/xin", {"reason": " "}).status_code == 422
    long = "x" * 501
    page = post(handler, f"/lam-viec/{case_id}/ten/xin", {"reason": long})
    assert page.status_code == 422
    assert long in page.text


def test_one_refusal_leaves_it_to_the_others_and_all_refusals_end_it(
    app: Flask, centre: Founded, handler: FlaskClient, case_id: str
) -> None:
    ask(handler, case_id)
    keepers = [signed_in(app, one) for one in centre.of(Role.CUSTODIAN)]
    settle(keepers[0], "tu-choi")
    assert WHY not in keepers[0].get("/lam-viec/mo-ten").text
    assert "Đang chờ người giữ khóa" in handler.get(f"/lam-viec/{case_id}/ten").text
    for one in keepers[1:]:
        settle(one, "tu-choi")
    assert "đều từ chối" in handler.get(f"/lam-viec/{case_id}/ten").text
    assert deeds(app, centre) == ["name_asked"] + 3 * ["name_refused"]


def test_a_struck_out_custodian_is_asked_nothing_and_a_struck_out_handler_finds_no_page(
    app: Flask, centre: Founded, handler: FlaskClient
) -> None:
    struck = [centre.of(Role.CUSTODIAN)[0], centre.of(Role.HANDLER)[1]]
    one = Reporter(app)
    one.writes(struck=struck, reporter_name=NAME)
    ask(handler, one.case_id)
    first, second, _ = (signed_in(app, person) for person in centre.of(Role.CUSTODIAN))
    page = first.get("/lam-viec/mo-ten").text
    assert "Không có lời xin nào" in page
    assert "(1)" not in page
    assert WHY in second.get("/lam-viec/mo-ten").text
    other = signed_in(app, centre.of(Role.HANDLER)[1])
    for address in (f"/lam-viec/{one.case_id}/ten", f"/lam-viec/{'0' * 32}/ten"):
        assert other.get(address).status_code == 404
    assert post(other, f"/lam-viec/{one.case_id}/ten/xin", {"reason": WHY}).status_code == 404


def test_a_request_taken_back_or_asked_twice_leaves_one_or_none(
    custodian: FlaskClient, handler: FlaskClient, case_id: str
) -> None:
    ask(handler, case_id)
    ask(handler, case_id, "lần hai")
    page = custodian.get("/lam-viec/mo-ten").text
    assert WHY in page
    assert "lần hai" not in page
    post(handler, f"/lam-viec/{case_id}/ten/thoi")
    assert "Không có lời xin nào" in custodian.get("/lam-viec/mo-ten").text


def test_a_half_is_of_use_to_nobody_but_whoever_asked(
    app: Flask, centre: Founded, handler: FlaskClient, custodian: FlaskClient, case_id: str
) -> None:
    ask(handler, case_id)
    settle(custodian, "dong-y")
    other = signed_in(app, centre.of(Role.HANDLER)[1])
    assert "CANARY" not in post(other, f"/lam-viec/{case_id}/ten/mo", follow_redirects=True).text
    assert NAME in post(handler, f"/lam-viec/{case_id}/ten/mo").text


@pytest.mark.parametrize("step", ["ask", "agree", "open"])
def test_when_the_log_cannot_be_written_no_step_is_taken(
    app: Flask, handler: FlaskClient, custodian: FlaskClient, case_id: str, step: str
) -> None:
    handler.get("/lam-viec/")
    if step != "ask":
        ask(handler, case_id)
    if step == "open":
        settle(custodian, "dong-y")
    key = app.extensions["settings"].instance / "log.key"
    kept = key.read_bytes()
    key.unlink()
    if step == "ask":
        assert post(handler, f"/lam-viec/{case_id}/ten/xin", {"reason": WHY}).status_code == 503
    elif step == "agree":
        assert settle(custodian, "dong-y") == 503
    else:
        page = post(handler, f"/lam-viec/{case_id}/ten/mo")
        assert page.status_code == 503
        assert "CANARY" not in page.text
    key.write_bytes(kept)
    if step == "open":
        assert NAME in post(handler, f"/lam-viec/{case_id}/ten/mo").text, (
            "nothing was shown, so it may be tried again"
        )


def test_a_restart_of_the_machine_forgets_the_request_and_it_is_asked_again(
    app: Flask, custodian: FlaskClient, handler: FlaskClient, case_id: str
) -> None:
    ask(handler, case_id)
    with app.app_context():
        names = [key for (key,) in memory.store()._db().execute("SELECT key FROM shelf")]  # type: ignore[attr-defined]
        for key in names:
            if key.startswith(("name_", "once:name")):
                memory.store().delete(key)
    assert "Không có lời xin nào" in custodian.get("/lam-viec/mo-ten").text
    ask(handler, case_id)
    settle(custodian, "dong-y")
    assert NAME in post(handler, f"/lam-viec/{case_id}/ten/mo").text


def test_a_forged_request_is_not_shown(
    app: Flask, centre: Founded, custodian: FlaskClient, case_id: str
) -> None:
    from intake import asking

    keepers, (first, second) = centre.of(Role.CUSTODIAN), desks(app, centre)
    with app.app_context():
        with db.writing() as session:
            made = asking.ask(session, first.person.identity, first.seed, case_id, WHY)
        words = made[""]
        member = keepers[0]
        from core import rosters
        from core.sealing import pad, seal, sign

        with db.reading() as session:
            key = rosters.current(session).member(member.person_id).seal_key
        forged = sign(asking._signed(words), second.seed) + words
        sealed = seal(pad(forged, 4096), key, asking._place(member.person_id))
        memory.store().add(asking._desk(member.person_id, 0), sealed, 60)
        memory.store().add(asking._desk(member.person_id, 1), b"rubbish", 60)
    assert "Không có lời xin nào" in custodian.get("/lam-viec/mo-ten").text
