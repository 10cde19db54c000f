"""Pages of a reporter who returns with the receipt. It is typed, sent, and kept in the page's forms only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from flask import Blueprint, Response, make_response, render_template, request

from core import clock, config
from core.access import TITLES, Role
from core.brakes import MustWait
from core.db import new_id
from core.i18n import Text
from core.installation import installation_id
from core.keys import Busy
from core.pages import same_bytes
from intake.form.filling import filled_page
from intake.form.forms import ReceiptForm, ReplyForm
from intake.form.questions import FORM
from intake.mailbox import mailbox, wishes
from intake.mailbox.mailbox import Mailbox, MailboxDamaged, NoMailbox, Withdrawn
from intake.mailbox.pacing import Slowed
from intake.mailbox.wishes import MESSAGE
from intake.seal.receipt import NotAReceipt
from intake.seal.slots import NobodyLeft

pages = Blueprint("mailbox", __name__, url_prefix="/hop-thu")

_COUNTED = [(role.value, TITLES[role]) for role in (Role.HANDLER, Role.CUSTODIAN)]
_REFUSED = (NotAReceipt, NoMailbox, MustWait, Busy)

_LENGTHS: Final = (64 * 1024, 256 * 1024, 1024 * 1024)
"""Bytes of a page without scripts: some ten letters of usual length, some fifty, more."""

_CHOOSE = Text(
    "Bạn chọn một câu trong danh sách, hoặc viết ở ô bên dưới.",
    "Choose one of the list, or write in the box below.",
)
_DAMAGED = Text(
    "Tin này chưa gửi được vì hộp thư có lỗi. Bạn chép lại và gọi một số hỗ trợ.",
    "This message could not be sent: the mailbox is damaged. Please copy it and call a help number.",
)
_NOBODY = Text(
    "Tin này chưa gửi được: những người đọc thư này đều đã thôi việc ấy. Bạn hãy viết một thư mới.",
    "This message could not be sent: none of those who could read this letter does so any more. "
    "Please write a new letter.",
)
_OVER = Text(
    "Thư này đã rút và hạn đổi ý đã qua, nên không thêm gì được nữa. Bạn hãy viết một thư mới.",
    "This letter was withdrawn and the time to change that is over. Please write a new letter.",
)
_UNSENT: Final[dict[type[Exception], Text]] = {
    MailboxDamaged: _DAMAGED,
    NobodyLeft: _NOBODY,
    Withdrawn: _OVER,
}
_SLOWED = Text(
    "Hộp thư vừa nhận nhiều tin. Bạn gửi lại được sau {minutes} phút. Nếu gấp: gọi 113, 115, 111, hoặc viết một thư mới.",
    "Many messages came in a short time. You can send it in {minutes} minutes. If it is urgent: call 113, 115 or 111, "
    "or write a new letter.",
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
def words() -> dict[str, Any]:
    """Sentences and days that pages of the mailbox need."""
    settings = config.current()
    return {
        "words": FORM.wording,
        "months": settings.retention_months,
        "months_out_of_scope": settings.retention_months_out_of_scope,
        "last_day": wishes.last_day(clock.today()),
    }


@pages.after_request
def filled(answer: Response) -> Response:
    """What a mailbox answers has one of few lengths, so that nobody on the way counts its letters (decision 0028)."""
    if request.method == "POST" and answer.content_type.startswith("text/html"):
        answer.set_data(filled_page(answer.get_data(), _LENGTHS))
        # What lies between would compress the filling to a length of its own.
        answer.headers["Cache-Control"] = "no-store, no-transform"
    return answer


@pages.get("")
def show() -> Response:
    """Where the receipt is typed: the same bytes for everyone."""
    return same_bytes(
        lambda: _door(
            ReceiptForm(formdata=None), installation=installation_id(), counted=_COUNTED, said=wishes.SAID
        ),
        key=("mailbox",),
    )


@pages.post("")
def open() -> Response:
    """The mailbox of a receipt. Unknown and expired receipts get the same words after the same work."""
    wanted = request.form.get("count", "")
    count = int(wanted) if wanted.isdecimal() and len(wanted) < 6 else mailbox.SHOWN
    return opened_for(lambda opened: make_response(page(opened)), count=count)


@pages.post("/gui")
def reply() -> Response:
    """Add a message from the reporter; the same sending again adds nothing."""
    form = ReplyForm()

    def send(opened: Mailbox) -> Response:
        if not form.validate():
            return make_response(page(opened, form, request.form.get("message_id", "")), 422)
        return write(opened, form.message.data)

    return opened_for(send, kept=form.message.data or "")


@pages.post("/chon")
def tap() -> Response:
    """Send one of the short answers that a handler offered; any other is refused, since nobody offered it."""
    chosen = request.form.get("choice", "")

    def send(opened: Mailbox) -> Response:
        if chosen not in opened.to_tap:
            return make_response(page(opened, untapped=_CHOOSE), 422)
        return write(opened, chosen)

    return opened_for(send)


def opened_for(
    show: Callable[[Mailbox], Response], *, kept: str = "", count: int = mailbox.SHOWN
) -> Response:
    """Open the mailbox of the receipt that was sent and go on with it, or show the door again.

    kept: what was typed; it stands on the page whatever happens. count: how many of the newest messages are shown.
    """
    form = ReceiptForm()
    try:
        ticket = request.form.get("ticket", "")
        opened = mailbox.open_with(form.receipt.data or "", ticket=ticket, count=count)
    except _REFUSED as refused:
        return _door_again(form, refused, kept=kept)
    return show(opened)


def write(opened: Mailbox, text: str, what: str = MESSAGE) -> Response:
    """Add a message or a wish, and the mailbox as it is then; where it cannot be added, with the words typed."""
    message_id = request.form.get("message_id", "")
    form = ReplyForm(formdata=None)
    try:
        again = mailbox.write(opened, text, what=what, message_id=message_id)
    except Slowed as slowed:
        form.message.errors = [_SLOWED.format(minutes=slowed.minutes)]
        status, more = 429, {"Retry-After": str(slowed.seconds)}
    except (MailboxDamaged, NobodyLeft, Withdrawn) as unsent:
        form.message.errors = [_UNSENT[type(unsent)]]
        status, more = 500 if isinstance(unsent, MailboxDamaged) else 409, {}
    else:
        return make_response(page(again, sent=what))
    form.message.data = text
    return make_response(page(opened, form, message_id), status, more)


def page(opened: Mailbox, form: ReplyForm | None = None, message_id: str = "", **said: Any) -> str:
    """The mailbox. sent: of `wishes.KINDS`, what has just arrived; untapped: what is wrong with a tapped answer."""
    return render_template(
        "intake/mailbox.html",
        form=form or ReplyForm(formdata=None),
        box=opened,
        state=FORM.state(opened.state),
        message_id=message_id or new_id(),
        longer=len(opened.messages) + opened.damaged + mailbox.SHOWN,
        **said,
    )


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
