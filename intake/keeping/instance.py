"""`flask instance backup-key | backup | restore | check`: for whoever keeps the machine. Each says one line."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NoReturn

import click
from flask import Blueprint, Flask
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from core import clock, config, db, keys, log, rosters
from core.backup import recipients
from core.backup.recipients import NotABackupKey, NotARecipient, WrongPassphrase
from core.backup.scratch import AnotherIsRunning, NoRoom
from core.backup.stream import BackupHurt, NotABackup, NotForThisKey
from core.config import Settings
from core.db import Database
from core.roster import RosterRefused
from core.rosters import NoRoster
from intake import eraser
from intake.cases import newest_arrival
from intake.desk import notices
from intake.files import room
from intake.keeping import left_behind, seen_letters

commands = Blueprint("instance_commands", __name__, cli_group="instance")

PATH: Final = click.Path(path_type=Path)
FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)

_SENTENCES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (AnotherIsRunning, "A backup of this installation is being made at this moment; wait for it."),
    (NotABackup, "This is not a backup of this program, or one of a newer version. Nothing was written."),
    (
        NotForThisKey,
        "This backup was not made for this key. Its own key is another one. Nothing was written.",
    ),
    (NotARecipient, "--to needs the public file that `flask instance backup-key` made (….pub)."),
    (NotABackupKey, "--key needs the locked file that `flask instance backup-key` made (….key)."),
    (WrongPassphrase, "This passphrase does not open this key. Nothing was written."),
    (BackupHurt, "The backup is cut short or was changed: it is not used, and nothing was written."),
    (keys.Busy, "Many people are signing in at once; try again in a minute."),
)


@commands.cli.command("backup-key")
@click.argument("name", type=PATH)
def backup_key(name: Path) -> None:
    """Make a key pair for backups: NAME.pub for this machine, NAME.key to be kept elsewhere."""
    public, locked = name.with_name(f"{name.name}.pub"), name.with_name(f"{name.name}.key")
    if public.exists() or locked.exists():
        raise click.ClickException(f"{public.name} or {locked.name} is there already; choose another name.")
    with _plainly():
        pair = recipients.make()
        recipients.keep(pair.public, public)
        recipients.keep(pair.locked, locked)
    click.echo(f"{public}  stays here: backups are made with it.")
    click.echo(f"{locked}  move it off this machine, to two places.")
    click.echo("Its passphrase, shown once. Write it by hand and keep it apart from the file:")
    click.echo(f"\n  {pair.passphrase}\n")


@commands.cli.command("backup")
@click.argument("file", type=PATH)
@click.option(
    "--to", "to", type=FILE, multiple=True, required=True, help="A recipient's .pub; may stand twice."
)
@click.option(
    "--erasers", is_flag=True, help="The eraser keys alone; destroys older ones beside FILE after 35 days."
)
@click.option(
    "--scratch", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Instead of memory."
)
def backup(file: Path, to: tuple[Path, ...], erasers: bool, scratch: Path | None) -> None:
    """Write one encrypted backup while the program runs, and try it out before it gets its name."""
    from core.backup import taking

    settings, database = config.current(), db.current()
    with _plainly():
        publics = [recipients.read_public(path) for path in to]
        try:
            if erasers:
                done = taking.take_erasers(settings, database, file, publics)
            else:
                done = taking.take(settings, database, file, publics, scratch)
        except taking.TargetThere:
            raise click.ClickException(f"{file} is there already; a backup replaces nothing.") from None
        except taking.NotFounded:
            raise click.ClickException("There are no eraser keys yet: they come with the founding.") from None
    if erasers:
        click.echo(
            f"{file}  {done.size} bytes, good for {taking.ERASER_DAYS} days. Destroyed here: {done.old} older."
        )
    else:
        click.echo(f"{file}  {done.size} bytes, {done.rows} rows, read back and whole.")
        click.echo("The eraser keys are not in it: flask instance backup --erasers makes their own file.")


@commands.cli.command("restore")
@click.argument("file", type=FILE)
@click.option("--into", type=PATH, required=True, help="A folder that is empty or not there yet.")
@click.option("--key", "key", type=FILE, required=True, help="The locked .key of a recipient.")
@click.option(
    "--erasers", type=FILE, multiple=True, help="A backup of the eraser keys; may stand several times."
)
@click.option("--new-erasers", is_flag=True, help="Give up every letter so far, and take new ones.")
def restore(file: Path, into: Path, key: Path, erasers: tuple[Path, ...], new_erasers: bool) -> None:
    """Bring an installation back, whole or not at all; asks for the passphrase of the key."""
    from core.backup import restoring, taking

    if erasers and new_erasers:
        raise click.ClickException("Either --erasers or --new-erasers, not both.")
    seen = _seen_here()
    settings = replace(config.current(), instance=into.absolute())
    with _plainly(), _restoring():
        private = recipients.unlock(key, click.prompt("Passphrase of the backup key", hide_input=True))
        kept = restoring.read_erasers(erasers, private) if erasers else None
        if kept:
            here = config.current().instance / taking.ERASER_FILE
            kept, ours = restoring.merged_with_here(kept, here)
            if not ours:
                click.echo(f"WARNING: {here} belongs to another installation; it was not looked at.")
        done = restoring.restore(file, into.absolute(), private, kept, settings.database)
        if new_erasers:
            eraser.create(into / taking.ERASER_FILE)
        bare = _bare(settings)
        try:
            _settle(bare, done.made_on.isoformat(), into, seen)
        finally:
            bare.extensions["database"].engine.dispose()
    if kept is None and not new_erasers:
        click.echo("Without --erasers no letter opens and none can be written: restore again with them.")


@commands.cli.command("check")
@click.option("--url", help="Compare the pages served there with this release; run it on another machine.")
def check(url: str | None) -> None:
    """Look at everything once: exit 0 when all is well, 1 when something must be done."""
    from core.backup import checking, served

    if url:
        try:
            found = list(served.compare(url))
        except served.NoAnswer:
            raise click.ClickException(f"{url} does not answer with this program's pages.") from None
    else:
        found = [
            *checking.findings(config.current(), db.current()),
            *_erasers(config.current(), checking.Finding),
            *_room(config.current(), checking.Finding),
            *_letters(config.current(), checking.Finding),
            *_clock(checking.Finding),
            *_reminders(config.current(), checking.Finding),
        ]
    for finding in found:
        click.echo(f"{'BAD ' if finding.bad else 'ok  '}{finding.what}: {finding.said}")
    if any(finding.bad for finding in found):
        raise SystemExit(1)


def _erasers(settings: Settings, finding: Any) -> Iterator[Any]:
    path = settings.instance / "eraser.keys"
    with db.reading() as session:
        founded = log.started(session)
    if not founded and not path.exists():
        return
    try:
        count = eraser.count(path)
    except eraser.NotAnEraserFile:
        yield finding(what="eraser keys", said="Missing or cut short: no letter opens.", bad=True)
        return
    yield finding(what="eraser keys", said=f"{count.slots} places, {count.erased} of them erased.")


def _room(settings: Settings, finding: Any) -> Iterator[Any]:
    try:
        with db.reading() as session:
            said, bad = room.said(room.look(session, settings), settings)
    except SQLAlchemyError:  # said above, of the database
        return
    yield finding(what="disk", said=said, bad=bad)


def _letters(settings: Settings, finding: Any) -> Iterator[Any]:
    try:
        with db.reading() as session:
            if not log.started(session):
                return
            said, bad = seen_letters.look(session, settings.instance).said
            gone = len(left_behind.left_behind(session))
    except (SQLAlchemyError, eraser.NotAnEraserFile, NoRoster, RosterRefused):  # said above, of each
        return
    yield finding(what="letters", said=said, bad=bad)
    if gone:
        said = (
            f"Everybody who could open {gone} of them has left. Two custodians and two cards bring them back: "
            "docs/operations.md, keeping and erasing."
        )
        yield finding(what="letters", said=said, bad=True)


def _reminders(settings: Settings, finding: Any) -> Iterator[Any]:
    if settings.notice_hours:
        said, bad = notices.ran(settings)
        yield finding(what="reminders", said=said, bad=bad)


def _clock(finding: Any) -> Iterator[Any]:
    with db.reading() as session:
        newest = newest_arrival(session)
    if newest and newest > clock.today():
        said = f"A letter came on {newest}, and this machine says {clock.today()}: set its clock right."
        yield finding(what="clock", said=said, bad=True)


def _seen_here() -> int:
    """The highest roster that the machine's present instance folder has seen; 0 where it is gone."""
    try:
        return rosters.seen()[0]
    except (RosterRefused, OSError):
        return 0


