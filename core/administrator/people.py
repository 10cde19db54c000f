"""People: the list, inviting, handing out links, retiring. No page here shows or holds a key."""

from __future__ import annotations

from typing import Any, Final

from flask import abort, flash, redirect, render_template, request, session, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import SelectField, SelectMultipleField
from wtforms.fields import SelectChoice
from wtforms.validators import Optional, ValidationError

from core import appointing, db, enrolment, rosters, units
from core.access import TITLES, Role, RolesExclude, check_roles
from core.accounts import LINK_DAYS, LinkSpent, NameTaken, Person
from core.administrator.blueprint import pages
from core.appointing import Appointment, LastAdministrator, NoSuchPerson, UnitNeeded
from core.forms import AtMost, Needed, StaffForm, Words
from core.i18n import Text, t
from core.roster import RosterRefused
from core.rosters import NoRoster
from core.sessions import identity, signed_in
from core.units import Unit
from core.vietnamese import fold, name_key

ON_A_PAGE: Final = 25
STATES: Final = {
    "invited": Text("đã mời", "invited"),
    "active": Text("đã đăng ký", "enrolled"),
    "retired": Text("đã thôi", "retired"),
}

_APART: Final = Text(
    "Cán bộ tiếp nhận, người giữ khóa, thành viên Ban và quản trị phải là những người khác nhau; "
    "thư ký Ban không làm cán bộ tiếp nhận hay giữ khóa.",
    "Handler, custodian, board member and administrator must be different people; "
    "a campaigner is neither handler nor custodian.",
)
_TAKEN: Final = Text(
    "Đã có người dùng tên đăng nhập này. Hãy ghi một tên đăng nhập khác.",
    "Somebody signs in under this name already. Write another sign-in name.",
)
_UNIT: Final = Text("Đầu mối đơn vị cần có đơn vị.", "A unit reporter needs a unit.")


class EditForm(StaffForm):
    """What may be changed about a person who is there."""

    title_vi = Words(Text("Chức danh", "Title"), [Needed(), AtMost(120)])
    title_en = Words(Text("Chức danh bằng tiếng Anh", "Title in English"), [AtMost(120)])
    unit_id = SelectField(Text("Đơn vị", "Unit"), [Optional()], validate_choice=False)


class InviteForm(EditForm):
    """What is written down about somebody new."""

    name = Words(Text("Họ và tên", "Name"), [Needed(), AtMost(120)])
    sign_in_as = Words(Text("Tên đăng nhập", "Sign-in name"), [AtMost(60)])
    roles = SelectMultipleField(
        Text("Vai trò", "Roles"), choices=[SelectChoice(role.value, TITLES[role]) for role in Role]
    )

    def validate_roles(self, field: Any) -> None:
        if not field.data:
            raise ValidationError(Text("Hãy chọn ít nhất một vai trò.", "Choose at least one role."))
        if not set(field.data) <= set(Role):
            return  # a role nobody offered; the list of choices refuses it in its own words
        try:
            check_roles(Role(role) for role in field.data)
        except RolesExclude:
            raise ValidationError(_APART) from None


class DeedForm(StaffForm):
    """A button."""


