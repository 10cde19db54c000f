"""A request is received whole, without a thread, in memory, within a time and a size."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from flask import Flask, request

from core import disk, gateway
from core.gateway import Gateway, Large, environ_of


class Scope:
    """A request as the server describes it."""

    proto = "http"
    http_version = "1.1"
    server = "127.0.0.1:8000"
    client = "127.0.0.1:50123"
    scheme = "http"
    authority = None

    def __init__(self, method: str = "GET", path: str = "/", query: str = "", **headers: str) -> None:
        self.method, self.path, self.query_string = method, path, query
        self.headers = {
            "host": "localhost",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }


class Line:
    """The server's side of one request: gives the body piece by piece and keeps the answer."""

    def __init__(self, *pieces: bytes | BaseException | float) -> None:
        self.pieces = pieces
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self.body = b""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, BaseException):
                raise piece
            if isinstance(piece, float):
                await asyncio.sleep(piece)
            else:
                yield piece

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.response_bytes(status, headers, b"")

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> Line:
        self.response_bytes(status, headers, b"")
        return self

    async def send_bytes(self, data: bytes) -> None:
        self.body += data


def _ask(app: Any, scope: Scope, line: Line, *, limit: int = 1000) -> Line:
    async def go() -> None:
        await Gateway(app, threads=2, limit=limit).__rsgi__(scope, line)

    _apart(lambda: asyncio.run(go()))
    return line


