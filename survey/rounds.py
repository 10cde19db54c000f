"""Rounds: planned, opened, closed, by a campaigner or by the calendar."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Final

from flask import current_app
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from core import clock
from core.access import Identity, Role, require
from core.db import new_id
from core.roster import Roster
from core.sealing import CannotOpen, PrivateKey, PublicKey, context, random_bytes, seal, unseal
from survey import analysis_plan, places
from survey.models import LINK_BYTES, Card, CardUse, QuestionnaireVersion, Response, Round
from survey.questionnaire import Questionnaire, load

BY_DATE: Final = Identity(person_id="", name="calendar", roles=frozenset({Role.CAMPAIGNER}))
"""Who opens and closes a round when its day has come."""


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
    questionnaire_id: str = "",
) -> Round:
    """Write down a round of a version of a questionnaire; without a choice of the shipped one."""
    require(by, Role.CAMPAIGNER)
    chosen = QuestionnaireVersion.id == questionnaire_id
    if not questionnaire_id:
        chosen = QuestionnaireVersion.digest == load().digest()
    version = session.scalars(select(QuestionnaireVersion).where(chosen)).one()
    found = Round(
        id=new_id(),
        year=year,
        wave=wave,
        questionnaire_id=version.id,
        state="planned",
        opens_on=opens_on,
        closes_on=closes_on,
        invited=invited,
        with_cards=with_cards,
    )
    session.add(found)
    return found


def drop(session: Session, by: Identity | None, found: Round) -> None:
    """Take back a round that was planned and never opened."""
    require(by, Role.CAMPAIGNER)
    _hold(session, found, "planned")
    session.delete(found)


def open_round(session: Session, by: Identity | None, found: Round, roster: Roster) -> None:
    """Open a planned round: its questionnaire is frozen, its links sealed to the custodians, its places made."""
    require(by, Role.CAMPAIGNER)
    _hold(session, found, "planned")
    seed = random_bytes(32)
    found.link_public = PrivateKey.from_seed(seed).public.raw
    wraps = {one.id: _link_wrap(seed, found.id, one.id, one.seal_public) for one in roster.custodians}
    found.link_wraps = json.dumps(wraps, sort_keys=True).encode()
    questionnaire = session.get_one(QuestionnaireVersion, found.questionnaire_id)
    questionnaire.frozen = True
    analysis_plan.settle(session, found, Questionnaire.from_json(questionnaire.content))
    found.state = "open"
    marks = session.scalars(select(Card.mark).where(Card.year == found.year)).all()
    if found.with_cards and marks:
        session.execute(
            insert(CardUse), [{"round_id": found.id, "mark": one, "used": 0} for one in sorted(marks)]
        )
    # Twice as many places as people, made at once: later blocks would stand apart in the file.
    places.make(session, found.id, max(places.BLOCK, 2 * max(found.invited, len(marks))))


def wrap_links_anew(session: Session, by: Identity | None, seeds: Sequence[bytes], roster: Roster) -> int:
    """Seal the keys of rounds to the present keys of their custodians; how many rounds opened to this one.

    For a colleague who enrolled again. Who came since gets none, and who has left loses theirs. Needs the line in the
    log of wrapping anew before it.
    """
    custodian = require(by, Role.CUSTODIAN)
    done = 0
    waiting = select(Round).where(Round.link_wraps.is_not(None)).order_by(Round.id).with_for_update()
    for found in session.scalars(waiting):
        wraps = json.loads(found.link_wraps or b"{}")
        seed = link_seed(found.id, wraps, custodian.person_id, seeds)
        if seed is None:
            continue
        anew = {
            one.id: _link_wrap(seed, found.id, one.id, one.seal_public)
            for one in roster.custodians
            if one.id in wraps
        }
        found.link_wraps = json.dumps(anew, sort_keys=True).encode()
        done += 1
    return done


def link_seed(
    round_id: str, wraps: Mapping[str, str], person_id: str, seeds: Sequence[bytes]
) -> bytes | None:
    """The key of a round's links, for a custodian with a true wrap; None for everybody else."""
    for seed in seeds:
        with suppress(CannotOpen):
            wrapped = bytes.fromhex(wraps.get(person_id, ""))
            return unseal(wrapped, PrivateKey.from_seed(seed), context("round", round_id, person_id))
    return None


def _link_wrap(seed: bytes, round_id: str, person_id: str, public: bytes) -> str:
    return seal(seed, PublicKey(public), context("round", round_id, person_id)).hex()


