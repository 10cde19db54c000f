"""The rows of a case keep to the list of the threat model, whatever somebody adds later."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError, OperationalError

from core import clock, db
from core.db import new_id
from intake import models
from intake.models import CaseFile, KeySet
from tests import factories
from tests.letters import Reporter, desks

IN_CLEAR = {
    "case_file": {"id", "mailbox", "arrived_on", "state", "urgent", "messages", "size_class", "eraser_slot"},
    "key_set": {"id", "case_id", "side", "roster_version"},
    "compartment": {"id", "case_id", "kind", "sequence", "key_set_s", "key_set_c"},
    "letter": {"id", "case_id", "sequence"},
    "erased_case": {"mark"},
    "stored_file": {"id", "case_id"},
    "arriving_file": {"file_id", "begun_on", "clean_chunks", "original_chunks"},
    "file_chunk": {"file_id", "copy", "number"},
}
SEALED = {
    "case_file": {"openings_handlers", "openings_reporter", "for_reporter"},
    "key_set": {"blob"},
    "compartment": {"blob"},
    "letter": {"blob"},
    "erased_case": set(),
    "stored_file": set(),
    "arriving_file": set(),
    "file_chunk": {"blob"},
}


def a_case(**other: Any) -> CaseFile:
    row = {
        "id": new_id(),
        "mailbox": new_id() + new_id(),
        "arrived_on": clock.today(),
        "state": "received",
        "urgent": False,
        "messages": 0,
        "size_class": "words",
        "eraser_slot": 1,
        "openings_handlers": b"",
        "openings_reporter": b"",
        "for_reporter": b"",
    }
    return CaseFile(**row | other)


@pytest.mark.parametrize("table", sorted(IN_CLEAR))
def test_no_column_stands_in_clear_beyond_the_list(app: Flask, table: str) -> None:
    with app.app_context():
        columns = {column["name"] for column in inspect(db.current().engine).get_columns(table)}
    assert columns == IN_CLEAR[table] | SEALED[table]


@pytest.mark.embedded
@pytest.mark.parametrize("table", sorted(IN_CLEAR))
def test_the_embedded_database_keeps_no_hidden_order_of_rows(app: Flask, table: str) -> None:
    with (
        app.app_context(),
        db.reading() as session,
        pytest.raises(OperationalError, match="no such column: rowid"),
    ):
        session.execute(text(f"SELECT rowid FROM {table}"))


@pytest.mark.parametrize(
    "wrong", [{"state": "lost"}, {"size_class": "huge"}, {"messages": -1}], ids=["state", "size", "messages"]
)
def test_the_database_itself_refuses_what_no_case_can_be(app: Flask, wrong: dict[str, Any]) -> None:
    with app.app_context(), pytest.raises(IntegrityError), db.writing() as session:
        session.add(a_case(**wrong))


def test_two_cases_never_share_a_mailbox_or_an_eraser_key(app: Flask) -> None:
    with app.app_context():
        with db.writing() as session:
            session.add(a_case(mailbox="a" * 64, eraser_slot=7))
        for same in ({"mailbox": "a" * 64, "eraser_slot": 8}, {"eraser_slot": 7}):
            with pytest.raises(IntegrityError), db.writing() as session:
                session.add(a_case(**same))


def test_a_key_belongs_to_one_of_two_sides(app: Flask) -> None:
    case = a_case()
    with app.app_context(), pytest.raises(IntegrityError), db.writing() as session:
        session.add(case)
        session.flush()
        session.add(KeySet(id=new_id(), case_id=case.id, side="X", roster_version=1, blob=b""))


def test_every_sealed_part_of_a_kind_has_one_length(app: Flask) -> None:
    with factories.cheap_locks():
        centre = factories.found_centre(app)
    short, long = Reporter(app), Reporter(app)
    short.writes()
    long.writes(
        struck=[centre.people[1]],
        narrative="ữ" * 4000,
        reporter_name="Nguyễn Thị Ẩn",
        contact_mode="phone",
        safe_contact="sau 19 giờ",
        what_kind=["physical", "threats", "money", "unsure"],
        people_involved="ộ" * 500,
    )
    for reporter in (short, long):
        reporter.adds("a" if reporter is short else "ệ" * 4000)
    for case_id in (short.case_id, long.case_id):
        desks(app, centre)[0].answers(case_id, "ừ" * (1 if case_id == short.case_id else 4000))
    with app.app_context(), db.reading() as session:
        for model, kinds in (
            (models.CaseFile, ("openings_handlers", "openings_reporter", "for_reporter")),
            (models.Letter, ("blob",)),
        ):
            for column in kinds:
                assert len({len(getattr(row, column)) for row in session.query(model)}) == 1, column
        by_kind: dict[str, set[int]] = {}
        for part in session.query(models.Compartment):
            by_kind.setdefault(part.kind, set()).add(len(part.blob))
        assert {kind: len(sizes) for kind, sizes in by_kind.items()} == dict.fromkeys(models.KINDS, 1)
        slots: dict[str, set[int]] = {}
        for key_set in session.query(models.KeySet):
            slots.setdefault(key_set.side, set()).add(len(key_set.blob))
        assert {side: len(sizes) for side, sizes in slots.items()} == {"S": 1, "C": 1}
