"""Pages on which a handler and a custodian act together, each in their own session: names, originals, authorities.

What a custodian sees: who asks, why, and a label of the case; never a word of it. Names are shown once, in the
answer to the POST that opened them, and the page leaves by itself after a few minutes. An original is downloaded
once, and so is the sealed file for an authority, under words that were drawn here or under its own key.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any, Final

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from sqlalchemy.orm import Session
from wtforms import SelectMultipleField
from wtforms.fields import SelectChoice

from core import clock, db, once, passphrase, rosters
from core.access import Identity, Role, require
from core.forms import AtMost, Lines, Needed, StaffForm, Words
from core.headers import attachment, page_of
from core.i18n import Text, t
from core.sealing import CannotOpen, NotAKey, PublicKey
from core.sessions import identity, seed, signed_in
from intake.asking import asking, authority, export_file, export_words, shelf
from intake.asking.asking import NobodyToAsk
from intake.asking.authority import Export, NotAgreed
from intake.asking.open_export import PUBLIC, digits
from intake.asking.shelf import NothingLent, Standing, TooManyWait
from intake.cases import Holder
from intake.casework import names, wish_marks
from intake.casework.casework import CaseDamaged
from intake.casework.names import HalfRefused
from intake.casework.refusals import answer_refusals
from intake.desk.desk import Listed
from intake.files import bare, opening
from intake.files.bare import CannotBeCleaned
from intake.files.cleaning import CleaningBusy, Swells
from intake.form.asked import PARTS, About, Ask, Wish, label_of
from intake.form.questions import FORM

pages = Blueprint("asking", __name__, url_prefix="/lam-viec")

SHOWN_SECONDS: Final = 5 * 60
_WORDS: Final = "words for an authority"
_LABELS: Final = {
    "story": Text("Lời kể và các câu trả lời", "Story and answers"),
    "contact": Text("Liên hệ an toàn", "Safe contact"),
    "entries": Text("Tin nhắn và ghi chép của hồ sơ", "Messages and notes of the case"),
    "files": Text("Tệp gửi kèm, bản đã xóa thông tin ẩn", "Attached files, as clean copies"),
    "names": Text("Tên", "Names"),
    "originals": Text("Bản gốc của các tệp", "Originals of the files"),
}
_SHORT: Final = Text("Nhiều nhất 120 chữ và dấu.", "At most 120 characters.")
_SETTLED: Final = {
    True: Text("Bạn đã đồng ý. Người xin dùng được một lần.", "You agreed. It can be used once."),
    False: Text("Bạn đã từ chối.", "You refused."),
}
_FULL: Final = Text(
    "Bạn có quá nhiều lời xin đang chờ. Hãy rút hoặc xong một việc trước.",
    "Too many of your requests wait. Take one back or finish one first.",
)

_NOT_BARE: Final = Text(
    "Không làm được bản bỏ thông tin ẩn của tệp này. Bạn có thể xin lại để tải bản gốc.",
    "No copy without hidden details can be made of this file. Ask again to download the original.",
)


class AskForm(StaffForm):
    """Why something is needed."""

    reason = Lines(
        Text("Lý do", "Reason"),
        [Needed(Text("Bạn ghi ngắn gọn lý do.", "Write the reason in a few words.")), AtMost(500)],
    )


class DemandForm(StaffForm):
    """What an authority demands, as its document says it."""

    recipient = Words(Text("Cơ quan nhận", "Which authority"), validators=[Needed(), AtMost(120, _SHORT)])
    document = Words(
        Text("Số và ngày của văn bản yêu cầu", "Number and date of its document"),
        validators=[Needed(), AtMost(120, _SHORT)],
    )
    reason = Lines(
        Text("Căn cứ pháp luật và lý do", "The law it rests on, and why"),
        validators=[Needed(), AtMost(asking.REASON)],
    )
    parts = SelectMultipleField(
        Text("Những phần được yêu cầu, không hơn", "The parts that are demanded, and no more"),
        choices=[SelectChoice(code, _LABELS[code]) for code in PARTS],
        validators=[Needed(Text("Bạn chọn ít nhất một phần.", "Choose at least one part."))],
    )

    @property
    def wish(self) -> Wish:
        """What was filled in."""
        parts = tuple(part for part in PARTS if part in self.parts.data)
        return Wish(recipient=self.recipient.data, document=self.document.data, parts=parts)


class LockForm(StaffForm):
    """How the file is locked: under the words that were drawn, or to a key."""

    public_key = Lines(
        Text("Khóa công khai của cơ quan, nếu có", "The authority's public key, if it has one")
    )


answer_refusals(pages)


@pages.errorhandler(NotAgreed)
@pages.errorhandler(CannotOpen)
def _not_to_be_made(_refused: Exception) -> tuple[str, int]:
    return page_of(409)


@pages.errorhandler(CaseDamaged)
@pages.errorhandler(HalfRefused)
def _damaged(_damage: Exception) -> tuple[str, int]:
    return render_template("intake/refused.html", why="damage", kept=request.form.get("reason", "")), 500


# --- the handler: three things to ask for, at three addresses of a case ---------------------------

_ADDRESSES: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("/<case_id>/ten", {"kind": "names", "row": 0}),
    ("/<case_id>/tep/<int:row>/goc", {"kind": "original"}),
    ("/<case_id>/co-quan", {"kind": "authority", "row": 0}),
)


def _at(end: str, method: str) -> Callable[[Callable[[About], Any]], Callable[[About], Any]]:
    def placed(page: Callable[[About], Any]) -> Callable[[About], Any]:
        @signed_in(Role.HANDLER)
        def answer(case_id: str, kind: Any, row: int) -> Any:
            return page(About(case_id=case_id, kind=kind, row=row))

        for address, known in _ADDRESSES:
            pages.add_url_rule(f"{address}{end}", page.__name__, answer, defaults=known, methods=[method])
        return page

    return placed


@_at("", "GET")
def show(about: About) -> Any:
    """How one's request stands, or the form that makes one."""
    return _page(about, _form(about, fresh=True))


