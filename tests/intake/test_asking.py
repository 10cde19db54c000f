"""Names opened by a handler and a custodian, each in their own browser: asked, agreed or refused, shown once."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core import clock, db, log, memory, rosters
from core.access import Role
from core.sealing import pad, seal, sign
from intake.asking import asking, shelf
from intake.cases import PastRetention
from intake.casework import names
from intake.form.asked import About
from intake.keys.founding import Founded
from tests.erasing import years_on
from tests.factories import post, signed_in
from tests.letters import Handler, Reporter, desks

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
    assert "Rút một lời xin" in custodian.get("/lam-viec/nhat-ky/").text


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
            if key.startswith("asked"):
                memory.store().delete(key)
    assert "Không có lời xin nào" in custodian.get("/lam-viec/mo-ten").text
    ask(handler, case_id)
    settle(custodian, "dong-y")
    assert NAME in post(handler, f"/lam-viec/{case_id}/ten/mo").text


def made_by(app: Flask, one: Handler, about: About) -> shelf.Made:
    with app.app_context(), db.writing() as session:
        return asking.ask(session, one.person.identity, one.seed, about, WHY)


def test_a_forged_request_is_not_shown(
    app: Flask, centre: Founded, custodian: FlaskClient, case_id: str
) -> None:
    member, (first, second) = centre.of(Role.CUSTODIAN)[0], desks(app, centre)
    made = made_by(app, first, About(case_id=case_id, kind="names"))
    with app.app_context():
        words = json.dumps(asdict(made.ask), ensure_ascii=False).encode()
        with db.reading() as session:
            key = rosters.current(session).member(member.person_id).seal_key
        forged = sign(asking._signed(words), second.seed) + words
        sealed = seal(pad(forged, 8192), key, shelf.bound(member.person_id))
        for place, value in enumerate((sealed, b"rubbish")):
            for one in (first, second):
                memory.store().put(shelf.place(member.person_id, one.person.person_id, place), value, 60)
    assert "Không có lời xin nào" in custodian.get("/lam-viec/mo-ten").text


def test_before_the_line_of_the_log_is_kept_nothing_lies_in_memory(
    app: Flask, centre: Founded, custodian: FlaskClient, handlers: list[Handler], case_id: str
) -> None:
    one, keeper = handlers[0], centre.of(Role.CUSTODIAN)[0]
    about = About(case_id=case_id, kind="names")
    made = made_by(app, one, about)
    assert "Không có lời xin nào" in custodian.get("/lam-viec/mo-ten").text
    with app.app_context():
        shelf.send(made)
        with db.writing() as session:
            asking.agree(session, keeper.identity, keeper.credentials.seed or b"", made.ask.ask_id)
        found = shelf.standing(one.person.identity, one.seed, about)
    assert found is not None
    assert found.state == "waiting"


def test_every_custodians_place_looks_the_same_whoever_was_struck_out(app: Flask, centre: Founded) -> None:
    one = Reporter(app)
    one.writes(struck=[centre.of(Role.CUSTODIAN)[0]], reporter_name=NAME)
    made = made_by(app, desks(app, centre)[0], About(case_id=one.case_id, kind="names"))
    assert set(made.theirs) == {person.person_id for person in centre.of(Role.CUSTODIAN)}
    assert len({len(sealed) for sealed in made.theirs.values()}) == 1


def test_one_persons_requests_take_no_place_of_anybody_elses(
    app: Flask, centre: Founded, custodian: FlaskClient, handlers: list[Handler], case_id: str
) -> None:
    first, second = handlers
    with app.app_context():
        for row in range(shelf.PLACES):
            shelf.send(made_by(app, first, About(case_id=case_id, kind="original", row=row + 5)))
        with pytest.raises(shelf.TooManyWait):
            shelf.require_place(first.person.identity)
        with pytest.raises(shelf.TooManyWait):
            shelf.send(made_by(app, first, About(case_id=case_id, kind="names")))
        shelf.require_place(second.person.identity)
        shelf.send(made_by(app, second, About(case_id=case_id, kind="names")))
        assert len(list(shelf.mine(first.person.identity, first.seed))) == shelf.PLACES
    page = signed_in(app, first.person)
    assert "quá nhiều lời xin" in post(page, f"/lam-viec/{case_id}/ten/xin", {"reason": WHY}).text
    assert custodian.get("/lam-viec/mo-ten").text.count("/dong-y") == shelf.PLACES + 1


def test_what_was_lent_for_one_request_serves_no_other_and_an_old_request_waits_no_more(
    app: Flask,
    centre: Founded,
    handler: FlaskClient,
    custodian: FlaskClient,
    case_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever can write into memory cannot make an agreement of Monday serve a request of Tuesday."""
    one, keeper = Handler(app, centre.of(Role.HANDLER)[0]), centre.of(Role.CUSTODIAN)[0].person_id
    about = About(case_id=case_id, kind="names")
    ask(handler, case_id)
    settle(custodian, "dong-y")
    with app.app_context():
        first = shelf.standing(one.person.identity, one.seed, about)
        assert first is not None
        lent = shelf.lent(first)
    assert NAME in post(handler, f"/lam-viec/{case_id}/ten/mo").text
    ask(handler, case_id)
    with app.app_context():
        second = shelf.standing(one.person.identity, one.seed, about)
        assert second is not None
        memory.store().put(f"asked_lent:{second.ask.ask_id}", lent, 60)
        place = shelf.place(keeper, one.person.person_id, second.place)
        recorded = memory.store().get(place) or b""
    assert NAME not in post(handler, f"/lam-viec/{case_id}/ten/mo", follow_redirects=True).text
    with app.app_context():
        memory.store().delete(f"asked_lent:{second.ask.ask_id}")
    assert WHY in custodian.get("/lam-viec/mo-ten").text
    now = clock.now() + timedelta(minutes=16)
    monkeypatch.setattr(clock, "now", lambda: now)
    with app.app_context():
        memory.store().put(place, recorded, 60)
    assert WHY not in custodian.get("/lam-viec/mo-ten").text


def test_what_is_past_its_date_opens_to_no_half_that_was_lent_before(
    app: Flask, centre: Founded, handlers: list[Handler], case_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, keeper = handlers[0], centre.of(Role.CUSTODIAN)[0]
    one.answers(case_id, "Xong.", "closed")
    seed = keeper.credentials.seed or b""
    with app.app_context(), db.writing() as session:
        half = names.lend_half(session, keeper.identity, seed, case_id, one.person.person_id)
    years_on(monkeypatch)
    with pytest.raises(PastRetention), app.app_context(), db.writing() as session:
        names.open_name(session, one.person.identity, one.seed, case_id, half)


def test_a_handler_finds_their_requests_again(
    handler: FlaskClient, custodian: FlaskClient, case_id: str
) -> None:
    assert "Bạn không có lời xin nào" in handler.get("/lam-viec/loi-xin").text
    ask(handler, case_id)
    assert f"/lam-viec/{case_id}/ten" in handler.get("/lam-viec/loi-xin").text
    settle(custodian, "dong-y")
    page = handler.get("/lam-viec/loi-xin").text
    assert "đã đồng ý" in page
    assert "(1)" in page
