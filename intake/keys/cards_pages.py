"""Where two custodians use the recovery cards: each types one, in their own browser; then letters come back."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, url_for
from wtforms import TextAreaField

from core.access import Identity, Role
from core.forms import StaffForm
from core.i18n import Text, t
from core.log import LogBroken
from core.roster import RosterRefused
from core.rosters import NoRoster
from core.sessions import identity, seed, signed_in
from intake.keys import cards_together
from intake.keys.cards import CardsRefused
from intake.keys.cards_together import NothingLaid
from intake.keys.wrapping import Outcome

pages = Blueprint("cards", __name__, url_prefix="/lam-viec/danh-sach/dung-the")

_GONE: Final = Text(
    "Thẻ thứ nhất không còn chờ ở đây. Hãy bắt đầu lại.",
    "The first card does not wait here any more. Please begin again.",
)
_ALL: Final = Text(
    "Xong: mọi thư mà các thẻ này mở được đã giao lại cho cán bộ tiếp nhận. Không tên nào được mở.",
    "Done: every letter these cards open has been given back to the handlers. No name was opened.",
)
_HELD: Final = Text(
    "Có thư mà một cán bộ tiếp nhận vẫn mở được: người đó bọc lại ở lần đăng nhập sau.",
    "Some letters are still open to a handler, who wraps them anew at their next sign-in.",
)
_SHUT: Final = Text(
    "Có thư không mở được bằng bộ thẻ này. Nếu có bộ thẻ cũ hơn, hãy dùng thêm bộ đó.",
    "Some letters did not open to this set of cards. If there is an older set, use that as well.",
)
_DESTROY: Final = Text(
    "Các thẻ này đã có người thấy. Hãy lập bộ thẻ mới rồi hủy bộ này.",
    "These cards have been seen now. Make a new set, then destroy these.",
)


class CardForm(StaffForm):
    """The words of one card, in a box that the page never fills in again."""

    card = TextAreaField()


class DeedForm(StaffForm):
    """A button."""


@pages.errorhandler(LogBroken)
def _no_log(_broken: Exception) -> tuple[str, int]:
    return render_template("intake/refused.html", why="log"), 503


@pages.errorhandler(NoRoster)
@pages.errorhandler(RosterRefused)
def _no_roster(_refused: Exception) -> Any:
    return redirect(url_for("roster.show"))


@pages.get("/")
@signed_in(Role.CUSTODIAN)
def show() -> Any:
    """What stands where: nothing yet, one card of mine, one of another's, or both at work."""
    return _page()


@pages.post("/mot")
@signed_in(Role.CUSTODIAN)
def lay() -> Any:
    """The first card."""
    form = CardForm()
    try:
        cards_together.lay(_me(), seed(), form.card.data or "")
    except CardsRefused as refused:
        return _page(refused.reason), 422
    return redirect(url_for("cards.show"))


@pages.post("/thoi")
@signed_in(Role.CUSTODIAN)
def take_back() -> Any:
    """The first card is forgotten."""
    cards_together.take_back(_me())
    flash(t("Thẻ đã được quên đi.", "The card is forgotten."))
    return redirect(url_for("cards.show"))


@pages.post("/hai")
@signed_in(Role.CUSTODIAN)
def join() -> Any:
    """The second card, beside the first one that another custodian laid."""
    form = CardForm()
    try:
        cards_together.join(_me(), seed(), form.card.data or "")
    except CardsRefused as refused:
        return _page(refused.reason), 422
    except NothingLaid:
        flash(str(_GONE), "soon")
        return redirect(url_for("cards.show"))
    return go_on()


@pages.post("/tiep")
@signed_in(Role.CUSTODIAN)
def go_on() -> Any:
    """Some more letters; at the end what has come of it, in words and not in numbers."""
    try:
        outcome = cards_together.go_on(_me(), seed())
    except NothingLaid:
        flash(str(_GONE), "soon")
        return redirect(url_for("cards.show"))
    if outcome.more:
        return redirect(url_for("cards.show"))
    for kind, sentence in _said(outcome):
        flash(str(sentence), kind)
    return redirect(url_for("roster.show"))


def _said(outcome: Outcome) -> list[tuple[str, Text]]:
    said = [("message", _ALL)]
    said += [("info", _HELD)] if outcome.held else []
    said += [("soon", _SHUT)] if outcome.closed else []
    return [*said, ("soon", _DESTROY)]


def _page(refusal: Text | None = None) -> str:
    me = _me()
    return render_template(
        "intake/use_cards.html",
        form=CardForm(formdata=None),
        deed=DeedForm(),
        refusal=refusal,
        running=cards_together.running(seed()),
        laid=cards_together.laid(me, seed()),
        mine=cards_together.mine_lies(me),
    )


def _me() -> Identity:
    found = identity()
    assert found is not None
    return found
