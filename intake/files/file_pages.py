"""Pages of files: a reporter adds one with the receipt, a handler sees the list and downloads.

An upload is one request that the gateway received sealed on the disk; here it is read once, part by part. Nothing is
ever shown inside a page.
"""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, make_response, render_template, request
from werkzeug.exceptions import RequestEntityTooLarge

from core import config, db
from core.access import Identity, Role, require
from core.brakes import MustWait
from core.db import new_id
from core.disk import NoRoom
from core.gateway import NO_ROOM
from core.headers import attachment, page_of
from core.i18n import Text
from core.installation import installation_id
from core.keys import Busy
from core.sealing import CannotOpen
from core.sessions import identity, seed, signed_in
from intake.casework import wish_marks
from intake.casework.casework import CaseDamaged
from intake.casework.refusals import answer_refusals
from intake.files import keeping, opening, room
from intake.files.cleaning import CleaningBusy, Swells
from intake.files.keeping import NoFile, TooLarge, TooMany, UnknownKind
from intake.form.forms import ReceiptForm
from intake.form.questions import FORM
from intake.mailbox import mailbox, returning
from intake.mailbox.mailbox import Mailbox, NoMailbox
from intake.seal.receipt import NotAReceipt
from intake.seal.slots import NobodyLeft

pages = Blueprint("files", __name__)

_OVERHEAD: Final = 65_536
"""Room for the form around a file."""

_SHORT: Final = Text(
    "Lúc này máy chủ hết chỗ nên chưa nhận tệp được. Lời bạn viết thì vẫn nhận: hãy viết rằng bạn có tệp.",
    "The server has no room for files at the moment, so none is taken. Words are: write that you have one.",
)
_WRONG: Final[dict[type[Exception], tuple[int, Text]]] = {
    NoFile: (422, Text("Bạn chưa chọn tệp, hoặc tệp trống.", "No file was chosen, or it is empty.")),
    TooLarge: (
        413,
        Text(
            "Tệp này lớn hơn {limit} MB, nên chưa được gửi.",
            "This file is larger than {limit} MB, so it was not sent.",
        ),
    ),
    TooMany: (409, Text("Thư này đã đủ số tệp.", "This letter has as many files as it can have.")),
    NoRoom: (507, _SHORT),
    UnknownKind: (
        415,
        Text(
            "Loại tệp này chưa nhận được: chỉ nhận ảnh, ghi âm, video, PDF và văn bản Office.",
            "This kind of file cannot be taken: only pictures, sound, video, PDF and Office documents.",
        ),
    ),
    Swells: (
        422,
        Text(
            "Tệp này bung ra quá lớn nên chưa được gửi. Bạn thử gửi ảnh chụp màn hình.",
            "This file unpacks to an enormous size, so it was not sent. Please try a screenshot.",
        ),
    ),
    CleaningBusy: (
        503,
        Text(
            "Đang có tệp khác được xử lý. Bạn thử lại sau một phút.",
            "Another file is being worked on. Please try again in a minute.",
        ),
    ),
    CannotOpen: (
        500,
        Text(
            "Hộp thư có lỗi nên chưa nhận được tệp.",
            "The mailbox is damaged, so the file could not be taken.",
        ),
    ),
    NobodyLeft: (
        409,
        Text(
            "Những người đọc thư này đều đã thôi việc ấy. Bạn hãy viết một thư mới.",
            "None of those who could read this letter does so any more. Please write a new one.",
        ),
    ),
}
_DOOR: Final = (NotAReceipt, NoMailbox, MustWait, Busy)


answer_refusals(pages)


@pages.errorhandler(CaseDamaged)
def _damaged(_damage: Exception) -> tuple[str, int]:
    return render_template("intake/refused.html", why="damage", kept=""), 500


@pages.app_template_filter("megabytes")
def megabytes(size: int) -> str:
    """A size in words people know from their phone: "2,4 MB"."""
    return f"{max(size, 100_000) / 1_000_000:.1f} MB".replace(".", str(Text(",", ".")))


@pages.app_context_processor
def _limits() -> dict[str, Any]:
    settings = config.current()
    return {"largest": settings.file_megabytes, "takes_files": settings.files_per_letter > 0}


