"""Rows of the units' reports. All of it is made to be read: no name of anybody who was hurt belongs here.

A unit has one report a year. What it files is kept as it was filed (`filed`), beside the entries themselves, so
that correcting a filed report takes nothing from the consolidated one before it is filed again.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import ID, Base

STATES: Final = ("drafted", "filed", "returned", "accepted")
ACTIVITY_STATES: Final = ("planned", "held", "none")
"""`none`: the unit says that there was nothing of this type, which is not the same as saying nothing."""
PHOTO_BYTES: Final = 600_000
PHOTOS_EACH: Final = 6
"""Photographs of one activity."""


class UnitReport(Base):
    """The report of one unit for one year."""

    __tablename__ = "unit_report"
    __table_args__ = (
        UniqueConstraint("unit_id", "year"),
        CheckConstraint(f"state IN {STATES}", name="state_known"),
        CheckConstraint("state = 'drafted' OR filed_on IS NOT NULL", name="filed_before_judged"),
        CheckConstraint("filed_on >= first_filed_on", name="first_filed_first"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    unit_id: Mapped[str] = mapped_column(ForeignKey("unit.id"))
    year: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10))
    version: Mapped[int] = mapped_column(Integer)
    """Goes up with every change, so that nobody files or judges what they have not seen."""
    changed_on: Mapped[date] = mapped_column(Date)
    first_filed_on: Mapped[date | None] = mapped_column(Date)
    """Whether a unit was late is judged by the day it first filed; a correction does not make it late."""
    filed_on: Mapped[date | None] = mapped_column(Date)
    filed: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)
    """The entries as they were last filed: the dicts of `lines.as_filed`."""
    note: Mapped[str] = mapped_column(String(1000))
    """What the secretary asks for when returning it; empty otherwise."""
    returned_on: Mapped[date | None] = mapped_column(Date)
    accepted_on: Mapped[date | None] = mapped_column(Date)


class Activity(Base):
    """One entry of a report."""

    __tablename__ = "activity"
    __table_args__ = (
        CheckConstraint(f"state IN {ACTIVITY_STATES}", name="state_known"),
        CheckConstraint("participants >= 0 AND women >= 0 AND men >= 0 AND cost >= 0", name="not_below_zero"),
        CheckConstraint("type_code NOT IN ('A13', 'A14', 'A19')", name="none_of_the_sensitive"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    report_id: Mapped[str] = mapped_column(ForeignKey("unit_report.id"), index=True)
    type_code: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(10))
    version: Mapped[int] = mapped_column(Integer)
    hand: Mapped[str] = mapped_column(ID)
    """Drawn by each page that is opened: the page that wrote last may write again though it never heard back."""
    title: Mapped[str] = mapped_column(String(200))
    audience: Mapped[str] = mapped_column(String(200))
    planned_on: Mapped[date | None] = mapped_column(Date)
    held_on: Mapped[date | None] = mapped_column(Date)
    numbers: Mapped[dict[str, int]] = mapped_column(JSON)
    """Field of the type → how many; what was not answered is not there."""
    participants: Mapped[int | None] = mapped_column(Integer)
    women: Mapped[int | None] = mapped_column(Integer)
    men: Mapped[int | None] = mapped_column(Integer)
    cost: Mapped[int | None] = mapped_column(Integer)
    """In thousands of đồng."""
    description: Mapped[str] = mapped_column(String(500))


class ActivityPhoto(Base):
    """A photograph of an activity: drawn anew and small, so that nothing of the camera or the place is in it."""

    __tablename__ = "activity_photo"
    __table_args__ = (CheckConstraint(f"length(image) <= {PHOTO_BYTES}", name="small"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    activity_id: Mapped[str] = mapped_column(ForeignKey("activity.id"), index=True)
    image: Mapped[bytes] = mapped_column(LargeBinary)
    """JPEG, at most 1,600 pixels on the long side."""
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
