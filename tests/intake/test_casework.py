"""A handler opens what their key opens, after a line in the log; nobody forges, swaps or rolls anything back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from core import db, log, rosters
from core.access import Denied, Role
from core.sealing import SharedKey
from intake import eraser
from intake.cases import NoSuchCase, add_entry, add_key_set, load
from intake.casework import casework, names
from intake.casework.casework import CaseDamaged, Damaged
from intake.casework.names import HalfRefused
from intake.desk import desk
from intake.eraser import eraser_path
from intake.keys.founding import Founded, Settled
from intake.models import CaseFile, Compartment
from intake.seal.compartments import Keys, Staff, write_compartment
from intake.seal.compartments import Reporter as EnvelopeReporter
from intake.seal.letters import compact
from intake.seal.slots import Side, fresh_key
from tests.letters import Handler, Reporter


def seed_of(person: Settled) -> bytes:
    assert person.credentials.seed is not None
    return person.credentials.seed


def log_of(app: Flask, centre: Founded) -> list[tuple[str, str]]:
    custodian = centre.of(Role.CUSTODIAN)[0]
    with app.app_context(), db.reading() as session:
        key, _ = log.keys_for(session, custodian.person_id, seed_of(custodian))
        return [(line.deed, line.about) for line in log.read(session, key, newest_first=False)]


def try_open(app: Flask, handler: Handler, case_id: str) -> Any:
    with app.app_context(), db.writing() as session:
        return casework.open_case(session, handler.person.identity, handler.seed, case_id)


def test_a_handler_reads_what_was_written(reporter: Reporter, handlers: list[Handler]) -> None:
    reporter.writes(
        narrative="Chuyện ở phòng trực.", contact_mode="phone", safe_contact="sau 19 giờ", relation="superior"
    )
    opened = handlers[0].opens(reporter.case_id)
    assert opened.story["narrative"] == "Chuyện ở phòng trực."
    assert opened.story["relation"] == "superior"
    assert opened.safe_contact["safe_contact"] == "sau 19 giờ"
    assert opened.flags["contact_mode"] == "phone"
    assert opened.damaged == 0


@pytest.mark.embedded
def test_no_name_lies_where_a_handler_alone_reads(reporter: Reporter, handlers: list[Handler]) -> None:
    reporter.writes(
        reporter_name="Nguyễn Thị Ẩn", people_involved="Ông Trưởng khoa", affected_person="Chị Mơ"
    )
    opened = handlers[0].opens(reporter.case_id)
    everything = repr((dict(opened.story), dict(opened.safe_contact), dict(opened.flags)))
    assert not [name for name in ("Ẩn", "Trưởng khoa", "Mơ") if name in everything]


def test_opening_is_counted_and_logged_and_listing_is_logged_once(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    for _ in range(2):
        handlers[0].cases()
    handlers[0].opens(reporter.case_id)
    assert handlers[1].opens(reporter.case_id).openings == {"handler": 2, "custodian": 0}
    lines = [line for line in log_of(app, centre) if line[0] in {"listed", "opened"}]
    assert [deed for deed, _ in lines] == ["listed", "opened", "opened"]


def test_opening_moves_a_new_case_on_and_nothing_else(reporter: Reporter, handlers: list[Handler]) -> None:
    reporter.writes()
    assert handlers[0].opens(reporter.case_id).state == "reading"
    handlers[0].answers(reporter.case_id, "Cảm ơn bạn.")
    assert handlers[0].opens(reporter.case_id).state == "answered"


def test_urgent_cases_come_first_then_the_oldest_and_closed_ones_last(
    app: Flask, handlers: list[Handler]
) -> None:
    cases = {}
    for name, more in (("calm", {}), ("urgent", {"danger_now": "yes"}), ("closed", {"danger_now": "yes"})):
        one = Reporter(app)
        one.writes(**more)
        cases[one.case_id] = name
    closed = next(case_id for case_id, name in cases.items() if name == "closed")
    handlers[0].answers(closed, "Xong.", state="closed")
    assert [cases[line.case_id] for line in handlers[0].cases()] == ["urgent", "calm", "closed"]


def test_a_struck_out_handler_is_told_that_there_is_no_such_case(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes(struck=[centre.of(Role.HANDLER)[0]])
    for case_id in (reporter.case_id, "0" * 32):
        with pytest.raises(NoSuchCase):
            try_open(app, handlers[0], case_id)
    assert not [line for line in log_of(app, centre) if line[0] == "opened"]


@pytest.mark.embedded
@pytest.mark.parametrize("role", [Role.CUSTODIAN, Role.BOARD, Role.CAMPAIGNER, Role.ADMINISTRATOR])
def test_nobody_but_a_handler_may_even_ask(
    app: Flask, centre: Founded, reporter: Reporter, role: Role
) -> None:
    reporter.writes()
    person = centre.of(role)[0]
    seed = person.credentials.seed or bytes(32)
    deeds: list[Callable[[Any], Any]] = [
        lambda session: casework.open_case(session, person.identity, seed, reporter.case_id),
        lambda session: casework.answer(session, person.identity, seed, reporter.case_id, "x"),
        lambda session: casework.judge(
            session, person.identity, seed, reporter.case_id, genuine="yes", gbv_type="rape"
        ),
        lambda session: names.open_name(session, person.identity, seed, reporter.case_id, b""),
        lambda _: desk.cases(person.identity, seed),
    ]
    for deed in deeds:
        with app.app_context(), pytest.raises(Denied), db.writing() as session:
            deed(session)


@pytest.mark.embedded
def test_a_handler_with_somebody_elses_seed_opens_nothing(
    app: Flask, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    with app.app_context(), pytest.raises(NoSuchCase), db.writing() as session:
        casework.open_case(session, handlers[0].person.identity, handlers[1].seed, reporter.case_id)


@pytest.mark.embedded
@pytest.mark.parametrize("kind", ["story", "flags", "tally", "identity", "safe_contact"])
def test_a_changed_byte_in_any_part_opens_nothing_and_the_line_in_the_log_stands(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler], kind: str
) -> None:
    reporter.writes(narrative="Đừng mở.")
    with app.app_context(), db.writing() as session:
        part = session.scalars(select(Compartment).where(Compartment.kind == kind)).one()
        part.blob = part.blob[:-1] + bytes([part.blob[-1] ^ 1])
    assert isinstance(try_open(app, handlers[0], reporter.case_id), Damaged)
    assert [deed for deed, _ in log_of(app, centre)][-1] == "opened"


@pytest.mark.embedded
def test_a_part_of_another_case_does_not_open_in_this_one(
    app: Flask, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes(narrative="Thư một")
    other = Reporter(app)
    other.writes(narrative="Thư hai")
    with app.app_context(), db.writing() as session:
        theirs = session.scalars(
            select(Compartment).where(Compartment.case_id == other.case_id, Compartment.kind == "story")
        ).one()
        session.execute(
            update(Compartment)
            .where(Compartment.case_id == reporter.case_id, Compartment.kind == "story")
            .values(blob=theirs.blob)
        )
    assert isinstance(try_open(app, handlers[0], reporter.case_id), Damaged)


@pytest.mark.embedded
def test_an_answer_put_back_to_an_older_one_is_found(
    app: Flask, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    handlers[0].answers(reporter.case_id, "Trả lời một.")
    handlers[0].answers(reporter.case_id, "Trả lời hai.")
    with app.app_context(), db.writing() as session:
        first, second = session.scalars(
            select(Compartment).where(Compartment.kind == "entry").order_by(Compartment.sequence)
        ).all()
        second.blob = first.blob
    opened = handlers[0].opens(reporter.case_id)
    assert [entry.text for entry in opened.entries] == ["Trả lời một."]
    assert opened.damaged == 1


@pytest.mark.embedded
def test_a_removed_part_is_found(app: Flask, reporter: Reporter, handlers: list[Handler]) -> None:
    reporter.writes()
    handlers[0].answers(reporter.case_id, "Trả lời một.")
    reporter.adds("Tin hai.")
    with app.app_context(), db.writing() as session:
        session.execute(delete(Compartment).where(Compartment.sequence == 5))
    assert isinstance(try_open(app, handlers[0], reporter.case_id), Damaged)


@pytest.mark.embedded
def test_a_newest_part_taken_away_is_missed_ever_after(
    app: Flask, reporter: Reporter, handlers: list[Handler]
) -> None:
    """What was written over comes back by deleting the newest entry; nothing later in the chain would show it."""
    reporter.writes()
    handlers[0].answers(reporter.case_id, "Trả lời một.")
    reporter.adds("Tin hai.")
    handlers[1].opens(reporter.case_id)
    for last, damaged in ((6, 1), (5, 2)):
        with app.app_context(), db.writing() as session:
            session.execute(delete(Compartment).where(Compartment.sequence == last))
        assert [handlers[0].opens(reporter.case_id).damaged for _ in range(2)] == [damaged] * 2


@pytest.mark.embedded
def test_an_entry_that_nobody_on_the_roster_signed_is_not_shown(
    app: Flask, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    stranger = bytes(range(32))
    with app.app_context(), db.writing() as session:
        case = load(session, reporter.case_id)
        chain = rosters.chain(session)
        wrapped = fresh_key(case.id, Side.HANDLERS, chain[-1], (), now=chain[-1])
        key_set = add_key_set(session, case.file, wrapped, chain[-1])
        author = Staff(member_id=handlers[0].person.person_id, roster_version=1, seed=stranger)
        words = compact({"what": "answer", "at": "2026-11-20T12:00+07:00", "text": "Giả mạo"})
        place = case.next_place(Side.HANDLERS)
        add_entry(
            session, place, key_set, write_compartment(words, place, Keys(handlers=wrapped.key), author)
        )
    opened = handlers[0].opens(reporter.case_id)
    assert opened.entries == ()
    assert opened.damaged == 1


@pytest.mark.embedded
def test_a_message_that_the_receipt_did_not_prove_is_not_shown(
    app: Flask, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    with app.app_context(), db.writing() as session:
        case = load(session, reporter.case_id)
        chain = rosters.chain(session)
        wrapped = fresh_key(case.id, Side.HANDLERS, chain[-1], (), now=chain[-1])
        key_set = add_key_set(session, case.file, wrapped, chain[-1])
        author = EnvelopeReporter(proof=SharedKey.random())
        words = compact({"what": "message", "at": "", "text": "Tôi rút thư"})
        place = case.next_place(Side.HANDLERS)
        add_entry(
            session, place, key_set, write_compartment(words, place, Keys(handlers=wrapped.key), author)
        )
    opened = handlers[0].opens(reporter.case_id)
    assert opened.entries == ()
    assert opened.damaged == 1


@pytest.mark.embedded
def test_an_answer_goes_to_whoever_wrote_even_where_somebody_put_their_own_mailbox_there(
    app: Flask, reporter: Reporter, handlers: list[Handler]
) -> None:
    """Whoever can write in the database cannot redirect what handlers answer, only destroy it."""
    reporter.writes(narrative="Của tôi")
    thief = Reporter(app)
    thief.writes()
    theirs = ("mailbox", "for_reporter", "openings_reporter")
    with app.app_context(), db.writing() as session:
        stolen = {name: getattr(load(session, thief.case_id).file, name) for name in theirs}
        session.execute(update(CaseFile).where(CaseFile.id == thief.case_id).values(mailbox="0" * 64))
        session.execute(update(CaseFile).where(CaseFile.id == reporter.case_id).values(**stolen))
    handlers[0].answers(reporter.case_id, "CANARY chỉ cho bạn.")
    page = thief.opens()
    assert page.status_code == 200
    assert "CANARY" not in page.text


def test_an_answer_to_a_damaged_case_is_not_sent(
    app: Flask, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    with app.app_context(), db.writing() as session:
        session.execute(update(Compartment).where(Compartment.kind == "story").values(blob=b"\1" * 200))
    with pytest.raises(CaseDamaged):
        handlers[0].answers(reporter.case_id, "Không tới đâu cả.")
    assert "Không tới đâu cả." not in reporter.opens().text


@pytest.mark.embedded
def test_an_answer_names_no_state_that_answers_do_not_lead_to(
    reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    with pytest.raises(ValueError, match="erased"):
        handlers[0].answers(reporter.case_id, "…", state="erased")


def test_a_judgement_is_seen_by_the_desk_and_the_last_one_counts(
    reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    handlers[0].judges(reporter.case_id, genuine="later", gbv_type="")
    handlers[1].judges(reporter.case_id, genuine="yes", gbv_type="denial")
    judgement = handlers[0].opens(reporter.case_id).judgement
    assert judgement is not None
    assert (judgement["genuine"], judgement["gbv_type"]) == ("yes", "denial")


@pytest.mark.embedded
def test_no_log_no_opening(
    app: Flask, reporter: Reporter, handlers: list[Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter.writes()
    (app.extensions["settings"].instance / "log.key").unlink()
    for deed in (handlers[0].opens, handlers[0].judges, lambda case_id: handlers[0].answers(case_id, "x")):
        with pytest.raises(log.LogBroken):
            deed(reporter.case_id)
    with pytest.raises(log.LogBroken):
        handlers[0].cases()
    with app.app_context(), db.reading() as session:
        case = session.get(CaseFile, reporter.case_id)
        assert case is not None
        assert (case.state, case.messages) == ("received", 0)


def test_an_erased_key_closes_the_case_for_everybody(
    app: Flask, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes()
    with app.app_context(), db.reading() as session:
        case = session.get(CaseFile, reporter.case_id)
        assert case is not None
        eraser.erase(eraser_path(), case.eraser_slot)
    with pytest.raises(NoSuchCase):
        try_open(app, handlers[0], reporter.case_id)
    assert handlers[0].cases() == []


# --- names ---------------------------------------------------------------------------------------


def lent(app: Flask, custodian: Settled, case_id: str, to: Settled) -> bytes:
    with app.app_context(), db.writing() as session:
        return names.lend_half(session, custodian.identity, seed_of(custodian), case_id, to.person_id)


def named(app: Flask, handler: Handler, case_id: str, half: bytes) -> Any:
    with app.app_context(), db.writing() as session:
        return names.open_name(session, handler.person.identity, handler.seed, case_id, half)


def test_a_name_opens_for_a_handler_to_whom_a_custodian_lent_their_half(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes(reporter_name="Nguyễn Thị Ẩn")
    half = lent(app, centre.of(Role.CUSTODIAN)[0], reporter.case_id, handlers[0].person)
    assert named(app, handlers[0], reporter.case_id, half)["reporter_name"] == "Nguyễn Thị Ẩn"
    assert [deed for deed, _ in log_of(app, centre)][-2:] == ["half_lent", "name_opened"]
    page = reporter.opens().text
    assert "Người giữ khóa" in page


@pytest.mark.embedded
def test_a_half_lent_to_one_handler_opens_nothing_for_another_or_elsewhere(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    reporter.writes(reporter_name="Nguyễn Thị Ẩn")
    other = Reporter(app)
    other.writes(reporter_name="Lê Thị Khác")
    half = lent(app, centre.of(Role.CUSTODIAN)[0], reporter.case_id, handlers[0].person)
    for handler, case_id, given in (
        (handlers[1], reporter.case_id, half),
        (handlers[0], other.case_id, half),
        (handlers[0], reporter.case_id, b""),
        (handlers[0], reporter.case_id, half[:-1] + bytes([half[-1] ^ 1])),
    ):
        with pytest.raises(HalfRefused):
            named(app, handler, case_id, given)


@pytest.mark.embedded
def test_a_struck_out_custodian_has_no_half_to_lend(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    custodian = centre.of(Role.CUSTODIAN)[0]
    reporter.writes(struck=[custodian])
    with pytest.raises(NoSuchCase):
        lent(app, custodian, reporter.case_id, handlers[0].person)
