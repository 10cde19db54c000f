"""Backup, restore and check as whoever keeps the machine meets them: commands, one sentence for each failure."""

from __future__ import annotations

import dataclasses
import os
import resource
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import inspect

from core import clock as core_clock
from core import db, log, memory, rosters
from core.access import Role
from core.backup import restoring, scratch, stream, taking
from core.config import Settings
from core.db import Base
from intake import eraser
from intake.form.report import Report
from intake.keeping import erasing
from intake.keys.founding import Founded
from intake.seal.receipt import MailboxKeys
from intake.writing import submission
from tests import conftest
from tests.conftest import StillClock
from tests.factories import signed_in
from tests.intake.test_files import a_picture, copy_of, holds_canary, listed, original_of, sends
from tests.letters import Handler, Reporter, desks

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
PICTURE = a_picture()


@pytest.fixture
def letter(app: Flask, centre: Founded) -> Reporter:
    """One letter that was opened and answered."""
    reporter = Reporter(app)
    reporter.writes(narrative="Một câu chuyện", reporter_name="Nguyễn Thị Ẩn")
    handler = desks(app, centre)[0]
    handler.opens(reporter.case_id)
    handler.answers(reporter.case_id, "Chúng tôi đã đọc.")
    return reporter


class Keeper:
    """Whoever keeps the machine, at a terminal, with a recipient's key pair in a folder of their own."""

    def __init__(self, app: Flask, folder: Path) -> None:
        self.app, self.folder = app, folder
        folder.mkdir(exist_ok=True)
        said = self.says("backup-key", str(folder / "two-safes"))
        assert said.exit_code == 0, said.output
        self.passphrase = next(line for line in said.output.splitlines() if line.startswith("  ")).strip()
        self.public, self.locked = folder / "two-safes.pub", folder / "two-safes.key"

    def says(self, *words: str, typed: str | None = None) -> Result:
        return self.app.test_cli_runner().invoke(args=["instance", *words], input=typed)

    def backs_up(self, name: str = "night", *more: str) -> Path:
        done = self.says("backup", str(self.folder / name), "--to", str(self.public), *more)
        assert done.exit_code == 0, done.output
        return self.folder / name

    def restores(self, file: Path, into: Path, *more: str, typed: str | None = None) -> Result:
        words = ["restore", str(file), "--into", str(into), "--key", str(self.locked), *more]
        return self.says(*words, typed=f"{typed or self.passphrase}\n")


@pytest.fixture
def keeper(app: Flask, letter: Reporter, tmp_path: Path) -> Keeper:
    return Keeper(app, tmp_path / "kept")


@pytest.fixture
def empty_database(request: pytest.FixtureRequest, app: Flask) -> Iterator[str]:
    """Where a restore goes: nothing for the embedded database, a fresh one on PostgreSQL."""
    if app.extensions["database"].embedded:
        yield ""
        return
    server = request.getfixturevalue("postgres")
    name = f"restored{os.getpid()}_{time.monotonic_ns()}"
    server.create(name)
    yield server.url(name)
    server.drop(name)


def elsewhere(app: Flask, into: Path, url: str) -> Settings:
    settings: Settings = app.extensions["settings"]
    object.__setattr__(settings, "database_url", url)  # the environment of the new machine
    return Settings(instance=into, database_url=url)


