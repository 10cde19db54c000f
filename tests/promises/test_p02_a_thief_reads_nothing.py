"""P2: a thief of the whole disk and the server's environment opens nothing, and learns only what is listed.

The test is the thief: it has every file of a stopped installation with reports in every state, tries every
key it can find on everything it finds, and reads the rows for anything that tells handler, opening or strike-out.
"""

from __future__ import annotations

import base64
import hashlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from core import db, rosters
from core.access import Role
from core.sealing import CannotOpen, PrivateKey, SharedKey
from intake import eraser
from intake.cases import load
from intake.eraser import eraser_path
from intake.keys.founding import Founded
from intake.models import CaseFile, Compartment, KeySet, Letter
from intake.seal.compartments import FIRST, Keys, read_compartment
from intake.seal.envelope import first_place
from intake.seal.receipt import derive
from intake.seal.slots import Side, SideKey, open_slot
from tests.letters import Reporter, desks

pytestmark = pytest.mark.embedded

CANARY = "CANARY nỗi đau"


@pytest.fixture
def robbed(app: Flask, centre: Founded) -> list[Reporter]:
    """An installation with four reports: untouched, opened, answered, and one with strike-outs."""
    reporters = [Reporter(app) for _ in range(4)]
    handler = desks(app, centre)[0]
    struck = [centre.of(Role.HANDLER)[1], centre.of(Role.CUSTODIAN)[0]]
    for number, reporter in enumerate(reporters):
        reporter.writes(
            struck=struck if number == 3 else [], narrative=CANARY * (1 + 20 * number), reporter_name=CANARY
        )
    for reporter in reporters[1:]:
        handler.opens(reporter.case_id)
    handler.answers(reporters[2].case_id, CANARY)
    handler.judges(reporters[2].case_id)
    reporters[2].adds(CANARY)
    handler.cases()
    app.extensions["database"].engine.dispose()
    return reporters


def loot(app: Flask) -> dict[str, bytes]:
    """Every file of the instance folder and everything in the environment."""
    folder: Path = app.extensions["settings"].instance
    files = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    environment = "\n".join(f"{name}={value}" for name, value in os.environ.items())
    return files | {"environment": environment.encode()}


def candidates(app: Flask) -> Iterator[bytes]:
    """Everything of the length of a key in the small files, and the eraser keys of the cases."""
    for name, content in loot(app).items():
        if name.startswith("centre.db") or name == "eraser.keys":
            continue
        yield hashlib.sha256(content).digest()
        for start in range(max(0, len(content) - 31)):
            yield content[start : start + 32]
        for word in content.split():
            for decode in (bytes.fromhex, base64.b64decode):
                try:
                    found = decode(word.decode())  # type: ignore[operator]
                except ValueError:
                    continue
                if len(found) == 32:
                    yield found


def test_no_word_and_no_receipt_stands_in_any_file(app: Flask, robbed: list[Reporter]) -> None:
    for name, content in loot(app).items():
        assert CANARY.encode() not in content, name
        for reporter in robbed:
            assert reporter.receipt.encode() not in content, name


def test_no_file_and_no_setting_holds_the_seed_of_anybody(
    app: Flask, centre: Founded, robbed: list[Reporter]
) -> None:
    seeds = [person.credentials.seed for person in centre.people if person.credentials.seed]
    with app.app_context():
        for reporter in robbed:
            keys = derive(reporter.receipt, centre.roster.installation)
            seeds += [keys.seed, keys.token]
    for name, content in loot(app).items():
        for seed in seeds:
            for spelling in (seed, seed.hex().encode(), base64.b64encode(seed)):
                assert spelling not in content, name


