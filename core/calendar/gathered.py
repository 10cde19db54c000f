"""What the calendar holds: the campaign's own days and events, and what other parts of the program add."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Final

from flask import Flask, current_app
from sqlalchemy.orm import Session

from core.calendar.entries import Entry, in_order
from core.campaign import Campaign, events_of
from core.deadlines import Deadline
from core.i18n import Text, day

Source = Callable[[Session, Campaign], Iterable[Entry]]
"""Gives the entries of a campaign; called once for each calendar that is made."""

_NO_VIOLENCE: Final = Text(
    "Ngày Quốc tế xóa bỏ bạo lực đối với phụ nữ",
    "International Day for the Elimination of Violence against Women",
)


def contribute(app: Flask, source: Source, *, inside: bool = False) -> None:
    """Another part of the program adds days: to the calendar of everybody, or (`inside`) of those who sign in."""
    app.extensions.setdefault(_shelf(inside), []).append(source)


def entries(session: Session, campaign: Campaign, *, inside: bool = False) -> list[Entry]:
    """Everything in the calendar of a campaign, in order; `inside` with what only those who sign in see."""
    sources: list[Source] = [_own, _deadlines, _events]
    for shelf in (False, True) if inside else (False,):
        sources += current_app.extensions.get(_shelf(shelf), ())
    return in_order(entry for source in sources for entry in source(session, campaign))


def _shelf(inside: bool) -> str:
    return "calendar inside" if inside else "calendar"


def _own(_session: Session, campaign: Campaign) -> Iterator[Entry]:
    yield Entry(
        key=f"begins-{campaign.year}",
        kind="month",
        on=campaign.begins,
        title=Text("Bắt đầu Tháng hành động", "The month begins"),
    )
    marked = date(campaign.year, 11, 25)
    if campaign.begins <= marked <= campaign.ends:
        yield Entry(key=f"25-11-{campaign.year}", kind="day", on=marked, title=_NO_VIOLENCE)
    yield Entry(
        key=f"ends-{campaign.year}",
        kind="month",
        on=campaign.ends,
        title=Text("Kết thúc Tháng hành động", "The month ends"),
    )


def _deadlines(_session: Session, campaign: Campaign) -> Iterator[Entry]:
    known = campaign.particulars
    for name, deadline, title in (
        (
            "units",
            known.units_report,
            Text("Ngày cuối các đơn vị báo cáo đúng hạn", "Last day for units to report on time"),
        ),
        (
            "centre",
            known.centre_reports,
            Text("Ngày cuối Trung tâm báo cáo đúng hạn", "Last day for the centre to report on time"),
        ),
    ):
        if deadline:
            yield Entry(
                key=f"{name}-report-{campaign.year}",
                kind="deadline",
                on=deadline.last_day,
                title=title,
                note=_before(deadline),
            )
    if known.supplement_until:
        yield Entry(
            key=f"supplement-{campaign.year}",
            kind="deadline",
            on=known.supplement_until,
            title=Text("Ngày cuối báo cáo bổ sung", "Last day of the supplement"),
        )


def _before(deadline: Deadline) -> Text:
    return Text(
        f"Kế hoạch ghi trước ngày {day(deadline.before)}. Nộp sau vẫn được nhận, tính là trễ hạn.",
        f"The plan says before {day(deadline.before)}. What comes later is accepted, as late.",
    )


def _events(session: Session, campaign: Campaign) -> Iterator[Entry]:
    for event in events_of(session, campaign.year):
        yield Entry(
            key=event.id,
            kind="event",
            on=event.begins,
            until=event.ends,
            at=event.starts_at,
            title=Text(event.title_vi, event.title_en),
            place=Text(event.place_vi, event.place_en) if event.place_vi else None,
        )
