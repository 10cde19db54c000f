"""The doors of every page: where a form may come from, what a browser may do, and what an error says."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
from flask import Flask, abort, request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core import headers, keys, sessions
from core.access import Denied, Identity, Role, require
from core.config import Settings
from tests.conftest import running

pytestmark = pytest.mark.embedded

AN = Identity(person_id="a" * 32, name="An", roles=frozenset({Role.BOARD}))


@pytest.fixture
def echo(app: Flask) -> FlaskClient:
    """Pages that take a form, sign somebody in, and fail in every way."""
    _add_pages(app)
    return app.test_client()


@pytest.fixture
def behind_proxy(settings: Settings) -> Iterator[FlaskClient]:
    """The same behind a proxy that answers https for the centre."""
    with running(dataclasses.replace(settings, public_url="https://centre.example")) as app:
        _add_pages(app)
        yield app.test_client()


def _add_pages(app: Flask) -> None:
    def echoing() -> str:
        return request.form.get("words", "")

    def come_in() -> str:
        sessions.begin(AN, None)
        return "ok"

    def fail(kind: str) -> str:
        if kind == "crash":
            raise RuntimeError("the words of somebody")
        if kind == "denied":
            require(None, Role.BOARD)
        if kind == "busy":
            raise keys.Busy
        if kind == "signed-out":
            raise sessions.NotSignedIn
        return abort(int(kind))

    app.testing = False
    app.add_url_rule("/echo", "echo", echoing, methods=["POST", "PUT", "DELETE"])
    app.add_url_rule("/thu/echo", "letter", echoing, methods=["POST"])
    app.add_url_rule("/in", view_func=come_in, methods=["POST"])
    app.add_url_rule("/fail/<kind>", view_func=fail, methods=["GET", "POST"])


def _send(client: FlaskClient, path: str = "/echo", **heads: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in heads.items()}
    return client.post(path, data={"words": "một lá thư"}, headers={"Sec-Fetch-Mode": "navigate", **named})


# Where a form may come from


def test_an_equal_origin_is_taken(echo: FlaskClient) -> None:
    assert _send(echo, Origin="http://localhost").text == "một lá thư"


@pytest.mark.parametrize("origin", ["null", ""])
def test_a_browser_that_hides_its_origin_is_taken_when_it_says_same_origin(
    echo: FlaskClient, origin: str
) -> None:
    assert _send(echo, Origin=origin, Sec_Fetch_Site="same-origin").text == "một lá thư"


@pytest.mark.parametrize(
    "heads",
    [
        {"Origin": "https://localhost"},
        {"Origin": "http://localhost:8001"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://evil.example", "Sec_Fetch_Site": "same-origin"},
        {"Origin": "http://localhost/path"},
        {"Origin": "null"},
        {"Origin": "null", "Sec_Fetch_Site": "cross-site"},
        {"Origin": "null", "Sec_Fetch_Site": "same-site"},
        {"Origin": "null", "Sec_Fetch_Site": "none"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "none"},
        {"Sec_Fetch_Site": ""},
        {"Referer": "http://localhost/thu", "Sec_Fetch_Site": ""},
    ],
)
def test_a_form_from_anywhere_else_is_refused_in_words(echo: FlaskClient, heads: dict[str, str]) -> None:
    answer = _send(echo, **({"Sec_Fetch_Site": ""} | heads))
    assert answer.status_code == 403
    assert "Trang này không nhận được biểu mẫu" in answer.text
    assert "một lá thư" not in answer.text


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_other_ways_to_change_something_are_held_to_the_same(echo: FlaskClient, method: str) -> None:
    assert echo.open("/echo", method=method).status_code == 403


def test_looking_needs_no_origin(echo: FlaskClient) -> None:
    assert echo.get("/", headers={"Origin": "http://evil.example"}).status_code == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://centre.example", 200),
        ("http://centre.example", 403),
        ("https://centre.example:444", 403),
        ("https://evil.example", 403),
    ],
)
def test_behind_a_proxy_the_public_address_counts(
    behind_proxy: FlaskClient, origin: str, status: int
) -> None:
    forwarded = {
        "X_Forwarded_Proto": "https",
        "X_Forwarded_Host": "centre.example",
        "X_Forwarded_For": "10.0.0.1",
    }
    assert _send(behind_proxy, Origin=origin, Host="127.0.0.1:8000", **forwarded).status_code == status


def test_a_signed_in_persons_form_needs_their_token_as_well(echo: FlaskClient) -> None:
    assert _send(echo, Origin="http://localhost").status_code == 200
    assert _send(echo, "/in", Origin="http://localhost").status_code == 200
    answer = _send(echo, Origin="http://localhost")
    assert answer.status_code == 401
    assert "Phiên làm việc đã hết" in answer.text


def test_a_letter_is_taken_also_where_a_colleague_is_signed_in(echo: FlaskClient) -> None:
    _send(echo, "/in", Origin="http://localhost")
    assert _send(echo, "/thu/echo", Origin="http://localhost").text == "một lá thư"


# What a browser may do

PLACES = [
    "/",
    "/en/",
    "/healthz",
    "/nowhere",
    "/dang-nhap",
    "/tam-biet",
    "/fail/crash",
    "/fail/403",
    "/thu",
    "/giup-do",
]


@pytest.mark.parametrize("path", PLACES)
def test_every_answer_carries_every_door(echo: FlaskClient, path: str) -> None:
    found = echo.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in found["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert "unsafe" not in found["Content-Security-Policy"]
    assert "http" not in found["Content-Security-Policy"]
    assert found["Cache-Control"] == "no-store"
    assert found["Referrer-Policy"] == "same-origin"
    assert found["Cross-Origin-Opener-Policy"] == found["Cross-Origin-Resource-Policy"] == "same-origin"
    assert found["X-Content-Type-Options"] == "nosniff"
    assert "camera=()" in found["Permissions-Policy"]
    assert "Set-Cookie" not in found


@pytest.mark.parametrize("path", PLACES)
def test_no_page_asks_a_browser_for_what_its_doors_forbid(echo: FlaskClient, path: str) -> None:
    words = echo.get(path).text
    assert " style=" not in words
    assert " onclick=" not in words
    assert "<style" not in words
    assert "<script>" not in words
    assert 'src="http' not in words
    assert 'src="//' not in words


def test_https_is_insisted_on_only_where_there_is_https(echo: FlaskClient, behind_proxy: FlaskClient) -> None:
    assert "Strict-Transport-Security" not in echo.get("/").headers
    assert "max-age=31536000" in behind_proxy.get("/").headers["Strict-Transport-Security"]


def test_a_file_that_never_changes_may_be_kept(app: Flask, client: FlaskClient) -> None:
    with app.test_request_context():
        from core.pages import asset

        address = asset("site.css")
    assert client.get(address).headers["Cache-Control"] == "public, max-age=31536000, immutable"


# What an error says


@pytest.mark.parametrize(
    ("kind", "status", "vietnamese", "english"),
    [
        ("crash", 500, "Trang gặp trục trặc", "Something went wrong"),
        ("denied", 404, "Không có trang này", "There is no such page"),
        ("404", 404, "Không có trang này", "There is no such page"),
        ("403", 403, "Trang này không nhận được biểu mẫu", "This form could not be accepted"),
        ("busy", 503, "Trang đang bận", "The page is busy"),
        ("signed-out", 401, "Phiên làm việc đã hết", "Your session has ended"),
        ("418", 418, "Trang chưa hiểu điều vừa gửi", "did not understand"),
        ("502", 502, "Trang gặp trục trặc", "Something went wrong"),
    ],
)
def test_an_error_is_one_clear_sentence_in_the_readers_language(
    echo: FlaskClient, kind: str, status: int, vietnamese: str, english: str
) -> None:
    here, there = echo.get(f"/fail/{kind}"), echo.get(f"/en/fail/{kind}")
    assert (here.status_code, there.status_code) == (status, status)
    assert vietnamese in here.text
    assert english in there.text


@pytest.mark.parametrize("kind", ["crash", "denied", "404", "busy"])
def test_an_error_tells_nothing_about_the_inside(echo: FlaskClient, kind: str) -> None:
    words = echo.get(f"/fail/{kind}").text
    for leak in (
        "RuntimeError",
        "the words of somebody",
        "Traceback",
        "Denied",
        "werkzeug",
        "flask",
        "line ",
    ):
        assert leak not in words


def test_what_one_may_not_see_looks_like_what_is_not_there(echo: FlaskClient) -> None:
    hidden, missing = (echo.get(f"/fail/{kind}").text.replace(kind, "…") for kind in ("denied", "404"))
    assert hidden == missing


def test_when_something_breaks_help_numbers_are_shown(echo: FlaskClient) -> None:
    assert "113" in echo.get("/fail/crash").text


def test_what_was_typed_is_shown_again_when_the_session_has_ended(echo: FlaskClient) -> None:
    sent = {
        "words": "Hôm nay tôi đã gặp một người cần giúp đỡ.",
        "passphrase": "sáu từ được rút ra cho một người",
        "receipt": "1234 5678 9012 3456 7890 1234",
    }
    answer = echo.post("/fail/signed-out", data=sent, headers={"Origin": "http://localhost"})
    assert answer.status_code == 401
    assert sent["words"] in answer.text
    assert sent["passphrase"] not in answer.text
    assert sent["receipt"] not in answer.text
    assert 'href="/dang-nhap"' in answer.text


def test_a_wrong_method_is_told_in_words(echo: FlaskClient) -> None:
    answer = echo.post("/giup-do", headers={"Origin": "http://localhost"})
    assert answer.status_code == 405
    assert "Trang này cần được mở từ đầu" in answer.text


def test_denied_is_an_exception_that_carries_no_words() -> None:
    assert str(Denied()) == ""
    assert headers.FromElsewhere.code == 403
