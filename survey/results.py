"""From two closed waves to what changed: linked in memory by a custodian, frozen as joint tables, computed once.

No pair is ever stored. What is kept are counts (survey/effects/joint.py) and the figures that follow from
them; after the last planned wave the sealed links are overwritten.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock, db, heavy, log
from core.access import Identity, Role, require
from core.sealing import CannotOpen, PrivateKey, context, unpad, unseal
from survey import linking_report, pairing, pictures, places, rounds
from survey.effects.packing import Packed, Packer, pairs_to_text
from survey.models import WAVES, Comparison, Response, Round
from survey.questionnaire import Questionnaire

DEED: Final = "survey_linked"
PORTION: Final = 2_000
"""Responses read and packed at once: a hundred thousand never lie in memory as words."""


class NotComparable(ValueError):
    """Two rounds can be put side by side only when both are closed, of one year, and asked the same questions."""


class AlreadyCompared(ValueError):
    """These two rounds were put side by side before; a second time would find the links gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """The responses of one closed round, in a custodian's memory: packed answers, and what links them, by place."""

    answers: Packed
    marks: list[pairing.Mark]


def waiting(session: Session) -> list[tuple[Round, Round]]:
    """Pairs of closed rounds (before, later) of one year that nobody has put side by side yet."""
    closed = session.scalars(
        select(Round).where(Round.state == "closed").order_by(Round.year, Round.closes_on, Round.id)
    ).all()
    done = set(session.execute(select(Comparison.before_id, Comparison.after_id)))
    return [
        (first, later)
        for first in closed
        for later in closed
        if _fit(first, later) and (first.id, later.id) not in done
    ]


def still_needed(session: Session, before: Round, after: Round) -> bool:
    """Whether links of this year are kept beyond joining these two: a later wave is planned, or waits to be joined."""
    later = select(Round.id).where(Round.year == before.year, Round.state != "closed", Round.wave != "before")
    others = [pair for pair in waiting(session) if pair != (before, after) and pair[0].year == before.year]
    return bool(others) or session.scalar(later.limit(1)) is not None


def compare(before_id: str, after_id: str, by: Identity | None, *seeds: bytes) -> None:
    """Link two closed rounds in memory, freeze the joint tables, compute and keep the effects.

    seeds: the custodian's; two where they renewed their keys since a round began.
    Raises `NotComparable`, `AlreadyCompared`, `CannotOpen`, `heavy.HeavyBusy`,
    `heavy.HeavyFailed`; nothing is kept then.
    """
    custodian = require(by, Role.CUSTODIAN)
    with db.writing() as session:
        known, third = (
            session.get(Round, before_id),
            _third(session, before_id, after_id, custodian.person_id),
        )
        detail = {"before": before_id, "after": after_id}
        log.write(
            session,
            DEED,
            who=custodian.person_id,
            about=str(known.year) if known else "",
            detail={**detail, "third": third} if third else detail,
        )
    with db.reading() as session:
        before, after = _pair(session, before_id, after_id)
        questionnaire = rounds.questionnaire_of(session, before)
        other = session.get(Round, third) if third else None
        read = [(one, *_read(session, one, questionnaire)) for one in (before, after, other) if one]
    # Opening thousands of links takes a while, and whoever reads the database for long holds up its journal.
    first, second, *more = (_open(*one, custodian.person_id, seeds) for one in read)
    linked = pairing.link(first.marks, second.marks)
    counted = _counted(questionnaire, (first, second), linked)
    if other:
        counted["third"] = _beside(first, more[0], other)
    done = heavy.run("survey.effects:count_job", counted)
    joint, computed = done["joint"], done["effects"][0]
    computed["linking"] = linking_report.report(linked, done["effects"])
    shown = pictures.in_languages(computed, joint, questionnaire, (before, after))
    _keep(before_id, after_id, joint, computed, pictures.drawn(shown))


def _counted(questionnaire: Questionnaire, waves: tuple[Wave, Wave], linked: pairing.Links) -> dict[str, Any]:
    """What the child counts: both waves, joined as they are and as strictly as the report shows beside it."""
    ways = [linked.pairs, *linking_report.stricter(linked)]
    before, after = (wave.answers.to_json() for wave in waves)
    return {
        "questionnaire": questionnaire.to_json(),
        "before": before,
        "after": after,
        "pairs": [pairs_to_text(one) for one in ways],
    }


