"""The log: a changed, removed, moved or added line is named; what is undone leaves no line."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from core import db, log, log_reader
from core.access import Role
from core.log import LogBroken, LogHead, LogLine
from core.sealing import CannotOpen, PublicKey, context, pad, seal
from intake.keys.founding import Founded, Settled
from tests.factories import signed_in


@pytest.fixture(autouse=True)
def inside(app: Flask, centre: Founded) -> Iterator[None]:
    with app.app_context():
        for number in range(5):
            _write(f"deed {number}")
        yield


@pytest.fixture
def custodian(centre: Founded) -> Settled:
    return centre.of(Role.CUSTODIAN)[0]


@pytest.fixture
def first_key(custodian: Settled) -> bytes:
    with db.reading() as session:
        return log.keys_for(session, custodian.person_id, _seed(custodian))[1]


def test_an_untouched_log_holds(first_key: bytes) -> None:
    with db.reading() as session:
        assert log.check(session, first_key) == _count(session) >= 5


@pytest.mark.embedded
def test_every_custodian_reads_it_and_nobody_else_does(centre: Founded) -> None:
    with db.reading() as session:
        for person in centre.people:
            if Role.CUSTODIAN in person.roles:
                log_seed, _ = log.keys_for(session, person.person_id, _seed(person))
                assert log.read(session, log_seed, limit=1)[0].deed == "deed 4"
            else:
                with pytest.raises(CannotOpen):
                    log.keys_for(session, person.person_id, person.credentials.seed or b"0" * 32)
        first, second, _ = centre.of(Role.CUSTODIAN)
        with pytest.raises(CannotOpen):
            log.keys_for(session, first.person_id, _seed(second))


def test_rows_show_neither_deed_nor_person_and_are_all_of_one_length(centre: Founded) -> None:
    _write("opened", who=centre.people[0].person_id, about="f" * 32, detail={"n": 1})
    with db.reading() as session:
        rows = session.scalars(select(LogLine)).all()
    assert len({len(row.sealed) for row in rows}) == 1
    for row in rows:
        assert b"deed" not in row.sealed
        assert centre.people[0].person_id.encode() not in row.sealed


def _change(session: Session) -> None:
    row = session.get(LogLine, 3)
    assert row is not None
    row.sealed = row.sealed[:-1] + bytes([row.sealed[-1] ^ 1])


def _remove(session: Session) -> None:
    session.execute(delete(LogLine).where(LogLine.sequence == 3))


def _close_the_gap(session: Session) -> None:
    session.execute(delete(LogLine).where(LogLine.sequence == 3))
    for number in range(4, _last(session) + 1):
        session.execute(update(LogLine).where(LogLine.sequence == number).values(sequence=number - 1))
    session.execute(update(LogHead).values(sequence=LogHead.sequence - 1))


def _exchange(session: Session) -> None:
    session.execute(update(LogLine).where(LogLine.sequence == 3).values(sequence=900))
    session.execute(update(LogLine).where(LogLine.sequence == 4).values(sequence=3))
    session.execute(update(LogLine).where(LogLine.sequence == 900).values(sequence=4))


def _replace(session: Session) -> None:
    """A line sealed properly, since the public key is known; its link cannot be made without the key."""
    head = session.get(LogHead, 1)
    row = session.get(LogLine, 3)
    assert head is not None
    assert row is not None
    row.sealed = seal(pad(b"{}", 512), PublicKey(head.public), context("log", 3))


@pytest.mark.embedded
@pytest.mark.parametrize("spoil", [_change, _remove, _close_the_gap, _exchange, _replace])
def test_the_first_spoilt_line_is_named(first_key: bytes, spoil: Callable[[Session], None]) -> None:
    with db.writing() as session:
        spoil(session)
    with db.reading() as session, pytest.raises(LogBroken, match=r"[Ll]ine 3"):
        log.check(session, first_key)


def test_removed_newest_lines_are_noticed_even_when_the_head_agrees(first_key: bytes) -> None:
    with db.writing() as session:
        last = _last(session)
        session.execute(delete(LogLine).where(LogLine.sequence > last - 2))
        kept = session.get(LogLine, last - 2)
        assert kept is not None
        session.execute(update(LogHead).values(sequence=last - 2, mac=kept.mac))
    with db.reading() as session, pytest.raises(LogBroken, match=f"after line {last - 2}"):
        log.check(session, first_key)
    with pytest.raises(LogBroken, match="turned back"):
        _write("a line over the gap")


def test_a_key_file_put_back_to_an_earlier_number_is_noticed(first_key: bytes) -> None:
    with db.writing() as session:
        last = _last(session)
        session.execute(delete(LogLine).where(LogLine.sequence > last - 2))
        kept = session.get(LogLine, last - 2)
        assert kept is not None
        session.execute(update(LogHead).values(sequence=last - 2, mac=kept.mac))
    number, key = struct.unpack(">Q32s", log._path().read_bytes())
    log._path().write_bytes(struct.pack(">Q32s", number - 2, key))
    with db.reading() as session, pytest.raises(LogBroken, match="replaced"):
        log.check(session, first_key)


@pytest.mark.embedded
def test_the_file_holds_no_key_of_a_line_that_is_written(first_key: bytes) -> None:
    key = first_key
    held = log._path().read_bytes()[8:]
    with db.reading() as session:
        for _ in range(_last(session)):
            assert key != held
            key = log._next(key)
    assert key == held


def test_what_is_undone_leaves_no_line_and_the_chain_goes_on(first_key: bytes) -> None:
    with db.reading() as session:
        before = _last(session)
    with pytest.raises(ZeroDivisionError), db.writing() as session:
        log.write(session, "undone", who=None)
        raise ZeroDivisionError
    _write("done")
    with db.reading() as session:
        assert log.check(session, first_key) == before + 1


def test_two_lines_of_one_deed_stand_in_order(first_key: bytes) -> None:
    with db.writing() as session:
        log.write(session, "one", who=None)
        log.write(session, "two", who=None)
    with db.reading() as session:
        log.check(session, first_key)
        assert [line.deed for line in _lines(session)[:2]] == ["two", "one"]


def test_after_a_crash_between_database_and_file_the_next_line_catches_up(first_key: bytes) -> None:
    stale = log._path().read_bytes()
    _write("the file never heard of this")
    log._path().write_bytes(stale)
    _write("next")
    with db.reading() as session:
        assert log.check(session, first_key)


def test_lines_written_at_once_from_many_threads_are_all_kept(app: Flask, first_key: bytes) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def one(number: int) -> None:
        with app.app_context():
            _write(f"at once {number}")

    with db.reading() as session:
        before = _last(session)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(24)))
    with db.reading() as session:
        assert log.check(session, first_key) == before + 24


def test_without_the_key_file_nothing_is_written_and_so_nothing_opens(first_key: bytes) -> None:
    log._path().unlink()
    with pytest.raises(LogBroken, match="key file"):
        _write("no key")
    with db.reading() as session, pytest.raises(LogBroken):
        log.check(session, first_key)


def test_a_line_that_does_not_open_is_shown_and_not_hidden(custodian: Settled) -> None:
    with db.writing() as session:
        _replace(session)
        row = session.get(LogLine, 2)
        assert row is not None
        row.sealed = row.sealed[:200]
    with db.reading() as session:
        shown = {line.sequence: line.deed for line in _lines_for(session, custodian)}
    assert shown[2] == ""
    assert len(shown) == max(shown)


@pytest.mark.embedded
def test_the_page_says_that_the_chain_holds_and_then_where_it_breaks(app: Flask, custodian: Settled) -> None:
    client = signed_in(app, custodian)
    page = client.get("/lam-viec/nhat-ky/").text
    assert "Chuỗi nhật ký nguyên vẹn" in page
    assert custodian.name in page
    with db.writing() as session:
        _change(session)
    page = client.get("/lam-viec/nhat-ky/").text
    assert "Chuỗi nhật ký bị đứt" in page
    assert "Dòng 3 đã bị sửa" in page


@pytest.mark.embedded
def test_a_broken_log_lets_custodians_in_to_look_at_it(app: Flask, custodian: Settled) -> None:
    log._path().write_bytes(b"rubbish")
    client = signed_in(app, custodian)
    assert "Nhật ký không ghi được" in client.get("/tai-khoan").text
    assert "Chuỗi nhật ký bị đứt" in client.get("/lam-viec/nhat-ky/").text


def test_somebody_with_all_keys_cannot_rewrite_what_a_custodian_has_signed(
    app: Flask, centre: Founded, custodian: Settled
) -> None:
    """A custodian knows the first key and could compute a new chain; another's signature then does not fit."""
    signed_in(app, centre.of(Role.CUSTODIAN)[1])
    with db.writing() as session:
        log_seed, first = log.keys_for(session, custodian.person_id, _seed(custodian))
        _replace(session)
        _recompute(session, first)
    with db.reading() as session:
        assert log.check(session, first), "the chain alone looks whole"
    with db.reading() as session:
        finding = log_reader.check(session, log_seed, first)
    assert finding.broken is not None
    assert "signature" in finding.broken.en


