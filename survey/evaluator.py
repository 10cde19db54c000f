"""The campaigner's page of files for evaluators, and the files themselves."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from wtforms import RadioField
from wtforms.fields import SelectChoice

from core import db, document, heavy
from core.access import Role
from core.forms import Needed, StaffForm
from core.i18n import Text, t
from core.sessions import identity, signed_in
from survey import evaluator_files, microdata, power, rounds
from survey.forms import WAVES
from survey.models import Comparison, Round
from survey.questionnaire import Questionnaire

pages = Blueprint("evaluator", __name__, url_prefix="/dieu-hanh")

TYPES: Final = {"xlsx": document.SHEETS, "sav": "application/x-spss-sav", "dta": "application/x-stata-dta"}
NOTHING: Final = "none"
_REFUSED: Final[dict[type[Exception], Text]] = {
    evaluator_files.NotYet: Text(
        "Chưa đến lúc: đợt này và đợt sau đều phải đóng.",
        "Not yet: this round and a later one must be closed.",
    ),
    microdata.TooFew: Text(
        "Dưới 10 người trả lời nên không có dòng nào được đưa ra.",
        "Fewer than 10 people answered, so no row may leave.",
    ),
    microdata.BackgroundRefused: Text(
        "Thông tin này sẽ làm lộ một nhóm dưới 10 người. Bạn chọn thông tin khác.",
        "This item would show a group of fewer than 10 people. Please choose another.",
    ),
    evaluator_files.AlreadyChosen: Text(
        "Đợt này đã chọn một thông tin khác rồi.", "Another item was chosen for this round already."
    ),
    heavy.HeavyBusy: document.BUSY,
    heavy.HeavyFailed: document.BUSY,
}


class BackgroundForm(StaffForm):
    """Which one item stands beside the answers, or none."""

    background = RadioField(
        Text("Kèm một thông tin chung", "Add one background item"), default=NOTHING, validators=[Needed()]
    )

    def offer(self, questionnaire: Questionnaire, wave: str) -> None:
        """Fill in the items of this wave."""
        offered = [SelectChoice(item.code, item.label) for item in microdata.offered(questionnaire, wave)]
        none = SelectChoice(NOTHING, Text("Không kèm gì (nên chọn)", "Nothing (advised)"))
        self.background.choices = [none, *offered]


@pages.route("/dot/<round_id>/du-lieu", methods=["GET", "POST"])
@signed_in(Role.CAMPAIGNER)
def show(round_id: str) -> Any:
    """What an evaluator may be given of this round."""
    with db.reading() as session:
        found, questionnaire = _find(session, round_id)
        ready = evaluator_files.ready(session, found)
        count = rounds.participation(session, [found])[found.id] if found.state == "closed" else 0
        chosen = evaluator_files.background_of(session, found)
    form = BackgroundForm()
    form.offer(questionnaire, found.wave)
    if not chosen and form.validate_on_submit():
        if form.background.data != NOTHING:
            _choose(round_id, form.background.data)
        return redirect(url_for("evaluator.show", round_id=round_id))
    return render_template(
        "survey/evaluator.html",
        round=found,
        waves=WAVES,
        ready=ready,
        count=count,
        fewest=power.FEWEST,
        chosen=questionnaire.item(chosen).label if chosen else None,
        form=form,
    ), 422 if form.errors else 200


def _find(session: Any, round_id: str) -> tuple[Round, Questionnaire]:
    found: Round = session.get(Round, round_id) or abort(404)
    return found, rounds.questionnaire_of(session, found)


def _choose(round_id: str, code: str) -> None:
    try:
        with db.writing() as session:
            found, questionnaire = _find(session, round_id)
            evaluator_files.choose(session, identity(), found, questionnaire, code)
    except tuple(_REFUSED) as refused:
        flash(str(_REFUSED[type(refused)]), "soon")
        return
    flash(t("Đã chọn. Các tệp từ nay đều kèm thông tin này.", "Chosen. All files carry it from now on."))


@pages.get("/dot/<round_id>/du-lieu/<any(csv, codebook, xlsx, sav, dta):kind>")
@signed_in(Role.CAMPAIGNER)
def file(round_id: str, kind: evaluator_files.Kind) -> Any:
    """One file; the log has a line for it."""
    try:
        with db.writing() as session:
            found, questionnaire = _find(session, round_id)
            table = evaluator_files.take(session, identity(), found, questionnaire)
        return _file(found, table, kind)
    except tuple(_REFUSED) as refused:
        flash(str(_REFUSED[type(refused)]), "soon")
        return redirect(url_for("evaluator.show", round_id=round_id))


def _file(found: Round, table: microdata.Table, kind: evaluator_files.Kind) -> Response:
    name = f"khao-sat-{found.year}-{found.wave}"
    if kind == "csv":
        return _sent(evaluator_files.as_csv(table), "text/csv; charset=utf-8", f"{name}.csv")
    if kind == "codebook":
        said = evaluator_files.as_codebook(table)
        return _sent(said, "text/csv; charset=utf-8", f"{name}-codebook.csv")
    title = t("Khảo sát {}: {}", "Survey {}: {}").format(found.year, WAVES[found.wave])
    payload = evaluator_files.as_payload(table, found, title)
    made = document.bytes_of(heavy.run(f"survey.export_files:{kind}_job", payload))
    return _sent(made, TYPES[kind], f"{name}.{kind}")


@pages.get("/thay-doi/<before_id>/<after_id>/bang-ghep.csv")
@signed_in(Role.CAMPAIGNER)
def joint(before_id: str, after_id: str) -> Response:
    """The frozen joint tables of two rounds: counts, and never a pair."""
    with db.reading() as session:
        found = session.get(Comparison, (before_id, after_id)) or abort(404)
        year = session.get_one(Round, before_id).year
    said = evaluator_files.as_joint_csv(found.joint)
    return _sent(said, "text/csv; charset=utf-8", f"bang-ghep-{year}.csv")


def _sent(body: Any, kind: str, name: str) -> Response:
    answer = Response(body, content_type=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
