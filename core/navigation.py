"""Where a signed-in person may go: the desk of each of their roles, and the pages that hang on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from flask import current_app, request, url_for

from core import sessions
from core.access import KEY_HOLDERS, Identity, Role
from core.i18n import Text

Entry = tuple[str, str, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A page in the list of a person's pages. `desk`: where sign-in leads for these roles."""

    endpoint: str
    label: Text
    roles: frozenset[Role]
    desk: bool = False


def _place(endpoint: str, vi: str, en: str, *roles: Role, desk: bool = False) -> Place:
    return Place(endpoint=endpoint, label=Text(vi, en), roles=frozenset(roles), desk=desk)


# Pages that are not built yet are left out by themselves: only endpoints that exist are shown.
PLACES: Final = (
    _place("handler.desk", "Bàn làm việc", "Desk", *KEY_HOLDERS, desk=True),
    _place("paper.show", "Nhập hộ", "Enter for another", Role.HANDLER),
    _place("rota.show", "Lịch trực", "Duty rota", Role.HANDLER),
    _place("roster.show", "Danh sách và chữ ký", "Roster and signatures", Role.CUSTODIAN, desk=True),
    _place("administrator.desk", "Việc cần làm", "To do", Role.ADMINISTRATOR, desk=True),
    _place(
        "ceremonies.choose", "Đổi người, từng bước", "Changing people", Role.CUSTODIAN, Role.ADMINISTRATOR
    ),
    _place("erasing.show", "Lưu giữ và xóa", "Keeping and erasing", Role.HANDLER),
    _place("log_reader.show", "Nhật ký", "Log", Role.CUSTODIAN),
    _place("asking.own", "Lời xin của bạn", "Your requests", Role.HANDLER),
    _place("asking.waiting", "Lời xin chờ bạn", "Requests for you", Role.CUSTODIAN),
    _place("releases.show", "Công bố số liệu", "Releases", Role.CUSTODIAN),
    _place("linking.show", "Ghép khảo sát", "Join surveys", Role.CUSTODIAN),
    _place("member.desk", "Số liệu của Ban", "The board's figures", Role.BOARD, desk=True),
    _place("survey_of_board.newest", "Điều gì đã thay đổi", "What changed", Role.BOARD),
    _place("campaigner.desk", "Đợt khảo sát", "Survey rounds", Role.CAMPAIGNER, desk=True),
    _place("questionnaires.show_all", "Bảng hỏi", "Questionnaires", Role.CAMPAIGNER),
    _place("collected.show", "Thu ở nơi khác", "Collected elsewhere", Role.CAMPAIGNER),
    _place("unit_reports.show", "Các đơn vị", "Units' reports", Role.CAMPAIGNER),
    _place("department_report.this_year", "Báo cáo Sở Y tế", "Report upward", Role.CAMPAIGNER),
    _place("unit.desk", "Báo cáo của đơn vị", "Unit report", Role.UNIT, desk=True),
    _place("administrator.people", "Người dùng", "People", Role.ADMINISTRATOR),
    _place("administrator.units", "Đơn vị", "Units", Role.ADMINISTRATOR),
    _place("administrator.hotlines", "Số hỗ trợ", "Help numbers", Role.ADMINISTRATOR),
    _place("administrator.holidays", "Ngày nghỉ", "Days off", Role.ADMINISTRATOR),
    _place("campaign.show", "Chiến dịch", "Campaign", Role.CAMPAIGNER, Role.ADMINISTRATOR),
    _place("posters.show", "Áp phích, tờ rơi", "Posters, leaflets", Role.CAMPAIGNER),
    _place("calendar.show_inside", "Lịch của tháng", "Calendar", Role.BOARD, Role.CAMPAIGNER, Role.UNIT),
    _place("sign_in.own_account", "Tài khoản của tôi", "My account", *Role),
)


def open_to(identity: Identity) -> Iterator[Place]:
    """The places of a person's roles that exist in this application."""
    for place in PLACES:
        if identity.roles & place.roles and place.endpoint in current_app.view_functions:
            yield place


def desks(identity: Identity) -> list[Place]:
    """Where each of a person's roles begins its work; one for most people."""
    found: list[Place] = []
    served: set[Role] = set()
    for place in open_to(identity):
        if place.desk and not (place.roles & identity.roles) <= served:
            found.append(place)
            served |= place.roles
    return found


def nav_for(identity: Identity | None) -> list[Entry]:
    """(label, address, whether one is there) for the list of pages beside every staff page."""
    if identity is None:
        return []
    found = [
        (_label(place, identity), url_for(place.endpoint), place.endpoint) for place in open_to(identity)
    ]
    here = _here([url for _, url, _ in found])
    return [(label, url, url == here) for label, url, _ in found]


def _label(place: Place, identity: Identity) -> str:
    """The label, with the number of what waits there where a part of the program counts it."""
    badges: dict[str, Callable[[Identity], int]] = current_app.extensions.get("badges", {})
    count = badges[place.endpoint](identity) if place.endpoint in badges else 0
    return f"{place.label} ({count})" if count else str(place.label)


def _here(urls: list[str]) -> str:
    """The address in the list that the present page belongs to: the longest that it begins with."""
    path = request.script_root + request.path
    fitting = [url for url in urls if path == url or path.startswith(url.rstrip("/") + "/")]
    return max(fitting, key=len, default="")


def names() -> dict[str, Any]:
    """What the layouts need to know about the person in front of the page."""
    identity = sessions.identity()
    return {
        "nav": nav_for(identity),
        "sign_in_url": url_for("sign_in.show"),
        "sign_out_url": url_for("sign_in.sign_out"),
    }
