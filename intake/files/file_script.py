"""What the script that seals files asks for (browser/files.mjs): its panel, and taking in what it sealed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final, TypeVar

from flask import Blueprint, Response, render_template, request
from sqlalchemy.exc import IntegrityError

from core import brakes, config, db
from core.brakes import MustWait
from core.disk import NoRoom
from core.pages import same_bytes
from core.sealing import CannotOpen
from intake.files import arriving, bodies, keeping
from intake.files.arriving import Missing, NotBegun
from intake.files.bodies import Begun, NotAFile, Piece, Whole
from intake.files.keeping import TooLarge, TooMany
from intake.files.kinds import KINDS
from intake.mailbox.mailbox import NoMailbox
from intake.mailbox.sealed_mailbox import MovedOn

pages = Blueprint("file_script", __name__, url_prefix="/hop-thu/tep-niem-phong")

TICKET: Final = "X-Ticket"
Told = TypeVar("Told")
_WHY: Final[dict[type[Exception], tuple[int, str]]] = {
    NotAFile: (400, "shape"),
    NoMailbox: (404, "unknown"),
    NotBegun: (409, "gone"),
    Missing: (409, "gone"),
    MovedOn: (409, "moved"),
    IntegrityError: (409, "moved"),  # the same twice at once: the second look finds the first
    TooMany: (409, "many"),
    TooLarge: (413, "large"),
    NoRoom: (507, "short"),
    CannotOpen: (500, "damaged"),
}


@pages.get("")
def panel() -> Response:
    """What the script shows, in this language: the same bytes for everyone."""
    arriving.sweep_daily()
    settings = config.current()
    kept = (settings.file_megabytes, settings.files_per_letter)
    return same_bytes(
        lambda: render_template("intake/files_script.html", most=keeping.most_bytes(), labels=_labels()),
        key=("files", *kept),
    )


@pages.post("/mo")
def look() -> Response:
    """Where a file would stand in the letter of this token, and whose keys it needs."""
    return _answered(bodies.asked, _look)


@pages.post("/bat-dau")
def begin() -> Response:
    """A file is about to come; too many or too large ones are refused before their first byte."""
    return _answered(bodies.begun, _begin)


@pages.post("/manh")
def add_chunk() -> Response:
    """Keep one sealed chunk."""
    return _answered(bodies.piece, _add_chunk)


@pages.post("/xong")
def finish() -> Response:
    """Put a file whose chunks are all there beside the letter."""
    return _answered(bodies.whole, _finish)


def _labels() -> dict[str, str]:
    return {code: str(kind.label) for code, kind in KINDS.items()}


def _look(token: bytes) -> dict[str, Any]:
    with db.reading() as session:
        return arriving.where(session, token)


def _begin(told: Begun) -> dict[str, Any]:
    with db.writing() as session:
        arriving.begin(session, told)
    return {"kept": True}


def _add_chunk(piece: Piece) -> dict[str, Any]:
    with db.writing() as session:
        arriving.add_chunk(session, piece)
    return {"kept": True}


def _finish(told: Whole) -> dict[str, Any]:
    with db.writing() as session:
        return {"kept": True, "room": arriving.make_whole(session, told)}


def _answered(read: Callable[[bytes], Told], deed: Callable[[Told], dict[str, Any]]) -> Response:
    """One deed with a token. Only a token that belongs to nobody counts as a guess, and only a true one ends them."""
    try:
        told = read(request.get_data())
        attempt = brakes.of_a_receipt(request.headers.get(TICKET, ""))
    except NotAFile:
        return _said(400, why="shape")
    except MustWait as wait:
        return _said(429, why="wait", seconds=wait.seconds, ticket=wait.ticket)
    try:
        status, said = 200, deed(told)
    except tuple(_WHY) as refused:
        status, why = next(one for kind, one in _WHY.items() if isinstance(refused, kind))
        said = {"why": why}
    if status != 404:
        attempt.succeeded()
    return _said(status, **said)


def _said(status: int, **words: Any) -> Response:
    return Response(json.dumps(words), status, content_type="application/json")
