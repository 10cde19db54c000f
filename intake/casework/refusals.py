"""What every page about a case answers when it opens for nobody, or the log cannot be written."""

from __future__ import annotations

from flask import Blueprint, render_template

from core import db, rosters
from core.headers import page_of
from core.log import LogBroken
from core.roster import RosterRefused
from core.rosters import NoRoster
from intake.cases import NoSuchCase


def answer_refusals(pages: Blueprint) -> None:
    """A case that is not there and one that does not open look the same; without the log nothing is done."""
    pages.register_error_handler(NoSuchCase, _nothing_here)
    pages.register_error_handler(LogBroken, _no_log)


def _nothing_here(_refused: Exception) -> tuple[str, int]:
    return page_of(404)


def _no_log(_broken: Exception) -> tuple[str, int]:
    """Before the first roster there is no log yet, and nothing is wrong: then the page says what comes next."""
    try:
        with db.reading() as session:
            rosters.chain(session)
    except RosterRefused:
        pass
    except NoRoster:
        return render_template("intake/not_begun.html"), 409
    return render_template("intake/refused.html", why="log"), 503
