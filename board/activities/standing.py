"""Where the units stand: which owe a report, which filed, which were late; and what was filed, to be added up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from board.activities.lines import Line, from_filed
from board.activities.models import UnitReport
from core import clock
from core.campaign import Campaign
from core.deadlines import Standing, is_over, standing
from core.i18n import Text
from core.units import Unit, in_order, owing
from core.vietnamese import sort_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """What one unit filed, as it filed it."""

    unit_id: str
    name: Text
    kind: str
    group: str
    state: str
    first_filed_on: date
    filed_on: date
    standing: Standing
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One unit that owes a report. state: a report's, or `never` where nothing was begun.

    late: filed after the deadline, or not filed and the deadline is over. closed_on: the unit's last day, where it
    ends before the month does. counted: whether what it filed is in the sums. owes: False for a unit that was closed
    before its report was due: what it began or filed is there, and nobody waits for more.
    """

    unit_id: str
    name: Text
    kind: str
    group: str
    state: str
    version: int
    changed_on: date | None
    first_filed_on: date | None
    filed_on: date | None
    late: bool
    counted: bool
    closed_on: date | None
    owes: bool = True


def counts(report: UnitReport) -> bool:
    """Whether a report is in the sums: filed or accepted, or filed once and being corrected; never a returned one."""
    return report.filed is not None and report.state != "returned"


def filed_reports(session: Session, year: int) -> list[Filed]:
    """What every unit filed for a year, in Vietnamese order. Reports that were returned wait to be filed again."""
    campaign = session.get(Campaign, year)
    deadline = campaign.particulars.units_report if campaign else None
    found = session.execute(
        select(UnitReport, Unit).join(Unit, Unit.id == UnitReport.unit_id).where(UnitReport.year == year)
    )
    reports = [
        Filed(
            unit_id=unit.id,
            name=Text(unit.name_vi, unit.name_en),
            kind=unit.kind,
            group=unit.group,
            state=report.state,
            first_filed_on=report.first_filed_on,
            filed_on=report.filed_on,
            standing=standing(report.first_filed_on, deadline),
            lines=tuple(from_filed(line) for line in report.filed or ()),
        )
        for report, unit in found
        if counts(report) and report.first_filed_on and report.filed_on
    ]
    return sorted(reports, key=lambda one: sort_key(one.name.vi))


def waiting(session: Session) -> int:
    """How many reports of the campaign that is running were filed and wait to be accepted or returned.

    In one statement, since every page of the secretary shows it.
    """
    running = select(func.max(Campaign.year)).where(Campaign.year <= clock.today().year).scalar_subquery()
    asked = select(func.count()).where(UnitReport.year == running, UnitReport.state == "filed")
    return session.scalar(asked) or 0


def progress(session: Session, campaign: Campaign) -> list[Progress]:
    """Every unit that owes a report for a campaign or began one, and how far it is, in Vietnamese order."""
    # Not what was filed: a thousand reports are read only where they are added up.
    columns = (
        UnitReport.unit_id,
        UnitReport.state,
        UnitReport.version,
        UnitReport.changed_on,
        UnitReport.first_filed_on,
        UnitReport.filed_on,
    )
    rows = session.execute(select(*columns).where(UnitReport.year == campaign.year))
    known = {row.unit_id: row._asdict() for row in rows}
    units = owing(session, campaign)
    closed = set(known) - {unit.id for unit in units}
    units = in_order([*units, *session.scalars(select(Unit).where(Unit.id.in_(closed)))]) if closed else units
    return [_progress(unit, known.get(unit.id), campaign, owes=unit.id not in closed) for unit in units]


def _progress(unit: Unit, row: Mapping[str, Any] | None, campaign: Campaign, *, owes: bool) -> Progress:
    deadline = campaign.particulars.units_report
    first = row["first_filed_on"] if row else None
    late = (
        standing(first, deadline) is Standing.LATE
        if isinstance(first, date)
        else owes and is_over(clock.today(), deadline)
    )
    state = row["state"] if row else "never"
    closing = unit.valid_until is not None and unit.valid_until <= campaign.ends
    return Progress(
        unit_id=unit.id,
        name=Text(unit.name_vi, unit.name_en),
        kind=unit.kind,
        group=unit.group,
        state=state,
        version=row["version"] if row else 0,
        changed_on=row["changed_on"] if row else None,
        first_filed_on=first,
        filed_on=row["filed_on"] if row else None,
        late=late,
        counted=isinstance(first, date) and state != "returned",
        closed_on=unit.valid_until if closing else None,
        owes=owes,
    )
