"""Pages on which a handler and a custodian open names together, each in their own session.

What a custodian sees: who asks, why, and a label of the case; never a word of it. The names are shown once,
in the answer to the POST that opened them, and the page leaves by itself after a few minutes.
"""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState

from core import db, rosters
from core.access import Identity, Role, require
from core.forms import AtMost, Lines, Needed, StaffForm
from core.i18n import Text, t
from core.sessions import identity, seed, signed_in
from intake import asking, desk
from intake.asking import NobodyToAsk, NothingLent
from intake.cases import NoSuchCase
from intake.casework import CaseDamaged
from intake.names import HalfRefused
from intake.questions import FORM
from intake.refusals import answer_refusals

pages = Blueprint("naming", __name__, url_prefix="/lam-viec")

SHOWN_SECONDS: Final = 5 * 60


class AskForm(StaffForm):
    """Why the names are needed."""

    reason = Lines(
        Text("Vì sao cần mở tên", "Why the names are needed"),
        [Needed(Text("Bạn ghi ngắn gọn lý do.", "Write the reason in a few words.")), AtMost(500)],
    )


answer_refusals(pages)


@pages.errorhandler(CaseDamaged)
@pages.errorhandler(HalfRefused)
def _damaged(_damage: Exception) -> tuple[str, int]:
    return render_template("intake/refused.html", why="damage", kept=request.form.get("reason", "")), 500


@pages.get("/<case_id>/ten")
@signed_in(Role.HANDLER)
def show(case_id: str) -> Any:
    """How one's request stands, or the form that makes one."""
    return _page(case_id, AskForm(formdata=None))


@pages.post("/<case_id>/ten/xin")
@signed_in(Role.HANDLER)
def ask(case_id: str) -> Any:
    """Ask the custodians."""
    form = AskForm()
    _line(case_id)
    if not form.validate():
        return _page(case_id, form)
    if asking.standing(seed(), case_id) is None:
        try:
            with db.writing() as session:
                made = asking.ask(session, _handler(), seed(), case_id, form.reason.data)
        except NobodyToAsk:
            return _page(case_id, form, nobody=True)
        asking.send(seed(), case_id, made)
    return redirect(url_for("naming.show", case_id=case_id), 303)


@pages.post("/<case_id>/ten/thoi")
@signed_in(Role.HANDLER)
def take_back(case_id: str) -> Any:
    """Take the request back."""
    asking.take_back(seed(), case_id)
    flash(t("Đã rút lời xin.", "The request is taken back."))
    return redirect(url_for("naming.show", case_id=case_id), 303)


@pages.post("/<case_id>/ten/mo")
@signed_in(Role.HANDLER)
def open_names(case_id: str) -> Any:
    """Show the names, once and for a few minutes."""
    line = _line(case_id)
    try:
        found = asking.open_once(_handler(), seed(), case_id)
    except NothingLent:
        flash(
            t("Không còn gì để mở. Bạn có thể xin lại.", "There is nothing left to open. You may ask again.")
        )
        return redirect(url_for("naming.show", case_id=case_id), 303)
    told = [(one.label, ", ".join(str(word) for word in words)) for one, words in FORM.told(found)]
    answer = make_response(
        render_template("intake/names_shown.html", case=line, names=told, minutes=SHOWN_SECONDS // 60)
    )
    answer.headers["Refresh"] = f"{SHOWN_SECONDS}; url={url_for('handler.case', case_id=case_id)}"
    return answer


# --- the custodian --------------------------------------------------------------------------------


@pages.get("/mo-ten")
@signed_in(Role.CUSTODIAN)
def waiting() -> Any:
    """Who asks this custodian to open names with them."""
    with db.reading() as session:
        asked = asking.waiting(session, _custodian(), seed())
        people = {one.id: one for one in rosters.current(session).members}
    return render_template("intake/names_asked.html", asked=[(one, people[one.handler]) for one in asked])


@pages.post("/mo-ten/<ask_id>/dong-y")
@signed_in(Role.CUSTODIAN)
def agree(ask_id: str) -> Any:
    """Lend one's half of these names, and nothing else."""
    return _settle(ask_id, agreed=True)


@pages.post("/mo-ten/<ask_id>/tu-choi")
@signed_in(Role.CUSTODIAN)
def refuse(ask_id: str) -> Any:
    """Do not."""
    return _settle(ask_id, agreed=False)


def _settle(ask_id: str, *, agreed: bool) -> Any:
    who = _custodian()
    try:
        with db.writing() as session:
            lent = asking.agree(session, who, seed(), ask_id) if agreed else None
            if not agreed:
                asking.refuse(session, who, seed(), ask_id)
    except NothingLent:
        flash(t("Lời xin này đã hết hạn hoặc đã xong.", "This request has run out or is settled."))
        return redirect(url_for("naming.waiting"), 303)
    if lent:
        asking.lay(lent)
        flash(t("Bạn đã đồng ý. Người xin mở được tên một lần.", "You agreed. The names can be opened once."))
    else:
        asking.note_refusal(who, ask_id)
        flash(t("Bạn đã từ chối.", "You refused."))
    return redirect(url_for("naming.waiting"), 303)


# --- what the pages say ---------------------------------------------------------------------------


def _page(case_id: str, form: AskForm, *, nobody: bool = False) -> Any:
    page = render_template(
        "intake/names_ask.html",
        case=_line(case_id),
        form=form,
        label=asking.label_of(case_id),
        standing=asking.standing(seed(), case_id),
        nobody=nobody,
    )
    return page, 422 if form.errors else 409 if nobody else 200


def _line(case_id: str) -> desk.Listed:
    line = desk.one(_handler(), seed(), case_id)
    if line is None:
        raise NoSuchCase
    return line


def _handler() -> Identity:
    return require(identity(), Role.HANDLER)


def _custodian() -> Identity:
    return require(identity(), Role.CUSTODIAN)


def _count(who: Identity) -> int:
    try:
        with db.reading() as session:
            return len(asking.waiting(session, who, seed()))
    except Exception:  # noqa: BLE001 - a number beside a link must never keep a page from being shown
        return 0


@pages.record_once
def _badge(state: BlueprintSetupState) -> None:
    state.app.extensions.setdefault("badges", {})["naming.waiting"] = _count
