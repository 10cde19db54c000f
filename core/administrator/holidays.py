"""The days on which nobody works: what clocks and promised days leave out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from sqlalchemy import select
from wtforms import DateField

from core import clock, db, editing
from core.access import Role
from core.administrator.blueprint import pages
from core.administrator.hotlines import DeedForm
from core.campaign import Holiday
from core.editing import NoSuchThing
from core.forms import AtMost, Needed, StaffForm, Words
from core.i18n import Text, day, t
from core.sessions import identity, signed_in


class HolidayForm(StaffForm):
    """A day and what it is called."""

    day = DateField(Text("Ngày", "Day"), [Needed()], format=["%d/%m/%Y", "%Y-%m-%d"])
    name_vi = Words(Text("Tên ngày nghỉ", "Name"), [Needed(), AtMost(160)])
    name_en = Words(Text("Tên bằng tiếng Anh", "Name in English"), [AtMost(160)])


@pages.route("/ngay-nghi/", methods=["GET", "POST"])
@signed_in(Role.ADMINISTRATOR)
def holidays() -> Any:
    """The coming days off, and a form for one more."""
    form = HolidayForm()
    if form.validate_on_submit():
        with db.writing() as session:
            editing.save_holiday(
                session, identity(), form.day.data, form.name_vi.data, form.name_en.data or ""
            )
        flash(t("Đã thêm ngày nghỉ {}.", "{} is a day off.").format(day(form.day.data)))
        return redirect(url_for("administrator.holidays"))
    since = clock.today() - timedelta(days=31)
    with db.reading() as session:
        days = list(session.scalars(select(Holiday).where(Holiday.day >= since).order_by(Holiday.day)))
    page = render_template("core/holidays.html", days=days, form=form, deed=DeedForm())
    return page, 422 if form.errors else 200


@pages.post("/ngay-nghi/<written>/<any(bo, chac):deed>")
@signed_in(Role.ADMINISTRATOR)
def change_holiday(written: str, deed: str) -> Any:
    """Take a day off the list, or say that it was announced."""
    try:
        with db.writing() as session:
            if deed == "bo":
                editing.remove_holiday(session, identity(), written)
            else:
                editing.confirm_holiday(session, identity(), written)
    except NoSuchThing:
        abort(404)
    flash(t("Đã lưu danh sách ngày nghỉ.", "The list of days off is saved."))
    return redirect(url_for("administrator.holidays"))
