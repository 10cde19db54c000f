"""The home page: this year's theme and messages, and two doors: write, answer. And the page of help numbers."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, render_template

from core import clock, db
from core.calendar import gathered
from core.calendar.entries import coming
from core.campaign import help_numbers, messages_for, news_of, now_running
from core.pages import same_bytes

pages = Blueprint("home", __name__)

DATES: Final = 4
NEWS: Final = 3
"""So many of each on the home page: two doors come first, and a phone shows little below them."""


@pages.get("/")
def show() -> Response:
    """The same for everyone, made anew each day."""
    return same_bytes(_home, key=("home", clock.today()))


def _home() -> str:
    with db.reading() as session:
        campaign = now_running(session)
        messages = messages_for(session, campaign.year, "home") if campaign else []
        dates = coming(gathered.entries(session, campaign), clock.today(), DATES) if campaign else []
        news = news_of(session, campaign.year)[:NEWS] if campaign else []
    return render_template("core/home.html", campaign=campaign, messages=messages, dates=dates, news=news)


@pages.get("/giup-do")
def help_page() -> Response:
    """Every help number, with the day it was last checked, and safer ways to write."""
    return same_bytes(_help, key=("help", clock.today()))


def _help() -> str:
    with db.reading() as session:
        lines = help_numbers(session, everything=True)
    return render_template("core/help.html", lines=lines)
