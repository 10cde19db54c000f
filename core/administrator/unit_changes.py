"""Mergers, splits, renames and closures, step by step: choose, write, look it over, confirm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import DateField, SelectField, SelectMultipleField
from wtforms.fields import SelectChoice

from core import clock, db, unit_changes
from core.access import Role
from core.administrator.blueprint import pages
from core.administrator.units import DAY_FORMATS, KINDS, WHY_FIVE, words_of_small
from core.campaign import Campaign, now_running
from core.forms import Lines, Needed, StaffForm
from core.i18n import Text, t
from core.installation import read_data
from core.pages import data_changed
from core.sessions import identity, signed_in
from core.unit_changes import KINDS_OF_CHANGE, Change, ChangeRefused, same_name
from core.units import Unit, UnitGroup, in_order
from core.vietnamese import nfc

WAYS: Final = {"sap-nhap": "merge", "chia-tach": "split", "doi-ten": "rename", "giai-the": "close"}
EXAMPLE_DAY: Final = date(2025, 7, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the worked example: what it does, and whether it still can be done here."""

    number: int
    way: str
    old: tuple[str, ...]
    names: tuple[str, ...]
    note: Text
    open: bool


class ChangeForm(StaffForm):
    """What becomes what, and from which day on."""

    old = SelectMultipleField(Text("Đơn vị kết thúc", "Units that end"), validate_choice=True)
    names = Lines(Text("Trở thành", "They become"))
    on_day = DateField(Text("Từ ngày", "From"), [Needed()], format=DAY_FORMATS)
    kind = SelectField(
        Text("Loại của đơn vị mới", "Kind of a new unit"),
        choices=[SelectChoice(*one) for one in KINDS.items()],
    )
    group = SelectField(Text("Nhóm trong số liệu", "Group in figures"))


@pages.get("/don-vi/sap-xep/")
@signed_in(Role.ADMINISTRATOR)
def unit_changes_start() -> str:
    """The four ways, what was done so far, and the reorganisation of 2025 as an example."""
    with db.reading() as session:
        done, steps = unit_changes.history(session), _example(session)
        stranded = unit_changes.without_unit(session, clock.today())
    return render_template(
        "core/unit_changes.html",
        done=done,
        steps=steps,
        stranded=stranded,
        ways=WAYS,
        kinds=KINDS_OF_CHANGE,
        example_day=EXAMPLE_DAY,
    )


@pages.route(
    "/don-vi/sap-xep/<any('sap-nhap', 'chia-tach', 'doi-ten', 'giai-the'):way>", methods=["GET", "POST"]
)
@signed_in(Role.ADMINISTRATOR)
def unit_change(way: str) -> Any:
    """The form; then what it will do; then it is done."""
    with db.reading() as session:
        open_units = in_order(session.scalars(select(Unit).where(Unit.valid_until.is_(None))))
        groups = {group.code: t(group.name_vi, group.name_en) for group in session.scalars(select(UnitGroup))}
        form = ChangeForm(
            data=_prefilled(session, WAYS[way], open_units) if request.method == "GET" else None
        )
    form.old.choices = [SelectChoice(unit.id, unit.name) for unit in open_units]
    form.group.choices = [SelectChoice(*one) for one in groups.items()]
    if form.validate_on_submit():
        answer = _look_or_do(way, form, groups)
        if answer is not None:
            return answer
    page = render_template(
        "core/unit_change.html", form=form, way=way, change=WAYS[way], kinds=KINDS_OF_CHANGE
    )
    return page, 422 if form.errors else 200


def _look_or_do(way: str, form: ChangeForm, groups: Mapping[str, str]) -> Any:
    """The page to look over, or the end of it; None where the form has to be mended."""
    change = _change(way, form)
    sent = request.form.get("step", "look")
    try:
        if sent == "do":
            with db.writing() as session:
                new = unit_changes.carry_out(session, identity(), change)
            return _done(change, new)
        with db.reading() as session:
            planned, campaign = unit_changes.plan(session, identity(), change), now_running(session)
    except ChangeRefused as refused:
        form[refused.field].errors = [refused.reason]
        return None
    if sent == "back":
        return None
    return render_template(
        "core/unit_change_check.html",
        form=form,
        way=way,
        change=change,
        planned=planned,
        kinds=KINDS_OF_CHANGE,
        groups=groups,
        small=words_of_small(planned.small_groups, groups),
        why_five=WHY_FIVE,
        in_campaign=_in_campaign(campaign, change.on_day),
        campaign=campaign,
    )


def _done(change: Change, new: list[Unit]) -> Any:
    data_changed()
    names = ", ".join(unit.name for unit in new)
    if names:
        flash(
            t("Đã ghi. Từ ngày đó có: {}.", "It is written down. From that day there are: {}.").format(names)
        )
    else:
        flash(
            t("Đã ghi ngày cuối của {} đơn vị.", "The last day of {} units is written down.").format(
                len(change.old)
            )
        )
    return redirect(url_for("administrator.unit_changes_start"))


def _change(way: str, form: ChangeForm) -> Change:
    lines = (nfc(line).strip() for line in (form.names.data or "").split("\n"))
    return Change(
        change=WAYS[way],
        on_day=form.on_day.data,
        old=tuple(form.old.data or ()),
        names=() if way == "giai-the" else tuple(" ".join(line.split()) for line in lines if line),
        kind=form.kind.data,
        group=form.group.data,
    )


def _in_campaign(campaign: Campaign | None, day: date) -> bool:
    """Whether a change falls between the beginning of the month and the units' last day on time."""
    if campaign is None:
        return False
    deadline = campaign.particulars.units_report
    return campaign.begins < day <= (deadline.last_day if deadline else campaign.ends)


def _prefilled(session: Session, change: str, open_units: list[Unit]) -> dict[str, Any]:
    """A step of the example, where its number stands in the address; otherwise the kind that is most often meant."""
    start = {"kind": "tram_y_te", "group": "tram_y_te", "on_day": clock.today()}
    steps = {str(step.number): step for step in _example(session)}
    step = steps.get(request.args.get("vi-du", ""))
    if step is None or WAYS[step.way] != change:
        return start
    wanted = {same_name(name) for name in step.old}
    old = [
        unit.id for unit in open_units if same_name(unit.name_vi) in wanted and unit.valid_from < EXAMPLE_DAY
    ]
    return start | {"on_day": EXAMPLE_DAY, "old": old, "names": "\n".join(step.names)}


def _example(session: Session) -> list[Step]:
    open_units = session.scalars(
        select(Unit.name_vi).where(Unit.valid_until.is_(None), Unit.valid_from < EXAMPLE_DAY)
    )
    there = {same_name(name) for name in open_units}
    address = {change: way for way, change in WAYS.items()}
    return [
        Step(
            number=number,
            way=address[one["change"]],
            old=tuple(one["old"]),
            names=tuple(one["names"]),
            note=Text(one["note_vi"], one["note_en"]),
            open=all(same_name(name) in there for name in one["old"]),
        )
        for number, one in enumerate(read_data("reorganisation_2025.json"), start=1)
    ]
