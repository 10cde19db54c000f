"""The secretary's pages of the report to the Department of Health: what it would say now, writing, taking it along."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from sqlalchemy import select

from board.activities import photographs, standing
from board.activities.sense import NAMES_SOMEBODY
from board.ledger import NotAsPublished
from board.report import annex, missing, paper, writing
from board.report.forms import (
    CentreForm,
    DeedForm,
    FormalForm,
    PartForm,
    PhotosForm,
    SendForm,
    SupplementForm,
    texts_of,
)
from board.report.gathering import (
    Gathered,
    NoSuchCampaign,
    gather,
    held_by,
    planned_as_of,
    told,
    with_photographs,
)
from board.report.layout import docx_job
from board.report.parts import CHAPTERS, PHOTOS, PHOTOS_AT_MOST, WRITTEN
from core import clock, db, document, heavy, meanwhile
from core.access import Role
from core.campaign import Campaign, now_running
from core.forms import ChangeForm
from core.i18n import Text, t
from core.meanwhile import Overtaken, Stands
from core.sessions import identity, signed_in

pages = Blueprint("department_report", __name__, url_prefix="/dieu-hanh/bao-cao-so-y-te")

JOB: Final = f"{docx_job.__module__}:{docx_job.__name__}"
KINDS: Final = {
    "report": Text("Báo cáo", "Report"),
    "supplement": Text("Báo cáo bổ sung", "Supplement"),
}
OFFERED: Final = 60
"""So many photographs are shown to choose from."""
_FILES: Final = {"report": "bao-cao", "supplement": "bao-cao-bo-sung"}
_SAVED: Final = Text("Đã lưu.", "Saved.")
_MOVED: Final = Text(
    "Số liệu vừa đổi sau khi bạn mở trang. Bạn tải lại văn bản, xem rồi chốt.",
    "Something changed since you opened this page. Download the document again, look, then close it.",
)
_SENT: Final = Text(
    "Báo cáo đã chốt nên không sửa được nữa.", "The report was closed, so it does not change any more."
)


@pages.get("/")
@signed_in(Role.CAMPAIGNER)
def this_year() -> Any:
    """The report of the campaign that runs now."""
    with db.reading() as session:
        campaign = now_running(session) or abort(404)
    return redirect(url_for("department_report.show", year=campaign.year))


@pages.get("/<int:year>")
@signed_in(Role.CAMPAIGNER)
def show(year: int) -> str:
    """What the report would say now, what is missing, and the files."""
    found = _gathered(year)
    return render_template(
        "board/report/show.html",
        found=found,
        chapters=CHAPTERS,
        lacks=missing.lacks(found),
        deadline=found.facts.particulars.centre_reports,
        today=clock.today(),
        planned=planned_as_of(found.campaign),
        years=_years(),
    )


def _years() -> list[int]:
    """Every year with a campaign, the newest first."""
    with db.reading() as session:
        return list(session.scalars(select(Campaign.year).order_by(Campaign.year.desc())))


@pages.route("/<int:year>/muc/<part>", methods=["GET", "POST"])
@signed_in(Role.CAMPAIGNER)
def part(year: int, part: str) -> Any:
    """Write one part, beside what the data suggest."""
    about = WRITTEN.get(part) or abort(404)
    found = _gathered(year)
    suggested = found.suggested[part]
    form = PartForm(text=found.facts.texts[part], seen=_mark_of(found, (part,)))
    if form.validate_on_submit():
        text = form.text.data or ""
        # Words that are still the suggestion stay one, and follow the figures.
        kept = "" if text == suggested.strip() else text
        if _written(year, form, {part: kept}, lambda stands: {"text": stands[part] or suggested}):
            if missing.points_to_somebody(part, kept):
                flash(str(NAMES_SOMEBODY), "soon")
            return redirect(url_for("department_report.show", year=year, _anchor=part))
    page = render_template(
        "board/report/part.html",
        found=found,
        about=about,
        form=form,
        suggested=suggested,
        mark=_mark_of(found, (part,)),
    )
    return page, form.status


@pages.route("/<int:year>/the-thuc", methods=["GET", "POST"])
@signed_in(Role.CAMPAIGNER)
def formal(year: int) -> Any:
    """Number, day, addressee, signature, recipients; once the report is closed, those of the supplement."""
    found = _gathered(year)
    known = found.facts.formal
    days = {name: paper.read_day(known[name]) for name in ("day", "supplement_day")}
    usual = {
        "symbol": paper.SYMBOL,
        "addressee": paper.addressee(found.facts),
        "signing": "director",
        "recipients": paper.RECIPIENTS,
    }
    words = {name: known[name] or usual.get(name, "") for name in known}
    kind = SupplementForm if "report" in found.sent else FormalForm
    return _several(kind(data={**words, **days}), found, "board/report/formal.html", usual)


@pages.route("/<int:year>/so-cua-trung-tam", methods=["GET", "POST"])
@signed_in(Role.CAMPAIGNER)
def centre(year: int) -> Any:
    """What the centre as a whole counted."""
    found = _gathered(year)
    return _several(CentreForm(data=dict(found.centre)), found, "board/report/centre.html", {})


def _several(form: ChangeForm, found: Gathered, template: str, usual: Mapping[str, str]) -> Any:
    """A page of several small parts. usual: what stands there by itself, and is not kept."""
    year = found.facts.year
    if form.validate_on_submit():
        texts = texts_of(form)
        kept = {name: "" if words == usual.get(name) else words for name, words in texts.items()}
        if _written(
            year, form, kept, lambda stands: {name: stands[name] or usual.get(name, "") for name in stands}
        ):
            return redirect(url_for("department_report.show", year=year))
    elif not form.is_submitted():
        form.seen.data = _mark_of(found, texts_of(form))
    return render_template(template, found=found, form=form), form.status


def _mark_of(found: Gathered, parts: Iterable[str]) -> str:
    """What a page of these parts was made from."""
    return meanwhile.mark(writing.stands(found.written, parts))


def _written(
    year: int, form: ChangeForm, texts: Mapping[str, str], as_fields: Callable[[Stands], Stands]
) -> bool:
    """Whether the page is done with. as_fields: what stands in the parts, as the form would show it."""
    try:
        with db.writing() as session:
            writing.write(session, identity(), year, texts, form.seen.data or "")
    except Overtaken as changed:
        form.let_pass(changed, as_fields(changed.stands))
        return False
    except writing.AlreadySent:
        flash(str(_SENT), "soon")
        return True
    flash(str(_SAVED))
    return True


@pages.route("/<int:year>/anh", methods=["GET", "POST"])
@signed_in(Role.CAMPAIGNER)
def photos(year: int) -> Any:
    """Choose the photographs of annex III."""
    found = _gathered(year)
    form = PhotosForm(seen=_mark_of(found, (PHOTOS,)))
    with db.reading() as session:
        form.offer(photographs.of_year(session, year, OFFERED))
    if form.validate_on_submit():
        kept = " ".join(form.photos.data)
        if _written(year, form, {PHOTOS: kept}, lambda stands: {PHOTOS: stands[PHOTOS].split()}):
            return redirect(url_for("department_report.show", year=year))
    elif not form.is_submitted():
        form.photos.data = found.written.get(PHOTOS, "").split()
    page = render_template(
        "board/report/photos.html", found=found, form=form, most=PHOTOS_AT_MOST, offered=OFFERED
    )
    return page, form.status


@pages.get("/<int:year>/<any(report, supplement):kind>.docx")
@signed_in(Role.CAMPAIGNER)
def as_document(year: int, kind: str) -> Any:
    """The document: as it was sent, or as it would be now."""
    found = _gathered(year, kind)
    payload = _as_sent(year, kind)["docx"] if kind in found.sent else _whole(found).document
    return _file("docx", JOB, payload, f"{_FILES[kind]}-{year}", year)


@pages.get("/<int:year>/<any(report, supplement):kind>.xlsx")
@signed_in(Role.CAMPAIGNER)
def as_workbook(year: int, kind: str) -> Any:
    """The annex as a workbook: as it was sent, or as it would be now."""
    found = _gathered(year, kind)
    payload = _as_sent(year, kind)["xlsx"] if kind in found.sent else _workbook(found)
    return _file("xlsx", "core.document:xlsx_job", payload, f"phu-luc-{_FILES[kind]}-{year}", year)


def _as_sent(year: int, kind: str) -> dict[str, Any]:
    with db.reading() as session:
        return writing.as_sent(session, year, kind)


def _file(kind: str, job: str, payload: Mapping[str, Any], name: str, year: int) -> Any:
    try:
        made = document.bytes_of(heavy.run(job, payload))
    except (heavy.HeavyBusy, heavy.HeavyFailed):
        flash(str(document.BUSY))
        return redirect(url_for("department_report.show", year=year))
    answer = Response(made, content_type=document.WORD if kind == "docx" else document.SHEETS)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return answer


@pages.route("/<int:year>/chot/<any(report, supplement):kind>", methods=["GET", "POST"])
@signed_in(Role.CAMPAIGNER)
def send(year: int, kind: str) -> Any:
    """Close a report as it is sent, after saying what that means."""
    found = _gathered(year, kind)
    form, mark = SendForm(), _mark(found)
    if kind not in found.sent and not (form.validate_on_submit() and form.seen.data == mark):
        return _before_sending(found, kind, form, mark)
    try:
        with db.writing() as session:
            writing.send(
                session,
                identity(),
                year,
                kind,
                as_of=found.facts.as_of,
                document={"docx": _whole(found).document, "xlsx": _workbook(found)},
                told=told(found),
            )
    except writing.AlreadySent:
        flash(str(_SENT), "info")
    else:
        flash(t("Đã chốt. Bản này giữ nguyên từ nay.", "Closed. It stays as it is from now on."))
    return redirect(url_for("department_report.show", year=year))


def _mark(found: Gathered) -> str:
    """What a page was made from: nobody closes what they have not seen."""
    told = [found.document, found.written.get(PHOTOS, "")]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def _before_sending(found: Gathered, kind: str, form: SendForm, mark: str) -> Any:
    if form.is_submitted():
        flash(str(_MOVED), "soon")
    form.seen.data, lacks = mark, missing.lacks(found)
    page = render_template(
        "board/report/send.html", found=found, kind=kind, kinds=KINDS, form=form, lacks=lacks
    )
    return page, 409 if form.is_submitted() else 200


@pages.route("/<int:year>/mo-lai/<any(report, supplement):kind>", methods=["GET", "POST"])
@signed_in(Role.CAMPAIGNER)
def reopen(year: int, kind: str) -> Any:
    """Open a closed report again: it was not sent after all, or came back."""
    found = _gathered(year)
    form = DeedForm()
    if kind in found.sent and not form.validate_on_submit():
        return render_template("board/report/reopen.html", found=found, kind=kind, kinds=KINDS, form=form)
    try:
        with db.writing() as session:
            writing.reopen(session, identity(), year, kind)
    except (writing.NotSentYet, writing.AlreadySent):
        flash(t("Không mở lại được bản này.", "This one cannot be opened again."), "info")
    else:
        flash(
            t("Đã mở lại. Số liệu lại theo dữ liệu mới nhất.", "Open again. Figures follow the data again.")
        )
    return redirect(url_for("department_report.show", year=year))


@pages.errorhandler(NotAsPublished)
def not_as_published(_error: NotAsPublished) -> Any:
    """No report is made of figures that somebody has changed."""
    return render_template("board/not_as_published.html"), 500


def _workbook(found: Gathered) -> dict[str, Any]:
    """The annex, with what each unit did."""
    with db.reading() as session:
        reports = standing.filed_reports(session, found.facts.year)
    units = [(one.name.vi, held_by(one.lines, found.facts.as_of)) for one in reports]
    return annex.workbook(found.facts, units)


def _whole(found: Gathered) -> Gathered:
    """With its photographs; a supplement has none."""
    if found.facts.sent:
        return found
    with db.reading() as session:
        return with_photographs(session, identity(), found)


def _gathered(year: int, kind: str = "report") -> Gathered:
    try:
        with db.reading() as session:
            return gather(session, year, kind)
    except (NoSuchCampaign, writing.NotSentYet):
        abort(404)
