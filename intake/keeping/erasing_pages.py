"""What is due for erasing, shown before it happens; holding a case, and erasing it; `flask intake purge`."""

from __future__ import annotations

from typing import Any, Final

import click
from flask import Blueprint, current_app, flash, redirect, render_template, url_for

from core import clock, db
from core.access import Identity, Role, require
from core.forms import AtMost, Needed, StaffForm, Words
from core.i18n import Text, t
from core.sessions import by_phone, identity, seed, signed_in
from intake.cases import PastRetention
from intake.casework.casework import CaseDamaged
from intake.casework.refusals import answer_refusals
from intake.desk import desk_memory
from intake.files import arriving
from intake.form.asked import label_of
from intake.keeping import erasing, left_behind
from intake.keeping.erasing import ClockDoubtful, Line, NotYetDue
from intake.keys.commands import commands, key_holder

pages = Blueprint("erasing", __name__, url_prefix="/lam-viec")

WHY: Final = {
    "closed": Text("đã kết thúc", "closed"),
    "out_of_scope": Text("ngoài phạm vi", "out of scope"),
    "withdrawn": Text("người viết xin rút", "withdrawn by the reporter"),
    "": Text("đang mở", "open"),
}
SOON_DAYS: Final = 60
_BY_PHONE: Final = Text(
    "Bạn đã vào bằng mã dự phòng. Để xóa, hãy đăng nhập lại bằng mã trên điện thoại: nhờ đó biết đồng hồ máy đúng.",
    "You came with a recovery code. To erase, sign in with the code of your phone: by it the clock is known to be right.",
)
_CLOCK: Final = Text(
    "Chưa xóa: danh sách người đọc thư đã hết hạn, hoặc đồng hồ máy sai. Hãy ký danh sách mới hoặc chỉnh đồng hồ.",
    "Not erased: the roster has run out, or the machine's clock is wrong. Sign a new roster, or set the clock right.",
)
_DAMAGED: Final = "  SOME PARTS DO NOT OPEN"


class HoldForm(StaffForm):
    """Why a case is held, or no longer."""

    reason = Words(
        Text("Lý do", "Reason"),
        [Needed(Text("Bạn ghi ngắn gọn lý do.", "Write the reason in a few words.")), AtMost(500)],
    )


answer_refusals(pages)


@pages.errorhandler(CaseDamaged)
def _damaged(_damage: Exception) -> tuple[str, int]:
    return render_template("intake/refused.html", why="damage", kept=""), 500


@pages.app_errorhandler(PastRetention)
def _past(_over: Exception) -> tuple[str, int]:
    return render_template("intake/past_retention.html"), 410


@pages.get("/luu-giu")
@signed_in(Role.HANDLER)
def show() -> str:
    """Every case that has a date, the nearest first."""
    lines = erasing.outlook(_handler(), seed())
    return render_template(
        "intake/retention.html",
        ready=[_said(line) for line in lines if line.ready],
        coming=[_said(line) for line in lines if not line.ready and not line.kept.held],
        held=[_said(line) for line in lines if line.kept.held],
    )


@pages.get("/luu-giu/<case_id>")
@signed_in(Role.HANDLER)
def one(case_id: str) -> Any:
    """How long one case is kept, with what can be done about it."""
    return _page(case_id, HoldForm(formdata=None))


@pages.post("/luu-giu/<case_id>/giu")
@signed_in(Role.HANDLER)
def hold(case_id: str) -> Any:
    """Hold a case for legal proceedings."""
    return _steer(case_id, held=True)


@pages.post("/luu-giu/<case_id>/thoi-giu")
@signed_in(Role.HANDLER)
def unhold(case_id: str) -> Any:
    """End that."""
    return _steer(case_id, held=False)


@pages.post("/luu-giu/<case_id>/xoa")
@signed_in(Role.HANDLER)
def erase(case_id: str) -> Any:
    """Erase a case whose time is over; its own page asked before."""
    if not by_phone():
        flash(str(_BY_PHONE), "soon")
        return redirect(url_for("erasing.one", case_id=case_id), 303)
    try:
        _erase(_handler(), seed(), case_id)
    except NotYetDue:
        flash(
            t(
                "Chưa xóa: chưa đến hạn, đang được giữ, hoặc người viết vừa viết thêm.",
                "Not erased: its date has not come, it is held, or its reporter has just written.",
            )
        )
        return redirect(url_for("erasing.one", case_id=case_id), 303)
    except ClockDoubtful:
        flash(str(_CLOCK), "soon")
        return redirect(url_for("erasing.one", case_id=case_id), 303)
    desk_memory.forget(desk_memory.here(), case_id)
    flash(t("Đã xóa. Không ai mở lại được.", "Erased. Nobody can open it again."))
    return redirect(url_for("erasing.show"), 303)


