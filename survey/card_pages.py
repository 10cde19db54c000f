"""Survey cards as a file to print: drawn, laid out in a child process, registered, sent, and kept nowhere."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, flash, redirect, url_for
from sqlalchemy import select

from core import clock, db, document, heavy
from core.access import Role
from core.i18n import language
from core.sessions import identity, signed_in
from survey import campaigner, cards, rounds
from survey.forms import CardsForm
from survey.models import Round

pages = Blueprint("survey_cards", __name__, url_prefix="/dieu-hanh/the")

JOB: Final = "survey.card_sheet:pdf_job"


@pages.post("/tep")
@signed_in(Role.CAMPAIGNER)
def as_file() -> Any:
    """Fresh cards as a PDF. They are registered only once the file is made: nobody holds a dead card."""
    form = CardsForm()
    if not form.validate_on_submit():
        return campaigner.desk_page(form), 422
    with db.reading() as session:
        year = rounds.current_year(session.scalars(select(Round)))
        codes = cards.fresh(session, identity(), year=year, count=form.count.data or 0)
    try:
        made = document.bytes_of(heavy.run(JOB, _asked(codes, year)))
    except (heavy.HeavyBusy, heavy.HeavyFailed):
        flash(str(document.BUSY), "soon")
        return redirect(url_for("campaigner.desk"))
    with db.writing() as session:
        cards.register(session, identity(), year=year, codes=codes)
    answer = Response(made, content_type="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="the-{year}.pdf"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _asked(codes: list[str], year: int) -> dict[str, Any]:
    return {
        "codes": [cards.shown(code) for code in codes],
        "address": campaigner.survey_address(),
        "year": year,
        "language": language(),
        "day": clock.today().isoformat(),
    }
