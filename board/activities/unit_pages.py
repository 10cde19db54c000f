"""The page of a unit's reporter: what was planned and done, what is still unsaid, filing, correcting, paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_wtf.csrf import generate_csrf
from sqlalchemy.orm import Session

from board.activities import photographs, reports
from board.activities.kinds import GROUPS, KINDS, OFFERED
from board.activities.lines import Line
from board.activities.models import UnitReport
from board.activities.paper import Paper, as_document, paper_of
from board.activities.reports import ChangedMeanwhile, NotNow, NoUnit
from board.activities.sense import Month, doubts
from board.activities.words import LEAVE_OUT, STATES, TAGS, in_short
from core import clock, db, document, heavy
from core.access import Identity, Role
from core.campaign import Campaign, now_running
from core.deadlines import Standing, days_left, standing
from core.forms import StaffForm
from core.i18n import speak, t
from core.sessions import identity, signed_in
from core.units import Unit, heirs

pages = Blueprint("unit", __name__, url_prefix="/don-vi")


class DeedForm(StaffForm):
    """A button."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What stands on a unit's desk. lines: type → its entries; unsaid: types nothing was said about."""

    unit: Unit
    campaign: Campaign
    report: UnitReport | None
    lines: dict[str, list[Line]]
    pictures: dict[str, list[tuple[str, int, int]]]
    doubts: dict[str, list[Any]]
    unsaid: tuple[str, ...]
    to_copy: int
    heirs: tuple[Unit, ...]
    """Who took the unit over, where it is no more."""

    @property
    def state(self) -> str:
        return self.report.state if self.report else "never"

    @property
    def open(self) -> bool:
        return self.state in ("never", "drafted", "returned")

    @property
    def late(self) -> bool:
        filed = self.report.first_filed_on if self.report else None
        return filed is not None and standing(filed, self.campaign.particulars.units_report) is Standing.LATE

    @property
    def days_left(self) -> int | None:
        deadline = self.campaign.particulars.units_report
        return days_left(clock.today(), deadline) if deadline else None


@pages.get("/")
@signed_in(Role.UNIT)
def desk() -> str:
    """Everything the unit did and plans, by type; types without a word; the way to filing."""
    return render_template(
        "board/activities/desk.html",
        desk=_desk(),
        groups=GROUPS,
        kinds=KINDS,
        states=STATES,
        tags=TAGS,
        in_short=in_short,
        leave_out=LEAVE_OUT,
        form=DeedForm(),
    )


@pages.post("/khong")
@signed_in(Role.UNIT)
def none() -> Any:
    """One tap says that there was nothing of a type, or of all that are left; one more takes it back."""
    code, all_left, back = (request.form.get(name, "") for name in ("none", "rest", "some"))
    try:
        with db.writing() as session:
            year = running_year(session).year
            if back:
                reports.take_back_none(session, identity(), year, back)
            else:
                codes = [kind.code for kind in OFFERED] if all_left else [code]
                reports.say_none(session, identity(), year, codes)
    except NotNow:
        return tell_filed()
    return redirect(url_for("unit.desk", _anchor="nop" if all_left else code or back))


@pages.post("/nam-truoc")
@signed_in(Role.UNIT)
def copy() -> Any:
    """Plan what was done last year."""
    try:
        with db.writing() as session:
            made = reports.copy_last_year(session, identity(), running_year(session).year)
    except NotNow:
        return tell_filed()
    flash(
        t(
            "Đã chép {} mục của năm trước làm dự kiến. Số liệu để trống.",
            "{} entries of last year were copied as plans, without numbers.",
        ).format(made)
    )
    return redirect(url_for("unit.desk"))


@pages.route("/nop", methods=["GET", "POST"])
@signed_in(Role.UNIT)
def file() -> Any:
    """Look once more at everything, then file."""
    form = DeedForm()
    found = _desk()
    if not found.open:
        return redirect(url_for("unit.desk"))
    if not form.validate_on_submit():
        return _before_filing(found, form)
    try:
        with db.writing() as session:
            seen = request.form.get("seen", -1, type=int)
            reports.file(session, identity(), running_year(session).year, seen=seen)
    except ChangedMeanwhile:
        flash(
            t(
                "Báo cáo vừa được sửa. Bạn xem lại rồi nộp.",
                "It was changed just now. Look again, then file.",
            ),
            "soon",
        )
        return redirect(url_for("unit.file"))
    except NotNow:
        return tell_filed()
    flash(t("Đã nộp báo cáo. Cảm ơn bạn.", "The report is filed. Thank you."))
    return redirect(url_for("unit.desk"))


