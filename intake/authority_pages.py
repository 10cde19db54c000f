"""Pages for handing one case to an authority: a handler asks, a custodian agrees, the handler takes the sealed file."""

from __future__ import annotations

import base64
import binascii
from datetime import date
from pathlib import Path
from typing import Any, Final

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from wtforms import HiddenField, SelectMultipleField
from wtforms.fields import SelectChoice

from core import db, passphrase
from core.access import Identity, Role, require
from core.forms import AtMost, Lines, Needed, StaffForm, Words
from core.headers import page_of
from core.i18n import Text, t
from core.sealing import CannotOpen, NotAKey, PublicKey
from core.sessions import identity, seed, signed_in
from intake import authority, export_file, export_words
from intake.authority import Asked, NotAgreed, TooManyWait, Wish
from intake.open_export import PUBLIC
from intake.refusals import answer_refusals

pages = Blueprint("authority", __name__, url_prefix="/lam-viec/co-quan")

_LABELS: Final = {
    "story": Text("Lời kể và các câu trả lời", "Story and answers"),
    "contact": Text("Liên hệ an toàn", "Safe contact"),
    "entries": Text("Tin nhắn và ghi chép của hồ sơ", "Messages and notes of the case"),
    "names": Text("Tên", "Names"),
}
_SHORT: Final = Text("Nhiều nhất 120 chữ và dấu.", "At most 120 characters.")


class AskForm(StaffForm):
    """What an authority demands, as its document says it."""

    recipient = Words(Text("Cơ quan nhận", "Which authority"), validators=[Needed(), AtMost(120, _SHORT)])
    document = Words(
        Text("Số và ngày của văn bản yêu cầu", "Number and date of its document"),
        validators=[Needed(), AtMost(120, _SHORT)],
    )
    reason = Lines(
        Text("Căn cứ pháp luật và lý do", "The law it rests on, and why"),
        validators=[Needed(), AtMost(600)],
    )
    parts = SelectMultipleField(
        Text("Những phần được yêu cầu, không hơn", "The parts that are demanded, and no more"),
        choices=[SelectChoice(code, label) for code, label in _LABELS.items()],
        validators=[Needed(Text("Bạn chọn ít nhất một phần.", "Choose at least one part."))],
    )


class TakeForm(StaffForm):
    """How the file is locked. passphrase: the one drawn on the page."""

    passphrase = HiddenField()
    public_key = Lines(
        Text("Khóa công khai của cơ quan, nếu có", "The authority's public key, if it has one")
    )


class DeedForm(StaffForm):
    """A button."""


class NotAPublicKey(ValueError):
    """What was pasted is not the .pub that the opening script makes."""


answer_refusals(pages)


@pages.errorhandler(NotAgreed)
@pages.errorhandler(CannotOpen)
def _not_to_be_made(_refused: Exception) -> tuple[str, int]:
    return page_of(409)


@pages.get("/")
@signed_in(Role.HANDLER, Role.CUSTODIAN)
def show() -> str:
    """What waits for this person."""
    person = _identity()
    return render_template(
        "intake/authority.html",
        waiting=[_said(asked) for asked in authority.waiting(person, seed())],
        is_custodian=Role.CUSTODIAN in person.roles,
        deed=DeedForm(),
    )


@pages.route("/hoi/<case_id>", methods=["GET", "POST"])
@signed_in(Role.HANDLER)
def ask(case_id: str) -> Any:
    """Write down what is demanded and ask the custodians."""
    form = AskForm()
    if not form.validate_on_submit():
        answer = render_template("intake/authority_ask.html", form=form, case_id=case_id)
        return answer, 422 if request.method == "POST" else 200
    wish = Wish(
        recipient=form.recipient.data,
        document=form.document.data,
        reason=form.reason.data,
        parts=tuple(part for part in authority.PARTS if part in form.parts.data),
    )
    try:
        with db.writing() as session:
            authority.ask(session, _identity(), seed(), case_id, wish)
    except TooManyWait:
        flash(t("Đang có quá nhiều yêu cầu chờ. Hãy xong một việc trước.", "Too many requests wait."), "soon")
    else:
        flash(t("Đã hỏi những người giữ khóa.", "The custodians have been asked."))
    return redirect(url_for("authority.show"), 303)


