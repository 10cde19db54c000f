"""The one blueprint of the campaign's pages, and what all of them ask first."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, abort, url_for
from sqlalchemy.orm import Session

from core.campaign import Campaign, now_running
from core.forms import StaffForm

pages = Blueprint("campaign", __name__, url_prefix="/dieu-hanh/chien-dich")

DAY_FORMATS: Final = ["%d/%m/%Y", "%Y-%m-%d"]


class DeedForm(StaffForm):
    """A button."""


def running(session: Session) -> Campaign:
    """The campaign that the pages show now; 404 where there is none."""
    return now_running(session) or abort(404)


@pages.context_processor
def _names() -> dict[str, Any]:
    """Where the parts of the campaign stand, for the line of links on each of its pages."""
    return {
        "campaign_parts": [
            ("campaign.show", url_for("campaign.show")),
            ("campaign.list_messages", url_for("campaign.list_messages")),
            ("campaign.list_happenings", url_for("campaign.list_happenings")),
        ]
    }
