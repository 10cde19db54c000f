"""Enrolment by a single-use link: what is drawn for a person, shown once, typed back, and then locked.

Looking at the link changes nothing (programs that preview links look too). Credentials are drawn when the
person presses the button, kept in memory for half an hour under the link's own token, so that a reload shows
the same, and are gone with the last step.
"""

from __future__ import annotations

import base64
from typing import Any, Final

import pyotp
import segno
from flask import Blueprint, redirect, render_template, request, url_for
from markupsafe import Markup
from wtforms import StringField

from core import accounts, admission, config, db, log, once, passphrase, sessions
from core.access import TITLES
from core.accounts import Credentials, LinkSpent, Person
from core.forms import AtMost, Needed, PublicForm
from core.i18n import Text, t

pages = Blueprint("enrolment", __name__, url_prefix="/dang-ky")

DRAWN_SECONDS: Final = 30 * 60
ISSUER: Final = "Goc nhan vien"


class TypedBack(PublicForm):
    """The passphrase from the paper and the code from the phone: proof that both are at hand."""

    passphrase = StringField(
        Text("Cụm từ bạn vừa chép", "The passphrase you wrote down"), [Needed(), AtMost(400)]
    )
    code = StringField(
        Text("Mã 6 số trên điện thoại", "Six-digit code on your phone"), [Needed(), AtMost(40)]
    )


@pages.get("/<token>")
def show(token: str) -> Any:
    """Who is invited and what will happen; or, after the button, what to write down."""
    try:
        person = _invited(token)
    except LinkSpent:
        return _spent()
    drawn = _drawn(token)
    if drawn:
        return _paper(person, drawn, TypedBack())
    return render_template("core/enrol.html", renews=_still_held(person) is not None, **_about(person))


@pages.post("/<token>")
def draw(token: str) -> Any:
    """Draw credentials, once; pressing twice shows the same."""
    try:
        person = _invited(token)
    except LinkSpent:
        return _spent()
    if _drawn(token) is None:
        _keep(token, accounts.draw_credentials(with_seed=person.holds_keys))
    return redirect(url_for("enrolment.show", token=token))


@pages.post("/<token>/xong")
def finish(token: str) -> Any:
    """Compare what was typed back, make the lock, and spend the link."""
    form = TypedBack()
    try:
        person = _invited(token)
        drawn = _drawn(token)
        if drawn is None:
            return redirect(url_for("enrolment.show", token=token))
        if not (form.validate() and _typed_right(person, drawn, form)):
            return _paper(person, drawn, form), 422
        state = "ngay" if not person.holds_keys else "cho" if _still_held(person) is None else "thay"
        enrol(token, drawn)
    except LinkSpent:
        return _spent()
    return redirect(url_for("enrolment.done", state=state))


@pages.get("/xong/<any(cho, ngay, thay):state>")
def done(state: str) -> str:
    """What comes next: signing in, and for those who hold keys the signatures of two custodians."""
    return render_template("core/enrolled.html", waits=state != "ngay", renewed=state == "thay")


def enrol(token: str, drawn: Credentials) -> None:
    """Make the person's lock and keys and spend the link; `LinkSpent` if somebody was faster.

    Whoever is signed in here and renews their own keys keeps the present ones in the lock until they are not needed.
    """
    lock = accounts.lock_for(drawn, earlier=_still_held(_invited(token)))
    with db.writing() as session:
        person = accounts.invited_by(session, token)
        accounts.enrol(session, person, drawn, lock)
        log.write_if_started(session, "enrolled", who=person.id, about=person.id)
        sessions.end_all(person.id)
    once.forget("enrolment", token.encode())


def _still_held(person: Person) -> bytes | None:
    me = sessions.identity()
    if me is None or me.person_id != person.id or not person.holds_keys:
        return None
    return sessions.seed()


def address(token: str) -> str:
    """The whole address of an enrolment link, to be handed over on paper."""
    return _base() + url_for("enrolment.show", token=token)


def _base() -> str:
    return config.current().public_url.rstrip("/") or request.host_url.rstrip("/")


def _invited(token: str) -> Person:
    with db.reading() as session:
        return accounts.invited_by(session, token)


def _spent() -> tuple[str, int]:
    return render_template("core/link_spent.html"), 410


def _about(person: Person) -> dict[str, Any]:
    return {"person": person, "titles": [TITLES[role] for role in sorted(person.held)]}


def _paper(person: Person, drawn: Credentials, form: TypedBack) -> str:
    account = pyotp.TOTP(drawn.totp).provisioning_uri(name=person.sign_name, issuer_name=ISSUER)
    secret = " ".join(drawn.totp[start : start + 4] for start in range(0, len(drawn.totp), 4))
    return render_template(
        "core/enrol_paper.html",
        words=drawn.passphrase.split(),
        qr=qr_picture(account, t("Mã QR cho ứng dụng tạo mã", "QR code for the authenticator app")),
        totp=secret,
        codes=drawn.recovery_codes,
        digits=accounts.spoken_keys(drawn.seed) if drawn.seed else "",
        form=form,
        **_about(person),
    )


def qr_picture(text: str, title: str) -> Markup:
    """A QR code as SVG without styles or scripts; dark on white in every mood, or phones cannot read it."""
    svg = segno.make(text, error="m", micro=False).svg_inline(
        scale=5,
        border=4,
        light="#fff",
        dark="#000",
        omitsize=True,
        title=title,
        svgclass="qr",
        lineclass=None,
    )
    return Markup(svg)  # noqa: S704 - made here from modules, the title is escaped by segno


def _typed_right(person: Person, drawn: Credentials, form: TypedBack) -> bool:
    if passphrase.normalise(form.passphrase.data) != passphrase.normalise(drawn.passphrase):
        form.passphrase.errors = [
            Text(
                "Cụm từ chưa khớp với sáu từ ở trên. Hãy xem lại tờ giấy rồi gõ lần nữa.",
                "This does not match the six words above. Check your paper and type them again.",
            )
        ]
        return False
    digits = "".join(letter for letter in form.code.data if letter.isalnum())
    step = admission.totp_step(drawn.totp, digits)
    if step is None or not admission.use_step(person.id, step):
        form.code.errors = [
            Text(
                "Mã chưa đúng. Hãy đợi mã mới, và để điện thoại tự chỉnh giờ.",
                "The code is not right. Wait for a new one, and let your phone set its time by itself.",
            )
        ]
        return False
    return True


def _keep(token: str, drawn: Credentials) -> None:
    words = {
        "passphrase": drawn.passphrase,
        "totp": drawn.totp,
        "recovery_codes": drawn.recovery_codes,
        "seed": base64.b64encode(drawn.seed).decode() if drawn.seed else "",
    }
    once.keep("enrolment", token.encode(), words, DRAWN_SECONDS)


def _drawn(token: str) -> Credentials | None:
    words = once.look("enrolment", token.encode())
    if words is None:
        return None
    return Credentials(
        passphrase=words["passphrase"],
        totp=words["totp"],
        recovery_codes=tuple(words["recovery_codes"]),
        seed=base64.b64decode(words["seed"]) if words["seed"] else None,
    )
