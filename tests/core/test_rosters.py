"""The roster in an installation: only signatures make it count, and it cannot be turned back."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from core import accounts, clock, db, roster_changes, rosters
from core.access import Denied, Role
from core.accounts import Person
from core.roster import RosterRefused
from core.rosters import NoRoster, NotASigner, RosterVersion
from core.sealing import sign
from intake.keys import founding
from intake.keys.founding import Founded, Newcomer, Settled
from tests import factories
from tests.conftest import StillClock
from tests.factories import post, signed_in

NEW_HANDLER = Newcomer(name="Ngô Thị Ánh", title_vi="Bác sĩ", roles=frozenset({Role.HANDLER}))
NEW_CUSTODIAN = Newcomer(name="Đinh Văn Sơn", title_vi="Thanh tra", roles=frozenset({Role.CUSTODIAN}))


@pytest.fixture(autouse=True)
def context(app: Flask, centre: Founded):  # type: ignore[no-untyped-def]
    with app.app_context():
        yield


def test_without_people_there_is_no_roster_and_nothing_can_be_sealed(app: Flask) -> None:
    with db.writing() as session:
        session.execute(delete(RosterVersion))
    rosters._pin_path().unlink(missing_ok=True)
    with db.reading() as session, pytest.raises(NoRoster):
        rosters.current(session)


def test_inviting_and_enrolling_a_handler_changes_no_roster(app: Flask, centre: Founded) -> None:
    ngo = factories.add_person(app, NEW_HANDLER)
    with db.reading() as session:
        assert ngo.person_id not in {member.id for member in rosters.current(session).members}


def test_a_version_with_one_signature_is_not_in_force(app: Flask, centre: Founded) -> None:
    first, second, _ = centre.of(Role.CUSTODIAN)
    factories.add_person(app, NEW_HANDLER)
    _propose()
    assert not _sign(first)
    assert not _sign(first), "signing twice is one signature"
    assert _version() == 1
    assert _sign(second)
    assert _version() == 2


@pytest.mark.embedded
def test_handlers_administrators_and_outsiders_cannot_sign(app: Flask, centre: Founded) -> None:
    outsider = factories.add_person(app, NEW_CUSTODIAN)
    _propose()
    for role in (Role.HANDLER, Role.ADMINISTRATOR, Role.BOARD, Role.CAMPAIGNER):
        with pytest.raises(Denied):
            _sign(centre.of(role)[0], seed=b"7" * 32)
    with pytest.raises(NotASigner):
        _sign(outsider)
    first, second, _ = centre.of(Role.CUSTODIAN)
    with pytest.raises(NotASigner):
        _sign(first, seed=outsider.credentials.seed)
    assert not _sign(first)
    assert _sign(second), "the refused signatures have spoiled nothing"


def test_a_custodian_enrolled_again_cannot_sign_with_the_new_keys(app: Flask, centre: Founded) -> None:
    first = centre.of(Role.CUSTODIAN)[0]
    fresh = _enrol_again(first)
    _propose()
    with pytest.raises(NotASigner):
        _sign(fresh)


@pytest.mark.embedded
def test_a_roster_that_was_rolled_back_is_refused(app: Flask, centre: Founded) -> None:
    factories.add_person(app, NEW_HANDLER)
    _bring_into_force(centre)
    with db.writing() as session:
        session.execute(delete(RosterVersion).where(RosterVersion.version == 2))
    with db.reading() as session, pytest.raises(RosterRefused, match=r"turned back|lùi lại"):
        rosters.current(session)
    with db.writing() as session:
        session.execute(delete(RosterVersion))
    with db.reading() as session, pytest.raises(RosterRefused):
        rosters.current(session)


@pytest.mark.embedded
def test_a_roster_invented_from_version_1_on_is_refused(app: Flask, centre: Founded) -> None:
    """Someone who owns the database replaces the whole chain by one of their own people."""
    people = [one for one in factories.PEOPLE if one.roles & {Role.HANDLER, Role.CUSTODIAN}]
    forged = [
        Newcomer(name=f"Giả {index}", title_vi="x", roles=one.roles) for index, one in enumerate(people)
    ]
    settled = [factories.add_person(app, one) for one in forged]
    with db.writing() as session:
        session.execute(delete(RosterVersion))
        for person in session.scalars(select(Person)):
            if not person.name.startswith("Giả"):
                accounts.retire(session, person)
        roster = rosters.propose(session, centre.roster.recovery_public)
        row = session.scalars(select(RosterVersion)).one()
        custodians = [one for one in settled if Role.CUSTODIAN in one.roles]
        signatures = {one.person_id: sign(roster.encode(), _seed(one)).hex() for one in custodians[:2]}
        row.signatures, row.complete = json.dumps(signatures).encode(), True
    assert roster.version == 1
    with db.reading() as session, pytest.raises(RosterRefused, match=r"not the one|không phải bản"):
        rosters.current(session)
    rosters._pin_path().unlink()
    with db.reading() as session:
        assert rosters.current(session) == roster, "only the pin tells them apart"


@pytest.mark.embedded
@pytest.mark.parametrize("spoil", ["document", "signatures"])
def test_a_changed_row_is_refused(app: Flask, centre: Founded, spoil: str) -> None:
    with db.writing() as session:
        row = session.scalars(select(RosterVersion)).one()
        if spoil == "document":
            row.document = row.document.replace("Trần Thu Hà".encode(), "Kẻ Khác Hẳn".encode())
        else:
            signatures = json.loads(row.signatures)
            one = next(iter(signatures))
            signatures[one] = ("0" if signatures[one][0] != "0" else "1") + signatures[one][1:]
            row.signatures = json.dumps(signatures).encode()
    with db.reading() as session, pytest.raises(RosterRefused):
        rosters.current(session)


@pytest.mark.embedded
def test_marking_an_unsigned_proposal_as_complete_does_not_help(app: Flask, centre: Founded) -> None:
    factories.add_person(app, NEW_HANDLER)
    _propose()
    with db.writing() as session:
        session.execute(update(RosterVersion).values(complete=True))
    with db.reading() as session, pytest.raises(RosterRefused):
        rosters.current(session)


def test_a_deed_that_is_undone_leaves_no_pin_behind(app: Flask, centre: Founded) -> None:
    """Otherwise the machine would refuse the roster it has, for one it has never had."""
    factories.add_person(app, NEW_HANDLER)
    _propose()
    first, second, _ = centre.of(Role.CUSTODIAN)
    _sign(first)
    with pytest.raises(ZeroDivisionError), db.writing() as session:
        assert founding.sign(session, second.identity, _seed(second))
        raise ZeroDivisionError
    assert _version() == 1
    assert _sign(second)
    assert _version() == 2


def test_a_roster_that_has_run_out_seals_nothing_but_still_reads_and_can_be_renewed(
    app: Flask, centre: Founded, clock: StillClock
) -> None:
    with db.reading() as session:
        last_day = rosters.current(session).not_after
    clock.set(clock.moment + timedelta(days=800))
    assert clock_today() > last_day
    with db.reading() as session:
        with pytest.raises(RosterRefused, match=r"run out|hết hạn"):
            rosters.current(session)
        assert rosters.version(session, 1).members
    _bring_into_force(centre)
    assert _version() == 2


@pytest.mark.embedded
def test_a_damaged_pin_is_said_and_not_ignored(app: Flask, centre: Founded) -> None:
    with db.reading() as session:
        rosters.current(session)
    rosters._pin_path().write_text("rubbish", encoding="ascii")
    with db.reading() as session, pytest.raises(RosterRefused, match=r"roster\.seen"):
        rosters.current(session)


def test_a_new_version_keeps_the_recovery_key_and_names_the_hash_of_the_one_before(
    app: Flask, centre: Founded
) -> None:
    factories.add_person(app, NEW_HANDLER)
    _bring_into_force(centre)
    with db.reading() as session:
        first, second = rosters.chain(session)
    assert second.recovery_public == first.recovery_public
    assert second.previous == first.fingerprint


def test_the_page_lets_two_custodians_add_a_person(app: Flask, centre: Founded) -> None:
    ngo = factories.add_person(app, NEW_HANDLER)
    first, second, _ = (signed_in(app, one) for one in centre.of(Role.CUSTODIAN))
    assert "Thêm: Ngô Thị Ánh" in first.get("/lam-viec/danh-sach/").text
    assert post(first, "/lam-viec/danh-sach/de-nghi").status_code == 302
    seen = _fingerprint_of_waiting()
    assert post(first, "/lam-viec/danh-sach/ky", {"seen": seen}).status_code == 422, "digits must be compared"
    compared = {"seen": seen, "compared": "y"}
    assert post(first, "/lam-viec/danh-sach/ky", compared).status_code == 302
    assert _version() == 1
    assert post(second, "/lam-viec/danh-sach/ky", compared).status_code == 302
    assert _version() == 2
    page = second.get("/lam-viec/danh-sach/").text
    assert "Danh sách đã có hiệu lực" in page
    assert ngo.name in page


@pytest.mark.embedded
def test_nobody_signs_another_version_than_the_one_on_their_page(app: Flask, centre: Founded) -> None:
    first = signed_in(app, centre.of(Role.CUSTODIAN)[0])
    factories.add_person(app, NEW_HANDLER)
    post(first, "/lam-viec/danh-sach/de-nghi")
    seen = _fingerprint_of_waiting()
    factories.add_person(app, NEW_CUSTODIAN)
    assert "Từ lúc đề nghị, danh sách người đã đổi" in first.get("/lam-viec/danh-sach/").text
    post(first, "/lam-viec/danh-sach/ky", {"seen": seen, "compared": "y"})
    _propose()
    post(first, "/lam-viec/danh-sach/ky", {"seen": seen, "compared": "y"})
    with db.reading() as session:
        waiting = rosters.proposed(session)
    assert waiting is not None
    assert not waiting[1], "an old page signed something new"


@pytest.mark.embedded
def test_a_handler_sees_the_roster_and_cannot_sign_or_propose(app: Flask, centre: Founded) -> None:
    factories.add_person(app, NEW_HANDLER)
    handler = signed_in(app, centre.of(Role.HANDLER)[0])
    assert handler.get("/lam-viec/danh-sach/").status_code == 200
    assert post(handler, "/lam-viec/danh-sach/de-nghi").status_code == 404
    assert post(handler, "/lam-viec/danh-sach/ky", {"compared": "y"}).status_code == 404
    assert post(handler, "/lam-viec/danh-sach/the").status_code == 404


def test_other_recovery_cards_change_nothing_before_two_have_signed(app: Flask, centre: Founded) -> None:
    custodian = signed_in(app, centre.of(Role.CUSTODIAN)[0])
    assert post(custodian, "/lam-viec/danh-sach/the").status_code == 302
    with app.app_context(), db.reading() as session:
        assert rosters.current(session).recovery_public == centre.roster.recovery_public
    handler = signed_in(app, centre.of(Role.HANDLER)[0])
    assert post(handler, "/lam-viec/danh-sach/the").status_code == 404


def test_everybody_with_keys_hears_once_of_a_change(app: Flask, centre: Founded) -> None:
    handler = centre.of(Role.HANDLER)[0]
    signed_in(app, handler)
    factories.add_person(app, NEW_HANDLER)
    _bring_into_force(centre)
    assert "Thêm: Ngô Thị Ánh." in signed_in(app, handler).get("/tai-khoan").text
    assert "Thêm: Ngô Thị Ánh." not in signed_in(app, handler).get("/tai-khoan").text


def test_everybody_with_keys_hears_at_each_sign_in_that_the_roster_runs_out_soon(
    clock: StillClock, app: Flask, centre: Founded
) -> None:
    with db.reading() as session:
        for days, said in ((330, False), (350, True), (399, True), (420, False)):
            clock.set(clock.moment + timedelta(days=days))
            news = [one.vi for one in roster_changes.news(session, "ai đó") if "gia hạn hằng năm" in one.vi]
            assert bool(news) is said, days


@pytest.mark.embedded
def test_what_changed_is_told_apart(app: Flask, centre: Founded) -> None:
    before = centre.roster.members
    (new,) = [one for one in _members_after(app, NEW_HANDLER) if one.id not in {old.id for old in before}]
    rekeyed = factories.add_person(app, NEW_CUSTODIAN)
    assert rekeyed.credentials.seed is not None
    changes = roster_changes.between(before, (*before[1:], new))
    assert [one.name for one in changes.new] == ["Ngô Thị Ánh"]
    assert changes.gone == before[:1]
    assert changes.rekeyed == ()
    assert not roster_changes.between(before, before).any


def test_a_new_custodian_can_read_the_log_and_one_who_left_cannot(app: Flask, centre: Founded) -> None:
    from core import log
    from core.sealing import CannotOpen

    son = factories.add_person(app, NEW_CUSTODIAN)
    leaver = centre.of(Role.CUSTODIAN)[2]
    with db.reading() as session, pytest.raises(CannotOpen):
        log.keys_for(session, son.person_id, _seed(son))
    with db.writing() as session:
        person = session.get(Person, leaver.person_id)
        assert person is not None
        accounts.retire(session, person)
        assert person.lock is not None, "an administrator alone destroys no keys"
    _bring_into_force(centre)
    with db.reading() as session:
        _, first_key = log.keys_for(session, son.person_id, _seed(son))
        assert log.check(session, first_key)
        with pytest.raises(CannotOpen):
            log.keys_for(session, leaver.person_id, _seed(leaver))
        person = session.get(Person, leaver.person_id)
    assert person is not None
    assert person.lock is None, "two custodians have signed that they left"


# Furniture


def clock_today():  # type: ignore[no-untyped-def]
    return clock.today()


def _seed(person: Settled) -> bytes:
    assert person.credentials.seed is not None
    return person.credentials.seed


def _propose() -> None:
    with db.writing() as session:
        rosters.propose(session, rosters.chain(session)[-1].recovery_public)


def _sign(person: Settled, *, seed: bytes | None = None) -> bool:
    with db.writing() as session:
        return founding.sign(session, person.identity, seed or _seed(person))


def _bring_into_force(centre: Founded) -> None:
    _propose()
    first, second, _ = centre.of(Role.CUSTODIAN)
    _sign(first)
    assert _sign(second)


def _version() -> int:
    with db.reading() as session:
        return rosters.current(session).version


def _fingerprint_of_waiting() -> str:
    with db.reading() as session:
        waiting = rosters.proposed(session)
    assert waiting is not None
    return waiting[0].fingerprint


def _members_after(app: Flask, newcomer: Newcomer):  # type: ignore[no-untyped-def]
    factories.add_person(app, newcomer)
    with db.writing() as session:
        return rosters.propose(session, rosters.chain(session)[-1].recovery_public).members


def _enrol_again(person: Settled) -> Settled:
    from dataclasses import replace

    fresh = accounts.draw_credentials(with_seed=True)
    lock = accounts.lock_for(fresh)
    with db.writing() as session:
        row = session.get(Person, person.person_id)
        assert row is not None
        accounts.enrol(session, row, fresh, lock)
    return replace(person, credentials=fresh)
