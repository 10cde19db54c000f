"""What happens in the month, and its news: two short lists for the calendar and the home page."""

from __future__ import annotations

import re
from typing import Any, Final

from flask import abort, flash, redirect, render_template, request, url_for
from wtforms import BooleanField, DateField
from wtforms.validators import Optional, Regexp, ValidationError

from core import campaign_editing, clock, db, meanwhile
from core.campaign import CampaignEvent, CampaignNews, events_of, news_of
from core.campaign_editing import ROLES, DaysDoNotFit, EventFacts, NoSuchCampaign, YearIsOver
from core.campaigner.blueprint import DAY_FORMATS, DeedForm, pages, running
from core.campaigner.year import WRONG_DAYS
from core.forms import AtMost, ChangeForm, Lines, Needed, Words
from core.i18n import Text, t
from core.meanwhile import Overtaken
from core.naming import person_in
from core.pages import data_changed
from core.sessions import identity, signed_in

_HOUR: Final = re.compile(r"^(?:([01]?\d|2[0-3])[:hg]([0-5]\d))?$")
_NAME: Final = Text(
    "Chữ “{words}” giống tên người. Tin này ai cũng đọc được, nên không nêu tên. Bạn sửa lại, "
    "hoặc đánh dấu ô dưới nếu đó không phải tên người.",
    "“{words}” looks like a person's name. Everybody can read this, so it names nobody. Change it, "
    "or tick the box below if it is no person.",
)


class _NamesNobody:
    """Refuses words that look like a name until somebody says that they are none."""

    def __call__(self, form: Any, field: Any) -> None:
        found = person_in(field.data or "")
        if found and not form.no_person.data:
            form.suspect = True
            raise ValidationError(_NAME.format(words=found))


class HappeningForm(ChangeForm):
    """What both lists share."""

    suspect = False
    no_person = BooleanField(
        Text("Tôi đã xem lại: không có tên người", "I have looked again: no person is named")
    )


class EventForm(HappeningForm):
    """Something that happens in the month."""

    title_vi = Words(Text("Việc gì", "What happens"), [Needed(), AtMost(160), _NamesNobody()])
    title_en = Words(
        Text("Việc gì, bằng tiếng Anh", "What happens, in English"), [AtMost(160), _NamesNobody()]
    )
    begins = DateField(Text("Ngày", "Day"), [Needed()], format=DAY_FORMATS)
    ends = DateField(Text("Đến hết ngày", "Until"), [Optional()], format=DAY_FORMATS)
    starts_at = Words(
        Text("Giờ", "Hour"),
        [
            Optional(),
            Regexp(_HOUR, message=Text("Ghi giờ như 14:00.", "Write the hour like 14:00.")),
        ],
    )
    place_vi = Words(Text("Ở đâu", "Where"), [AtMost(160)])
    place_en = Words(Text("Ở đâu, bằng tiếng Anh", "Where, in English"), [AtMost(160)])


class NewsForm(HappeningForm):
    """One dated line of news."""

    text_vi = Lines(Text("Tin", "News"), [Needed(), AtMost(300), _NamesNobody()])
    text_en = Lines(Text("Tin bằng tiếng Anh", "News in English"), [AtMost(300), _NamesNobody()])
    on_day = DateField(Text("Ngày", "Day"), [Needed()], format=DAY_FORMATS)


@pages.get("/lich-va-tin/")
@signed_in(*ROLES)
def list_happenings() -> str:
    """Events by day, news from the newest."""
    with db.reading() as session:
        campaign = running(session)
        events, news = events_of(session, campaign.year), news_of(session, campaign.year)
    return render_template("core/campaigner/happenings.html", campaign=campaign, events=events, news=news)


@pages.route("/lich-va-tin/viec/moi", methods=["GET", "POST"])
@signed_in(*ROLES)
def new_event() -> Any:
    """Add an event."""
    return _event(None, EventForm())