@pages.get("/nguoi/")
@signed_in(Role.ADMINISTRATOR)
def people() -> str:
    """Everybody, by given name; searching forgives missing marks."""
    wanted = fold(request.args.get("tim", ""))
    gone = request.args.get("thoi") == "1"
    with db.reading() as session:
        found = [
            person
            for person in session.scalars(select(Person))
            if (person.state == "retired") == gone
            and (not wanted or wanted in fold(f"{person.name} {person.title_vi} {person.sign_name}"))
        ]
        found.sort(key=lambda person: name_key(person.name))
        links = appointing.open_links(session)
        unit_names = {unit.id: t(unit.name_vi, unit.name_en) for unit in session.scalars(select(Unit))}
    in_all = max(1, -(-len(found) // ON_A_PAGE))
    page = min(max(1, request.args.get("trang", 1, type=int) or 1), in_all)
    return render_template(
        "core/people.html",
        people=found[(page - 1) * ON_A_PAGE : page * ON_A_PAGE],
        count=len(found),
        page=page,
        in_all=in_all,
        tim=request.args.get("tim", ""),
        gone=gone,
        links=links,
        unit_names=unit_names,
        states=STATES,
        titles=TITLES,
    )


@pages.route("/nguoi/moi", methods=["GET", "POST"])
@signed_in(Role.ADMINISTRATOR)
def invite() -> Any:
    """Write somebody down, and show their link on the next page."""
    form = InviteForm()
    form.unit_id.choices = _unit_choices()
    if form.validate_on_submit():
        try:
            with db.writing() as writing:
                person, token = appointing.invite(writing, identity(), _appointment(form))
        except NameTaken:
            form.sign_in_as.errors = [_TAKEN]
        except UnitNeeded:
            form.unit_id.errors = [_UNIT]
        else:
            session["fresh_link"] = [person.id, token]
            return redirect(url_for("administrator.person", person_id=person.id))
    return render_template("core/invite.html", form=form), 422 if form.errors else 200


@pages.get("/nguoi/<person_id>")
@signed_in(Role.ADMINISTRATOR)
def person(person_id: str) -> Any:
    """One person: what is written down, a fresh link if one was just made, and what can be done."""
    return _page(person_id, EditForm())


@pages.post("/nguoi/<person_id>")
@signed_in(Role.ADMINISTRATOR)
def edit_person(person_id: str) -> Any:
    """Change title and unit."""
    form = EditForm()
    if not form.validate():
        return _page(person_id, form), 422
    try:
        with db.writing() as writing:
            appointing.edit(
                writing,
                identity(),
                person_id,
                title_vi=form.title_vi.data,
                title_en=form.title_en.data or "",
                unit_id=form.unit_id.data or None,
            )
    except NoSuchPerson:
        abort(404)
    except UnitNeeded:
        form.unit_id.errors = [_UNIT]
        return _page(person_id, form), 422
    flash(t("Đã lưu.", "Saved."))
    return redirect(url_for("administrator.person", person_id=person_id))


@pages.post("/nguoi/<person_id>/duong-dan")
@signed_in(Role.ADMINISTRATOR)
def renew_link(person_id: str) -> Any:
    """Make a fresh link; it is shown on the person's page until it is handed over."""
    try:
        with db.writing() as writing:
            token = appointing.renew_link(writing, identity(), person_id)
    except NoSuchPerson:
        abort(404)
    session["fresh_link"] = [person_id, token]
    return redirect(url_for("administrator.person", person_id=person_id))


@pages.post("/nguoi/<person_id>/da-dua")
@signed_in(Role.ADMINISTRATOR)
def link_handed_over(person_id: str) -> Any:
    """The link is in the person's hands: show it no more."""
    session.pop("fresh_link", None)
    return redirect(url_for("administrator.person", person_id=person_id))


@pages.post("/nguoi/<person_id>/thu-hoi")
@signed_in(Role.ADMINISTRATOR)
def revoke_link(person_id: str) -> Any:
    """Make an unused link worthless."""
    try:
        with db.writing() as writing:
            appointing.revoke_link(writing, identity(), person_id)
    except NoSuchPerson:
        abort(404)
    session.pop("fresh_link", None)
    flash(t("Đường dẫn cũ không dùng được nữa.", "The old link no longer works."))
    return redirect(url_for("administrator.person", person_id=person_id))


@pages.route("/nguoi/<person_id>/thoi", methods=["GET", "POST"])
@signed_in(Role.ADMINISTRATOR)
def retire(person_id: str) -> Any:
    """Ask once more, then close the account or take the invitation back."""
    form = DeedForm()
    with db.reading() as reading:
        found = reading.get(Person, person_id) or abort(404)
    if not form.validate_on_submit():
        return render_template("core/retire.html", person=found, form=form, rostered=_rostered(person_id))
    try:
        with db.writing() as writing:
            appointing.retire(writing, identity(), person_id)
    except LastAdministrator:
        flash(
            t(
                "Đây là người quản trị duy nhất đăng nhập được. Hãy mời người khác trước.",
                "This is the only administrator who can sign in. Invite another first.",
            ),
            "urgent",
        )
        return redirect(url_for("administrator.person", person_id=person_id))
    flash(t("{} không còn đăng nhập được.", "{} can no longer sign in.").format(found.name))
    return redirect(url_for("administrator.people"))


@pages.post("/nguoi/<person_id>/phuc-hoi")
@signed_in(Role.ADMINISTRATOR)
def reinstate(person_id: str) -> Any:
    """Take a retirement back while the person's lock is still there."""
    try:
        with db.writing() as writing:
            appointing.reinstate(writing, identity(), person_id)
    except NoSuchPerson:
        abort(404)
    except LinkSpent:
        flash(
            t("Khóa của người này không còn. Hãy mời lại.", "Their lock is gone. Invite them anew."), "soon"
        )
    else:
        flash(t("Người này lại đăng nhập được.", "They can sign in again."))
    return redirect(url_for("administrator.person", person_id=person_id))


def _page(person_id: str, form: EditForm) -> str:
    with db.reading() as reading:
        found = reading.get(Person, person_id) or abort(404)
        link = appointing.open_links(reading).get(person_id)
    form.unit_id.choices = _unit_choices(found.unit_id)
    if request.method == "GET":
        form.process(obj=found)
        form.unit_id.choices = _unit_choices(found.unit_id)
    return render_template(
        "core/person.html",
        person=found,
        titles=[TITLES[role] for role in sorted(found.held)],
        state=STATES[found.state],
        link=link,
        fresh=_fresh_link(person_id) if link else None,
        days=LINK_DAYS,
        rostered=_rostered(person_id),
        form=form,
        deed=DeedForm(),
    )


def _fresh_link(person_id: str) -> dict[str, Any] | None:
    made = session.get("fresh_link")
    if not made or made[0] != person_id:
        return None
    address = enrolment.address(made[1])
    return {"address": address, "qr": enrolment.qr_picture(address, t("Đường dẫn đăng ký", "Enrolment link"))}


def _appointment(form: InviteForm) -> Appointment:
    return Appointment(
        name=form.name.data,
        title_vi=form.title_vi.data,
        title_en=form.title_en.data or "",
        roles=frozenset(Role(role) for role in form.roles.data),
        sign_in_as=form.sign_in_as.data or "",
        unit_id=form.unit_id.data or None,
    )


def _unit_choices(also: str | None = None) -> list[SelectChoice]:
    with db.reading() as reading:
        found = units.valid(reading)
        if also and also not in {unit.id for unit in found}:
            found += [unit for unit in [reading.get(Unit, also)] if unit]
    nowhere = SelectChoice("", t("không gắn với đơn vị nào", "not tied to a unit"))
    return [nowhere, *(SelectChoice(unit.id, t(unit.name_vi, unit.name_en)) for unit in found)]


def _rostered(person_id: str) -> bool:
    with db.reading() as reading:
        return _on_roster(reading, person_id)


def _on_roster(reading: Session, person_id: str) -> bool:
    try:
        return any(member.id == person_id for member in rosters.chain(reading)[-1].members)
    except (NoRoster, RosterRefused):
        return False
