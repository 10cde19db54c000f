"""The calendar of the month, for everybody: a page that prints, and a file for one's own calendar. Same bytes for all."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, abort, render_template

from core import clock, db, i18n
from core.calendar import gathered, ics
from core.calendar.entries import on_day, weeks
from core.campaign import messages_for, news_of, now_running
from core.i18n import Text, t
from core.installation import installation_id
from core.pages import centre, same_bytes

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
    return same_bytes(_page, key=("calendar", clock.today()))


def _page() -> str:
    with db.reading() as session:
        campaign = now_running(session) or abort(404)
        entries = gathered.entries(session, campaign)
        messages = messages_for(session, campaign.year, "campaign")
        news = news_of(session, campaign.year)
    begins = min([campaign.begins, *(one.on for one in entries)])
    ends = max([campaign.ends, *(one.last for one in entries)])
    # A survey or an event far from the month would make a year of empty weeks: the list below has it all the same.
    begins, ends = (campaign.begins, campaign.ends) if (ends - begins).days > 70 else (begins, ends)
    return render_template(
        "core/calendar.html",
        campaign=campaign,
        entries=entries,
        weeks=list(weeks(begins, ends)),
        on_day=on_day,
        kinds=KINDS,
        messages=messages,
        news=news,
        today=clock.today(),
    )


@pages.get("/lich.ics")
def file() -> Response:
    """The same days as a file for the calendar of a phone or a computer."""
    language = i18n.language()
    with db.reading() as session:
        campaign = now_running(session) or abort(404)
        entries = gathered.entries(session, campaign)
    name = t("Tháng hành động {}", "Action month {}").format(campaign.year) + f" - {centre().name}"
    made = ics.text(entries, name=name, domain=installation_id(), stamp=clock.today())
    answer = Response(made, content_type=ics.KIND)
    answer.headers["Content-Disposition"] = f'attachment; filename="lich-{campaign.year}-{language}.ics"'
    return answer
