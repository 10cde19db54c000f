"""Signing in is opening one's lock; nothing tells which part was wrong, and nothing works twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient

from core import accounts, db, keys, rosters
from core.access import Role
from core.accounts import Person
from core.sign_in import local
from intake.keys import founding
from intake.keys.founding import Founded, Newcomer
from tests import factories
from tests.conftest import StillClock
from tests.factories import code_for, forget_codes, post, sign_in, signed_in


@pytest.fixture
def handler(centre: Founded) -> Any:
    return centre.of(Role.HANDLER)[0]


def test_name_passphrase_and_code_open_the_door(app: Flask, centre: Founded, client: FlaskClient) -> None:
    for person in centre.people:
        answer = sign_in(app.test_client(), person)
        assert answer.status_code == 302, person.name
        assert "Set-Cookie" in answer.headers


@pytest.mark.embedded
def test_the_passphrase_is_taken_without_hyphens_in_capitals_and_with_marks(app: Flask, handler: Any) -> None:
    typed = handler.credentials.passphrase.replace("-", "").replace(" ", "").upper().replace("A", "Á")
    assert sign_in(app.test_client(), handler, passphrase=typed).status_code == 302


@pytest.mark.embedded
def test_the_name_is_taken_with_diacritics_and_without(app: Flask, handler: Any) -> None:
    for typed in ("Trần Thu Hà", "tran thu ha", "TRANTHUHA"):
        forget_codes(app, handler)
        assert sign_in(app.test_client(), handler, name=typed).status_code == 302


@pytest.mark.embedded
@pytest.mark.parametrize(
    "wrong",
    [{"name": "khongcoai"}, {"passphrase": "sai het ca roi"}, {"code": "000000"}],
    ids=["unknown name", "wrong passphrase", "wrong code"],
)
def test_whatever_is_wrong_the_answer_is_the_same(app: Flask, handler: Any, wrong: dict[str, str]) -> None:
    answer = sign_in(app.test_client(), handler, **wrong)
    assert answer.status_code == 401
    assert "Tên, cụm từ hoặc mã chưa đúng" in answer.text
    assert handler.credentials.passphrase not in answer.text
    same = sign_in(app.test_client(), handler, passphrase="khac nhung cung sai")
    assert _without_typed(answer.text) == _without_typed(same.text)


@pytest.mark.embedded
def test_an_unknown_name_costs_one_opening_of_the_dummy(
    app: Flask, centre: Founded, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[bytes] = []
    honest = keys.open_lock

    def counting(lock: bytes, passphrase: str) -> Any:
        opened.append(lock)
        return honest(lock, passphrase)

    monkeypatch.setattr(keys, "open_lock", counting)
    handler = centre.of(Role.HANDLER)[0]
    sign_in(app.test_client(), handler, name="khongcoai")
    sign_in(app.test_client(), handler, passphrase="sai")
    assert opened[0] == keys.DUMMY_LOCK
    assert opened[1] != keys.DUMMY_LOCK
    assert [len(lock) for lock in opened] == [keys.LOCK_BYTES] * 2


@pytest.mark.embedded
def test_the_dummy_costs_what_a_real_lock_costs(app: Flask, handler: Any) -> None:
    with app.app_context(), db.reading() as session:
        person = session.get(Person, handler.person_id)
    assert person is not None
    assert person.lock is not None
    parameters = slice(0, 7)
    assert person.lock[parameters] == keys.DUMMY_LOCK[parameters]


@pytest.mark.parametrize("role", [Role.CUSTODIAN, Role.BOARD, Role.HANDLER])
@pytest.mark.parametrize("with_keys", [False, True], ids=["lock", "lock and public keys"])
def test_a_lock_copied_into_another_persons_row_opens_nothing(
    app: Flask, centre: Founded, role: Role, with_keys: bool
) -> None:
    mine, other = centre.of(Role.HANDLER)[0], centre.of(role)[-1]
    with app.app_context(), db.writing() as session:
        own, row = session.get(Person, mine.person_id), session.get(Person, other.person_id)
        row.lock = own.lock
        if with_keys:
            row.seal_public, row.sign_public = own.seal_public, own.sign_public
    assert sign_in(app.test_client(), mine, name=other.sign_name).status_code == 401
    assert sign_in(app.test_client(), mine).status_code == 302


@pytest.mark.embedded
def test_a_lock_without_keys_copied_into_a_handlers_row_opens_nothing(app: Flask, centre: Founded) -> None:
    board, handler = centre.of(Role.BOARD)[0], centre.of(Role.HANDLER)[0]
    with app.app_context(), db.writing() as session:
        session.get(Person, handler.person_id).lock = session.get(Person, board.person_id).lock
    assert sign_in(app.test_client(), board, name=handler.sign_name).status_code == 401


def test_people_whose_keys_no_roster_names_yet_come_in(app: Flask, centre: Founded) -> None:
    newcomer = factories.add_person(
        app, Newcomer(name="Ngô Thị Mới", title_vi="Bác sĩ", roles=frozenset({Role.HANDLER}))
    )
    assert sign_in(app.test_client(), newcomer).status_code == 302


def test_who_enrolled_again_comes_in_before_and_after_the_signatures_and_never_with_the_old_lock(
    app: Flask, centre: Founded
) -> None:
    handler = centre.of(Role.HANDLER)[0]
    fresh = accounts.draw_credentials(with_seed=True)
    lock = accounts.lock_for(fresh)
    with app.app_context(), db.writing() as session:
        person = session.get(Person, handler.person_id)
        old = (person.lock, person.seal_public, person.sign_public)
        accounts.enrol(session, person, fresh, lock)
    again = replace(handler, credentials=fresh)
    assert sign_in(app.test_client(), again).status_code == 302
    with app.app_context(), db.writing() as session:
        rosters.propose(session, centre.roster.recovery_public)
        for custodian in centre.of(Role.CUSTODIAN)[:2]:
            founding.sign(session, custodian.identity, custodian.credentials.seed)
    forget_codes(app, again)
    assert sign_in(app.test_client(), again).status_code == 302
    with app.app_context(), db.writing() as session:
        person = session.get(Person, handler.person_id)
        person.lock, person.seal_public, person.sign_public = old
    assert sign_in(app.test_client(), handler).status_code == 401


def test_before_the_founding_who_has_enrolled_comes_in(app: Flask) -> None:
    custodian = factories.add_person(app, factories.PEOPLE[1])
    assert sign_in(app.test_client(), custodian).status_code == 302


def test_a_retired_or_invited_person_is_an_unknown_name(app: Flask, centre: Founded) -> None:
    board = centre.of(Role.BOARD)[0]
    with app.app_context(), db.writing() as session:
        person = session.get(Person, board.person_id)
        accounts.retire(session, person)
        accounts.invite(session, name="Chưa Đến", title_vi="Y sĩ", title_en="", roles=frozenset({Role.BOARD}))
    assert sign_in(app.test_client(), board).status_code == 401
    assert sign_in(app.test_client(), board, name="Chưa Đến").status_code == 401


def test_a_code_works_once(app: Flask, handler: Any) -> None:
    assert sign_in(app.test_client(), handler).status_code == 302
    assert sign_in(app.test_client(), handler).status_code == 401


@pytest.mark.embedded
def test_the_codes_of_half_a_minute_before_and_after_are_taken_and_no_others(
    app: Flask, handler: Any, clock: StillClock
) -> None:
    maker = pyotp.TOTP(handler.credentials.totp)
    for seconds, expected in ((-60, 401), (-30, 302), (0, 302), (30, 302), (60, 401)):
        code = maker.at(clock.moment + timedelta(seconds=seconds))
        assert sign_in(app.test_client(), handler, code=code).status_code == expected, seconds


def test_a_recovery_code_works_once_and_the_others_go_on_working(app: Flask, handler: Any) -> None:
    first, second = handler.credentials.recovery_codes[:2]
    assert sign_in(app.test_client(), handler, code=first).status_code == 302
    assert sign_in(app.test_client(), handler, code=first).status_code == 401
    assert sign_in(app.test_client(), handler, code=f"{second[:4]} {second[4:]}").status_code == 302
    assert sign_in(app.test_client(), handler).status_code == 302


def test_after_a_recovery_code_the_seed_in_the_lock_is_the_same(app: Flask, handler: Any) -> None:
    sign_in(app.test_client(), handler, code=handler.credentials.recovery_codes[0])
    with app.app_context(), db.reading() as session:
        person = session.get(Person, handler.person_id)
    assert person is not None
    assert person.lock is not None
    inside = keys.open_lock(person.lock, handler.credentials.passphrase)
    assert inside.seed == handler.credentials.seed
    assert len(inside.recovery_codes) == 7


def test_of_two_sign_ins_with_one_recovery_code_at_once_only_one_gets_in(
    app: Flask, handler: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = keys.close
    inner: list[int] = []

    def meanwhile(passphrase: str, secret: Any) -> bytes:
        if not inner:
            inner.append(0)
            inner[0] = sign_in(
                app.test_client(), handler, code=handler.credentials.recovery_codes[0]
            ).status_code
        return honest(passphrase, secret)

    monkeypatch.setattr(keys, "close", meanwhile)
    outer = sign_in(app.test_client(), handler, code=handler.credentials.recovery_codes[0]).status_code
    assert sorted([outer, *inner]) == [302, 401]


def test_no_key_is_derived_inside_a_transaction(
    app: Flask, handler: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside: list[str] = []
    for name in ("reading", "writing"):
        monkeypatch.setattr(db, name, _watched(getattr(db, name), inside))
    for name in ("open_lock", "close"):
        monkeypatch.setattr(keys, name, _outside(getattr(keys, name), inside))
    assert sign_in(app.test_client(), handler, code=handler.credentials.recovery_codes[0]).status_code == 302


@pytest.mark.embedded
def test_people_are_led_to_their_own_desk(app: Flask, centre: Founded) -> None:
    administrator = centre.of(Role.ADMINISTRATOR)[0]
    assert sign_in(app.test_client(), administrator).headers["Location"] == "/quan-tri/"
    campaigner = centre.of(Role.CAMPAIGNER)[0]
    assert sign_in(app.test_client(), campaigner).headers["Location"] == "/dieu-hanh/"
    assert sign_in(app.test_client(), centre.of(Role.HANDLER)[0]).headers["Location"].startswith("/lam-viec/")


@pytest.mark.embedded
def test_english_is_kept_through_the_door(app: Flask, handler: Any) -> None:
    client = app.test_client()
    sent = {
        "name": handler.sign_name,
        "passphrase": handler.credentials.passphrase,
        "code": code_for(handler),
    }
    answer = client.post("/en/dang-nhap", data={**sent, "next": "/tai-khoan"})
    assert answer.headers["Location"] == "/en/tai-khoan"
    assert "My account" in client.get("/en/tai-khoan").text


@pytest.mark.embedded
@pytest.mark.parametrize(
    "wish", ["//evil.example/", "https://evil.example", "/\\evil.example", "evil", "/a\nb", "/ a", "/x?y#z"]
)
def test_after_signing_in_nobody_is_led_elsewhere(app: Flask, handler: Any, wish: str) -> None:
    assert not local(wish)
    answer = sign_in(app.test_client(), handler, next=wish)
    assert answer.headers["Location"].startswith("/lam-viec/")


def test_signing_out_ends_the_session_and_not_only_the_cookie(app: Flask, handler: Any) -> None:
    client = signed_in(app, handler)
    cookie = client.get_cookie("__Host-phien")
    assert cookie is not None
    assert post(client, "/dang-xuat").status_code == 302
    client.set_cookie("__Host-phien", cookie.value)
    assert client.get("/tai-khoan").status_code == 302


def test_signing_out_everywhere_ends_the_other_browser_too(app: Flask, handler: Any) -> None:
    here, there = signed_in(app, handler), signed_in(app, handler)
    post(here, "/tai-khoan/dang-xuat-het")
    assert there.get("/tai-khoan").status_code == 302


@pytest.mark.embedded
def test_a_form_of_a_signed_in_person_without_their_token_is_not_taken(app: Flask, handler: Any) -> None:
    client = signed_in(app, handler)
    assert client.post("/tai-khoan/dang-xuat-het").status_code == 401
    assert client.get("/tai-khoan").status_code == 200


def test_fresh_recovery_codes_need_passphrase_and_code_and_replace_the_old(app: Flask, handler: Any) -> None:
    client = signed_in(app, handler)
    forget_codes(app, handler)
    proof = {"passphrase": handler.credentials.passphrase, "code": code_for(handler)}
    assert post(client, "/tai-khoan/ma-du-phong", {**proof, "passphrase": "sai"}).status_code == 401
    assert post(client, "/tai-khoan/ma-du-phong", proof).status_code == 302
    page = client.get("/tai-khoan").text
    fresh = [part.split("</b>")[0].replace(" ", "") for part in page.split("<li><b>")[1:9]]
    assert len(fresh) == 8
    post(client, "/tai-khoan/da-chep")
    assert fresh[0][:4] + " " + fresh[0][4:] not in client.get("/tai-khoan").text
    assert sign_in(app.test_client(), handler, code=handler.credentials.recovery_codes[0]).status_code == 401
    assert sign_in(app.test_client(), handler, code=fresh[0]).status_code == 302


@pytest.mark.embedded
def test_somebody_whose_passphrase_leaked_is_told_of_wrong_codes(app: Flask, handler: Any) -> None:
    for _ in range(3):
        sign_in(app.test_client(), handler, code="000000")
    client = signed_in(app, handler)
    assert "3 lần nhập đúng cụm từ của bạn nhưng sai mã" in client.get("/tai-khoan").text


@pytest.mark.embedded
def test_the_form_keeps_the_name_and_never_the_secrets(app: Flask, handler: Any) -> None:
    page = app.test_client().post(
        "/dang-nhap", data={"name": "tranthuha", "passphrase": "mot hai ba", "code": ""}
    )
    assert page.status_code == 422
    assert 'value="tranthuha"' in page.text
    assert "mot hai ba" not in page.text


@pytest.mark.embedded
def test_when_too_many_sign_in_at_once_the_page_says_so(
    app: Flask, handler: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "open_lock", _busy)
    answer = sign_in(app.test_client(), handler)
    assert answer.status_code == 503
    assert "Nhiều người đang đăng nhập cùng lúc" in answer.text


@pytest.mark.embedded
def test_the_exclusive_roles_have_no_way_to_the_letters(app: Flask, centre: Founded) -> None:
    for role in (Role.ADMINISTRATOR, Role.BOARD, Role.CAMPAIGNER):
        client = signed_in(app, centre.of(role)[0])
        for path in ("/lam-viec/", "/lam-viec/danh-sach/", "/lam-viec/nhat-ky/"):
            assert client.get(path).status_code == 404, (role, path)


def test_a_custodians_sign_in_countersigns_the_log(app: Flask, centre: Founded) -> None:
    from core import log
    from core.admission import head_words
    from core.sealing import sign_public, verify

    custodian = centre.of(Role.CUSTODIAN)[0]
    seed = custodian.credentials.seed
    assert seed is not None
    signed_in(app, custodian)
    with app.app_context(), db.reading() as session:
        log_seed, first_key = log.keys_for(session, custodian.person_id, seed)
        line = log.read(session, log_seed, limit=1)[0]
        assert log.check(session, first_key) == line.sequence
    assert line.deed == "signed_in"
    assert line.detail["head"] == line.sequence - 1
    head = head_words(line.detail["head"], bytes.fromhex(line.detail["mac"]))
    verify(head, bytes.fromhex(line.detail["signature"]), sign_public(seed))


# Furniture


def _without_typed(page: str) -> str:
    import re

    return re.sub(r'value="[^"]*"', "", page)


def _busy(*_args: Any) -> Any:
    raise keys.Busy


def _watched(honest: Any, inside: list[str]) -> Any:
    from contextlib import contextmanager

    @contextmanager
    def watched() -> Iterator[Any]:
        with honest() as session:
            inside.append("transaction")
            try:
                yield session
            finally:
                inside.pop()

    return watched


def _outside(honest: Any, inside: list[str]) -> Any:
    def checked(*args: Any) -> Any:
        assert not inside, "a key was derived while a transaction was open"
        return honest(*args)

    return checked