@pages.post("/sua")
@signed_in(Role.UNIT)
def correct() -> Any:
    """Open a filed report for correction."""
    try:
        with db.writing() as session:
            reports.correct(session, identity(), running_year(session).year)
    except NotNow:
        return tell_filed()
    flash(
        t(
            "Bạn sửa được rồi. Bản đã nộp vẫn được tính cho đến khi bạn nộp lại.",
            "You can correct it now. What was filed counts until you file again.",
        ),
        "info",
    )
    return redirect(url_for("unit.desk"))


@pages.get("/in")
@signed_in(Role.UNIT)
def paper() -> str:
    """The unit's own report in the layout of an office."""
    return render_template(
        "board/activities/paper.html",
        paper=_paper(),
        file=url_for("unit.paper_file"),
        back=url_for("unit.desk"),
    )


@pages.get("/bao-cao.docx")
@signed_in(Role.UNIT)
def paper_file() -> Any:
    """The same as a document, in Vietnamese whatever the language of the page."""
    speak("vi")
    return document_of(_paper(), url_for("unit.paper"))


def document_of(paper: Paper, back: str) -> Any:
    """A report on paper as .docx, or back to its page while the machine is busy."""
    try:
        made = document.bytes_of(heavy.run("board.report.layout:docx_job", as_document(paper)))
    except heavy.HeavyBusy:
        flash(str(document.BUSY))
        return redirect(back)
    answer = Response(made, content_type=document.WORD)
    answer.headers["Content-Disposition"] = f'attachment; filename="bao-cao-{paper.day.year}.docx"'
    return answer


def _paper() -> Paper:
    with db.reading() as session:
        unit = reports.own_unit(session, identity())
        campaign = running_year(session)
        report = reports.report_of(session, unit.id, campaign.year)
        lines = [reports.line_of(one) for one in reports.entries(session, report)]
    return paper_of(unit, campaign, report, lines)


@pages.get("/ma-trang")
@signed_in(Role.UNIT)
def token() -> Any:
    """The form token of this session, for an open page whose writer had to sign in anew."""
    return jsonify(token=generate_csrf())


@pages.errorhandler(NoUnit)
def no_unit(_error: NoUnit) -> Any:
    """The account is tied to no unit: who can help."""
    return make_response(render_template("board/activities/no_unit.html"), 200)


def running_year(session: Session) -> Campaign:
    """The campaign that units report for now."""
    return now_running(session) or abort(404)


def month_of(session: Session, who: Identity | None) -> Month:
    """What this person's entries are compared with."""
    return month(reports.own_unit(session, who).kind, running_year(session))


def tell_filed() -> Any:
    """Said to somebody who writes in a report that was filed meanwhile."""
    flash(
        t(
            "Báo cáo đã nộp. Bấm “Sửa báo cáo” để sửa.",
            "The report is filed. Choose “Correct it” to change it.",
        ),
        "soon",
    )
    return redirect(url_for("unit.desk"))


def month(unit_kind: str, campaign: Campaign) -> Month:
    """What the entries of a kind of unit are compared with, today."""
    return Month(unit_kind=unit_kind, begins=campaign.begins, ends=campaign.ends, today=clock.today())


def _desk() -> Desk:
    with db.reading() as session:
        unit = reports.own_unit(session, identity())
        campaign = running_year(session)
        report = reports.report_of(session, unit.id, campaign.year)
        found = [reports.line_of(one) for one in reports.entries(session, report)]
        pictures = photographs.of_entries(session, [line.id for line in found])
        to_copy = reports.last_years(session, report, unit.id, campaign.year)
        ended = unit.valid_until is not None and unit.valid_until < clock.today()
        after = heirs(session, unit.id) if ended else []
    lines: dict[str, list[Line]] = {}
    for line in found:
        lines.setdefault(line.type_code, []).append(line)
    looked: dict[str, list[Any]] = {}
    for doubt in doubts(found, month(unit.kind, campaign)):
        looked.setdefault(doubt.line_id, []).append(doubt.words)
    return Desk(
        unit=unit,
        campaign=campaign,
        report=report,
        lines=lines,
        pictures=pictures,
        doubts=looked,
        unsaid=tuple(kind.code for kind in OFFERED if kind.code not in lines),
        to_copy=to_copy,
        heirs=tuple(after),
    )


def _before_filing(found: Desk, form: DeedForm) -> str:
    flat = [line for lines in found.lines.values() for line in lines]
    return render_template(
        "board/activities/file.html",
        desk=found,
        form=form,
        kinds=KINDS,
        in_short=in_short,
        held=[line for line in flat if line.state == "held"],
        planned=[line for line in flat if line.state == "planned"],
        zeros=[line for line in flat if line.state == "none"],
    )
