"""The brakes slow whoever guesses, lock nobody, and cannot be turned against somebody else."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core import brakes, keys, memory
from core.access import Role
from core.brakes import MustWait
from core.config import Settings
from intake.keys.founding import Founded, Settled
from tests.conftest import shelf_of
from tests.factories import code_for, forget_codes, post, sign_in, signed_in


@pytest.fixture
def lan(centre: Founded) -> Settled:
    return centre.of(Role.HANDLER)[0]


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """The seconds that brakes and memory count by; the test moves them."""
    moved = Watch()
    honest = time.time
    monkeypatch.setattr(time, "time", lambda: honest() + moved.ahead)
    return moved


class Watch:
    """Seconds that have passed without waiting for them."""

    ahead = 0.0

    def passes(self, seconds: float) -> None:
        self.ahead += seconds


def test_thirty_mailboxes_opened_behind_one_address_at_the_same_moment_make_nobody_wait(app: Flask) -> None:
    """Each is counted before it is known to be a true one: none of them has succeeded yet."""
    with app.test_request_context():
        under_way = [brakes.of_a_receipt() for _ in range(brakes.RECEIPT_TRIES)]
        with pytest.raises(MustWait):
            [brakes.of_a_receipt() for _ in range(2)]
        under_way[0].succeeded()
        brakes.of_a_receipt()
    assert len(under_way) == 30


def test_five_tries_are_free_and_the_sixth_waits(app: Flask) -> None:
    with app.test_request_context():
        for _ in range(5):
            brakes.attempt("sign-in", "lan", "source", "10.0.0.1")
        with pytest.raises(MustWait) as told:
            brakes.attempt("sign-in", "lan", "source", "10.0.0.1")
    assert told.value.seconds == 1


def test_the_wait_doubles_and_never_passes_twenty_seconds(app: Flask, watch: Watch) -> None:
    waits = []
    with app.test_request_context():
        for _ in range(20):
            try:
                brakes.attempt("sign-in", "lan", "source", "10.0.0.1")
            except MustWait as wait:
                waits.append(wait.seconds)
                watch.passes(wait.seconds + 0.01)
                brakes.attempt("sign-in", "lan", "source", "10.0.0.1")
    assert waits[:6] == [1, 2, 4, 8, 16, 20]
    assert max(waits) == 20


def test_after_ten_quiet_minutes_everything_is_forgotten(app: Flask, watch: Watch) -> None:
    with app.test_request_context():
        for _ in range(5):
            brakes.attempt("sign-in", "lan", "source", "10.0.0.1")
        watch.passes(601)
        for _ in range(5):
            brakes.attempt("sign-in", "lan", "source", "10.0.0.1")


def test_a_success_forgets_the_failures_before_it(app: Flask) -> None:
    with app.test_request_context():
        for _ in range(4):
            brakes.attempt("sign-in", "lan", "source", "10.0.0.1")
        brakes.attempt("sign-in", "lan", "source", "10.0.0.1").succeeded()
        for _ in range(5):
            brakes.attempt("sign-in", "lan", "source", "10.0.0.1")


def test_other_names_other_places_and_other_kinds_are_counted_apart(app: Flask) -> None:
    with app.test_request_context():
        for _ in range(5):
            brakes.attempt("sign-in", "lan", "source", "10.0.0.1")
        brakes.attempt("sign-in", "dong", "source", "10.0.0.1")
        brakes.attempt("sign-in", "lan", "source", "10.0.0.2")
        brakes.attempt("mailbox", "lan", "source", "10.0.0.1")


def test_parts_of_a_subject_cannot_run_into_each_other(app: Flask) -> None:
    with app.test_request_context():
        for _ in range(5):
            brakes.attempt("sign-in", "ab", "c")
        brakes.attempt("sign-in", "a", "bc")


def test_a_version_6_neighbourhood_is_one_source(app: Flask) -> None:
    with app.test_request_context(environ_base={"REMOTE_ADDR": "2001:db8:1:2:aaaa::1"}):
        one = brakes.source()
    with app.test_request_context(environ_base={"REMOTE_ADDR": "2001:db8:1:2:bbbb::2"}):
        assert brakes.source() == one
    with app.test_request_context(environ_base={"REMOTE_ADDR": "2001:db8:1:3::2"}):
        assert brakes.source() != one


def test_who_must_wait_is_told_so_and_no_key_is_derived(
    app: Flask, lan: Settled, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = app.test_client()
    for _ in range(5):
        assert sign_in(client, lan, passphrase="sai").status_code == 401
    monkeypatch.setattr(keys, "open_lock", _never)
    answer = sign_in(client, lan)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "1"
    assert "Bạn hãy đợi 1 giây rồi thử lại" in answer.text
    assert f'value="{lan.sign_name}"' in answer.text


def test_a_colleague_behind_the_same_address_cannot_slow_a_browser_that_is_known(
    app: Flask, lan: Settled
) -> None:
    known = signed_in(app, lan)
    post(known, "/dang-xuat")
    _guess_without_end(app, lan)
    forget_codes(app, lan)
    assert sign_in(known, lan).status_code == 302


def test_a_new_phone_behind_the_same_address_waits_once_and_then_gets_in(
    app: Flask, lan: Settled, watch: Watch
) -> None:
    """The attacker goes on guessing all the time; the ticket buys the owner's try all the same."""
    _guess_without_end(app, lan)
    phone = app.test_client()
    answer = sign_in(phone, lan)
    assert answer.status_code == 429
    ticket = _ticket_in(answer.text)
    watch.passes(int(answer.headers["Retry-After"]) + 0.2)
    _guess_without_end(app, lan)
    forget_codes(app, lan)
    assert sign_in(phone, lan, ticket=ticket).status_code == 302


