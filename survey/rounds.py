"""Rounds: planned, opened, closed; and the taking of one response, which leaves no trace of who or when."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from core import clock, db, memory
from core.access import Identity, Role, require
from core.db import new_id
from core.roster import Roster
from core.sealing import PrivateKey, PublicKey, context, pad, random_bytes, seal
from survey.cards import mark
from survey.models import ANSWER_BYTES, LINK_BYTES, Card, CardUse, QuestionnaireVersion, Response, Round
from survey.questionnaire import Questionnaire, load

BLOCK: Final = 256
"""Places made at a time. At least a fifth of a round's places stay free, so that a draw is a draw."""
_WAITS: Final = (0.0, 0.002, 0.005)
_REPEAT_SECONDS: Final = 900


class RoundNotOpen(Exception):
    """The round has closed, or has not opened yet; nothing was taken."""


class CardUnknown(Exception):
    """No card of this year has this code."""


class CardUsed(Exception):
    """This card has already answered in this round; one answer is kept."""


class NotNow(ValueError):
    """The round cannot change to that state from where it is."""


def prepare(session: Session) -> None:
    """Load the shipped questionnaire where it is not there yet."""
    shipped = load()
    if (
        session.scalar(select(QuestionnaireVersion.id).where(QuestionnaireVersion.digest == shipped.digest()))
        is None
    ):
        session.add(
            QuestionnaireVersion(
                id=new_id(),
                name=shipped.name,
                version=shipped.version,
                content=shipped.to_json(),
                digest=shipped.digest(),
            )
        )


def plan(
    session: Session,
    by: Identity | None,
    *,
    year: int,
    wave: str,
    opens_on: date,
    closes_on: date,
    invited: int = 0,
    with_cards: bool = True,
) -> Round:
    """Write down a round of the newest questionnaire."""
    require(by, Role.CAMPAIGNER)
    newest = session.scalars(
        select(QuestionnaireVersion).order_by(QuestionnaireVersion.version.desc()).limit(1)
    ).one()
    found = Round(
        id=new_id(),
        year=year,
        wave=wave,
        questionnaire_id=newest.id,
        state="planned",
        opens_on=opens_on,
        closes_on=closes_on,
        invited=invited,
        with_cards=with_cards,
    )
    session.add(found)
    return found


def open_round(session: Session, by: Identity | None, found: Round, roster: Roster) -> None:
    """Open a planned round: its questionnaire is frozen, its links sealed to the custodians, its places made."""
    require(by, Role.CAMPAIGNER)
    if found.state != "planned":
        raise NotNow
    seed = random_bytes(32)
    found.link_public = PrivateKey.from_seed(seed).public.raw
    wraps = {
        member.id: seal(seed, PublicKey(member.seal_public), context("round", found.id, member.id)).hex()
        for member in roster.custodians
    }
    found.link_wraps = json.dumps(wraps, sort_keys=True).encode()
    questionnaire = session.get(QuestionnaireVersion, found.questionnaire_id)
    assert questionnaire is not None
    questionnaire.frozen = True
    found.state = "open"
    marks = session.scalars(select(Card.mark).where(Card.year == found.year)).all()
    if found.with_cards and marks:
        session.execute(insert(CardUse), [{"round_id": found.id, "mark": one, "used": 0} for one in marks])
    # Twice as many places as people, made at once: later blocks would stand apart in the file.
    _make_places(session, found.id, max(BLOCK, 2 * max(found.invited, len(marks))))


def close_round(session: Session, by: Identity | None, found: Round) -> None:
    """Close an open round; free places are given back, and what is left is written anew in the order of its ids."""
    require(by, Role.CAMPAIGNER)
    if found.state != "open":
        raise NotNow
    found.state = "closed"
    kept = (
        session.execute(select(Response).where(Response.round_id == found.id, Response.filled == 1))
        .scalars()
        .all()
    )
    rows = sorted(
        (
            {"round_id": r.round_id, "id": new_id(), "filled": 1, "answers": r.answers, "link": r.link}
            for r in kept
        ),
        key=lambda row: str(row["id"]),
    )
    session.execute(Response.__table__.delete().where(Response.round_id == found.id))  # type: ignore[attr-defined]
    if rows:
        session.execute(insert(Response), rows)
    used = session.execute(
        select(CardUse.mark, CardUse.used).where(CardUse.round_id == found.id).order_by(CardUse.mark)
    ).all()
    session.execute(CardUse.__table__.delete().where(CardUse.round_id == found.id))  # type: ignore[attr-defined]
    if used:
        session.execute(
            insert(CardUse), [{"round_id": found.id, "mark": one, "used": two} for one, two in used]
        )


def keep_dates(session: Session) -> bool:
    """Close rounds whose last day has passed; True when something changed."""
    late = session.scalars(select(Round).where(Round.state == "open", Round.closes_on < clock.today())).all()
    for found in late:
        close_round(session, _BY_DATE, found)
    return bool(late)


