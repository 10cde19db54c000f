"""Signing in and out, and one's own account. Signing in is opening one's lock (core/admission.py)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from wtforms import HiddenField, StringField

from core import accounts, admission, brakes, db, keys, log, navigation, roster_changes, rosters, sessions
from core.access import KEY_HOLDERS, TITLES, Identity
from core.accounts import Person
from core.admission import Admitted, NotRecognised
from core.brakes import MustWait
from core.forms import AtMost, Needed, PublicForm, StaffForm, Words
from core.i18n import Text, t
from core.keys import Secret
from core.sessions import NotSignedIn, signed_in
from core.units import Unit

pages = Blueprint("sign_in", __name__)
pages.app_context_processor(navigation.names)

LONGEST_PASSPHRASE: Final = 400
FEW_CODES: Final = 3

_NOT_RECOGNISED: Final = Text(
    "Tên, cụm từ hoặc mã chưa đúng. Nếu bạn chắc chắn, hãy đợi mã mới trên điện thoại rồi thử lại.",
    "Name, passphrase or code is not right. If you are sure, wait for a new code and try again.",
)


class SignInForm(PublicForm):
    """The three things a person signs in with; nothing says which of them was wrong."""

    name = Words(
        Text("Tên đăng nhập", "Sign-in name"), [Needed(Text("Bạn chưa nhập tên.", "Enter your name."))]
    )
    passphrase = StringField(
        Text("Cụm từ bí mật", "Passphrase"),
        [Needed(Text("Bạn chưa nhập cụm từ.", "Enter your passphrase.")), AtMost(LONGEST_PASSPHRASE)],
    )
    code = StringField(
        Text("Mã 6 số", "Six-digit code"),
        [Needed(Text("Bạn chưa nhập mã.", "Enter the code.")), AtMost(40)],
    )
    next = HiddenField()
    ticket = HiddenField()


class ProofForm(StaffForm):
    """Passphrase and code once more, before something about one's own lock changes."""

    passphrase = StringField(Text("Cụm từ bí mật", "Passphrase"), [Needed(), AtMost(LONGEST_PASSPHRASE)])
    code = StringField(Text("Mã 6 số", "Six-digit code"), [Needed(), AtMost(40)])


@pages.get("/dang-nhap")
def show() -> Any:
    """The form; or, for somebody who is signed in, their desk."""
    identity = sessions.identity()
    if identity is not None:
        return redirect(_onward(identity, request.args.get("next", "")))
    return _page(SignInForm(data={"next": request.args.get("next", "")}))


@pages.post("/dang-nhap")
def come_in() -> Any:
    """Open the lock, or say that name, passphrase and code do not fit together."""
    form = SignInForm()
    if not form.validate():
        return _page(form, status=422)
    try:
        admitted = admission.admit(
            form.name.data, form.passphrase.data, form.code.data, ticket=form.ticket.data or ""
        )
    except NotRecognised:
        return _page(form, wrong=_NOT_RECOGNISED, status=401)
    except MustWait as wait:
        form.ticket.data = wait.ticket
        return _page(form, wait=wait.seconds, status=429)
    except keys.Busy:
        return _page(form, busy=True, status=503)
    sessions.begin(admitted.identity, admitted.seed, admitted.earlier, by_phone=admitted.by_phone)
    for kind, sentence in _news(admitted):
        flash(str(sentence), kind)
    answer = make_response(redirect(_onward(admitted.identity, form.next.data or "")))
    brakes.remember_device(answer, admitted.sign_name)
    return answer


@pages.post("/dang-xuat")
def sign_out() -> Response:
    """Forget the session of this browser."""
    return sessions.end(make_response(redirect(url_for("sign_in.signed_out"))))


@pages.get("/dang-xuat")
def signed_out() -> str:
    """Said after signing out; also where an old tab ends up."""
    return render_template("core/signed_out.html")


@pages.get("/dang-nhap/chon")
@signed_in()
def choose() -> str:
    """For somebody with several roles: which desk?"""
    identity = sessions.identity()
    assert identity is not None
    return render_template("core/choose.html", places=navigation.desks(identity))


@pages.get("/tai-khoan")
@signed_in()
def own_account() -> str:
    """Who one is here, and what one can do about one's own lock."""
    return _own_account(ProofForm())


@pages.post("/tai-khoan/ma-du-phong")
@signed_in()
def renew_codes() -> Any:
    """Eight fresh recovery codes; the old ones stop working."""
    form = ProofForm()
    if not form.validate():
        return _own_account(form), 422
    identity = sessions.identity()
    assert identity is not None
    try:
        lock, secret = admission.open_own(identity.person_id, form.passphrase.data, form.code.data)
        codes = accounts.draw_credentials(with_seed=False).recovery_codes
        admission.exchange_lock(identity.person_id, lock, _with_codes(form.passphrase.data, secret, codes))
    except NotRecognised:
        form.passphrase.errors = [_NOT_RECOGNISED]
        return _own_account(form), 401
    except MustWait as wait:
        form.passphrase.errors = [_WAIT.format(seconds=wait.seconds)]
        return _own_account(form), 429
    # Kept in the sealed session until the person says they have written them down: a reload shows them again.
    session["fresh_codes"] = list(codes)
    return redirect(url_for("sign_in.own_account"))


