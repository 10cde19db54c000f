"""Who is signed in: in memory only, sealed under the browser's cookie and this boot, with two limits of time."""

from __future__ import annotations

import base64
import dataclasses
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask, make_response
from flask.testing import FlaskClient

from core import memory, sessions
from core.access import Identity, Role
from core.config import Settings
from core.sealing import CannotOpen, context, unseal
from core.sessions import COOKIE
from tests.conftest import running, shelf_of

pytestmark = pytest.mark.embedded

SEED = bytes(range(32))
DONG = Identity(person_id="b" * 32, name="Hoàng Văn Đông", roles=frozenset({Role.HANDLER}))
HA = Identity(person_id="a" * 32, name="Trần Thu Hà", roles=frozenset({Role.HANDLER}))


class Hours:
    """The clock of sessions, moved on by hand."""

    def __init__(self) -> None:
        self.added = 0.0

    def pass_by(self, *, minutes: float = 0, hours: float = 0) -> None:
        self.added += minutes * 60 + hours * 3600

    def __call__(self) -> float:
        return time.monotonic() + 1_800_000_000 + self.added


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch) -> Hours:
    clock = Hours()

    class Time:
        time = staticmethod(clock)

    monkeypatch.setattr("core.sessions.time", Time)
    monkeypatch.setattr("core.memory.time", Time)
    return clock


@pytest.fixture
def house(app: Flask) -> Flask:
    """Pages that sign Hà in and out, and one that says who is here."""
    _add_pages(app)
    return app


def _add_pages(app: Flask) -> None:
    def come_in() -> str:
        sessions.begin(HA, SEED)
        return "ok"

    def come_in_as_other() -> str:
        sessions.begin(DONG, SEED)
        return "ok"

    def leave() -> Any:
        return sessions.end(make_response("ok"))

    def who() -> dict[str, str]:
        found = sessions.identity()
        return {"name": found.name, "seed": sessions.seed().hex()} if found else {}

    def desk() -> str:
        return "desk"

    def begin_without_seed() -> str:
        sessions.begin(dataclasses.replace(HA, roles=frozenset({Role.BOARD})), None)
        return "ok"

    app.add_url_rule("/in", view_func=come_in, methods=["POST"])
    app.add_url_rule("/in-again", "in_again", view_func=come_in)
    app.add_url_rule("/in-other", view_func=come_in_as_other, methods=["POST"])
    app.add_url_rule("/in-board", view_func=begin_without_seed, methods=["POST"])
    app.add_url_rule("/out", view_func=leave)
    app.add_url_rule("/who", view_func=who)
    app.add_url_rule("/thu/who", "letter_who", view_func=who)
    app.add_url_rule("/desk", view_func=sessions.signed_in(Role.HANDLER)(desk), methods=["GET", "POST"])
    app.add_url_rule("/seed", "seed", view_func=lambda: sessions.seed().hex())


def _signed_in(house: Flask) -> FlaskClient:
    client = house.test_client()
    assert client.post("/in").status_code == 200
    return client


def _cookie(client: FlaskClient) -> str:
    found = client.get_cookie(COOKIE)
    assert found is not None
    return found.value


def test_nobody_is_signed_in_and_no_cookie_is_set_to_begin_with(house: Flask) -> None:
    answer = house.test_client().get("/who")
    assert answer.get_json() == {}
    assert "Set-Cookie" not in answer.headers


def test_whoever_signs_in_is_known_on_the_next_page_with_their_seed(house: Flask) -> None:
    assert _signed_in(house).get("/who").get_json() == {"name": HA.name, "seed": SEED.hex()}


