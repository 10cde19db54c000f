"""What every page needs: its language from the address, the names templates may use, assets with their hash."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import quote

from flask import Blueprint, Flask, Response, abort, current_app, request, url_for

from core import config, db, i18n, sessions
from core.campaign import help_numbers, now_running
from core.i18n import Language, Text

Environ = dict[str, Any]
PREFIX: Final = "/en"

pages = Blueprint("pages", __name__)


class LanguageInAddress:
    """English lives under /en: the prefix moves into SCRIPT_NAME, so every link keeps the language by itself."""

    def __init__(self, app: Callable[[Environ, Any], Iterable[bytes]]) -> None:
        self._app = app

    def __call__(self, environ: Environ, start: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == PREFIX or path.startswith(PREFIX + "/"):
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + PREFIX
            environ["PATH_INFO"] = path[len(PREFIX) :] or "/"
            environ["centre.language"] = "en"
        return self._app(environ, start)


_COMMENTS: Final = re.compile(rb"/\*.*?\*/\s*", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A static file, whole and compressed, under an address that changes with its bytes."""

    name: str
    digest: str
    kind: str
    raw: bytes
    packed: bytes


TELLING: Final = frozenset({"mailbox.js", "files.js"})
"""Scripts that only somebody who wrote a letter loads: no browser keeps them, or its cache would tell of the letter."""


def load_assets(folder: Path) -> dict[str, Asset]:
    """Every static file by its name; they are few and small, so they are kept in memory."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            name = path.relative_to(folder).as_posix()
            raw = path.read_bytes()
            kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
            if kind in {"text/css", "text/javascript", "application/javascript"}:
                kind = kind.replace("application/javascript", "text/javascript") + "; charset=utf-8"
            if kind.startswith("text/css"):
                raw = _COMMENTS.sub(b"", raw)  # for who writes it, not for who waits on a slow line
            digest = hashlib.sha256(raw).hexdigest()[:12]
            found[name] = Asset(
                name=name, digest=digest, kind=kind, raw=raw, packed=gzip.compress(raw, 9, mtime=0)
            )
    return found


def asset(name: str) -> str:
    """The address of a static file, the same in every language."""
    found = cast(dict[str, Asset], current_app.extensions["assets"])[name]
    return f"/tinh/{found.digest}/{name}"


def embedded(name: str) -> str:
    """A small picture as part of the page itself: one request less on a slow line."""
    found = cast(dict[str, Asset], current_app.extensions["assets"])[name]
    return f"data:{found.kind},{quote(found.raw.strip())}"


@pages.get("/tinh/<digest>/<path:name>")
def serve_asset(digest: str, name: str) -> Response:
    """A static file; its address changes with its bytes, so it may be kept for ever."""
    found = current_app.extensions["assets"].get(name)
    if found is None or found.digest != digest:
        abort(404)
    packed = "gzip" in request.headers.get("Accept-Encoding", "") and len(found.packed) < len(found.raw)
    response = Response(found.packed if packed else found.raw, content_type=found.kind)
    lasting = "public, max-age=31536000, immutable"
    response.headers["Cache-Control"] = "no-store" if name in TELLING else lasting
    response.headers["Vary"] = "Accept-Encoding"
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    return response


@pages.get("/healthz")
def health() -> Response:
    """Whether this process answers and its database does."""
    with db.reading() as session:
        session.connection().exec_driver_sql("SELECT 1")
    return Response("ok\n", content_type="text/plain")


@pages.get("/tam-biet")
def leave() -> Response:
    """The plain page "leave at once" leads to: nothing on it tells where one comes from."""
    from flask import render_template

    return Response(render_template("core/leave.html"))


@dataclass(frozen=True, slots=True)
class Centre:
    """The centre's names, as pages show them."""

    name_vi: str
    name_en: str
    place: str

    @property
    def name(self) -> str:
        return i18n.t(self.name_vi, self.name_en)


def same_bytes(render: Callable[[], str], *, key: tuple[object, ...]) -> Response:
    """A page that is the same for everyone: made once per language and data version, kept ready and compressed."""
    shelf = current_app.extensions.setdefault("ready_pages", {})
    full = (*key, i18n.language())
    if full not in shelf:
        if len(shelf) > 200:
            shelf.clear()
        raw = render().encode()
        shelf[full] = (raw, gzip.compress(raw, 9, mtime=0))
    raw, packed = shelf[full]
    gzipped = "gzip" in request.headers.get("Accept-Encoding", "")
    response = Response(packed if gzipped else raw, content_type="text/html; charset=utf-8")
    response.headers["Vary"] = "Accept-Encoding"
    if gzipped:
        response.headers["Content-Encoding"] = "gzip"
    return response


def centre() -> Centre:
    """The centre's names, from this year's campaign."""
    known = current_app.extensions.get("centre")
    if known is None:
        with db.reading() as session:
            campaign = now_running(session)
            details = campaign.details if campaign else {}
        known = Centre(
            details.get("issuer_vi", "Trung tâm Y tế"),
            details.get("issuer_en", "Health Centre"),
            details.get("place_vi", ""),
        )
        current_app.extensions["centre"] = known
    return cast(Centre, known)


def hotlines() -> list[Any]:
    """The help numbers of every quiet page, read once until somebody edits them."""
    known = current_app.extensions.get("hotlines")
    if known is None:
        with db.reading() as session:
            known = help_numbers(session)
        current_app.extensions["hotlines"] = known
    return cast(list[Any], known)


def data_changed() -> None:
    """Campaign, units or help numbers were edited: other processes notice by the version on the shelf."""
    from core import memory

    memory.store().count("data-version", 400 * 86400)


def _notice_changes() -> None:
    from core import memory

    version = memory.store().get("data-version")
    if current_app.extensions.get("data_version") != version:
        for name in ("centre", "hotlines", "ready_pages"):
            current_app.extensions.pop(name, None)
        current_app.extensions["data_version"] = version


def _choose_language() -> None:
    chosen: Language = "en" if request.environ.get("centre.language") == "en" else "vi"
    i18n.speak(chosen)


def _other_language_url() -> str:
    path = request.path
    return path if i18n.language() == "en" else PREFIX + path


def _names() -> dict[str, Any]:
    return {
        "lang": i18n.language(),
        "other_language_url": _other_language_url(),
        "centre": centre(),
        "hotlines": hotlines(),
        "identity": sessions.identity(),
        "exit_url": config.current().exit_url or url_for("pages.leave"),
    }


def install(app: Flask, static: Path) -> None:
    """Give an application its languages, names and assets."""
    app.extensions["assets"] = load_assets(static)
    app.register_blueprint(pages)
    app.before_request(_choose_language)
    app.before_request(_notice_changes)
    app.context_processor(_names)
    app.jinja_env.globals.update(t=i18n.t, asset=asset, embedded=embedded, Text=Text)
    app.jinja_env.filters.update(day=i18n.day, number=i18n.number, percent=i18n.percent)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.wsgi_app = LanguageInAddress(app.wsgi_app)  # type: ignore[assignment,method-assign]
