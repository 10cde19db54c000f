"""What the units planned and held, for the calendar of the people who sign in."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from board.activities.kinds import KINDS
from board.activities.models import Activity, UnitReport
from board.activities.sense import could_name
from core.calendar.entries import Entry
from core.campaign import Campaign
from core.i18n import Text
from core.units import Unit


def entries(session: Session, campaign: Campaign) -> Iterator[Entry]:
    """Every activity of the campaign's year that has a day; the unit stands where an event has its place."""
    on = func.coalesce(Activity.held_on, Activity.planned_on)
    asked = (
        select(Activity, Unit, on)
        .join(UnitReport, UnitReport.id == Activity.report_id)
        .join(Unit, Unit.id == UnitReport.unit_id)
        .where(UnitReport.year == campaign.year, Activity.state != "none", on.is_not(None))
    )
    for activity, unit, day in session.execute(asked):
        name, written = KINDS[activity.type_code].name, activity.title
        # Everybody who signs in reads this, and takes it along as a file: what may point to one person stays out.
        if written and could_name(written, commended=activity.type_code == "A16"):
            written = ""
        yield Entry(
            key=activity.id,
            kind="unit",
            on=day,
            title=Text(written, written) if written else name,
            place=Text(unit.name_vi, unit.name_en),
        )
