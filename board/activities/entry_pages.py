"""One entry of a unit's report: written, saved as it is typed, taken away; and its photographs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from board.activities import photographs, reports
from board.activities.drawing import NotAPhotograph
from board.activities.entry_form import EntryForm, differences, filled, form_of, said
from board.activities.kinds import KINDS, Kind
from board.activities.lines import Line
from board.activities.models import PHOTOS_EACH, Activity, UnitReport
from board.activities.photographs import ARRIVING, EnoughPhotographs
from board.activities.reports import ChangedMeanwhile, NotNow
from board.activities.sense import of_line
from board.activities.unit_pages import month_of, running_year, tell_filed
from board.activities.words import LEAVE_OUT
from core import db, document, heavy
from core.access import Role
from core.db import new_id
from core.forms import StaffForm
from core.i18n import Text, t
from core.request import takes_up_to
from core.sessions import identity, signed_in

pages = Blueprint("entry", __name__, url_prefix="/don-vi/hoat-dong")

_ID: Final = re.compile("[0-9a-f]{32}")


class DeedForm(StaffForm):
    """A button."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What a page knows of the entry it shows: its version when the page was opened, and the page's own mark."""

    entry_id: str
    version: int
    hand: str


@pages.get("/moi/<code>")
@signed_in(Role.UNIT)
def new(code: str) -> Any:
    """A blank entry of a type. Nothing is kept before somebody writes."""
    kind = _offered(code)
    blank = {f"n_{field.code}": 1 for field in kind.fields} if kind.participants else {}
    with db.reading() as session:
        reports.own_unit(session, identity())
    return _page(kind, form_of(kind)(data=blank), _Seen(entry_id=new_id(), version=0, hand=new_id()))


@pages.get("/<entry_id>")
@signed_in(Role.UNIT)
def show(entry_id: str) -> Any:
    """An entry as it stands, to be changed."""
    with db.reading() as session:
        found = reports.own_entry(session, identity(), running_year(session).year, entry_id) or abort(404)
    kind, line = _offered(found.type_code), reports.line_of(found)
    seen = _Seen(entry_id=entry_id, version=found.version, hand=new_id())
    return _page(kind, form_of(kind)(data=filled(kind, line)), seen)


@pages.post("/<entry_id>")
@signed_in(Role.UNIT)
def save(entry_id: str) -> Any:
    """Keep what was written. Asked by the page itself while somebody types, it answers in JSON."""
    kind, seen = _offered(request.form.get("kind", "")), _seen(entry_id)
    form = form_of(kind)()
    if not form.validate_on_submit():
        if _quiet():
            return jsonify(errors=_errors(form)), 422
        return _page(kind, form, seen), 422
    try:
        with db.writing() as session:
            saved = _kept(session, form, kind, seen)
            doubts = of_line(reports.line_of(saved), month_of(session, identity()))
    except ChangedMeanwhile as changed:
        return _both(kind, form, seen, changed)
    except NotNow:
        return (jsonify(closed=True), 409) if _quiet() else tell_filed()
    if _quiet():
        return jsonify(version=saved.version, doubts=[str(words) for words in doubts])
    flash(t("Đã lưu: {}.", "Saved: {}.").format(kind.name))
    return redirect(url_for("unit.desk", _anchor=kind.code))


@pages.route("/<entry_id>/bo", methods=["GET", "POST"])
@signed_in(Role.UNIT)
def remove(entry_id: str) -> Any:
    """Take an entry away, after asking once."""
    form = DeedForm()
    with db.reading() as session:
        found = reports.own_entry(session, identity(), running_year(session).year, entry_id) or abort(404)
        pictures = photographs.of_entries(session, [entry_id]).get(entry_id, [])
        filed = session.get_one(UnitReport, found.report_id).filed is not None
    if not form.validate_on_submit():
        return render_template(
            "board/activities/remove.html",
            entry=found,
            line=reports.line_of(found),
            kind=KINDS[found.type_code],
            pictures=len(pictures),
            filed=filed,
            form=form,
        )
    try:
        with db.writing() as session:
            year = running_year(session).year
            reports.remove(session, identity(), year, entry_id, seen=request.form.get("seen", 0, type=int))
    except ChangedMeanwhile:
        flash(t("Mục này vừa được sửa. Bạn xem lại.", "It was changed just now. Please look."), "soon")
        return redirect(url_for("entry.show", entry_id=entry_id))
    except NotNow:
        return tell_filed()
    flash(t("Đã bỏ một mục.", "One entry was taken away."))
    return redirect(url_for("unit.desk", _anchor=found.type_code))


@pages.post("/<entry_id>/anh")
@signed_in(Role.UNIT)
@takes_up_to(ARRIVING)
def add_photograph(entry_id: str) -> Any:
    """Keep a photograph, drawn anew and small."""
    wrong = _added(entry_id)
    if _quiet():
        return (jsonify(wrong=str(wrong)), 422) if wrong else jsonify(kept=True)
    if wrong:
        flash(str(wrong), "soon")
    return redirect(url_for("entry.show", entry_id=entry_id, _anchor="anh"))


@pages.post("/<entry_id>/anh/<photo_id>/bo")
@signed_in(Role.UNIT)
def remove_photograph(entry_id: str, photo_id: str) -> Any:
    """Take one photograph away."""
    try:
        with db.writing() as session:
            photographs.remove(session, identity(), running_year(session).year, entry_id, photo_id)
    except NotNow:
        return tell_filed()
    return redirect(url_for("entry.show", entry_id=entry_id, _anchor="anh"))


