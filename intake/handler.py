"""Pages of a handler: the list, a case with its flags, the opened letter, an answer, a judgement.

Opening a letter is a POST of its own: its line in the log and its count are kept before a word is shown.
What does not open for this person is answered like an address that does not exist.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from markupsafe import Markup

from core import db
from core.access import TITLES, Identity, Role, require
from core.headers import page_of
from core.i18n import Text, day, t
from core.log import LogBroken
from core.navigation import open_to
from core.sessions import identity, seed, signed_in
from intake import casework
from intake import desk as lists
from intake.cases import NoSuchCase
from intake.casework import CaseDamaged, Damaged, Entry, OpenedCase
from intake.desk import Listed
from intake.forms import AnswerForm, JudgementForm
from intake.handling import GBV_HINT, GENUINE_HINT, KIND_ANSWERS, REMINDER, duties
from intake.questions import FORM

pages = Blueprint("handler", __name__, url_prefix="/lam-viec")

_NOT_IN_PAIRS: Final = ("narrative", "ack_limits", "exclude_handlers")


@pages.errorhandler(NoSuchCase)
def _nothing_here(_refused: Exception) -> tuple[str, int]:
    return page_of(404)


@pages.errorhandler(LogBroken)
def _no_log(_broken: Exception) -> tuple[str, int]:
    return render_template("intake/refused.html", why="log"), 503


@pages.errorhandler(CaseDamaged)
def _damaged(_damage: Exception) -> tuple[str, int]:
    kept = request.form.get("message", "")
    return render_template("intake/refused.html", why="damage", kept=kept), 500


@pages.get("/")
@signed_in(Role.HANDLER, Role.CUSTODIAN)
def desk() -> Any:
    """A handler's list; a custodian has no list of cases, and is shown where their work is."""
    who = _identity()
    if Role.HANDLER not in who.roles:
        return render_template("intake/guards.html", doors=_custodian_doors(who))
    found = lists.cases(who, seed())
    page, last = _page(len(found))
    begin = (page - 1) * lists.PAGE
    return render_template(
        "intake/desk.html",
        columns=_COLUMNS,
        rows=[_row(line) for line in found[begin : begin + lists.PAGE]],
        page=page,
        pages=last,
        before=url_for("handler.desk", trang=page - 1) if page > 1 else None,
        after=url_for("handler.desk", trang=page + 1) if page < last else None,
    )


@pages.get("/<case_id>")
@signed_in(Role.HANDLER)
def case(case_id: str) -> Any:
    """A case before it is opened: its flags, and the button that opens it."""
    line = _line(case_id)
    return render_template("intake/case.html", case=line, **_said(line.flags, line.state))


@pages.post("/<case_id>/mo")
@signed_in(Role.HANDLER)
def open_case(case_id: str) -> Any:
    """Open the letter: log and counts first, then the words."""
    with db.writing() as session:
        opened = casework.open_case(session, _identity(), seed(), case_id)
    if isinstance(opened, Damaged):
        raise CaseDamaged
    return _opened(opened)


@pages.post("/<case_id>/tra-loi")
@signed_in(Role.HANDLER)
def answer(case_id: str) -> Any:
    """Send an answer to the reporter's mailbox."""
    form = AnswerForm()
    if not form.validate():
        return _again(case_id, form, "answer")
    with db.writing() as session:
        casework.answer(session, _identity(), seed(), case_id, form.message.data, form.state.data)
    flash(t("Đã gửi trả lời vào hộp thư của người viết.", "Your answer is in the reporter's mailbox."))
    return redirect(url_for("handler.case", case_id=case_id), 303)


@pages.post("/<case_id>/nhan-dinh")
@signed_in(Role.HANDLER)
def judge(case_id: str) -> Any:
    """Record for the custodians' count what this case is."""
    form = JudgementForm()
    if not form.validate():
        return _again(case_id, form, "judgement")
    with db.writing() as session:
        casework.judge(
            session,
            _identity(),
            seed(),
            case_id,
            genuine=form.genuine.data,
            gbv_type=form.gbv_type.data or "",
        )
    flash(t("Đã ghi nhận định.", "The judgement is recorded."))
    return redirect(url_for("handler.case", case_id=case_id), 303)


# --- what the pages say --------------------------------------------------------------------------