def test_a_ticket_works_only_after_the_wait_once_and_for_its_own_name(app: Flask, watch: Watch) -> None:
    with app.test_request_context():
        ticket, seconds = _braked("lan")
        other, _ = _braked("dong")
        assert not _passes("lan", ticket)
        watch.passes(seconds + 0.2)
        _braked("lan"), _braked("dong")
        assert not _passes("lan", other)
        assert not _passes("lan", ticket[:-3] + "AAA")
        assert not _passes("lan", "~".join([ticket.split("~")[0], "x", ticket.split("~")[2]]))
        assert not _passes("lan", "rác~☃~rác")
        assert _passes("lan", ticket)
        _braked("lan")
        assert not _passes("lan", ticket)


def test_an_old_ticket_is_worth_nothing(app: Flask, watch: Watch) -> None:
    with app.test_request_context():
        ticket, seconds = _braked("lan")
        watch.passes(seconds + 601)
        _braked("lan")
        assert not _passes("lan", ticket)


def test_the_cookie_of_one_person_is_no_device_of_another(app: Flask, centre: Founded) -> None:
    lan, dong = centre.of(Role.HANDLER)
    browser = signed_in(app, dong)
    cookie = browser.get_cookie(brakes.DEVICE_COOKIE)
    assert cookie is not None
    with _request_with(app, cookie.value):
        assert brakes.device(dong.sign_name)
        assert not brakes.device(lan.sign_name)
    with _request_with(app, cookie.value[:-1] + ("A" if cookie.value[-1] != "A" else "B")):
        assert not brakes.device(dong.sign_name)
    with _request_with(app, "không.phải"):
        assert not brakes.device(dong.sign_name)


def test_the_device_cookie_says_nothing_about_the_person(app: Flask, lan: Settled) -> None:
    answer = sign_in(app.test_client(), lan)
    (line,) = [line for line in answer.headers.getlist("Set-Cookie") if brakes.DEVICE_COOKIE in line]
    assert lan.sign_name not in line
    assert lan.person_id not in line
    for word in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=2592000"):
        assert word in line
    assert "Domain" not in line


