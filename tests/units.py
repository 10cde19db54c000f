"""A month in which every unit reports: by the deeds of the product, as in the demonstration centre."""

from __future__ import annotations

import random
from datetime import date, timedelta

from flask import Flask

from core import db
from core.access import Role
from core.campaign import Campaign
from demo.activities import Plan, fill
from intake.keys.founding import Founded

LATE, RETURNED = 3, 5


def every_unit_reports(app: Flask, centre: Founded, year: int = 2026) -> None:
    """36 units file: 33 by the last day on time, three later; the one in place `RETURNED` was returned."""
    with app.app_context():
        with db.reading() as session:
            campaign = session.get_one(Campaign, year)
            deadline = campaign.particulars.units_report
            assert deadline is not None
        on_time: list[date | None] = [deadline.last_day - timedelta(days=place % 9) for place in range(33)]
        late: list[date | None] = [deadline.last_day + timedelta(days=1 + place) for place in range(LATE)]
        plan = Plan(
            year=year,
            begins=campaign.begins,
            files_on=[*on_time, *late],
            returned=frozenset({RETURNED}),
        )
        fill(centre.of(Role.CAMPAIGNER)[0].identity, plan, random.Random(7))
