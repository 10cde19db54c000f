"""Where a handler wraps old cases anew after the roster changed, and where a custodian tries the recovery cards.

Wrapping goes a few seconds at a time, as long as it takes. Trying cards opens nothing and keeps nothing.
"""

from __future__ import annotations

import time
from typing import Any, Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from core import db, memory, rosters
from core.access import Identity, Role
from core.forms import StaffForm
from core.i18n import Text
from core.log import LogBroken
from core.roster import RosterRefused
from core.rosters import NoRoster
from core.sessions import identity, seed, signed_in
from intake import cards, recovery
from intake.cards import CardsRefused

pages = Blueprint("recovery", __name__, url_prefix="/lam-viec")

_SECONDS: Final = 4.0
"""Of work in one press: long enough to get on, short enough to show that it does."""
_REMEMBERED: Final = 400 * 86_400
_GOING_ON: Final = 3600
_ALL_DONE: Final = Text(
    "Đã bọc lại xong mọi thư bạn đọc được.", "Every letter you can open has been wrapped anew."
)


class AnewForm(StaffForm):
    """One button."""


class CardsForm(StaffForm):
    """Words of cards, in boxes that the page never fills in again."""


@pages.errorhandler(LogBroken)
def _no_log(_broken: Exception) -> tuple[str, int]:
    return render_template("intake/refused.html", why="log"), 503


@pages.route("/boc-lai", methods=["GET", "POST"])
@signed_in(Role.HANDLER)
def wrap_anew() -> Any:
    """How far it has come, and the button that goes on."""
    form, me = AnewForm(), identity()
    assert me is not None
    shelf, place = memory.store(), f"wrapping-anew:{me.person_id}"
    if not form.validate_on_submit():
        shelf.delete(place)
        return render_template("intake/wrap_anew.html", form=form, done=0, begun=False)
    # Where it stopped stays here and not in the page: it may be a case that this handler must not learn of.
    done, _, after = (shelf.get(place) or b"0 ").decode().partition(" ")
    limit = time.monotonic() + _SECONDS
    outcome = recovery.wrap_anew(me, seed(), after=after, going_on=lambda: time.monotonic() < limit)
    so_far, after = int(done) + outcome.done, outcome.last or after
    if _more(after):
        shelf.put(place, f"{so_far} {after}".encode(), _GOING_ON)
        return render_template("intake/wrap_anew.html", form=form, done=so_far, begun=True)
    shelf.delete(place)
    _remember(me)
    flash(str(_ALL_DONE))
    return redirect(url_for("handler.desk"))


@pages.route("/danh-sach/thu-the", methods=["GET", "POST"])
@signed_in(Role.CUSTODIAN)
def try_cards() -> Any:
    """Whether the cards on paper bring the recovery key back: every pair of those typed is tried, and forgotten."""
    form, pairs, refusal = CardsForm(), 0, None
    public = _cards_key()
    if public is None:
        abort(409)
    if form.validate_on_submit():
        boxes = (request.form.get(f"card-{number}", "") for number in range(1, cards.CARDS + 1))
        try:
            pairs = cards.rehearse(list(boxes), public)
        except CardsRefused as refused:
            refusal = refused.reason
    page = render_template("intake/try_cards.html", form=form, pairs=pairs, refusal=refusal, of=cards.CARDS)
    return (page, 422) if refusal else page


def _cards_key() -> bytes | None:
    """The key that cards are tried against: of the version that waits for signatures, else of the one in force."""
    with db.reading() as session:
        waiting = rosters.proposed(session)
        if waiting is not None:
            return waiting[0].recovery_public
        try:
            return rosters.chain(session)[-1].recovery_public
        except (NoRoster, RosterRefused):
            return None


def waits_for(me: Identity) -> bool:
    """Whether the roster has changed since this handler last went through their cases.

    Never whether a case waits: a number of cases, or none, would tell somebody struck out that one exists.
    """
    with db.reading() as session:
        try:
            now = rosters.current(session)
        except (NoRoster, RosterRefused):
            return False
    return now.version > 1 and memory.store().get(_name(me)) != str(now.version).encode()


def _more(after: str) -> bool:
    with db.reading() as session:
        return bool(recovery.behind(session, after))


def _remember(me: Identity) -> None:
    with db.reading() as session:
        memory.store().put(_name(me), str(rosters.current(session).version).encode(), _REMEMBERED)


def _name(me: Identity) -> str:
    return f"wrapped-anew:{me.person_id}"
