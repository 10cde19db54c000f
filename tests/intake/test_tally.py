"""Only what a handler judged genuine is counted, by whoever can open it, and coarsely."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from core import clock as core_clock
from core import db, rosters
from core.access import Denied, Role
from core.disclosure import RawTable
from intake import eraser
from intake.cases import add_entry, add_key_set, load
from intake.casework import filing
from intake.counts import tally
from intake.counts.counting import Cell, Judged, cell_at, final_cell
from intake.counts.tally import CATEGORIES, OWN, TOLD, Wanted
from intake.eraser import eraser_path
from intake.keys.founding import Founded, Settled
from intake.models import CaseFile, Compartment
from intake.seal.compartments import Keys, Staff, write_compartment
from intake.seal.letters import compact
from intake.seal.slots import Side, fresh_key
from tests.letters import Handler, Reporter


def cells(app: Flask, custodian: Settled, as_of: date | None = None) -> Mapping[str, Cell]:
    assert custodian.credentials.seed is not None
    with app.app_context(), db.reading() as session:
        return tally.open_cells(
            session,
            custodian.identity,
            custodian.credentials.seed,
            releases=(),
            as_of=as_of or core_clock.today(),
        ).cells


@pytest.fixture
def custodian(centre: Founded) -> Settled:
    return centre.of(Role.CUSTODIAN)[0]


def write_judgement(app: Flask, case_id: str, author: Staff) -> None:
    """What somebody with the database and some seed could add by hand."""
    with app.app_context(), db.writing() as session:
        case, chain = load(session, case_id), rosters.chain(session)
        wrapped = fresh_key(case_id, Side.CUSTODIANS, chain[-1], (), now=chain[-1])
        key_set = add_key_set(session, case.file, wrapped, chain[-1])
        words = {"what": "judgement", "at": "2026-11-20T12:00+07:00", "genuine": "yes", "gbv_type": "rape"}
        place = case.next_place(Side.CUSTODIANS)
        blob = write_compartment(compact(words), place, Keys(custodians=wrapped.key), author)
        add_entry(session, place, key_set, blob)


def test_a_genuine_case_is_counted_by_its_type_and_coarse_answers(
    app: Flask, reporter: Reporter, handlers: list[Handler], custodian: Settled
) -> None:
    reporter.writes(
        consent_stats="yes", sex="female", age_group="16_17", setting="work", what_kind=["sexual_touch"]
    )
    handlers[0].judges(reporter.case_id, gbv_type="sexual_assault")
    said = {"kind": "sexual", "sex": "female", "age": "under_18", "setting": "work"}
    stands = {"place": "unsaid", "state": "open", "first_answer": "not_yet"}
    needs = dict.fromkeys((dim for dim in CATEGORIES if dim.startswith("need_")), "no")
    assert cells(app, custodian) == {reporter.case_id: {"counts": OWN, **said, **stands, **needs}}


def test_what_the_file_says_in_coarse_words_goes_with_the_judgement_and_is_renewed(
    app: Flask, reporter: Reporter, handlers: list[Handler], custodian: Settled, clock: Any
) -> None:
    reporter.writes(consent_stats="yes", affected_group="staff")

    def told(*dims: str) -> list[str]:
        cell = cells(app, custodian)[reporter.case_id]
        return [cell[dim] for dim in dims]

    def writes(kind: str, **values: Any) -> None:
        with app.app_context(), db.writing() as session:
            parts = len(load(session, reporter.case_id).parts)
            me, seed = handlers[0].person.identity, handlers[0].seed
            filing.write(session, me, seed, reporter.case_id, kind=kind, values=values, parts=parts)

    writes(
        "phan-loai",
        genuine="yes",
        rape="no",
        sexual_assault="no",
        physical_assault="yes",
        unit_group="stations",
    )
    assert told("kind", "place", "state", "first_answer") == ["physical", "stations", "open", "not_yet"]
    writes("nhu-cau", needs=["health", "legal"])
    assert told("need_health", "need_legal", "need_police", "place") == ["yes", "yes", "no", "stations"]
    clock.set(core_clock.now() + timedelta(days=3))
    handlers[1].answers(reporter.case_id, "Chúng tôi đã đọc thư của bạn.")
    assert told("state", "first_answer", "need_health") == ["answered", "days_7", "yes"]
    with app.app_context(), db.reading() as session:
        parts = len(load(session, reporter.case_id).parts)
    handlers[1].answers(reporter.case_id, "Hẹn gặp bạn ngày mai.")
    with app.app_context(), db.reading() as session:
        assert len(load(session, reporter.case_id).parts) == parts + 1, "nothing new to tell the custodians"
    handlers[0].judges(reporter.case_id, gbv_type="rape")
    assert told("kind", "place", "state") == ["sexual", "stations", "answered"]
    handlers[0].answers(reporter.case_id, "Chúng tôi đã làm xong.", state="closed")
    assert told("kind", "state", "need_legal") == ["sexual", "closed", "yes"]


def test_before_a_judgement_the_custodians_are_told_nothing(
    app: Flask, reporter: Reporter, handlers: list[Handler], custodian: Settled
) -> None:
    reporter.writes(consent_stats="yes")
    handlers[0].answers(reporter.case_id, "Chúng tôi đã đọc thư của bạn.")
    handlers[0].judges(reporter.case_id, genuine="no")
    handlers[0].answers(reporter.case_id, "Cảm ơn bạn.", state="closed")
    assert cells(app, custodian) == {}


@pytest.mark.parametrize(
    ("answers", "place", "counted"),
    [
        ({"affected_group": "other"}, "", "other"),
        ({"affected_group": "other"}, "stations", "stations"),
        ({"affected_group": "staff"}, "", "unsaid"),
        ({"affected_group": "staff"}, "Trạm Y tế xã A", "unsaid"),
        ({}, "offices", "offices"),
    ],
)
def test_where_somebody_works_is_told_in_groups_alone(
    answers: dict[str, str], place: str, counted: str
) -> None:
    said = {"reporter_role": "self", "consent_stats": True, **answers}
    assert tally.cell_of(said, {"gbv_type": "rape", "place": place, "needs": 5})["place"] == counted


def test_a_withdrawn_or_reclassified_case_moves_only_in_the_final_figures() -> None:
    at = [{"counts": OWN, "kind": kind} for kind in ("sexual", "physical")]
    days = [date(2026, 6, 30), date(2026, 12, 31), date(2027, 3, 31)]
    moved = [Judged(on=date(2026, 5, 1), cell=at[0]), Judged(on=date(2027, 1, 31), cell=at[1])]
    gone = [Judged(on=date(2026, 5, 1), cell=at[0]), Judged(on=date(2026, 7, 1), cell=None)]
    late = [Judged(on=date(2026, 5, 1), cell=at[0]), Judged(on=date(2027, 2, 1), cell=at[1])]
    new = [Judged(on=date(2027, 1, 1), cell=at[0])]
    assert [cell_at(one, days, date(2026, 12, 31)) for one in (moved, gone, late, new)] == [
        *at[:1] * 3,
        None,
    ]
    assert [final_cell(one, days, 2026) for one in (moved, gone, late, new)] == [at[1], None, at[0], None]


@pytest.mark.parametrize("genuine", ["no", "later", None])
def test_a_case_that_nobody_judged_genuine_is_not_counted(
    app: Flask, reporter: Reporter, handlers: list[Handler], custodian: Settled, genuine: str | None
) -> None:
    reporter.writes(consent_stats="yes")
    if genuine:
        handlers[0].judges(reporter.case_id, genuine=genuine)
    assert cells(app, custodian) == {}


def test_the_last_judgement_counts(
    app: Flask, reporter: Reporter, handlers: list[Handler], custodian: Settled
) -> None:
    reporter.writes(consent_stats="yes")
    handlers[0].judges(reporter.case_id, gbv_type="physical_assault")
    handlers[1].judges(reporter.case_id, gbv_type="denial")
    assert cells(app, custodian)[reporter.case_id]["kind"] == "other"
    handlers[0].judges(reporter.case_id, genuine="no")
    assert cells(app, custodian) == {}


def test_without_consent_only_the_total_knows_a_case(
    app: Flask, reporter: Reporter, handlers: list[Handler], custodian: Settled
) -> None:
    reporter.writes(sex="female", setting="home")
    handlers[0].judges(reporter.case_id, gbv_type="rape")
    assert cells(app, custodian)[reporter.case_id] == {
        "counts": OWN,
        **{dim: "no" if dim.startswith("need_") else "unsaid" for dim in CATEGORIES},
    }


def test_nobody_consents_for_somebody_else(
    app: Flask, reporter: Reporter, handlers: list[Handler], custodian: Settled
) -> None:
    reporter.writes(reporter_role="witness", survivor_aware="no", consent_stats="yes", sex="female")
    handlers[0].judges(reporter.case_id, gbv_type="rape")
    assert cells(app, custodian)[reporter.case_id] == {"counts": TOLD}


def test_a_case_is_counted_by_those_custodians_who_were_not_struck_out(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler]
) -> None:
    struck, *others = centre.of(Role.CUSTODIAN)
    reporter.writes(struck=[struck], consent_stats="yes")
    handlers[0].judges(reporter.case_id)
    assert cells(app, struck) == {}
    assert all(reporter.case_id in cells(app, other) for other in others)


def test_a_judgement_counts_only_with_a_handlers_own_signature(
    app: Flask, centre: Founded, reporter: Reporter, handlers: list[Handler], custodian: Settled
) -> None:
    reporter.writes(consent_stats="yes")
    assert custodian.credentials.seed is not None
    forged = Staff(member_id=handlers[0].person.person_id, roster_version=1, seed=bytes(32))
    by_a_custodian = Staff(member_id=custodian.person_id, roster_version=1, seed=custodian.credentials.seed)
    for author in (forged, by_a_custodian):
        write_judgement(app, reporter.case_id, author)
    assert cells(app, custodian) == {}
    genuine = Staff(member_id=handlers[0].person.person_id, roster_version=1, seed=handlers[0].seed)
    write_judgement(app, reporter.case_id, genuine)
    assert list(cells(app, custodian)) == [reporter.case_id]


def test_a_case_that_came_later_is_not_in_an_earlier_period(
    app: Flask, reporter: Reporter, handlers: list[Handler], custodian: Settled
) -> None:
    reporter.writes(consent_stats="yes")
    handlers[0].judges(reporter.case_id)
    assert cells(app, custodian, date(2026, 1, 31)) == {}


@pytest.mark.embedded
def test_a_case_that_was_erased_or_changed_by_hand_is_passed_over_and_the_others_count(
    app: Flask, handlers: list[Handler], custodian: Settled
) -> None:
    erased, broken, whole = (Reporter(app) for _ in range(3))
    for one in (erased, broken, whole):
        one.writes(consent_stats="yes")
        handlers[0].judges(one.case_id)
    with app.app_context(), db.writing() as session:
        eraser.erase(eraser_path(), session.get_one(CaseFile, erased.case_id).eraser_slot)
        part = session.scalars(
            select(Compartment).where(Compartment.case_id == broken.case_id, Compartment.kind == "story")
        ).one()
        part.blob = bytes(len(part.blob))  # everything after it hangs on it
    assert list(cells(app, custodian)) == [whole.case_id]


def test_stopped_and_gone_on_with_it_finds_the_same_and_says_how_far_it_is_of_all(
    app: Flask, handlers: list[Handler], custodian: Settled, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = [Reporter(app) for _ in range(3)]
    for place, one in enumerate(letters):
        one.writes(struck=[custodian] if place == 1 else [], consent_stats="yes")
        handlers[0].judges(one.case_id)
    whole = cells(app, custodian)
    monkeypatch.setattr(tally, "_BATCH", 1)
    opened, told = tally.NOTHING, []
    with app.app_context(), db.reading() as session:
        while not opened.whole:
            opened = tally.open_cells(
                session,
                custodian.identity,
                custodian.credentials.seed or b"",
                releases=(),
                as_of=core_clock.today(),
                so_far=opened,
                patience=0,
            )
            told.append(opened.percent)
    assert told == [33, 66, 100]
    assert opened.cells == whole
    assert whole.keys() == {letters[0].case_id, letters[2].case_id}


@pytest.mark.parametrize("role", [Role.HANDLER, Role.BOARD, Role.CAMPAIGNER, Role.ADMINISTRATOR])
def test_nobody_but_a_custodian_counts(app: Flask, centre: Founded, role: Role) -> None:
    person: Any = centre.of(role)[0]
    with app.app_context(), pytest.raises(Denied), db.reading() as session:
        tally.open_cells(
            session,
            person.identity,
            person.credentials.seed or bytes(32),
            releases=(),
            as_of=core_clock.today(),
        )


def test_tables_hold_the_cells_of_what_they_count_and_refuse_to_be_shown() -> None:
    here = {"counts": OWN, "kind": "sexual", "sex": "female", "age": "from_18", "setting": "work"}
    found = {"a": here, "b": here | {"kind": "other"}, "c": {"counts": TOLD}}
    wanted = [
        Wanted(name="own_by_kind", counts=OWN, dims={"kind": CATEGORIES["kind"]}),
        Wanted(name="told_in_all", counts=TOLD, dims={}),
    ]
    by_kind, told = tally.tabulate(found, tables=wanted, release="2026-09-30")
    assert isinstance(by_kind, RawTable)
    assert by_kind.totals() == {
        ("total",): 2,
        ("sexual",): 1,
        ("physical",): 0,
        ("other",): 1,
        ("unsaid",): 0,
    }
    assert told.totals() == {(): 1}
    with pytest.raises(TypeError):
        str(by_kind)
