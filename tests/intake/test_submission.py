"""A report is sealed before it touches the database, kept once, and never lost to a coincidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from core import clock, db, keys
from core.access import Role
from core.campaign import Holiday
from core.db import Database
from intake import eraser
from intake.form.report import Report, validate
from intake.keys.founding import Founded
from intake.models import CaseFile, Compartment, KeySet
from intake.seal import receipt
from intake.writing import submission
from intake.writing.submission import ChannelClosed, Draft, NobodyLeft
from tests.conftest import StillClock
from tests.letters import Handler, answers


def a_report(centre: Founded, *struck: str, **more: Any) -> Report:
    said = answers(**more) | ({"exclude_handlers": list(struck)} if struck else {})
    raw = {name: value if isinstance(value, list) else [value] for name, value in said.items()}
    return validate(raw, people=[person.person_id for person in centre.people])


def kept(app: Flask) -> int:
    with app.app_context(), db.reading() as session:
        return session.scalar(select(func.count()).select_from(CaseFile)) or 0


@pytest.fixture
def send(app: Flask, centre: Founded) -> Callable[..., Draft]:
    def sending(draft: Draft | None = None, *struck: str, **more: Any) -> Draft:
        with app.app_context():
            roster = submission.readers_now()
            return submission.send(a_report(centre, *struck, **more), roster, draft or submission.draw())

    return sending


def test_what_was_written_is_in_no_row(app: Flask, send: Callable[..., Draft]) -> None:
    draft = send(
        narrative="CANARY một", reporter_name="CANARY hai", contact_mode="phone", safe_contact="CANARY ba"
    )
    with app.app_context(), db.reading() as session:
        blobs = [part.blob for part in session.scalars(select(Compartment))]
        blobs += [key_set.blob for key_set in session.scalars(select(KeySet))]
        case = session.get(CaseFile, draft.case_id)
        assert case is not None
        everything = b"".join([*blobs, case.for_reporter, case.openings_handlers, repr(vars(case)).encode()])
    assert b"CANARY" not in everything
    assert draft.receipt.encode() not in everything


def test_a_case_has_its_five_parts_and_two_keys_from_the_first_moment(
    app: Flask, send: Callable[..., Draft]
) -> None:
    send()
    with app.app_context(), db.reading() as session:
        parts = session.scalars(select(Compartment).order_by(Compartment.sequence)).all()
        assert [part.kind for part in parts] == ["flags", "tally", "safe_contact", "identity", "story"]
        assert sorted(session.scalars(select(KeySet.side))) == ["C", "S"]


def test_the_same_sending_again_finds_the_first_result(app: Flask, send: Callable[..., Draft]) -> None:
    first = send()
    assert send(first) == first
    assert kept(app) == 1


def test_an_id_that_another_case_has_gets_a_fresh_one(app: Flask, send: Callable[..., Draft]) -> None:
    first = send()
    second = send(Draft(case_id=first.case_id, receipt=receipt.draw()))
    assert second.case_id != first.case_id
    assert kept(app) == 2


def test_a_receipt_that_another_case_has_gets_a_fresh_one(app: Flask, send: Callable[..., Draft]) -> None:
    first = send()
    second = send(Draft(case_id="0" * 32, receipt=first.receipt))
    assert second.receipt != first.receipt
    assert kept(app) == 2


@pytest.mark.embedded
def test_a_tampered_draft_is_drawn_anew(app: Flask) -> None:
    good = submission.draw()
    for case_id, digits in (("../../etc", good.receipt), (good.case_id, "1" * 24), ("", "")):
        fresh = submission.drawn(case_id, digits)
        assert fresh.case_id != case_id
        assert fresh.receipt != digits
    assert submission.drawn(good.case_id, receipt.shown(good.receipt)) == good


def test_a_place_among_the_eraser_keys_that_is_taken_is_drawn_again(
    app: Flask, send: Callable[..., Draft], monkeypatch: pytest.MonkeyPatch
) -> None:
    true_take = eraser.take
    slot, key = true_take(app.extensions["settings"].instance / "eraser.keys")
    draws: Iterator[Any] = iter([(slot, key), (slot, key)])
    monkeypatch.setattr(eraser, "take", lambda path: next(draws, None) or true_take(path))
    send()
    send()
    with app.app_context(), db.reading() as session:
        assert len(set(session.scalars(select(CaseFile.eraser_slot)))) == 2


def test_strike_outs_that_leave_nobody_store_nothing(
    app: Flask, centre: Founded, send: Callable[..., Draft]
) -> None:
    for role in (Role.HANDLER, Role.CUSTODIAN):
        with pytest.raises(NobodyLeft) as left:
            send(None, *(person.person_id for person in centre.of(role)))
        assert left.value.role is role
    assert kept(app) == 0


def test_a_struck_out_handler_lists_and_opens_nothing(
    send: Callable[..., Draft], handlers: list[Handler]
) -> None:
    struck, other = handlers
    draft = send(None, struck.person.person_id)
    assert [line.case_id for line in other.cases()] == [draft.case_id]
    assert struck.cases() == []


def test_nothing_is_taken_in_once_the_roster_has_run_out(
    clock: StillClock, app: Flask, centre: Founded, send: Callable[..., Draft]
) -> None:
    send()
    clock.set(clock.moment + timedelta(days=401))
    with pytest.raises(ChannelClosed):
        send()


@pytest.mark.embedded
def test_nothing_is_taken_in_before_the_founding(app: Flask) -> None:
    with app.app_context(), pytest.raises(ChannelClosed):
        submission.readers_now()


def test_the_row_knows_the_day_and_the_seal_the_minute(
    clock: StillClock, app: Flask, send: Callable[..., Draft], handlers: list[Handler]
) -> None:
    draft = send()
    with app.app_context(), db.reading() as session:
        case = session.get(CaseFile, draft.case_id)
        assert case is not None
        assert type(case.arrived_on) is date
    assert handlers[0].cases()[0].flags["arrived_at"] == "2026-11-20T12:00+07:00"


@pytest.mark.embedded
def test_keys_are_derived_and_words_sealed_outside_of_any_transaction(
    send: Callable[..., Draft], monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, seen = [False], []
    true_writing = Database.writing

    @contextmanager
    def writing(self: Database) -> Iterator[Any]:
        with true_writing(self) as session:
            inside[0] = True
            yield session
        inside[0] = False

    def watched(name: str, true: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            seen.append((name, inside[0]))
            return true(*args, **kwargs)

        return call

    monkeypatch.setattr(Database, "writing", writing)
    monkeypatch.setattr(receipt, "derive", watched("derive", receipt.derive))
    monkeypatch.setattr(submission, "seal_case", watched("seal", submission.seal_case))
    monkeypatch.setattr(submission, "lock_slots", watched("lock", submission.lock_slots))
    send()
    assert {name for name, _ in seen} == {"derive", "seal", "lock"}
    assert not any(during for _, during in seen)


@pytest.mark.embedded
def test_when_all_turns_at_deriving_are_taken_the_sender_is_told_so(
    app: Flask, send: Callable[..., Draft], monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def crowded() -> Iterator[None]:
        raise keys.Busy
        yield

    monkeypatch.setattr(receipt, "deriving", crowded)
    with pytest.raises(keys.Busy):
        send()
    assert kept(app) == 0


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2026, 10, 12), date(2026, 10, 14)),
        (date(2026, 10, 16), date(2026, 10, 20)),
        (date(2026, 10, 17), date(2026, 10, 20)),
        (date(2026, 11, 23), date(2026, 11, 26)),
        (date(2026, 12, 31), date(2027, 1, 5)),
    ],
    ids=["Monday", "over a weekend", "on a Saturday", "over a holiday", "over New Year"],
)
def test_an_answer_is_promised_within_two_working_days(app: Flask, on: date, expected: date) -> None:
    with app.app_context():
        with db.writing() as session:
            for free in (date(2026, 11, 24), date(2027, 1, 1)):
                if session.get(Holiday, free) is None:
                    session.add(Holiday(day=free, name_vi="Ngày nghỉ", name_en="Holiday"))
        assert submission.answer_by(on) == expected
        assert submission.answer_by() > clock.today()
