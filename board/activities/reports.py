"""What a unit does to its own report: entries, filing, correcting. Permission first; a unit sees its own alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from board.activities.kinds import OFFERED
from board.activities.lines import NAMES, Line, as_filed, from_filed
from board.activities.models import Activity, ActivityPhoto, UnitReport
from board.roles import require_may
from core import clock, log
from core.access import Denied, Identity
from core.accounts import Person
from core.db import new_id
from core.units import Unit, forebears


class NoUnit(Exception):
    """This account is tied to no unit, so there is no report to write."""


class NotNow(Exception):
    """The report is filed or accepted: it is opened for correction first."""


class ChangedMeanwhile(Exception):
    """Somebody else changed it since this page was opened; nothing was overwritten."""

    def __init__(self, theirs: Activity | None = None) -> None:
        super().__init__()
        # A value, since the row itself goes with the transaction that this ends.
        self.theirs: Line | None = line_of(theirs) if theirs else None
        self.version: int = theirs.version if theirs else 0


_OFFERED = frozenset(kind.code for kind in OFFERED)


def own_unit(session: Session, identity: Identity | None) -> Unit:
    """The unit this person reports for. Raises `Denied`, `NoUnit`."""
    who = require_may(identity, "report for a unit")
    person = session.get(Person, who.person_id)
    unit = session.get(Unit, person.unit_id) if person and person.unit_id else None
    if unit is None:
        raise NoUnit
    return unit


def report_of(session: Session, unit_id: str, year: int) -> UnitReport | None:
    """The report of a unit for a year, where one was begun."""
    return session.scalars(
        select(UnitReport).where(UnitReport.unit_id == unit_id, UnitReport.year == year)
    ).first()


def entries(session: Session, report: UnitReport | None) -> list[Activity]:
    """The entries of a report, in the order of the plan and of their days."""
    if report is None:
        return []
    found = session.scalars(select(Activity).where(Activity.report_id == report.id))
    return sorted(found, key=lambda one: (one.type_code, str(one.held_on or one.planned_on or ""), one.id))


def line_of(activity: Activity) -> Line:
    """An entry as a value."""
    return Line(**{name: getattr(activity, name) for name in NAMES})


def filed_lines(report: UnitReport) -> list[Line]:
    """The entries of a report as they were last filed."""
    return [from_filed(kept) for kept in report.filed or ()]


def own_entry(session: Session, identity: Identity | None, year: int, entry_id: str) -> Activity | None:
    """An entry of the person's own unit and year; None where there is none. Raises `Denied` for another unit's."""
    unit = own_unit(session, identity)
    # Read anew: whoever waited for the lock of the report may have seen the entry as it was before.
    found = session.get(Activity, entry_id, populate_existing=True)
    if found is None:
        return None
    report = session.get_one(UnitReport, found.report_id)
    if (report.unit_id, report.year) != (unit.id, year):
        raise Denied
    return found


def save(
    session: Session, identity: Identity | None, year: int, line: Line, *, seen: int, hand: str
) -> Activity:
    """Write down one entry. seen: the version this page was opened with, 0 for a new one; hand: the page's own mark.

    Raises `Denied`, `NoUnit`, `NotNow`, and `ChangedMeanwhile` with what stands there.
    """
    report = open_report(session, identity, year)
    if line.type_code not in _OFFERED:
        raise Denied
    found = own_entry(session, identity, year, line.id)
    if found is None:
        if seen:
            raise ChangedMeanwhile  # somebody took it away
        _forget_none(session, report, line.type_code)
        found = Activity(report_id=report.id, version=0, hand=hand)
        session.add(found)
    elif found.hand != hand and found.version != seen:
        raise ChangedMeanwhile(found)
    for name in NAMES:
        setattr(found, name, getattr(line, name))
    found.numbers = dict(line.numbers)
    found.version, found.hand = found.version + 1, hand
    session.flush()
    return found


def remove(session: Session, identity: Identity | None, year: int, entry_id: str, *, seen: int) -> None:
    """Take one entry away, with its photographs. Raises `Denied`, `NotNow`, `ChangedMeanwhile`."""
    open_report(session, identity, year)
    found = own_entry(session, identity, year, entry_id)
    if found is None:
        return
    if found.version != seen:
        raise ChangedMeanwhile(found)
    session.execute(delete(ActivityPhoto).where(ActivityPhoto.activity_id == entry_id))
    session.delete(found)


def say_none(session: Session, identity: Identity | None, year: int, codes: Iterable[str]) -> int:
    """Say of types without an entry that there was nothing; how many were new. Raises `Denied`, `NotNow`."""
    report = open_report(session, identity, year)
    there = {one.type_code for one in entries(session, report)}
    wanted = [code for code in codes if code in _OFFERED and code not in there]
    for code in wanted:
        session.add(
            Activity(
                **_blank(Line(id=new_id(), type_code=code, state="none")),
                report_id=report.id,
                version=1,
                hand="",
            )
        )
    return len(wanted)


def take_back_none(session: Session, identity: Identity | None, year: int, code: str) -> None:
    """There was something after all, or it is not known yet. Raises `Denied`, `NotNow`."""
    _forget_none(session, open_report(session, identity, year), code)


def file(session: Session, identity: Identity | None, year: int, *, seen: int) -> UnitReport:
    """File the report as it stands. seen: the version that was looked at. Raises `NotNow`, `ChangedMeanwhile`."""
    report = open_report(session, identity, year, touched=False)
    if report.version != seen:
        raise ChangedMeanwhile
    today = clock.today()
    report.state, report.note, report.filed_on = "filed", "", today
    report.first_filed_on = report.first_filed_on or today
    report.filed = [as_filed(line_of(one)) for one in entries(session, report)]
    _touch(report)
    _log(session, identity, "unit_report_filed", report)
    return report


def correct(session: Session, identity: Identity | None, year: int) -> None:
    """Open a filed report for correction. What was filed counts until it is filed again. Raises `NotNow`."""
    report = _locked(session, own_unit(session, identity).id, year)
    if report is None or report.state != "filed":
        raise NotNow
    report.state = "drafted"
    _touch(report)
    _log(session, identity, "unit_report_corrected", report)


def copy_last_year(session: Session, identity: Identity | None, year: int) -> int:
    """Plan what the unit did the year before: types, titles, audiences, words; no numbers, no photographs.

    How many entries that made. Types that this year's report already says something about stay as they are.
    """
    report = open_report(session, identity, year)
    there = {one.type_code for one in entries(session, report)}
    fresh = [_planned_again(one, year) for one in _of_last_year(session, report.unit_id, year)]
    wanted = [line for line in fresh if line.type_code not in there]
    for line in wanted:
        session.add(Activity(**_blank(line), report_id=report.id, version=1, hand=""))
    return len(wanted)


def last_years(session: Session, report: UnitReport | None, unit_id: str, year: int) -> int:
    """How many entries of last year could be copied into this year's report."""
    there = {one.type_code for one in entries(session, report)}
    return sum(one.type_code not in there for one in _of_last_year(session, unit_id, year))


