"""Where handlers and custodians wrap anew after the roster changed, and where a custodian tries the recovery cards.

Wrapping goes some letters at a time, of those that open: the number of presses must not tell of any other. Trying cards
opens nothing and keeps nothing.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for

from core import db, memory, rosters
from core.access import Identity, Role
from core.forms import StaffForm
from core.i18n import Text
from core.log import LogBroken
from core.roster import Roster, RosterRefused
from core.rosters import NoRoster
from core.sessions import identity, seeds, signed_in
from intake.keys import cards, recovery
from intake.keys.cards import CardsRefused

pages = Blueprint("recovery", __name__, url_prefix="/lam-viec")
pages.app_context_processor(lambda: {"wrapping_waits": lambda: _waits()})

_REMEMBERED: Final = 400 * 86_400
_GOING_ON: Final = 3600
_ALL_DONE: Final = Text(
    "Đã bọc lại xong mọi thư bạn đọc được.", "Every letter you can open has been wrapped anew."
)
_GUARDS_DONE: Final = Text(
    "Đã bọc lại xong khóa bên người giữ khóa.", "The custodians' keys have been wrapped anew."
)


class AnewForm(StaffForm):
    """One button."""


class CardsForm(StaffForm):
    """Words of cards, in boxes that the page never fills in again."""


@pages.errorhandler(LogBroken)
def _no_log(_broken: Exception) -> tuple[str, int]:
    return render_template("intake/refused.html", why="log"), 503


@pages.errorhandler(NoRoster)
@pages.errorhandler(RosterRefused)
def _no_roster(_refused: Exception) -> Any:
    return redirect(url_for("roster.show"))  # which says what is wrong with it


@pages.route("/boc-lai", methods=["GET", "POST"])
@signed_in(Role.HANDLER, Role.CUSTODIAN)
def wrap_anew() -> Any:
    """How far it has come, and the button that goes on; a handler's letters, or a custodian's own side."""
    form, me = AnewForm(), identity()
    assert me is not None
    if not form.validate_on_submit():
        memory.store().delete(_place(me))
        return render_template("intake/wrap_anew.html", form=form, done=0, of=0, guards=_guards(me))
    far = _press(me)
    if far is not None:
        return render_template(
            "intake/wrap_anew.html", form=form, done=far.done, of=far.of, guards=_guards(me)
        )
    if _guards(me):  # what other wings keep for custodians, as they have asked to be told
        for also in current_app.extensions.get("wrap_anew", ()):
            also(me, seeds())
    _remember(me)
    flash(str(_GUARDS_DONE if _guards(me) else _ALL_DONE))
    return redirect(url_for("roster.show" if _guards(me) else "handler.desk"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Far:
    """How far somebody has come: done of those that open to them, with which of their seeds, after which case."""

    done: int
    of: int
    seed: int = 0
    after: str = ""


def _press(me: Identity) -> _Far | None:
    """Some more cases; None when none is left that opens. Where it stopped stays here and not in the page.

    It may be a case that this person must not learn of. Who renewed their keys goes through with both seeds.
    """
    mine = seeds()
    found = memory.store().get(_place(me))
    far = _Far(**json.loads(found)) if found else _Far(done=0, of=0)
    wrap, left = recovery.wrap_guards_anew if _guards(me) else recovery.wrap_anew, recovery.AT_ONCE
    while far.seed < len(mine):
        outcome = wrap(me, mine[far.seed], after=far.after, most=left)
        done, left = far.done + outcome.done, left - outcome.done
        if outcome.more:
            # Counted once, and after the line in the log: slots are tried for it.
            of = max(done, far.of or done + sum(recovery.count(me, one) for one in mine[far.seed :]))
            far = replace(far, done=done, of=of, after=outcome.last or far.after)
            memory.store().put(_place(me), json.dumps(asdict(far)).encode(), _GOING_ON)
            return far
        far = replace(far, done=done, seed=far.seed + 1, after="")
    memory.store().delete(_place(me))
    return None


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


def _waits() -> bool:
    me = identity()
    return me is not None and waits_for(me)


def waits_for(me: Identity) -> bool:
    """Whether the roster has changed since this handler or custodian last went through their side.

    Never whether a case waits: a number of cases, or none, would tell somebody struck out that one exists.
    """
    with db.reading() as session:
        try:
            return has_to_wrap(me.person_id, rosters.current(session))
        except (NoRoster, RosterRefused):
            return False


def has_to_wrap(person_id: str, force: Roster) -> bool:
    """Whether somebody on the roster in force has not gone through their side since it came into force."""
    return force.version > 1 and memory.store().get(_name(person_id)) != str(force.version).encode()


def _guards(me: Identity) -> bool:
    return Role.CUSTODIAN in me.roles


def _place(me: Identity) -> str:
    return f"wrapping-anew:{me.person_id}"


def _remember(me: Identity) -> None:
    with db.reading() as session:
        version = rosters.current(session).version
    memory.store().put(_name(me.person_id), str(version).encode(), _REMEMBERED)


def _name(person_id: str) -> str:
    return f"wrapped-anew:{person_id}"
