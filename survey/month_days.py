"""The days of the surveys, for the calendar of the month."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.calendar.entries import Entry
from core.campaign import Campaign
from core.i18n import Text
from survey.models import Round

_WHAT = {
    "before": Text("Khảo sát trước chiến dịch", "Survey before the campaign"),
    "after": Text("Khảo sát sau chiến dịch", "Survey after the campaign"),
    "followup": Text("Khảo sát sau ba tháng", "Survey after three months"),
}


def entries(session: Session, campaign: Campaign) -> Iterator[Entry]:
    """Every round of the campaign's year, planned, open or closed."""
    asked = select(Round).where(Round.year == campaign.year).order_by(Round.opens_on, Round.id)
    for found in session.scalars(asked):
        yield Entry(
            key=found.id,
            kind="survey",
            on=found.opens_on,
            until=found.closes_on if found.closes_on != found.opens_on else None,
            title=_WHAT[found.wave],
        )
