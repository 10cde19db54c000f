"""Pages of a reporter who writes a letter, up to its receipt. No cookie, no script, no account.

Nothing is kept between two pages but what the browser itself sends again: the answers, the case's id and
the receipt travel in hidden fields of forms, never in an address.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any, Final

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for

from core import db
from core.campaign import help_numbers
from core.i18n import Text
from core.keys import Busy
from core.pages import same_bytes
from core.roster import Roster
from intake.form import forms
from intake.form.first_steps import FIRST_STEPS, FirstStep, first_steps
from intake.form.forms import BackForm, Raw
from intake.form.questions import FORM
from intake.form.report import Report, ReportRefused
from intake.seal import receipt
from intake.seal.receipt import NotAReceipt
from intake.writing import reseated, submission
from intake.writing.submission import ChannelClosed, Draft, NobodyLeft

pages = Blueprint("reporter", __name__)

UNPROCESSABLE: Final = 422
_ASKED: Final = {
    "1": Text("Nhóm thứ nhất trong sáu nhóm.", "The first of the six groups."),
    "2": Text("Nhóm thứ hai trong sáu nhóm.", "The second of the six groups."),
    "3": Text("Nhóm thứ ba trong sáu nhóm.", "The third of the six groups."),
    "4": Text("Nhóm thứ tư trong sáu nhóm.", "The fourth of the six groups."),
    "5": Text("Nhóm thứ năm trong sáu nhóm.", "The fifth of the six groups."),
    "6": Text("Nhóm thứ sáu trong sáu nhóm.", "The last of the six groups."),
}
_GROUPS: Final = tuple(_ASKED)
_WRONG_GROUP: Final = Text(
    "Chưa khớp với mã ở trên. Bạn xem lại chỗ vừa ghi rồi gõ lại.",
    "This does not match the code above. Please look at what you wrote down and try again.",
)


@pages.context_processor
def _words() -> dict[str, Any]:
    return {"words": FORM.wording}


@pages.get("/thu")
def show() -> Response:
    """The empty letter: the same bytes for everyone."""
    try:
        roster = submission.readers_glanced()
    except ChannelClosed:
        return make_response(_closed({}))
    # Only the empty letter brings the script: who chose to have it sealed on arrival stays with that.
    return same_bytes(
        lambda: _letter({}, {}, roster, scripts=_for_scripts()), key=("letter", roster.fingerprint)
    )


@pages.post("/thu")
def check() -> Response:
    """Check what was typed; show everything once more, or what needs another look."""
    raw = _raw()
    try:
        roster = submission.readers_now()
        if "edit" in raw:
            return make_response(_letter(raw, reseated.newcomers(raw, roster), roster))
        report = reseated.read(raw, roster)
        submission.require_readers(roster, report)
    except ReportRefused as refused:
        return make_response(_letter(raw, refused.errors, roster), UNPROCESSABLE)
    except NobodyLeft as left:
        return make_response(_nobody(raw, report, roster, left))
    except ChannelClosed:
        return make_response(_closed(raw), 503)
    return make_response(_check(raw, report, roster, submission.draw()))


@pages.post("/thu/gui")
def send() -> Response:
    """Seal and keep the letter; the same sending again finds the first result."""
    raw = _raw()
    if "edit" in raw:
        return check()
    draft = submission.drawn(_one(raw, "case"), _one(raw, "receipt"))
    try:
        roster = submission.readers_now()
        report = reseated.read(raw, roster)
        sent = submission.send(report, roster, draft)
    except ReportRefused as refused:
        return make_response(_letter(raw, refused.errors, roster), UNPROCESSABLE)
    except NobodyLeft as left:
        return make_response(_nobody(raw, report, roster, left))
    except ChannelClosed:
        return make_response(_closed(raw), 503)
    except Busy:
        page = _check(raw, report, roster, draft, busy=True)
        return make_response(page, 503, {"Retry-After": "60"})
    return make_response(_receipt(sent.receipt, BackForm(formdata=None), steps=_steps(report)))


@pages.post("/thu/xac-nhan")
def confirm() -> Response:
    """One group of the receipt typed back; the report is safe whatever is typed."""
    form = BackForm()
    group = form.group.data or ""
    try:
        digits = receipt.parse(form.receipt.data or "")
        right = receipt.group_matches(digits, _GROUPS.index(group), form.digits.data or "")
    except (NotAReceipt, ValueError):
        return make_response(redirect(url_for("mailbox.show"), 303))
    if not right:
        form.digits.errors = [_WRONG_GROUP]
        return make_response(_receipt(digits, form, group=group), UNPROCESSABLE)
    return make_response(render_template("intake/goodbye.html", come_back=submission.answer_by()))


# --- what the pages say --------------------------------------------------------------------------


def _raw() -> Raw:
    return request.form.to_dict(flat=False)


def _one(raw: Raw, name: str) -> str:
    return (raw.get(name) or [""])[0]


def _letter(raw: Raw, errors: dict[str, Text], roster: Roster, scripts: dict[str, Any] | None = None) -> str:
    return render_template(
        "intake/letter.html",
        scripts=scripts,
        roster=roster,
        parts=list(forms.sections(raw, errors, roster.members)),
        errors=forms.error_list(errors),
    )


def _check(raw: Raw, report: Report, roster: Roster, draft: Draft, *, busy: bool = False) -> str:
    given, skipped = forms.checked(report.answers, roster.members, url_for("reporter.check"))
    return render_template(
        "intake/check.html",
        draft=draft,
        typed=_carried(raw, roster),
        given=given,
        skipped=skipped,
        readers=submission.readers(roster, report),
        steps=_steps(report),
        outside=_outside() if report.prefers_outside else [],
        busy=busy,
    )


def _receipt(digits: str, form: BackForm, *, group: str = "", steps: Any = ()) -> str:
    group = group or secrets.choice(_GROUPS)
    return render_template(
        "intake/receipt.html",
        receipt=digits,
        form=form,
        group=group,
        asked=_ASKED[group],
        steps=steps,
        come_back=submission.answer_by(),
    )


def _nobody(raw: Raw, report: Report, roster: Roster, left: NobodyLeft) -> str:
    return render_template(
        "intake/nobody.html",
        who=left.role,
        typed=_carried(raw, roster),
        steps=_steps(report),
        outside=_outside(),
    )


def _carried(raw: Raw, roster: Roster) -> list[tuple[str, str]]:
    """What the next page gets in hidden fields: what was typed, and which roster this page was made for."""
    return [*forms.typed(raw), (reseated.CARRIED, roster.fingerprint)]


def _closed(raw: Raw) -> str:
    kept = [(field.label, _one(raw, field.name)) for field in FORM.fields if field.kind == "text"]
    return render_template(
        "intake/closed.html", outside=_outside(), kept=[(label, text) for label, text in kept if text.strip()]
    )


def _outside() -> list[Any]:
    with db.reading() as session:
        return help_numbers(session, everything=True)


def _for_scripts() -> dict[str, Any]:
    """What the script may have to say later; everybody gets all of it, so that nothing is asked for on the way."""
    return {
        "steps": _with_lines(FIRST_STEPS),
        "outside": _outside(),
        "groups": list(_ASKED.values()),
        "wrong_group": _WRONG_GROUP,
    }


def _steps(report: Report) -> list[dict[str, Any]]:
    return _with_lines(first_steps(report))


def _with_lines(steps: Iterable[FirstStep]) -> list[dict[str, Any]]:
    lines = {line.number: line for line in _outside()}
    return [
        {
            "asked": step.asked,
            "code": step.code,
            "title": step.title,
            "sentence": step.sentence,
            "kind": step.kind,
            "lines": [lines[number] for number in step.numbers if number in lines],
        }
        for step in steps
    ]
