"""How fast the report to the Department of Health comes out of what the units filed, and how fast it is on paper."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from board.activities.kinds import OFFERED
from board.activities.lines import Line, as_filed
from board.activities.models import UnitReport
from board.report.gathering import Gathered, gather
from board.report.pages import JOB
from core import db, heavy
from core.campaign import Campaign, now_running
from core.db import new_id
from core.units import Unit

ENTRIES = 12
SIZES = ((36, "≤ 1 s"), (1000, "≤ 5 s"))


def measure(app: Flask, line: Callable[[str, str, str], None]) -> None:
    """Units file, twelve activities each; everything is added up, suggested and put on paper."""
    with app.app_context():
        for units, goal in SIZES:
            with db.writing() as session:
                campaign = now_running(session)
                assert campaign is not None
                _file(session, campaign, units)
            found, took = _timed(partial(_gathered, campaign.year))
            line(f"reports of {found.facts.units.filed:,} units consolidated", f"{took:.2f} s", goal)
            _, took = _timed(partial(heavy.run, JOB, found.document))
            line(f"the report of {units:,} units as .docx, in a child process", f"{took:.2f} s", "")


def _gathered(year: int) -> Gathered:
    with db.reading() as session:
        found = gather(session, year)
    assert found.document["blocks"]
    return found


def _file(session: Session, campaign: Campaign, wanted: int) -> None:
    chance = random.Random(1)
    units = list(session.scalars(select(Unit)))
    for place in range(len(units), wanted):
        unit = Unit(
            id=new_id(),
            name_vi=f"Trạm Y tế xã số {place}",
            name_en=f"Station {place}",
            kind="tram_y_te",
            group="tram_y_te",
            valid_from=campaign.begins,
            valid_until=None,
        )
        session.add(unit)
        units.append(unit)
    session.flush()
    filed = set(session.scalars(select(UnitReport.unit_id).where(UnitReport.year == campaign.year)))
    on = campaign.begins + timedelta(days=10)
    for unit in units:
        if unit.id not in filed:
            session.add(
                UnitReport(
                    id=new_id(),
                    unit_id=unit.id,
                    year=campaign.year,
                    state="filed",
                    version=1,
                    changed_on=on,
                    first_filed_on=on,
                    filed_on=on,
                    filed=[as_filed(_entry(chance, campaign)) for _ in range(ENTRIES)],
                    note="",
                )
            )


def _entry(chance: random.Random, campaign: Campaign) -> Line:
    kind = chance.choice(OFFERED)
    women = chance.randrange(5, 80) if kind.participants else None
    return Line(
        id=new_id(),
        type_code=kind.code,
        state="held",
        title="Sinh hoạt chuyên đề về bình đẳng giới",
        held_on=campaign.begins + timedelta(days=chance.randrange(20)),
        numbers={field.code: chance.randrange(1, 9) for field in kind.fields},
        women=women,
        men=chance.randrange(30) if women else None,
        cost=chance.randrange(0, 2000),
        description="Tuyên truyền về phòng ngừa, ứng phó với bạo lực trên cơ sở giới. " * 3,
    )


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """The answer, and the median of three times."""
    took = []
    for _ in range(3):
        begun = time.perf_counter()
        answer = work()
        took.append(time.perf_counter() - begun)
    return answer, statistics.median(took)