def test_the_cookie_is_held_by_the_browser_as_tightly_as_can_be(house: Flask) -> None:
    client = house.test_client()
    said = client.post("/in").headers["Set-Cookie"]
    assert said.startswith("__Host-phien=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(said.split("; "))
    assert "Domain" not in said
    assert "Expires" not in said
    assert "Max-Age" not in said


def test_the_cookie_is_not_sent_anew_with_every_page(house: Flask) -> None:
    assert "Set-Cookie" not in _signed_in(house).get("/who").headers


def test_the_shelf_holds_neither_name_nor_seed_nor_cookie(house: Flask, settings: Settings) -> None:
    client = _signed_in(house)
    client.get("/who")
    held = b"".join(path.read_bytes() for path in shelf_of(settings).iterdir())
    assert held
    hidden = [
        SEED,
        SEED.hex().encode(),
        base64.b64encode(SEED),
        HA.name.encode(),
        HA.person_id.encode(),
        b"handler",
        _cookie(client).encode(),
    ]
    assert [secret for secret in hidden if secret in held] == []


def test_nothing_of_a_session_is_written_into_the_instance(house: Flask, settings: Settings) -> None:
    client = _signed_in(house)
    held = b"".join(path.read_bytes() for path in settings.instance.rglob("*") if path.is_file())
    assert [
        secret for secret in (SEED, base64.b64encode(SEED), _cookie(client).encode()) if secret in held
    ] == []


def test_the_cookie_alone_is_worth_nothing_after_the_machine_was_switched_off(house: Flask) -> None:
    client = _signed_in(house)
    with house.app_context():
        memory.store().delete("boot")
    assert client.get("/who").get_json() == {}


def test_the_memory_alone_is_worth_nothing_without_the_cookie(house: Flask) -> None:
    client = _signed_in(house)
    with house.app_context():
        blob = memory.store().get(sessions._shelf(_cookie(client)))
        assert blob is not None
        with pytest.raises(CannotOpen):
            unseal(blob, sessions._key("another"), context("session"))


def test_a_tampered_cookie_is_nobody(house: Flask) -> None:
    client = _signed_in(house)
    right = _cookie(client)
    for wrong in (right[:-1] + ("A" if right[-1] != "A" else "B"), right[:-1], right + "A", "", "x" * 3000):
        client.set_cookie(COOKIE, wrong)
        assert client.get("/who").get_json() == {}
    client.set_cookie(COOKIE, right)
    assert client.get("/who").get_json()["name"] == HA.name


def test_a_tampered_record_is_nobody(house: Flask) -> None:
    client = _signed_in(house)
    with house.app_context():
        key = sessions._shelf(_cookie(client))
        blob = memory.store().get(key)
        assert blob is not None
        memory.store().put(key, blob[:-1] + bytes([blob[-1] ^ 1]), 600)
    assert client.get("/who").get_json() == {}


def test_a_record_put_under_another_cookie_is_nobody(house: Flask) -> None:
    ha, other = _signed_in(house), _signed_in(house)
    with house.app_context():
        blob = memory.store().get(sessions._shelf(_cookie(ha)))
        assert blob is not None
        memory.store().put(sessions._shelf(_cookie(other)), blob, 600)
    assert other.get("/who").get_json() == {}


def test_ten_idle_minutes_end_a_session(house: Flask, hours: Hours) -> None:
    client = _signed_in(house)
    hours.pass_by(minutes=9.9)
    assert client.get("/who").get_json()["name"] == HA.name
    hours.pass_by(minutes=9.9)
    assert client.get("/who").get_json()["name"] == HA.name
    hours.pass_by(minutes=10.1)
    assert client.get("/who").get_json() == {}


def test_a_clock_set_back_ends_a_session_rather_than_keeping_it_longer(house: Flask, hours: Hours) -> None:
    client = _signed_in(house)
    hours.pass_by(minutes=-1)
    assert client.get("/who").get_json()["name"] == HA.name
    hours.pass_by(hours=-1)
    assert client.get("/who").get_json() == {}


def test_eight_hours_end_a_session_however_busy_it_was(house: Flask, hours: Hours) -> None:
    client = _signed_in(house)
    for _ in range(59):
        hours.pass_by(minutes=8)
        assert client.get("/who").get_json()["name"] == HA.name
    hours.pass_by(minutes=9)
    assert client.get("/who").get_json() == {}


def test_an_ended_session_leaves_the_shelf_at_once(house: Flask, hours: Hours) -> None:
    client = _signed_in(house)
    key = sessions._shelf(_cookie(client))
    hours.pass_by(minutes=11)
    client.get("/who")
    with house.app_context():
        assert memory.store().get(key) is None


def test_signing_out_forgets_the_session_and_not_only_the_cookie(house: Flask) -> None:
    client = _signed_in(house)
    cookie = _cookie(client)
    client.get("/out")
    assert client.get_cookie(COOKIE) is None
    client.set_cookie(COOKIE, cookie)
    assert client.get("/who").get_json() == {}


def test_a_slow_page_does_not_bring_a_session_back_that_was_signed_out_meanwhile(
    house: Flask, hours: Hours
) -> None:
    client = _signed_in(house)
    cookie = _cookie(client)
    hours.pass_by(minutes=2)  # long enough for the slow page to want to renew the record

    def slow() -> str:
        other = house.test_client()
        other.set_cookie(COOKIE, cookie)
        other.get("/out")
        return "late"

    house.view_functions["who"] = slow
    assert client.get("/who").text == "late"
    with house.app_context():
        assert memory.store().get(sessions._shelf(cookie)) is None


def test_signing_out_everywhere_reaches_every_browser_and_nobody_else(house: Flask) -> None:
    phone, desk = _signed_in(house), _signed_in(house)
    other = house.test_client()
    other.post("/in-other")
    with house.app_context():
        sessions.end_all(HA.person_id)
    assert phone.get("/who").get_json() == {}
    assert desk.get("/who").get_json() == {}
    assert other.get("/who").get_json()["name"] == DONG.name
    again = _signed_in(house)
    assert again.get("/who").get_json()["name"] == HA.name


def test_signing_in_again_draws_a_new_cookie_and_ends_the_old_one(house: Flask) -> None:
    client = _signed_in(house)
    before = _cookie(client)
    client.get("/in-again")
    assert _cookie(client) != before
    assert client.get("/who").get_json()["name"] == HA.name
    client.set_cookie(COOKIE, before)
    assert client.get("/who").get_json() == {}


def test_only_keyholders_have_a_seed(house: Flask) -> None:
    house.testing = False
    client = house.test_client()
    assert client.get("/seed").status_code == 401
    client.post("/in-board")
    assert client.get("/seed").status_code == 401
    assert _signed_in(house).get("/seed").text == SEED.hex()


def test_a_page_for_one_role_asks_strangers_to_sign_in_and_hides_from_others(house: Flask) -> None:
    stranger, board = house.test_client(), house.test_client()
    board.post("/in-board")
    answer = stranger.get("/desk")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/dang-nhap?next=/desk")
    assert stranger.get("/en/desk").headers["Location"] == "/en/dang-nhap?next=/desk"
    assert stranger.post("/desk", data={"words": "x" * 30}).status_code == 401
    assert board.get("/desk").status_code == 404
    assert _signed_in(house).get("/desk").text == "desk"


def test_pages_of_reporters_never_look_at_who_is_signed_in(house: Flask) -> None:
    client = _signed_in(house)
    assert client.get("/thu/who").get_json() == {}
    assert client.get("/who").get_json()["name"] == HA.name


def test_many_pages_at_once_share_one_session(house: Flask) -> None:
    cookie = _cookie(_signed_in(house))

    def look(_: int) -> str:
        client = house.test_client()
        client.set_cookie(COOKIE, cookie)
        name: str = client.get("/who").get_json()["name"]
        return name

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(look, range(40))) == {HA.name}


@pytest.fixture
def second_process(house: Flask, settings: Settings) -> Iterator[Flask]:
    """Another process of the same installation: its own application, the same memory."""
    from app import create_app

    made = create_app(settings)
    made.testing = True
    _add_pages(made)
    yield made
    made.extensions["database"].engine.dispose()
    made.extensions["memory"].close()


def test_any_process_can_answer_a_signed_in_person(house: Flask, second_process: Flask) -> None:
    cookie = _cookie(_signed_in(house))
    client = second_process.test_client()
    client.set_cookie(COOKIE, cookie)
    assert client.get("/who").get_json() == {"name": HA.name, "seed": SEED.hex()}


def test_two_installations_on_one_machine_share_no_sessions(
    house: Flask, settings: Settings, tmp_path_factory: pytest.TempPathFactory, sqlite_template: Any
) -> None:
    cookie = _cookie(_signed_in(house))
    elsewhere = dataclasses.replace(settings, instance=tmp_path_factory.mktemp("other"))
    (elsewhere.instance / "centre.db").write_bytes(sqlite_template.read_bytes())
    with running(elsewhere) as other:
        _add_pages(other)
        client = other.test_client()
        client.set_cookie(COOKIE, cookie)
        assert client.get("/who").get_json() == {}
