"""Answers collected elsewhere: two files, their columns matched to a questionnaire on a page, checked, computed.

Nothing of them is kept: the files lie in memory for an hour under a secret of the browser's own page, and what is
wrong with any row refuses both files. They never meet a round of the centre.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, Final

from flask import Blueprint, Response, redirect, render_template, request, url_for
from sqlalchemy import select

from core import clock, db, document, heavy, once
from core.access import Role
from core.i18n import Text, language, t
from core.request import takes_up_to
from core.sessions import signed_in
from survey import analysis_plan, versions
from survey.collected import design, mapping
from survey.collected.files import Sheet
from survey.forms import WAVES, DeedForm
from survey.models import AnalysisPlan, QuestionnaireVersion
from survey.questionnaire import Questionnaire
from survey.reading import SCORES

pages = Blueprint("collected", __name__, url_prefix="/dieu-hanh/noi-khac")

KIND: Final = "collected files"
KEPT_SECONDS: Final = 3600
SHOWN: Final = 200
"""Problems shown at once; their number is always told."""
_MOST_BYTES: Final = 10 * 1024 * 1024
_CHOOSE: Final = Text("Bạn chọn đủ hai tệp và một bảng hỏi.", "Choose both files and a questionnaire.")
_UNREADABLE: Final = Text(
    "Không đọc được tệp. Cần CSV (UTF-8) hoặc .xlsx, dòng đầu là tên cột, tối đa 20.000 dòng.",
    "A file cannot be read. It must be CSV (UTF-8) or .xlsx, the first row names, 20,000 rows at most.",
)
_GONE: Final = Text("Đã quá một giờ, tệp không còn trong bộ nhớ.", "An hour has passed; the files are gone.")
_TWICE: Final = Text(
    "Hai cột cùng chọn một câu. Mỗi câu chỉ nhận một cột.",
    "Two columns are one question. Choose one of them.",
)


@pages.get("/")
@signed_in(Role.CAMPAIGNER)
def show() -> str:
    """Choose two files and the questionnaire they answer."""
    return _start()


def _start(error: Text | None = None) -> str:
    with db.reading() as session:
        held = versions.kept(session)
    return render_template("survey/collected.html", versions=held, error=error, form=DeedForm())


@pages.post("/")
@signed_in(Role.CAMPAIGNER)
@takes_up_to(_MOST_BYTES)
def upload() -> Any:
    """Read the files in a child and keep them in memory, to be matched."""
    sent = [request.files.get(name) for name in ("truoc", "sau")]
    files = [(one.filename or "", one.read()) if one else ("", b"") for one in sent]
    version_id = request.form.get("version", "")
    if not DeedForm().validate_on_submit() or not all(body for _, body in files) or not _asked(version_id):
        return _start(_CHOOSE), 422
    payload = {"files": [{"name": name[-80:], "file": body} for name, body in files]}
    try:
        found = heavy.run("survey.collected.job:look_job", payload, seconds=60)
    except heavy.HeavyBusy:
        return _start(document.BUSY), 503
    except heavy.HeavyFailed:
        return _start(_UNREADABLE), 422
    ticket = secrets.token_hex(16)
    once.keep(KIND, ticket.encode(), {**found, "version": version_id}, KEPT_SECONDS)
    return redirect(url_for("collected.match", ticket=ticket))


def _asked(version_id: str) -> Questionnaire | None:
    with db.reading() as session:
        row = session.get(QuestionnaireVersion, version_id)
        return Questionnaire.from_json(row.content) if row else None


@pages.get("/<ticket>")
@signed_in(Role.CAMPAIGNER)
def match(ticket: str) -> Any:
    """Which column is which question: suggested, to be looked over."""
    held = once.look(KIND, ticket.encode())
    questionnaire = _asked(held["version"]) if held else None
    if held is None or questionnaire is None:
        return _start(_GONE), 404
    columns, names = _columns(held), analysis_plan.outcomes(questionnaire)
    return _page(ticket, held, questionnaire, mapping.suggest(columns, questionnaire), design.usual(names))


@pages.post("/<ticket>")
@signed_in(Role.CAMPAIGNER)
def compute(ticket: str) -> Any:
    """Check every cell; the report, or everything that is wrong."""
    held = once.look(KIND, ticket.encode())
    questionnaire = _asked(held["version"]) if held else None
    if held is None or questionnaire is None or not DeedForm().validate_on_submit():
        return _start(_GONE), 404
    columns, names = _columns(held), analysis_plan.outcomes(questionnaire)
    wanted, chosen = design.chosen(request.form, names), _chosen(columns, questionnaire)
    try:
        plan = wanted.check(names, _fixed(names))
        _each_once(chosen)
    except design.NoDesign as wrong:
        return _page(ticket, held, questionnaire, chosen, wanted, error=wrong.sentence), 422
    payload = {
        "sheets": held["sheets"],
        "waves": list(wanted.waves),
        "plan": plan,
        "chosen": chosen,
        "questionnaire": questionnaire.to_json(),
        "language": language(),
        "day": clock.today().isoformat(),
    }
    try:
        found = heavy.run("survey.collected.job:report_job", payload)
    except (heavy.HeavyBusy, heavy.HeavyFailed):
        return _page(ticket, held, questionnaire, chosen, wanted, error=document.BUSY), 503
    if found["problems"]:
        return _page(ticket, held, questionnaire, chosen, wanted, problems=found["problems"]), 422
    if "docx" in request.form:
        answer = Response(document.bytes_of(found), content_type=document.WORD)
        answer.headers["Content-Disposition"] = 'attachment; filename="khao-sat-noi-khac.docx"'
        return answer
    return _page(ticket, held, questionnaire, chosen, wanted, found=found)


def _chosen(columns: Sequence[str], questionnaire: Questionnaire) -> dict[str, str]:
    """What each column was said to be; whatever is no answer to that is left aside."""
    allowed = {*_choices(questionnaire), *mapping.suggest(columns, questionnaire).values()}
    return {
        column: value if (value := request.form.get(f"c{place}", "")) in allowed else mapping.ASIDE
        for place, column in enumerate(columns)
    }


def _each_once(chosen: dict[str, str]) -> None:
    taken = [value for value in chosen.values() if value]
    if len(taken) != len(set(taken)):
        raise design.NoDesign(_TWICE)


def _fixed(names: Sequence[str]) -> list[design.FixedPlan]:
    """The plans fixed here whose outcomes this questionnaire has, the newest first."""
    wanted = select(AnalysisPlan).where(AnalysisPlan.fixed_on.is_not(None)).order_by(AnalysisPlan.year.desc())
    with db.reading() as session:
        return [
            design.FixedPlan(
                year=one.year,
                fixed_on=one.fixed_on,
                digest=one.digest,
                primary=one.content["primary"],
                secondary=one.content["secondary"],
            )
            for one in session.scalars(wanted)
            if one.fixed_on and one.content["primary"] in names and one.content["secondary"] in ("", *names)
        ]


@pages.post("/<ticket>/bo")
@signed_in(Role.CAMPAIGNER)
def forget(ticket: str) -> Any:
    """Take the files out of memory now."""
    if DeedForm().validate_on_submit():
        once.forget(KIND, ticket.encode())
    return redirect(url_for("collected.show"))


def _columns(held: dict[str, Any]) -> tuple[str, ...]:
    return mapping.union(
        Sheet(name=one["name"], digest="", columns=tuple(one["columns"]), rows=()) for one in held["sheets"]
    )


def _choices(questionnaire: Questionnaire) -> dict[str, str]:
    """What a column may be, in words."""
    roles = {
        mapping.ASIDE: t("(bỏ qua cột này)", "(leave this column aside)"),
        mapping.LINK: t("Mã nối hai lần của một người", "What joins one person's two answers"),
        mapping.CLUSTER: t("Đơn vị", "Unit"),
        mapping.EXPOSURE: t("Mức tham gia chiến dịch", "How much of the campaign was met"),
    }
    return roles | {
        code: f"{code}: {str(item.label)[:80]}" for code, item in mapping.places(questionnaire).items()
    }


def _page(
    ticket: str,
    held: dict[str, Any],
    questionnaire: Questionnaire,
    chosen: dict[str, str],
    wanted: design.Design,
    *,
    problems: list[dict[str, Any]] | None = None,
    found: dict[str, Any] | None = None,
    error: Text | None = None,
) -> str:
    choices, columns = _choices(questionnaire), _columns(held)
    lines = []
    for place, column in enumerate(columns):
        value = chosen[column]
        offered = choices if value in choices else {**choices, value: value}
        lines.append((f"c{place}", column, _samples(held, column), value, list(offered.items())))
    return render_template(
        "survey/collected_match.html",
        ticket=ticket,
        files=[(one["name"], len(one["rows"])) for one in held["sheets"]],
        questionnaire=questionnaire,
        lines=lines,
        wanted=_wanted(wanted, questionnaire),
        problems=[[_where(one), t(one["vi"], one["en"])] for one in (problems or [])[:SHOWN]],
        total=len(problems or []),
        found=found,
        error=error,
        form=DeedForm(),
    )


def _wanted(wanted: design.Design, questionnaire: Questionnaire) -> list[tuple[str, Text, str, list[Any]]]:
    """Name, words, value and choices of what is asked about the files as a whole."""
    names = analysis_plan.outcomes(questionnaire)
    scores = [(name, str(SCORES[name])) for name in names]
    waves = [(code, str(words)) for code, words in WAVES.items()]
    plans = [(design.NOW, t("Theo hai ô dưới đây", "As the two boxes below say"))]
    for one in _fixed(names):
        words = t("Kế hoạch năm {}, mã băm {}", "Plan of {}, hash {}").format(one.year, one.digest[:16])
        plans.append((str(one.year), words))
    nothing = [("", t("Không có", "None"))]
    return [
        ("wave1", Text("Tệp thứ nhất là đợt", "The first file is the wave"), wanted.waves[0], waves),
        ("wave2", Text("Tệp thứ hai là đợt", "The second file is the wave"), wanted.waves[1], waves),
        ("plan", Text("Kế hoạch phân tích", "Plan of analysis"), wanted.plan, plans),
        ("primary", Text("Kết quả chính", "Primary outcome"), wanted.primary, [*scores, *nothing]),
        ("secondary", Text("Kết quả phụ", "Secondary outcome"), wanted.secondary, [*scores, *nothing]),
    ]


def _samples(held: dict[str, Any], column: str) -> str:
    """A few different cells of a column, so that one sees what stands in it."""
    seen: dict[str, None] = {}
    for one in held["sheets"]:
        if column in one["columns"]:
            place = one["columns"].index(column)
            for _, cells in one["rows"][:50]:
                if cells[place]:
                    seen.setdefault(cells[place][:30])
    return " · ".join(list(seen)[:3])


def _where(one: dict[str, Any]) -> str:
    row = t(", dòng {}", ", row {}").format(one["row"]) if one["row"] else ""
    return f"{one['file']}{row}" + (f", {one['column']}" if one["column"] else "")
