"""What changed, on one page for a member of the board: sentences, pictures, tables, caveats; no p, no group below ten.

The same bytes for every member. The evaluator's figures stay with the campaigner (survey/campaigner.py).
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from sqlalchemy.orm import Session

from board import compared, ledger
from board.compared import Compared
from core import db, document, heavy
from core.access import Role
from core.pages import same_bytes
from core.sessions import signed_in
from survey import picture_pages, pictures, rounds, tables
from survey.forms import WAVES
from survey.questionnaire import Questionnaire

pages = Blueprint("survey_of_board", __name__, url_prefix="/ban/khao-sat")


@pages.get("/")
@signed_in(Role.BOARD)
def newest() -> Response:
    """The newest comparison, or why there is none yet."""
    return _page("")


@pages.get("/<slug>")
@signed_in(Role.BOARD)
def one(slug: str) -> Response:
    """One comparison by year and wave: 2026-sau."""
    return _page(slug)


@pages.get("/<slug>/hinh-<name>.<any(svg, png):kind>")
@signed_in(Role.BOARD)
def picture(slug: str, name: str, kind: str) -> Any:
    """One picture as a file."""
    with db.of_the_board().reading() as session:
        chosen = _chosen(_shown(session), slug) or abort(404)
        questionnaire = rounds.questionnaire_of(session, chosen.before)
    try:
        return picture_pages.as_file(chosen.found, (chosen.before, chosen.after), questionnaire, name, kind)
    except heavy.HeavyBusy:
        flash(str(document.BUSY))
        return redirect(url_for("survey_of_board.one", slug=slug))


def _page(slug: str) -> Response:
    with db.of_the_board().reading() as session:
        all_ = _shown(session)
        chosen = _chosen(all_, slug)
        if chosen is None:
            if slug:
                abort(404)
            return same_bytes(lambda: render_template("board/survey_not_yet.html"), key=("board survey", ""))
        questionnaire = rounds.questionnaire_of(session, chosen.before)
    depends_on = tuple(each.found.digest for each in all_)
    return same_bytes(
        lambda: _drawn(chosen, all_, questionnaire), key=("board survey", chosen.slug, depends_on)
    )


def _shown(session: Session) -> list[Compared]:
    releases = ledger.releases(session)
    return compared.shown(session, releases[-1].as_of) if releases else []


def _chosen(all_: list[Compared], slug: str) -> Compared | None:
    return next((each for each in all_ if each.slug == slug or not slug), None)


def _drawn(chosen: Compared, all_: list[Compared], questionnaire: Questionnaire) -> str:
    effects, waves = chosen.found.effects, (chosen.before, chosen.after)
    return render_template(
        "board/survey.html",
        chosen=chosen,
        others=[each for each in all_ if each is not chosen],
        waves=WAVES,
        titles=pictures.TITLES,
        people=(tables.BY_WAVE, tables.people(effects, [wave.invited for wave in waves])),
        knowledge=(tables.BY_ITEM, tables.knowledge(effects, questionnaire)),
        unsure=(tables.BY_ITEM, tables.unsure(effects, questionnaire)),
        scores=(tables.BY_SCORE, tables.scores(effects)),
        attitudes=(tables.BY_ITEM, tables.ratings(effects, questionnaire, attitude=True)),
        confidence=(tables.BY_ITEM, tables.ratings(effects, questionnaire, attitude=False)),
        exposure=(tables.BY_EXPOSURE, tables.exposure(effects, questionnaire)),
        over_waves=(
            tables.RIGHT_OVER_WAVES[:-1],
            [row[:-1] for row in tables.right_over_waves(effects, questionnaire)],
        ),
    )
