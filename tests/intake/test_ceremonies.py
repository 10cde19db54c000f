"""Ceremonies after the founding: cards by two custodians in two browsers, keys renewed, steps that go on by themselves."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from typing import Any

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from core import accounts, db, log, memory, rosters
from core import clock as core_clock
from core.access import Role
from core.accounts import Enrolment, Person
from core.keys import open_lock
from core.roster import RosterRefused
from core.rosters import RosterVersion
from intake.keys import cards, ceremonies, recovery, wrapping
from intake.keys.ceremonies import Ceremony, Facts
from intake.keys.founding import Founded, Newcomer, Settled
from intake.seal.slots import Side
from tests.factories import add_person, forget_codes, post, sign_in, signed_in
from tests.intake.test_recovery import enrols_again, keeps, opens, signs, wraps
from tests.letters import Handler, Reporter

pytestmark = pytest.mark.embedded

CARDS = "/lam-viec/danh-sach/dung-the/"
STEPS = "/doi-nguoi/"


# --- the cards, each in its own browser


@pytest.fixture
def nobody_left(app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]) -> list[Settled]:
    """A letter, and every handler enrolled again."""
    reporter.writes()
    again = [enrols_again(app, one.person) for one in handlers]
    signs(app, centre)
    return again


def test_two_custodians_bring_letters_back_each_with_one_card_in_their_own_browser(
    app: Flask, centre: Founded, reporter: Reporter, nobody_left: list[Settled]
) -> None:
    first, second = (signed_in(app, one) for one in centre.of(Role.CUSTODIAN)[:2])
    assert CARDS in first.get("/lam-viec/danh-sach/").text
    laid = post(first, CARDS + "mot", {"card": centre.cards[2].upper()})
    assert laid.status_code == 302
    assert "Thẻ của bạn đang chờ" in first.get(CARDS).text
    page = second.get(CARDS).text
    assert f"{centre.of(Role.CUSTODIAN)[0].name} đã gõ một thẻ" in page
    assert " ".join(centre.cards[2].split()[:3]) not in page

    done = post(second, CARDS + "hai", {"card": centre.cards[0]})

    assert done.status_code == 302
    said = second.get("/lam-viec/danh-sach/").text
    assert "đã giao lại cho cán bộ tiếp nhận" in said
    assert "Hãy lập bộ thẻ mới" in said
    assert [opens(app, one, reporter.case_id) for one in nobody_left] == ["story", "story"]
    for browser in (first, second):
        assert "Một thẻ, thẻ nào cũng được" in browser.get(CARDS).text, "nothing of it lies there any more"


def test_a_run_goes_on_from_press_to_press_and_says_no_number(
    app: Flask,
    centre: Founded,
    reporter: Reporter,
    nobody_left: list[Settled],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    signs(app, centre)
    monkeypatch.setattr("intake.keys.recovery.AT_ONCE", 0)
    first, second = (signed_in(app, one) for one in centre.of(Role.CUSTODIAN)[:2])
    post(first, CARDS + "mot", {"card": centre.cards[0]})
    assert post(second, CARDS + "hai", {"card": centre.cards[1]}).headers["Location"].endswith(CARDS)
    page = second.get(CARDS).text
    assert "Hai thẻ đã khớp" in page
    assert not re.search(r"\b1 (thư|letter)", page)
    monkeypatch.setattr("intake.keys.recovery.AT_ONCE", 1)
    assert post(second, CARDS + "tiep").headers["Location"].endswith("/lam-viec/danh-sach/")
    assert opens(app, nobody_left[0], reporter.case_id) == "story"


def test_wrong_cards_the_same_card_and_cards_of_another_house_are_refused_and_nothing_is_kept(
    app: Flask, centre: Founded, reporter: Reporter, nobody_left: list[Settled]
) -> None:
    first, second = (signed_in(app, one) for one in centre.of(Role.CUSTODIAN)[:2])
    _, others = cards.make()
    for typed, sentence in (
        ("", "phải có 33 từ"),
        (centre.cards[0].replace(centre.cards[0].split()[4], "zzzz"), "không có trong danh sách từ"),
        (" ".join(reversed(centre.cards[0].split())), "bị nhầm hoặc sai thứ tự"),
    ):
        answer = post(first, CARDS + "mot", {"card": typed})
        assert answer.status_code == 422
        assert sentence in answer.text
    assert post(second, CARDS + "hai", {"card": centre.cards[1]}).status_code == 302, "nothing waits yet"
    post(first, CARDS + "mot", {"card": centre.cards[0]})
    assert "Thẻ của bạn đang chờ" in first.get(CARDS).text
    for typed, sentence in ((centre.cards[0], "cùng một thẻ"), (others[1], "không cùng một bộ")):
        answer = post(second, CARDS + "hai", {"card": typed})
        assert answer.status_code == 422
        assert sentence in answer.text
        assert typed not in answer.text
    post(first, CARDS + "thoi")
    post(first, CARDS + "mot", {"card": others[0]})
    answer = post(second, CARDS + "hai", {"card": others[1]})
    assert "không phải của danh sách hiện nay" in answer.text
    assert opens(app, nobody_left[0], reporter.case_id) == ""


def test_one_custodian_alone_a_handler_and_a_forged_card_get_nowhere(
    app: Flask, centre: Founded, nobody_left: list[Settled]
) -> None:
    first, second = centre.of(Role.CUSTODIAN)[:2]
    alone = signed_in(app, first)
    post(alone, CARDS + "mot", {"card": centre.cards[0]})
    answer = post(alone, CARDS + "hai", {"card": centre.cards[1]})
    assert answer.status_code == 302
    assert "không còn chờ ở đây" in alone.get(CARDS).text
    with app.app_context():
        memory.store().put(f"card_laid:{first.person_id}:{second.person_id}", b"\\1" + bytes(2200), 900)
    assert "đã gõ một thẻ" not in alone.get(CARDS).text
    assert signed_in(app, centre.of(Role.BOARD)[0]).get(CARDS).status_code == 404


# --- two at once, and a roster put back


def test_of_two_ceremonies_at_once_the_later_one_counts_and_nobody_signs_unseen(
    app: Flask, centre: Founded
) -> None:
    first, second = (signed_in(app, one) for one in centre.of(Role.CUSTODIAN)[:2])
    add_person(app, Newcomer(name="Lý Thị Mới", title_vi="Y sĩ", roles=frozenset({Role.HANDLER})))
    post(first, "/lam-viec/danh-sach/de-nghi")
    seen = _waiting(app)
    post(first, "/lam-viec/danh-sach/ky", {"seen": seen, "compared": "y"})
    add_person(app, Newcomer(name="Trịnh Văn Mới", title_vi="Y sĩ", roles=frozenset({Role.HANDLER})))
    post(second, "/lam-viec/danh-sach/de-nghi")
    assert _waiting(app) != seen

    post(second, "/lam-viec/danh-sach/ky", {"seen": seen, "compared": "y"})

    assert "vừa thay đổi" in second.get("/lam-viec/danh-sach/").text
    with app.app_context(), db.reading() as session:
        waiting = rosters.proposed(session)
        assert rosters.chain(session)[-1].version == 1
    assert waiting is not None
    assert waiting[1] == (), "what was signed was another version"


def test_two_handlers_who_wrap_at_the_same_moment_lose_nothing(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intake.keys.wrapping.BATCH", 2)
    written = []
    for _ in range(6):
        reporter.writes()
        written.append(reporter.case_id)
    signs(app, centre)
    threads = [threading.Thread(target=wraps, args=(app, one)) for one in handlers]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    with app.app_context(), db.reading() as session:
        assert wrapping.behind(session, Side.HANDLERS) == []
    assert {opens(app, one.person, case_id) for one in handlers for case_id in written} == {"names"}


def test_over_a_roster_that_was_put_back_nothing_is_wrapped_by_anybody(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    signs(app, centre)
    with app.app_context(), db.writing() as session:
        session.execute(delete(RosterVersion).where(RosterVersion.version == 2))
    app.extensions.pop("roster_chain", None)
    with app.app_context():
        with pytest.raises(RosterRefused):
            recovery.wrap_anew(handlers[0].person.identity, handlers[0].seed)
        with pytest.raises(RosterRefused):
            recovery.recover([one.identity for one in centre.of(Role.CUSTODIAN)[:2]], list(centre.cards[:2]))
    custodian = signed_in(app, centre.of(Role.CUSTODIAN)[0])
    assert post(custodian, CARDS + "mot", {"card": centre.cards[0]}).status_code == 302
    assert "lùi lại" in custodian.get("/lam-viec/danh-sach/").text
    assert post(custodian, "/lam-viec/boc-lai").headers["Location"].endswith("/lam-viec/danh-sach/")


def _waiting(app: Flask) -> str:
    with app.app_context(), db.reading() as session:
        found = rosters.proposed(session)
    assert found is not None
    return found[0].fingerprint


# --- keys renewed by oneself


def renews(app: Flask, person: Settled) -> Settled:
    """A person draws fresh keys on their own page, types them back, and holds new credentials."""
    browser = signed_in(app, person)
    forget_codes(app, person)
    answer = post(browser, "/tai-khoan/khoa-moi", _proof(person))
    assert answer.status_code == 302, answer.text
    return _enrols(app, browser, answer.headers["Location"], person)


def _proof(person: Settled) -> dict[str, str]:
    code = pyotp.TOTP(person.credentials.totp).at(core_clock.now())
    return {"passphrase": person.credentials.passphrase, "code": code}


def _enrols(app: Flask, browser: FlaskClient, link: str, person: Settled) -> Settled:
    _sends(browser, link)
    page = browser.get(link).text
    listed = re.search(r'<ol class="words">(.*?)</ol>', page, re.DOTALL)
    secret = re.search(r"\b([A-Z2-7]{4}(?: [A-Z2-7]{4}){7})\b", page)
    assert listed, page
    assert secret, page
    words, totp = " ".join(re.findall(r"<li>([^<]+)</li>", listed.group(1))), secret.group(1).replace(" ", "")
    fresh = replace(person, credentials=replace(person.credentials, passphrase=words, totp=totp))
    forget_codes(app, person)  # copying takes longer than half a minute
    assert _sends(browser, link + "/xong", _proof(fresh)).status_code == 302
    return fresh


def _sends(browser: FlaskClient, path: str, data: dict[str, str] | None = None) -> Any:
    """A form with the token of whoever is signed in here, or of nobody."""
    if browser.get("/tai-khoan").status_code == 200:
        return post(browser, path, data)
    return browser.post(path, data=data or {})


def test_a_link_that_is_opened_while_signed_in_keeps_the_keys_in_use_and_elsewhere_loses_them(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    for handler, browser, listed in (
        (handlers[0], signed_in(app, handlers[0].person), True),
        (handlers[1], app.test_client(), False),
    ):
        with app.app_context(), db.writing() as session:
            token = accounts.link(session, session.get_one(Person, handler.person.person_id))
        assert ("Không thư nào bị mất" in browser.get(f"/dang-ky/{token}").text) is listed
        fresh = _enrols(app, browser, f"/dang-ky/{token}", handler.person)
        forget_codes(app, fresh)
        assert (reporter.case_id in signed_in(app, fresh).get("/lam-viec/").text) is listed


def test_keys_are_renewed_with_passphrase_and_code_and_only_by_who_has_any(
    app: Flask, centre: Founded
) -> None:
    handler = centre.of(Role.HANDLER)[0]
    browser = signed_in(app, handler)
    forget_codes(app, handler)
    for wrong in ({"code": "000000"}, {"passphrase": "sai"}):
        assert post(browser, "/tai-khoan/khoa-moi", {**_proof(handler), **wrong}).status_code == 401
    with app.app_context(), db.reading() as session:
        assert session.scalars(select(Enrolment)).all() == []
    member = signed_in(app, centre.of(Role.BOARD)[0])
    assert "khoa-moi" not in member.get("/tai-khoan").text
    assert post(member, "/tai-khoan/khoa-moi").status_code == 404


def test_whoever_renews_keys_loses_no_letter_before_or_after_the_signatures(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    old = handlers[0].person
    fresh = renews(app, old)
    refused = app.test_client()
    forget_codes(app, old)
    assert sign_in(refused, old).status_code == 401, "the old passphrase is gone"
    browser = signed_in(app, fresh)
    assert reporter.case_id in browser.get("/lam-viec/").text, "the old keys go on working"

    signs(app, centre)

    forget_codes(app, fresh)
    browser = signed_in(app, fresh)
    assert "Bọc lại khóa" in browser.get("/lam-viec/").text
    assert post(browser, "/lam-viec/boc-lai").status_code == 302
    assert reporter.case_id in browser.get("/lam-viec/").text
    assert opens(app, old, reporter.case_id) == "", "the old keys open nothing any more"


@pytest.mark.slow
def test_everybody_may_renew_at_once_and_wrap_their_own_letters(
    app: Flask, centre: Founded, reporter: Reporter
) -> None:
    reporter.writes()
    people = [*centre.of(Role.HANDLER), *centre.of(Role.CUSTODIAN)]
    fresh = [renews(app, one) for one in people]
    first, second = (signed_in(app, one) for one in fresh[-2:])
    post(first, "/lam-viec/danh-sach/de-nghi")
    for browser in (first, second):
        post(browser, "/lam-viec/danh-sach/ky", {"seen": _waiting(app), "compared": "y"})
    assert second.get("/lam-viec/danh-sach/").status_code == 302, "a session with the old keys has ended"

    for one in fresh:
        forget_codes(app, one)
        assert post(signed_in(app, one), "/lam-viec/boc-lai").status_code == 302

    with app.app_context(), db.reading() as session:
        for one in fresh[-3:]:
            lock = session.get_one(Person, one.person_id).lock or b""
            seed = open_lock(lock, one.credentials.passphrase).seed or b""
            assert log.keys_for(session, one.person_id, seed), "the log goes on being read"
    for one in people:
        if Role.HANDLER in one.roles:
            assert opens(app, one, reporter.case_id) == ""
        else:
            assert not keeps(app, one, reporter.case_id)
    forget_codes(app, fresh[0])
    assert reporter.case_id in signed_in(app, fresh[0]).get("/lam-viec/").text


# --- step by step


NOTHING = Facts(
    new=(), gone=(), rekeyed=(), invited=(), to_renew=("A",), waiting=False, signed=0, unwrapped=()
)  # fmt: skip


def _now(ceremony: Ceremony, **facts: Any) -> str:
    (found,) = [one for one in ceremonies.steps(ceremony, replace(NOTHING, **facts)) if one.state == "now"]
    return found.title.en


@pytest.mark.parametrize("ceremony", list(Ceremony))
def test_where_nothing_is_under_way_the_first_step_is_now(ceremony: Ceremony) -> None:
    steps = ceremonies.steps(ceremony, NOTHING)
    assert [one.state for one in steps] == ["now"] + ["later"] * (len(steps) - 1)


def test_each_step_is_known_from_what_is_there() -> None:
    assert _now(Ceremony.ADD, invited=("B",)) == "The new person enrols"
    assert _now(Ceremony.ADD, new=("B",)) == "Propose the new roster"
    assert _now(Ceremony.ADD, new=("B",), waiting=True, signed=1) == "Compare the 24 digits, then sign"
    assert _now(Ceremony.LOST, rekeyed=("B",)) == "Propose the new roster"
    assert _now(Ceremony.LOST, unwrapped=("A",)) == "Sign in again and wrap keys anew"
    assert _now(Ceremony.RETIRE, gone=("B",)) == "Propose the new roster"
    assert _now(Ceremony.YEARLY, rekeyed=("B",)) == "Everybody renews their keys"
    assert _now(Ceremony.YEARLY, rekeyed=("A", "B"), to_renew=()) == "Propose the new roster"
    assert _now(Ceremony.YEARLY, waiting=True) == "Compare the 24 digits, then sign"


def test_the_pages_say_who_is_waited_for_and_lead_there(app: Flask, centre: Founded) -> None:
    browser = signed_in(app, centre.of(Role.CUSTODIAN)[0])
    assert [f"{STEPS}{one.value}" in browser.get(STEPS).text for one in Ceremony] == [True] * 4
    renews(app, centre.of(Role.HANDLER)[0])
    page = browser.get(f"{STEPS}hang-nam").text
    waited_for = page.partition("Còn chờ:")[2].partition("</span>")[0]
    assert centre.of(Role.CUSTODIAN)[0].name in waited_for
    assert centre.of(Role.HANDLER)[0].name not in waited_for
    assert "/tai-khoan" in page
    assert browser.get(f"/en{STEPS}mat-cum-tu").status_code == 200
    assert "A new one begins at step 1" not in browser.get(f"/en{STEPS}mat-cum-tu").text
    signs(app, centre)
    assert (
        "A new one begins at step 1"
        in _looks(app, centre, Role.ADMINISTRATOR).get(f"/en{STEPS}mat-cum-tu").text
    )
    assert browser.get(f"{STEPS}khac").status_code == 404
    assert _looks(app, centre, Role.ADMINISTRATOR).get(f"{STEPS}them").status_code == 200
    assert _looks(app, centre, Role.BOARD).get(STEPS).status_code == 404


def _looks(app: Flask, centre: Founded, role: Role) -> FlaskClient:
    return signed_in(app, centre.of(role)[0])