def test_a_whole_rewriting_without_signatures_shows_in_who_signed(
    app: Flask, centre: Founded, custodian: Settled
) -> None:
    """Who has the first key and the key file can rewrite all; then the others' signatures are missing."""
    other = centre.of(Role.CUSTODIAN)[1]
    signed_in(app, other)
    with db.reading() as session:
        log_seed, first = log.keys_for(session, custodian.person_id, _seed(custodian))
        finding = log_reader.check(session, log_seed, first)
        assert finding.signed[other.person_id] >= 5
        assert (other.name, finding.signed[other.person_id]) in log_reader.signed_by(session, finding)
        public = PublicKey(session.get_one(LogHead, 1).public)
    with db.writing() as session:
        line = {
            "at": "2026-01-01T00:00",
            "deed": "signed_in",
            "who": other.person_id,
            "about": "",
            "detail": {},
        }
        row = session.get_one(LogLine, _last(session))
        row.sealed = seal(pad(json.dumps(line).encode(), 512), public, context("log", row.sequence))
        _recompute(session, first)
    with db.reading() as session:
        finding = log_reader.check(session, log_seed, first)
    assert finding.broken is None, "the chain alone looks whole"
    assert other.person_id not in finding.signed


@pytest.mark.embedded
def test_only_custodians_reach_the_page(app: Flask, centre: Founded) -> None:
    for person in centre.people:
        expected = 200 if Role.CUSTODIAN in person.roles else 404
        assert signed_in(app, person).get("/lam-viec/nhat-ky/").status_code == expected, person.name


