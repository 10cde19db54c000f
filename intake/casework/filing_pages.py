"""The pages of the file of one case: all its parts, one entry at a time, and a print for the paper file.

Every look is a line in the log. A mistake, or a colleague who wrote in between, brings the form back with
every word that was typed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)

from core import clock, db
from core.access import Identity, Role, require
from core.i18n import Text, day, t
from core.sessions import identity, seed, signed_in
from intake.casefile import assessment, labour, next_steps, rules
from intake.casefile.choosing import choices, offered
from intake.casefile.closure import closed
from intake.casefile.consent import withdrawn
from intake.casefile.fields import Ask
from intake.casefile.kinds import KINDS, Kind
from intake.casefile.record import File, Written
from intake.casework import filing
from intake.casework.casework import CaseDamaged
from intake.casework.filing import EntryRefused, FileRead, Stale
from intake.casework.refusals import answer_refusals
from intake.form.asked import label_of
from intake.form.handling import STATES

pages = Blueprint("filing", __name__, url_prefix="/lam-viec")

STALE: Final = Text(
    "Trong lúc bạn viết, phần này đã có bản mới. Bạn xem bản mới ở dưới rồi ghi lại.",
    "While you wrote, this part was written anew. Look at it below, then write again.",
)
_LINE: Final = 200
_LEVELS: Final = {"emergency": "urgent", "high": "urgent", "concern": "soon", "standard": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question as a component draws it."""

    ask: Ask
    id: str
    data: Any = field(repr=False)
    errors: tuple[Text, ...]
    choices: tuple[tuple[str, Text | str], ...]

    @property
    def name(self) -> str:
        """The name in the form."""
        return self.ask.name

    @property
    def label(self) -> Text:
        """The question."""
        return self.ask.label

    @property
    def long(self) -> bool:
        """Whether it needs several lines."""
        return self.ask.kind == "text" and self.ask.max_length > _LINE


answer_refusals(pages)


@pages.errorhandler(CaseDamaged)
def _damaged(_damage: Exception) -> tuple[str, int]:
    kept = "\n".join(value for name, value in request.form.items(multi=True) if name != "csrf_token")
    return render_template("intake/refused.html", why="damage", kept=kept), 500


@pages.get("/<case_id>/ho-so")
@signed_in(Role.HANDLER)
def show(case_id: str) -> Any:
    """The file, with what to do now on top."""
    return _page(_read(case_id), shown=request.args.get("mo", ""))


@pages.post("/<case_id>/ho-so/<kind>")
@signed_in(Role.HANDLER)
def write(case_id: str, kind: str) -> Any:
    """Add one entry."""
    asked = KINDS.get(kind) or abort(404)
    raw = request.form.to_dict(flat=False)
    values, errors = rules.read(asked, raw)
    summary: Text | None = None
    if not errors:
        try:
            _keep(case_id, kind, values)
        except EntryRefused as refused:
            errors = refused.errors
        except Stale:
            summary = STALE
        else:
            flash(t("Đã ghi vào hồ sơ.", "Written into the file."))
            return redirect(url_for("filing.show", case_id=case_id, mo=kind, _anchor=kind), 303)
    page = _page(_read(case_id), again=kind, raw=raw, errors=errors, summary=summary)
    page.status_code = 409 if summary else 422
    return page


@pages.post("/<case_id>/ho-so-in")
@signed_in(Role.HANDLER)
def print_out(case_id: str) -> Any:
    """The file on paper, after a line of its own in the log."""
    found = _read(case_id, printing=True)
    parts = [(kind, [_row(found.file, one) for one in found.file.of(kind.code)]) for kind in KINDS.values()]
    return render_template(
        "intake/casefile/print.html", case=found, parts=[one for one in parts if one[1]], today=clock.today()
    )


def _keep(case_id: str, kind: str, values: Mapping[str, Any]) -> None:
    parts = request.form.get("parts", "")
    number = int(parts) if parts.isascii() and parts.isdigit() else 0
    with db.writing() as session:
        filing.write(session, _identity(), seed(), case_id, kind=kind, values=values, parts=number)


def _identity() -> Identity:
    return require(identity(), Role.HANDLER)


def _read(case_id: str, *, printing: bool = False) -> FileRead:
    with db.writing() as session:
        return filing.read(session, _identity(), seed(), case_id, printing=printing)


# --- what the page says --------------------------------------------------------------------------


def _page(
    found: FileRead,
    *,
    again: str = "",
    shown: str = "",
    raw: rules.Raw | None = None,
    errors: Mapping[str, Text] | None = None,
    summary: Text | None = None,
) -> Response:
    wrong = dict(errors or {})
    parts = [
        _part(found, kind, raw if kind.code == again else None, wrong if kind.code == again else {})
        for kind in KINDS.values()
    ]
    links = [(f"#{again}-{name}", said, _label(again, name)) for name, said in wrong.items()]
    if summary:
        links.append((f"#{again}", summary, KINDS[again].title))
    steps = next_steps.steps(found.file, found.flags, clock.today())
    page = render_template(
        "intake/casefile/file.html",
        case=found,
        state={"label": STATES[found.state]},
        parts=[part for part in parts if part["form"] or part["rows"]],
        wrong=links,
        again=again,
        shown=shown or again or (steps[0].kind if steps else ""),
        steps=steps,
        label=label_of(found.case_id),
        facts=list(_facts(found.file)),
    )
    return make_response(page)


def _label(kind: str, name: str) -> Text:
    ask = KINDS[kind].ask(name)
    return ask.label if ask else KINDS[kind].title