@_at("/xin", "POST")
def ask(about: About) -> Any:
    """Ask the custodians."""
    form, who = _form(about), _handler()
    if not form.validate():
        return _page(about, form)
    try:
        if shelf.standing(who, seed(), about) is None:
            shelf.require_place(who)
            wish = form.wish if isinstance(form, DemandForm) else None
            with db.writing() as session:
                made = asking.ask(session, who, seed(), about, form.reason.data, wish)
            shelf.send(made)
    except NobodyToAsk:
        return _page(about, form, nobody=True)
    except TooManyWait:
        flash(str(_FULL), "soon")
        return _page(about, form)
    return _back_to(about)


@_at("/thoi", "POST")
def take_back(about: About) -> Any:
    """Take the request back, with its line; or say that what was downloaded has arrived."""
    who = _handler()
    if found := shelf.standing(who, seed(), about):
        if found.state != "opened":
            with db.writing() as session:
                asking.take_back(session, who, seed(), found.ask)
            flash(t("Đã rút lời xin.", "The request is taken back."))
        shelf.take_back(found)
        once.forget(_WORDS, _drawn_under(found))
    return _back_to(about)


@_at("/mo", "POST")
def open_it(about: About) -> Any:
    """Show the names, or send what was asked for: one single time."""
    _line(about.case_id)
    try:
        return _OPENS[about.kind](about)
    except NothingLent:
        flash(t("Không còn gì để mở. Bạn có thể xin lại.", "Nothing is left to open. You may ask again."))
        return _back_to(about)


