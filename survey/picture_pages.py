"""A picture of a comparison as a file of its own: SVG to enlarge, PNG to paste."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from typing import Any, Final

from flask import Blueprint, Response, abort, flash, redirect, url_for

from core import db, document, heavy
from core.access import Role
from core.i18n import language
from core.sessions import signed_in
from survey import pictures, rounds
from survey.models import Comparison, Round
from survey.questionnaire import Questionnaire

pages = Blueprint("survey_pictures", __name__, url_prefix="/dieu-hanh")

_TYPES: Final = {"svg": "image/svg+xml", "png": "image/png"}


@pages.get("/thay-doi/<before_id>/<after_id>/hinh-<name>.<any(svg, png):kind>")
@signed_in(Role.CAMPAIGNER)
def picture(before_id: str, after_id: str, name: str, kind: str) -> Any:
    """One picture, with its title drawn, in the language of the page."""
    with db.reading() as session:
        found = session.get(Comparison, (before_id, after_id)) or abort(404)
        waves = [session.get_one(Round, one) for one in (before_id, after_id)]
        questionnaire = rounds.questionnaire_of(session, waves[0])
    try:
        return as_file(found, waves, questionnaire, name, kind)
    except heavy.HeavyBusy:
        flash(str(document.BUSY))
        return redirect(url_for("campaigner.changes", before_id=before_id, after_id=after_id))


def as_file(
    found: Comparison, waves: Sequence[Round], questionnaire: Questionnaire, name: str, kind: str
) -> Response:
    """One picture of a comparison to keep; 404 where there is none of this name. Raises `heavy.HeavyBusy`."""
    specs = pictures.in_languages(found.effects, found.joint, questionnaire, waves)[language()]
    chart = specs.get(name) or abort(404)
    made = heavy.run("core.charts:file_job", {"chart": chart, "kind": kind})["file"]
    # An attachment: an SVG that stands alone is never shown as a page of this server.
    saved = f'attachment; filename="khao-sat-{waves[0].year}-{name}.{kind}"'
    return Response(b64decode(made), mimetype=_TYPES[kind], headers={"Content-Disposition": saved})
