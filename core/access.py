"""Who a person is and what their roles allow. Pure: no page, no database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, combinations
from typing import Final

from core.i18n import Text


class Role(StrEnum):
    """The six kinds of people who sign in."""

    HANDLER = "handler"
    CUSTODIAN = "custodian"
    BOARD = "board"
    CAMPAIGNER = "campaigner"
    UNIT = "unit"
    ADMINISTRATOR = "administrator"


TITLES: Final[dict[Role, Text]] = {
    Role.HANDLER: Text("Cán bộ tiếp nhận", "Handler"),
    Role.CUSTODIAN: Text("Người giữ khóa", "Custodian"),
    Role.BOARD: Text("Thành viên Ban", "Board member"),
    Role.CAMPAIGNER: Text("Thư ký Ban", "Campaigner"),
    Role.UNIT: Text("Đầu mối đơn vị", "Unit reporter"),
    Role.ADMINISTRATOR: Text("Quản trị hệ thống", "Administrator"),
}

KEY_HOLDERS: Final = frozenset({Role.HANDLER, Role.CUSTODIAN})

_APART: Final = tuple(
    frozenset(pair)
    for pair in chain(
        combinations((Role.HANDLER, Role.CUSTODIAN, Role.BOARD, Role.ADMINISTRATOR), 2),
        ((Role.CAMPAIGNER, Role.HANDLER), (Role.CAMPAIGNER, Role.CUSTODIAN)),
    )
)


class Denied(Exception):
    """This person may not do this; an outsider is told that there is nothing here."""


class RolesExclude(ValueError):
    """One person was given two roles that must be held by different people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A signed-in person: id, sign-in name and roles. Holds no key."""

    person_id: str
    name: str
    roles: frozenset[Role]


def check_roles(roles: Iterable[Role]) -> frozenset[Role]:
    """The roles as a set, or `RolesExclude`: who reads reports, who guards, who leads and who runs the machine are apart."""
    held = frozenset(roles)
    if not held:
        raise RolesExclude("a person needs at least one role")
    for pair in _APART:
        if pair <= held:
            raise RolesExclude(" and ".join(sorted(pair)) + " must be different people")
    return held


def spell(roles: Iterable[Role]) -> str:
    """Roles as the database keeps them: sorted, joined by a space."""
    return " ".join(sorted(check_roles(roles)))


def allowed_spellings() -> tuple[str, ...]:
    """Every combination of roles one person may hold, as spelt in the database's own CHECK."""
    found = []
    for size in range(1, len(Role) + 1):
        for roles in combinations(sorted(Role), size):
            if not any(pair <= set(roles) for pair in _APART):
                found.append(" ".join(roles))
    return tuple(found)


def require(identity: Identity | None, *roles: Role) -> Identity:
    """The identity, if it holds one of the roles; `Denied` otherwise. No roles listed means nobody."""
    if identity is None or not identity.roles.intersection(roles):
        raise Denied
    return identity
