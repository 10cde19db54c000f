"""The organisation's units: departments, offices, commune stations, each valid from one day until another."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Date, ForeignKey, String, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from core import clock
from core.db import ID, Base
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


def valid(session: Session, on: date | None = None) -> list[Unit]:
    """Units that exist on a day (today by default), in Vietnamese order."""
    day = on or clock.today()
    open_end = or_(Unit.valid_until.is_(None), Unit.valid_until >= day)
    found = session.scalars(select(Unit).where(Unit.valid_from <= day, open_end)).all()
    return sorted(found, key=lambda unit: sort_key(unit.name_vi))