def _apart(work: Callable[[], None]) -> None:
    """In a thread of its own: a browser of an earlier test may keep its loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(work).result()


@pytest.fixture
def echo() -> Flask:
    app = Flask(__name__)
    app.config.update(MAX_CONTENT_LENGTH=1000)

    @app.route("/<path:name>", methods=["GET", "POST"])
    def page(name: str) -> dict[str, Any]:
        return {
            "name": name,
            "form": dict(request.form),
            "args": dict(request.args),
            "length": request.content_length,
        }

    @app.get("/stream")
    def stream() -> Any:
        return (f"dòng {number}\n" for number in range(3)), {"Content-Type": "text/csv; charset=utf-8"}

    return app


FORM = "application/x-www-form-urlencoded"


def test_a_form_that_arrives_in_pieces_is_read_whole(echo: Flask) -> None:
    scope = Scope("POST", "/thu", content_type=FORM, content_length="11")
    line = _ask(echo, scope, Line(b"words=", b"chao", b"!"))
    assert line.status == 200
    assert b'"form":{"words":"chao!"}' in line.body


def test_a_form_without_a_length_is_read_whole_as_well(echo: Flask) -> None:
    scope = Scope("POST", "/thu", content_type=FORM, transfer_encoding="chunked")
    line = _ask(echo, scope, Line(b"words=chao"))
    assert b'"form":{"words":"chao"}' in line.body
    assert b'"length":10' in line.body


@pytest.mark.parametrize("heads", [{"content_length": "1500"}, {"transfer_encoding": "chunked"}])
def test_what_is_too_long_is_not_kept_and_the_page_says_so_itself(echo: Flask, heads: dict[str, str]) -> None:
    scope = Scope("POST", "/thu", content_type=FORM, **heads)
    assert _ask(echo, scope, Line(b"words=", b"x" * 1500)).status == 413


def test_what_is_far_too_long_is_not_even_read(echo: Flask) -> None:
    read: list[int] = []

    class Endless(Line):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            while True:
                read.append(1)
                yield b"x" * 500

    scope = Scope("POST", "/thu", content_type=FORM, transfer_encoding="chunked")
    assert _ask(echo, scope, Endless()).status == 413
    assert len(read) * 500 <= 1000 * gateway.DRAIN + 500


def test_a_length_that_is_a_lie_changes_nothing(echo: Flask) -> None:
    scope = Scope("POST", "/thu", content_type=FORM, content_length="900")
    assert b'"form":{"a":"1"}' in _ask(echo, scope, Line(b"a=1")).body
    scope = Scope("POST", "/thu", content_type=FORM, content_length="many")
    assert b'"form":{"a":"1"}' in _ask(echo, scope, Line(b"a=1")).body


def test_who_takes_too_long_is_let_go(echo: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "BODY_SECONDS", 0.05)
    scope = Scope("POST", "/thu", content_type=FORM, content_length="900")
    assert _ask(echo, scope, Line(b"a=1", 5.0)).status == 408


def test_who_leaves_half_way_gets_no_page_made(echo: Flask) -> None:
    made: list[int] = []

    def app(_environ: dict[str, Any], _start: Any) -> Iterable[bytes]:
        made.append(1)
        return []

    line = _ask(app, Scope("POST", "/thu", content_length="900"), Line(b"a=1", ConnectionError("gone")))
    assert (line.status, made) == (0, [])


def test_looking_at_a_page_waits_for_no_body(echo: Flask) -> None:
    assert _ask(echo, Scope("GET", "/thu"), Line(5.0)).status == 200


@pytest.mark.parametrize("path", ["/th%C6%B0", "/a%2Fb", "/a b", "/%zz", "/thư"])
def test_addresses_arrive_as_they_were_meant(echo: Flask, path: str) -> None:
    from werkzeug.test import EnvironBuilder

    meant = EnvironBuilder(path=path).get_environ()["PATH_INFO"]
    assert environ_of(Scope(path=path))["PATH_INFO"] == meant


def test_a_question_in_the_address_arrives(echo: Flask) -> None:
    assert b'"args":{"q":"a b"}' in _ask(echo, Scope(path="/x", query="q=a%20b"), Line()).body


def test_a_header_cannot_be_dressed_up_as_the_proxys(echo: Flask) -> None:
    scope = Scope()
    scope.headers["x_forwarded_for"] = "6.6.6.6"
    scope.headers["x-forwarded-proto"] = "https"
    environ = environ_of(scope)
    assert "HTTP_X_FORWARDED_FOR" not in environ
    assert environ["HTTP_X_FORWARDED_PROTO"] == "https"


def test_nothing_of_the_machines_environment_reaches_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    assert "DATABASE_URL" not in environ_of(Scope())


def test_several_cookies_are_one_header() -> None:
    scope = Scope()

    class Several(dict[str, str]):
        def items(self) -> Any:
            return [("cookie", "a=1"), ("cookie", "b=2"), ("accept", "x"), ("accept", "y")]

    scope.headers = Several()
    environ = environ_of(scope)
    assert (environ["HTTP_COOKIE"], environ["HTTP_ACCEPT"]) == ("a=1; b=2", "x,y")


def test_a_long_answer_goes_out_piece_by_piece(echo: Flask) -> None:
    line = _ask(echo, Scope(path="/stream"), Line())
    assert line.body.decode() == "dòng 0\ndòng 1\ndòng 2\n"


def test_a_page_that_breaks_outside_of_every_handler_answers_500_without_a_word(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    def app(_environ: dict[str, Any], _start: Any) -> Iterable[bytes]:
        raise ValueError("lời của ai đó")

    line = _ask(app, Scope(), Line())
    assert (line.status, line.body) == (500, b"")
    assert "lời của ai đó" not in capsys.readouterr().err
    assert [record.getMessage() for record in caplog.records] == [""]


def test_an_answer_is_closed_even_when_it_breaks_off() -> None:
    closed: list[bool] = []

    class Parts:
        def __iter__(self) -> Any:
            yield b"one"
            raise OSError

        def close(self) -> None:
            closed.append(True)

    def app(_environ: dict[str, Any], start: Any) -> Any:
        start("200 OK", [("Content-Type", "text/plain")])
        return Parts()

    _ask(app, Scope(), Line())
    assert closed == [True]


def test_a_page_under_way_is_finished_before_the_process_ends() -> None:
    order: list[str] = []

    def app(_environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        time.sleep(0.2)
        order.append("page")
        start("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    line = Line()

    def live() -> None:
        loop = asyncio.new_event_loop()
        door = Gateway(app, threads=1, limit=1000, end=lambda: order.append("end"))
        page = loop.create_task(door.__rsgi__(Scope(), line))
        loop.run_until_complete(asyncio.sleep(0.05))
        door.__rsgi_del__(loop)
        assert page.done()
        loop.close()

    _apart(live)
    assert order == ["page", "end"]
    assert line.body == b"ok"


def test_a_page_that_never_ends_does_not_keep_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "LAST_SECONDS", 0.05)
    go_on = threading.Event()

    def app(_environ: dict[str, Any], _start: Any) -> Iterable[bytes]:
        go_on.wait(10)
        return []

    ended: list[bool] = []

    def live() -> None:
        loop = asyncio.new_event_loop()
        door = Gateway(app, threads=1, limit=1000, end=lambda: ended.append(True))
        page = loop.create_task(door.__rsgi__(Scope(), Line()))
        loop.run_until_complete(asyncio.sleep(0.05))
        door.__rsgi_del__(loop)
        assert not page.done()
        go_on.set()
        loop.run_until_complete(page)
        loop.close()

    _apart(live)
    assert ended == [True]


def test_anything_that_is_not_a_page_is_left_alone() -> None:
    scope = Scope()
    scope.proto = "ws"
    assert _ask(None, scope, Line()).status == 0


# --- large bodies ---------------------------------------------------------------------------------

UPLOAD = {"content_type": "multipart/form-data; boundary=x"}


def _upload(app: Any, folder: Path, *lines: Line, path: str = "/hop-thu/tep", places: int = 16) -> None:
    """Several large bodies at once into one gateway."""

    async def go() -> None:
        large = Large(ends="/hop-thu/tep", limit=100_000, folder=folder)
        gate = Gateway(app, threads=2, limit=1000, large=large)
        await asyncio.gather(*(gate.__rsgi__(Scope("POST", path, **UPLOAD), line) for line in lines))

    with patch.object(gateway, "UPLOAD_PLACES", places):
        _apart(lambda: asyncio.run(go()))


def _length_of(environ: dict[str, Any], start: Any) -> list[bytes]:
    body = environ["wsgi.input"].read()
    answer = f"{environ['CONTENT_LENGTH']} {len(body)}".encode()
    start("200 OK", [("content-length", str(len(answer)))])
    return [answer]


def test_a_large_body_is_taken_where_it_is_meant_and_nowhere_else(tmp_path: Path) -> None:
    here, there = Line(b"a" * 40_000, b"b" * 40_000), Line(b"a" * 1_500)
    _upload(_length_of, tmp_path, here)
    assert here.body == b"80000 80000"
    _upload(_length_of, tmp_path, there, path="/thu")
    assert there.body == b"1001 0"
    assert list(tmp_path.iterdir()) == []


def test_a_large_body_beyond_its_limit_is_read_no_further(tmp_path: Path) -> None:
    line = Line(*[b"a" * 30_000] * 4, AssertionError("read on"))
    _upload(_length_of, tmp_path, line)
    assert line.body == b"120000 120000"  # beyond what the page lets in: it answers in its own words


def test_a_large_body_without_room_on_the_disk_is_heard_out_and_kept_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    monkeypatch.setattr(disk, "free", lambda _folder: 399_999)
    monkeypatch.setattr(gateway, "Spool", lambda _folder: pytest.fail("something was written"))

    def app(environ: dict[str, Any], start: Any) -> list[bytes]:
        told.append(environ[gateway.NO_ROOM])
        return _length_of(environ, start)

    line = Line(b"a" * 40_000, b"b" * 40_000)
    _upload(app, tmp_path, line)
    assert (line.body, told) == (b"80000 0", [True])


def test_a_large_body_that_breaks_off_or_crawls_leaves_nothing(tmp_path: Path) -> None:
    gone, slow = Line(b"a" * 5_000, ConnectionError()), Line(b"a", 0.3, b"b")
    with patch.object(gateway, "UPLOAD_GRACE", 0.1):
        _upload(_length_of, tmp_path, gone, slow)
    assert (gone.status, slow.status) == (0, 408)
    assert list(tmp_path.iterdir()) == []


def test_when_all_places_are_taken_the_next_large_body_is_asked_to_come_again(tmp_path: Path) -> None:
    lines = [Line(0.05, b"a") for _ in range(5)]
    _upload(_length_of, tmp_path, *lines, places=3)
    assert sorted(line.status for line in lines) == [200, 200, 200, 503, 503]
    assert all("try again in a minute" in line.body.decode() for line in lines if line.status == 503)