def _part(found: FileRead, kind: Kind, raw: rules.Raw | None, errors: Mapping[str, Text]) -> dict[str, Any]:
    file, me, today = found.file, _identity().person_id, clock.today()
    shown = offered(file, kind.code, by=me, today=today) or raw is not None
    entries = file.of(kind.code)
    standing = entries if kind.rows else entries[-1:]
    return {
        "kind": kind,
        "form": list(_asked(found, kind, raw, errors)) if shown else [],
        "told": kind.code == "danh-gia" and not entries and bool(assessment.told(found.flags)),
        "rows": [_row(file, one) for one in reversed(standing)],
        "count": len(entries),
        "changes": [] if kind.rows else list(_changes(file, kind)),
    }


def _asked(found: FileRead, kind: Kind, raw: rules.Raw | None, errors: Mapping[str, Text]) -> Iterator[Asked]:
    file, me, today = found.file, _identity().person_id, clock.today()
    latest = None if kind.rows else file.latest(kind.code)
    told = assessment.told(found.flags) if kind.code == "danh-gia" and not latest else []
    for ask in kind.asks:
        if raw is not None:
            given = raw.get(ask.name, [])
            data: Any = given if ask.kind == "many" else "\n".join(given)
        else:
            data = _typed(ask, latest.values.get(ask.name) if latest else None)
            if (
                ask.name == "again_on"
                and latest
                and str(latest.values.get("again_on", "9")) < today.isoformat()
            ):
                data = ""  # a day that has passed is not proposed again
            if ask.name == "on" and ask.required:
                data = data or f"{today:%d/%m/%Y}"
            data = data or (told if ask.name == "risk_factors" else data)
        listed: list[Any] = [(option.code, option.label) for option in ask.options]
        if ask.kind == "row":
            listed = list(choices(file, kind.code, ask.name, by=me, today=today))
            if data and data not in {code for code, _ in listed}:
                data = ""
        wrong = (errors[ask.name],) if ask.name in errors else ()
        yield Asked(ask=ask, id=f"{kind.code}-{ask.name}", data=data, errors=wrong, choices=tuple(listed))


def _typed(ask: Ask, value: Any) -> Any:
    if value is None:
        return [] if ask.kind == "many" else ""
    return f"{datetime.fromisoformat(value):%d/%m/%Y}" if ask.kind == "date" else value


def _row(file: File, entry: Written) -> dict[str, Any]:
    """One entry in words; who and on which day."""
    kind = KINDS[entry.kind]
    pairs = [
        (ask.label, _said(file, ask, entry.values[ask.name])) for ask in kind.asks if ask.name in entry.values
    ]
    return {"who": entry.author, "on": entry.on, "pairs": pairs, "notes": list(_notes(file, entry))}


def _said(file: File, ask: Ask, value: Any) -> str:
    if ask.kind == "row":
        named = next((one for one in file.entries if str(one.row) == str(value)), None)
        return f"{named.values.get('recipient', KINDS[named.kind].title)} · {day(named.on)}" if named else ""
    if ask.kind == "date":
        return day(datetime.fromisoformat(value).date())
    if ask.kind == "moment":
        moment = datetime.fromisoformat(value)
        return f"{moment:%H:%M}, {day(moment.date())}"
    said = ask.said(value)
    return ", ".join(str(one) for one in said) if isinstance(said, list) else str(said)


def _notes(file: File, entry: Written) -> Iterator[tuple[Text, str, str]]:
    """What came of an entry: words, kind of tag, who or when or how much."""
    if entry.kind == "danh-gia" and (level := assessment.wanted(entry.values)) != entry.values["risk_level"]:
        ask = KINDS["danh-gia"].ask("risk_level")
        yield Text("dấu hiệu nâng lên", "the signs raise it"), "urgent", str(ask.said(level)) if ask else ""
    if entry.kind == "dong-y" and (ended := withdrawn(file, entry)):
        yield Text("đã rút lại", "withdrawn"), "urgent", day(ended)
    if entry.kind == "khong-dong-y" or (entry.kind == "danh-gia" and assessment.waiting(file) is entry):
        second = file.seconded(entry)
        if second:
            yield Text("hai người đã ký", "signed by two"), "done", second.author
        else:
            yield Text("chờ người thứ hai", "waits for a second person"), "soon", ""
    if entry.kind == "chuyen-gui":
        for one in file.naming("ket-qua", entry.row)[-1:]:
            ask = KINDS["ket-qua"].ask("result")
            yield Text("kết quả", "result"), "done", _said(file, ask, one.values["result"]) if ask else ""


def _changes(file: File, kind: Kind) -> Iterator[dict[str, Any]]:
    for entry, name, before, after in file.changes(kind.code):
        ask = kind.ask(name)
        if ask and before is not None:
            yield {
                "label": ask.label,
                "who": entry.author,
                "on": entry.on,
                "before": _said(file, ask, before),
                "after": _said(file, ask, after) if after is not None else "",
            }


def _facts(file: File) -> Iterator[tuple[Text, Any, str]]:
    holds = assessment.in_force(file)
    ask = KINDS["danh-gia"].ask("risk_level")
    if holds and ask:
        yield Text("Mức nguy cơ", "Level of risk"), ask.said(holds[0]), _LEVELS[holds[0]]
    for one in file.of("xung-dot"):
        if one.values.get("head") == "yes":
            yield (
                Text("Người đứng đầu bị phản ánh, báo cho", "The head is complained of, tell"),
                one.values.get("instead", ""),
                "urgent",
            )
    if closed(file):
        return
    if again := assessment.again_on(file):
        yield Text("Đánh giá lại", "Assess again"), day(again), ""
    step = KINDS["lao-dong"].ask("step")
    for code, due in labour.checks_due(file):
        if step:
            yield Text("Chống trả đũa", "Retaliation"), f"{step.said(code)}: {day(due)}", ""
