"""Pages of the campaigner: rounds, cards, and what changed."""

from __future__ import annotations

from typing import Any

import segno
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select

from core import clock, config, db, rosters
from core.access import Role
from core.i18n import Text, number, percent, t
from core.pages import data_changed
from core.rosters import NoRoster
from core.sessions import identity, signed_in
from survey import cards, reading, rounds
from survey.forms import WAVES, CardsForm, DeedForm, PlanForm
from survey.models import Comparison, Round
from survey.questionnaire import Questionnaire

pages = Blueprint("campaigner", __name__, url_prefix="/dieu-hanh")


@pages.get("/")
@signed_in(Role.CAMPAIGNER)
def desk() -> str:
    """The rounds of this and earlier years, and how many have answered: for the whole centre only."""
    with db.reading() as session:
        found = session.scalars(select(Round).order_by(Round.year.desc(), Round.opens_on)).all()
        counts = {one.id: rounds.participation(session, one) for one in found}
        compared = session.scalars(select(Comparison)).all()
    return render_template(
        "survey/desk.html",
        rounds=found,
        counts=counts,
        compared=compared,
        waves=WAVES,
        deed=DeedForm(),
        cards_form=CardsForm(),
    )


@pages.route("/dot-moi", methods=["GET", "POST"])
@signed_in(Role.CAMPAIGNER)
def plan() -> Any:
    """Plan a round."""
    form = PlanForm()
    if form.validate_on_submit():
        with db.writing() as session:
            rounds.plan(
                session,
                identity(),
                year=form.opens_on.data.year,
                wave=form.wave.data,
                opens_on=form.opens_on.data,
                closes_on=form.closes_on.data,
                invited=form.invited.data or 0,
                with_cards=form.with_cards.data,
            )
        flash(t("Đã ghi đợt khảo sát.", "The round is planned."))
        return redirect(url_for("campaigner.desk"))
    return render_template("survey/plan.html", form=form), 422 if form.errors else 200


@pages.route("/dot/<round_id>/<any(mo, dong):deed>", methods=["GET", "POST"])
@signed_in(Role.CAMPAIGNER)
def change(round_id: str, deed: str) -> Any:
    """Open or close a round, after saying what that means."""
    form = DeedForm()
    with db.reading() as session:
        found = session.get(Round, round_id) or abort(404)
        count = rounds.participation(session, found)
    if not form.validate_on_submit():
        return render_template(
            "survey/change.html", round=found, deed=deed, form=form, waves=WAVES, count=count
        )
    try:
        with db.writing() as session:
            found = session.get(Round, round_id)
            assert found is not None
            if deed == "mo":
                rounds.open_round(session, identity(), found, rosters.current(session))
            else:
                rounds.close_round(session, identity(), found)
    except rounds.NotNow:
        flash(t("Đợt này đã được mở hoặc đóng trước đó.", "This round was opened or closed before."))
    except NoRoster:
        flash(
            t(
                "Chưa có danh sách người giữ khóa, nên chưa mở được.",
                "There is no roster of custodians yet, so it cannot open.",
            )
        )
    else:
        flash(
            t("Đợt khảo sát đã mở.", "The round is open.")
            if deed == "mo"
            else t("Đợt khảo sát đã đóng.", "The round is closed.")
        )
        data_changed()
    return redirect(url_for("campaigner.desk"))


@pages.post("/the")
@signed_in(Role.CAMPAIGNER)
def print_cards() -> Any:
    """Draw cards and show them once, ready to print and cut."""
    form = CardsForm()
    if not form.validate_on_submit():
        for messages in form.errors.values():
            flash(str(messages[0]))
        return redirect(url_for("campaigner.desk"))
    with db.writing() as session:
        codes = cards.make(session, identity(), year=clock.today().year, count=form.count.data)
    address = (config.current().public_url or request.host_url).rstrip("/") + "/khao-sat/"
    qr = segno.make(address, error="m").svg_inline(scale=3, omitsize=True, svgclass="qr", lineclass=None)
    return render_template(
        "survey/cards.html", codes=[cards.shown(code) for code in codes], address=address, qr=qr
    )


@pages.get("/thay-doi/<before_id>/<after_id>")
@signed_in(Role.CAMPAIGNER)
def changes(before_id: str, after_id: str) -> str:
    """What changed between two rounds, and how sure one may be."""
    with db.reading() as session:
        found = session.get(Comparison, (before_id, after_id)) or abort(404)
        before, after = session.get(Round, before_id), session.get(Round, after_id)
        assert before is not None
        questionnaire = rounds.questionnaire_of(session, before)
    return render_template(
        "survey/changes.html",
        found=found,
        before=before,
        after=after,
        sentences=reading.sentences(found.effects),
        caveats=reading.caveats(found.effects, with_cards=before.with_cards),
        **_tables(found.effects, questionnaire),
    )


def _tables(effects: dict[str, Any], questionnaire: Questionnaire) -> dict[str, Any]:
    """Rows of the three tables: knowledge items, scores, single ratings; only what can be compared."""
    item = Text("Câu", "Question")
    before, after, change = Text("Trước", "Before"), Text("Sau", "After"), Text("Thay đổi", "Change")
    interval, n = Text("Khoảng tin cậy 95 %", "95% interval"), Text("Số người", "People")
    numbers = [{"label": one, "kind": "number"} for one in (before, after, change, interval, n)]
    knowledge = [
        [
            questionnaire.item(one["code"]).label,
            percent(one["right"]["linked"]["before"]),
            percent(one["right"]["linked"]["after"]),
            _signed(one["right"]["linked"]["difference"] * 100),
            _span(one["right"]["linked"]["tango"], 100, 0),
            one["right"]["linked"]["n"],
        ]
        for one in effects["yes_no"]
        if one["measures"] == "knowledge" and one["right"]["linked"]
    ]
    scores = [
        [reading.SCORES[one["name"]], *_mean(one["linked"])] for one in effects["scores"] if one["linked"]
    ]
    ratings = [
        [questionnaire.item(one["code"]).label, *_mean(one["linked"])]
        for one in effects["ratings"]
        if one["linked"]
    ]
    columns = [{"label": item}, *numbers]
    return {
        "knowledge_rows": knowledge,
        "knowledge_columns": columns,
        "score_rows": scores,
        "score_columns": [{"label": Text("Thang điểm", "Score")}, *numbers],
        "rating_rows": ratings,
        "rating_columns": columns,
    }


def _mean(linked: dict[str, Any]) -> list[Any]:
    change = linked["change"]
    return [
        number(linked["before"]["mean"], 2),
        number(linked["after"]["mean"], 2),
        _signed(change["change"], 2),
        _span(change["interval"], 1, 2),
        linked["n"],
    ]


def _signed(value: float, decimals: int = 0) -> str:
    return ("+" if value > 0 else "") + number(value, decimals)


def _span(ends: list[float], factor: int, decimals: int) -> str:
    low, high = (_signed(end * factor, decimals) for end in ends)
    return t(f"{low} đến {high}", f"{low} to {high}")