def test_what_is_destroyed_comes_back_and_everybody_opens_what_they_could(
    app: Flask, centre: Founded, letter: Reporter, keeper: Keeper, tmp_path: Path, empty_database: str
) -> None:
    assert sends(letter, PICTURE).status_code == 200
    file, erasers = keeper.backs_up(), keeper.backs_up("erasers", "--erasers")
    settings = elsewhere(app, tmp_path / "new", empty_database)
    before = rows(app.extensions["database"])
    app.extensions["database"].engine.dispose()
    said = keeper.restores(file, settings.instance, "--erasers", str(erasers))
    assert said.exit_code == 0, said.output
    assert "roster is version 1" in said.output.lower()
    assert {path.stat().st_mode & 0o777 for path in settings.instance.iterdir()} == {0o600}
    with conftest.running(settings) as restored:
        after = rows(restored.extensions["database"])
        assert {name: count for name, count in after.items() if not name.startswith("log_")} == {
            name: count for name, count in before.items() if not name.startswith("log_")
        }
        for desk in desks(restored, centre):
            opened = desk.opens(letter.case_id)
            assert opened.story["narrative"] == "Một câu chuyện"
            (attached,) = listed(restored, desk, letter.case_id)
            assert not holds_canary(copy_of(restored, desk, letter.case_id, attached.row))
            assert original_of(restored, centre, desk, letter.case_id, attached.row) == PICTURE
            assert [entry.text for entry in opened.entries] == ["Chúng tôi đã đọc."]
        letter.app, letter.client = restored, restored.test_client(use_cookies=False)
        assert "Chúng tôi đã đọc." in letter.opens().text
        new = Reporter(restored)
        new.writes(narrative="Sau khi phục hồi")
        assert desks(restored, centre)[0].opens(new.case_id).story["narrative"] == "Sau khi phục hồi"
        custodian = centre.of(Role.CUSTODIAN)[0]
        with restored.app_context(), db.reading() as session:
            seed, first = log.keys_for(session, custodian.person_id, custodian.credentials.seed or b"")
            log.check(session, first)
            assert "restored" in [line.deed for line in log.read(session, seed, limit=40)]


def rows(database: db.Database) -> dict[str, int]:
    """How many rows every table has."""
    with database.engine.connect() as connection:
        return {
            name: connection.exec_driver_sql(f'SELECT count(*) FROM "{name}"').scalar() or 0
            for name in inspect(connection).get_table_names()
        }


def test_a_backup_is_made_while_letters_arrive(app: Flask, keeper: Keeper, tmp_path: Path) -> None:
    written: list[str] = []

    def writes() -> None:
        for _ in range(3):
            reporter = Reporter(app)
            reporter.writes()
            written.append(reporter.case_id)

    busy = threading.Thread(target=writes)
    busy.start()
    keeper.backs_up()
    busy.join()
    assert len(written) == 3
    assert keeper.says("check").exit_code == 0


@pytest.mark.embedded
def test_the_eraser_keys_are_not_in_the_ordinary_backup(
    app: Flask, letter: Reporter, keeper: Keeper, tmp_path: Path
) -> None:
    said = keeper.restores(keeper.backs_up(), tmp_path / "new")
    assert said.exit_code == 0
    assert "no letter opens" in said.output
    assert not (tmp_path / "new" / "eraser.keys").exists()


@pytest.mark.embedded
def test_a_restore_says_when_the_machine_has_seen_a_newer_roster(
    app: Flask, keeper: Keeper, tmp_path: Path
) -> None:
    file = keeper.backs_up()
    assert "WARNING" not in keeper.restores(file, tmp_path / "before").output
    (app.extensions["settings"].instance / "roster.seen").write_text(f"3 {'a' * 64}\n")
    said = keeper.restores(file, tmp_path / "after")
    assert said.exit_code == 0, said.output
    assert "already seen roster version 3" in said.output


@pytest.mark.embedded
def test_an_erased_case_stays_erased_after_a_restore_with_a_newer_eraser_backup(
    app: Flask, centre: Founded, letter: Reporter, keeper: Keeper, tmp_path: Path
) -> None:
    file, before = keeper.backs_up(), keeper.backs_up("before", "--erasers")
    with app.app_context(), db.reading() as session:
        from intake.cases import load

        slot = load(session, letter.case_id).file.eraser_slot
    here = app.extensions["settings"].instance / "eraser.keys"
    eraser.erase(here, slot)
    after = keeper.backs_up("after", "--erasers")
    keys = here.read_bytes()
    here.unlink()
    both = ("--erasers", str(before), "--erasers", str(after))
    for name, more, local in (
        ("two backups", both, b""),
        ("the machine knows better", both[:2], keys),
        ("of another installation", both, keys[:64] + bytes([keys[64] ^ 1]) + keys[65:]),
    ):
        if local:
            here.write_bytes(local)
        said = keeper.restores(file, tmp_path / name, *more)
        assert said.exit_code == 0, said.output
        assert ("another installation" in said.output) is name.startswith("of another")
        with pytest.raises(eraser.Erased):
            eraser.key(tmp_path / name / "eraser.keys", slot)
        assert eraser.count(tmp_path / name / "eraser.keys").erased == 1


