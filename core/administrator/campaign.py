"""The year's campaign: title, theme, dates, words for documents; and its messages with their places."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from flask import abort, flash, redirect, render_template, url_for
from sqlalchemy import select
from wtforms import DateField
from wtforms.validators import Optional

from core import clock, db, editing
from core.access import Role
from core.administrator.blueprint import pages
from core.administrator.units import DAY_FORMATS
from core.campaign import Campaign, Message, now_running
from core.editing import CampaignFacts, NoSuchThing, WrongWayRound
from core.forms import AtMost, Needed, StaffForm, Words
from core.i18n import Text, t
from core.pages import data_changed
from core.sessions import identity, signed_in

PLACES: Final = {
    "home": Text("trang chủ", "home page"),
    "campaign": Text("trang chiến dịch", "campaign page"),
    "poster": Text("áp phích", "posters"),
    "leaflet": Text("tờ rơi", "leaflets"),
    "survey_end": Text("sau khảo sát", "after the survey"),
}
WORDS: Final = (
    "issuer_vi",
    "issuer_en",
    "board_vi",
    "board_en",
    "parent_vi",
    "parent_en",
    "place_vi",
    "place_en",
    "higher_plan_vi",
    "higher_plan_en",
)
DEADLINES: Final = ("units_report_before", "centre_reports_before", "supplement_until")


class CampaignForm(StaffForm):
    """Everything about a year's campaign that is not a message."""

    title_vi = Words(Text("Tên", "Title"), [Needed(), AtMost(300)])
    title_en = Words(Text("Tên bằng tiếng Anh", "Title in English"), [Needed(), AtMost(300)])
    theme_vi = Words(Text("Chủ đề", "Theme"), [AtMost(300)])
    theme_en = Words(Text("Chủ đề bằng tiếng Anh", "Theme in English"), [AtMost(300)])
    begins = DateField(Text("Bắt đầu", "Begins"), [Needed()], format=DAY_FORMATS)
    ends = DateField(Text("Kết thúc", "Ends"), [Needed()], format=DAY_FORMATS)
    issuer_vi = Words(Text("Tên trung tâm", "Name of the centre"), [Needed(), AtMost(160)])
    issuer_en = Words(Text("Tên trung tâm bằng tiếng Anh", "Name of the centre in English"), [AtMost(160)])
    board_vi = Words(Text("Tên Ban", "Name of the board"), [AtMost(160)])
    board_en = Words(Text("Tên Ban bằng tiếng Anh", "Name of the board in English"), [AtMost(160)])
    parent_vi = Words(Text("Cơ quan cấp trên", "Parent authority"), [AtMost(160)])
    parent_en = Words(Text("Cơ quan cấp trên bằng tiếng Anh", "Parent authority in English"), [AtMost(160)])
    place_vi = Words(Text("Nơi lập văn bản", "Place on documents"), [AtMost(80)])
    place_en = Words(Text("Nơi lập văn bản, bằng tiếng Anh", "Place in English"), [AtMost(80)])
    higher_plan_vi = Words(Text("Kế hoạch cấp trên: số, ngày", "Higher plan: number, date"), [AtMost(200)])
    higher_plan_en = Words(Text("Kế hoạch cấp trên, bằng tiếng Anh", "Higher plan in English"), [AtMost(200)])
    units_report_before = DateField(
        Text("Đơn vị báo cáo trước ngày", "Units report before"), [Optional()], format=DAY_FORMATS
    )
    centre_reports_before = DateField(
        Text("Trung tâm báo cáo trước ngày", "The centre reports before"), [Optional()], format=DAY_FORMATS
    )
    supplement_until = DateField(
        Text("Bổ sung đến hết ngày", "Supplement until"), [Optional()], format=DAY_FORMATS
    )


class DeedForm(StaffForm):
    """A button."""


@pages.route("/chien-dich", methods=["GET", "POST"])
@signed_in(Role.ADMINISTRATOR)
def campaign() -> Any:
    """The campaign that the pages show now."""
    with db.reading() as session:
        found = now_running(session) or abort(404)
        messages = session.scalars(
            select(Message).where(Message.year == found.year).order_by(Message.code)
        ).all()
    form = CampaignForm(obj=found, data=_details(found))
    if form.validate_on_submit():
        try:
            with db.writing() as session:
                editing.save_campaign(session, identity(), found.year, _facts(form))
        except WrongWayRound:
            form.ends.errors = [Text("Ngày kết thúc đứng trước ngày bắt đầu.", "This ends before it begins.")]
        else:
            data_changed()
            flash(t("Đã lưu chiến dịch.", "The campaign is saved."))
            return redirect(url_for("administrator.campaign"))
    page = render_template(
        "core/campaign_edit.html",
        campaign=found,
        form=form,
        deed=DeedForm(),
        messages=messages,
        places=PLACES,
        this_year=clock.today().year,
    )
    return page, 422 if form.errors else 200


@pages.post("/chien-dich/nam-nay")
@signed_in(Role.ADMINISTRATOR)
def begin_year() -> Any:
    """Make this year's campaign from the latest one."""
    try:
        with db.writing() as session:
            fresh = editing.begin_year(session, identity())
    except NoSuchThing:
        abort(404)
    data_changed()
    flash(
        t(
            "Đã lập chiến dịch năm {}. Hãy ghi chủ đề và số kế hoạch.",
            "The campaign of {} is made. Now write the theme and the plan's number.",
        ).format(fresh.year)
    )
    return redirect(url_for("administrator.campaign"))


def _details(found: Campaign) -> dict[str, Any]:
    words = {name: found.details.get(name, "") for name in WORDS}
    days = {name: found.details.get(name) for name in DEADLINES}
    return words | {name: date.fromisoformat(day) if day else None for name, day in days.items()}


def _facts(form: CampaignForm) -> CampaignFacts:
    details: dict[str, Any] = {name: form[name].data or "" for name in WORDS}
    details |= {name: form[name].data.isoformat() if form[name].data else "" for name in DEADLINES}
    theme = form.theme_vi.data or ""
    return CampaignFacts(
        title_vi=form.title_vi.data,
        title_en=form.title_en.data,
        theme_vi=theme,
        theme_en=form.theme_en.data or theme,
        begins=form.begins.data,
        ends=form.ends.data,
        details=details | {"theme_set": bool(theme) and not theme.startswith("[")},
    )