def test_no_key_that_can_be_found_opens_a_slot_or_a_part(app: Flask, robbed: list[Reporter]) -> None:
    with app.app_context(), db.reading() as session:
        chain = rosters.chain(session)
        case = load(session, robbed[0].case_id)
        eraser_key = eraser.key(eraser_path(), case.file.eraser_slot)
        publics = {member.seal_public for member in chain[-1].members} | {chain[-1].recovery_public}
        keys = {*candidates(app), eraser_key.raw}
        assert len(keys) > 50
        for raw in keys:
            assert PrivateKey.from_seed(raw).public.raw not in publics
            half = SharedKey(raw)
            for kind in FIRST:
                part, place = case.first_part(kind), first_place(case.id, kind, case.heads)
                for given in (
                    Keys(handlers=half, names=half, custodians=half),
                    Keys(handlers=SideKey.from_names(half).key, names=half, half=half),
                ):
                    with pytest.raises(CannotOpen):
                        read_compartment(part.blob, place, given, rosters=chain, proof=None)


def test_slots_do_not_open_without_the_eraser_file_even_for_a_handler(
    app: Flask, centre: Founded, robbed: list[Reporter]
) -> None:
    handler = centre.of(Role.HANDLER)[0]
    assert handler.credentials.seed is not None
    with app.app_context(), db.reading() as session:
        key_set = session.scalars(select(KeySet).where(KeySet.side == "S")).first()
        assert key_set is not None
        with pytest.raises(CannotOpen):
            open_slot(
                key_set.blob,
                handler.person_id,
                PrivateKey.from_seed(handler.credentials.seed),
                eraser=SharedKey.random(),
                case_id=key_set.case_id,
                side=Side.HANDLERS,
                roster=rosters.chain(session)[0],
            )


def test_no_row_of_a_case_and_no_line_of_the_log_names_anybody(
    app: Flask, centre: Founded, robbed: list[Reporter]
) -> None:
    names = [person.person_id for person in centre.people] + [person.name for person in centre.people]
    spellings = [name.encode() for name in names] + [
        bytes.fromhex(person.person_id) for person in centre.people
    ]
    with sqlite3.connect(app.extensions["settings"].instance / "centre.db") as connection:
        for table in ("case_file", "key_set", "compartment", "letter", "log_line"):
            for row in connection.execute(f"SELECT * FROM {table}"):
                told = b"\0".join(cell if isinstance(cell, bytes) else str(cell).encode() for cell in row)
                assert not [name for name in spellings if name in told], table
    connection.close()


def test_opened_and_unopened_struck_out_and_open_to_all_look_alike(
    app: Flask, robbed: list[Reporter]
) -> None:
    with app.app_context(), db.reading() as session:
        shapes = []
        for reporter in robbed:
            file = session.get(CaseFile, reporter.case_id)
            assert file is not None
            cells = (file.openings_handlers, file.openings_reporter, file.for_reporter)
            first = select(Compartment).where(
                Compartment.case_id == reporter.case_id, Compartment.kind != "entry"
            )
            parts = sorted((part.kind, len(part.blob)) for part in session.scalars(first))
            sets = select(KeySet).where(KeySet.case_id == reporter.case_id).limit(2)
            slots = {(key_set.side, len(key_set.blob)) for key_set in session.scalars(sets)}
            shapes.append(([len(cell) for cell in cells], parts, sorted(slots)[:2]))
        assert all(shape == shapes[0] for shape in shapes[:2] + shapes[3:])
        assert len({len(letter.blob) for letter in session.scalars(select(Letter))}) == 1


def test_what_stands_in_clear_is_what_the_threat_model_lists(app: Flask, robbed: list[Reporter]) -> None:
    """Day, state, urgency, number of messages, size class: nothing in them depends on who or on the words."""
    with app.app_context(), db.reading() as session:
        for reporter in robbed:
            file = session.get(CaseFile, reporter.case_id)
            assert file is not None
            assert file.state in {"received", "reading", "answered", "closed"}
            assert (file.urgent, file.size_class) == (False, "words")
        assert len({session.get(CaseFile, one.case_id).eraser_slot for one in robbed}) == 4  # type: ignore[union-attr]