@pages.post("/tai-khoan/da-chep")
@signed_in()
def codes_written() -> Any:
    """The fresh codes are on paper; they are shown no more."""
    session.pop("fresh_codes", None)
    flash(
        t("Mã dự phòng mới đã có hiệu lực. Mã cũ không dùng được nữa.", "The new recovery codes are in use.")
    )
    return redirect(url_for("sign_in.own_account"))


@pages.post("/tai-khoan/khoa-moi")
@signed_in(*KEY_HOLDERS)
def renew_keys() -> Any:
    """A link of one's own to draw fresh keys; they count when two custodians have signed a roster with them."""
    form, identity = ProofForm(), sessions.identity()
    assert identity is not None
    if not form.validate():
        return _own_account(form), 422
    try:
        admission.open_own(identity.person_id, form.passphrase.data, form.code.data)
    except NotRecognised:
        form.passphrase.errors = [_NOT_RECOGNISED]
        return _own_account(form), 401
    except MustWait as wait:
        form.passphrase.errors = [_WAIT.format(seconds=wait.seconds)]
        return _own_account(form), 429
    with db.writing() as writing:
        token = accounts.link(writing, writing.get_one(Person, identity.person_id))
        log.write_if_started(writing, "link_renewed", who=identity.person_id, about=identity.person_id)
    return redirect(url_for("enrolment.show", token=token))


@pages.post("/tai-khoan/dang-xuat-het")
@signed_in()
def sign_out_everywhere() -> Response:
    """End every session of this person, on every device."""
    identity = sessions.identity()
    assert identity is not None
    sessions.end_all(identity.person_id)
    return sign_out()


_WAIT: Final = Text(
    "Bạn hãy đợi {seconds} giây rồi thử lại.", "Please wait {seconds} seconds, then try again."
)


def _page(
    form: SignInForm, *, wrong: Text | None = None, wait: int = 0, busy: bool = False, status: int = 200
) -> Response:
    visible = request.args.get("chu") == "hien"
    body = render_template(
        "core/sign_in.html", form=form, refusal=wrong, wait=wait, busy=busy, visible=visible
    )
    answer = make_response(body, status)
    if wait:
        answer.headers["Retry-After"] = str(wait)
    return answer


def _own_account(form: ProofForm) -> str:
    identity = sessions.identity()
    with db.reading() as reading:
        person = reading.get(Person, identity.person_id) if identity else None
        if person is None:
            raise NotSignedIn
        unit = reading.get(Unit, person.unit_id) if person.unit_id else None
    return render_template(
        "core/own_account.html",
        person=person,
        titles=[TITLES[role] for role in sorted(person.held)],
        unit=unit,
        codes=session.get("fresh_codes"),
        form=form,
        **_digits(person),
    )


def _digits(person: Person) -> dict[str, Any]:
    """The 24 digits of the keys in use, out of the seed and not out of the database; and whether that names others."""
    if not person.holds_keys:
        return {"digits": "", "others": False}
    digits = accounts.spoken_keys(sessions.seed())
    return {"digits": digits, "others": digits != rosters.member_of(person).spoken}


def _with_codes(passphrase: str, secret: Secret, codes: tuple[str, ...]) -> bytes:
    hashes = tuple(accounts.recovery_hash(code) for code in codes)
    return keys.close(passphrase, replace(secret, recovery_codes=hashes))


def _onward(identity: Identity, wanted: str) -> str:
    """Where a person goes after signing in: where they were going, their desk, or a choice of desks."""
    if local(wanted):
        return request.script_root + wanted
    desks = navigation.desks(identity)
    if not desks:
        return url_for("sign_in.own_account")
    return url_for(desks[0].endpoint) if len(desks) == 1 else url_for("sign_in.choose")


def local(path: str) -> bool:
    """Whether a wished-for address is a path of this server and nothing else a browser could read into it."""
    plain = path.startswith("/") and all("!" <= letter <= "~" for letter in path)
    return plain and not path.startswith("//") and "\\" not in path and "?" not in path and "#" not in path


def _news(admitted: Admitted) -> Iterator[tuple[str, Text | str]]:
    """What a person should hear when they come in."""
    if admitted.refused:
        yield (
            "urgent",
            Text(
                "Từ lần đăng nhập trước, có {n} lần nhập đúng cụm từ của bạn nhưng sai mã. "
                "Nếu không phải bạn, hãy báo người quản trị ngay.",
                "Since you last signed in, your passphrase was right and the code wrong {n} times. "
                "If that was not you, tell the administrator at once.",
            ).format(n=admitted.refused),
        )
    if admitted.codes_left < FEW_CODES:
        yield (
            "soon",
            Text(
                "Bạn còn {n} mã dự phòng. Có thể lập mã mới ở trang Tài khoản của tôi.",
                "You have {n} recovery codes left. You can make new ones under My account.",
            ).format(n=admitted.codes_left),
        )
    if admitted.log_broken:
        yield (
            "urgent",
            Text(
                "Nhật ký không ghi được, nên chưa mở được thư nào. Người giữ khóa cần xem trang Nhật ký.",
                "The log cannot be written, so no letter can be opened. A custodian must look at the log.",
            ),
        )
    if admitted.identity.roles & KEY_HOLDERS:
        with db.reading() as reading:
            for sentence in roster_changes.news(reading, admitted.identity.person_id):
                yield "info", sentence
