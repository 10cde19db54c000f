"""Pages of the campaigner: rounds, cards, and what changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import segno
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from wtforms.fields import SelectChoice

from core import clock, config, db, document, heavy, rosters
from core.access import Role
from core.i18n import Text, t
from core.pages import data_changed
from core.roster import RosterRefused
from core.rosters import NoRoster
from core.sessions import identity, signed_in
from survey import (
    analysis_plan,
    annex,
    annex_book,
    cards,
    dates,
    pictures,
    places,
    power,
    reading,
    rounds,
    tables,
    versions,
)
from survey.forms import WAVES, CardsForm, DeedForm, PlanForm
from survey.models import AnalysisPlan, Card, Comparison, Round
from survey.next_step import Next, next_step
from survey.questionnaire import Questionnaire

pages = Blueprint("campaigner", __name__, url_prefix="/dieu-hanh")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """What stands on the campaigner's desk."""

    rounds: list[Round]
    counts: dict[str, int]
    compared: list[Any]
    year: int
    printed: int
    next: Next
    plan_fixed_on: date | None
    invited: int


@pages.get("/")
@signed_in(Role.CAMPAIGNER)
def desk() -> str:
    """The rounds of this and earlier years, and how many have answered: for the whole centre only."""
    return desk_page(CardsForm())


def desk_page(form: CardsForm) -> str:
    """The desk, with what was wrong about the number of cards."""
    dates.keep()
    with db.reading() as session:
        desk = _standing(session)
    waves = {one.id: (one.year, WAVES[one.wave]) for one in desk.rounds}
    return render_template(
        "survey/desk.html",
        desk=desk,
        waves=WAVES,
        named=waves,
        cards_form=form,
        today=clock.today(),
        lines=power.panel(desk.invited),
    )


def _standing(session: Session) -> _Desk:
    found = list(session.scalars(select(Round).order_by(Round.year.desc(), Round.opens_on)))
    joined = select(Comparison.before_id, Comparison.after_id, Comparison.made_on)
    compared = list(session.execute(joined.order_by(Comparison.made_on.desc())))
    year = rounds.current_year(found)
    here = [one for one in found if one.year == year]
    # In one statement: the desk is looked at often, and shows no more than it must ask for.
    fixed = select(AnalysisPlan.fixed_on).where(AnalysisPlan.year == year).scalar_subquery()
    counted = select(func.count()).select_from(Card).where(Card.year == year).scalar_subquery()
    printed, plan_fixed_on = session.execute(select(counted, fixed)).one()
    ids = {one.id for one in here}
    done = any(one.before_id in ids for one in compared)
    return _Desk(
        rounds=found,
        counts=rounds.participation(session, found),
        compared=compared,
        year=year,
        printed=printed,
        next=next_step(here, printed=printed, compared=done, today=clock.today()),
        plan_fixed_on=plan_fixed_on,
        invited=max((one.invited for one in here), default=0),
    )


@pages.route("/dot-moi", methods=["GET", "POST"])
@signed_in(Role.CAMPAIGNER)
def plan() -> Any:
    """Plan a round."""
    form = PlanForm()
    _offer_questionnaires(form)
    if form.validate_on_submit() and _planned(form):
        flash(t("Đã ghi đợt khảo sát.", "The round is planned."))
        return redirect(url_for("campaigner.desk"))
    return render_template("survey/plan.html", form=form), 422 if form.errors else 200


def _offer_questionnaires(form: PlanForm) -> None:
    """Every version that is kept; what the year has asked before is chosen already."""
    with db.reading() as session:
        form.questionnaire.choices = [
            SelectChoice(
                one.id, f"{one.questionnaire.title} ({one.questionnaire.name} {one.questionnaire.version})"
            )
            for one in versions.kept(session)
        ]
        if form.questionnaire.data is None:
            form.questionnaire.data = versions.suggested(session)


