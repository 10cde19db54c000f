"""P13: what has passed its retention date opens no more, nor from a backup that the eraser file has outlived.

Everybody's true keys, the cards and a copy of the database from before are tried, without the program's
permission, on what is left of an erased case.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from flask import Flask

from core import config, db, rosters
from core.access import Role
from core.db import Database
from core.sealing import CannotOpen, PrivateKey
from intake import eraser
from intake.cases import Case, Holder, load
from intake.eraser import eraser_path
from intake.keeping import erasing
from intake.keys import cards
from intake.keys.founding import Founded
from intake.models import CaseFile, Compartment, KeySet, Letter
from intake.seal.slots import RECOVERY, Side, open_slot
from tests.erasing import erase, years_on
from tests.letters import Reporter, desks

pytestmark = pytest.mark.embedded


@pytest.fixture
def old(app: Flask, centre: Founded) -> Reporter:
    """A closed case."""
    one = Reporter(app)
    one.writes(narrative="CANARY", reporter_name="CANARY")
    desks(app, centre)[0].answers(one.case_id, "CANARY", "closed")
    return one


def opens_to(case: Case, centre: Founded) -> list[str]:
    """Everybody whose keys open a side of this case, and the cards."""
    found = []
    with db.reading() as session:
        chain = rosters.chain(session)
    for person in centre.people:
        if person.credentials.seed is not None:
            try:
                case.open_for(Holder.of(person.identity, person.credentials.seed), chain)
            except CannotOpen:
                continue
            found.append(person.name)
    try:
        key_set = case.first_key_set(Side.HANDLERS)
        seed = cards.recover(centre.cards[:2], chain[-1].recovery_public)
        open_slot(
            key_set.blob,
            RECOVERY,
            PrivateKey.from_seed(seed),
            eraser=eraser.key(eraser_path(), case.file.eraser_slot),
            case_id=case.id,
            side=Side.HANDLERS,
            roster=chain[-1],
        )
        found.append("cards")
    except CannotOpen:
        pass
    return found


def blobs(case_id: str) -> list[bytes]:
    """Every sealed byte string of a case."""
    with db.reading() as session:
        rows = [session.get_one(CaseFile, case_id)]
        kept = [row.blob for kind in (KeySet, Compartment, Letter) for row in session.query(kind)]
        return [*kept, rows[0].for_reporter, rows[0].openings_handlers, rows[0].openings_reporter]


def copy_of(folder: Path, into: Path) -> Database:
    """A backup of the database alone, as it lies there now."""
    into.mkdir()
    for path in folder.glob("centre.db*"):
        shutil.copy(path, into)
    return Database(f"sqlite:///{into / 'centre.db'}")


def test_past_its_date_neither_page_nor_deed_shows_it_and_then_nobodys_keys_open_it(
    app: Flask, centre: Founded, old: Reporter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = desks(app, centre)[0]
    with app.app_context():
        folder = config.current().instance
        sealed = blobs(old.case_id)
        backup = copy_of(folder, tmp_path / "backup")
        with backup.reading() as session:
            before = load(session, old.case_id)
            everybody = len(centre.of(Role.HANDLER)) + len(centre.of(Role.CUSTODIAN)) + 1
            assert len(opens_to(before, centre)) == everybody, "while the key stands, a backup opens"
    years_on(monkeypatch)
    erase(app, handler, old.case_id)
    with app.app_context():
        with backup.reading() as session:
            assert opens_to(load(session, old.case_id), centre) == []
        lying_there = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert not [path for path in lying_there for blob in sealed if blob in path or blob[:64] in path]


def test_an_older_eraser_file_is_what_would_bring_it_back_and_lives_thirty_five_days(
    app: Flask, centre: Founded, old: Reporter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.backup import taking

    with app.app_context():
        folder, keys = config.current().instance, eraser_path()
        backup = copy_of(folder, tmp_path / "backup")
        shutil.copy(keys, tmp_path / "eraser.old")
        years_on(monkeypatch)
        erase(app, desks(app, centre)[0], old.case_id)
        with backup.reading() as session:
            case = load(session, old.case_id)
            assert opens_to(case, centre) == []
            shutil.copy(tmp_path / "eraser.old", keys)
            assert opens_to(case, centre) != []
    assert taking.ERASER_DAYS == 35, "restore refuses an older one: tests of the backup"


def test_the_mark_of_an_erased_case_tells_nothing_of_it(
    app: Flask, centre: Founded, old: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    years_on(monkeypatch)
    erase(app, desks(app, centre)[0], old.case_id)
    with app.app_context():
        folder = config.current().instance
        everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert old.case_id.encode() not in everything
    assert erasing.mark_of(old.case_id).encode() in everything