_BY_DATE: Final = Identity(person_id="", name="calendar", roles=frozenset({Role.CAMPAIGNER}))


def questionnaire_of(session: Session, found: Round) -> Questionnaire:
    """The frozen questionnaire of a round."""
    row = session.get(QuestionnaireVersion, found.questionnaire_id)
    assert row is not None
    return Questionnaire.from_json(row.content)


def participation(session: Session, found: Round) -> int:
    """How many responses a round has: for the whole centre only."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Response)
            .where(Response.round_id == found.id, Response.filled == 1)
        )
        or 0
    )


def take(
    round_id: str,
    link_public: bytes,
    *,
    answers: Mapping[str, Any],
    elements: Sequence[str],
    code: str = "",
    token: str = "",
) -> None:
    """Take one response: seal its link, mark its card, fill a place. Three steps that share no key.

    `answers` are validated codes; `code` is a parsed card code or empty; `elements` the normalised self-made
    code. A repeat of the same sending within a quarter of an hour changes nothing. Raises `CardUnknown`, `CardUsed`,
    `RoundNotOpen`.
    """
    words = json.dumps(answers, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    body = words + b" " * (ANSWER_BYTES - len(words))
    hint = json.dumps({"card": code, "elements": list(elements)}, separators=(",", ":")).encode()
    link = seal(pad(hint, LINK_BYTES - 1121 - 16), PublicKey(link_public), context("link", round_id))
    repeat = _repeat_key(round_id, code or token, words)
    shelf = memory.store()
    if shelf.get(repeat) == b"kept":
        return
    if code:
        _use_card(round_id, mark(code), begun=shelf.get(repeat) is not None)
        shelf.put(repeat, b"begun", _REPEAT_SECONDS)
    _fill_place(round_id, body, link)
    shelf.put(repeat, b"kept", _REPEAT_SECONDS)


def _repeat_key(round_id: str, code: str, words: bytes) -> str:
    # Keyed by a secret of this boot and gone in a quarter of an hour: what ties a card to its answer for the sake of a
    # lost connection never reaches a disk.
    key = memory.boot_secret(memory.store())
    return (
        "answer:"
        + hmac.digest(key, f"{round_id}|{code}|".encode() + hashlib.sha256(words).digest(), "sha256").hex()
    )


def _use_card(round_id: str, card_mark: str, *, begun: bool) -> None:
    with db.writing() as session:
        this_card = (CardUse.round_id == round_id, CardUse.mark == card_mark)
        done = session.execute(update(CardUse).where(*this_card, CardUse.used == 0).values(used=1))
        known = done.rowcount == 1 or session.scalar(select(CardUse.used).where(*this_card)) is not None
    if not known:
        raise CardUnknown
    if done.rowcount == 0 and not begun:
        raise CardUsed
    _forget_journal()


def _fill_place(round_id: str, body: bytes, link: bytes) -> None:
    with db.writing() as session:
        if session.scalar(select(Round.state).where(Round.id == round_id)) != "open":
            raise RoundNotOpen
        place = _free_place(session, round_id)
        session.execute(
            update(Response)
            .where(Response.round_id == round_id, Response.id == place)
            .values(filled=1, answers=body, link=link)
        )
    _forget_journal()


def _free_place(session: Session, round_id: str) -> str:
    """A free place drawn at random; more are made when fewer than a fifth are free."""
    for _ in range(8):
        start = secrets.token_hex(16)
        ahead = session.execute(
            select(Response.id, Response.filled)
            .where(Response.round_id == round_id, Response.id >= start)
            .order_by(Response.id)
            .limit(16)
        ).all()
        free: list[str] = [row.id for row in ahead if not row.filled]
        if free and len(free) * 5 >= len(ahead):
            return free[0]
        if len(ahead) == 16:
            _make_places(session, round_id)
    everything: Sequence[str] = session.scalars(
        select(Response.id).where(Response.round_id == round_id, Response.filled == 0)
    ).all()
    if not everything:
        _make_places(session, round_id)
        return _free_place(session, round_id)
    return secrets.choice(everything)


def _make_places(session: Session, round_id: str, count: int = BLOCK) -> None:
    ids = sorted(new_id() for _ in range(count))
    empty = b"{}" + b" " * (ANSWER_BYTES - 2)
    session.execute(
        insert(Response),
        [
            {"round_id": round_id, "id": one, "filled": 0, "answers": empty, "link": random_bytes(LINK_BYTES)}
            for one in ids
        ],
    )


def _forget_journal() -> None:
    """Empty the embedded database's journal: until then its pages stand in the order in which they were written."""
    database = db.current()
    if not database.embedded:
        return
    with database.engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        for wait in _WAITS:
            busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar_one()
            # Under load somebody else reads or writes; whoever comes last finds the journal free and empties it.
            if not busy:
                break
            time.sleep(wait)
        connection.exec_driver_sql("BEGIN")