def test_who_knows_the_passphrase_is_slowed_wherever_they_guess_codes_from(
    app: Flask, lan: Settled, watch: Watch
) -> None:
    """Six digits would fall quickly to many addresses; so wrong codes are counted for the person as well."""
    for number in range(5):
        assert _sign_in_from(app, lan, f"10.0.1.{number}", code="000000").status_code == 401
    assert _sign_in_from(app, lan, "10.0.2.1").status_code == 401
    watch.passes(2)
    assert _sign_in_from(app, lan, "10.0.2.2").status_code == 302


def test_a_known_browser_is_not_slowed_by_a_thief_who_knows_the_passphrase(app: Flask, lan: Settled) -> None:
    known = signed_in(app, lan)
    post(known, "/dang-xuat")
    for number in range(12):
        _sign_in_from(app, lan, f"10.0.1.{number}", code="000000")
    forget_codes(app, lan)
    assert sign_in(known, lan).status_code == 302


def test_no_address_and_no_name_lies_in_memory(settings: Settings, app: Flask, lan: Settled) -> None:
    for _ in range(7):
        _sign_in_from(app, lan, "203.0.113.77", passphrase="sai")
    shelf = sqlite3.connect(shelf_of(settings) / "memory.db")
    rows = shelf.execute("SELECT key, value FROM shelf").fetchall()
    shelf.close()
    lying = "\n".join(f"{key} {value!r}" for key, value in rows)
    assert "tries:sign-in" in lying
    assert "203.0.113.77" not in lying
    assert lan.sign_name not in lying
    raw = b"".join(path.read_bytes() for path in shelf_of(settings).iterdir())
    assert b"203.0.113.77" not in raw


def test_the_same_subject_has_another_name_tomorrow(app: Flask, clock: Any) -> None:
    from datetime import timedelta

    with app.test_request_context():
        today = brakes._hashed("sign-in", "lan", "source", "10.0.0.1")
        assert brakes._hashed("sign-in", "lan", "source", "10.0.0.1") == today
        clock.set(clock.moment + timedelta(days=1))
        assert brakes._hashed("sign-in", "lan", "source", "10.0.0.1") != today


# Furniture


def _never(*_args: Any) -> Any:
    raise AssertionError("a key was derived for somebody who must wait")


def _guess_without_end(app: Flask, person: Settled) -> None:
    guesser = app.test_client()
    for _ in range(12):
        sign_in(guesser, person, passphrase="sai")


def _sign_in_from(app: Flask, person: Settled, address: str, **other: str) -> Any:
    client: FlaskClient = app.test_client()
    forget_codes(app, person)
    sent = {"name": person.sign_name, "passphrase": person.credentials.passphrase, "code": code_for(person)}
    return client.post("/dang-nhap", data={**sent, **other}, environ_base={"REMOTE_ADDR": address})


def _ticket_in(page: str) -> str:
    found = re.search(r'name="ticket"[^>]* value="([^"]+)"', page)
    assert found
    return found.group(1)


def _braked(name: str) -> tuple[str, int]:
    """Guess at a name until the brake speaks: the ticket it gives and the seconds it names."""
    while True:
        try:
            brakes.attempt("sign-in", name, "source", "10.0.0.1")
        except MustWait as wait:
            return wait.ticket, wait.seconds


def _passes(name: str, ticket: str) -> bool:
    try:
        brakes.attempt("sign-in", name, "source", "10.0.0.1", ticket=ticket)
    except MustWait:
        return False
    return True


@contextmanager
def _request_with(app: Flask, cookie: str) -> Iterator[None]:
    from urllib.parse import quote

    sent = (
        f"{brakes.DEVICE_COOKIE}={quote(cookie)}"
        if not cookie.isascii()
        else f"{brakes.DEVICE_COOKIE}={cookie}"
    )
    with app.test_request_context(headers={"Cookie": sent}):
        assert memory.store()
        yield
