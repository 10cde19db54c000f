"""Pages of whoever founds the installation: name the people, hand each their link."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request, url_for

from core import db, enrolment, once
from core.access import TITLES, Role
from core.accounts import LINK_DAYS, LinkSpent
from core.i18n import Text
from core.vietnamese import nfc
from intake.keys import founding_link
from intake.keys.founding import FoundingRefused, Newcomer

pages = Blueprint("founder", __name__, url_prefix="/khoi-lap")

SHOWN_SECONDS: Final = 30 * 60
LONGEST: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One role on the page: how many rows, why that many, and who should hold it."""

    role: Role
    rows: int
    why: Text

    @property
    def title(self) -> Text:
        return TITLES[self.role]


GROUPS: Final = (
    Group(
        role=Role.ADMINISTRATOR,
        rows=1,
        why=Text(
            "Cần một người. Cấp tài khoản, giữ danh sách đơn vị và số hỗ trợ; không đọc được thư nào.",
            "One is needed. Keeps accounts, units and help numbers; can read no letter.",
        ),
    ),
    Group(
        role=Role.CUSTODIAN,
        rows=4,
        why=Text(
            "Cần ít nhất ba người. Nên có một người ngoài trung tâm, như công đoàn hoặc Sở Y tế.",
            "At least three. One from outside the centre is advised: the union, or the Department of Health.",
        ),
    ),
    Group(
        role=Role.HANDLER,
        rows=4,
        why=Text(
            "Cần ít nhất hai người. Đọc thư và trả lời.", "At least two. They read letters and answer them."
        ),
    ),
    Group(
        role=Role.BOARD,
        rows=3,
        why=Text(
            "Có thể thêm sau. Chỉ xem số liệu đã bảo vệ.", "Can be added later. Sees protected figures only."
        ),
    ),
    Group(
        role=Role.CAMPAIGNER,
        rows=1,
        why=Text(
            "Có thể thêm sau. Mở và đóng các đợt khảo sát.", "Can be added later. Runs the survey rounds."
        ),
    ),
)


@pages.get("/<token>")
def show(token: str) -> Any:
    """The form; or, after it was sent, the sheets to hand over, for half an hour."""
    sheets = once.look("founding", token.encode())
    if sheets is not None:
        return _sheets(sheets)
    with db.writing() as session:
        welcome = founding_link.opens(session, token)
    return _form({}, None) if welcome else _spent()


@pages.post("/<token>")
def write_down(token: str) -> Any:
    """Write the people down and spend the link; a repeat shows the same sheets."""
    if once.look("founding", token.encode()) is None:
        typed = {name: nfc(value).strip()[:LONGEST] for name, value in request.form.items()}
        try:
            with db.writing() as session:
                invited = founding_link.write_down(session, token, list(_people(typed)))
                sheets = [
                    {"name": person.name, "sign_name": person.sign_name, "roles": person.roles, "token": link}
                    for person, link in invited
                ]
        except LinkSpent:
            return _spent()
        except FoundingRefused as refused:
            return _form(typed, refused.reason), 422
        once.keep("founding", token.encode(), sheets, SHOWN_SECONDS)
    return redirect(url_for("founder.show", token=token))


@pages.post("/<token>/xong")
def handed_over(token: str) -> Any:
    """The sheets are printed or handed over: from now on nobody can see them again."""
    once.forget("founding", token.encode())
    return redirect(url_for("founder.next_steps"))


@pages.get("/tiep-theo")
def next_steps() -> str:
    """What happens at the table after the people are written down."""
    return render_template("core/founding_next.html")


def fields(role: Role, row: int) -> dict[str, str]:
    """The names of the three boxes of one row."""
    return {kind: f"{role}-{row}-{kind}" for kind in ("name", "title", "sign")}


def _people(typed: dict[str, str]) -> Iterator[Newcomer]:
    for group in GROUPS:
        for row in range(1, group.rows + 1):
            one = {kind: typed.get(name, "") for kind, name in fields(group.role, row).items()}
            if any(one.values()):
                yield Newcomer(
                    name=one["name"],
                    title_vi=one["title"],
                    roles=frozenset({group.role}),
                    sign_in_as=one["sign"],
                )


def _form(typed: dict[str, str], wrong: Text | None) -> str:
    return render_template("core/founding.html", groups=GROUPS, fields=fields, typed=typed, refusal=wrong)


def _sheets(written: list[dict[str, str]]) -> str:
    sheets = []
    for one in written:
        address = enrolment.address(one["token"])
        titles = [TITLES[Role(role)] for role in one["roles"].split()]
        qr = enrolment.qr_picture(address, str(_QR.format(name=one["name"])))
        sheets.append({**one, "address": address, "titles": titles, "qr": qr})
    return render_template("core/founding_sheets.html", sheets=sheets, days=LINK_DAYS)


def _spent() -> tuple[str, int]:
    return render_template("core/link_spent.html", founding=True), 410


_QR: Final = Text("Đường dẫn đăng ký của {name}", "Enrolment link of {name}")
