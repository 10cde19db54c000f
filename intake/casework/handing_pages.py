"""Pages on which a handler hands a case to a colleague, or steps back from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from wtforms import RadioField
from wtforms.fields import SelectChoice

from core import db
from core.access import Role, require
from core.forms import AtMost, Lines, Needed, StaffForm
from core.i18n import Text, day, t
from core.roster import Member
from core.sessions import identity, seed, signed_in
from intake.casework import handing, wish_marks
from intake.casework.handing import HandingDamaged, LastReader, NotTold
from intake.casework.refusals import answer_refusals
from intake.desk import desk_memory
from intake.desk.desk import Listed

pages = Blueprint("handing", __name__, url_prefix="/lam-viec")

LETTER: Final = Text(
    "Chúng tôi muốn mời thêm một đồng nghiệp cùng đọc thư của bạn: {name}, {title}. "
    "Nếu bạn không muốn người này đọc, hãy viết lại ở đây. Bạn không cần nêu lý do.",
    "We would like a colleague to read your letter as well: {name}, {title}. "
    "If you do not want this person to read it, write back here. You need not say why.",
)


class TellForm(StaffForm):
    """To whom, and what the reporter is told."""

    to = RadioField(
        Text("Chuyển cho ai", "To whom"),
        [Needed(Text("Bạn chọn một đồng nghiệp.", "Choose a colleague."))],
    )
    message = Lines(
        Text("Tin cho người viết", "Message to the reporter"),
        [Needed(Text("Chưa có nội dung tin.", "The message is empty.")), AtMost(4000)],
    )

    def offer(self, people: Sequence[Member]) -> None:
        """Name those to whom the case may go."""
        self.to.choices = [SelectChoice(one.id, f"{one.name}, {one.title}") for one in people]


answer_refusals(pages)


@pages.errorhandler(HandingDamaged)
def _damaged(_damage: Exception) -> tuple[str, int]:
    kept = request.form.get("message", "")
    return render_template("intake/refused.html", why="damage", kept=kept), 500


@pages.get("/<case_id>/chuyen")
@signed_in(Role.HANDLER)
def hand_on(case_id: str) -> Any:
    """Whom the case may go to, whom the reporter was told of."""
    return _show(case_id, TellForm(formdata=None))


@pages.post("/<case_id>/chuyen/bao")
@signed_in(Role.HANDLER)
def tell_reporter(case_id: str) -> Any:
    """Tell the reporter first."""
    form = TellForm()
    who = require(identity(), Role.HANDLER)
    with db.writing() as session:
        form.offer(handing.outlook(session, who, seed(), case_id).candidates)
    if not form.validate():
        return _show(case_id, form)
    with db.writing() as session:
        handing.tell(session, who, seed(), case_id, form.to.data, form.message.data)
    flash(
        t(
            "Đã báo người viết. Bạn có thể chuyển sau khi chờ họ trả lời.",
            "The reporter is told. Hand it over after giving them time to answer.",
        )
    )
    return redirect(url_for("handing.hand_on", case_id=case_id), 303)


@pages.post("/<case_id>/chuyen/xong")
@signed_in(Role.HANDLER)
def let_in(case_id: str) -> Any:
    """Let the colleague in."""
    try:
        with db.writing() as session:
            handing.hand_over(
                session, require(identity(), Role.HANDLER), seed(), case_id, request.form.get("to", "")
            )
    except NotTold:
        flash(
            t("Người viết chưa được báo về đồng nghiệp này.", "The reporter was not told of this colleague.")
        )
        return redirect(url_for("handing.hand_on", case_id=case_id), 303)
    flash(
        t(
            "Đã chuyển. Đồng nghiệp thấy thư này trong danh sách của mình.",
            "Handed over. Your colleague finds the letter in their list.",
        )
    )
    return redirect(url_for("handler.case", case_id=case_id), 303)


@pages.route("/<case_id>/rut", methods=["GET", "POST"])
@signed_in(Role.HANDLER)
def step_back(case_id: str) -> Any:
    """Ask once, then give up one's own slot."""
    line = _line(case_id)
    form = StaffForm()
    if not form.validate_on_submit():
        return render_template("intake/step_back.html", case=line, last=False)
    try:
        with db.writing() as session:
            handing.step_back(session, require(identity(), Role.HANDLER), seed(), case_id)
    except LastReader:
        return render_template("intake/step_back.html", case=line, last=True), 409
    desk_memory.forget(desk_memory.here(), case_id)
    flash(t("Bạn đã rút khỏi vụ việc này.", "You have stepped back from this case."))
    return redirect(url_for("handler.desk"), 303)


def _show(case_id: str, form: TellForm) -> Any:
    with db.writing() as session:
        found = handing.outlook(session, require(identity(), Role.HANDLER), seed(), case_id)
    form.offer(found.candidates)
    if not form.message.data and len(found.candidates) == 1:
        one = found.candidates[0]
        form.to.data = form.to.data or one.id
    if form.message.data is None:
        form.message.data = str(LETTER).format(**_named(found.candidates))
    page = render_template(
        "intake/hand_on.html",
        case=_line(case_id),
        form=form,
        others=found.others,
        candidates=found.candidates,
        told=[(one, day(date.fromisoformat(one.on[:10]))) for one in found.told],
        gone=found.gone,
    )
    return page, 422 if form.errors else 200


def _named(people: Sequence[Member]) -> dict[str, str]:
    if len(people) == 1:
        return {"name": people[0].name, "title": str(people[0].title)}
    return {"name": "…", "title": "…"}


def _line(case_id: str) -> Listed:
    return wish_marks.line(require(identity(), Role.HANDLER), seed(), case_id)
