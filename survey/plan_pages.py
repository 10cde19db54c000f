"""The campaigner's page of a year's plan of analysis: what will be the result, and how small a change it can show."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import RadioField
from wtforms.fields import SelectChoice
from wtforms.validators import Optional, ValidationError

from core import clock, db
from core.access import Role
from core.forms import Needed, StaffForm
from core.i18n import Text, t
from core.sessions import identity, signed_in
from survey import analysis_plan, power, rounds
from survey.forms import Between, Whole
from survey.models import AnalysisPlan, QuestionnaireVersion, Round
from survey.questionnaire import Questionnaire
from survey.reading import SCORES

pages = Blueprint("survey_plan", __name__, url_prefix="/dieu-hanh/ke-hoach")

NOTHING: Final = "none"
_TOO_LATE: Final = Text("Kế hoạch này đã được chốt.", "This plan is fixed already.")


class OutcomesForm(StaffForm):
    """What the result will be, and how many people are expected to be joined."""

    primary = RadioField(Text("Kết quả chính", "Primary outcome"), validators=[Needed()])
    secondary = RadioField(Text("Kết quả phụ", "Secondary outcome"), validators=[Needed()])
    expected = Whole(
        Text("Dự kiến ghép được bao nhiêu người", "How many people you expect to join"),
        validators=[
            Optional(),
            Between(0, 100_000, Text("Từ 0 đến 100.000 người.", "Between 0 and 100,000 people.")),
        ],
    )

    def offer(self, names: list[str]) -> None:
        """Fill in the outcomes there are."""
        self.primary.choices = [SelectChoice(name, SCORES[name]) for name in names]
        nothing = SelectChoice(NOTHING, Text("Không có", "None"))
        self.secondary.choices = [*(SelectChoice(name, SCORES[name]) for name in names), nothing]

    def validate_secondary(self, field: Any) -> None:
        if field.data and field.data == self.primary.data:
            raise ValidationError(
                Text("Kết quả phụ phải khác kết quả chính.", "The secondary outcome must be another one.")
            )


@pages.route("/<int:year>", methods=["GET", "POST"])
@signed_in(Role.CAMPAIGNER)
def show(year: int) -> Any:
    """The plan; while nothing has opened, with what may be chosen."""
    with db.reading() as session:
        found, questionnaire, invited = _standing(session, year)
        still = (found is None or found.fixed_on is None) and not analysis_plan.begun(session, year)
    content = found.content if found else analysis_plan.usual(questionnaire, year=year)
    names = analysis_plan.outcomes(questionnaire)
    form = OutcomesForm(
        primary=content["primary"],
        secondary=content["secondary"] or NOTHING,
        expected=content["expected"] or None,
    )
    form.offer(names)
    if still and request.method == "POST" and form.validate_on_submit():
        _write(questionnaire, year, form)
        return redirect(url_for("survey_plan.show", year=year))
    return render_template(
        "survey/analysis_plan.html",
        year=year,
        found=found,
        content=content,
        scores=SCORES,
        lines=power.panel(invited),
        invited=invited,
        form=form if still and names else None,
    ), 422 if form.errors else 200


def _standing(session: Session, year: int) -> tuple[AnalysisPlan | None, Questionnaire, int]:
    """The plan, the questions it is about, the most people a round of the year invites; 404 for a year far off."""
    found = session.scalars(select(Round).where(Round.year == year).order_by(Round.opens_on)).all()
    plan = analysis_plan.of_year(session, year)
    if not found and plan is None and not 0 <= year - clock.today().year <= 1:
        abort(404)
    if found:
        questionnaire = rounds.questionnaire_of(session, found[0])
    else:
        newest = select(QuestionnaireVersion).order_by(QuestionnaireVersion.version.desc()).limit(1)
        questionnaire = Questionnaire.from_json(session.scalars(newest).one().content)
    return plan, questionnaire, max((one.invited for one in found), default=0)


def _write(questionnaire: Questionnaire, year: int, form: OutcomesForm) -> None:
    final = "fix" in request.form
    content = analysis_plan.written(
        questionnaire,
        year=year,
        expected=form.expected.data or 0,
        primary=form.primary.data,
        secondary="" if form.secondary.data == NOTHING else form.secondary.data,
    )
    try:
        with db.writing() as session:
            analysis_plan.write(session, identity(), content, final=final)
    except analysis_plan.PlanFixed:
        flash(str(_TOO_LATE), "info")
        return
    done = (
        t("Đã chốt kế hoạch.", "The plan is fixed.") if final else t("Đã ghi kế hoạch.", "The plan is kept.")
    )
    flash(done)
