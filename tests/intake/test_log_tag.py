"""Lines of the log about a case: found by whoever opens it, linked and counted by nobody else (P5)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from core import db, log, rosters
from core.access import Role
from core.log import Line, LogLine
from core.log_reader import ON_A_CASE
from core.sealing import SharedKey
from intake.cases import Holder, NoSuchCase, load
from intake.casework import names
from intake.keys.founding import Founded, Settled
from intake.seal.log_tag import TAG_BYTES, lines_of, log_key, on_case
from tests.conftest import StillClock
from tests.factories import signed_in
from tests.letters import Handler, Reporter

few = settings(max_examples=25, deadline=None)
keys = st.binary(min_size=32, max_size=32).map(SharedKey)


@dataclass
class Row:
    sequence: int
    about: str


# --- the tag --------------------------------------------------------------------------------------


@few
@given(keys, keys, st.lists(st.booleans(), max_size=12))
def test_whoever_has_the_key_finds_all_lines_of_the_case_and_no_others(
    mine: SharedKey, other: SharedKey, pattern: list[bool]
) -> None:
    if mine == other:
        return
    lines = [Row(n, on_case(mine if is_mine else other)(n)) for n, is_mine in enumerate(pattern, start=1)]
    assert lines_of(lines, log_key(mine)) == [
        line for line, is_mine in zip(lines, pattern, strict=True) if is_mine
    ]


def test_a_tag_belongs_to_one_line_and_moved_to_another_it_is_nobodys() -> None:
    key = SharedKey.random()
    tag = on_case(key)
    assert tag(1) == on_case(key)(1) != tag(2)
    assert lines_of([Row(2, tag(1))], log_key(key)) == []


def test_a_tag_has_one_shape_and_shows_neither_key_nor_case() -> None:
    key = SharedKey.random()
    for sequence in (1, 9, 10**9):
        assert re.fullmatch(f"[0-9a-f]{{{2 * TAG_BYTES}}}", on_case(key)(sequence))
    assert log_key(key).raw != key.raw


def test_a_tag_is_for_ever_the_same() -> None:
    """Made once from HMAC-SHA256 alone: lines written by this version are found by every later one."""
    assert on_case(SharedKey(bytes(range(32))))(7) == "17be30e31f10c835034197886e2359d3"


def test_lines_about_something_else_are_passed_over() -> None:
    key = SharedKey.random()
    lines = [Row(1, ""), Row(2, "Đặng"), Row(3, on_case(key)(3))]
    assert lines_of(lines, log_key(key)) == lines[2:]


# --- the log of a centre --------------------------------------------------------------------------


@pytest.fixture
def custodian(centre: Founded) -> Settled:
    return centre.of(Role.CUSTODIAN)[0]


def test_a_handler_finds_all_lines_of_a_case_and_no_others(
    app: Flask, reporter: Reporter, handlers: list[Handler], custodian: Settled
) -> None:
    first, second = _two_cases(app, reporter)
    for case_id in (first, second, first):
        handlers[0].opens(case_id)
    handlers[1].answers(first, "Chào bạn.")
    handlers[1].judges(second)
    lines = list(_read(app, custodian))
    about_cases = [line for line in lines if line.deed in ON_A_CASE]
    assert [line.deed for line in about_cases] == ["opened", "opened", "opened", "answered", "judged"]
    found = [lines_of(lines, log_key(_side_key(app, handlers[0], case_id))) for case_id in (first, second)]
    assert found[0] == [about_cases[0], about_cases[2], about_cases[3]]
    assert found[1] == [about_cases[1], about_cases[4]]


def test_two_lines_about_one_case_look_like_two_lines_about_two(
    app: Flask, reporter: Reporter, handlers: list[Handler], custodian: Settled, clock: StillClock
) -> None:
    first, second = _two_cases(app, reporter)
    for case_id in (first, first, second):
        handlers[0].opens(case_id)
    once, again, other = [line for line in _read(app, custodian) if line.deed == "opened"]
    assert len({once.about, again.about, other.about}) == 3
    shown = [(line.at, line.deed, line.who, len(line.about), line.detail) for line in (once, again, other)]
    assert shown[0] == shown[1] == shown[2]


def test_no_line_carries_the_id_of_a_case_or_more_than_deed_person_and_tag(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler], custodian: Settled
) -> None:
    cases = _two_cases(app, reporter)
    people = {person.person_id for person in centre.people} | {""}
    for case_id in cases:
        handlers[0].cases()
        handlers[0].opens(case_id)
        handlers[0].answers(case_id, "Chào bạn.", "closed")
        handlers[0].judges(case_id)
        _open_name(app, custodian, handlers[0], case_id)
    reporter.adds("Tôi nhớ thêm một điều.")
    lines = list(_read(app, custodian))
    done = {"opened", "answered", "judged", "half_lent", "name_opened", "listed"}
    assert {line.deed for line in lines} >= done
    for line in lines:
        assert not any(case_id in repr(line) for case_id in cases)
        if line.deed in ON_A_CASE | {"listed"}:
            assert line.who in people
            assert line.detail == {}
            assert bool(line.about) == (line.deed in ON_A_CASE)
    with app.app_context(), db.reading() as session:
        assert len({len(row.sealed) for row in session.scalars(select(LogLine))}) == 1


def test_who_lends_a_half_and_who_borrows_it_both_find_the_line(
    app: Flask, reporter: Reporter, handlers: list[Handler], custodian: Settled
) -> None:
    reporter.writes()
    half = _open_name(app, custodian, handlers[0], reporter.case_id)
    lines = list(_read(app, custodian))
    assert [line.deed for line in lines_of(lines, log_key(half))] == ["half_lent"]
    found = lines_of(lines, log_key(_side_key(app, handlers[0], reporter.case_id)))
    assert [line.deed for line in found] == ["name_opened"]


def test_a_custodian_who_was_struck_out_can_neither_lend_nor_find_a_line(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    struck, other = centre.of(Role.CUSTODIAN)[:2]
    reporter.writes(exclude_handlers=[struck.person_id])
    handlers[0].opens(reporter.case_id)
    before = len(list(_read(app, struck)))
    with app.app_context(), db.writing() as session, pytest.raises(NoSuchCase):
        names.lend_half(
            session, struck.identity, _seed(struck), reporter.case_id, handlers[0].person.person_id
        )
    assert len(list(_read(app, other))) == before


def test_looking_at_the_list_writes_the_same_line_whether_a_letter_came_or_not(
    app: Flask, reporter: Reporter, handlers: list[Handler], custodian: Settled
) -> None:
    handlers[0].cases()
    assert _listed(app, custodian) == [handlers[0].person.person_id]
    reporter.writes(struck=[handlers[1].person])
    assert len(handlers[0].cases()) == 1
    handlers[1].cases()
    assert _listed(app, custodian) == [handlers[0].person.person_id, handlers[1].person.person_id]


def test_the_page_of_the_log_shows_no_tag(
    app: Flask, reporter: Reporter, handlers: list[Handler], custodian: Settled
) -> None:
    reporter.writes()
    handlers[0].opens(reporter.case_id)
    page = signed_in(app, custodian).get("/lam-viec/nhat-ky/").text
    assert "Mở thư" in page
    assert "một bức thư" in page
    assert not any(line.about in page for line in _read(app, custodian) if line.deed == "opened")


def test_no_deed_of_intake_writes_a_case_into_the_log_by_its_id() -> None:
    for path in Path("intake").glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func) in {"log.write", "log.write_if_started"}:
                for given_word in call.keywords:
                    said = ast.unparse(given_word.value)
                    assert "case" not in said.replace("on_case(", ""), f"{path}: {said}"


# --- furniture ------------------------------------------------------------------------------------


def _two_cases(app: Flask, reporter: Reporter) -> tuple[str, str]:
    other = Reporter(app)
    other.writes()
    reporter.writes()
    return reporter.case_id, other.case_id


def _seed(person: Settled) -> bytes:
    assert person.credentials.seed is not None
    return person.credentials.seed


def _read(app: Flask, custodian: Settled) -> Iterator[Line]:
    with app.app_context(), db.reading() as session:
        log_seed, _ = log.keys_for(session, custodian.person_id, _seed(custodian))
        yield from log.read(session, log_seed, newest_first=False)


def _listed(app: Flask, custodian: Settled) -> list[str]:
    return [line.who for line in _read(app, custodian) if line.deed == "listed"]


def _side_key(app: Flask, handler: Handler, case_id: str) -> SharedKey:
    with app.app_context(), db.reading() as session:
        holder = Holder.of(handler.person.identity, handler.seed)
        case = load(session, case_id)
        opened = case.open_for(holder, rosters.chain(session))
        return opened[case.first_key_set(holder.side).id].key


def _open_name(app: Flask, custodian: Settled, handler: Handler, case_id: str) -> SharedKey:
    """A custodian lends, a handler opens; returns the half that was lent."""
    with app.app_context():
        with db.writing() as session:
            who, to = custodian.identity, handler.person.person_id
            lent = names.lend_half(session, who, _seed(custodian), case_id, to)
        with db.writing() as session:
            names.open_name(session, handler.person.identity, handler.seed, case_id, lent)
        holder = Holder.of(handler.person.identity, handler.seed)
        return SharedKey(names.unseal(lent, holder.private, names._place(case_id, handler.person.person_id)))