_COLUMNS: Final = (
    {"label": Text("Ngày đến", "Arrived")},
    {"label": Text("Mức", "Urgency")},
    {"label": Text("Gần với điều nào", "Closest to")},
    {"label": Text("Tuổi", "Age")},
    {"label": Text("Tình trạng", "State")},
    {"label": Text("Tin nhắn", "Messages"), "kind": "number"},
)


def _identity() -> Identity:
    return require(identity(), Role.HANDLER, Role.CUSTODIAN)


def _line(case_id: str) -> Listed:
    line = lists.one(_identity(), seed(), case_id)
    if line is None:
        raise NoSuchCase
    return line


def _page(count: int) -> tuple[int, int]:
    last = max(1, -(-count // lists.PAGE))
    return min(max(1, request.args.get("trang", 1, type=int)), last), last


def _row(line: Listed) -> list[Any]:
    link = Markup('<a href="{}">{}</a>').format(
        url_for("handler.case", case_id=line.case_id), day(line.arrived_on)
    )
    urgent = (
        Markup('<span class="tag icon is-urgent">{}</span>').format(t("khẩn", "urgent"))
        if line.urgent
        else "–"
    )
    kinds = ", ".join(_words("what_kind", line.flags))
    age = ", ".join(_words("age_group", line.flags))
    return [link, urgent, kinds, age, FORM.state(line.state).label, line.messages]


def _words(name: str, answers: Mapping[str, Any]) -> list[str]:
    return [str(word) for word in FORM[name].words(answers[name])] if name in answers else []


def _pairs(answers: Mapping[str, Any]) -> list[tuple[Text, str]]:
    return [
        (field.label, ", ".join(str(word) for word in words))
        for field, words in FORM.told(answers)
        if field.name not in _NOT_IN_PAIRS
    ]


def _said(flags: Mapping[str, Any], state: str) -> dict[str, Any]:
    arrived = (Text("Đến lúc", "Arrived at"), _moment(flags.get("arrived_at", "")))
    return {
        "state": FORM.state(state),
        "duties": list(duties(flags)),
        "flags": [arrived, *_pairs(flags)],
    }


def _moment(written: str) -> str:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return ""
    return f"{moment:%H:%M}, {day(moment.date())}"


def _opened(opened: OpenedCase) -> Response:
    page = render_template(
        "intake/case_open.html",
        case=opened,
        narrative=opened.story.get("narrative", ""),
        answers=_pairs({name: said for name, said in opened.story.items() if name != "contact_mode"}),
        contact=_contact(opened),
        messages=[_message(entry) for entry in opened.entries],
        openings=[(TITLES[Role(role)], count) for role, count in opened.openings.items()],
        answer=AnswerForm(formdata=None),
        judgement=JudgementForm(formdata=None, data=dict(opened.judgement or {})),
        **_said(opened.flags, opened.state),
        **_HANDLING,
    )
    return make_response(page)


def _contact(opened: OpenedCase) -> list[tuple[Text, str]]:
    how = (FORM["contact_mode"].label, ", ".join(_words("contact_mode", opened.story)))
    return [how, *_pairs({k: v for k, v in opened.safe_contact.items() if k == "safe_contact"})]


def _message(entry: Entry) -> dict[str, Any]:
    who = entry.author or t("Người viết thư", "The reporter")
    return {"who": who, "day": _moment(entry.at), "text": entry.text, "mine": entry.what == "answer"}


def _again(case_id: str, form: AnswerForm | JudgementForm, which: str) -> Response:
    line = _line(case_id)
    return make_response(
        render_template("intake/again.html", case=line, form=form, which=which, **_HANDLING), 422
    )


def _custodian_doors(who: Identity) -> Sequence[dict[str, Any]]:
    return [
        {"title": place.label, "sentence": _DOORS[place.endpoint], "url": url_for(place.endpoint)}
        for place in open_to(who)
        if place.endpoint in _DOORS
    ]


_DOORS: Final = {
    "roster.show": Text("Ai được đọc thư; ký danh sách mới.", "Who may read letters; sign a new roster."),
    "log_reader.show": Text("Ai đã mở gì, khi nào.", "Who opened what, and when."),
    "releases.show": Text("Hai người lần lượt, rồi Ban mới thấy.", "Two in turn, then the board sees."),
    "linking.show": Text("Ghép hai lần khảo sát trong bộ nhớ.", "Link two waves of a survey, in memory."),
}
_HANDLING: Final[Mapping[str, Any]] = {
    "templates": KIND_ANSWERS,
    "reminder": REMINDER,
    "genuine_hint": GENUINE_HINT,
    "gbv_hint": GBV_HINT,
}
