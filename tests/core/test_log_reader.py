"""The log among people: who is given its keys, lines of any shape, files put back, and the page of custodians."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core import accounts, db, log, log_reader, rosters
from core.access import Role
from core.accounts import Person
from core.log import Line, LogBroken, LogHead, LogLine
from core.sealing import CannotOpen, PublicKey, context, pad, random_bytes, seal
from intake.keys import founding
from intake.keys.founding import Founded, Newcomer, Settled
from tests.factories import add_person, signed_in

PAGE = "/lam-viec/nhat-ky/"
NEWCOMER = Newcomer(name="Đinh Văn Mới", title_vi="Dược sĩ", roles=frozenset({Role.CUSTODIAN}))
GOOD = b'{"at": "2026-11-20T12:00+07:00", "deed": "x", "who": "", "about": "", "detail": {}}'


@pytest.fixture
def custodian(centre: Founded) -> Settled:
    return centre.of(Role.CUSTODIAN)[0]


# --- writing --------------------------------------------------------------------------------------


def test_a_line_says_what_was_done_by_whom_about_what(app: Flask, custodian: Settled) -> None:
    with app.app_context(), db.writing() as session:
        log.write(session, "tried", who=custodian.person_id, about="thư", detail={"n": 1})
        log.write(session, "tried", who=None)
    first, second = read(app, custodian)[-2:]
    assert (first.deed, first.who, first.about) == ("tried", custodian.person_id, "thư")
    assert first.detail == {"n": 1}
    assert (second.who, second.about, second.detail) == ("", "", {})


@pytest.mark.embedded
def test_what_a_line_is_about_may_depend_on_its_number(app: Flask, custodian: Settled) -> None:
    with app.app_context(), db.writing() as session:
        for _ in range(2):
            log.write(session, "tried", who=None, about=lambda sequence: f"no. {sequence}")
    for line in read(app, custodian)[-2:]:
        assert line.about == f"no. {line.sequence}"


@pytest.mark.embedded
def test_sign_ins_and_small_deeds_make_lines_of_one_length(app: Flask, centre: Founded) -> None:
    with app.app_context(), db.writing() as session:
        log.write(session, "x", who=None)
        log.write(session, "a_longer_deed", who="p" * 32, about="t" * 32)
    for person in (*centre.of(Role.CUSTODIAN), *centre.of(Role.HANDLER)):
        signed_in(app, person)
    with app.app_context(), db.reading() as session:
        assert len({len(row.sealed) for row in session.scalars(select(LogLine))}) == 1


def test_before_the_founding_there_is_no_log_and_only_small_deeds_pass(app: Flask) -> None:
    with app.app_context(), db.writing() as session:
        assert not log.started(session)
        log.write_if_started(session, "edited", who=None)
        for needed in (
            lambda: log.write(session, "opened", who=None),
            lambda: log.keys_for(session, "x", bytes(32)),
            lambda: log.check(session, bytes(32)),
            lambda: log.share(session, None, b"", b""),
        ):
            with pytest.raises(LogBroken):
                needed()


def test_after_the_founding_small_deeds_are_written_too(app: Flask, custodian: Settled) -> None:
    with app.app_context(), db.writing() as session:
        assert log.started(session)
        log.write_if_started(session, "edited", who="p", about="x")
    last = read(app, custodian)[-1]
    assert (last.deed, last.who, last.about) == ("edited", "p", "x")


# --- whose it is ----------------------------------------------------------------------------------


def test_a_later_roster_gives_the_log_to_who_came_and_no_longer_to_who_left(
    app: Flask, centre: Founded
) -> None:
    leaves, *stay = centre.of(Role.CUSTODIAN)
    newcomer = add_person(app, NEWCOMER)
    with app.app_context(), db.writing() as session:
        accounts.retire(session, session.get_one(Person, leaves.person_id))
        rosters.propose(session, centre.roster.recovery_public)
        for one in stay:
            founding.sign(session, one.identity, seed(one))
    assert read(app, newcomer) == read(app, stay[0])
    assert read(app, newcomer)[0].deed == "founded"
    with app.app_context(), db.reading() as session, pytest.raises(CannotOpen):
        log.keys_for(session, leaves.person_id, seed(leaves))


def test_lines_come_newest_first_a_page_at_a_time(app: Flask, custodian: Settled) -> None:
    write(app, times=5)
    with app.app_context(), db.reading() as session:
        log_seed, _ = log.keys_for(session, custodian.person_id, seed(custodian))
        numbers = [line.sequence for line in log.read(session, log_seed)]
        assert numbers == sorted(numbers, reverse=True)
        assert [line.sequence for line in log.read(session, log_seed, limit=2, offset=1)] == numbers[1:3]
        assert [line.sequence for line in log.read(session, log_seed, newest_first=False)] == numbers[::-1]


# --- files ----------------------------------------------------------------------------------------


@pytest.mark.embedded
@pytest.mark.parametrize("held", [b"", bytes(39), bytes(41)])
def test_a_key_file_of_another_length_is_no_key(app: Flask, custodian: Settled, held: bytes) -> None:
    key_file(app).write_bytes(held)
    with pytest.raises(LogBroken, match="is missing"):
        write(app)
    with pytest.raises(LogBroken, match="is missing"):
        check(app, custodian)


def test_a_replaced_key_file_shows(app: Flask, custodian: Settled) -> None:
    number = key_file(app).read_bytes()[:8]
    key_file(app).write_bytes(number + random_bytes(32))
    with pytest.raises(LogBroken, match="was replaced"):
        check(app, custodian)


@pytest.mark.embedded
def test_the_key_of_another_log_fits_no_line(app: Flask, centre: Founded) -> None:
    with app.app_context(), db.reading() as session, pytest.raises(LogBroken, match="Line 1 was changed"):
        log.check(session, random_bytes(32))


def test_a_database_put_back_without_its_key_file_is_found_out_before_the_next_line(
    app: Flask, custodian: Settled
) -> None:
    with app.app_context(), db.reading() as session:
        head = session.scalars(select(LogHead)).one()
        number, mac = head.sequence, head.mac
    write(app)
    with app.app_context(), db.writing() as session:
        session.execute(delete(LogLine).where(LogLine.sequence > number))
        session.execute(update(LogHead).values(sequence=number, mac=mac))
    with pytest.raises(LogBroken, match="turned back"):
        write(app)
    with pytest.raises(LogBroken, match="were removed"):
        check(app, custodian)


def test_a_key_file_that_lags_several_lines_behind_still_holds_and_catches_up(
    app: Flask, custodian: Settled, tmp_path: Path
) -> None:
    kept = shutil.copy(key_file(app), tmp_path / "kept")
    write(app, times=3)
    before = check(app, custodian)
    shutil.copy(kept, key_file(app))
    assert check(app, custodian) == before
    write(app)
    assert check(app, custodian) == before + 1
    assert key_file(app).read_bytes()[:8] == (before + 1).to_bytes(8)


# --- forged lines, and the page -------------------------------------------------------------------


@pytest.mark.embedded
@pytest.mark.parametrize(
    "words",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        GOOD.replace(b"2026-11-20T12:00+07:00", b"noon"),
        GOOD.replace(b"{}", b"3"),
        GOOD.replace(b"{}", b'{"signature": "zz"}'),
        GOOD.replace(b'"who": ""', b'"who": ["a", {}]'),
    ],
)
def test_a_forged_line_of_any_shape_is_found_and_the_others_are_still_read(
    app: Flask, custodian: Settled, words: bytes
) -> None:
    """Anybody with the database can seal a line to the log; it must not keep custodians from the page."""
    client = signed_in(app, custodian)
    with app.app_context(), db.writing() as session:
        put(session, words)
    page = client.get(PAGE)
    assert page.status_code == 200
    assert "Dòng 2 đã bị sửa" in page.text
    assert "Đăng nhập" in page.text


@pytest.mark.embedded
@pytest.mark.parametrize(
    "detail",
    [
        b'{"signature": "zz", "head": 1, "mac": ""}',
        b'{"signature": "00"}',
        b'{"signature": "00", "head": "x"}',
        b'{"signature": "00", "head": 1, "mac": []}',
        b'{"signature": "00", "head": 99999, "mac": ""}',
    ],
)
def test_a_signature_of_no_shape_is_false(app: Flask, custodian: Settled, detail: bytes) -> None:
    with app.app_context(), db.writing() as session:
        put(session, GOOD.replace(b"{}", detail))
        log_seed, _ = log.keys_for(session, custodian.person_id, seed(custodian))
        with pytest.raises(LogBroken, match="signature"):
            log_reader._check_signatures(session, log_seed, 100)


@pytest.mark.embedded
def test_the_page_shows_people_by_name_and_titles_of_deeds(app: Flask, custodian: Settled) -> None:
    page = signed_in(app, custodian).get(PAGE).text
    assert "Hệ thống được khởi lập" in page
    assert custodian.name in page
    assert custodian.person_id not in page


def test_a_custodian_who_is_not_yet_on_the_roster_is_told_so(app: Flask, centre: Founded) -> None:
    newcomer = add_person(app, NEWCOMER)
    assert "Khóa của bạn chưa mở được nhật ký" in signed_in(app, newcomer).get(PAGE).text


# --- furniture ------------------------------------------------------------------------------------


def seed(person: Settled) -> bytes:
    assert person.credentials.seed is not None
    return person.credentials.seed


def key_file(app: Flask) -> Path:
    path: Path = app.extensions["settings"].instance / "log.key"
    return path


def write(app: Flask, times: int = 1) -> None:
    for _ in range(times):
        with app.app_context(), db.writing() as session:
            log.write(session, "tried", who=None)


def put(session: Session, words: bytes) -> None:
    """Words of one's own in place of line 2, sealed as anybody with the database can seal."""
    head = session.scalars(select(LogHead)).one()
    sealed = seal(pad(words, 512), PublicKey(head.public), context("log", 2))
    session.execute(update(LogLine).where(LogLine.sequence == 2).values(sealed=sealed))


def check(app: Flask, custodian: Settled) -> int:
    with app.app_context(), db.reading() as session:
        _, first_key = log.keys_for(session, custodian.person_id, seed(custodian))
        return log.check(session, first_key)


def read(app: Flask, custodian: Settled) -> list[Line]:
    with app.app_context(), db.reading() as session:
        log_seed, _ = log.keys_for(session, custodian.person_id, seed(custodian))
        return log.read(session, log_seed, newest_first=False)
