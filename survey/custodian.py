"""The custodians' page of the survey: joining two waves, in memory, in one act."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.blueprints import BlueprintSetupState

from core import db, rosters
from core.access import Identity, Role
from core.heavy import HeavyBusy, HeavyFailed
from core.i18n import Text
from core.sealing import CannotOpen
from core.sessions import identity, seeds, signed_in
from survey import dates, results, rounds
from survey.forms import WAVES, DeedForm

pages = Blueprint("linking", __name__, url_prefix="/lam-viec/ghep")

_DONE: Final = Text(
    "Đã ghép và tính xong. Thư ký Ban xem được kết quả.",
    "Joined and computed. The campaigner can see the result.",
)
_REFUSED: Final[dict[type[Exception], Text]] = {
    results.NotComparable: Text(
        "Hai đợt này không so sánh được với nhau.", "These two rounds cannot be compared."
    ),
    results.AlreadyCompared: Text(
        "Hai đợt này đã được ghép rồi.", "These two rounds have been joined already."
    ),
    CannotOpen: Text("Khóa của bạn không mở được hai đợt này.", "Your key does not open these two rounds."),
    HeavyBusy: Text(
        "Máy đang bận. Bạn thử lại sau một phút.", "The machine is busy. Please try again in a minute."
    ),
    HeavyFailed: Text(
        "Chưa tính được. Chưa có gì bị xóa; bạn thử lại nhé.",
        "It could not be computed. Nothing was erased; please try again.",
    ),
}


@pages.get("/")
@signed_in(Role.CUSTODIAN)
def show() -> str:
    """Closed rounds that wait to be put side by side."""
    dates.keep()
    with db.reading() as session:
        waiting = [
            (
                before,
                after,
                results.still_needed(session, before, after),
                rounds.last_day_of_links(before.year),
            )
            for before, after in results.waiting(session)
        ]
    return render_template("survey/linking.html", waiting=waiting, waves=WAVES, form=DeedForm())


def _wrap_anew(who: Identity, mine: Sequence[bytes]) -> None:
    """With their side of letters a custodian wraps anew the keys of rounds: a colleague may have fresh keys."""
    with db.writing() as session:
        rounds.wrap_links_anew(session, who, mine, rosters.current(session))


@pages.record_once
def _with_letters(state: BlueprintSetupState) -> None:
    state.app.extensions.setdefault("wrap_anew", []).append(_wrap_anew)


@pages.post("/<before_id>/<after_id>")
@signed_in(Role.CUSTODIAN)
def link(before_id: str, after_id: str) -> Any:
    """Join, count, compute, forget."""
    try:
        results.compare(before_id, after_id, identity(), *seeds())
    except tuple(_REFUSED) as refused:
        flash(str(_REFUSED[type(refused)]), "soon")
    else:
        flash(str(_DONE))
    return redirect(url_for("linking.show"))
