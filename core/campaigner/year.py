"""The year's campaign: title, theme, dates, deadlines, words for documents; earlier years to look at."""

from __future__ import annotations

from typing import Any, Final

from flask import abort, flash, redirect, render_template, url_for
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from wtforms import DateField
from wtforms.validators import Optional

from core import campaign_editing, clock, db, deadlines, meanwhile
from core.campaign import Campaign
from core.campaign_editing import DAYS, ROLES, CampaignFacts, DaysDoNotFit, NoSuchCampaign, YearIsOver
from core.campaigner.blueprint import DAY_FORMATS, DeedForm, pages, running
from core.forms import AtMost, ChangeForm, Needed, Words
from core.i18n import Text, day, t
from core.meanwhile import Overtaken
from core.pages import data_changed
from core.sessions import identity, signed_in

WORDS: Final = (
    "issuer_vi",
    "issuer_en",
    "board_vi",
    "board_en",
    "parent_vi",
    "parent_en",
    "place_vi",
    "place_en",
    "plan_vi",
    "plan_en",
    "higher_plan_vi",
    "higher_plan_en",
)
WRONG_DAYS: Final = {
    "another year": Text(
        "Ngày này không thuộc năm của chiến dịch.", "This day is not in the campaign's year."
    ),
    "before the beginning": Text("Ngày này đứng trước ngày bắt đầu.", "This is before the beginning."),
    "to come": Text(
        "Ngày này chưa đến. Việc sắp tới thì ghi ở lịch.", "This day is to come: write it in the calendar."
    ),
    "longer than a year": Text("Chiến dịch dài quá một năm.", "The campaign is longer than a year."),
    "before the one above": Text(
        "Ngày này đứng trước hạn ở trên nó.", "This is before the deadline above it."
    ),
}


class CampaignForm(ChangeForm):
    """Everything about a year's campaign that is not a message or a day of its calendar."""

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
    plan_vi = Words(
        Text("Kế hoạch của Trung tâm: số, ngày", "The centre's plan: number, date"), [AtMost(200)]
    )
    plan_en = Words(
        Text("Kế hoạch của Trung tâm, bằng tiếng Anh", "The centre's plan in English"), [AtMost(200)]
    )
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
    figures_as_of = DateField(
        Text("Số liệu tính đến hết ngày", "Figures counted up to"), [Optional()], format=DAY_FORMATS
    )


@pages.route("/", methods=["GET", "POST"])
@signed_in(*ROLES)
def show() -> Any:
    """The campaign that the pages show now."""
    with db.reading() as session:
        found = running(session)
        earlier = session.scalars(select(Campaign.year).order_by(Campaign.year.desc())).all()
    form = CampaignForm(obj=found, data=_details(found), seen=meanwhile.mark(meanwhile.told(found)))
    if form.validate_on_submit() and _saved(form, found):
        return redirect(url_for("campaign.show"))
    page = render_template(
        "core/campaigner/year.html",
        campaign=found,
        form=form,
        deed=DeedForm(),
        words=WORDS,
        earlier=[year for year in earlier if year < found.year],
        this_year=clock.today().year,
        particulars=found.particulars,
    )
    return page, form.status


def _saved(form: CampaignForm, before: Campaign) -> bool:
    try:
        with db.writing() as session:
            seen = form.seen.data or ""
            campaign_editing.save_campaign(session, identity(), before.year, _facts(form), seen=seen)
    except DaysDoNotFit as wrong:
        form[wrong.field].errors = [WRONG_DAYS[wrong.reason]]
        return False
    except Overtaken as changed:
        form.let_pass(changed)
        return False
    except (NoSuchCampaign, YearIsOver):
        abort(404)
    data_changed()
    flash(t("Đã lưu chiến dịch.", "The campaign is saved."))
    for name in deadlines.NAMES:
        stood, stands = deadlines.as_day(before.details.get(name)), form[name].data
        if stood and stands and stood != stands:
            flash(
                t(
                    "Hạn dời từ trước ngày {} sang trước ngày {}. Ai đã nộp đúng hạn cũ vẫn là đúng hạn.",
                    "The deadline moved from before {} to before {}. Who met the old one is still on time.",
                ).format(day(stood), day(stands))
            )
    return True


@pages.post("/nam-nay")
@signed_in(*ROLES)
def begin_year() -> Any:
    """Make this year's campaign from the latest one."""
    try:
        with db.writing() as session:
            fresh = campaign_editing.begin_year(session, identity())
    except NoSuchCampaign:
        abort(404)
    except IntegrityError:  # somebody else pressed the same button at the same moment
        return redirect(url_for("campaign.show"))
    data_changed()
    flash(
        t(
            "Đã lập chiến dịch năm {}. Hãy ghi chủ đề và số kế hoạch.",
            "The campaign of {} is made. Now write the theme and the plan's number.",
        ).format(fresh.year)
    )
    return redirect(url_for("campaign.show"))


@pages.get("/<int:year>")
@signed_in(*ROLES)
def earlier(year: int) -> Any:
    """An earlier year's campaign, as it was written."""
    with db.reading() as session:
        found = session.get(Campaign, year) or abort(404)
        if found.year == running(session).year:
            return redirect(url_for("campaign.show"))
    return render_template("core/campaigner/earlier.html", campaign=found, particulars=found.particulars)


def _details(found: Campaign) -> dict[str, Any]:
    words = {name: found.details.get(name, "") for name in WORDS}
    return words | {name: deadlines.as_day(found.details.get(name)) for name in DAYS}


def _facts(form: CampaignForm) -> CampaignFacts:
    details: dict[str, Any] = {name: form[name].data or "" for name in WORDS}
    details |= {name: form[name].data.isoformat() if form[name].data else "" for name in DAYS}
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