def close_round(session: Session, by: Identity | None, found: Round) -> None:
    """Close an open round; free places are given back, and what is left is written anew in the order of its ids.

    Call `places.forget_order` once this is kept.
    """
    require(by, Role.CAMPAIGNER)
    _hold(session, found, "open")
    # A round that was open before there were plans: nobody has seen its answers yet, so it is not too late.
    analysis_plan.settle(session, found, questionnaire_of(session, found))
    found.state = "closed"
    kept = select(Response.answers, Response.link).where(Response.round_id == found.id, Response.filled == 1)
    rows = [
        {"round_id": found.id, "id": new_id(), "filled": 1, "answers": answers, "link": link}
        for answers, link in session.execute(kept).all()
    ]
    session.execute(delete(Response).where(Response.round_id == found.id))
    if rows:
        session.execute(insert(Response), sorted(rows, key=lambda row: str(row["id"])))
    marks = select(CardUse.mark, CardUse.used).where(CardUse.round_id == found.id).order_by(CardUse.mark)
    used = [{"round_id": found.id, "mark": one, "used": two} for one, two in session.execute(marks)]
    session.execute(delete(CardUse).where(CardUse.round_id == found.id))
    if used:
        session.execute(insert(CardUse), used)


def _hold(session: Session, found: Round, state: str) -> None:
    """Take the round's row for this transaction alone, so that it changes once; `NotNow` from another state."""
    session.refresh(found, with_for_update=True)
    if found.state != state:
        raise NotNow


def destroy_links(session: Session, found: Iterable[Round]) -> None:
    """Overwrite what links answers of closed rounds, and throw away the keys it was sealed to.

    Call `places.forget_order` once this is kept.
    """
    rounds = list(found)
    if not rounds:
        return
    session.execute(
        update(Response)
        .where(Response.round_id.in_([one.id for one in rounds]))
        .values(link=b"\0" * LINK_BYTES)
    )
    for one in rounds:
        one.link_wraps = None


def last_day_of_links(year: int) -> date:
    """The day after which the answers of a year's waves are joined no more, whoever has waited for what."""
    return date(year + 1, 6, 30)


def last_year_without_links(today: date) -> int:
    """The latest year whose links have come to their end."""
    return today.year - 1 if last_day_of_links(today.year - 1) < today else today.year - 2


def year_of(session: Session, wave: str, opens_on: date) -> int:
    """The year a wave belongs to: a wave after the campaign belongs to the wave before it, even past New Year."""
    if wave == "before":
        return opens_on.year
    before = select(Round.year).where(Round.wave == "before", Round.opens_on <= opens_on)
    found = session.scalar(before.order_by(Round.opens_on.desc()).limit(1))
    return found if found and opens_on <= last_day_of_links(found) else opens_on.year


def is_ahead(session: Session, year: int, wave: str) -> bool:
    """Whether this wave of the year is planned or open: a second one would only be a mistake."""
    found = select(Round.id).where(Round.year == year, Round.wave == wave, Round.state != "closed")
    return session.scalar(found.limit(1)) is not None


def meeting(session: Session, opens_on: date, closes_on: date, *, but: str = "") -> Round | None:
    """A round not yet closed whose days meet these: people would be asked two waves at once. but: not this one."""
    found = select(Round).where(
        Round.state != "closed", Round.opens_on <= closes_on, Round.closes_on >= opens_on, Round.id != but
    )
    return session.scalars(found.order_by(Round.opens_on).limit(1)).first()


def current_year(found: Iterable[Round]) -> int:
    """The year of the survey that runs now or comes next; this year when there is none."""
    today = clock.today()
    ahead = [one for one in found if one.state != "closed" and one.closes_on >= today]
    return min(ahead, key=lambda one: one.opens_on).year if ahead else today.year


def questionnaire_of(session: Session, found: Round) -> Questionnaire:
    """The questionnaire of a round; a frozen one is read once, since it never changes."""
    shelf: dict[str, Questionnaire] = current_app.extensions.setdefault("questionnaires", {})
    if found.questionnaire_id not in shelf:
        row = session.get_one(QuestionnaireVersion, found.questionnaire_id)
        if not row.frozen:
            return Questionnaire.from_json(row.content)
        shelf[found.questionnaire_id] = Questionnaire.from_json(row.content)
    return shelf[found.questionnaire_id]


def participation(session: Session, found: Sequence[Round]) -> dict[str, int]:
    """How many responses each round has, by its id: for the whole centre only."""
    counted = (
        select(Response.round_id, func.count())
        .where(Response.round_id.in_([one.id for one in found]), Response.filled == 1)
        .group_by(Response.round_id)
    )
    return {one.id: 0 for one in found} | dict(session.execute(counted).all())
