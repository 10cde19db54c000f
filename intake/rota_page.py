"""The page of the duty rota: handlers say among themselves who looks at the desk on which day."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from core import clock, db
from core.access import Role
from core.forms import StaffForm
from core.i18n import day, t
from core.log import LogBroken
from core.sessions import identity, signed_in
from intake import rota
from intake.roles import require_may
from intake.rota import NotADutyDay

pages = Blueprint("rota", __name__, url_prefix="/lam-viec/lich-truc")


@pages.errorhandler(LogBroken)
def _no_log(_broken: Exception) -> tuple[str, int]:
    return render_template("intake/refused.html", why="log"), 503


@pages.get("/")
@signed_in(Role.HANDLER)
def show() -> Any:
    """Who is on duty in the coming weeks, and the boxes to change it."""
    hours = rota.working_hours()
    days = rota.days_shown(clock.today(), hours)
    with db.reading() as session:
        people = sorted(rota.people(session), key=lambda one: one.name)
        rostered = rota.on_duty(session, days)
    weeks: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for one in days:
        line = {"key": one.isoformat(), "label": _label(one), "people": rostered[one]}
        weeks.setdefault(one.isocalendar()[:2], []).append(line)
    return render_template(
        "intake/rota.html",
        weeks=list(weeks.values()),
        people=people,
        empty=not any(rostered.values()),
        promised=day(rota.promised_day()),
    )


@pages.post("/")
@signed_in(Role.HANDLER)
def save() -> Any:
    """Keep what the boxes say, for the days the page showed."""
    if not StaffForm().validate_on_submit():
        return redirect(url_for("rota.show"), 303)
    who = require_may(identity(), "keep the rota")
    try:
        rostered: dict[date, list[str]] = {
            date.fromisoformat(one): [] for one in request.form.getlist("ngay")
        }
        for chosen in request.form.getlist("truc"):
            written, _, person = chosen.partition(":")
            rostered[date.fromisoformat(written)].append(person)
        with db.writing() as session:
            rota.save(session, who, rostered)
    except (ValueError, KeyError, NotADutyDay):
        flash(t("Lịch có ngày không sửa được; chưa lưu gì.", "A day cannot be changed; nothing was saved."))
        return redirect(url_for("rota.show"), 303)
    flash(t("Đã lưu lịch trực.", "The rota is saved."))
    return redirect(url_for("rota.show"), 303)


def _label(one: date) -> str:
    names = (
        t("Thứ Hai", "Monday"),
        t("Thứ Ba", "Tuesday"),
        t("Thứ Tư", "Wednesday"),
        t("Thứ Năm", "Thursday"),
        t("Thứ Sáu", "Friday"),
    )
    return f"{names[one.weekday()]}, {day(one)}"
