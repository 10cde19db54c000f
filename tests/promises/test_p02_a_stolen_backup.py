"""P2 and P13: a stolen backup shows nothing, and opened with its key no more than a thief of the disk sees.

Even everybody's passphrases together open no letter out of it: the eraser keys are in another file, good for 35 days.
"""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from core import db, rosters
from core.backup import recipients, restoring, taking
from core.config import Settings
from core.sealing import CannotOpen, PrivateKey, SharedKey
from intake import eraser
from intake.cases import load
from intake.keys import cards
from intake.keys.founding import Founded
from intake.models import KeySet
from intake.seal.receipt import derive
from intake.seal.slots import RECOVERY, Side, open_slot
from tests import conftest
from tests.letters import Reporter, desks

pytestmark = pytest.mark.embedded

CANARY = "CANARY nỗi đau"


@pytest.fixture
def reporter(app: Flask, centre: Founded) -> Reporter:
    """A letter that was opened, answered and judged, with a name in it and an answer to it."""
    reporter = Reporter(app)
    reporter.writes(narrative=CANARY * 20, reporter_name=CANARY)
    handler = desks(app, centre)[0]
    handler.opens(reporter.case_id)
    handler.answers(reporter.case_id, CANARY)
    handler.judges(reporter.case_id)
    reporter.adds(CANARY)
    return reporter


@pytest.fixture
def key(tmp_path: Path) -> PrivateKey:
    """A recipient's key, which is never on the machine."""
    pair = recipients.make()
    recipients.keep(pair.locked, tmp_path / "locked")
    return recipients.unlock(tmp_path / "locked", pair.passphrase)


@pytest.fixture
def stolen(app: Flask, reporter: Reporter, key: PrivateKey, tmp_path: Path) -> Path:
    """The nightly file."""
    settings = app.extensions["settings"]
    with app.app_context():
        taking.take(settings, app.extensions["database"], tmp_path / "stolen", [key.public])
    return tmp_path / "stolen"


def secrets_of(app: Flask, centre: Founded, reporter: Reporter) -> list[bytes]:
    """Every seed, every passphrase, and what the receipt gives."""
    keys = derive(reporter.receipt, centre.roster.installation)
    found = [keys.seed, keys.token, reporter.receipt.encode()]
    for person in centre.people:
        found.append(person.credentials.passphrase.encode())
        found += [person.credentials.seed] if person.credentials.seed else []
    return found


def test_without_its_key_a_backup_shows_a_day_and_nothing_else(
    app: Flask, centre: Founded, reporter: Reporter, stolen: Path
) -> None:
    content = stolen.read_bytes()
    told = [CANARY.encode(), reporter.case_id.encode(), b"SQLite format", *secrets_of(app, centre, reporter)]
    for person in centre.people:
        told += [person.name.encode(), person.person_id.encode(), bytes.fromhex(person.person_id)]
    assert [words for words in told if words in content] == []
    heading = restoring.heading_of(stolen)
    assert set(heading.wraps)
    assert heading.kind == "instance"


def test_with_its_key_it_shows_no_word_no_seed_and_no_eraser_key(
    app: Flask, centre: Founded, reporter: Reporter, stolen: Path, key: PrivateKey, tmp_path: Path
) -> None:
    restoring.restore(stolen, tmp_path / "opened", key, None, "sqlite:///")
    files = {path.name: path.read_bytes() for path in (tmp_path / "opened").iterdir()}
    assert set(files) == {"centre.db", "log.key", "roster.seen"}
    raw = (app.extensions["settings"].instance / "eraser.keys").read_bytes()
    eraser_keys = {raw[at : at + 32] for at in range(32, len(raw), 32)}
    for name, content in files.items():
        assert CANARY.encode() not in content, name
        for secret in secrets_of(app, centre, reporter):
            for spelling in (secret, secret.hex().encode(), base64.b64encode(secret)):
                assert spelling not in content, name
    with app.app_context(), db.reading() as session:
        mine = eraser.key(
            app.extensions["settings"].instance / "eraser.keys",
            load(session, reporter.case_id).file.eraser_slot,
        )
    assert mine.raw in eraser_keys
    assert [name for name, content in files.items() if mine.raw in content] == []


def test_everybodys_passphrases_and_cards_open_no_letter_out_of_a_backup_without_the_eraser_file(
    app: Flask, centre: Founded, reporter: Reporter, stolen: Path, key: PrivateKey, tmp_path: Path
) -> None:
    restoring.restore(stolen, tmp_path / "opened", key, None, "sqlite:///")
    holders = [(person.person_id, person.credentials.seed) for person in centre.people]
    holders.append((RECOVERY, cards.recover(centre.cards[:2], centre.roster.recovery_public)))
    with (
        conftest.running(Settings(instance=tmp_path / "opened")) as opened,
        opened.app_context(),
        db.reading() as session,
    ):
        chain = rosters.chain(session)
        key_sets = session.scalars(select(KeySet)).all()
        assert key_sets
        for key_set in key_sets:
            for member_id, seed in holders:
                for guess in (SharedKey(bytes(32)), SharedKey.random(), SharedKey(seed or bytes(32))):
                    with pytest.raises(CannotOpen):
                        open_slot(
                            key_set.blob,
                            member_id,
                            PrivateKey.from_seed(seed or bytes(32)),
                            eraser=guess,
                            case_id=key_set.case_id,
                            side=Side(key_set.side),
                            roster=chain[key_set.roster_version - 1],
                        )


def test_the_machine_that_makes_backups_cannot_open_them(
    app: Flask, centre: Founded, stolen: Path, key: PrivateKey
) -> None:
    """Nothing in the instance folder is the recipient's key or the key of the file."""
    from core.backup.stream import unwrap

    file_key = unwrap(restoring.heading_of(stolen), key)
    for path in app.extensions["settings"].instance.iterdir():
        content = path.read_bytes()
        assert file_key.raw not in content
        assert file_key.raw.hex().encode() not in content
