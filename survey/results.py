"""From two closed waves to what changed: linked in memory by a custodian, frozen as joint tables, computed once.

No pair is ever stored. What is kept are counts (survey/effects/joint.py) and the figures that follow from
them; after the last wave the sealed links are overwritten.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core import clock, db, heavy, log
from core.access import Identity, Role, require
from core.i18n import LANGUAGES, Language, Text
from core.sealing import CannotOpen, PrivateKey, context, unpad, unseal
from survey import effects, pairing, rounds
from survey.models import LINK_BYTES, Comparison, Response, Round
from survey.questionnaire import Questionnaire

DEED: Final = "survey_linked"
TITLE: Final = Text("Tỷ lệ trả lời đúng, trước và sau", "Right answers, before and after")


class NotComparable(ValueError):
    """Two rounds can be put side by side only when both are closed and asked the same questionnaire."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """The responses of one closed round, in a custodian's memory: answers, and what links them, by place."""

    answers: list[dict[str, Any]]
    marks: list[pairing.Mark]


def waiting(session: Session) -> list[tuple[Round, Round]]:
    """Pairs of closed rounds (before, later) of one year that nobody has put side by side yet."""
    closed = session.scalars(
        select(Round).where(Round.state == "closed").order_by(Round.year, Round.closes_on)
    ).all()
    done = {(one.before_id, one.after_id) for one in session.scalars(select(Comparison))}
    return [
        (first, later)
        for first in closed
        for later in closed
        if first.wave == "before"
        and later.wave != "before"
        and first.year == later.year
        and (first.id, later.id) not in done
    ]


def compare(before_id: str, after_id: str, by: Identity | None, seed: bytes) -> None:
    """Link two closed rounds in memory, freeze the joint tables, compute and keep the effects.

    `seed` is the custodian's. Raises `NotComparable`, `CannotOpen`, `heavy.HeavyFailed`; nothing is kept then.
    """
    custodian = require(by, Role.CUSTODIAN)
    with db.writing() as session:
        log.write(session, DEED, who=custodian.person_id, about=f"{before_id} {after_id}")
    with db.reading() as session:
        before, after = session.get(Round, before_id), session.get(Round, after_id)
        if before is None or after is None or {before.state, after.state} != {"closed"}:
            raise NotComparable
        if before.questionnaire_id != after.questionnaire_id:
            raise NotComparable
        questionnaire = rounds.questionnaire_of(session, before)
        first, second = (_open(session, one, custodian.person_id, seed) for one in (before, after))
    linked = pairing.link(first.marks, second.marks)
    joint = effects.freeze(linked.pairs, first.answers, second.answers, questionnaire).to_json()
    computed = heavy.run("survey.effects:from_json", joint)
    computed["linking"] = {
        "by_card": linked.by_card,
        "by_distance": list(linked.by_distance),
        "ties": linked.ties,
        "false": linked.false,
    }
    charts = _charts(computed, questionnaire)
    digest = hashlib.sha256(json.dumps([joint, computed], sort_keys=True).encode()).hexdigest()
    with db.writing() as session:
        session.merge(
            Comparison(
                before_id=before_id,
                after_id=after_id,
                joint=joint,
                effects=computed,
                charts=charts,
                digest=digest,
                made_on=clock.today(),
            )
        )
        _forget_links(session, before, after)


def _open(session: Session, found: Round, person_id: str, seed: bytes) -> Wave:
    wrap = json.loads(found.link_wraps or b"{}").get(person_id)
    if wrap is None:
        raise CannotOpen
    opened = unseal(bytes.fromhex(wrap), PrivateKey.from_seed(seed), context("round", found.id, person_id))
    private = PrivateKey.from_seed(opened)
    wave = Wave(answers=[], marks=[])
    rows = session.execute(
        select(Response.answers, Response.link).where(Response.round_id == found.id, Response.filled == 1)
    )
    for answers, link in rows:
        wave.answers.append(json.loads(answers))
        wave.marks.append(_mark(link, private, found.id))
    return wave


def _mark(link: bytes, private: PrivateKey, round_id: str) -> pairing.Mark:
    try:
        hint = json.loads(unpad(unseal(link, private, context("link", round_id))))
    except CannotOpen:
        # Destroyed after an earlier comparison, or damaged: the answer counts, it is just not linked.
        return pairing.Mark()
    elements = tuple(hint["elements"])
    return pairing.Mark(card=hint["card"] or None, elements=elements if any(elements) else None)


def _forget_links(session: Session, before: Round, after: Round) -> None:
    """Overwrite the sealed links when no later wave of the year still needs them."""
    later = session.scalar(
        select(Round.id)
        .where(Round.year == before.year, Round.state != "closed", Round.wave != "before")
        .limit(1)
    )
    if later is None:
        session.execute(
            update(Response)
            .where(Response.round_id.in_((before.id, after.id)))
            .values(link=b"\0" * LINK_BYTES)
        )


def _charts(computed: dict[str, Any], questionnaire: Questionnaire) -> dict[str, Any]:
    """The picture of right answers before and after, in both languages; nothing where nothing compares."""
    compared = [
        one for one in computed["yes_no"] if one["measures"] == "knowledge" and one["right"]["linked"]
    ]
    if not compared:
        return {}
    asked = [_dumbbell(compared, questionnaire, language) for language in LANGUAGES]
    drawn = heavy.run("core.charts:draw", {"charts": asked})["svg"]
    return dict(zip(LANGUAGES, drawn, strict=True))


def _dumbbell(
    compared: list[dict[str, Any]], questionnaire: Questionnaire, language: Language
) -> dict[str, Any]:
    rows = []
    for one in compared:
        share, label = one["right"]["linked"], questionnaire.item(one["code"]).label
        low, high = share["tango"]
        rows.append(
            {
                "label": label.vi if language == "vi" else label.en,
                "before": share["before"],
                "after": share["after"],
                "low": low,
                "high": high,
            }
        )
    title = TITLE.vi if language == "vi" else TITLE.en
    return {"chart": "dumbbell", "language": language, "title": title, "rows": rows}
