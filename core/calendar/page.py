"""The calendar of the month: a page that prints, and a file for one's own calendar.

For everybody it is the same bytes, with nothing that a unit wrote; whoever signs in sees the units' activities too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from flask import Blueprint, Response, abort, render_template, url_for

from core import clock, db, i18n
from core.calendar import gathered, ics
from core.calendar.entries import Entry, by_day, on_day, weeks
from core.campaign import Campaign, messages_for, news_of, now_running
from core.i18n import Text, t
from core.installation import installation_id
from core.pages import centre, same_bytes
from core.sessions import signed_in

pages = Blueprint("calendar", __name__)

KINDS: Final = {
    "month": Text("tháng hành động", "the month"),
    "day": Text("ngày kỷ niệm", "marked day"),
    "deadline": Text("hạn", "deadline"),
    "event": Text("hoạt động", "event"),
    "survey": Text("khảo sát", "survey"),
}


@pages.get("/lich")
def show() -> Response:
    """Theme, days, messages and news of the month; made anew each day."""
    return same_bytes(lambda: _page(inside=False), key=("calendar", clock.today()))


@pages.get("/lich/noi-bo")
@signed_in()
def show_inside() -> str:
    """The same with what the units plan and hold, for whoever signs in."""
    return _page(inside=True)


@pages.get("/lich.ics")
def file() -> Response:
    """The days as a file for the calendar of a phone or a computer."""
    return _file(inside=False)


@pages.get("/lich/noi-bo.ics")
@signed_in()
def file_inside() -> Response:
    """The same with what the units plan and hold."""
    return _file(inside=True)


def _page(*, inside: bool) -> str:
    with db.reading() as session:
        campaign = now_running(session) or abort(404)
        everything = gathered.entries(session, campaign, inside=inside)
        messages = messages_for(session, campaign.year, "campaign")
        news = news_of(session, campaign.year)
    # Forty units do hundreds of things: in the sheet they are a number on a day, and below it a list for each.
    entries = [one for one in everything if one.kind != "unit"]
    return render_template(
        "core/calendar_inside.html" if inside else "core/calendar.html",
        campaign=campaign,
        entries=entries,
        of_units=by_day(one for one in everything if one.kind == "unit"),
        weeks=list(weeks(*_span(campaign, everything))),
        on_day=on_day,
        kinds=KINDS,
        messages=messages,
        news=news,
        today=clock.today(),
        file_url=url_for("calendar.file_inside" if inside else "calendar.file"),
    )


def _span(campaign: Campaign, entries: Sequence[Entry]) -> tuple[date, date]:
    """First and last day of the sheet of weeks: the month, with what lies beside it.

    A survey three months later would make a winter of empty weeks: it stands in the list below, not in the sheet.
    """
    near = timedelta(days=21)
    first, last = campaign.begins - near, campaign.ends + near
    days = [day for one in entries for day in (one.on, one.last) if first <= day <= last]
    return min([campaign.begins, *days]), max([campaign.ends, *days])


def _file(*, inside: bool) -> Response:
    with db.reading() as session:
        campaign = now_running(session) or abort(404)
        entries = gathered.entries(session, campaign, inside=inside)
    name = t("Tháng hành động {}", "Action month {}").format(campaign.year) + f" - {centre().name}"
    made = ics.text(entries, name=name, domain=installation_id(), stamp=clock.today())
    answer = Response(made, content_type=ics.KIND)
    file_name = f"lich-{campaign.year}-{i18n.language()}.ics"
    answer.headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return answer
