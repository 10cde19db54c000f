"""The secretary's page on the units' reports: who filed, who is late, what looks wrong, totals; judging, reminding."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from sqlalchemy.orm import Session

from board.activities import judging, photographs, reports
from board.activities.kinds import KINDS
from board.activities.paper import Paper, paper_of
from board.activities.progress_sheet import as_workbook
from board.activities.reports import ChangedMeanwhile, NotNow
from board.activities.sense import doubts
from board.activities.standing import Filed, Progress, filed_reports, progress, waiting
from board.activities.summing import totals
from board.activities.unit_pages import document_of, month, running_year
from board.activities.words import STATES, TAGS, in_short
from board.roles import require_may
from core import clock, db, document, heavy
from core.access import Identity, Role
from core.accounts import with_role
from core.administrator.units import KINDS as UNIT_KINDS
from core.campaign import Campaign
from core.deadlines import days_left
from core.forms import AtMost, Lines, Needed, StaffForm
from core.i18n import Text, speak, t
from core.sessions import identity, signed_in
from core.units import Unit
from core.vietnamese import fold, sort_key

pages = Blueprint("unit_reports", __name__, url_prefix="/dieu-hanh/bao-cao-don-vi")

ON_A_PAGE: Final = 50
SIEVES: Final = {
    "": Text("Tất cả", "All"),
    "chua-nop": Text("Chưa nộp", "Not filed"),
    "chua-bat-dau": Text("Chưa bắt đầu", "Not begun"),
    "cho-nhan": Text("Chờ nhận", "To be accepted"),
    "tre": Text("Trễ hạn", "Late"),
    "tra-lai": Text("Được trả lại", "Returned"),
    "da-nhan": Text("Đã nhận", "Accepted"),
    "xem-lai": Text("Có chỗ cần xem lại", "Worth a second look"),
}
SORTS: Final = ("ten", "tinh-trang", "ngay", "xem-lai")
_ORDER: Final = ("filed", "returned", "drafted", "never", "accepted")


class NoteForm(StaffForm):
    """Why a report is returned."""

    note = Lines(
        Text("Bạn xin đơn vị xem lại điều gì?", "What should the unit look at again?"),
        [Needed(), AtMost(1000)],
    )


class DeedForm(StaffForm):
    """A button."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One unit in the list. doubtful: how many things in what it filed are worth a second look."""

    unit: Progress
    entries: int
    doubtful: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How the list is narrowed and sorted."""

    sieve: str
    kind: str
    words: str
    sort: str

    @classmethod
    def read(cls) -> Wish:
        asked = request.args
        return cls(
            sieve=asked.get("loc", "") if asked.get("loc") in SIEVES else "",
            kind=asked.get("loai", "") if asked.get("loai") in UNIT_KINDS else "",
            words=asked.get("tim", "")[:80],
            sort=asked.get("xep", "") if asked.get("xep") in SORTS else "ten",
        )

    def url(self, endpoint: str = "unit_reports.show", **other: Any) -> str:
        now = {"loc": self.sieve, "loai": self.kind, "tim": self.words, "xep": self.sort} | other
        return url_for(endpoint, **{name: value for name, value in now.items() if value})

    def of(self, rows: list[Row]) -> list[Row]:
        """The rows that are wanted, in the order that is wanted."""
        return sorted((row for row in rows if _fits(row, self)), key=lambda row: _key(row, self.sort))


@pages.get("/")
@signed_in(Role.CAMPAIGNER)
def show() -> str:
    """Every unit at a glance, totals of what was filed, and the way to each report."""
    wish = Wish.read()
    with db.reading() as session:
        require_may(identity(), "judge unit reports")
        campaign = running_year(session)
        rows, filed = _rows(session, campaign)
    wanted = wish.of(rows)
    page, pages_there = _page(len(wanted))
    deadline = campaign.particulars.units_report
    return render_template(
        "board/activities/progress.html",
        campaign=campaign,
        deadline=deadline,
        days_left=days_left(clock.today(), deadline) if deadline else None,
        counts=_counts(rows),
        wish=wish,
        rows=wanted[(page - 1) * ON_A_PAGE : page * ON_A_PAGE],
        found=len(wanted),
        page=page,
        pages=pages_there,
        totals=[
            one for one in totals(report.lines for report in filed).values() if not KINDS[one.code].sensitive
        ],
        kinds=KINDS,
        unit_kinds=UNIT_KINDS,
        sieves=SIEVES,
        states=STATES,
        tags=TAGS,
    )


@pages.get("/tien-do.xlsx")
@signed_in(Role.CAMPAIGNER)
def sheet() -> Any:
    """The list as it is narrowed and sorted now, all pages of it, as a workbook."""
    wish = Wish.read()
    with db.reading() as session:
        require_may(identity(), "judge unit reports")
        campaign = running_year(session)
        rows, _ = _rows(session, campaign)
    payload = as_workbook(wish.of(rows), campaign.year, campaign.particulars.units_report, clock.today())
    try:
        return document.download("xlsx", payload, f"tien-do-{clock.today().isoformat()}")
    except (heavy.HeavyBusy, heavy.HeavyFailed):
        flash(str(document.BUSY), "soon")
        return redirect(wish.url())


@pages.get("/<unit_id>")
@signed_in(Role.CAMPAIGNER)
def one(unit_id: str) -> Any:
    """One unit's report as it was filed, with what looks wrong; to accept or to return."""
    return _one(unit_id, NoteForm())


