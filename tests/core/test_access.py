"""Who may hold which roles, and who may do what: unlisted or empty means denied."""

from __future__ import annotations

from itertools import chain, combinations

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from core import db
from core.access import (
    KEY_HOLDERS,
    TITLES,
    Denied,
    Identity,
    Role,
    RolesExclude,
    allowed_spellings,
    check_roles,
    require,
    spell,
)

EVERY_SET = [
    frozenset(roles)
    for roles in chain.from_iterable(combinations(Role, size) for size in range(1, len(Role) + 1))
]
APART = {Role.HANDLER, Role.CUSTODIAN, Role.BOARD, Role.ADMINISTRATOR}


def _may_be_one_person(roles: frozenset[Role]) -> bool:
    """design.md 3 in other words: one of the four at most, and a campaigner is neither handler nor custodian."""
    return len(roles & APART) <= 1 and not (Role.CAMPAIGNER in roles and roles & KEY_HOLDERS)


def _somebody(*roles: Role) -> Identity:
    return Identity(person_id="1" * 32, name="An", roles=frozenset(roles))


@pytest.mark.parametrize("roles", EVERY_SET, ids=lambda roles: "+".join(sorted(roles)))
def test_who_reads_who_guards_who_leads_and_who_runs_the_machine_are_apart(roles: frozenset[Role]) -> None:
    if _may_be_one_person(roles):
        assert check_roles(roles) == roles
        assert spell(roles) in allowed_spellings()
    else:
        with pytest.raises(RolesExclude, match="must be different people"):
            check_roles(roles)


def test_the_database_knows_exactly_the_sets_that_are_allowed() -> None:
    assert sorted(allowed_spellings()) == sorted(
        " ".join(sorted(roles)) for roles in EVERY_SET if _may_be_one_person(roles)
    )


def test_nobody_has_no_role_at_all() -> None:
    with pytest.raises(RolesExclude, match="at least one"):
        check_roles([])


def test_no_roles_listed_means_nobody() -> None:
    for role in Role:
        with pytest.raises(Denied):
            require(_somebody(role))


def test_a_stranger_is_denied_everything() -> None:
    with pytest.raises(Denied):
        require(None, *Role)


@pytest.mark.parametrize("held", Role)
@pytest.mark.parametrize("asked", Role)
def test_a_role_opens_its_own_doors_only(held: Role, asked: Role) -> None:
    somebody = _somebody(held)
    if held == asked:
        assert require(somebody, asked) is somebody
    else:
        with pytest.raises(Denied):
            require(somebody, asked)


def test_one_of_several_roles_is_enough() -> None:
    somebody = _somebody(Role.UNIT, Role.CAMPAIGNER)
    assert require(somebody, Role.CAMPAIGNER, Role.BOARD) is somebody


def test_every_role_has_a_name_in_both_languages() -> None:
    assert set(TITLES) == set(Role)
    assert all(title.vi and title.en for title in TITLES.values())


@pytest.mark.parametrize("roles", ["handler custodian", "custodian handler", "board handler", "king", ""])
def test_the_database_itself_refuses_one_person_with_two_keys(app: Flask, roles: str) -> None:
    row = text(
        "INSERT INTO person (id, sign_name, name, title_vi, title_en, roles, state)"
        " VALUES ('p', 'an', 'An', '', '', :roles, 'invited')"
    )
    with (
        pytest.raises(IntegrityError, match="ck_person_roles_apart"),
        app.app_context(),
        db.writing() as session,
    ):
        session.execute(row, {"roles": roles})
