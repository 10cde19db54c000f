"""Pages on which a handler enters what somebody told by telephone or on paper, and the form to print for it.

The letter goes the way of every other: sealed on arrival to the roster less strike-outs, with a receipt shown
once, to be handed over. How it came, and who entered it, stands in the first line of the story, for whoever
reads it. The log has a line for every look at the page and none for a sending: a line per letter would tell
a custodian whom the reporter struck out that there is one.
"""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, make_response, render_template, request, url_for

from core import clock, db, log
from core.access import Identity
from core.campaign import help_numbers
from core.forms import StaffForm
from core.i18n import Text, day, t
from core.keys import Busy
from core.log import LogBroken
from core.roster import Roster
from core.sessions import identity, signed_in
from intake.form import forms
from intake.form.first_steps import first_steps
from intake.form.forms import Raw
from intake.form.questions import FORM
from intake.form.report import Report, ReportRefused, entered
from intake.roles import MAY, require_may
from intake.writing import reseated, submission
from intake.writing.submission import ChannelClosed, Draft, NobodyLeft

pages = Blueprint("paper", __name__, url_prefix="/lam-viec/nhap-ho")

UNPROCESSABLE: Final = 422
_DEED: Final = "enter for another"
_HOW: Final = {
    "paper": Text("Theo phiếu giấy", "From the paper form"),
    "phone": Text("Nghe kể qua điện thoại", "Told by telephone"),
    "spoken": Text("Nghe kể trực tiếp", "Told face to face"),
}
_LABEL: Final = Text("Thư này đến bằng cách nào?", "How did this letter come?")
_CHOOSE: Final = Text("Bạn chọn thư đến bằng cách nào.", "Choose how this letter came.")


@pages.errorhandler(LogBroken)
def _no_log(_broken: Exception) -> tuple[str, int]:
    return render_template("intake/refused.html", why="log"), 503


@pages.errorhandler(ChannelClosed)
def _closed(_refused: Exception) -> tuple[str, int]:
    return render_template("intake/paper_trouble.html", who="", typed=[], how=""), 503


@pages.get("/")
@signed_in(*MAY[_DEED])
def show() -> Any:
    """The empty form; that somebody opened it is in the log."""
    roster = submission.readers_now()
    who = require_may(identity(), _DEED)
    with db.writing() as session:
        log.write(session, "entry_begun", who=who.person_id)
    return _form({}, {}, roster)


@pages.get("/phieu")
@signed_in(*MAY[_DEED])
def sheet() -> str:
    """The form on paper: nothing in its title or header says what it is for."""
    roster = submission.readers_now()
    with db.reading() as session:
        lines = help_numbers(session, everything=True)
    parts = list(forms.sections({}, {}, roster.members))
    return render_template("intake/paper_sheet.html", parts=parts, lines=lines, words=FORM.wording)


@pages.post("/")
@signed_in(*MAY[_DEED])
def check() -> Any:
    """Everything once more before it is sealed, or what needs another look."""
    raw, roster = _raw(), submission.readers_now()
    who = require_may(identity(), _DEED)
    if "edit" in raw:
        return _form(raw, reseated.newcomers(raw, roster), roster)
    try:
        report = _report(raw, roster, who)
        submission.require_readers(roster, report)
    except ReportRefused as refused:
        return make_response(_form(raw, refused.errors, roster), UNPROCESSABLE)
    except NobodyLeft as left:
        return _trouble(raw, roster, left)
    return _check(raw, report, roster, submission.draw())


@pages.post("/gui")
@signed_in(*MAY[_DEED])
def send() -> Any:
    """Seal and keep it; the same sending again finds the first receipt."""
    raw, roster = _raw(), submission.readers_now()
    who = require_may(identity(), _DEED)
    if "edit" in raw or not StaffForm().validate_on_submit():
        return _form(raw, reseated.newcomers(raw, roster), roster)
    draft = submission.drawn(_one(raw, "case"), _one(raw, "receipt"))
    try:
        report = _report(raw, roster, who)
        sent = submission.send(report, roster, draft)
    except ReportRefused as refused:
        return make_response(_form(raw, refused.errors, roster), UNPROCESSABLE)
    except NobodyLeft as left:
        return _trouble(raw, roster, left)
    except Busy:
        return make_response(_check(raw, report, roster, draft, busy=True), 503, {"Retry-After": "60"})
    return render_template(
        "intake/paper_receipt.html",
        receipt=sent.receipt,
        come_back=submission.answer_by(),
        struck=who.person_id in report.struck_out,
    )


# --- what the pages say --------------------------------------------------------------------------


def _raw() -> Raw:
    return request.form.to_dict(flat=False)


def _one(raw: Raw, name: str) -> str:
    return (raw.get(name) or [""])[0]


def _report(raw: Raw, roster: Roster, who: Identity) -> Report:
    """The letter with its first line, which says how it came; `ReportRefused` as for any other letter."""
    errors: dict[str, Text] = {}
    how = _HOW.get(_one(raw, "how"))
    if how is None:
        errors["how"] = _CHOOSE
    try:
        report = reseated.read(raw, roster)
    except ReportRefused as refused:
        raise ReportRefused({**errors, **refused.errors}) from None
    if how is None:
        raise ReportRefused(errors)
    line = t("{how}, {name} nhập hộ ngày {day}.", "{how}; entered by {name} on {day}.")
    return entered(report, line.format(how=how, name=who.name, day=day(clock.today())))


def _form(raw: Raw, errors: dict[str, Text], roster: Roster) -> str:
    how = {
        "name": "how",
        "label": _LABEL,
        "data": _one(raw, "how"),
        "errors": [errors["how"]] if "how" in errors else [],
        "choices": list(_HOW.items()),
    }
    first = [("#how", errors["how"], _LABEL)] if "how" in errors else []
    return render_template(
        "intake/paper_enter.html",
        how=how,
        roster=roster,
        parts=list(forms.sections(raw, errors, roster.members)),
        errors=first + forms.error_list(errors),
        words=FORM.wording,
    )


def _check(raw: Raw, report: Report, roster: Roster, draft: Draft, *, busy: bool = False) -> str:
    given, skipped = forms.checked(report.answers, roster.members, url_for("paper.check"))
    who = require_may(identity(), _DEED)
    return render_template(
        "intake/paper_check.html",
        draft=draft,
        typed=[*_carried(raw, roster), ("how", _one(raw, "how"))],
        given=given,
        skipped=skipped,
        readers=submission.readers(roster, report),
        steps=list(first_steps(report)),
        struck=who.person_id in report.struck_out,
        busy=busy,
    )


def _trouble(raw: Raw, roster: Roster, left: NobodyLeft) -> str:
    return render_template(
        "intake/paper_trouble.html", who=left.role, typed=_carried(raw, roster), how=_one(raw, "how")
    )


def _carried(raw: Raw, roster: Roster) -> list[tuple[str, str]]:
    return [*forms.typed(raw), (reseated.CARRIED, roster.fingerprint)]