@pages.post("/<asked_id>/dong-y")
@signed_in(Role.CUSTODIAN)
def agree(asked_id: str) -> Any:
    """A custodian agrees; nothing is shown to them but what stands on the page."""
    asked = authority.find(_identity(), seed(), asked_id)
    with db.writing() as session:
        authority.agree(session, _identity(), seed(), asked)
    flash(
        t("Bạn đã đồng ý. Cán bộ tiếp nhận giờ lập được tệp.", "You agreed. The handler can make the file.")
    )
    return redirect(url_for("authority.show"), 303)


@pages.post("/<asked_id>/bo")
@signed_in(Role.HANDLER, Role.CUSTODIAN)
def put_aside(asked_id: str) -> Any:
    """Refuse, withdraw, or say that it is done."""
    authority.put_aside(authority.find(_identity(), seed(), asked_id))
    flash(t("Yêu cầu không còn chờ nữa.", "The request no longer waits."))
    return redirect(url_for("authority.show"), 303)


@pages.get("/<asked_id>")
@signed_in(Role.HANDLER)
def prepare(asked_id: str) -> Any:
    """A passphrase drawn for this file, or the authority's own key; then the file."""
    asked = authority.find(_identity(), seed(), asked_id)
    if not asked.agreed_by:
        return redirect(url_for("authority.show"))
    form = TakeForm(formdata=None, data={"passphrase": passphrase.draw()})
    return render_template("intake/authority_take.html", form=form, asked=_said(asked))


@pages.post("/<asked_id>")
@signed_in(Role.HANDLER)
def take(asked_id: str) -> Any:
    """The sealed file: written down in the log and in the case before anything is opened."""
    asked, form = authority.find(_identity(), seed(), asked_id), TakeForm()
    try:
        lock = _lock(form)
    except NotAPublicKey:
        form.public_key.errors = [
            Text(
                "Đây không phải khóa công khai của công cụ mở tệp.",
                "This is not a .pub of the opening script.",
            )
        ]
        return render_template("intake/authority_take.html", form=form, asked=_said(asked)), 422
    with db.writing() as session:
        taken = authority.take_out(session, _identity(), seed(), asked)
    sealed = export_file.build(export_words.texts(taken.files), taken.facts, seed(), lock)
    return _download(sealed, "ho-so.case", "application/octet-stream")


@pages.get("/mo-tep")
@signed_in(Role.HANDLER, Role.CUSTODIAN)
def script() -> Response:
    """The script with which the authority opens the file."""
    return _download((Path(__file__).parent / "open_export.py").read_bytes(), "open_export.py", "text/plain")


def _identity() -> Identity:
    return require(identity(), Role.HANDLER, Role.CUSTODIAN)


def _said(asked: Asked) -> dict[str, Any]:
    parts = ", ".join(str(_LABELS[part]) for part in asked.wish.parts)
    arrived = date.fromisoformat(asked.arrived_on)
    return {"asked": asked, "parts": parts, "wish": asked.wish, "arrived": arrived}


def _lock(form: TakeForm) -> export_file.Lock:
    """The pasted public key, or the drawn passphrase; only drawn words are taken, never chosen ones."""
    pasted = form.public_key.data or ""
    if pasted:
        try:
            return PublicKey(base64.b64decode("".join(pasted.replace(PUBLIC, "").split()), validate=True))
        except (binascii.Error, NotAKey) as error:
            raise NotAPublicKey from error
    words = (form.passphrase.data or "").split()
    if len(words) != passphrase.WORDS or not set(words) <= set(passphrase.words()):
        abort(400)
    return " ".join(words)


def _download(body: bytes, name: str, kind: str) -> Response:
    answer = Response(body, content_type=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