@pages.context_processor
def _words() -> dict[str, Any]:
    return {"words": FORM.wording}


# --- the reporter ---------------------------------------------------------------------------------


@pages.after_request
def _filled(answer: Response) -> Response:
    """Of one of few lengths, as all that a mailbox answers."""
    return returning.filled(answer) if request.path.startswith("/hop-thu") else answer


@pages.post("/hop-thu/them-tep")
def show() -> Response:
    """The form for a file, for whoever holds the receipt."""
    form = ReceiptForm()
    try:
        opened = mailbox.open_with(form.receipt.data or "", ticket=request.form.get("ticket", ""))
    except _DOOR as refused:
        return _door(refused)
    return _form(opened)


@pages.post("/hop-thu/tep")
def add() -> Response:
    """Take one file in. The whole request is on the disk by now, sealed; here it is read block by block."""
    if request.environ.get(NO_ROOM):
        return make_response(render_template("intake/file_no_room.html", sentence=_SHORT), 507)
    request.max_content_length = keeping.most_bytes() + _OVERHEAD
    boundary = request.mimetype_params.get("boundary", "")
    if request.mimetype != "multipart/form-data" or not boundary:
        return make_response(*page_of(400))
    try:
        with keeping.received(request.stream, boundary.encode("latin-1"), keeping.most_bytes()) as sent:
            opened = mailbox.open_with(sent.fields.get("receipt", ""))
            try:
                kind = keeping.add_file(opened, sent)
            except tuple(_WRONG) as wrong:
                return _form(opened, wrong)
    except (TooLarge, RequestEntityTooLarge):
        return make_response(render_template("intake/file_too_large.html"), 413)
    except _DOOR as refused:
        return _door(refused)
    except ValueError:  # the parts of the form are broken
        return make_response(*page_of(400))
    return _form(opened, added=str(kind.label))


def _form(opened: Mailbox, wrong: Exception | None = None, *, added: str = "") -> Response:
    status, sentence = next((one for kind, one in _WRONG.items() if isinstance(wrong, kind)), (200, None))
    with db.reading() as session:
        left = keeping.room(session, opened.case_id)
        short = room.is_short(session)
    page = render_template(
        "intake/add_file.html",
        receipt=opened.receipt,
        file_id=new_id(),
        left=left,
        short=_SHORT if short else None,
        installation=installation_id(),
        wrong=sentence.format(limit=config.current().file_megabytes) if sentence else None,
        added=added,
    )
    return make_response(page, status)


def _door(refused: Exception) -> Response:
    form = ReceiptForm(formdata=None)
    if isinstance(refused, Busy):
        return make_response(
            render_template("intake/mailbox_door.html", form=form, busy=True), 503, {"Retry-After": "60"}
        )
    form.receipt.errors = [refused.reason if isinstance(refused, NotAReceipt) else _AGAIN]
    page = render_template("intake/mailbox_door.html", form=form, ticket=getattr(refused, "ticket", ""))
    return make_response(page, 429 if isinstance(refused, MustWait) else 422)


_AGAIN: Final = Text(
    "Chưa mở được hộp thư nên tệp chưa được gửi. Bạn mở hộp thư rồi thêm tệp lần nữa.",
    "The mailbox did not open, so the file was not sent. Please open it and add the file again.",
)


# --- the handler ----------------------------------------------------------------------------------


@pages.get("/lam-viec/<case_id>/tep")
@signed_in(Role.HANDLER)
def listed(case_id: str) -> Any:
    """The files of one case: what they are, never what is in them."""
    line = wish_marks.line(_handler(), seed(), case_id)
    with db.writing() as session:
        found = opening.files(session, _handler(), seed(), case_id)
    return render_template("intake/files.html", case=line, files=found)


@pages.post("/lam-viec/<case_id>/tep/<int:row>")
@signed_in(Role.HANDLER)
def copy(case_id: str, row: int) -> Any:
    """Download the copy without metadata: the line in the log and the count are kept before the first byte."""
    with db.writing() as session:
        found = opening.open_copy(session, _handler(), seed(), case_id, row)
    return attachment(found.name, found.pieces)


def _handler() -> Identity:
    return require(identity(), Role.HANDLER)
