"""The campaign has one page for the campaigner and the administrator; the old address leads there."""

from __future__ import annotations

from typing import Any

from flask import redirect, url_for

from core.access import Role
from core.administrator.blueprint import pages
from core.sessions import signed_in


@pages.get("/chien-dich")
@signed_in(Role.ADMINISTRATOR)
def campaign() -> Any:
    """To the page of the campaign."""
    return redirect(url_for("campaign.show"))
