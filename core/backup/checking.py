"""Is this installation whole? One finding for each thing looked at, in words for whoever keeps the machine."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core import log, migrate, quiet, rosters
from core.config import Settings
from core.db import Base, Database
from core.log import LogBroken
from core.roster import RosterRefused
from core.rosters import NoRoster

OPEN_TO_ALL: Final = frozenset({"README.md", ".gitignore"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. bad: something must be done; said: what was found, in one line."""

    what: str
    said: str
    bad: bool = False


def findings(settings: Settings, database: Database) -> Iterator[Finding]:
    """Everything that can be told without anybody's passphrase, the plainest first."""
    yield from _permissions(settings.instance)
    try:
        yield from _database(database)
        with database.reading() as session:
            yield _roster(session)
            yield _log(session)
    except SQLAlchemyError as error:
        yield Finding(what="database", said=f"It cannot be read ({type(error).__name__}).", bad=True)
    if quiet.swap_in_use():
        yield Finding(what="machine", said="It may swap memory to a disk; see docs/operations.md.", bad=True)


def _permissions(folder: Path) -> Iterator[Finding]:
    loose = [path.name for path in (folder, *sorted(folder.iterdir())) if _loose(path)]
    if loose:
        yield Finding(what="files", said=f"Others of this machine may read: {', '.join(loose)}.", bad=True)
    else:
        yield Finding(what="files", said="Only the program's own user may read them.")


def _loose(path: Path) -> bool:
    mode = path.lstat().st_mode
    if stat.S_ISREG(mode) and path.name in OPEN_TO_ALL:
        return False
    return not stat.S_ISLNK(mode) and bool(mode & 0o077)


def _database(database: Database) -> Iterator[Finding]:
    with database.engine.connect() as connection:
        if database.embedded:
            wrong = connection.exec_driver_sql("PRAGMA integrity_check").scalar()
            lost = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            if wrong != "ok" or lost:
                yield Finding(
                    what="database", said="It is damaged; restore the newest backup elsewhere.", bad=True
                )
                return
        else:
            for table in Base.metadata.sorted_tables:
                connection.execute(select(*table.primary_key).limit(1)).first()
        yield Finding(what="database", said="It is whole.")
        revision = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if revision == migrate.newest():
        yield Finding(what="steps", said=f"The database is at this program's step ({revision}).")
    else:
        yield Finding(
            what="steps",
            said=f"The database is at step {revision}, the program at {migrate.newest()}. A start brings it up, "
            "unless a newer program used it.",
            bad=True,
        )


def _roster(session: Session) -> Finding:
    try:
        chain = rosters.chain(session)
        last = rosters.current(session)
    except NoRoster:
        return Finding(what="roster", said="Nobody is rostered yet; no letter can be written.")
    except RosterRefused as refused:
        return Finding(what="roster", said=str(getattr(refused.reason, "en", refused.reason)), bad=True)
    return Finding(
        what="roster",
        said=f"{len(chain)} versions, each signed by two of the one before; in force until {last.not_after}, "
        f"fingerprint {last.fingerprint[:24]}.",
    )


def _log(session: Session) -> Finding:
    if not log.started(session):
        return Finding(what="log", said="Not begun; that comes with the founding.")
    try:
        lines = log.check_shape(session)
    except LogBroken as broken:
        return Finding(what="log", said=broken.reason.en, bad=True)
    return Finding(
        what="log",
        said=f"{lines} lines, none missing, and the key file fits. A custodian checks every link with: "
        "flask intake verify-log",
    )
