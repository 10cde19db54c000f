"""Help numbers: which are shown where, and when somebody last checked that they answer."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any, Final

from flask import abort, flash, redirect, render_template, url_for
from sqlalchemy import select
from wtforms import RadioField
from wtforms.fields import SelectChoice
from wtforms.validators import Regexp

from core import clock, db, editing, meanwhile
from core.access import Role
from core.administrator.blueprint import pages
from core.administrator.desk import STALE_DAYS
from core.campaign import Hotline
from core.editing import HotlineFacts, NoSuchThing, TooManyAlways
from core.forms import AtMost, ChangeForm, Needed, StaffForm, Words
from core.i18n import Text, t
from core.meanwhile import Overtaken
from core.pages import data_changed
from core.sessions import identity, signed_in

SHOWN: Final = {
    "always": Text("trên mọi trang viết thư", "on every letter page"),
    "help": Text("ở trang Số hỗ trợ", "on the help page"),
    "hidden": Text("không hiện", "not shown"),
}


class HotlineForm(ChangeForm):
    """What is written down about a help number."""

    number = Words(
        Text("Số điện thoại", "Number"),
        [
            Needed(),
            AtMost(30),
            Regexp(
                re.compile(r"^\+?[0-9][0-9 .]{1,28}$"),
                message=Text("Chỉ ghi chữ số và khoảng trắng.", "Digits and spaces only."),
            ),
        ],
    )
    name_vi = Words(Text("Nơi nghe máy", "Who answers"), [Needed(), AtMost(160)])
    name_en = Words(Text("Nơi nghe máy, bằng tiếng Anh", "Who answers, in English"), [AtMost(160)])
    when_vi = Words(Text("Gọi khi nào", "When to call"), [AtMost(160)])
    when_en = Words(Text("Gọi khi nào, bằng tiếng Anh", "When to call, in English"), [AtMost(160)])
    show = RadioField(
        Text("Hiện ở đâu", "Where it is shown"),
        choices=[SelectChoice(*one) for one in SHOWN.items()],
        default="help",
    )


class DeedForm(StaffForm):
    """A button."""


@pages.get("/so-ho-tro/")
@signed_in(Role.ADMINISTRATOR)
def hotlines() -> str:
    """Every number in its order, with the day it was last checked."""
    with db.reading() as session:
        lines = list(session.scalars(select(Hotline).order_by(Hotline.position)))
    return render_template(
        "core/hotlines.html", lines=lines, shown=SHOWN, form=DeedForm(), today=clock.today(), stale=STALE_DAYS
    )


@pages.post("/so-ho-tro/<hotline_id>/<any(goi, len, xuong):deed>")
@signed_in(Role.ADMINISTRATOR)
def change_hotline(hotline_id: str, deed: str) -> Any:
    """ "I have just called, it answers", or a step up or down in the list."""
    try:
        with db.writing() as session:
            if deed == "goi":
                line = editing.hotline_answers(session, identity(), hotline_id)
                flash(t("Đã ghi: số {} hoạt động.", "Noted: {} answers.").format(line.number))
            else:
                editing.move_hotline(session, identity(), hotline_id, up=deed == "len")
    except NoSuchThing:
        abort(404)
    data_changed()
    return redirect(url_for("administrator.hotlines", _anchor=hotline_id))


@pages.route("/so-ho-tro/moi", methods=["GET", "POST"])
@signed_in(Role.ADMINISTRATOR)
def new_hotline() -> Any:
    """Add a number that somebody has just called."""
    return _save(None, HotlineForm())


@pages.route("/so-ho-tro/<hotline_id>", methods=["GET", "POST"])
@signed_in(Role.ADMINISTRATOR)
def hotline(hotline_id: str) -> Any:
    """Change a number."""
    with db.reading() as session:
        found = session.get(Hotline, hotline_id) or abort(404)
    return _save(found, HotlineForm(obj=found, seen=meanwhile.mark(editing.written_of(found))))


def _save(found: Hotline | None, form: HotlineForm) -> Any:
    if form.validate_on_submit():
        facts = HotlineFacts(**{one.name: form[one.name].data or "" for one in fields(HotlineFacts)})
        try:
            with db.writing() as session:
                known, seen = found.id if found else None, form.seen.data or ""
                editing.save_hotline(session, identity(), known, facts, seen=seen)
        except Overtaken as changed:
            form.let_pass(changed)
        except NoSuchThing:
            abort(404)
        except TooManyAlways:
            form.show.errors = [
                Text(
                    "Trên mọi trang đã có bốn số. Hãy chuyển một số khác sang trang Số hỗ trợ trước.",
                    "Four numbers stand on every page already. Move another to the help page first.",
                )
            ]
        else:
            data_changed()
            flash(t("Đã lưu số hỗ trợ.", "The help number is saved."))
            return redirect(url_for("administrator.hotlines"))
    return render_template("core/hotline.html", line=found, form=form), form.status
