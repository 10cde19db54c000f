"""Pages on which a reporter asks to withdraw, takes that back, or asks for another handler; without scripts.

Each asks once on a page of its own that says what will happen. With scripts the same sentences stand in the
mailbox (templates/intake/mailbox_scripts.html), and the wish is sealed in the browser.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from core.db import new_id
from intake.form.forms import OtherForm
from intake.mailbox import returning
from intake.mailbox.mailbox import Mailbox
from intake.mailbox.wishes import OTHER, TAKEN_BACK
from intake.retention import WITHDRAW

pages = Blueprint("wishes", __name__, url_prefix="/hop-thu")
pages.context_processor(returning.words)
pages.after_request(returning.filled)


@pages.post("/rut")
def withdraw() -> Response:
    """What withdrawing means, before it is asked for."""
    return returning.opened_for(lambda opened: _page("intake/withdraw.html", opened))


@pages.post("/rut/gui")
def send_withdrawal() -> Response:
    """Ask to withdraw; asked a second time the day of the first stays."""
    return returning.opened_for(lambda opened: returning.write(opened, "", WITHDRAW))


@pages.post("/rut/thoi")
def take_back() -> Response:
    """No longer ask to withdraw."""
    return returning.opened_for(lambda opened: returning.write(opened, "", TAKEN_BACK))


@pages.post("/nguoi-khac")
def another() -> Response:
    """What asking for another handler means, and room for words."""
    return returning.opened_for(
        lambda opened: _page("intake/another.html", opened, form=OtherForm(formdata=None))
    )


@pages.post("/nguoi-khac/gui")
def send_another() -> Response:
    """Ask for another handler."""
    form = OtherForm()

    def send(opened: Mailbox) -> Response:
        if not form.validate():
            return _page("intake/another.html", opened, 422, form=form)
        return returning.write(opened, form.message.data or "", OTHER)

    return returning.opened_for(send, kept=form.message.data or "")


def _page(template: str, opened: Mailbox, status: int = 200, **said: Any) -> Response:
    message_id = request.form.get("message_id") or new_id()
    page = render_template(template, receipt=opened.receipt, message_id=message_id, **said)
    return make_response(page, status)