@pytest.mark.embedded
def test_eraser_backups_count_for_35_days_and_the_next_one_destroys_older_ones(
    clock: StillClock, app: Flask, keeper: Keeper, tmp_path: Path
) -> None:
    file, old = keeper.backs_up(), keeper.backs_up("old", "--erasers")
    clock.set(core_clock.now() + timedelta(days=35))
    assert keeper.restores(file, tmp_path / "in-time", "--erasers", str(old)).exit_code == 0
    clock.set(core_clock.now() + timedelta(days=1))
    said = keeper.restores(file, tmp_path / "late", "--erasers", str(old))
    assert said.exit_code == 1
    assert "older than 35 days" in said.output
    assert not (tmp_path / "late").exists()
    keeper.backs_up("fresh", "--erasers")
    assert not old.exists()
    assert file.exists()


@pytest.mark.embedded
def test_a_wrong_passphrase_a_cut_file_a_flipped_byte_and_a_full_folder_are_told_in_one_sentence(
    keeper: Keeper, tmp_path: Path
) -> None:
    file = keeper.backs_up()
    raw = file.read_bytes()
    cut, flipped, other = tmp_path / "cut", tmp_path / "flipped", tmp_path / "other"
    cut.write_bytes(raw[: len(raw) // 2])
    flipped.write_bytes(raw[:-50] + bytes([raw[-50] ^ 1]) + raw[-49:])
    other.write_bytes(b"not a backup at all")
    full = tmp_path / "full"
    full.mkdir()
    (full / "something").touch()
    new = tmp_path / "new"
    for said, words in (
        (keeper.restores(file, new, typed="sai-hoan toan"), "does not open this key"),
        (keeper.restores(cut, new), "cut short or was changed"),
        (keeper.restores(flipped, new), "cut short or was changed"),
        (keeper.restores(other, new), "not a backup of this program"),
        (keeper.restores(file, full), "not empty"),
        (keeper.restores(keeper.backs_up("er", "--erasers"), new), "FILE must be"),
        (keeper.says("backup", str(file), "--to", str(keeper.public)), "replaces nothing"),
        (keeper.says("backup", str(new), "--to", str(keeper.locked)), "….pub"),
    ):
        assert said.exit_code == 1, said.output
        assert words in said.output
        assert said.output.count("\n") <= 2, said.output
        assert not new.exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


@pytest.mark.embedded
def test_every_place_of_a_backup_is_bound_to_its_own_file() -> None:
    """Chunks cannot be swapped, dropped from the end, or taken from another file."""
    import io

    from core.sealing import PrivateKey, SharedKey

    public = PrivateKey.from_seed(bytes(32)).public
    key = SharedKey.random()
    heading = stream.Heading(
        kind="instance", made_on="2026-11-24", revision="0001", database="embedded",
        wraps=stream.wraps_for(key, [public]),
    )  # fmt: skip
    file = io.BytesIO()
    writer = stream.Writer(file, heading, key)
    writer.write(os.urandom(3 * stream.CHUNK))
    writer.finish()
    raw = file.getvalue()
    for spoilt in (raw[: len(raw) - 100], raw + b"x", raw.replace(b"2026-11-24", b"2026-12-24")):
        again = io.BytesIO(spoilt)
        reader = stream.Reader(again, stream.read_heading(again), key)
        with pytest.raises(stream.BackupHurt):
            reader.read(3 * stream.CHUNK)
            reader.end()
    with pytest.raises(stream.NotForThisKey):
        stream.unwrap(heading, PrivateKey.from_seed(bytes([1]) * 32))


@pytest.mark.embedded
def test_a_backup_of_a_newer_version_is_left_alone(
    keeper: Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core import migrate

    file = keeper.backs_up()
    monkeypatch.setattr(migrate, "knows", lambda revision: False)
    said = keeper.restores(file, tmp_path / "new")
    assert said.exit_code == 1
    assert "newer version" in said.output
    assert not (tmp_path / "new").exists()


def command(app: Flask, *words: str, **options: object) -> subprocess.Popen[str]:
    """The command as a process of its own."""
    environment = {**os.environ, "INSTANCE": str(app.extensions["settings"].instance)}
    return subprocess.Popen(
        [sys.executable, "-m", "flask", "instance", *words],
        cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options,
    )  # type: ignore[call-overload,no-any-return]  # fmt: skip


@pytest.mark.slow
@pytest.mark.embedded
def test_a_full_disk_leaves_nothing_behind(app: Flask, keeper: Keeper) -> None:
    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (90_000, 90_000))
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    done = command(app, "backup", str(keeper.folder / "f"), "--to", str(keeper.public), preexec_fn=small)
    said, _ = done.communicate(timeout=60)
    assert done.returncode == 1
    assert "full" in said
    assert sorted(path.name for path in keeper.folder.iterdir()) == ["two-safes.key", "two-safes.pub"]


@pytest.mark.slow
@pytest.mark.embedded
def test_a_backup_killed_half_way_never_has_the_final_name_and_the_next_one_sweeps_it_up(
    app: Flask, keeper: Keeper, tmp_path: Path
) -> None:
    final = keeper.folder / "night"
    killed = 0
    for moment in (0.3, 0.6, 0.9, 1.1):
        running = command(app, "backup", str(final), "--to", str(keeper.public))
        time.sleep(moment)
        if running.poll() is None:
            killed += 1
        running.kill()
        running.communicate()
        if final.exists():  # it was through already: then it is a whole one
            assert keeper.restores(final, tmp_path / f"whole-{moment}").exit_code == 0
            final.unlink()
    assert killed
    keeper.backs_up()
    assert [path.name for path in keeper.folder.iterdir() if path.name.endswith(".part")] == []
    place = memory.folder(app.extensions["settings"].instance)
    assert not place.with_name(f"{place.name}-backup").exists()


@pytest.mark.embedded
def test_two_backups_at_once_and_a_memory_that_is_too_small_are_told(
    app: Flask, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scratch.scratch(app.extensions["settings"].instance, 0):
        said = keeper.says("backup", str(keeper.folder / "x"), "--to", str(keeper.public))
    assert "at this moment" in said.output
    monkeypatch.setattr(taking, "_size", lambda database: 10**15)
    said = keeper.says("backup", str(keeper.folder / "x"), "--to", str(keeper.public))
    assert "--scratch names a folder" in said.output


# check


def test_check_finds_nothing_wrong_with_a_sound_installation(app: Flask, keeper: Keeper) -> None:
    said = keeper.says("check")
    assert said.exit_code == 0, said.output
    assert "BAD" not in said.output
    for what in ("files:", "database:", "steps:", "roster:", "log:", "eraser keys:"):
        assert what in said.output


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ("DELETE FROM log_line WHERE sequence = 1", "Line 1 is missing"),
        ("DELETE FROM log_line WHERE sequence = (SELECT max(sequence) FROM log_line)", "removed"),
        ("UPDATE roster_version SET signatures = '{}'", "roster"),
        ("UPDATE alembic_version SET version_num = '9999'", "step 9999"),
        ("DELETE FROM key_set", "damaged"),
    ],
)
def test_check_names_what_is_wrong(app: Flask, keeper: Keeper, harm: str, words: str) -> None:
    path = app.extensions["settings"].instance / "centre.db"
    with sqlite3.connect(path) as connection:
        connection.execute(harm)
    connection.close()
    said = keeper.says("check")
    assert said.exit_code == 1, said.output
    assert words in said.output
    assert "BAD" in said.output


@pytest.mark.embedded
def test_check_sees_lost_key_files_and_files_that_others_may_read(app: Flask, keeper: Keeper) -> None:
    folder: Path = app.extensions["settings"].instance
    (folder / "eraser.keys").write_bytes(b"short")
    (folder / "log.key").unlink()
    (folder / "roster.seen").chmod(0o644)
    said = keeper.says("check")
    assert said.exit_code == 1
    assert "roster.seen" in said.output
    assert "Missing or cut short" in said.output
    assert "key file of the log is missing" in said.output


@pytest.mark.embedded
def test_check_from_elsewhere_compares_the_served_scripts_with_the_release(
    app: Flask, keeper: Keeper, live: conftest.Live
) -> None:
    said = keeper.says("check", "--url", live.url)
    assert said.exit_code == 0, said.output
    for name in ("letter.js", "mailbox.js", "files.js"):
        assert f"{name}: As released" in said.output
    assets = app.extensions["assets"]
    good = assets["letter.js"]
    assets["letter.js"] = dataclasses.replace(good, raw=good.raw + b"\nfetch('//elsewhere')")
    said = keeper.says("check", "--url", live.url)
    assert said.exit_code == 1
    assert "letter.js: It is not this release's" in said.output
    said = keeper.says("check", "--url", "http://127.0.0.1:9")
    assert said.exit_code == 1
    assert "does not answer" in said.output


def test_erased_keys_win_and_foreign_ones_are_refused() -> None:
    one, two, other = os.urandom(32), os.urandom(32), os.urandom(32)
    gone = bytes(32)
    assert restoring.merge(one + gone, one + two) == one + gone
    for strange in (one + other, one):
        with pytest.raises(restoring.ErasersDiffer):
            restoring.merge(one + two, strange)


@pytest.mark.embedded
def test_check_finds_a_letter_that_was_replaced_under_its_own_id_and_one_that_is_gone(
    app: Flask, keeper: Keeper, handlers: list[Handler]
) -> None:
    first, second = Reporter(app), Reporter(app)
    first.writes()
    second.writes()
    assert "compares them with today's" in keeper.says("check").output
    assert "none was replaced" in keeper.says("check").output
    handlers[0].cases()
    replace_whole(app, first.case_id, second.case_id)
    said = keeper.says("check").output
    assert "1 stand in the place of others, 1 are gone" in said
    assert "1 stand in the place of others, 1 are gone" in keeper.says("check").output, (
        "until it is dealt with"
    )
    (line,) = [one for one in handlers[0].cases() if one.case_id == first.case_id]
    assert line.replaced
    browser = signed_in(app, handlers[0].person)
    assert "bị thay" in browser.get("/lam-viec/").text
    assert "Đây không còn là thư bạn đã mở" in browser.get(f"/lam-viec/{first.case_id}").text


def replace_whole(app: Flask, victim: str, other: str) -> None:
    """As whoever writes into the database could with a letter of their own: seal one under this id, drop the rest."""
    said = {"reporter_role": "self", "danger_now": "no", "age_group": "18_59", "what_kind": ("threats",)}
    report = Report(answers={**said, "contact_mode": "mailbox", "ack_limits": True})
    with app.app_context():
        with db.reading() as session:
            roster = rosters.current(session)
        keys = MailboxKeys(token=os.urandom(32), seed=os.urandom(32))
        theirs = submission.seal(report, roster, victim, keys)
        with db.writing() as session:
            erasing._forget(session.connection(), Base.metadata.tables["case_file"], "id", [victim, other])
            submission.keep(session, theirs)
