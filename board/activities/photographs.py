"""Photographs of activities: drawn anew in a child before they are kept, and shown to the unit and the secretary."""

from __future__ import annotations

import base64
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from board.activities.drawing import NotAPhotograph
from board.activities.models import PHOTO_BYTES, PHOTOS_EACH, Activity, ActivityPhoto, UnitReport
from board.activities.reports import open_report, own_entry
from board.roles import require_may
from core import heavy
from core.access import Denied, Identity
from core.db import new_id
from core.i18n import Text
from core.units import Unit

ARRIVING: Final = 12 * 2**20
"""Bytes of one photograph on its way in. Where scripts run, the browser makes it small before it is sent."""


class EnoughPhotographs(Exception):
    """This entry has as many photographs as it can take."""


class Drawn:
    """A photograph made small, ready to be kept."""

    def __init__(self, image: bytes, width: int, height: int) -> None:
        self.image, self.width, self.height = image, width, height


def made_small(original: bytes) -> Drawn:
    """The photograph drawn anew, outside of any transaction. Raises `NotAPhotograph`, `heavy.HeavyBusy`."""
    try:
        done = heavy.run(
            "board.activities.drawing:small_job",
            {"file": original, "most": PHOTO_BYTES},
            seconds=30,
        )
    except heavy.HeavyFailed as failed:
        raise NotAPhotograph from failed
    return Drawn(base64.b64decode(done["file"]), done["width"], done["height"])


def add(session: Session, identity: Identity | None, year: int, entry_id: str, drawn: Drawn) -> ActivityPhoto:
    """Keep a photograph of one's own entry. Raises `Denied`, `NotNow`, `EnoughPhotographs`."""
    entry = _open_entry(session, identity, year, entry_id)
    held = select(func.count()).where(ActivityPhoto.activity_id == entry.id)
    if (session.scalar(held) or 0) >= PHOTOS_EACH:
        raise EnoughPhotographs
    photo = ActivityPhoto(
        id=new_id(), activity_id=entry.id, image=drawn.image, width=drawn.width, height=drawn.height
    )
    session.add(photo)
    return photo


def remove(session: Session, identity: Identity | None, year: int, entry_id: str, photo_id: str) -> None:
    """Take a photograph of one's own entry away. Raises `Denied`, `NotNow`."""
    entry = _open_entry(session, identity, year, entry_id)
    session.execute(
        delete(ActivityPhoto).where(ActivityPhoto.id == photo_id, ActivityPhoto.activity_id == entry.id)
    )


def of_entries(session: Session, entry_ids: list[str]) -> dict[str, list[tuple[str, int, int]]]:
    """Entry → (photograph, width, height) of each; without their bytes."""
    asked = select(
        ActivityPhoto.activity_id, ActivityPhoto.id, ActivityPhoto.width, ActivityPhoto.height
    ).where(ActivityPhoto.activity_id.in_(entry_ids))
    found: dict[str, list[tuple[str, int, int]]] = {}
    for entry_id, photo_id, width, height in session.execute(asked.order_by(ActivityPhoto.id)):
        found.setdefault(entry_id, []).append((photo_id, width, height))
    return found


def image(session: Session, identity: Identity | None, photo_id: str, unit_id: str | None) -> bytes:
    """The JPEG, for the secretary (`unit_id` None) or for the unit it belongs to. Raises `Denied`."""
    require_may(identity, "report for a unit" if unit_id else "judge unit reports")
    asked = (
        select(ActivityPhoto.image, UnitReport.unit_id)
        .join(Activity, Activity.id == ActivityPhoto.activity_id)
        .join(UnitReport, UnitReport.id == Activity.report_id)
        .where(ActivityPhoto.id == photo_id)
    )
    row = session.execute(asked).one_or_none()
    if row is None or (unit_id and row.unit_id != unit_id):
        raise Denied
    return bytes(row.image)


def of_year(session: Session, year: int, limit: int) -> list[tuple[str, Text, str, str]]:
    """(photograph, unit, type, title) of held entries of a year's counted reports, for an annex with pictures."""
    asked = (
        select(ActivityPhoto.id, Unit.name_vi, Unit.name_en, Activity.type_code, Activity.title)
        .join(Activity, Activity.id == ActivityPhoto.activity_id)
        .join(UnitReport, UnitReport.id == Activity.report_id)
        .join(Unit, Unit.id == UnitReport.unit_id)
        .where(UnitReport.year == year, UnitReport.state.in_(("filed", "accepted")), Activity.state == "held")
        .order_by(Activity.type_code, Unit.name_vi, ActivityPhoto.id)
        .limit(limit)
    )
    return [
        (photo, Text(name_vi, name_en), code, title)
        for photo, name_vi, name_en, code, title in session.execute(asked)
    ]


def _open_entry(session: Session, identity: Identity | None, year: int, entry_id: str) -> Activity:
    # Locked first: a photograph never comes into a report that is being filed, nor a seventh to an entry.
    open_report(session, identity, year, touched=False)
    entry = own_entry(session, identity, year, entry_id)
    if entry is None:
        raise Denied
    return entry