@pages.post("/<unit_id>/nhan")
@signed_in(Role.CAMPAIGNER)
def accept(unit_id: str) -> Any:
    """Accept a report as it was seen."""
    try:
        with db.writing() as session:
            year = running_year(session).year
            judging.accept(session, identity(), unit_id, year, seen=request.form.get("seen", -1, type=int))
    except (ChangedMeanwhile, NotNow):
        return _changed(unit_id)
    flash(t("Đã nhận báo cáo.", "The report is accepted."))
    return redirect(url_for("unit_reports.show", loc="cho-nhan"))


@pages.post("/<unit_id>/tra-lai")
@signed_in(Role.CAMPAIGNER)
def give_back(unit_id: str) -> Any:
    """Return a report with a note."""
    form = NoteForm()
    if not form.validate_on_submit():
        return _one(unit_id, form), 422
    try:
        with db.writing() as session:
            seen = request.form.get("seen", -1, type=int)
            year = running_year(session).year
            judging.give_back(session, identity(), unit_id, year, form.note.data, seen=seen)
    except (ChangedMeanwhile, NotNow):
        return _changed(unit_id)
    flash(t("Đã trả lại, kèm lời của bạn.", "Returned, with your note."))
    return redirect(url_for("unit_reports.one", unit_id=unit_id))


@pages.route("/nhan-het", methods=["GET", "POST"])
@signed_in(Role.CAMPAIGNER)
def accept_all() -> Any:
    """Accept every filed report in which nothing looks wrong, after showing which."""
    form = DeedForm()
    with db.reading() as session:
        campaign = running_year(session)
        rows, _ = _rows(session, campaign)
    ready = [row.unit for row in rows if row.unit.state == "filed" and not row.doubtful]
    if not form.validate_on_submit():
        return render_template("board/activities/accept_all.html", ready=ready, form=form)
    seen = {pair.partition(":")[0]: pair.partition(":")[2] for pair in request.form.getlist("seen")}
    done = 0
    with db.writing() as session:
        for unit in ready:
            if seen.get(unit.unit_id) != str(unit.version):
                continue
            # Whoever corrects a report at this moment keeps it; the others are accepted.
            with suppress(ChangedMeanwhile, NotNow):
                judging.accept(session, identity(), unit.unit_id, campaign.year, seen=unit.version)
                done += 1
    flash(t("Đã nhận {} báo cáo.", "{} reports are accepted.").format(done))
    return redirect(url_for("unit_reports.show"))


@pages.get("/nhac")
@signed_in(Role.CAMPAIGNER)
def remind() -> str:
    """Reminders to print, one slip for each unit that has not filed, and one text to copy."""
    with db.reading() as session:
        require_may(identity(), "judge unit reports")
        campaign = running_year(session)
        missing = [
            unit for unit in progress(session, campaign) if unit.state in ("never", "drafted", "returned")
        ]
        reporters = {person.unit_id: person.name for person in with_role(session, Role.UNIT)}
    missing = [unit for unit in missing if unit.owes and (unit.state == "returned" or unit.filed_on is None)]
    return render_template(
        "board/activities/remind.html",
        campaign=campaign,
        deadline=campaign.particulars.units_report,
        today=clock.today(),
        missing=missing,
        reporters=reporters,
        states=STATES,
    )


@pages.get("/<unit_id>/in")
@signed_in(Role.CAMPAIGNER)
def paper(unit_id: str) -> str:
    """A unit's report on paper, as it was filed."""
    return render_template(
        "board/activities/paper.html",
        paper=_paper(unit_id),
        file=url_for("unit_reports.paper_file", unit_id=unit_id),
        back=url_for("unit_reports.one", unit_id=unit_id),
    )


@pages.get("/<unit_id>/bao-cao.docx")
@signed_in(Role.CAMPAIGNER)
def paper_file(unit_id: str) -> Any:
    """The same as a document, in Vietnamese whatever the language of the page."""
    speak("vi")
    return document_of(_paper(unit_id), url_for("unit_reports.paper", unit_id=unit_id))


