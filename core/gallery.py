"""The living page of all components. Only the demonstration centre shows it."""

from __future__ import annotations

from flask import Blueprint, render_template

pages = Blueprint("gallery", __name__)


@pages.get("/mau")
def show() -> str:
    """Every component, in both moods, with words as people write them."""
    return render_template("gallery.html")
