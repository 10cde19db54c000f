"""The plan of analysis of a year: what will be the result, decided and hashed before anybody has seen an answer.

A campaigner may choose the outcomes while no round of the year has opened. With the first opening, at the
latest, the plan is fixed: its text, its SHA-256 and the day stand in every report of that year.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from core.access import Identity, Role, require
from survey import power
from survey.models import AnalysisPlan, Round
from survey.pairing import TOLERANCE
from survey.questionnaire import Questionnaire
from survey.reading import OUTCOMES
from survey.scoring import NEEDED, scales

_FIRST: Final = ("attitude", "knowledge", "confidence", "help")


class PlanFixed(ValueError):
    """The plan of this year is fixed already; it is not changed after that."""


def outcomes(questionnaire: Questionnaire) -> list[str]:
    """The scores that may be an outcome, those of the usual plan first."""
    known = {scale.name for scale in scales(questionnaire)}
    return [name for name in _FIRST if name in known]


def usual(questionnaire: Questionnaire, *, year: int, expected: int = 0) -> dict[str, Any]:
    """The plan unless somebody chooses otherwise: the attitude mean first, then the knowledge sum."""
    names = outcomes(questionnaire)
    return written(
        questionnaire,
        year=year,
        expected=expected,
        primary=names[0] if names else "",
        secondary=names[1] if len(names) > 1 else "",
    )


def written(
    questionnaire: Questionnaire, *, year: int, expected: int, primary: str, secondary: str
) -> dict[str, Any]:
    """The whole plan as plain values; `expected` people joined twice, 0 where nobody has said."""
    return {
        "version": 1,
        "year": year,
        "questionnaire": questionnaire.digest(),
        "primary": primary,
        "secondary": secondary,
        "exploratory": [name for name in outcomes(questionnaire) if name not in (primary, secondary)],
        "items": "exploratory",
        "adjusted": {"claims": "Holm", "list": "Benjamini-Hochberg", "primary": "none"},
        "interval": 0.95,
        "power": 0.8,
        "fewest": power.FEWEST,
        "tolerance": TOLERANCE,
        "items_needed": NEEDED,
        "subgroups": "none",
        "expected": expected,
        "smallest": round(power.smallest(expected), 3) if expected >= power.FEWEST else None,
    }


def of_year(session: Session, year: int) -> AnalysisPlan | None:
    """The plan of a year, fixed or not; None where nobody has written one."""
    return session.get(AnalysisPlan, year)


def write(
    session: Session, by: Identity | None, content: Mapping[str, Any], *, final: bool = False
) -> AnalysisPlan:
    """Keep this plan for its year, and fix it when `final`. Raises `PlanFixed`."""
    require(by, Role.CAMPAIGNER)
    year = int(content["year"])
    found = session.get(AnalysisPlan, year, with_for_update=True)
    if (found is not None and found.fixed_on) or begun(session, year):
        raise PlanFixed
    if found is None:
        found = AnalysisPlan(year=year)
        session.add(found)
    found.content, found.digest = dict(content), digest(content)
    found.fixed_on = clock.today() if final else None
    return found


def settle(session: Session, found: Round, questionnaire: Questionnaire) -> None:
    """Fix the plan of a round's year in the transaction that opens or closes it; the usual one if none was written."""
    plan = session.get(AnalysisPlan, found.year, with_for_update=True)
    if plan is not None and plan.fixed_on:
        return
    content = usual(questionnaire, year=found.year) if plan is None else plan.content
    content = _of_these_questions(content, questionnaire)
    if plan is None:
        plan = AnalysisPlan(year=found.year)
        session.add(plan)
    plan.content, plan.digest, plan.fixed_on = content, digest(content), clock.today()
    session.flush()


def _of_these_questions(content: Mapping[str, Any], questionnaire: Questionnaire) -> dict[str, Any]:
    """The plan for the questions that are really asked: they may have changed since it was written."""
    if content["questionnaire"] == questionnaire.digest():
        return dict(content)
    year, expected, names = content["year"], content["expected"], outcomes(questionnaire)
    first, second = content["primary"], content["secondary"]
    if first not in names or second not in ("", *names):
        return usual(questionnaire, year=year, expected=expected)
    return written(questionnaire, year=year, expected=expected, primary=first, secondary=second)


def begun(session: Session, year: int) -> bool:
    """Whether a round of this year has opened, so that its plan stands."""
    opened = select(Round.id).where(Round.year == year, Round.state != "planned")
    return session.scalar(opened.limit(1)) is not None


def in_order(plan: AnalysisPlan | None) -> tuple[str, ...]:
    """The outcomes that a report tells first, in the order of the plan."""
    if plan is None:
        return OUTCOMES
    return tuple(name for name in (plan.content["primary"], plan.content["secondary"]) if name)


def digest(content: Mapping[str, Any]) -> str:
    """SHA-256, in hex, of the plan however it is laid out."""
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