@pytest.mark.embedded
def test_the_log_key_is_for_the_servers_user_alone() -> None:
    assert log._path().stat().st_mode & 0o077 == 0


# Furniture


def _write(deed: str, **facts: Any) -> None:
    with db.writing() as session:
        log.write(session, deed, who=facts.pop("who", None), **facts)


def _seed(person: Settled) -> bytes:
    assert person.credentials.seed is not None
    return person.credentials.seed


def _count(session: Session) -> int:
    return int(session.scalar(text("SELECT count(*) FROM log_line")) or 0)


def _last(session: Session) -> int:
    return int(session.scalar(select(LogHead.sequence)) or 0)


def _lines_for(session: Session, custodian: Settled) -> list[log.Line]:
    return log.read(session, log.keys_for(session, custodian.person_id, _seed(custodian))[0])


def _lines(session: Session) -> list[log.Line]:
    from flask import current_app

    return _lines_for(session, current_app.extensions["reader"])


@pytest.fixture(autouse=True)
def reader(app: Flask, centre: Founded) -> None:
    app.extensions["reader"] = centre.of(Role.CUSTODIAN)[0]


def _recompute(session: Session, first_key: bytes) -> None:
    """Link every line anew, as only somebody with the first key and the key file can."""
    key, mac = first_key, bytes(32)
    for row in session.scalars(select(LogLine).order_by(LogLine.sequence)):
        row.mac = mac = log._link(key, row.sequence, mac, row.sealed)
        key = log._next(key)
    session.execute(update(LogHead).values(mac=mac))