def _planned(form: PlanForm) -> bool:
    asked = form.questionnaire.data
    if asked not in {choice.value for choice in form.questionnaire.choices}:
        form.questionnaire.errors = [_NO_SUCH]
        return False
    with db.writing() as session:
        year = rounds.year_of(session, form.wave.data, form.opens_on.data)
        if rounds.is_ahead(session, year, form.wave.data):
            form.wave.errors = [_TWICE]
            return False
        if other := rounds.meeting(session, form.opens_on.data, form.closes_on.data):
            form.opens_on.errors = [_met(other)]
            return False
        rounds.plan(
            session,
            identity(),
            year=year,
            wave=form.wave.data,
            opens_on=form.opens_on.data,
            closes_on=form.closes_on.data,
            invited=form.invited.data or 0,
            with_cards=form.with_cards.data,
            questionnaire_id=asked,
        )
        otherwise = versions.asked_otherwise(session, year, form.wave.data, asked)
    data_changed()  # its days stand in the calendar of the month
    if otherwise:
        flash(str(_OTHER), "soon")
    return True


_NO_SUCH: Final = Text("Bảng hỏi này không còn.", "This questionnaire is no longer there.")
_OTHER: Final = Text(
    "Đợt trước của năm hỏi bảng khác: hai lần sẽ không ghép được với nhau.",
    "The wave before asked another questionnaire: the two will not be joined.",
)
_TWICE: Final = Text(
    "Đợt này của năm đã được ghi và chưa đóng.", "This wave of the year is planned or open already."
)