def _open_names(about: About) -> Any:
    who, own = _handler(), seed()

    def deed(session: Session, _one: Ask, half: bytes) -> Any:
        return names.open_name(session, who, own, about.case_id, half)

    found = asking.open_once(who, own, about, deed)
    told = [(one.label, ", ".join(str(word) for word in words)) for one, words in FORM.told(found)]
    page = render_template(
        "intake/names_shown.html", case=_line(about.case_id), names=told, minutes=SHOWN_SECONDS // 60
    )
    answer = make_response(page)
    answer.headers["Refresh"] = f"{SHOWN_SECONDS}; url={url_for('handler.case', case_id=about.case_id)}"
    return answer


def _open_original(about: About) -> Any:
    who, own = _handler(), seed()

    def deed(session: Session, _one: Ask, half: bytes) -> opening.Download:
        return opening.open_original(session, who, own, about.case_id, about.row, half)

    found = asking.open_once(who, own, about, deed)
    if request.form.get("copy") == "clean":
        try:
            found = bare.without_metadata(found)
        except (CannotBeCleaned, CleaningBusy, Swells):
            flash(str(_NOT_BARE))
            return _back_to(about)
    return attachment(found.name, found.pieces)


def _open_authority(about: About) -> Any:
    who, own, form = _handler(), seed(), LockForm()
    found = shelf.standing(who, own, about)
    if found is None:
        raise NothingLent
    shelf.lent(found)
    try:
        lock = _key_in(form.public_key.data or "") or _drawn(found)
    except NotAPublicKey:
        form.public_key.errors = [_NO_KEY]
        return _page(about, _form(about, fresh=True), lock=form)
    if isinstance(lock, PublicKey) and request.form.get("compared") != digits(lock.raw):
        return _page(about, _form(about, fresh=True), lock=form, compare=digits(lock.raw))

    def deed(session: Session, one: Ask, sealed: bytes) -> Export:
        return authority.take_out(session, who, own, one, sealed)

    taken = asking.open_once(who, own, about, deed)
    if found.state != "opened":  # the same words for an hour, should the download break off
        words = _drawn(found)
        once.forget(_WORDS, _drawn_under(found))
        once.keep(_WORDS, _drawn_under(found), words, shelf.AGAIN)
    return attachment("ho-so.case", export_file.build(_parts(taken), taken.facts, own, lock))


_OPENS: Final = {"names": _open_names, "original": _open_original, "authority": _open_authority}


@pages.get("/co-quan/mo-tep")
@signed_in(Role.HANDLER, Role.CUSTODIAN)
def script() -> Response:
    """The script with which the authority opens the file."""
    script = (Path(__file__).parent / "open_export.py").read_bytes()
    return attachment("open_export.py", iter([script]))


@pages.get("/loi-xin")
@signed_in(Role.HANDLER)
def own() -> str:
    """One's own requests that wait, and what came of them."""
    found = [(one, *_said(one.ask)) for one in shelf.mine(_handler(), seed())]
    return render_template("intake/asked_own.html", requests=found)


# --- the custodian --------------------------------------------------------------------------------


@pages.get("/mo-ten")
@signed_in(Role.CUSTODIAN)
def waiting() -> Any:
    """Who asks this custodian to act with them."""
    with db.reading() as session:
        asked = asking.waiting(session, _custodian(), seed())
        people = {one.id: one for one in rosters.current(session).members}
    found = [(one, people[one.handler], *_said(one)) for one in asked]
    return render_template("intake/asked.html", asked=found, parts=_parts_said)


@pages.post("/mo-ten/<ask_id>/dong-y")
@signed_in(Role.CUSTODIAN)
def agree(ask_id: str) -> Any:
    """Lend one's half of what is asked for, and nothing else."""
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
            if agreed:
                given = asking.agree(session, who, seed(), ask_id)
            else:
                refused = asking.refuse(session, who, seed(), ask_id)
    except NothingLent:
        flash(t("Lời xin này đã hết hạn hoặc đã xong.", "This request has run out or is settled."))
        return redirect(url_for("asking.waiting"), 303)
    if agreed:
        shelf.lay(given)
    else:
        shelf.note_refusal(who, refused)
    flash(str(_SETTLED[agreed]))
    return redirect(url_for("asking.waiting"), 303)


