"""Wrapping anew in bulk, on both databases: batches, both sides, the cards, and what a colleague changed meanwhile."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from core import db
from core.access import Role
from intake.casework import handing, names
from intake.keys import anew_child, recovery, wrapping
from intake.keys.founding import Founded, Newcomer
from intake.models import KeySet
from intake.seal.slots import Side
from tests.factories import add_person
from tests.intake.test_recovery import (
    NEW_CARDS,
    enrols_again,
    keeps,
    opens,
    signs,
    uses_cards,
    wraps,
    wraps_guards,
)
from tests.letters import Handler, Reporter


def test_both_sides_and_the_cards_go_through_every_batch(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intake.keys.wrapping.BATCH", 2)
    written = []
    for _ in range(3):
        reporter.writes()
        written.append(reporter.case_id)
    lost = enrols_again(app, centre.of(Role.CUSTODIAN)[2])
    other = enrols_again(app, handlers[1].person)
    signs(app, centre)
    stays = centre.of(Role.CUSTODIAN)[0]
    with app.app_context():
        done = recovery.wrap_guards_anew(stays.identity, stays.credentials.seed or b"", most=2)
    assert (done.done, done.more) == (2, True)
    assert wraps_guards(app, stays, after=done.last).done == 1
    assert all(keeps(app, lost, one) for one in written)
    assert (wraps(app, handlers[0], most=2).done, wraps(app, handlers[0]).done) == (2, 1)

    again = [enrols_again(app, one) for one in (handlers[0].person, other)]
    signs(app, centre)
    assert uses_cards(app, centre, 0, 1).done == 3
    assert {opens(app, one, case_id) for one in again for case_id in written} == {"story"}


@pytest.mark.embedded
def test_a_handler_and_a_custodian_who_both_enrolled_again_open_names_together(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes(reporter_name="Nguyễn Thị Ẩn")
    lost, stays = handlers
    guard, _, gone = centre.of(Role.CUSTODIAN)
    handler, custodian = enrols_again(app, lost.person), enrols_again(app, gone)
    signs(app, centre)
    wraps(app, stays)
    wraps_guards(app, guard)
    one, other = handler.credentials.seed or b"", custodian.credentials.seed or b""
    with app.app_context(), db.writing() as session:
        half = names.lend_half(session, custodian.identity, other, reporter.case_id, handler.person_id)
        found = names.open_name(session, handler.identity, one, reporter.case_id, half)
    assert found["reporter_name"] == "Nguyễn Thị Ẩn"


@pytest.mark.embedded
def test_what_a_colleague_changed_in_the_meantime_stays_as_they_left_it(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody steps back after a batch was read and before it is kept: the old key never comes back for them."""
    reporter.writes()
    goes, stays = handlers
    signs(app, centre, NEW_CARDS)
    honest = wrapping._keep

    def keeps_late(changes: list[wrapping._Change], now: object) -> None:
        monkeypatch.setattr(wrapping, "_keep", honest)
        with db.writing() as session:
            handing.step_back(session, goes.person.identity, goes.seed, reporter.case_id)
        honest(changes, now)  # type: ignore[arg-type]

    monkeypatch.setattr(wrapping, "_keep", keeps_late)
    wraps(app, stays)
    assert [opens(app, one.person, reporter.case_id) for one in handlers] == ["", "names"]
    with app.app_context(), db.reading() as session:
        assert wrapping.behind(session, Side.HANDLERS) == []


@pytest.mark.embedded
def test_slots_that_were_spoilt_are_left_as_they_are(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    signs(app, centre, NEW_CARDS)
    with app.app_context(), db.writing() as session:
        row = session.scalars(select(KeySet).where(KeySet.side == "S")).one()
        spoilt = replace_byte(row.blob)
        row.blob = spoilt
    outcome = wraps(app, handlers[0])
    assert (outcome.done, outcome.closed) == (0, 1)
    with app.app_context(), db.reading() as session:
        assert session.scalars(select(KeySet.blob).where(KeySet.side == "S")).one() == spoilt
    assert replace(outcome, closed=0, last="") == recovery.Outcome()


def replace_byte(blob: bytes) -> bytes:
    return blob[:700] + bytes([blob[700] ^ 1]) + blob[701:]


@pytest.mark.slow
@pytest.mark.embedded
def test_children_work_out_what_this_process_would_and_one_that_dies_costs_nothing(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intake.keys.hands.FEW", 0)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    lost, stays = handlers
    reporter.writes()
    again = enrols_again(app, lost.person)
    signs(app, centre)
    asked: list[int] = []
    honest = anew_child.batch
    monkeypatch.setattr(anew_child, "batch", lambda *what, **how: asked.append(1) or honest(*what, **how))
    assert wraps(app, stays).done == 1
    assert (len(asked), opens(app, again, reporter.case_id)) == (1, "names")
    again = enrols_again(app, again)
    signs(app, centre)
    monkeypatch.setattr("intake.keys.hands._child", lambda: subprocess.Popen(["true"], stdin=-1, stdout=-1))
    assert wraps(app, stays).done == 1
    assert opens(app, again, reporter.case_id) == "names"


@pytest.mark.embedded
def test_a_letter_whose_flags_do_not_say_who_reads_is_wrapped_anew_by_its_story(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As letters were before it stood there; and the struck-out stay out whichever of the two says so."""
    lost, stays = handlers
    monkeypatch.setattr("intake.seal.readers.written", lambda *_: None)
    older = [_writes(reporter), _writes(reporter, lost)]
    monkeypatch.undo()
    newer = [_writes(reporter), _writes(reporter, lost)]
    again = enrols_again(app, lost.person)
    signs(app, centre)
    assert wraps(app, stays).done == 4
    assert [opens(app, again, one) for one in older + newer] == ["names", "", "names", ""]


@pytest.mark.embedded
def test_a_roster_to_which_somebody_only_came_gives_nobody_anything_to_wrap(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    came = add_person(app, Newcomer(name="Cô Mới", title_vi="Bác sĩ", roles=frozenset({Role.HANDLER})))
    signs(app, centre)
    assert wraps(app, handlers[0]) == recovery.Outcome()
    assert [opens(app, one, reporter.case_id) for one in (handlers[1].person, came)] == ["names", ""]


def _writes(reporter: Reporter, struck: Handler | None = None) -> str:
    reporter.writes(exclude_handlers=[struck.person.person_id] if struck else [])
    return reporter.case_id
