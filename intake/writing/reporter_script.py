"""What the script of the reporter's page asks for: the blank letter as data, and taking in what it sealed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request

from core.i18n import day
from core.installation import installation_id
from core.pages import same_bytes
from core.roster import Roster
from intake.form.blank import blank, keys
from intake.writing import sealed, submission
from intake.writing.sealed import IdTaken, NotSealed, RosterChanged
from intake.writing.submission import ChannelClosed

pages = Blueprint("reporter_script", __name__, url_prefix="/thu")


@pages.get("/mau.json")
def form() -> Response:
    """Rules and people of the letter: the same bytes for everyone who writes in this language."""
    return _same("blank letter", lambda roster: blank(roster, installation_id()))


@pages.get("/khoa.json")
def public_keys() -> Response:
    """The public keys of those people: the same bytes for everyone."""
    return _same("public keys", keys)


def _same(name: str, told: Callable[[Roster], dict[str, Any]]) -> Response:
    try:
        roster = submission.readers_glanced()
    except ChannelClosed:
        return _said(503, why="closed")
    answer = same_bytes(
        lambda: json.dumps(told(roster), ensure_ascii=False, separators=(",", ":")),
        key=(name, roster.fingerprint),
    )
    answer.content_type = "application/json"
    return answer


@pages.post("/niem-phong")
def take() -> Response:
    """Keep a letter that the browser sealed; the same body again has the same answer."""
    try:
        sealed.take(request.get_data())
    except NotSealed:
        return _said(400, why="shape")
    except RosterChanged:
        return _said(409, why="roster")
    except IdTaken:
        return _said(409, why="taken")
    except ChannelClosed:
        return _said(503, why="closed")
    return _said(200, come_back=day(submission.answer_by()))


def _said(status: int, **words: Any) -> Response:
    return Response(json.dumps(words), status, content_type="application/json")
