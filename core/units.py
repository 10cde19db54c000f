"""The organisation's units: departments, offices, commune stations, each valid from one day until another."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import CheckConstraint, Date, ForeignKey, String, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from core import clock
from core.campaign import Campaign
from core.db import ID, Base
from core.i18n import t
from core.vietnamese import sort_key


class UnitGroup(Base):
    """A fixed grouping of at least five units: the finest level any statistic may show."""

    __tablename__ = "unit_group"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    name_vi: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120))


class Unit(Base):
    """A department, office or station."""

    __tablename__ = "unit"
    __table_args__ = (CheckConstraint("valid_until IS NULL OR valid_until >= valid_from", name="valid_span"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    name_vi: Mapped[str] = mapped_column(String(160))
    name_en: Mapped[str] = mapped_column(String(160))
    kind: Mapped[str] = mapped_column(String(20))
    group: Mapped[str] = mapped_column("group_code", ForeignKey("unit_group.code"))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)

    @property
    def name(self) -> str:
        return t(self.name_vi, self.name_en)


class UnitSuccession(Base):
    """One unit became another, or a part of another, on a day. What was filed under the old name stays under it."""

    __tablename__ = "unit_succession"
    __table_args__ = (CheckConstraint("before_id <> after_id", name="two_units"),)

    before_id: Mapped[str] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    after_id: Mapped[str] = mapped_column(ForeignKey("unit.id"), primary_key=True, index=True)
    on_day: Mapped[date] = mapped_column(Date)
    """The first day of the new unit."""


def valid(session: Session, on: date | None = None) -> list[Unit]:
    """Units that exist on a day (today by default), in Vietnamese order."""
    day = on or clock.today()
    open_end = or_(Unit.valid_until.is_(None), Unit.valid_until >= day)
    found = session.scalars(select(Unit).where(Unit.valid_from <= day, open_end)).all()
    return in_order(found)


def owing(session: Session, campaign: Campaign) -> list[Unit]:
    """Units that owe the campaign a report: those that exist on the last day on which it is on time.

    A unit that was closed before that day owes nothing any more; what it filed remains, and whoever took it over
    reports instead. Without a deadline it is the last day of the campaign that counts.
    """
    deadline = campaign.particulars.units_report
    return valid(session, deadline.last_day if deadline else campaign.ends)


def heirs(session: Session, unit_id: str, on: date | None = None) -> list[Unit]:
    """The units that hold a unit's duties on a day: itself while it exists, then whoever took it over, and so on."""
    day = on or clock.today()
    held = {unit.id: unit for unit in valid(session, day)}
    found, asked, todo = set(), set(), [unit_id]
    while todo:
        one = todo.pop()
        if one in asked:
            continue
        asked.add(one)
        if one in held:
            found.add(one)
        else:
            steps = select(UnitSuccession.after_id).where(
                UnitSuccession.before_id == one, UnitSuccession.on_day <= day
            )
            todo.extend(session.scalars(steps))
    return in_order(held[one] for one in found)


def forebears(session: Session, unit_id: str) -> list[Unit]:
    """Every unit that this one came from, however long ago."""
    found: dict[str, Unit] = {}
    todo = [unit_id]
    while todo:
        came_from = (
            select(Unit)
            .join(UnitSuccession, UnitSuccession.before_id == Unit.id)
            .where(UnitSuccession.after_id == todo.pop())
        )
        for unit in session.scalars(came_from):
            if unit.id not in found and unit.id != unit_id:
                found[unit.id] = unit
                todo.append(unit.id)
    return in_order(found.values())


def in_order(units: Iterable[Unit]) -> list[Unit]:
    """Units in Vietnamese order of their names."""
    return sorted(units, key=lambda unit: sort_key(unit.name_vi))