def _met(other: Round) -> Text:
    """Which round takes answers on the same days."""
    days = f"{other.opens_on:%d/%m/%Y}", f"{other.closes_on:%d/%m/%Y}"
    return Text(
        "{wave}: nhận trả lời từ {first} đến {last}. Hai đợt không thể cùng nhận.",
        "{wave}: takes answers from {first} to {last}. Two rounds cannot take answers at once.",
    ).format(wave=WAVES[other.wave], first=days[0], last=days[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """A deed on a round: the state it needs, and what is said when it is done."""

    state: str
    done: Text


_CHANGES: Final = {
    "mo": _Change(state="planned", done=Text("Đợt khảo sát đã mở.", "The round is open.")),
    "dong": _Change(state="open", done=Text("Đợt khảo sát đã đóng.", "The round is closed.")),
    "bo": _Change(state="planned", done=Text("Đã bỏ đợt khảo sát.", "The round is taken back.")),
}


@pages.route("/dot/<round_id>/<any(mo, dong, bo):deed>", methods=["GET", "POST"])
@signed_in(Role.CAMPAIGNER)
def change(round_id: str, deed: str) -> Any:
    """Open, close or take back a round, after saying what that means."""
    form = DeedForm()
    with db.reading() as session:
        found = session.get(Round, round_id) or abort(404)
        count = rounds.participation(session, [found])[round_id]
        printed = cards.printed(session, found.year)
    if found.state == _CHANGES[deed].state and not form.validate_on_submit():
        return render_template(
            "survey/change.html",
            round=found,
            deed=deed,
            form=form,
            waves=WAVES,
            count=count,
            cards_missing=found.with_cards and not printed,
        )
    _do(round_id, deed)
    return redirect(url_for("campaigner.desk"))


def _do(round_id: str, deed: str) -> None:
    try:
        with db.writing() as session:
            found = session.get(Round, round_id)
            if found is None:
                raise rounds.NotNow
            if deed == "mo" and (
                other := rounds.meeting(session, clock.today(), found.closes_on, but=found.id)
            ):
                flash(str(_met(other)), "soon")
                return
            if deed == "mo":
                rounds.open_round(session, identity(), found, rosters.current(session))
            elif deed == "dong":
                rounds.close_round(session, identity(), found)
            else:
                rounds.drop(session, identity(), found)
    except rounds.NotNow:
        flash(t("Đợt này đã được thay đổi trước đó.", "This round was changed before."), "info")
        return
    except (NoRoster, RosterRefused):
        flash(
            t(
                "Chưa có danh sách người giữ khóa còn hạn, nên chưa mở được.",
                "There is no valid roster of custodians, so it cannot open.",
            ),
            "soon",
        )
        return
    if deed == "dong":
        places.forget_order()
    flash(str(_CHANGES[deed].done))
    data_changed()


@pages.post("/the")
@signed_in(Role.CAMPAIGNER)
def print_cards() -> Any:
    """Draw cards and show them once, ready to print and cut."""
    form = CardsForm()
    if not form.validate_on_submit():
        return desk_page(form), 422
    with db.writing() as session:
        year = rounds.current_year(session.scalars(select(Round)))
        codes = cards.make(session, identity(), year=year, count=form.count.data or 0)
    address = survey_address()
    qr = segno.make(address, error="m").svg_inline(scale=3, omitsize=True, svgclass="qr", lineclass=None)
    return render_template(
        "survey/cards.html", codes=[cards.shown(code) for code in codes], address=address, qr=qr, year=year
    )


def survey_address() -> str:
    """Where the square picture on a card leads: the open rounds, and nothing of whose card it is."""
    return (config.current().public_url or request.host_url).rstrip("/") + "/khao-sat/"


@pages.get("/thay-doi/<before_id>/<after_id>")
@signed_in(Role.CAMPAIGNER)
def changes(before_id: str, after_id: str) -> str:
    """What changed between two rounds, and how sure one may be."""
    found, before, after, questionnaire = _compared(before_id, after_id)
    with db.reading() as session:
        plan = analysis_plan.of_year(session, before.year)
    return render_template(
        "survey/changes.html",
        plan=plan,
        found=found,
        before=before,
        after=after,
        waves=WAVES,
        sentences=reading.sentences(found.effects, analysis_plan.in_order(plan), wave=after.wave),
        caveats=reading.caveats(found.effects, with_cards=before.with_cards and after.with_cards),
        titles=pictures.TITLES,
        by_wave=tables.BY_WAVE,
        people=tables.people(found.effects, (before.invited, after.invited)),
        by_item=tables.BY_ITEM,
        by_score=tables.BY_SCORE,
        knowledge=tables.knowledge(found.effects, questionnaire),
        unsure=tables.unsure(found.effects, questionnaire),
        moved=tables.moved(found.effects, questionnaire),
        scores=tables.scores(found.effects),
        attitudes=tables.ratings(found.effects, questionnaire, attitude=True),
        confidence=tables.ratings(found.effects, questionnaire, attitude=False),
        exposure=tables.exposure(found.effects, questionnaire),
        by_exposure=tables.BY_EXPOSURE,
        three_ways=tables.three_ways(found.effects),
        adjusted=tables.adjusted(found.effects, questionnaire),
        together=tables.together(found.effects),
        lost=tables.lost(found.effects),
        typical=tables.typical(found.effects, questionnaire),
        odds=tables.odds(found.effects, questionnaire),
        solved=tables.solved(found.effects, questionnaire),
        right_over_waves=tables.right_over_waves(found.effects, questionnaire),
        scores_over_waves=tables.scores_over_waves(found.effects),
        sensitivity=(tables.sensitivity_columns(found.effects), tables.sensitivity(found.effects)),
        evaluator={
            "views": tables.THREE_WAYS,
            "p": tables.ADJUSTED,
            "scales": tables.TOGETHER,
            "lost": tables.LOST,
            "typical": tables.TYPICAL,
            "moved": tables.MOVED,
            "odds": tables.ODDS,
            "solved": tables.SOLVED,
            "right": tables.RIGHT_OVER_WAVES,
            "waves": tables.SCORES_OVER_WAVES,
        },
    )


@pages.get("/thay-doi/<before_id>/<after_id>/phu-luc.<any(docx, xlsx):kind>")
@signed_in(Role.CAMPAIGNER)
def annex_file(before_id: str, after_id: str, kind: str) -> Any:
    """The evaluator's annex, or its tables to compute with."""
    found, before, after, questionnaire = _compared(before_id, after_id)
    if kind == "docx":
        with db.reading() as session:
            plan = analysis_plan.of_year(session, before.year)
        payload = annex.as_document(found, before, after, questionnaire, plan)
    else:
        payload = annex_book.as_workbook(found, before, questionnaire)
    try:
        return document.download(kind, payload, f"phu-luc-khao-sat-{before.year}")
    except heavy.HeavyBusy:
        flash(str(document.BUSY))
        return redirect(url_for("campaigner.changes", before_id=before_id, after_id=after_id))


def _compared(before_id: str, after_id: str) -> tuple[Comparison, Round, Round, Questionnaire]:
    with db.reading() as session:
        found = session.get(Comparison, (before_id, after_id)) or abort(404)
        before, after = session.get_one(Round, before_id), session.get_one(Round, after_id)
        return found, before, after, rounds.questionnaire_of(session, before)