def _settle(bare: Flask, made_on: str, into: Path, seen: int) -> None:
    """Bring the restored database to this version, write a line into its log, and say what was brought back."""
    from core import migrate

    with bare.app_context():
        migrate.migrate(db.current())
        with db.writing() as session:
            log.write_if_started(session, "restored", who=None, about=made_on)
        click.echo(f"Restored the backup of {made_on} into {into}.")
        with db.reading() as session, suppress(NoRoster):
            roster = rosters.chain(session)[-1]
            click.echo(
                f"Its roster is version {roster.version}, fingerprint {roster.fingerprint[:24]}. If a newer one was "
                "signed since, people who left count again: two custodians sign anew before anybody writes."
            )
            if seen > roster.version:
                click.echo(
                    f"WARNING: this machine has already seen roster version {seen}. People who left with it count again."
                )


def _bare(settings: Settings) -> Flask:
    """Just enough of an application to reach the restored folder."""
    bare = Flask(__name__, static_folder=None)
    bare.extensions["settings"] = settings
    bare.extensions["database"] = Database(settings.database)
    return bare


@contextmanager
def _plainly() -> Iterator[None]:
    """What can go wrong on any machine, in one sentence each."""
    try:
        yield
    except tuple(kind for kind, _ in _SENTENCES) as error:
        _stop(next(words for kind, words in _SENTENCES if isinstance(error, kind)))
    except NoRoom as error:
        _stop(str(error))
    except (OSError, sqlite3.OperationalError, OperationalError) as error:
        _stop(_of_the_machine(error))


