"""What the secretary does to a filed report: accepts it, or returns it with a note."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from board.activities.models import UnitReport
from board.activities.reports import ChangedMeanwhile, NotNow
from board.roles import require_may
from core import clock, log
from core.access import Identity


def accept(session: Session, identity: Identity | None, unit_id: str, year: int, *, seen: int) -> UnitReport:
    """Accept a filed report. Raises `Denied`, `NotNow`, and `ChangedMeanwhile` where it is not as it was seen."""
    require_may(identity, "judge unit reports")
    report = _seen(session, unit_id, year, seen, ("filed",))
    report.state, report.accepted_on = "accepted", clock.today()
    return _written(session, identity, "unit_report_accepted", report)


def give_back(
    session: Session, identity: Identity | None, unit_id: str, year: int, note: str, *, seen: int
) -> UnitReport:
    """Return a filed or accepted report with a note that says what to look at again. Raises as `accept`."""
    require_may(identity, "judge unit reports")
    report = _seen(session, unit_id, year, seen, ("filed", "accepted"))
    report.state, report.note, report.returned_on = "returned", note, clock.today()
    report.accepted_on = None
    return _written(session, identity, "unit_report_returned", report)


def _seen(session: Session, unit_id: str, year: int, seen: int, states: tuple[str, ...]) -> UnitReport:
    asked = select(UnitReport).where(UnitReport.unit_id == unit_id, UnitReport.year == year).with_for_update()
    report = session.scalars(asked).first()
    if report is None or report.state not in states:
        raise NotNow
    if report.version != seen:
        raise ChangedMeanwhile
    return report


def _written(session: Session, identity: Identity | None, deed: str, report: UnitReport) -> UnitReport:
    report.version += 1
    report.changed_on = clock.today()
    who = identity.person_id if identity else None
    log.write_if_started(session, deed, who=who, about=report.unit_id)
    return report