@pages.get("/anh/<photo_id>.jpg")
@signed_in(Role.UNIT)
def photograph(photo_id: str) -> Response:
    """A photograph of the person's own unit."""
    with db.reading() as session:
        unit = reports.own_unit(session, identity())
        image = photographs.image(session, identity(), photo_id, unit.id)
    return Response(image, content_type="image/jpeg")


_TOO_LARGE: Final = Text(
    "Ảnh này lớn quá 12 MB. Bạn chụp ở cỡ nhỏ hơn, hoặc bật JavaScript để trang tự thu nhỏ.",
    "This photograph is larger than 12 MB. Take it smaller, or let scripts run: the page then makes it small.",
)
_NO_PICTURE: Final = Text(
    "Tệp này không phải ảnh JPEG, PNG hoặc WebP đọc được.",
    "This file is not a JPEG, PNG or WebP picture that can be read.",
)
_NOTHING: Final = Text("Bạn chưa chọn ảnh.", "Choose a photograph first.")
_ENOUGH: Final = Text(f"Mỗi mục nhiều nhất {PHOTOS_EACH} ảnh.", f"At most {PHOTOS_EACH} photographs each.")
_FILED: Final = Text(
    "Báo cáo đã nộp, nên không thêm ảnh được.", "The report is filed; no pictures can be added."
)


def _added(entry_id: str) -> Text | None:
    """What is wrong about the photograph that came, or None when it is kept."""
    original = request.files["photo"].read() if "photo" in request.files else b""
    if not original:
        return _NOTHING
    try:
        drawn = photographs.made_small(original)
        with db.writing() as session:
            photographs.add(session, identity(), running_year(session).year, entry_id, drawn)
    except NotAPhotograph:
        return _NO_PICTURE
    except EnoughPhotographs:
        return _ENOUGH
    except NotNow:
        return _FILED
    except heavy.HeavyBusy:
        return document.BUSY
    return None


@pages.errorhandler(413)
def too_large(_error: Exception) -> Any:
    """One clear sentence for a photograph that is too large to be sent; the entry stays as it was."""
    if _quiet():
        return jsonify(wrong=str(_TOO_LARGE)), 413
    flash(str(_TOO_LARGE), "soon")
    return redirect(request.path.rsplit("/", 1)[0] + "#anh")


def _offered(code: str) -> Kind:
    kind = KINDS.get(code)
    if kind is None or kind.sensitive:
        abort(404)
    return kind


def _seen(entry_id: str) -> _Seen:
    hand = request.form.get("hand", "")
    if not _ID.fullmatch(entry_id) or not _ID.fullmatch(hand):
        abort(404)
    return _Seen(entry_id=entry_id, version=request.form.get("seen", 0, type=int), hand=hand)


def _quiet() -> bool:
    """Whether a script asks, which wants JSON."""
    return request.accept_mimetypes.best == "application/json"


def _errors(form: EntryForm) -> list[str]:
    return [f"{form[name].label.text}: {found[0]}" for name, found in form.errors.items() if name in form]


def _kept(session: Session, form: EntryForm, kind: Kind, seen: _Seen) -> Activity:
    year = running_year(session).year
    return reports.save(
        session, identity(), year, _line(session, form, kind, seen), seen=seen.version, hand=seen.hand
    )


def _line(session: Session, form: EntryForm, kind: Kind, seen: _Seen) -> Line:
    before = reports.own_entry(session, identity(), running_year(session).year, seen.entry_id)
    planned_on: date | None = before.planned_on if before else None
    return said(form, kind, seen.entry_id, planned_on)


def _both(kind: Kind, form: EntryForm, seen: _Seen, changed: ChangedMeanwhile) -> Any:
    """Somebody else wrote here meanwhile: both texts, and what was typed stays in the form."""
    if _quiet():
        return jsonify(changed=True), 409
    there = changed.theirs
    if there is None:
        flash(
            t(
                "Mục này vừa bị bỏ. Bấm “Lưu” để ghi lại.",
                "It was taken away meanwhile. “Save” writes it anew.",
            ),
            "soon",
        )
        return _page(kind, form, _Seen(entry_id=new_id(), version=0, hand=seen.hand)), 409
    apart = differences(form, there, said(form, kind, seen.entry_id, there.planned_on))
    known = _Seen(entry_id=seen.entry_id, version=changed.version, hand=new_id())
    return _page(kind, form, known, apart=apart), 409


def _page(kind: Kind, form: EntryForm, seen: _Seen, apart: list[tuple[str, str, str]] | None = None) -> Any:
    with db.reading() as session:
        unit = reports.own_unit(session, identity())
        report = reports.report_of(session, unit.id, running_year(session).year)
        if report is not None and report.state not in ("drafted", "returned"):
            return tell_filed()
        stored = reports.own_entry(session, identity(), running_year(session).year, seen.entry_id)
        pictures = photographs.of_entries(session, [seen.entry_id]).get(seen.entry_id, [])
        doubts = of_line(reports.line_of(stored), month_of(session, identity())) if stored else []
    return render_template(
        "board/activities/entry.html",
        kind=kind,
        form=form,
        seen=seen,
        apart=apart,
        pictures=pictures,
        filed=report is not None and report.filed is not None,
        most_pictures=PHOTOS_EACH,
        doubts=doubts,
        leave_out=LEAVE_OUT,
        deed=DeedForm(),
    )