# --- what the pages say ---------------------------------------------------------------------------


def _form(about: About, *, fresh: bool = False) -> AskForm | DemandForm:
    kind = DemandForm if about.kind == "authority" else AskForm
    return kind(formdata=None) if fresh else kind()


def _page(
    about: About,
    form: AskForm | DemandForm,
    *,
    nobody: bool = False,
    lock: LockForm | None = None,
    compare: str = "",
) -> Any:
    line = _line(about.case_id)
    found = shelf.standing(_handler(), seed(), about)
    agreed = found is not None and found.state in {"agreed", "opened"} and about.kind == "authority"
    page = render_template(
        "intake/asking.html",
        about=about,
        case=line,
        form=form,
        label=label_of(about.case_id),
        standing=found,
        left=_said(found.ask)[0] if found else "",
        nobody=nobody,
        parts=_parts_said,
        lock=(lock or LockForm(formdata=None)) if agreed else None,
        words=_drawn(found).split() if found and agreed else [],
        by=_agreed_by(found) if found and agreed else "",
        compare=compare,
    )
    wrong = form.errors or (lock and lock.errors)
    return page, 422 if wrong else 409 if nobody else 200


def _said(one: Ask) -> tuple[str, date | None]:
    """How long it still waits, and the day on which the letter of a demand came."""
    minutes = one.minutes_left(clock.now().timestamp())
    left = t("khoảng {} phút", "about {} minutes").format(minutes)
    if minutes > 120:
        left = t("khoảng {} giờ", "about {} hours").format(round(minutes / 60))
    return left, date.fromisoformat(one.wish.arrived_on) if one.wish else None


def _parts_said(wish: Wish) -> str:
    return ", ".join(str(_LABELS[part]) for part in wish.parts)


def _agreed_by(found: Standing) -> str:
    with db.reading() as session:
        roster = rosters.chain(session)[-1]
    try:
        holder = Holder.of(_handler(), seed())
        return authority.agreement(roster, holder, found.ask, shelf.lent(found)).custodian.name
    except (NotAgreed, NothingLent):
        return ""


def _drawn(found: Standing) -> str:
    """The words drawn for this one file: the same at every look, and no others lock it."""
    under = _drawn_under(found)
    once.keep(_WORDS, under, passphrase.draw(), found.ask.seconds)
    return str(once.look(_WORDS, under))


def _drawn_under(found: Standing) -> bytes:
    return seed() + found.ask.ask_id.encode()


class NotAPublicKey(ValueError):
    """What was pasted is not the .pub that the opening script makes."""


_NO_KEY: Final = Text(
    "Đây không phải khóa công khai của công cụ mở tệp.", "This is not a .pub of the opening script."
)


def _key_in(pasted: str) -> PublicKey | None:
    if not pasted:
        return None
    try:
        return PublicKey(base64.b64decode("".join(pasted.replace(PUBLIC, "").split()), validate=True))
    except (binascii.Error, NotAKey) as error:
        raise NotAPublicKey from error


def _parts(taken: Export) -> Iterator[tuple[str, Any]]:
    texts = ((name, [words.encode()]) for name, words in export_words.texts(taken.texts).items())
    return chain(texts, taken.files)


def _back_to(about: About) -> Any:
    return redirect(url_for("asking.show", case_id=about.case_id, kind=about.kind, row=about.row), 303)


def _line(case_id: str) -> Listed:
    return wish_marks.line(_handler(), seed(), case_id)


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


def _agreed(who: Identity) -> int:
    return sum(one.state == "agreed" for one in shelf.mine(who, seed()))


@pages.record_once
def _badge(state: BlueprintSetupState) -> None:
    badges = state.app.extensions.setdefault("badges", {})
    badges["asking.waiting"], badges["asking.own"] = _count, _agreed
