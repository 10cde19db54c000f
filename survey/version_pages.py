"""Pages of whoever writes questionnaires: upload a workbook, see every problem, look at it in both languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from flask import Blueprint, Response, abort, current_app, flash, redirect, render_template, request, url_for

from core import db, document, heavy, i18n
from core.access import Role
from core.i18n import LANGUAGES, Language, Text, t
from core.request import takes_up_to
from core.sessions import identity, signed_in
from survey import versions
from survey.asking import steps
from survey.fields import field
from survey.forms import WAVES, DeedForm
from survey.models import QuestionnaireVersion, QuestionnaireWorkbook
from survey.questionnaire import Questionnaire

pages = Blueprint("questionnaires", __name__, url_prefix="/dieu-hanh/bang-hoi")

_SECONDS: Final = 60
_DATA: Final = Path(__file__).parent / "data"
_OLD: Final = "application/vnd.ms-excel"


@pages.get("/")
@signed_in(Role.CAMPAIGNER)
def show_all() -> str:
    """Every version, and the way to add one."""
    return _list(DeedForm())


@pages.post("/")
@signed_in(Role.CAMPAIGNER)
@takes_up_to(5 * 1024 * 1024)
def upload() -> Any:
    """Read a workbook: keep it as a new version, or say everything that is wrong with it."""
    form, sent = DeedForm(), request.files.get("tep")
    file = sent.read() if sent else b""
    if not form.validate_on_submit() or not file:
        return _list(form, error=_NOTHING), 422
    try:
        outcome = heavy.run("survey.xlsform.job:check_job", {"file": file}, seconds=_SECONDS)
    except heavy.HeavyBusy:
        return _list(form, error=document.BUSY), 503
    except heavy.HeavyFailed:
        return _list(form, error=_GAVE_UP), 422
    if outcome["data"] is None:
        return render_template("survey/refused_workbook.html", **_told(outcome), form=form), 422
    return _keep(file, outcome)


def _keep(file: bytes, outcome: dict[str, Any]) -> Any:
    try:
        with db.writing() as session:
            version_id = versions.keep(session, identity(), file, outcome["data"])
    except versions.AlreadyKept as found:
        flash(t("Tệp này đã được lưu trước đó.", "This workbook is kept already."), "info")
        return redirect(url_for("questionnaires.show", version_id=found.version_id))
    flash(
        t(
            "Đã lưu bảng hỏi. Bạn xem lại trước khi dùng.",
            "The questionnaire is kept. Look it over before use.",
        )
    )
    for one in outcome["notes"][:5]:
        flash(f"{_where(one)}: {t(one['vi'], one['en'])}", "info")
    return redirect(url_for("questionnaires.show", version_id=version_id))


_NOTHING: Final = Text("Bạn chọn một tệp .xlsx hoặc .xls.", "Choose an .xlsx or .xls file.")
_GAVE_UP: Final = Text(
    "Tệp này cần quá nhiều thời gian hoặc bộ nhớ để đọc. Chưa có gì được lưu.",
    "This file takes too much time or memory to read. Nothing was kept.",
)


def _list(form: DeedForm, *, error: Text | None = None) -> str:
    with db.reading() as session:
        held = versions.kept(session)
    return render_template("survey/questionnaires.html", versions=held, form=form, error=error)


def _told(outcome: dict[str, Any]) -> dict[str, Any]:
    return {
        name: [[_where(one), t(one["vi"], one["en"])] for one in outcome[name]]
        for name in ("problems", "notes")
    }


def _where(one: dict[str, str]) -> str:
    if one["cell"]:
        return f"{one['sheet']}!{one['cell']}"
    return one["sheet"] or t("cả tệp", "the file")


# --- one version


@pages.get("/<version_id>")
@signed_in(Role.CAMPAIGNER)
def show(version_id: str) -> str:
    """A version as respondents would see it, in both languages side by side."""
    wave = request.args.get("dot", "before")
    if wave not in WAVES:
        abort(404)
    questionnaire, row, has_file = _found(version_id)
    panes = [(one, _screens(questionnaire, wave, one)) for one in LANGUAGES]
    return render_template(
        "survey/questionnaire.html",
        version=row,
        questionnaire=questionnaire,
        has_file=has_file,
        panes=panes,
        wave=wave,
        waves=WAVES,
        form=DeedForm(),
    )


def _found(version_id: str) -> tuple[Questionnaire, QuestionnaireVersion, bool]:
    with db.reading() as session:
        row = session.get(QuestionnaireVersion, version_id) or abort(404)
        has_file = session.get(QuestionnaireWorkbook, version_id) is not None
        return Questionnaire.from_json(row.content), row, has_file or row.digest == versions.shipped()


def _screens(questionnaire: Questionnaire, wave: str, language: Language) -> list[dict[str, Any]]:
    """Each step with its items drawn in the language of the pane, whatever the page itself speaks."""
    draw = current_app.jinja_env.get_template("survey/item.html").module.one  # type: ignore[attr-defined]
    before = i18n.language()
    i18n.speak(language)
    try:
        return [
            {
                "title": str(step.title),
                "lead": str(step.lead or ""),
                "items": [
                    (item.rules, draw(field(item, {}, {}, prefix=f"{language}-"), degrees=False))
                    for item in step.items
                    if item.kind != "calculate"
                ],
            }
            for step in steps(questionnaire, wave)
        ]
    finally:
        i18n.speak(before)


@pages.get("/<version_id>/tep")
@signed_in(Role.CAMPAIGNER)
def workbook(version_id: str) -> Response:
    """The workbook as it was uploaded, byte for byte."""
    with db.reading() as session:
        row = session.get(QuestionnaireVersion, version_id) or abort(404)
        held = session.get(QuestionnaireWorkbook, version_id)
        if held is None and row.digest != versions.shipped():
            abort(404)
        return _file(
            held.file if held else (_DATA / "nhan_thuc.xlsx").read_bytes(), f"{row.name}-{row.version}"
        )


@pages.get("/mau.xlsx")
@signed_in(Role.CAMPAIGNER)
def template() -> Response:
    """The template: every kind of question once, with a guide."""
    return _file((_DATA / "mau_bang_hoi.xlsx").read_bytes(), "mau_bang_hoi")


def _file(content: bytes, name: str) -> Response:
    new = content[:2] == b"PK"
    answer = Response(content, content_type=document.SHEETS if new else _OLD)
    plain = "".join(letter for letter in name if letter.isascii() and (letter.isalnum() or letter in "_-."))
    answer.headers["Content-Disposition"] = f'attachment; filename="{plain}.{"xlsx" if new else "xls"}"'
    return answer


@pages.post("/<version_id>/bo")
@signed_in(Role.CAMPAIGNER)
def drop(version_id: str) -> Any:
    """Take a version away that no round has planned."""
    if DeedForm().validate_on_submit():
        try:
            with db.writing() as session:
                if session.get(QuestionnaireVersion, version_id) is None:
                    abort(404)
                versions.drop(session, identity(), version_id)
            flash(t("Đã bỏ bảng hỏi.", "The questionnaire is taken away."))
        except versions.InUse:
            flash(
                t("Một đợt khảo sát đang dùng bảng này, nên không bỏ được.", "A round uses it, so it stays."),
                "soon",
            )
    return redirect(url_for("questionnaires.show_all"))
