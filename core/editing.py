"""What an administrator may change about the centre's data: units, help numbers, days off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import clock, log, meanwhile
from core.access import Identity, Role, require
from core.campaign import Holiday, Hotline
from core.db import new_id
from core.unit_sheet import UnitRow
from core.units import Unit

SHOWN: Final = ("always", "help", "hidden")
ALWAYS_AT_MOST: Final = 4
"""Somebody in trouble reads four numbers, not twelve."""


class NoSuchThing(Exception):
    """There is no unit, number or day off of this name."""


class TooManyAlways(Exception):
    """Four numbers stand on every page already; move another to the help page first."""


class WrongWayRound(Exception):
    """Something ends before it begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFacts:
    """What is written down about a unit."""

    name_vi: str
    name_en: str
    kind: str
    group: str
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HotlineFacts:
    """What is written down about a help number."""

    number: str
    name_vi: str
    name_en: str
    when_vi: str
    when_en: str
    show: str


def save_unit(
    session: Session,
    identity: Identity | None,
    unit_id: str | None,
    facts: UnitFacts,
    *,
    seen: str | None = None,
) -> Unit:
    """Change a unit, or add one (`unit_id` None). seen: the mark of what the page showed.

    Raises `Denied`, `NoSuchThing`, `WrongWayRound`, `Overtaken`.
    """
    who = require(identity, Role.ADMINISTRATOR)
    unit = _write_unit(session, unit_id, facts, seen)
    log.write_if_started(session, "unit_edited", who=who.person_id, about=unit.id)
    return unit


def _write_unit(session: Session, unit_id: str | None, facts: UnitFacts, seen: str | None = None) -> Unit:
    if facts.valid_until is not None and facts.valid_until < facts.valid_from:
        raise WrongWayRound
    unit = Unit(id=new_id()) if unit_id is None else session.get(Unit, unit_id, with_for_update=True)
    if unit is None:
        raise NoSuchThing
    if unit_id is not None:
        meanwhile.as_seen(meanwhile.told(unit), seen)
    unit.name_vi, unit.name_en = facts.name_vi, facts.name_en or facts.name_vi
    unit.kind, unit.group = facts.kind, facts.group
    unit.valid_from, unit.valid_until = facts.valid_from, facts.valid_until
    session.add(unit)
    return unit


def save_units(
    session: Session, identity: Identity | None, rows: Sequence[UnitRow], seen: Mapping[str, str]
) -> None:
    """Change and add many units at once, from a sheet. seen: unit → the mark of what the page showed.

    Raises `Denied`, `NoSuchThing`, `WrongWayRound`, `Overtaken`.
    """
    who = require(identity, Role.ADMINISTRATOR)
    for row in rows:
        facts = UnitFacts(
            name_vi=row.name_vi,
            name_en=row.name_en,
            kind=row.kind,
            group=row.group,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
        )
        _write_unit(session, row.id, facts, seen.get(row.id or "", ""))
    log.write_if_started(session, "units_taken_in", who=who.person_id, about=str(len(rows)))


def save_holiday(session: Session, identity: Identity | None, day: date, name_vi: str, name_en: str) -> None:
    """Add a day on which nobody works, or name it anew. Raises `Denied`."""
    who = require(identity, Role.ADMINISTRATOR)
    log.write_if_started(session, "holiday_edited", who=who.person_id)
    session.merge(Holiday(day=day, name_vi=name_vi, name_en=name_en or name_vi, certain=True))


def confirm_holiday(session: Session, identity: Identity | None, day: str) -> None:
    """An expected day off was announced. Raises `Denied`, `NoSuchThing`."""
    _holiday(session, identity, day).certain = True


def remove_holiday(session: Session, identity: Identity | None, day: str) -> None:
    """People work on this day after all. Raises `Denied`, `NoSuchThing`."""
    session.delete(_holiday(session, identity, day))


def _holiday(session: Session, identity: Identity | None, day: str) -> Holiday:
    who = require(identity, Role.ADMINISTRATOR)
    try:
        found = session.get(Holiday, date.fromisoformat(day))
    except ValueError:
        found = None
    if found is None:
        raise NoSuchThing
    log.write_if_started(session, "holiday_edited", who=who.person_id)
    return found


def written_of(line: Hotline) -> dict[str, str]:
    """What a page shows to be changed; not where the number stands in the list, nor when it was called."""
    return {field.name: getattr(line, field.name) for field in fields(HotlineFacts)}


def save_hotline(
    session: Session,
    identity: Identity | None,
    hotline_id: str | None,
    facts: HotlineFacts,
    *,
    seen: str | None = None,
) -> Hotline:
    """Change a help number, or add one at the end, checked today. seen: the mark of what the page showed.

    A changed number counts as unchecked no longer than it takes to say so: whoever types it has it before them.
    Raises `Denied`, `NoSuchThing`, `TooManyAlways`, `Overtaken`.
    """
    who = require(identity, Role.ADMINISTRATOR)
    known = session.get(Hotline, hotline_id, with_for_update=True) if hotline_id else None
    line = known if hotline_id else Hotline(id=new_id())
    if line is None:
        raise NoSuchThing
    if known is not None:
        meanwhile.as_seen(written_of(known), seen)
    if facts.show == "always" and _always(session, line.id) >= ALWAYS_AT_MOST:
        raise TooManyAlways
    if hotline_id is None:
        last = session.scalar(select(func.max(Hotline.position))) or 0
        line.position, line.checked_on = last + 1, clock.today()
        line.certainty_vi = line.certainty_en = ""
    line.number, line.show = facts.number, facts.show
    line.name_vi, line.name_en = facts.name_vi, facts.name_en or facts.name_vi
    line.when_vi, line.when_en = facts.when_vi, facts.when_en or facts.when_vi
    session.add(line)
    log.write_if_started(session, "hotline_edited", who=who.person_id, about=facts.number)
    return line


def hotline_answers(session: Session, identity: Identity | None, hotline_id: str) -> Hotline:
    """Somebody has just called the number, and it answers."""
    who = require(identity, Role.ADMINISTRATOR)
    line = session.get(Hotline, hotline_id)
    if line is None:
        raise NoSuchThing
    line.checked_on = clock.today()
    line.certainty_vi = line.certainty_en = ""
    log.write_if_started(session, "hotline_checked", who=who.person_id, about=line.number)
    return line


def move_hotline(session: Session, identity: Identity | None, hotline_id: str, *, up: bool) -> None:
    """Exchange a help number with its neighbour; at the end of the list nothing happens."""
    require(identity, Role.ADMINISTRATOR)
    lines = list(session.scalars(select(Hotline).order_by(Hotline.position)))
    place = next((index for index, line in enumerate(lines) if line.id == hotline_id), None)
    if place is None:
        raise NoSuchThing
    other = place + (-1 if up else 1)
    if 0 <= other < len(lines):
        lines[place], lines[other] = lines[other], lines[place]
    for position, line in enumerate(lines, start=1):
        line.position = position


def _always(session: Session, besides: str) -> int:
    others = select(func.count()).where(Hotline.show == "always", Hotline.id != besides)
    return session.scalar(others) or 0
