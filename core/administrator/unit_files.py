"""The list of units as a workbook: taken out, changed in a spreadsheet, looked over, taken in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from flask import Response, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock, db, document, editing, heavy, meanwhile, unit_changes, unit_sheet
from core.access import Role
from core.administrator.blueprint import pages
from core.administrator.hotlines import DeedForm
from core.administrator.units import KINDS, WHY_FIVE, row_of, words_of_small
from core.editing import NoSuchThing, WrongWayRound
from core.i18n import Text, day, t
from core.meanwhile import Overtaken
from core.pages import data_changed
from core.sessions import identity, signed_in
from core.unit_changes import KINDS_OF_CHANGE, small_groups
from core.unit_sheet import COLUMNS, UnitRow, Wrong
from core.units import Unit, UnitGroup, in_order

SHOWN: Final = 200
_NO_FILE: Final = Text("Bạn chọn một tệp .xlsx.", "Choose an .xlsx file.")
_UNREADABLE: Final = Text(
    "Không đọc được tệp này. Cần một tệp .xlsx.", "This file cannot be read. It must be an .xlsx file."
)


@pages.get("/don-vi/danh-sach.xlsx")
@signed_in(Role.ADMINISTRATOR)
def export_units() -> Any:
    """Every unit, and which became which, as a workbook that can be taken in again."""
    with db.reading() as session:
        rows = [row_of(unit) for unit in in_order(session.scalars(select(Unit)))]
        groups, done = _groups(session), unit_changes.history(session)
    today = clock.today()
    payload = {
        "title": t("Danh sách đơn vị", "List of units"),
        "day": today.isoformat(),
        "sheets": [_units_sheet(rows, groups), _history_sheet(done), _guide(groups)],
    }
    try:
        return document.download("xlsx", payload, f"don-vi-{today.isoformat()}")
    except heavy.HeavyBusy:
        return Response(str(document.BUSY), 503, content_type="text/plain; charset=utf-8")


@pages.route("/don-vi/nhap-tep", methods=["GET", "POST"])
@signed_in(Role.ADMINISTRATOR)
def import_units() -> Any:
    """Choose a file; see every wrong cell, or what would change; take it in."""
    form = DeedForm()
    if not form.validate_on_submit():
        return render_template("core/units_import.html", form=form, error=None), 422 if form.errors else 200
    if "rows" in request.form:
        return _take_in(request.form["rows"])
    file = request.files.get("tep")
    body = file.read() if file else b""
    if not body:
        return _again(form, _NO_FILE)
    try:
        lines = heavy.run("core.unit_book:read_job", {"file": body}, seconds=30)["lines"]
    except heavy.HeavyBusy:
        return _again(form, document.BUSY, 503)
    except heavy.HeavyFailed:
        return _again(form, _UNREADABLE)
    return _looked_over(form, lines)


def _again(form: DeedForm, error: Text, status: int = 422) -> Any:
    return render_template("core/units_import.html", form=form, error=error), status


def _looked_over(form: DeedForm, lines: Sequence[Sequence[str]]) -> Any:
    """Every wrong cell at once, or what will be added and changed."""
    with db.reading() as session:
        groups = _groups(session)
        units = session.scalars(select(Unit)).all()
    known = {unit.id: row_of(unit) for unit in units}
    marks = {unit.id: meanwhile.mark(meanwhile.told(unit)) for unit in units}
    rows, wrong = unit_sheet.read(lines, kinds=KINDS, groups=groups, known=known, there=known.values())
    fresh, changed = [row for row in rows if row.id is None], _changed(rows, known)
    page = render_template(
        "core/units_import.html",
        form=form,
        error=None,
        wrong=[(one.cell, _cell_words(lines, one), one.reason) for one in wrong[:SHOWN]],
        total=len(wrong),
        fresh=fresh,
        changed=[
            (known[row.id or ""], row, _differences(known[row.id or ""], row, groups)) for row in changed
        ],
        same=len(rows) - len(fresh) - len(changed),
        small=words_of_small(_small(known, rows), groups),
        why_five=WHY_FIVE,
        looked=True,
        rows_json=_carried([*fresh, *changed], marks),
    )
    return page, 422 if wrong else 200


def _take_in(written: str) -> Any:
    """The rows come back from the page that showed them: they are checked again as if nobody had."""
    with db.reading() as session:
        groups = _groups(session)
        known = {unit.id: row_of(unit) for unit in session.scalars(select(Unit))}
    try:
        found = json.loads(written)
        sent = [[str(one.get(name) or "") for name in COLUMNS] for one in found]
        seen = {str(one.get("id")): str(one.get("seen")) for one in found}
    except (ValueError, AttributeError, TypeError):
        abort(400)
    lines = [list(COLUMNS), *sent]
    rows, wrong = unit_sheet.read(lines, kinds=KINDS, groups=groups, known=known, there=known.values())
    if wrong:  # sent twice, or the list changed since it was looked over
        return _look_again()
    try:
        with db.writing() as session:
            editing.save_units(session, identity(), rows, seen)
    except Overtaken:
        return _look_again()
    except (NoSuchThing, WrongWayRound):
        abort(400)
    data_changed()
    flash(t("Đã nhận {} đơn vị từ tệp.", "{} units were taken in from the file.").format(len(rows)))
    return redirect(url_for("administrator.units"))


def _carried(rows: Iterable[UnitRow], marks: Mapping[str, str]) -> str:
    """Rows for the page to bring back, each with the mark of the unit that it would change."""
    told = [asdict(row) | {"seen": marks.get(row.id or "", "")} for row in rows]
    return json.dumps(told, default=str, ensure_ascii=False)


def _look_again() -> Any:
    flash(t("Danh sách đã đổi. Bạn xem lại tệp.", "The list has changed. Look the file over again."), "soon")
    return redirect(url_for("administrator.import_units"))


def _groups(session: Session) -> dict[str, Text]:
    return {group.code: Text(group.name_vi, group.name_en) for group in session.scalars(select(UnitGroup))}


def _changed(rows: Iterable[UnitRow], known: Mapping[str, UnitRow]) -> list[UnitRow]:
    return [row for row in rows if row.id is not None and row != known[row.id]]


def _small(known: Mapping[str, UnitRow], rows: Iterable[UnitRow]) -> tuple[tuple[str, int], ...]:
    rows = list(rows)
    after = {**known, **{row.id: row for row in rows if row.id is not None}}
    return small_groups(known.values(), [*after.values(), *(row for row in rows if row.id is None)])


def _differences(before: UnitRow, after: UnitRow, groups: Mapping[str, Text]) -> str:
    """What changes, in words: "Loại: Khoa → Phòng"."""
    old, new = (unit_sheet.written([row], KINDS, groups)[0] for row in (before, after))
    empty = t("trống", "empty")
    pairs = [
        f"{label}: {was or empty} → {becomes or empty}"
        for label, was, becomes in zip(COLUMNS.values(), old, new, strict=True)
        if was != becomes
    ]
    return "; ".join(pairs)


def _cell_words(lines: Sequence[Sequence[str]], wrong: Wrong) -> str:
    line = lines[int(wrong.cell[1:]) - 1] if int(wrong.cell[1:]) <= len(lines) else []
    place = ord(wrong.cell[0]) - ord("A")
    return line[place][:60] if place < len(line) else ""


def _units_sheet(rows: Iterable[UnitRow], groups: Mapping[str, Text]) -> dict[str, Any]:
    return {
        "name": t("Đơn vị", "Units"),
        "caption": t("Danh sách đơn vị ngày {}", "Units on {}").format(day(clock.today())),
        "columns": [str(label) for label in COLUMNS.values()],
        "rows": unit_sheet.written(rows, KINDS, groups),
    }


def _history_sheet(done: Iterable[tuple[Any, str, list[Unit], list[Unit]]]) -> dict[str, Any]:
    return {
        "name": t("Đơn vị nào thành đơn vị nào", "Which became which"),
        "caption": t("Sáp nhập, chia tách, đổi tên, giải thể", "Mergers, splits, renames, closures"),
        "columns": [t("Từ ngày", "From"), t("Việc", "Change"), t("Trước", "Before"), t("Sau", "After")],
        "rows": [
            [
                day(on),
                str(KINDS_OF_CHANGE[kind]),
                "; ".join(unit.name for unit in old),
                "; ".join(unit.name for unit in new),
            ]
            for on, kind, old, new in done
        ],
    }


def _guide(groups: Mapping[str, Text]) -> dict[str, Any]:
    said = [
        (
            COLUMNS["id"],
            t("Giữ nguyên. Để trống ở dòng thêm mới.", "Leave it as it is. Empty in a row that adds a unit."),
        ),
        (COLUMNS["kind"], ", ".join(str(one) for one in KINDS.values())),
        (COLUMNS["group"], "; ".join(str(one) for one in groups.values())),
        (COLUMNS["valid_from"], t("Như 01/07/2025.", "Like 01/07/2025.")),
        (
            COLUMNS["valid_until"],
            t("Ngày cuối cùng; để trống nếu còn hoạt động.", "The last day; empty while it exists."),
        ),
    ]
    return {
        "name": t("Cách điền", "How to fill it in"),
        "caption": t("Cách điền", "How to fill it in"),
        "columns": [t("Cột", "Column"), t("Nội dung", "What it holds")],
        "rows": [[str(label), words] for label, words in said],
    }
