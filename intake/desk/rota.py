"""The duty rota: who looks at the desk on which day, and on which days nobody works.

What reporters are promised is worked out from it, so that no page promises a day nobody is rostered for. It
says who is to look, never who looked: it stands in clear and knows no case.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from flask import current_app
from sqlalchemy import Date, ForeignKey, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from core import clock, db, log
from core.access import Identity, Role
from core.accounts import Person, with_role
from core.campaign import Holiday
from core.db import Base
from intake.desk.clocks import WorkingHours, answer_day
from intake.roles import require_may

WEEKS: Final = 5
_GLANCE_SECONDS: Final = 1.0


class Duty(Base):
    """One person on one day."""

    __tablename__ = "duty"
    __table_args__ = ({"sqlite_with_rowid": False},)

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)


class NotADutyDay(Exception):
    """A day that has passed or lies too far ahead, or a person who is no handler."""


def working_hours() -> WorkingHours:
    """Hours of work with the holidays of this installation, looked up at most once a second."""
    return _glance()[0]


def promised_day(sent: date | None = None) -> date:
    """The day by which a reporter who writes now, or wrote on a day, is promised an answer."""
    hours, duty = _glance()
    return answer_day(sent or clock.today(), hours, duty)


def days_shown(today: date, hours: WorkingHours) -> list[date]:
    """The working days of this week and the following ones."""
    monday = today - timedelta(days=today.weekday())
    days = (monday + timedelta(days=ahead) for ahead in range(7 * WEEKS))
    return [day for day in days if day >= today and hours.works(day)]


def on_duty(session: Session, days: Collection[date]) -> Mapping[date, frozenset[str]]:
    """Who is rostered on each of these days, by person id."""
    found: dict[date, set[str]] = {day: set() for day in days}
    for row in session.scalars(select(Duty).where(Duty.day.in_(days))):
        found[row.day].add(row.person_id)
    return {day: frozenset(people) for day, people in found.items()}


def people(session: Session) -> Sequence[Person]:
    """Those who can be on duty: active handlers."""
    return [person for person in with_role(session, Role.HANDLER) if person.state == "active"]


def save(session: Session, identity: Identity, rostered: Mapping[date, Collection[str]]) -> None:
    """Set who is on duty on each of these days. Raises `Denied`, `NotADutyDay`, `LogBroken`."""
    require_may(identity, "keep the rota")
    log.write(session, "rota_kept", who=identity.person_id)
    known = {person.id for person in people(session)}
    last = clock.today() + timedelta(days=7 * WEEKS)
    for day, chosen in rostered.items():
        if not (clock.today() <= day <= last and known.issuperset(chosen)):
            raise NotADutyDay
        session.execute(delete(Duty).where(Duty.day == day))
        session.add_all(Duty(day=day, person_id=one) for one in sorted(set(chosen)))
    current_app.extensions.pop("rota_glanced", None)


def _glance() -> tuple[WorkingHours, frozenset[date]]:
    known: tuple[float, WorkingHours, frozenset[date]] | None = current_app.extensions.get("rota_glanced")
    if known is None or time.monotonic() - known[0] > _GLANCE_SECONDS:
        with db.reading() as session:
            free = frozenset(session.scalars(select(Holiday.day)))
            duty = frozenset(session.scalars(select(Duty.day).where(Duty.day >= clock.today()).distinct()))
        known = (time.monotonic(), WorkingHours(free=free), duty)
        current_app.extensions["rota_glanced"] = known
    return known[1], known[2]
