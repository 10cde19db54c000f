"""People, the links by which they enrol, and roles that one person may not hold together."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import combinations
from typing import Any

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from core import accounts, db, keys
from core.access import Role, RolesExclude
from core.accounts import Enrolment, LinkSpent, NameTaken, Person
from intake.keys.founding import Founded
from tests.conftest import StillClock
from tests.factories import forget_codes, post, sign_in, signed_in

EXCLUSIVE = [
    (Role.HANDLER, Role.CUSTODIAN),
    (Role.HANDLER, Role.BOARD),
    (Role.HANDLER, Role.ADMINISTRATOR),
    (Role.CUSTODIAN, Role.BOARD),
    (Role.CUSTODIAN, Role.ADMINISTRATOR),
    (Role.BOARD, Role.ADMINISTRATOR),
    (Role.CAMPAIGNER, Role.HANDLER),
    (Role.CAMPAIGNER, Role.CUSTODIAN),
]


@pytest.mark.embedded
@pytest.mark.parametrize("pair", EXCLUSIVE, ids=" and ".join)
def test_two_exclusive_roles_are_refused_by_the_code(app: Flask, pair: tuple[Role, Role]) -> None:
    with app.app_context(), db.writing() as session, pytest.raises(RolesExclude):
        _invite(session, "Một Người", *pair)


@pytest.mark.parametrize("pair", EXCLUSIVE, ids=" and ".join)
def test_two_exclusive_roles_are_refused_by_the_database(app: Flask, pair: tuple[Role, Role]) -> None:
    for spelling in {" ".join(sorted(pair)), " ".join(sorted(pair, reverse=True)), ",".join(pair)}:
        with app.app_context(), pytest.raises(IntegrityError) as refused, db.writing() as session:
            session.execute(text(_INSERT), {"roles": spelling})
        assert "ck_person_roles_apart" in str(refused.value)


def test_the_database_takes_every_allowed_combination_and_no_other_word(app: Flask) -> None:
    for spelling in ("unit", "board campaigner unit", "administrator campaigner"):
        with app.app_context(), db.writing() as session:
            session.execute(text(_INSERT), {"roles": spelling})
            session.execute(text("DELETE FROM person"))
    for spelling in ("", "god", "handler handler", "handler ", "unit board"):
        with app.app_context(), pytest.raises(IntegrityError), db.writing() as session:
            session.execute(text(_INSERT), {"roles": spelling})


def test_a_row_changed_to_exclusive_roles_is_refused_too(app: Flask, centre: Founded) -> None:
    with app.app_context(), pytest.raises(IntegrityError), db.writing() as session:
        session.execute(
            text("UPDATE person SET roles = 'administrator handler' WHERE roles = 'administrator'")
        )


def test_every_exclusive_pair_of_the_design_is_tested() -> None:
    from core.access import allowed_spellings

    allowed = set(allowed_spellings())
    refused = {frozenset(pair) for pair in combinations(Role, 2) if " ".join(sorted(pair)) not in allowed}
    assert refused == {frozenset(pair) for pair in EXCLUSIVE}


def test_two_people_cannot_share_a_sign_in_name_however_it_is_spelt(app: Flask) -> None:
    with app.app_context(), db.writing() as session:
        _invite(session, "Trần Thu Hà", Role.HANDLER)
        with pytest.raises(NameTaken):
            _invite(session, "TRAN THU HA", Role.UNIT)
        assert _invite(session, "Trần Thu Hà", Role.UNIT, sign_in_as="ha.khoanoi").sign_name == "ha.khoanoi"
        with pytest.raises(NameTaken):
            _invite(session, "…", Role.UNIT)


def test_looking_at_a_link_spends_nothing(app: Flask, client: FlaskClient, cheap: None) -> None:
    token = _link_for(app, Role.BOARD)
    before = _rows(app)
    for _ in range(3):
        page = client.get(f"/dang-ky/{token}")
        assert page.status_code == 200
        assert "Ngô Thị Ánh" in page.text
        assert '<ol class="words">' not in page.text
    assert _rows(app) == before


def test_a_link_enrols_once(app: Flask, client: FlaskClient, cheap: None) -> None:
    token = _link_for(app, Role.BOARD)
    words, secret = _draw(client, token)
    answer = _type_back(client, token, words, pyotp.TOTP(secret).now())
    assert answer.status_code == 302
    assert client.get(f"/dang-ky/{token}").status_code == 410
    assert client.post(f"/dang-ky/{token}").status_code == 410
    assert _type_back(client, token, words, pyotp.TOTP(secret).now()).status_code == 410
    forgetting = app.test_client()
    _forget_all_codes(app)
    sent = {"name": "Ngô Thị Ánh", "passphrase": words, "code": pyotp.TOTP(secret).now()}
    assert forgetting.post("/dang-nhap", data=sent).status_code == 302


def test_the_code_typed_at_enrolment_does_not_sign_in_as_well(
    app: Flask, client: FlaskClient, cheap: None, clock: StillClock
) -> None:
    token = _link_for(app, Role.BOARD)
    words, secret = _draw(client, token)
    code = pyotp.TOTP(secret).at(clock.moment)
    assert _type_back(client, token, words, code).status_code == 302
    sent = {"name": "Ngô Thị Ánh", "passphrase": words, "code": code}
    assert client.post("/dang-nhap", data=sent).status_code == 401


@pytest.mark.embedded
def test_a_reload_and_a_second_press_show_the_same_words(
    app: Flask, client: FlaskClient, cheap: None
) -> None:
    token = _link_for(app, Role.HANDLER)
    first = _draw(client, token)
    assert _draw(client, token) == first
    assert _read(client.get(f"/dang-ky/{token}").text) == first


@pytest.mark.embedded
def test_nothing_is_enrolled_until_both_are_typed_back(app: Flask, client: FlaskClient, cheap: None) -> None:
    token = _link_for(app, Role.BOARD)
    words, secret = _draw(client, token)
    wrong_words = _type_back(client, token, "sai " + words, pyotp.TOTP(secret).now())
    assert wrong_words.status_code == 422
    assert "chưa khớp với sáu từ" in wrong_words.text
    wrong_code = _type_back(client, token, words, "000000")
    assert wrong_code.status_code == 422
    assert _read(wrong_code.text) == (words, secret)
    assert _state(app) == "invited"


def test_what_was_drawn_lies_sealed_in_memory_and_never_in_the_database(
    app: Flask, client: FlaskClient, cheap: None
) -> None:
    token = _link_for(app, Role.HANDLER)
    words, secret = _draw(client, token)
    from core import memory

    with app.app_context():
        rows = memory.store()._db().execute("SELECT key, value FROM shelf").fetchall()  # type: ignore[attr-defined]
    lying = b"".join(str(key).encode() + (value if isinstance(value, bytes) else b"") for key, value in rows)
    for word in (*words.split(), secret, token):
        assert word.encode() not in lying
    with app.app_context(), db.reading() as session:
        assert session.scalar(select(Enrolment.token_hash)) != token


@pytest.mark.embedded
@pytest.mark.parametrize(
    "spoil", [lambda token: token[:-1], lambda token: "x" * 43, lambda token: token + "%00"]
)
def test_a_tampered_link_gets_one_clear_sentence(
    app: Flask, client: FlaskClient, cheap: None, spoil: Any
) -> None:
    token = _link_for(app, Role.BOARD)
    answer = client.get(f"/dang-ky/{spoil(token)}")
    assert answer.status_code == 410
    assert "Đường dẫn này không còn hiệu lực" in answer.text
    assert "Ánh" not in answer.text


def test_a_link_runs_out_after_seven_days(app: Flask, client: FlaskClient, clock: StillClock) -> None:
    token = _link_for(app, Role.BOARD)
    clock.set(clock.moment + timedelta(days=7))
    assert client.get(f"/dang-ky/{token}").status_code == 200
    clock.set(clock.moment + timedelta(days=8))
    assert client.get(f"/dang-ky/{token}").status_code == 410


def test_a_fresh_link_makes_the_earlier_one_worthless(app: Flask, client: FlaskClient) -> None:
    earlier = _link_for(app, Role.BOARD)
    with app.app_context(), db.writing() as session:
        later = accounts.link(session, _only(session))
    assert client.get(f"/dang-ky/{earlier}").status_code == 410
    assert client.get(f"/dang-ky/{later}").status_code == 200


def test_two_who_finish_the_same_link_at_once_make_one_lock(
    app: Flask, client: FlaskClient, cheap: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = _link_for(app, Role.BOARD)
    words, secret = _draw(client, token)
    honest = accounts.lock_for
    inner: list[int] = []

    def meanwhile(drawn: Any, **kept: Any) -> bytes:
        if not inner:
            inner.append(0)
            _forget_all_codes(app)
            inner[0] = _type_back(app.test_client(), token, words, pyotp.TOTP(secret).now()).status_code
        return honest(drawn, **kept)

    monkeypatch.setattr(accounts, "lock_for", meanwhile)
    outer = _type_back(client, token, words, pyotp.TOTP(secret).now()).status_code
    assert [*inner, outer] == [302, 410]


def test_enrolling_again_ends_old_sessions_passphrase_and_keys(app: Flask, centre: Founded) -> None:
    handler = centre.of(Role.HANDLER)[0]
    old_session = signed_in(app, handler)
    with app.app_context(), db.writing() as session:
        person = session.get(Person, handler.person_id)
        assert person is not None
        old_keys = person.seal_public
        token = accounts.link(session, person)
    assert sign_again(app, handler) == 302
    client = app.test_client()
    words, secret = _draw(client, token)
    _forget_all_codes(app)
    assert _type_back(client, token, words, pyotp.TOTP(secret).now()).status_code == 302
    assert old_session.get("/tai-khoan").status_code == 302
    assert sign_again(app, handler) == 401
    with app.app_context(), db.reading() as session:
        person = session.get(Person, handler.person_id)
        assert person is not None
        assert person.lock is not None
        assert person.seal_public != old_keys
    inside = keys.open_lock(person.lock, words)
    assert inside.seed is not None
    assert keys.public_keys(inside.seed) == (person.seal_public, person.sign_public)


def sign_again(app: Flask, person: Any) -> int:
    forget_codes(app, person)
    return sign_in(app.test_client(), person).status_code


@pytest.mark.embedded
def test_people_who_hold_no_keys_get_none(app: Flask, centre: Founded) -> None:
    for person in centre.people:
        holds = bool(person.roles & {Role.HANDLER, Role.CUSTODIAN})
        assert (person.credentials.seed is not None) == holds
        with app.app_context(), db.reading() as session:
            row = session.get(Person, person.person_id)
        assert row is not None
        assert (row.seal_public is not None) == holds
        assert row.lock is not None
        assert len(row.lock) == keys.LOCK_BYTES


def test_the_table_of_people_holds_no_secret_in_clear(app: Flask, centre: Founded) -> None:
    with app.app_context(), db.reading() as session:
        rows = session.execute(text("SELECT * FROM person")).all()
    lying = repr([bytes(v) if isinstance(v, memoryview) else v for row in rows for v in row]).encode()
    for person in centre.people:
        credentials = person.credentials
        for secret in (credentials.passphrase, credentials.totp, *credentials.recovery_codes):
            assert secret.encode() not in lying


@pytest.mark.embedded
def test_credentials_do_not_show_themselves(centre: Founded) -> None:
    person = centre.of(Role.HANDLER)[0]
    assert person.credentials.passphrase not in repr(centre)
    assert person.credentials.totp not in repr(person)


def test_an_invitation_that_was_used_cannot_be_withdrawn(app: Flask, centre: Founded) -> None:
    with app.app_context(), db.writing() as session:
        person = session.get(Person, centre.people[0].person_id)
        assert person is not None
        with pytest.raises(LinkSpent):
            accounts.withdraw(session, person)


@pytest.mark.embedded
def test_a_signed_in_person_can_follow_a_link_of_somebody_else(app: Flask, centre: Founded) -> None:
    """At the table one computer may serve several people: the form then carries the session's token."""
    administrator = signed_in(app, centre.of(Role.ADMINISTRATOR)[0])
    with app.app_context(), db.writing() as session:
        token = accounts.link(session, _invite(session, "Ngô Thị Ánh", Role.UNIT))
    assert post(administrator, f"/dang-ky/{token}").status_code == 302
    assert '<ol class="words">' in administrator.get(f"/dang-ky/{token}").text


