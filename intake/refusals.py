"""What every page about a case answers when it opens for nobody, or the log cannot be written."""

from __future__ import annotations

from flask import Blueprint, render_template

from core.headers import page_of
from core.log import LogBroken
from intake.cases import NoSuchCase


def answer_refusals(pages: Blueprint) -> None:
    """A case that is not there and one that does not open look the same; without the log nothing is done."""
    pages.register_error_handler(NoSuchCase, _nothing_here)
    pages.register_error_handler(LogBroken, _no_log)


def _nothing_here(_refused: Exception) -> tuple[str, int]:
    return page_of(404)


def _no_log(_broken: Exception) -> tuple[str, int]:
    return render_template("intake/refused.html", why="log"), 503
