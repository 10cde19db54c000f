"""The page of the duty rota: handlers say among themselves who looks at the desk on which day."""

from __future__ import annotations

from datetime import date
from typing import Any

import click
from flask import Blueprint, flash, redirect, render_template, request, url_for

from core import clock, config, db
from core.access import Role
from core.config import Settings
from core.forms import StaffForm
from core.i18n import day, t
from core.log import LogBroken
from core.sessions import identity, signed_in
from intake.desk import notices, rota
from intake.desk.notices import Round
from intake.desk.rota import NotADutyDay
from intake.files import arriving
from intake.keys.commands import commands
from intake.roles import require_may

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
        reminded=", ".join(notices.hours_said(config.current())),
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


@commands.cli.command("notices")
@click.option("--try", "name", help="Send one now, to this sign-in name in NOTICE_TO, whatever the hour.")
def remind(name: str | None) -> None:
    """Send the reminders of this hour to whom the rota names, if NOTICE_HOURS has this hour; run it by a timer."""
    settings = config.current()
    arriving.sweep_daily()
    if not config.notice_hours(settings):
        click.echo("Reminders are switched off: NOTICE_HOURS is empty.")
        return
    if name is not None:
        known = {one: where for one, where in config.notice_to(settings).items() if one == name}
        if not known:
            raise click.ClickException(f"NOTICE_TO has no address for {name}.")
        _told(settings, Round(hour=clock.now(), to=known, without=()), again=True)
        return
    notices.note_run(settings)
    hour = notices.hour_now(settings)
    if hour is None:
        click.echo(f"No reminder is due now; they go out at {', '.join(notices.hours_said(settings))}.")
        return
    with db.reading() as session:
        due = notices.round_of(session, settings, hour)
    if due is None:
        click.echo("Nobody works today.")
        return
    _told(settings, due)


def _told(settings: Settings, due: Round, *, again: bool = False) -> None:
    sent, failed = notices.send(settings, due, again=again)
    if due.without:
        click.echo(f"NOTICE_TO has no address for: {', '.join(due.without)}.", err=True)
    if failed:
        raise click.ClickException(
            f"{failed} of {len(due.to)} reminders could not be sent to {settings.smtp_host}."
        )
    click.echo(f"{sent} reminders sent.")


def _label(one: date) -> str:
    names = (
        t("Thứ Hai", "Monday"),
        t("Thứ Ba", "Tuesday"),
        t("Thứ Tư", "Wednesday"),
        t("Thứ Năm", "Thursday"),
        t("Thứ Sáu", "Friday"),
    )
    return f"{names[one.weekday()]}, {day(one)}"
