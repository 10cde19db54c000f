"""The database: one declarative base, one engine, and two ways in, `reading()` and `writing()`.

There is no session per request (decision 0004): a page opens a short one for what it reads, computes
its keys outside of any transaction, and opens one for its deed, which commits at the end.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final, cast

from flask import current_app
from sqlalchemy import Connection, Engine, MetaData, String, create_engine, event, text
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeEngine

NAMES: Final = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

ID: Final[TypeEngine[str]] = String(32)


class Base(DeclarativeBase):
    """Every table. Constraints have stable names, so that a breach can be caught by name."""

    metadata = MetaData(naming_convention=NAMES)


def new_id() -> str:
    """A random id of 32 hexadecimal digits: a sequence would tell the order of arrival."""
    return secrets.token_hex(16)


_PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA secure_delete=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=20000",
)


_MAPPED: Final = text("PRAGMA mmap_size = 1073741824")
_UNMAPPED: Final = text("PRAGMA mmap_size = 0")


class Database:
    """One engine and its two kinds of transaction."""

    def __init__(self, url: str, *, pool: int = 8) -> None:
        self.engine: Engine = create_engine(url, hide_parameters=True, pool_size=pool, max_overflow=pool)
        self.embedded: bool = self.engine.dialect.name == "sqlite"
        if self.embedded:
            event.listen(self.engine, "connect", _prepare)
            event.listen(self.engine, "begin", _begin)
        self.turn: AbstractContextManager[Any] = _turn_of(self.engine) if self.embedded else nullcontext()
        self._writer = self.engine.execution_options(begin="BEGIN IMMEDIATE")

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A short transaction for looking; nothing done in it is kept, and what was read stays readable."""
        # Closing rolls back; rolling back here as well would empty every row that was read.
        with Session(self.engine, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextmanager
    def reading_much(self) -> Iterator[Session]:
        """The same for thousands of large rows: the embedded database maps its file meanwhile and copies each once.

        Only meanwhile: what is mapped counts as this process' memory.
        """
        with self.reading() as session:
            if self.embedded:
                session.execute(_MAPPED)
            try:
                yield session
            finally:
                if self.embedded:
                    session.execute(_UNMAPPED)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction for one deed: kept whole at the end, or not at all.

        On the embedded database it takes the write lock at once, so that two deeds never deadlock.
        """
        with self.turn, Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session


class Turn:
    """One writer at a time, in all threads and processes of this machine, woken as soon as it is their turn.

    The embedded database itself lets those who wait sleep, up to a tenth of a second at a time.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = threading.RLock()
        self._depth = 0
        self._file = -1

    def __enter__(self) -> None:
        self._threads.acquire()
        self._depth += 1
        if self._depth == 1:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if self._depth == 0:
            os.close(self._file)
        self._threads.release()


def _turn_of(engine: Engine) -> AbstractContextManager[Any]:
    path = engine.url.database
    return Turn(Path(f"{path}-turn")) if path and path != ":memory:" else threading.RLock()


def _prepare(connection: Any, _record: Any) -> None:
    # The driver's own habit of opening transactions late is what loses races; we say BEGIN ourselves.
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


def current() -> Database:
    """The database of the application at work."""
    return cast(Database, current_app.extensions["database"])


def of_the_board() -> Database:
    """The database as the board's pages may see it: by a role of its own where one is set."""
    return cast(Database, current_app.extensions.get("board_database") or current())


def reading() -> Any:
    """See `Database.reading`."""
    return current().reading()


def reading_much() -> Any:
    """See `Database.reading_much`."""
    return current().reading_much()


def writing() -> Any:
    """See `Database.writing`."""
    return current().writing()