@contextmanager
def _restoring() -> Iterator[None]:
    from core import migrate
    from core.backup import databases, restoring

    try:
        yield
    except restoring.PlaceTaken:
        _stop("The folder to restore into is not empty; a restore writes over nothing.")
    except databases.DatabaseNotEmpty:
        _stop("The database in DATABASE_URL is not empty; a restore writes over nothing.")
    except restoring.OtherDatabase:
        _stop("The backup is of the other kind of database: set or leave out DATABASE_URL accordingly.")
    except restoring.WrongKind:
        _stop("FILE must be a backup of the installation, --erasers one of the eraser keys.")
    except restoring.ErasersTooOld:
        _stop(
            "This backup of the eraser keys is older than 35 days and is not used; destroy it. Nothing was written."
        )
    except restoring.ErasersDiffer:
        _stop("These eraser keys belong to different installations. Nothing was written.")
    except (RosterRefused, log.LogBroken) as error:
        _stop(f"Restored, but it does not hold together: {error.reason}")
    except migrate.DatabaseTooNew as error:
        _stop(str(error))


def _of_the_machine(error: Exception) -> str:
    full = getattr(error, "errno", None) in {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}
    if full or "full" in str(error) or "disk I/O" in str(error):
        return "The disk is full or failing. Nothing is left of this try; make room and try again."
    reason = getattr(error, "strerror", None) or type(error).__name__
    where = getattr(error, "filename", None)
    return f"It cannot be read or written here: {reason}{f' ({where})' if where else ''}."


def _stop(words: str) -> NoReturn:
    raise click.ClickException(words) from None
