"""The doors of every page: what a browser may do with it, where a form may come from, and what an error says.

Nothing here tells an outsider more than that there is nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from flask import Flask, Response, render_template, request, url_for
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import Forbidden, HTTPException

from core import config
from core.access import Denied
from core.i18n import Text
from core.keys import Busy
from core.request import make_room
from core.sessions import NotSignedIn

POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; connect-src 'self'; font-src 'self'"
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Not no-referrer: with it Chromium sends "Origin: null" and honest forms would be refused.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
}


class FromElsewhere(Forbidden):
    """A form came from another site, or from a browser that does not say where from."""


csrf = CSRFProtect()


def install(app: Flask) -> None:
    """Put the doors on an application."""
    app.before_request(check_origin)
    app.after_request(close_doors)
    app.config.update(WTF_CSRF_CHECK_DEFAULT=False, WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_SSL_STRICT=False)
    csrf.init_app(app)
    app.before_request(check_token)
    for error, page in _PAGES.items():
        app.register_error_handler(error, page)


def check_origin() -> None:
    """A form is taken only from a page of this server."""
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return
    origin = request.headers.get("Origin", "")
    if origin and origin != "null":
        public = config.current().public_url
        if origin == (public.rstrip("/") or f"{request.scheme}://{request.host}"):
            return
        # The proxy may answer under a second name; never without https.
        if public and origin == f"https://{request.host}":
            return
        raise FromElsewhere
    if request.headers.get("Sec-Fetch-Site") != "same-origin":
        raise FromElsewhere


def check_token() -> None:
    """A signed-in person's form carries the token of their session as well."""
    from core.sessions import identity

    if request.method not in {"GET", "HEAD", "OPTIONS"} and identity() is not None:
        make_room()
        csrf.protect()


def close_doors(response: Response) -> Response:
    """Headers of every answer."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    if config.current().secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    response.headers.pop("Server", None)
    return response


def attachment(name: str, pieces: Iterator[bytes]) -> Response:
    """A stored file on its way out, as a download that no browser shows, runs or keeps. name: plain letters."""
    answer = Response(pieces, mimetype="application/octet-stream")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


_SENTENCES: Final[dict[int, tuple[Text, Text]]] = {
    400: (
        Text("Trang chưa hiểu điều vừa gửi", "The page did not understand what was sent"),
        Text("Bạn hãy quay lại và thử lần nữa.", "Please go back and try again."),
    ),
    403: (
        Text("Trang này không nhận được biểu mẫu", "This form could not be accepted"),
        Text(
            "Trình duyệt không cho biết biểu mẫu đến từ trang này. Bạn hãy mở lại trang và gửi lần nữa.",
            "Your browser did not say that the form came from this page. Please open the page again and resend.",
        ),
    ),
    404: (
        Text("Không có trang này", "There is no such page"),
        Text(
            "Có thể địa chỉ đã gõ nhầm, hoặc trang đã chuyển đi.",
            "The address may be mistyped, or the page has moved.",
        ),
    ),
    405: (
        Text("Trang này cần được mở từ đầu", "This page must be opened from the start"),
        Text("Bạn hãy quay về trang chủ và mở lại.", "Please return to the home page and open it again."),
    ),
    413: (
        Text("Nội dung gửi quá dài", "What was sent is too large"),
        Text(
            "Chưa có gì được gửi đi. Bạn hãy quay lại, rút ngắn và gửi lần nữa.",
            "Nothing has been sent. Please go back, shorten it and send again.",
        ),
    ),
    503: (
        Text("Trang đang bận", "The page is busy"),
        Text(
            "Chưa có gì bị mất. Bạn hãy thử lại sau một phút, hoặc gọi một trong các số dưới đây.",
            "Nothing is lost. Please try again in a minute, or call one of the numbers below.",
        ),
    ),
    500: (
        Text("Trang gặp trục trặc", "Something went wrong"),
        Text(
            "Lỗi này không phải do bạn. Bạn hãy thử lại, hoặc gọi một trong các số dưới đây.",
            "This is not your fault. Please try again, or call one of the numbers below.",
        ),
    ),
}

_SECRET_FIELDS: Final = frozenset({"csrf_token", "passphrase", "code", "receipt", "next"})


def page_of(status: int, *, kept: dict[str, str] | None = None) -> tuple[str, int]:
    """The error page of a status, in the reader's language; `kept` is typed text shown again so nothing is lost."""
    title, sentence = _SENTENCES.get(status) or _SENTENCES[400 if status < 500 else 500]
    return render_template(
        "error.html", title=title, sentence=sentence, kept=kept or {}, status=status
    ), status


def _typed() -> dict[str, str]:
    long = {
        name: value for name, value in request.form.items() if name not in _SECRET_FIELDS and len(value) > 20
    }
    return dict(list(long.items())[:10])


def _signed_out(_error: Exception) -> tuple[str, int]:
    title = Text("Phiên làm việc đã hết", "Your session has ended")
    sentence = Text(
        "Điều bạn vừa viết chưa được lưu, nhưng còn nguyên bên dưới. Hãy chép lại, rồi đăng nhập.",
        "What you wrote was not saved, but it is kept below. Copy it, then sign in again.",
    )
    door = url_for("sign_in.show")
    page = render_template(
        "error.html",
        title=title,
        sentence=sentence,
        kept=_typed(),
        status=401,
        sign_in=True,
        sign_in_url=door,
    )
    return page, 401


def _http(error: HTTPException) -> Any:
    if error.code is None or error.code < 400:
        return error
    try:
        return page_of(error.code)
    except Exception:
        if error.code < 500:
            raise
        # The page needs the centre's name and the help numbers, and the database may be what broke.
        return _BARE, error.code


_BARE: Final = (
    "<!doctype html><html lang=vi><meta charset=utf-8><title>Góc nhân viên</title>"
    "<h1>Trang gặp trục trặc</h1><p>Lỗi này không phải do bạn. Bạn hãy thử lại sau, hoặc gọi 113, 115 hay 111."
    '<p lang="en">Something went wrong. This is not your fault. Please try again later, or call 113, 115 or 111.'
)


_PAGES: Final[dict[type[Exception], Any]] = {
    NotSignedIn: _signed_out,
    CSRFError: _signed_out,
    Denied: lambda _error: page_of(404),
    Busy: lambda _error: page_of(503),
    HTTPException: _http,
}
