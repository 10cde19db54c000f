"""Writing the report: one part at a time, safe for two people at once; and closing it when it is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from board.report.models import ReportPart, SentReport
from board.report.parts import CODES
from board.roles import require_may
from core import clock, log, meanwhile
from core.access import Identity
from core.campaign import Campaign

SENT: Final = "report_sent"
REOPENED: Final = "report_reopened"


class NoSuchPart(Exception):
    """The report has no part of this name."""


class AlreadySent(Exception):
    """This report went out; it does not change unless it is opened again."""


class NotSentYet(Exception):
    """Nothing went out that could be opened again, or that a supplement could follow."""


def written(session: Session, year: int) -> dict[str, ReportPart]:
    """Everything written for a year, by its part."""
    return {row.part: row for row in session.scalars(select(ReportPart).where(ReportPart.year == year))}


def stands(texts: Mapping[str, str], parts: Iterable[str]) -> dict[str, str]:
    """What is written in some parts of a report: what a page of them was made from. texts: everything written."""
    return {part: texts.get(part, "") for part in parts}


def write(
    session: Session, by: Identity | None, year: int, texts: Mapping[str, str], seen: str | None = None
) -> None:
    """Keep words for parts of a year's report, all or none; an empty text gives a part back to its suggestion.

    seen: the mark of how these parts stood on the page. Raises `Denied`, `NoSuchPart`, `AlreadySent`, `Overtaken`.
    """
    require_may(by, "write the report")
    if not CODES.issuperset(texts):
        raise NoSuchPart
    if not all(part.startswith("supplement_") for part in texts) and is_sent(session, year):
        raise AlreadySent
    session.get(Campaign, year, with_for_update=True)  # one at a time, also where nobody has written yet
    rows = written(session, year)
    meanwhile.as_seen(stands({part: row.text for part, row in rows.items()}, texts), seen)
    for part, text in texts.items():
        row = rows.get(part) or ReportPart(year=year, part=part, text="", version=0)
        if row.text != text:
            row.text, row.version = text, row.version + 1
            session.add(row)


def is_sent(session: Session, year: int, kind: str = "report") -> bool:
    """Whether it went out."""
    return session.get(SentReport, (year, kind)) is not None


def send(
    session: Session,
    by: Identity | None,
    year: int,
    kind: str,
    *,
    as_of: date,
    document: Mapping[str, Any],
    told: Mapping[str, Any],
) -> SentReport:
    """Keep a report as it goes out. Raises `Denied`, `AlreadySent`, `NotSentYet` (a supplement without its report)."""
    who = require_may(by, "close the report")
    if is_sent(session, year, kind):
        raise AlreadySent
    if kind == "supplement" and not is_sent(session, year):
        raise NotSentYet
    log.write_if_started(session, SENT, who=who.person_id, about=f"{year} {kind}")
    row = SentReport(
        year=year,
        kind=kind,
        sent_on=clock.today(),
        as_of=as_of,
        document=dict(document),
        told=dict(told),
    )
    session.add(row)
    _flush(session, AlreadySent)
    return row


def as_sent(session: Session, year: int, kind: str) -> dict[str, Any]:
    """Its files as payloads, as they were when it was closed. Raises `NotSentYet`."""
    asked = select(SentReport.document).where(SentReport.year == year, SentReport.kind == kind)
    found: dict[str, Any] | None = session.scalar(asked)
    if found is None:
        raise NotSentYet
    return found


def _flush(session: Session, otherwise: type[Exception]) -> None:
    """Two who write the first row of one name at the same moment: the database keeps one, the other is told."""
    try:
        session.flush()
    except IntegrityError as twice:
        raise otherwise from twice


def reopen(session: Session, by: Identity | None, year: int, kind: str) -> None:
    """It was not sent after all, or came back: open it again. Raises `Denied`, `NotSentYet`, `AlreadySent`."""
    who = require_may(by, "open the report again")
    row = session.get(SentReport, (year, kind), with_for_update=True)
    if row is None:
        raise NotSentYet
    if kind == "report" and is_sent(session, year, "supplement"):
        raise AlreadySent
    log.write_if_started(session, REOPENED, who=who.person_id, about=f"{year} {kind}")
    session.delete(row)
