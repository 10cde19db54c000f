"""What the script of the mailbox asks for: what is sealed to a reporter, and taking in what they sealed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from flask import Blueprint, Response, request
from sqlalchemy.exc import IntegrityError

from core import brakes, db
from core.brakes import MustWait
from core.sealing import CannotOpen
from intake.form.filling import filling, step
from intake.mailbox import sealed_mailbox
from intake.mailbox.mailbox import NoMailbox
from intake.mailbox.pacing import Slowed
from intake.mailbox.sealed_mailbox import MovedOn, NotAMessage

pages = Blueprint("mailbox_script", __name__, url_prefix="/hop-thu/niem-phong")

TICKET = "X-Ticket"
_SIZES: Final = (1024, 256 * 1024, 1024 * 1024, 4 * 1024 * 1024)
"""Bytes of an answer: short words; a mailbox with some ten letters, with forty, with older ones that were asked for."""


@pages.post("/mo")
def open() -> Response:
    """What is sealed to the reporter whose token this is; unknown and expired ones get the same words."""
    return _answered(_contents)


@pages.post("/gui")
def take() -> Response:
    """Keep a message that the browser sealed; the same one again has the same answer."""
    return _answered(_take)


def _contents(body: bytes) -> dict[str, Any]:
    token, count = sealed_mailbox.asked(body)
    attempt = brakes.of_a_receipt(request.headers.get(TICKET, ""))
    with db.reading() as session:
        found = sealed_mailbox.contents(session, token, count)
    attempt.succeeded()
    return found


def _take(body: bytes) -> dict[str, Any]:
    message = sealed_mailbox.read(body)
    attempt = brakes.of_a_receipt(request.headers.get(TICKET, ""))
    try:
        with db.writing() as session:
            sealed_mailbox.take(session, message)
    except (MovedOn, NotAMessage, Slowed):
        attempt.succeeded()  # the token was right: nobody guessed
        raise
    except IntegrityError as taken:  # the same message twice at once: the second look finds the first
        attempt.succeeded()
        raise MovedOn from taken
    attempt.succeeded()
    return {"kept": True}


def _answered(deed: Callable[[bytes], dict[str, Any]]) -> Response:
    try:
        return _said(200, **deed(request.get_data()))
    except NotAMessage:
        return _said(400, why="shape")
    except NoMailbox:
        return _said(404, why="unknown")
    except MovedOn:
        return _said(409, why="moved")
    except Slowed as slowed:
        return _said(429, why="pace", minutes=slowed.minutes)
    except MustWait as wait:
        return _said(429, why="wait", seconds=wait.seconds, ticket=wait.ticket)
    except CannotOpen:
        return _said(500, why="damaged")


def _said(status: int, **words: Any) -> Response:
    """An answer of one of few lengths: a mailbox with many letters looks on the wire like an empty one."""
    bare = json.dumps(words | {"pad": ""}).encode()
    return Response(
        bare[:-2] + filling(step(len(bare), _SIZES) - len(bare)) + bare[-2:],
        status,
        # What lies between would compress the filling to a length of its own.
        headers={"Cache-Control": "no-store, no-transform"},
        content_type="application/json",
    )
