"""The taking of one response, which leaves no trace of who answered or when.

Three steps that share no key: its link is sealed, its card is marked, a place drawn at random is filled.
What must be remembered for a while, so that a lost connection or a second press counts once, stays in memory.
"""

from __future__ import annotations

import hmac
import json
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from core import db, memory
from core.memory import Store
from core.sealing import PublicKey, context, pad, seal
from survey import places
from survey.cards import mark
from survey.models import ANSWER_BYTES, LINK_BYTES, CardUse, Response, Round

KEPT_SECONDS: Final = 900
"""How long a repeat of the same sending is recognised; longer would tie a card to its answer for longer."""
BEGUN_SECONDS: Final = 86_400
"""How long a card whose answer did not reach the database may still send it."""
_ONE_SENDING: Final = 60
_PATIENCE: Final = 10
_BEGUN: Final = b"begun"
# On the tables and written once: building them anew for each answer took a third of its time.
_CARDS: Final = cast(Table, CardUse.__table__)
_PLACES: Final = cast(Table, Response.__table__)
_MARK: Final = (
    _CARDS.update()
    .values(used=1)
    .where(_CARDS.c.round_id == bindparam("round"), _CARDS.c.mark == bindparam("card"), _CARDS.c.used == 0)
)
_FILL: Final = (
    _PLACES.update()
    .values(filled=1, answers=bindparam("body"), link=bindparam("sealed"))
    .where(
        _PLACES.c.round_id == bindparam("round"), _PLACES.c.id == bindparam("place"), _PLACES.c.filled == 0
    )
)
# Whoever closes the round wants this row for itself: an answer is in before the closing, or refused by it.
_STATE: Final = select(Round.state).where(Round.id == bindparam("round")).with_for_update(read=True)


class RoundNotOpen(Exception):
    """The round has closed, or has not opened yet; nothing was taken."""


class CardUnknown(Exception):
    """No card of this year has this code."""


class AlreadyAnswered(Exception):
    """This card, or this very page, has already answered in this round; one answer is kept."""


class NotTaken(Exception):
    """The database or an earlier press of the button is busy; the same answers can be sent again."""


def take(
    round_id: str,
    link_public: bytes,
    *,
    answers: Mapping[str, Any],
    elements: Sequence[str],
    code: str = "",
    token: str = "",
    same_card: bool = True,
) -> None:
    """Take one response.

    `answers` are validated codes; `elements` the normalised self-made code; `code` is a parsed card code, or
    empty where a round has no cards: then `token` names the page that was sent. same_card: False when this is
    not the card of the wave before; it counts, but it does not link. A repeat of the same sending changes
    nothing. Raises `AlreadyAnswered`, `CardUnknown`, `NotTaken`, `RoundNotOpen`.
    """
    words = json.dumps(answers, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    body = words + b" " * (ANSWER_BYTES - len(words))
    hint = {"card": code if same_card else "", "elements": list(elements)}
    link = _sealed(hint, link_public, round_id)
    ticket = _ticket(round_id, code or token or secrets.token_hex(16))
    shelf = memory.store()
    try:
        with _alone(shelf, ticket):
            kept = b"kept " + _digest(shelf, words)
            earlier = shelf.get(ticket)
            if earlier == kept:
                return
            if earlier not in (None, _BEGUN):
                raise AlreadyAnswered
            if code:
                _use_card(round_id, mark(code), begun=earlier == _BEGUN)
                shelf.put(ticket, _BEGUN, BEGUN_SECONDS)
            _fill_place(round_id, body, link)
            shelf.put(ticket, kept, KEPT_SECONDS)
    except OperationalError as busy:
        raise NotTaken from busy


def spend(round_id: str, code: str) -> None:
    """Mark a card whose holder answers on paper, where the code is torn off the answers. Raises as `take` does."""
    try:
        with _alone(memory.store(), _ticket(round_id, code)):
            _use_card(round_id, mark(code), begun=False)
    except OperationalError as busy:
        raise NotTaken from busy


def _sealed(hint: Mapping[str, Any], link_public: bytes, round_id: str) -> bytes:
    words = json.dumps(hint, separators=(",", ":")).encode()
    return seal(pad(words, LINK_BYTES - 1121 - 16), PublicKey(link_public), context("link", round_id))


def _ticket(round_id: str, code: str) -> str:
    # Keyed by a secret of this boot and gone in a quarter of an hour: what ties a card to its answer for the
    # sake of a lost connection never reaches a disk.
    return "answer:" + _digest(memory.store(), f"{round_id}|{code}".encode()).hex()


def _digest(shelf: Store, words: bytes) -> bytes:
    return hmac.digest(memory.boot_secret(shelf), words, "sha256")


@contextmanager
def _alone(shelf: Store, ticket: str) -> Iterator[None]:
    """One sending of a card or a page at a time; a second press of the button waits for the first."""
    lock, mine = f"{ticket}:now", secrets.token_bytes(8)
    limit = time.monotonic() + _PATIENCE
    while not shelf.add(lock, mine, _ONE_SENDING):
        if time.monotonic() > limit:
            raise NotTaken
        time.sleep(0.02)
    try:
        yield
    finally:
        if shelf.get(lock) == mine:
            shelf.delete(lock)


def _use_card(round_id: str, card_mark: str, *, begun: bool) -> None:
    with db.writing() as session:
        done = session.connection().execute(_MARK, {"round": round_id, "card": card_mark}).rowcount
        if not done:
            _why_not(session, round_id, card_mark, begun=begun)
    places.forget_journal()


def _why_not(session: Session, round_id: str, card_mark: str, *, begun: bool) -> None:
    """Raise why no card could be marked; nothing when this very sending had marked it before."""
    found = (
        select(Round.state, CardUse.used)
        .outerjoin(CardUse, (CardUse.round_id == Round.id) & (CardUse.mark == card_mark))
        .where(Round.id == round_id)
    )
    state, used = session.execute(found).one()
    if state != "open":
        # Closing writes the marks anew, so whoever waited for it no longer finds the one they wanted to change.
        raise RoundNotOpen
    if used is None:
        raise CardUnknown
    if not begun:
        raise AlreadyAnswered


def _fill_place(round_id: str, body: bytes, link: bytes) -> None:
    with db.writing() as session:
        connection = session.connection()
        if connection.scalar(_STATE, {"round": round_id}) != "open":
            raise RoundNotOpen
        filled = 0
        while not filled:
            # Somebody else may draw the same place at the same instant; one of the two draws again.
            place = {"round": round_id, "place": places.draw(session, round_id)}
            filled = connection.execute(_FILL, {**place, "body": body, "sealed": link}).rowcount
    places.forget_journal()
