"""Pages of a reporter who returns with the receipt. It is typed, sent, and kept in the page's forms only."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from core.access import TITLES, Role
from core.brakes import MustWait
from core.db import new_id
from core.i18n import Text
from core.installation import installation_id
from core.keys import Busy
from core.pages import same_bytes
from intake import mailbox
from intake.forms import ReceiptForm, ReplyForm
from intake.mailbox import Mailbox, MailboxDamaged, NoMailbox
from intake.questions import FORM
from intake.receipt import NotAReceipt
from intake.slots import NobodyLeft

pages = Blueprint("mailbox", __name__, url_prefix="/hop-thu")

_COUNTED = [(role.value, TITLES[role]) for role in (Role.HANDLER, Role.CUSTODIAN)]
_REFUSED = (NotAReceipt, NoMailbox, MustWait, Busy)

_DAMAGED = Text(
    "Tin này chưa gửi được vì hộp thư có lỗi. Bạn chép lại và gọi một số hỗ trợ.",
    "This message could not be sent: the mailbox is damaged. Please copy it and call a help number.",
)
_NOBODY = Text(
    "Tin này chưa gửi được: những người đọc thư này đều đã thôi việc ấy. Bạn hãy viết một thư mới.",
    "This message could not be sent: none of those who could read this letter does so any more. "
    "Please write a new letter.",
)
_UNKNOWN = Text(
    "Không có hộp thư nào mở bằng mã này. Bạn xem lại mã, hoặc thư đã quá hạn lưu.",
    "No mailbox opens with this code. Please check it; the letter may also have passed its time.",
)
_WAIT = Text(
    "Đã có nhiều mã sai. Bạn đợi {seconds} giây rồi bấm “Mở hộp thư” lần nữa.",
    "There were many wrong codes. Please wait {seconds} seconds, then press “Open the mailbox” again.",
)


@pages.context_processor
def _words() -> dict[str, Any]:
    return {"words": FORM.wording}


@pages.get("")
def show() -> Response:
    """Where the receipt is typed: the same bytes for everyone."""
    return same_bytes(
        lambda: _door(ReceiptForm(formdata=None), installation=installation_id(), counted=_COUNTED),
        key=("mailbox",),
    )


@pages.post("")
def open() -> Response:
    """The mailbox of a receipt. Unknown and expired receipts get the same words after the same work."""
    form = ReceiptForm()
    try:
        opened = mailbox.open_with(form.receipt.data or "", ticket=request.form.get("ticket", ""))
    except _REFUSED as refused:
        return _door_again(form, refused)
    return make_response(_mailbox(opened, ReplyForm(formdata=None)))


@pages.post("/gui")
def reply() -> Response:
    """Add a message from the reporter; the same sending again adds nothing."""
    form = ReplyForm()
    message_id = request.form.get("message_id", "")
    try:
        opened = mailbox.open_with(form.receipt.data or "", ticket=request.form.get("ticket", ""))
        if not form.validate():
            return make_response(_mailbox(opened, form, message_id), 422)
        again = mailbox.write(opened, form.message.data, message_id=message_id)
    except _REFUSED as refused:
        return _door_again(ReceiptForm(), refused, kept=form.message.data or "")
    except MailboxDamaged:
        form.message.errors = [_DAMAGED]
        return make_response(_mailbox(opened, form, message_id), 500)
    except NobodyLeft:
        form.message.errors = [_NOBODY]
        return make_response(_mailbox(opened, form, message_id), 409)
    return make_response(_mailbox(again, ReplyForm(formdata=None), sent=True))


def _door_again(form: ReceiptForm, refused: Exception, *, kept: str = "") -> Response:
    if isinstance(refused, Busy):
        return make_response(_door(form, kept=kept, busy=True), 503, {"Retry-After": "60"})
    ticket = ""
    if isinstance(refused, MustWait):
        wrong, ticket = _WAIT.format(seconds=refused.seconds), refused.ticket
    else:
        wrong = refused.reason if isinstance(refused, NotAReceipt) else _UNKNOWN
    form.receipt.errors = [wrong]
    status = 429 if ticket else 422
    return make_response(_door(form, kept=kept, ticket=ticket), status)


def _door(form: ReceiptForm, **said: Any) -> str:
    return render_template("intake/mailbox_door.html", form=form, **said)


def _mailbox(opened: Mailbox, form: ReplyForm, message_id: str = "", *, sent: bool = False) -> str:
    return render_template(
        "intake/mailbox.html",
        form=form,
        box=opened,
        state=FORM.state(opened.state),
        message_id=message_id or new_id(),
        sent=sent,
    )