def _beside(first: Wave, more: Wave, other: Round) -> dict[str, Any]:
    """The third wave, joined to the first."""
    return {
        "wave": WAVES.index(other.wave),
        "answers": more.answers.to_json(),
        "pairs": pairs_to_text(pairing.link(first.marks, more.marks).pairs),
    }


def _keep(
    before_id: str, after_id: str, joint: dict[str, Any], computed: dict[str, Any], charts: dict[str, Any]
) -> None:
    """Keep what was found, unless somebody else was quicker; forget the links where nothing needs them any more."""
    digest = hashlib.sha256(json.dumps([joint, computed], sort_keys=True).encode()).hexdigest()
    with db.writing() as session:
        session.get(Round, before_id, with_for_update=True)
        before, after = _pair(session, before_id, after_id)
        found = Comparison(
            before_id=before_id,
            after_id=after_id,
            joint=joint,
            effects=computed,
            charts=charts,
            digest=digest,
            made_on=clock.today(),
        )
        forgotten = not still_needed(session, before, after)
        session.add(found)
        if forgotten:
            closed = select(Round).where(Round.year == before.year, Round.state == "closed")
            rounds.destroy_links(session, session.scalars(closed).all())
    if forgotten:
        places.forget_order()


def _pair(session: Session, before_id: str, after_id: str) -> tuple[Round, Round]:
    before, after = session.get(Round, before_id), session.get(Round, after_id)
    if before is None or after is None or not _fit(before, after):
        raise NotComparable
    if session.get(Comparison, (before_id, after_id)) is not None:
        raise AlreadyCompared
    return before, after


def _fit(before: Round, after: Round) -> bool:
    return (
        (before.state, after.state) == ("closed", "closed")
        and before.wave == "before"
        and after.wave != "before"
        and before.year == after.year
        and before.questionnaire_id == after.questionnaire_id
    )


def _third(session: Session, before_id: str, after_id: str, person_id: str) -> str | None:
    """The other later wave of the year, where it has closed too and this custodian can open its links."""
    before, after = session.get(Round, before_id), session.get(Round, after_id)
    if before is None or after is None or before.link_wraps is None or after.link_wraps is None:
        return None
    closed = select(Round).where(
        Round.year == before.year, Round.state == "closed", Round.link_wraps.is_not(None)
    )
    found = session.scalars(closed.order_by(Round.closes_on.desc(), Round.id))
    fitting = (one for one in found if _fit(before, one) and one.wave != after.wave)
    return next((one.id for one in fitting if person_id in json.loads(one.link_wraps or b"{}")), None)


def _read(session: Session, found: Round, questionnaire: Questionnaire) -> tuple[Packed, list[bytes]]:
    """Answers, packed portion by portion, and the sealed links, in the same order."""
    chosen = select(Response.answers, Response.link).where(
        Response.round_id == found.id, Response.filled == 1
    )
    packer, links = Packer(questionnaire), []
    for portion in session.execute(chosen.execution_options(yield_per=PORTION)).partitions():
        packer.add([json.loads(answers) for answers, _ in portion])
        links += [link for _, link in portion]
    return packer.packed, links


def _open(
    found: Round, answers: Packed, links: Sequence[bytes], person_id: str, seeds: Sequence[bytes]
) -> Wave:
    if found.link_wraps is None:
        # Links that have been destroyed join nothing; the answers of each wave still count as a whole.
        return Wave(answers=answers, marks=[pairing.Mark()] * len(links))
    seed = rounds.link_seed(found.id, json.loads(found.link_wraps), person_id, seeds)
    if seed is None:
        raise CannotOpen
    private = PrivateKey.from_seed(seed)
    return Wave(answers=answers, marks=[_mark(link, private, found.id) for link in links])


def _mark(link: bytes, private: PrivateKey, round_id: str) -> pairing.Mark:
    try:
        hint = json.loads(unpad(unseal(link, private, context("link", round_id))))
    except CannotOpen:
        # Damaged on its way through the years: the answer counts, it is just not linked.
        return pairing.Mark()
    elements = tuple(hint["elements"])
    return pairing.Mark(card=hint["card"] or None, elements=elements if any(elements) else None)
