"""Stepping back and handing over: who opens a case afterwards, and who knows of it."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from core import db, rosters
from core.access import Role
from core.sealing import CannotOpen
from intake import eraser
from intake.cases import Holder, NoSuchCase, load, open_key_set
from intake.casework import handing
from intake.casework.handing import LastReader, NotTold
from intake.eraser import eraser_path
from intake.keys import founding
from intake.keys.founding import Founded, Newcomer, Settled
from intake.models import KeySet
from intake.roles import MAY
from intake.seal.letters import Strikeouts
from intake.seal.readers import DECLINED, HANDED, TOLD, Step, readers
from intake.seal.slots import Side
from tests.factories import add_person, post, signed_in
from tests.letters import Handler, Reporter

pytestmark = pytest.mark.embedded
NEW = Newcomer(name="Ngô Thị Mới", title_vi="Bác sĩ", roles=frozenset({Role.HANDLER}))


def does(app: Flask, handler: Handler, deed: Any, case_id: str, *more: str) -> Any:
    with app.app_context(), db.writing() as session:
        return deed(session, handler.person.identity, handler.seed, case_id, *more)


def joins(app: Flask, centre: Founded, newcomer: Newcomer = NEW) -> Handler:
    """Somebody new on the roster, signed by two custodians."""
    person = add_person(app, newcomer)
    with app.app_context(), db.writing() as session:
        rosters.propose(session, centre.roster.recovery_public)
        for one in centre.of(Role.CUSTODIAN)[:2]:
            assert one.credentials.seed is not None
            founding.sign(session, one.identity, one.credentials.seed)
    return Handler(app, person)


def opens_slots(app: Flask, case_id: str, person: Settled) -> list[bool]:
    """For every key set of the handlers' side, whether this person's key opens it, whatever pages say."""
    assert person.credentials.seed is not None
    holder, found = Holder.of(person.identity, person.credentials.seed), []
    with app.app_context(), db.reading() as session:
        case, chain = load(session, case_id), rosters.chain(session)
        key = eraser.key(eraser_path(), case.file.eraser_slot)
        for key_set in case.key_sets.values():
            if key_set.side == Side.HANDLERS:
                try:
                    open_key_set(key_set, holder, key, chain)
                    found.append(True)
                except CannotOpen:
                    found.append(False)
    return found


# --- stepping back --------------------------------------------------------------------------------


def test_who_steps_back_opens_nothing_of_the_case_any_more_not_even_with_their_key(
    app: Flask, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    reporter.adds("Trước đó.")
    leaves, stays = handlers
    assert leaves.cases()
    does(app, leaves, handing.step_back, reporter.case_id)
    reporter.adds("Sau đó.")
    assert leaves.cases() == []
    with pytest.raises(NoSuchCase):
        leaves.opens(reporter.case_id)
    assert opens_slots(app, reporter.case_id, leaves.person) == [False] * 3
    assert opens_slots(app, reporter.case_id, stays.person) == [True] * 3
    said = stays.opens(reporter.case_id).entries
    assert [entry.what for entry in said] == ["message", DECLINED, "message"]
    assert said[1].author == leaves.person.name


def test_the_last_reader_cannot_step_back_and_is_told(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes(struck=[handlers[1].person])
    with pytest.raises(LastReader):
        does(app, handlers[0], handing.step_back, reporter.case_id)
    browser = signed_in(app, handlers[0].person)
    page = post(browser, f"/lam-viec/{reporter.case_id}/rut")
    assert page.status_code == 409
    assert "người cuối cùng" in page.text
    alone = "Ngoài bạn, không ai đọc được thư này"
    assert alone in post(browser, f"/lam-viec/{reporter.case_id}/mo").text
    newcomer = joins(app, centre)
    does(app, handlers[0], handing.tell, reporter.case_id, newcomer.person.person_id, "Một đồng nghiệp.")
    does(app, handlers[0], handing.hand_over, reporter.case_id, newcomer.person.person_id)
    assert alone not in post(browser, f"/lam-viec/{reporter.case_id}/mo").text
    assert handlers[0].cases()


def test_one_click_and_one_confirmation_without_a_reason(
    app: Flask, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes(narrative="CANARY")
    browser = signed_in(app, handlers[0].person)
    assert f"/lam-viec/{reporter.case_id}/rut" in browser.get(f"/lam-viec/{reporter.case_id}").text
    asked = browser.get(f"/lam-viec/{reporter.case_id}/rut").text
    assert "không hoàn lại được" in asked
    assert "<textarea" not in asked
    page = post(browser, f"/lam-viec/{reporter.case_id}/rut", follow_redirects=True)
    assert "Bạn đã rút khỏi vụ việc này" in page.text
    assert reporter.case_id not in page.text
    assert browser.get(f"/lam-viec/{reporter.case_id}/rut").status_code == 404


def test_slots_keep_their_size_and_nothing_says_who_stepped_back(
    app: Flask, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()

    def blobs() -> dict[str, bytes]:
        with app.app_context(), db.reading() as session:
            return {row.id: row.blob for row in session.scalars(select(KeySet).where(KeySet.side == "S"))}

    before = blobs()
    does(app, handlers[0], handing.step_back, reporter.case_id)
    after = blobs()
    assert before.keys().isdisjoint(after)
    assert {len(blob) for blob in before.values()} == {len(blob) for blob in after.values()}


# --- handing over ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_newcomer_is_let_in_only_after_the_reporter_was_told_and_reads_all_that_follows(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes(narrative="Chuyện cũ.")
    reporter.adds("Tin cũ.")
    newcomer = joins(app, centre)
    new = newcomer.person.person_id
    assert newcomer.cases() == []
    with pytest.raises(NotTold):
        does(app, handlers[0], handing.hand_over, reporter.case_id, new)
    does(app, handlers[0], handing.tell, reporter.case_id, new, "Cô Mới sẽ cùng đọc.")
    assert "Cô Mới sẽ cùng đọc." in reporter.opens().text
    assert newcomer.cases() == []
    does(app, handlers[0], handing.hand_over, reporter.case_id, new)
    assert [line.case_id for line in newcomer.cases()] == [reporter.case_id]
    assert reporter.adds("Tin mới.").status_code == 200
    for one in (newcomer, *handlers):
        opened = one.opens(reporter.case_id)
        assert opened.story["narrative"] == "Chuyện cũ."
        assert [e.text for e in opened.entries if e.what == "message"] == ["Tin cũ.", "Tin mới."]
        assert opened.damaged == 0
    newcomer.answers(reporter.case_id, "Chào bạn.")
    newcomer.judges(reporter.case_id)
    assert "Chào bạn." in reporter.opens().text


def test_somebody_struck_out_is_never_offered_and_never_let_in_whoever_insists(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    struck = handlers[1].person
    reporter.writes(struck=[struck])
    newcomer = joins(app, centre)
    found = does(app, handlers[0], handing.outlook, reporter.case_id)
    assert [one.id for one in found.candidates] == [newcomer.person.person_id]
    assert struck.person_id not in {one.id for one in found.others}
    with pytest.raises(NotTold):
        does(app, handlers[0], handing.tell, reporter.case_id, struck.person_id, "x")
    does(app, handlers[0], handing.tell, reporter.case_id, newcomer.person.person_id, "x")
    does(app, handlers[0], handing.hand_over, reporter.case_id, newcomer.person.person_id)
    reporter.adds("Sau khi chuyển.")
    assert not any(opens_slots(app, reporter.case_id, struck))
    assert handlers[1].cases() == []
    browser = signed_in(app, handlers[0].person)
    page = browser.get(f"/lam-viec/{reporter.case_id}/chuyen").text
    assert struck.name not in page


def test_who_stepped_back_is_not_let_in_again_by_a_later_hand_over(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    does(app, handlers[1], handing.step_back, reporter.case_id)
    newcomer = joins(app, centre)
    new = newcomer.person.person_id
    does(app, handlers[0], handing.tell, reporter.case_id, new, "x")
    does(app, handlers[0], handing.hand_over, reporter.case_id, new)
    assert not any(opens_slots(app, reporter.case_id, handlers[1].person))
    found = does(app, newcomer, handing.outlook, reporter.case_id)
    assert found.candidates == ()
    assert [one.id for one in found.gone] == [handlers[1].person.person_id]


def test_a_custodian_who_came_later_gets_no_slot_by_a_hand_over(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes(struck=[centre.of(Role.CUSTODIAN)[0]])
    late = add_person(
        app, Newcomer(name="Đinh Văn Mới", title_vi="Dược sĩ", roles=frozenset({Role.CUSTODIAN}))
    )
    newcomer = joins(app, centre)
    new = newcomer.person.person_id
    does(app, handlers[0], handing.tell, reporter.case_id, new, "x")
    does(app, handlers[0], handing.hand_over, reporter.case_id, new)
    with app.app_context(), db.reading() as session:
        now = rosters.chain(session)[-1]
    struck = frozenset({centre.of(Role.CUSTODIAN)[0].person_id})
    first = Strikeouts(roster_version=1, struck=tuple(struck))
    left = readers(centre.roster, first, []).left_out(centre.roster, now)
    assert set(left) >= struck | {late.person_id}


@pytest.fixture
def browser(app: Flask, handlers: list[Handler]) -> FlaskClient:
    return signed_in(app, handlers[0].person)


def test_the_pages_lead_from_telling_to_letting_in(
    app: Flask, centre: Founded, reporter: Reporter, browser: FlaskClient
) -> None:
    reporter.writes()
    nobody = browser.get(f"/lam-viec/{reporter.case_id}/chuyen").text
    assert "Không còn ai để chuyển" in nobody
    newcomer = joins(app, centre)
    path = f"/lam-viec/{reporter.case_id}/chuyen"
    page = browser.get(path).text
    assert "Ngô Thị Mới, Bác sĩ" in page
    assert post(browser, f"{path}/bao", {"to": "", "message": "Lời đã viết."}).status_code == 422
    told = {"to": newcomer.person.person_id, "message": "Cô Mới sẽ đọc."}
    assert "Đã báo người viết" in post(browser, f"{path}/bao", told, follow_redirects=True).text
    reporter.adds("Tôi không muốn.")
    assert "Người viết đã viết lại sau đó" in browser.get(path).text
    done = post(browser, f"{path}/xong", {"to": newcomer.person.person_id}, follow_redirects=True)
    assert "Đã chuyển." in done.text
    again = post(browser, f"{path}/xong", {"to": "0" * 32}, follow_redirects=True)
    assert "chưa được báo" in again.text


def test_telling_the_reporter_leaves_what_nobody_has_read_unread_and_what_is_closed_closed(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    new = joins(app, centre).person.person_id

    def tells() -> str:
        does(app, handlers[0], handing.tell, reporter.case_id, new, "Cô Mới sẽ cùng đọc.")
        return handlers[0].cases()[0].state

    assert tells() == "received", "nobody opened the letter"
    handlers[0].opens(reporter.case_id)
    assert tells() == "answered"
    reporter.adds("Tôi có điều muốn nói thêm.")
    assert tells() == "received"
    assert handlers[0].cases()[0].waits
    handlers[0].answers(reporter.case_id, "Chào bạn.", "closed")
    assert tells() == "closed"


def test_a_case_that_is_not_theirs_has_no_such_pages(
    app: Flask, reporter: Reporter, handlers: list[Handler], browser: FlaskClient
) -> None:
    reporter.writes(struck=[handlers[0].person])
    for end in ("chuyen", "rut"):
        assert browser.get(f"/lam-viec/{reporter.case_id}/{end}").status_code == 404
        unknown = browser.get(f"/lam-viec/{'0' * 32}/{end}")
        assert unknown.status_code == 404
    assert post(browser, f"/lam-viec/{reporter.case_id}/chuyen/xong", {"to": "x"}).status_code == 404


# --- the rule itself ------------------------------------------------------------------------------


def test_nobody_who_cannot_open_a_case_decides_about_it(centre: Founded) -> None:
    one, two = (person.person_id for person in centre.of(Role.HANDLER))
    first = Strikeouts(roster_version=1, struck=(two,))
    steps = [Step(what=TOLD, author=two, to="x", at="1"), Step(what=HANDED, author=two, to="x")]
    assert readers(centre.roster, first, steps).ids == {one}
    steps = [Step(what=HANDED, author=one, to="x")]
    assert readers(centre.roster, first, steps).ids == {one}
    steps = [Step(what=TOLD, author=one, to=two, at="1"), Step(what=HANDED, author=one, to=two)]
    assert readers(centre.roster, first, steps).ids == {one}


def test_only_handlers_hand_over_or_step_back() -> None:
    assert MAY["hand over"] == MAY["step back"] == {Role.HANDLER}
