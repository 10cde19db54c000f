"""Units: departments, offices and stations, each valid from one day until another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from flask import abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from wtforms import DateField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import Optional

from core import clock, db, editing, meanwhile, unit_changes
from core.access import Role
from core.administrator.blueprint import pages
from core.editing import NoSuchThing, UnitFacts, WrongWayRound
from core.forms import AtMost, ChangeForm, Needed, Words
from core.i18n import Text, t
from core.meanwhile import Overtaken
from core.pages import data_changed
from core.sessions import identity, signed_in
from core.unit_sheet import UnitRow
from core.units import Unit, UnitGroup, forebears, heirs
from core.vietnamese import fold, sort_key

KINDS: Final = {
    "lanh_dao": Text("Lãnh đạo", "Management"),
    "phong": Text("Phòng", "Office"),
    "khoa": Text("Khoa", "Department"),
    "tram_y_te": Text("Trạm Y tế", "Health station"),
}
WHY_FIVE: Final = Text(
    "Nhóm ít hơn năm đơn vị nói quá nhiều về từng đơn vị. Hãy cân nhắc gộp nhóm.",
    "A group of fewer than five says too much about each. Consider joining groups.",
)
DAY_FORMATS: Final = ["%d/%m/%Y", "%Y-%m-%d"]


class UnitForm(ChangeForm):
    """What is written down about a unit."""

    name_vi = Words(Text("Tên", "Name"), [Needed(), AtMost(160)])
    name_en = Words(Text("Tên bằng tiếng Anh", "Name in English"), [AtMost(160)])
    kind = SelectField(Text("Loại", "Kind"), choices=[SelectChoice(*one) for one in KINDS.items()])
    group = SelectField(Text("Nhóm trong số liệu", "Group in figures"))
    valid_from = DateField(Text("Có từ ngày", "From"), [Needed()], format=DAY_FORMATS)
    valid_until = DateField(Text("Đến ngày", "Until"), [Optional()], format=DAY_FORMATS)


@pages.get("/don-vi/")
@signed_in(Role.ADMINISTRATOR)
def units() -> str:
    """Every unit in Vietnamese order; those that are no more come last."""
    wanted = fold(request.args.get("tim", ""))
    with db.reading() as session:
        found = [
            unit for unit in session.scalars(select(Unit)) if wanted in fold(f"{unit.name_vi} {unit.name_en}")
        ]
        groups = {group.code: t(group.name_vi, group.name_en) for group in session.scalars(select(UnitGroup))}
    today = clock.today()
    found.sort(
        key=lambda unit: (unit.valid_until is not None and unit.valid_until < today, sort_key(unit.name_vi))
    )
    return render_template(
        "core/units.html",
        units=found,
        groups=groups,
        kinds=KINDS,
        today=today,
        tim=request.args.get("tim", ""),
    )


@pages.route("/don-vi/moi", methods=["GET", "POST"])
@signed_in(Role.ADMINISTRATOR)
def new_unit() -> Any:
    """Add a unit."""
    return _save(None, UnitForm(valid_from=clock.today()))


@pages.route("/don-vi/<unit_id>", methods=["GET", "POST"])
@signed_in(Role.ADMINISTRATOR)
def unit(unit_id: str) -> Any:
    """Change a unit."""
    with db.reading() as session:
        found = session.get(Unit, unit_id) or abort(404)
        before, after = forebears(session, unit_id), heirs(session, unit_id)
    form = UnitForm(obj=found, seen=meanwhile.mark(meanwhile.told(found)))
    return _save(found, form, before, [one for one in after if one.id != unit_id])


def row_of(unit: Unit) -> UnitRow:
    """A unit as a row of a sheet."""
    return UnitRow(
        id=unit.id,
        name_vi=unit.name_vi,
        name_en=unit.name_en,
        kind=unit.kind,
        group=unit.group,
        valid_from=unit.valid_from,
        valid_until=unit.valid_until,
    )


def words_of_small(small: Iterable[tuple[str, int]], groups: Mapping[str, object]) -> list[str]:
    """For each group that becomes too small, which it is and how many units are in it; `WHY_FIVE` says why."""
    return [
        t("Nhóm “{group}” còn {n} đơn vị", "Only {n} units in the group “{group}”").format(
            group=groups[group], n=left
        )
        for group, left in small
    ]


def _save(found: Unit | None, form: UnitForm, before: Sequence[Unit] = (), after: Sequence[Unit] = ()) -> Any:
    with db.reading() as session:
        groups = {group.code: t(group.name_vi, group.name_en) for group in session.scalars(select(UnitGroup))}
        rows = [row_of(one) for one in session.scalars(select(Unit))]
    form.group.choices = [SelectChoice(*one) for one in groups.items()]
    saved = _saved(found, form) if form.validate_on_submit() else None
    if saved is None:
        page = render_template("core/unit.html", unit=found, form=form, before=before, after=after)
        return page, form.status
    data_changed()
    flash(t("Đã lưu đơn vị.", "The unit is saved."))
    now = [*(row for row in rows if row.id != saved.id), row_of(saved)]
    for words in words_of_small(unit_changes.small_groups(rows, now), groups):
        flash(f"{words}. {WHY_FIVE}", "soon")
    return redirect(url_for("administrator.units"))


def _saved(found: Unit | None, form: UnitForm) -> Unit | None:
    """The unit as it stands now; None where the form has to be looked at again."""
    try:
        with db.writing() as session:
            known, seen = found.id if found else None, form.seen.data or ""
            return editing.save_unit(session, identity(), known, _facts(form), seen=seen)
    except Overtaken as changed:
        form.let_pass(changed)
    except NoSuchThing:
        abort(404)
    except WrongWayRound:
        form.valid_until.errors = [
            Text("Ngày kết thúc đứng trước ngày bắt đầu.", "This ends before it begins.")
        ]
    return None


def _facts(form: UnitForm) -> UnitFacts:
    return UnitFacts(
        name_vi=form.name_vi.data,
        name_en=form.name_en.data or "",
        kind=form.kind.data,
        group=form.group.data,
        valid_from=form.valid_from.data,
        valid_until=form.valid_until.data,
    )