def _of_last_year(session: Session, unit_id: str, year: int) -> list[Activity]:
    """What the unit did the year before, and what the units it came from did."""
    units = [unit_id, *(unit.id for unit in forebears(session, unit_id))]
    found = [entries(session, report_of(session, one, year - 1)) for one in units]
    return [one for several in found for one in several if one.state != "none"]


def _planned_again(one: Activity, year: int) -> Line:
    day = one.held_on or one.planned_on
    moved = day.replace(year=year, day=min(day.day, 28) if day.month == 2 else day.day) if day else None
    return Line(
        id=new_id(),
        type_code=one.type_code,
        state="planned",
        title=one.title,
        audience=one.audience,
        planned_on=moved,
        description=one.description,
    )


def _blank(line: Line) -> dict[str, Any]:
    return {name: getattr(line, name) for name in NAMES} | {"numbers": dict(line.numbers)}


def open_report(
    session: Session, identity: Identity | None, year: int, *, touched: bool = True
) -> UnitReport:
    """The person's own report of a year, made if there is none, ready to be written in."""
    unit = own_unit(session, identity)
    report = _locked(session, unit.id, year) or _begun(session, unit.id, year)
    if report.state not in ("drafted", "returned"):
        raise NotNow
    if touched:
        _touch(report)
    return report


def _locked(session: Session, unit_id: str, year: int) -> UnitReport | None:
    """Two people of one unit write one after the other: a report's version never goes up once for two changes."""
    asked = select(UnitReport).where(UnitReport.unit_id == unit_id, UnitReport.year == year).with_for_update()
    return session.scalars(asked, execution_options={"populate_existing": True}).first()


def _begun(session: Session, unit_id: str, year: int) -> UnitReport:
    report = UnitReport(
        id=new_id(), unit_id=unit_id, year=year, state="drafted", version=0, note="", changed_on=clock.today()
    )
    try:
        with session.begin_nested():
            session.add(report)
    except IntegrityError:  # a colleague began it at the same moment
        return _locked(session, unit_id, year) or report
    return report


def _touch(report: UnitReport) -> None:
    report.version += 1
    report.changed_on = clock.today()


def _forget_none(session: Session, report: UnitReport, code: str) -> None:
    session.execute(
        delete(Activity).where(
            Activity.report_id == report.id, Activity.type_code == code, Activity.state == "none"
        )
    )


def _log(session: Session, identity: Identity | None, deed: str, report: UnitReport) -> None:
    who = identity.person_id if identity else None
    log.write_if_started(session, deed, who=who, about=report.unit_id)
