"""Surveys of the demonstration centre: last year before, after and three months later; this year's first wave, open."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from core import clock, db, rosters
from core.access import Identity
from demo.answers import Respondent
from survey import cards, results, rounds
from survey.models import Round

_OPEN_DAYS: Final = timedelta(days=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """Who opens rounds, who joins them with their keys, and how many are invited."""

    campaigner: Identity
    custodian: Identity
    seed: bytes
    staff: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One wave of last year. share: of the staff that answers."""

    wave: str
    opens: date
    share: float


def fill(centre: Centre, chance: random.Random, say: Callable[[str], None]) -> None:
    """Every wave as its day came: planned, answered, closed, joined."""
    today = clock.today()
    people = [Respondent.drawn(chance) for _ in range(centre.staff)]
    _last_year(centre, people, chance, say)
    opens = today - timedelta(days=2)
    with _on(opens):
        fresh = _cards(centre, today.year)
        found = _opened(centre, _planned(centre, today.year, "before", opens, today + timedelta(days=12)))
    for person, code in zip(people[: centre.staff // 3], fresh, strict=False):
        person.answers(chance, found, code=code)


def _last_year(
    centre: Centre, people: list[Respondent], chance: random.Random, say: Callable[[str], None]
) -> None:
    today = clock.today()
    year = today.year - 1
    waves = [
        Planned(wave="before", opens=date(year, 11, 5), share=0.92),
        Planned(wave="after", opens=date(year, 12, 3), share=0.88),
        Planned(wave="followup", opens=date(year + 1, 3, 9), share=0.8),
    ]
    with _on(date(year, 11, 3)):
        drawn = chance.sample(_cards(centre, year), centre.staff)
        rows = [_planned(centre, year, one.wave, one.opens, one.opens + _OPEN_DAYS) for one in waves]
    for one, row in zip(waves, rows, strict=True):
        joined_on = one.opens + _OPEN_DAYS + timedelta(days=3)
        if joined_on > today:
            return
        _answered(centre, one, row, list(zip(people, drawn, strict=True)), chance)
        say(f"survey {one.wave} of {year}: {centre.staff} people invited")
        if one.wave != "before":
            with _on(joined_on):
                results.compare(rows[0], row, centre.custodian, centre.seed)
            say("joined in memory to the first wave, effects computed")


def _answered(
    centre: Centre, one: Planned, row: str, people: list[tuple[Respondent, str]], chance: random.Random
) -> None:
    """A round opens on its day, people answer two days later, and it closes after its last day."""
    with _on(one.opens):
        found = _opened(centre, row)
    with _on(one.opens + timedelta(days=2)):
        for person, code in people:
            if chance.random() < one.share:
                person.answers(chance, found, code=code)
    with _on(one.opens + _OPEN_DAYS + timedelta(days=1)), db.writing() as session:
        rounds.close_round(session, centre.campaigner, session.get_one(Round, found.id))


def _cards(centre: Centre, year: int) -> list[str]:
    with db.writing() as session:
        return cards.make(session, centre.campaigner, year=year, count=centre.staff)


def _planned(centre: Centre, year: int, wave: str, opens: date, closes: date) -> str:
    """The id of a round written down for these days."""
    with db.writing() as session:
        return rounds.plan(
            session,
            centre.campaigner,
            year=year,
            wave=wave,
            opens_on=opens,
            closes_on=closes,
            invited=centre.staff,
        ).id


def _opened(centre: Centre, row: str) -> Round:
    with db.writing() as session:
        found: Round = session.get_one(Round, row)
        rounds.open_round(session, centre.campaigner, found, rosters.current(session))
    return found


def _on(day: date) -> Any:
    return clock.freeze(datetime.combine(day, time(9), clock.ZONE))