@commands.cli.command("purge")
@click.option("--name", prompt="Handler's sign-in name")
@click.option("--now", is_flag=True, help="Erase; without it what is due is only shown.")
def purge(name: str, now: bool) -> None:
    """Show what is past its date, as far as one handler can open it; with --now erase it for good."""
    passphrase = click.prompt("Passphrase", hide_input=True)
    code = click.prompt("Six-digit code", hide_input=True)
    with current_app.test_request_context():
        who, opened = key_holder(name, passphrase, code, Role.HANDLER, by_phone=now)
        lines = erasing.outlook(who, opened)
        ready = [line for line in lines if line.ready]
        doubtful = [line for line in ready if line.damaged]
        for line in lines:
            click.echo(_line_of_text(line))
        click.echo(f"{len(ready)} past their date, {len(lines) - len(ready)} with a date to come or held.")
        if not now:
            return
        leftovers = erasing.finish()
        with db.writing() as session:
            unfinished = arriving.sweep(session)
        erased = sum(_erased(who, opened, line.case_id) for line in ready if not line.damaged)
    click.echo(f"Erased: {erased}. Left behind by a crash and cleared away: {leftovers}.")
    if unfinished:
        click.echo(f"Files that never arrived whole, let go: {unfinished}.")
    if doubtful:
        click.echo(
            f"Not erased, since parts of them do not open: {len(doubtful)}. Look at their pages first."
        )


@commands.cli.command("purge-left-behind")
@click.option("--now", is_flag=True, help="Erase; without it what is left behind is only shown.")
def purge_left_behind(now: bool) -> None:
    """Show cases that nobody on the roster can open any more; with --now two custodians erase what is due."""
    with current_app.test_request_context():
        with db.reading() as session:
            found = left_behind.left_behind(session)
        for one in found:
            click.echo(f"  letter of {one.arrived_on}: nobody since {one.since}, kept until {one.until}")
        due = [one for one in found if one.ready]
        click.echo(
            f"{len(due)} past their date, {len(found) - len(due)} that the cards can still bring back."
        )
        if not now or not due:
            return
        click.echo("What is held for proceedings shows here no more: bring it back with the cards first.")
        custodians = [_custodian(place) for place in ("First", "Second")]
        for one in due:
            try:
                with db.writing() as session:
                    left_behind.erase(session, custodians, one.case_id)
            except left_behind.TwoNeeded:
                raise click.ClickException(
                    "The same custodian twice; two different ones are needed."
                ) from None
            except ClockDoubtful:
                raise click.ClickException(
                    "The roster has run out, or this machine's clock is wrong."
                ) from None
        erasing.settle()
    click.echo(f"Erased: {len(due)}.")


def _custodian(place: str) -> Identity:
    name = click.prompt(f"{place} custodian's sign-in name")
    passphrase = click.prompt("Passphrase", hide_input=True)
    code = click.prompt("Six-digit code", hide_input=True)
    return key_holder(name, passphrase, code, Role.CUSTODIAN, by_phone=True)[0]


# --- inside ---------------------------------------------------------------------------------------


def _erased(who: Identity, opened: bytes, case_id: str) -> bool:
    try:
        _erase(who, opened, case_id)
    except NotYetDue:  # its reporter wrote while the list was read
        return False
    except ClockDoubtful:
        raise click.ClickException("The roster has run out, or this machine's clock is wrong.") from None
    return True


def _erase(who: Identity, opened: bytes, case_id: str) -> None:
    with db.writing() as session:
        erasing.decide(session, who, opened, case_id)
    with db.writing() as session:
        erasing.carry_out(session, who, opened, case_id)
    erasing.settle()


def _steer(case_id: str, *, held: bool) -> Any:
    form = HoldForm()
    if not form.validate():
        return _page(case_id, form)
    deed = erasing.hold if held else erasing.unhold
    with db.writing() as session:
        deed(session, _handler(), seed(), case_id, form.reason.data)
    flash(t("Đã ghi.", "Written down."))
    return redirect(url_for("erasing.one", case_id=case_id), 303)


def _page(case_id: str, form: HoldForm) -> Any:
    with db.writing() as session:
        line = erasing.look(session, _handler(), seed(), case_id)
    page = render_template("intake/retention_one.html", **_said(line), form=form)
    return page, 422 if form.errors else 200


def _said(line: Line) -> dict[str, Any]:
    left = line.kept.days_left(clock.today())
    return {
        "line": line,
        "label": label_of(line.case_id),
        "why": WHY[line.kept.why],
        "left": left,
        "soon": left is not None and left <= SOON_DAYS,
    }


def _line_of_text(line: Line) -> str:
    until = "held" if line.kept.held else f"kept until {line.kept.until}"
    more = ("  DUE" if line.ready else "") + (_DAMAGED if line.damaged else "")
    return f"  letter of {line.arrived_on}: {WHY[line.kept.why].en}, {until}{more}"


def _handler() -> Identity:
    return require(identity(), Role.HANDLER)
