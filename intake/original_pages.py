"""Pages on which a handler asks a custodian to open the original of one file together, and downloads it once.

The custodian answers on the page for names (naming_pages): one request is like the other.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from core import db
from core.access import Identity, Role, require
from core.forms import AtMost, Lines, Needed, StaffForm
from core.headers import attachment
from core.i18n import Text, t
from core.sessions import identity, seed, signed_in
from intake import asking, desk
from intake.asking import NobodyToAsk, NothingLent, file_key
from intake.cases import NoSuchCase
from intake.casework import CaseDamaged
from intake.names import HalfRefused
from intake.refusals import answer_refusals

pages = Blueprint("originals", __name__, url_prefix="/lam-viec/<case_id>/tep/<int:row>/goc")


class OriginalForm(StaffForm):
    """Why the original is needed."""

    reason = Lines(
        Text("Vì sao cần mở bản gốc", "Why the original is needed"),
        [Needed(Text("Bạn ghi ngắn gọn lý do.", "Write the reason in a few words.")), AtMost(500)],
    )


answer_refusals(pages)


@pages.errorhandler(CaseDamaged)
@pages.errorhandler(HalfRefused)
def _damaged(_damage: Exception) -> tuple[str, int]:
    return render_template("intake/refused.html", why="damage", kept=request.form.get("reason", "")), 500


@pages.get("")
@signed_in(Role.HANDLER)
def show(case_id: str, row: int) -> Any:
    """How one's request stands, or the form that makes one."""
    return _page(case_id, row, OriginalForm(formdata=None))


@pages.post("/xin")
@signed_in(Role.HANDLER)
def ask(case_id: str, row: int) -> Any:
    """Ask the custodians."""
    form = OriginalForm()
    if not form.validate():
        return _page(case_id, row, form)
    if asking.standing(seed(), file_key(case_id, row)) is None:
        try:
            with db.writing() as session:
                made = asking.ask(session, _handler(), seed(), case_id, form.reason.data, row)
        except NobodyToAsk:
            return _page(case_id, row, form, nobody=True)
        asking.send(seed(), file_key(case_id, row), made)
    return redirect(url_for("originals.show", case_id=case_id, row=row), 303)


@pages.post("/thoi")
@signed_in(Role.HANDLER)
def take_back(case_id: str, row: int) -> Any:
    """Take the request back."""
    asking.take_back(seed(), file_key(case_id, row))
    flash(t("Đã rút lời xin.", "The request is taken back."))
    return redirect(url_for("originals.show", case_id=case_id, row=row), 303)


@pages.post("/mo")
@signed_in(Role.HANDLER)
def take(case_id: str, row: int) -> Any:
    """Download the original, byte for byte, one single time."""
    try:
        found = asking.open_file_once(_handler(), seed(), case_id, row)
    except NothingLent:
        flash(t("Không còn gì để mở. Bạn có thể xin lại.", "Nothing is left to open. You may ask again."))
        return redirect(url_for("originals.show", case_id=case_id, row=row), 303)
    return attachment(found.name, found.pieces)


def _page(case_id: str, row: int, form: OriginalForm, *, nobody: bool = False) -> Any:
    line = desk.one(_handler(), seed(), case_id)
    if line is None:
        raise NoSuchCase
    page = render_template(
        "intake/original.html",
        case=line,
        row=row,
        form=form,
        label=asking.label_of(case_id),
        standing=asking.standing(seed(), file_key(case_id, row)),
        nobody=nobody,
    )
    return page, 422 if form.errors else 409 if nobody else 200


def _handler() -> Identity:
    return require(identity(), Role.HANDLER)