# Furniture

_INSERT = (
    "INSERT INTO person (id, sign_name, name, title_vi, title_en, roles, state)"
    " VALUES ('x', 'x', 'x', 'x', 'x', :roles, 'invited')"
)


def _invite(session: Any, name: str, *roles: Role, sign_in_as: str = "") -> Person:
    return accounts.invite(
        session, name=name, title_vi="Y sĩ", title_en="", roles=frozenset(roles), sign_in_as=sign_in_as
    )


def _link_for(app: Flask, role: Role) -> str:
    with app.app_context(), db.writing() as session:
        return accounts.link(session, _invite(session, "Ngô Thị Ánh", role))


def _only(session: Any) -> Person:
    person = session.scalars(select(Person)).one()
    assert isinstance(person, Person)
    return person


def _state(app: Flask) -> str:
    with app.app_context(), db.reading() as session:
        return _only(session).state


def _rows(app: Flask) -> list[Any]:
    with app.app_context(), db.reading() as session:
        found = session.execute(select(Enrolment.token_hash, Person.state, Person.lock).join(Person)).all()
        return [tuple(row) for row in found]


def _draw(client: FlaskClient, token: str) -> tuple[str, str]:
    client.post(f"/dang-ky/{token}")
    return _read(client.get(f"/dang-ky/{token}").text)


def _read(page: str) -> tuple[str, str]:
    """Passphrase and TOTP secret as the page shows them."""
    words = re.search(r'<ol class="words">(.*?)</ol>', page, re.DOTALL)
    secret = re.search(r"<b>((?:[A-Z2-7]{4} ){7}[A-Z2-7]{4})</b>", page)
    assert words
    assert secret
    return " ".join(re.findall(r"<li>([^<]+)</li>", words.group(1))), secret.group(1).replace(" ", "")


def _type_back(client: FlaskClient, token: str, words: str, code: str) -> Any:
    return client.post(f"/dang-ky/{token}/xong", data={"passphrase": words, "code": code})


def _forget_all_codes(app: Flask) -> None:
    from core import memory

    with app.app_context():
        shelf = memory.store()
        shelf._db().execute("DELETE FROM shelf WHERE key LIKE 'totp:%'")  # type: ignore[attr-defined]