def _paper(unit_id: str) -> Paper:
    with db.reading() as session:
        require_may(identity(), "judge unit reports")
        campaign, unit = running_year(session), session.get(Unit, unit_id) or abort(404)
        report = reports.report_of(session, unit_id, campaign.year)
    if report is None or report.filed is None:
        abort(404)
    return paper_of(unit, campaign, report, reports.filed_lines(report))


@pages.get("/anh/<photo_id>.jpg")
@signed_in(Role.CAMPAIGNER)
def photograph(photo_id: str) -> Response:
    """A photograph of any unit's activity."""
    with db.reading() as session:
        image = photographs.image(session, identity(), photo_id, None)
    return Response(image, content_type="image/jpeg")


def _rows(session: Session, campaign: Campaign) -> tuple[list[Row], list[Filed]]:
    filed = filed_reports(session, campaign.year)
    said = {report.unit_id: report for report in filed}
    rows = []
    for unit in progress(session, campaign):
        lines = said[unit.unit_id].lines if unit.unit_id in said else ()
        found = doubts(lines, month(unit.kind, campaign)) if lines else []
        done = sum(line.state == "held" for line in lines)
        rows.append(Row(unit=unit, entries=done, doubtful=len(found)))
    return rows, filed


def _fits(row: Row, wish: Wish) -> bool:
    unit = row.unit
    if wish.kind and unit.kind != wish.kind:
        return False
    if wish.words and fold(wish.words) not in fold(f"{unit.name.vi} {unit.name.en}"):
        return False
    return {
        "": True,
        "chua-nop": unit.owes and unit.first_filed_on is None,
        "chua-bat-dau": unit.state == "never",
        "cho-nhan": unit.state == "filed",
        "tre": unit.late,
        "tra-lai": unit.state == "returned",
        "da-nhan": unit.state == "accepted",
        "xem-lai": row.doubtful > 0,
    }[wish.sieve]


def _key(row: Row, sort: str) -> Any:
    name = sort_key(str(row.unit.name))
    if sort == "tinh-trang":
        return _ORDER.index(row.unit.state), name
    if sort == "ngay":
        return row.unit.filed_on is None, row.unit.filed_on or clock.today(), name
    return (-row.doubtful, name) if sort == "xem-lai" else (0, name)


def _counts(rows: list[Row]) -> Counter[str]:
    counts: Counter[str] = Counter(row.unit.state for row in rows)
    counts["all"] = sum(row.unit.owes or row.unit.first_filed_on is not None for row in rows)
    counts["received"] = sum(row.unit.first_filed_on is not None for row in rows)
    counts["late"] = sum(row.unit.late and row.unit.first_filed_on is not None for row in rows)
    counts["overdue"] = sum(row.unit.late and row.unit.first_filed_on is None for row in rows)
    counts["doubtful"] = sum(row.doubtful > 0 for row in rows)
    return counts


def _page(found: int) -> tuple[int, int]:
    pages_there = max(1, -(-found // ON_A_PAGE))
    return min(max(1, request.args.get("trang", 1, type=int)), pages_there), pages_there


def _one(unit_id: str, form: NoteForm) -> Any:
    with db.reading() as session:
        require_may(identity(), "judge unit reports")
        campaign = running_year(session)
        unit = next((one for one in progress(session, campaign) if one.unit_id == unit_id), None) or abort(
            404
        )
        report = reports.report_of(session, unit_id, campaign.year)
        lines = reports.filed_lines(report) if report else []
        pictures = photographs.of_entries(session, [line.id for line in lines])
        contacts = _reporters(session, unit_id)
    looked: dict[str, list[Text]] = {}
    for doubt in doubts(lines, month(unit.kind, campaign)):
        looked.setdefault(doubt.line_id, []).append(doubt.words)
    return render_template(
        "board/activities/one.html",
        campaign=campaign,
        unit=unit,
        report=report,
        lines=lines,
        pictures=pictures,
        doubts=looked,
        contacts=contacts,
        kinds=KINDS,
        states=STATES,
        tags=TAGS,
        in_short=in_short,
        form=form,
    )


def _reporters(session: Session, unit_id: str) -> list[str]:
    return [person.name for person in with_role(session, Role.UNIT) if person.unit_id == unit_id]


def _changed(unit_id: str) -> Any:
    flash(t("Báo cáo vừa thay đổi. Bạn xem lại.", "The report has just changed. Please look again."), "soon")
    return redirect(url_for("unit_reports.one", unit_id=unit_id))


def _waiting(_who: Identity) -> int:
    try:
        with db.reading() as session:
            return waiting(session)
    except Exception:  # noqa: BLE001 - a number beside a link must never keep a page from being shown
        return 0


@pages.record_once
def _badge(state: BlueprintSetupState) -> None:
    state.app.extensions.setdefault("badges", {})["unit_reports.show"] = _waiting
