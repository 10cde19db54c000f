"""Bodies stay in memory, however large a part of a form is."""

from __future__ import annotations

import tempfile
from typing import Any

import pytest
from flask import Flask, Request, request
from flask.testing import FlaskClient

pytestmark = pytest.mark.embedded


@pytest.fixture
def echo(app: Flask) -> FlaskClient:
    """A page that tells how much of a form arrived, with room for large ones."""

    def count() -> dict[str, int]:
        words = sum(len(value) for value in request.form.values())
        return {"words": words, "files": sum(len(file.read()) for file in request.files.values())}

    app.config.update(MAX_CONTENT_LENGTH=4_000_000, MAX_FORM_MEMORY_SIZE=4_000_000)
    app.add_url_rule("/echo", view_func=count, methods=["POST"])
    return app.test_client()


@pytest.fixture
def no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every way of Python to make a temporary file fails."""

    def refuse(*_arguments: Any, **_named: Any) -> None:
        raise AssertionError("something was spooled to a disk")

    for name in ("TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, refuse)
    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", refuse)


def _upload(size: int) -> bytes:
    """A form of one line and one file, put together by hand: the test client would itself use temporary files."""
    words = b'--b\r\nContent-Disposition: form-data; name="words"\r\n\r\n' + b"y" * 20
    file = b'\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="photo.jpg"\r\n\r\n'
    return words + file + b"x" * size + b"\r\n--b--\r\n"


@pytest.mark.usefixtures("no_disk")
@pytest.mark.parametrize("size", [10, 600_000, 3_000_000])
def test_an_upload_is_never_spooled(echo: FlaskClient, size: int) -> None:
    answer = echo.post("/echo", data=_upload(size), content_type="multipart/form-data; boundary=b")
    assert answer.get_json() == {"words": 20, "files": size}


@pytest.mark.usefixtures("no_disk")
def test_a_long_text_is_never_spooled(echo: FlaskClient) -> None:
    both = [
        echo.post("/echo", data={"words": "z" * 600_000}),
        echo.post("/echo", data=_upload(0), content_type="multipart/form-data; boundary=b"),
    ]
    assert [answer.get_json()["words"] for answer in both] == [600_000, 20]


def test_an_oversized_form_is_told_so_and_nothing_is_kept(app: Flask) -> None:
    app.add_url_rule("/echo", view_func=lambda: {"got": len(request.form)}, methods=["POST"])
    client = app.test_client()
    answer = client.post("/echo", data={"words": "z" * 600_000})
    assert answer.status_code == 413
    assert "Nội dung gửi quá dài" in answer.text
    assert "Chưa có gì được gửi đi" in answer.text
    answer = client.post("/en/echo", data={"words": "z" * 600_000})
    assert answer.status_code == 413
    assert "Nothing has been sent" in answer.text


def test_a_form_of_a_thousand_fields_is_refused(app: Flask) -> None:
    app.add_url_rule("/echo", view_func=lambda: {"got": len(request.form)}, methods=["POST"])
    fields = {f"f{number}": "1" for number in range(1000)}
    answer = app.test_client().post("/echo", data=fields, content_type="multipart/form-data")
    assert answer.status_code == 413


@pytest.mark.usefixtures("no_disk")
def test_without_our_request_the_same_upload_would_be_spooled(app: Flask, echo: FlaskClient) -> None:
    app.request_class = Request
    with pytest.raises(AssertionError, match="spooled"):
        echo.post("/echo", data=_upload(600_000), content_type="multipart/form-data; boundary=b")
