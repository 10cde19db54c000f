"""A case from before the roster changed: closed to who came later, and no longer sealed to who left."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from core import accounts, db, rosters
from core.access import Role
from core.accounts import Person
from core.sealing import CannotOpen
from intake import eraser
from intake.cases import Holder, NoSuchCase, load, open_key_set
from intake.eraser import eraser_path
from intake.keys import founding
from intake.keys.founding import Founded, Newcomer, Settled
from intake.models import CaseFile, Compartment, KeySet, Letter
from tests.factories import add_person
from tests.letters import Handler, Reporter

NEW = {
    Role.HANDLER: Newcomer(name="Ngô Thị Mới", title_vi="Bác sĩ", roles=frozenset({Role.HANDLER})),
    Role.CUSTODIAN: Newcomer(name="Đinh Văn Mới", title_vi="Dược sĩ", roles=frozenset({Role.CUSTODIAN})),
}


def test_a_handler_who_came_later_has_no_older_case_and_no_later_message_of_one(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    newcomer = change(app, centre, Role.HANDLER, leaves=handlers[1].person)
    assert reporter.adds("Một điều nữa.").status_code == 200
    desk = Handler(app, newcomer)
    assert desk.cases() == []
    with pytest.raises(NoSuchCase):
        desk.opens(reporter.case_id)
    assert opens(app, reporter, newcomer) == [False, False]
    # A letter that comes now is theirs to read.
    later = Reporter(app)
    later.writes()
    assert [line.case_id for line in desk.cases()] == [later.case_id]


def test_a_later_message_is_not_sealed_to_a_handler_who_left(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    stays, leaves = handlers
    reporter.adds("Trước khi đổi.")
    change(app, centre, Role.HANDLER, leaves=leaves.person)
    reporter.adds("Sau khi đổi.")
    assert opens(app, reporter, leaves.person) == [True, True, False]
    assert opens(app, reporter, stays.person) == [True, True, True]
    said = [entry.text for entry in stays.opens(reporter.case_id).entries]
    assert said == ["Trước khi đổi.", "Sau khi đổi."]


def test_a_judgement_is_sealed_to_no_custodian_who_left_or_came_later(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    stays, leaves = centre.of(Role.CUSTODIAN)[1:]
    newcomer = change(app, centre, Role.CUSTODIAN, leaves=leaves)
    handlers[0].judges(reporter.case_id)
    side = Role.CUSTODIAN
    assert opens(app, reporter, stays, side) == [True, True]
    assert opens(app, reporter, leaves, side) == [True, False]
    assert opens(app, reporter, newcomer, side) == [False, False]


def test_where_nobody_who_could_read_is_left_the_reporter_is_told_and_nothing_is_kept(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes(struck=[handlers[0].person])
    change(app, centre, Role.HANDLER, leaves=handlers[1].person)
    before = rows(app)
    assert "Điều bạn viết thêm ở đây không ai đọc được" in reporter.opens().text, "before anything is typed"
    page = reporter.adds("Có ai đọc không?")
    assert page.status_code == 409
    assert "Bạn hãy viết một thư mới" in page.text
    assert "Có ai đọc không?" in page.text
    assert rows(app) == before


# --- furniture ------------------------------------------------------------------------------------


def change(app: Flask, centre: Founded, role: Role, leaves: Settled) -> Settled:
    """One person of a role leaves, another comes, and two custodians who stay sign."""
    newcomer = add_person(app, NEW[role])
    signers = [one for one in centre.of(Role.CUSTODIAN) if one != leaves][:2]
    with app.app_context(), db.writing() as session:
        person = session.get(Person, leaves.person_id)
        assert person is not None
        accounts.retire(session, person)
        rosters.propose(session, centre.roster.recovery_public)
        signed = [founding.sign(session, one.identity, seed(one)) for one in signers]
        assert signed == [False, True]
    return newcomer


def opens(app: Flask, reporter: Reporter, person: Settled, role: Role = Role.HANDLER) -> list[bool]:
    """Which key sets of the person's side open to their seed, the first sending's first, then by entry."""
    holder = Holder.of(person.identity, seed(person))
    found = []
    with app.app_context(), db.reading() as session:
        case, chain = load(session, reporter.case_id), rosters.chain(session)
        key = eraser.key(eraser_path(), case.file.eraser_slot)
        sets = [part.key_set_s if role is Role.HANDLER else part.key_set_c for part in case.parts]
        for key_set in dict.fromkeys(one for one in sets if one):
            try:
                open_key_set(case.key_sets[key_set], holder, key, chain)
            except CannotOpen:
                found.append(False)
            else:
                found.append(True)
    return found


def rows(app: Flask) -> list[int]:
    with app.app_context(), db.reading() as session:
        tables = (CaseFile, KeySet, Compartment, Letter)
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def seed(person: Settled) -> bytes:
    assert person.credentials.seed is not None
    return person.credentials.seed
