"""Pages of a handler: a case with its flags, the opened letter, an answer, a judgement.

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

from core import db
from core.access import TITLES, Identity, Role, require
from core.i18n import Text, day, t
from core.sessions import identity, seed, signed_in
from intake.casework import casework, meanwhile, wish_marks
from intake.casework.casework import CaseDamaged, Damaged, Entry, OpenedCase
from intake.casework.refusals import answer_refusals
from intake.desk import desk_memory
from intake.desk.desk import Listed
from intake.form.asked import label_of
from intake.form.forms import AnswerForm, JudgementForm
from intake.form.handling import GBV_HINT, GENUINE_HINT, KIND_ANSWERS, REMINDER, STATES, duties
from intake.form.questions import FORM
from intake.mailbox import wishes
from intake.seal.openings import ROLES
from intake.seal.readers import DECLINED, HANDED

pages = Blueprint("handler", __name__, url_prefix="/lam-viec")

_NOT_IN_PAIRS: Final = ("narrative", "ack_limits", "exclude_handlers")


answer_refusals(pages)


@pages.errorhandler(CaseDamaged)
def _damaged(_damage: Exception) -> tuple[str, int]:
    kept = request.form.get("message", "")
    return render_template("intake/refused.html", why="damage", kept=kept), 500


@pages.get("/<case_id>")
@signed_in(Role.HANDLER)
def case(case_id: str) -> Any:
    """A case before it is opened: its flags, and the button that opens it."""
    line = _line(case_id)
    asked = wish_marks.marks(_identity(), seed(), [line]).get(case_id, "")
    return render_template(
        "intake/case.html",
        case=line,
        asked=wishes.MARKS.get(asked),
        label=label_of(line.case_id),
        **_said(line.flags, line.state),
    )


@pages.post("/<case_id>/mo")
@signed_in(Role.HANDLER)
def open_case(case_id: str) -> Any:
    """Open the letter: log and counts first, then the words."""
    line = _line(case_id)
    with db.writing() as session:
        opened = casework.open_case(session, _identity(), seed(), case_id)
        seen = meanwhile.length(session, case_id)
    if isinstance(opened, Damaged):
        raise CaseDamaged
    said = [str(word) for _, word in _pairs(opened.story)]
    texts = [str(opened.story.get("narrative", "")), *said, *(entry.text for entry in opened.entries)]
    desk_memory.remember(desk_memory.here(), case_id, texts)
    return _opened(opened, seen, line.replaced)


@pages.post("/<case_id>/tra-loi")
@signed_in(Role.HANDLER)
def answer(case_id: str) -> Any:
    """Send an answer to the reporter's mailbox."""
    form = AnswerForm()
    if "template" in request.form:
        _put_template(form, request.form["template"])
        return _again(case_id, form, "answer", status=200)
    if not form.validate():
        return _again(case_id, form, "answer")
    since, run = _answered(case_id, form)
    if run:
        form.message.errors = [_QUOTES.format(run=run)]
        return _again(case_id, form, "answer", quoting=True)
    if since:
        return _again(case_id, form, "answer", since=since)
    flash(t("Đã gửi trả lời vào hộp thư của người viết.", "Your answer is in the reporter's mailbox."))
    return redirect(url_for("handler.case", case_id=case_id), 303)


def _put_template(form: AnswerForm, wanted: str) -> None:
    """A ready sentence below what was typed so far, to be changed before it is sent, with its short answers."""
    number, _, lang = wanted.partition(".")
    known = {str(place): one for place, one in enumerate(KIND_ANSWERS)}
    if number not in known:
        return
    one = known[number]
    form.message.data = f"{form.message.data or ''}\n\n{one.text.en if lang == 'en' else one.text.vi}".strip()
    if one.choices:
        form.choices.data = "\n".join(choice.en if lang == "en" else choice.vi for choice in one.choices)


def _answered(case_id: str, form: AnswerForm) -> tuple[list[Entry], str]:
    """Send it, unless others wrote since this page was shown, or it quotes the letter: then what they wrote, or that."""
    seen, run = request.form.get("seen", 0, type=int), ""
    with db.writing() as session:
        since = meanwhile.written(session, _identity(), seed(), case_id, seen)
        if not since:
            run = casework.answer(
                session,
                _identity(),
                seed(),
                case_id,
                form.message.data,
                form.state.data,
                choices=form.choices.lines,
                quoting="quoting" in request.form,
            )
    return since, run


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


def _identity() -> Identity:
    return require(identity(), Role.HANDLER, Role.CUSTODIAN)


def _line(case_id: str) -> Listed:
    return wish_marks.line(_identity(), seed(), case_id)


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
        "state": {"label": STATES[state]},
        "duties": list(duties(flags)),
        "flags": [arrived, *_pairs(flags)],
    }


def _moment(written: str) -> str:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return ""
    return f"{moment:%H:%M}, {day(moment.date())}"


def _opened(opened: OpenedCase, seen: int, replaced: bool) -> Response:
    page = render_template(
        "intake/case_open.html",
        case=opened,
        seen=seen,
        replaced=replaced,
        label=label_of(opened.case_id),
        narrative=opened.story.get("narrative", ""),
        answers=_pairs({name: said for name, said in opened.story.items() if name != "contact_mode"}),
        contact=_contact(opened),
        messages=[_message(entry) for entry in opened.entries],
        withdrawn=opened.kept.until if opened.kept.why == "withdrawn" else None,
        other=opened.other,
        openings=[(TITLES[Role(role)], opened.openings[role]) for role in ROLES],
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
    told = str(_STEPS.get(entry.what, ""))
    text = "\n\n".join(filter(None, (told, entry.text)))
    mine = entry.what not in wishes.KINDS
    return {"who": who, "day": _moment(entry.at), "text": text, "mine": mine, "offered": entry.choices}


def _again(
    case_id: str,
    form: AnswerForm | JudgementForm,
    which: str,
    *,
    quoting: bool = False,
    since: Sequence[Entry] = (),
    status: int = 422,
) -> Response:
    line = _line(case_id)
    seen = request.form.get("seen", 0, type=int)
    if since:
        with db.reading() as session:
            seen = meanwhile.length(session, case_id)
    page = render_template(
        "intake/again.html",
        case=line,
        form=form,
        which=which,
        quoting=quoting,
        since=[_message(entry) for entry in since],
        seen=seen,
        **_HANDLING,
    )
    return make_response(page, 409 if since else status)


_QUOTES: Final = Text(
    "Tin này nhắc lại lời trong thư: “{run}”. Ai ép lấy mã thư sẽ đọc được.",
    "This message repeats words of the letter: “{run}”. Whoever forces the receipt out could read them.",
)
_STEPS: Final[Mapping[str, Text]] = {
    HANDED: Text("Đã cho thêm một đồng nghiệp đọc thư này.", "Let a colleague read this letter."),
    DECLINED: Text("Đã rút khỏi vụ việc này.", "Stepped back from this case."),
    **wishes.TOLD_TO_HANDLERS,
}
_HANDLING: Final[Mapping[str, Any]] = {
    "templates": KIND_ANSWERS,
    "reminder": REMINDER,
    "genuine_hint": GENUINE_HINT,
    "gbv_hint": GBV_HINT,
}