@pages.route("/lich-va-tin/viec/<event_id>", methods=["GET", "POST"])
@signed_in(*ROLES)
def event(event_id: str) -> Any:
    """Change an event."""
    with db.reading() as session:
        found = session.get(CampaignEvent, event_id) or abort(404)
    return _event(found, EventForm(obj=found, seen=meanwhile.mark(meanwhile.told(found))))


@pages.route("/lich-va-tin/tin/moi", methods=["GET", "POST"])
@signed_in(*ROLES)
def new_news() -> Any:
    """Add a line of news."""
    return _news(None, NewsForm(on_day=clock.today()))


@pages.route("/lich-va-tin/tin/<news_id>", methods=["GET", "POST"])
@signed_in(*ROLES)
def news(news_id: str) -> Any:
    """Change a line of news."""
    with db.reading() as session:
        found = session.get(CampaignNews, news_id) or abort(404)
    return _news(found, NewsForm(obj=found, seen=meanwhile.mark(meanwhile.told(found))))


@pages.post("/lich-va-tin/<any(viec, tin):kind>/<thing_id>/bo")
@signed_in(*ROLES)
def remove_happening(kind: str, thing_id: str) -> Any:
    """Take an event or a line of news away."""
    if not DeedForm().validate_on_submit():
        abort(400)
    remove = campaign_editing.remove_event if kind == "viec" else campaign_editing.remove_news
    try:
        with db.writing() as session:
            remove(session, identity(), running(session).year, thing_id)
    except (NoSuchCampaign, YearIsOver):
        abort(404)
    return _done(t("Đã bỏ.", "It is taken away."))


def _event(found: CampaignEvent | None, form: EventForm) -> Any:
    if form.validate_on_submit():
        try:
            with db.writing() as session:
                year, known, seen = running(session).year, found.id if found else None, form.seen.data or ""
                campaign_editing.save_event(session, identity(), year, known, _facts(form), seen=seen)
        except Overtaken as changed:
            form.let_pass(changed)
        except DaysDoNotFit as wrong:
            form[wrong.field].errors = [WRONG_DAYS[wrong.reason]]
        except (NoSuchCampaign, YearIsOver):
            abort(404)
        else:
            return _done(t("Đã lưu vào lịch.", "It stands in the calendar."))
    return _page("core/campaigner/event.html", form, found)


def _news(found: CampaignNews | None, form: NewsForm) -> Any:
    if form.validate_on_submit():
        try:
            with db.writing() as session:
                campaign_editing.save_news(
                    session,
                    identity(),
                    running(session).year,
                    found.id if found else None,
                    form.on_day.data,
                    (form.text_vi.data, form.text_en.data or ""),
                    seen=form.seen.data or "",
                )
        except Overtaken as changed:
            form.let_pass(changed)
        except DaysDoNotFit as wrong:
            form[wrong.field].errors = [WRONG_DAYS[wrong.reason]]
        except (NoSuchCampaign, YearIsOver):
            abort(404)
        else:
            return _done(t("Đã lưu tin.", "The news is saved."))
    return _page("core/campaigner/news.html", form, found)


def _page(template: str, form: HappeningForm, found: Any) -> Any:
    if request.method == "POST" and form.no_person.data:
        form.suspect = True  # the box stays where it was ticked
    page = render_template(template, form=form, found=found, deed=DeedForm())
    return page, form.status


def _done(words: str) -> Any:
    data_changed()
    flash(words)
    return redirect(url_for("campaign.list_happenings"))


def _facts(form: EventForm) -> EventFacts:
    return EventFacts(
        begins=form.begins.data,
        ends=form.ends.data,
        starts_at=_hour(form.starts_at.data or ""),
        title_vi=form.title_vi.data,
        title_en=form.title_en.data or "",
        place_vi=form.place_vi.data or "",
        place_en=form.place_en.data or "",
    )


def _hour(written: str) -> str:
    """ "8h30" as "08:30"; nothing stays nothing."""
    found = _HOUR.match(written)
    return f"{int(found[1]):02d}:{found[2]}" if found and found[1] else ""
