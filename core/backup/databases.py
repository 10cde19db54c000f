"""The database as parts of a backup, and back: one consistent moment of it, while others go on writing."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, func, select, text

from core.backup.parts import file_blocks
from core.backup.stream import BackupHurt
from core.db import Base, Database

FILE: Final = "centre.db"
TABLE: Final = "table/"


class DatabaseNotEmpty(Exception):
    """There are tables in the database already; a restore never writes over anything."""


def copy_embedded(database: Database, to: Path) -> None:
    """One moment of the embedded database as a file without free pages. `sqlite3.OperationalError`: no room."""
    os.close(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    assert database.engine.url.database is not None
    with closing(sqlite3.connect(database.engine.url.database, timeout=20)) as connection:
        connection.execute("VACUUM INTO ?", (str(to),))


def parts_of(database: Database, copy: Path) -> Iterator[tuple[str, Iterable[bytes]]]:
    """The database as parts; `copy` is where `copy_embedded` put the embedded one."""
    if database.embedded:
        yield FILE, file_blocks(copy)
        return
    with _one_moment(database) as connection:
        for table in Base.metadata.sorted_tables:
            # In the order of the keys, most of which are random: not in the order in which rows came.
            order = ", ".join(f'"{column.name}"' for column in table.primary_key)
            columns = ", ".join(f'"{column.name}"' for column in table.columns)
            words = f'COPY (SELECT {columns} FROM "{table.name}" ORDER BY {order}) TO STDOUT (FORMAT BINARY)'  # noqa: S608
            yield TABLE + table.name, _copied_out(connection, words)


def counts(database: Database) -> dict[str, int]:
    """How many rows each table has."""
    with database.engine.connect() as connection:
        return {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }


def examine_file(path: Path) -> Mapping[str, int]:
    """Rows in each table of a restored embedded database, or `BackupHurt` where it is not whole."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as connection:
            if connection.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                raise BackupHurt
            if connection.execute("PRAGMA foreign_key_check").fetchone():
                raise BackupHurt
            names = [
                row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
            ]
            return {
                name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608
                for name in names
            }
    except sqlite3.DatabaseError:
        raise BackupHurt from None


def require_empty(database: Database) -> None:
    """Raise `DatabaseNotEmpty` where anything is there."""
    with database.engine.connect() as connection:
        if connection.scalar(text("SELECT 1 FROM pg_tables WHERE schemaname = 'public' LIMIT 1")):
            raise DatabaseNotEmpty


def fill_table(connection: Connection, name: str, blocks: Iterable[bytes]) -> None:
    """Put one part back into its empty table; `BackupHurt` for a table this revision does not have."""
    table = Base.metadata.tables.get(name.removeprefix(TABLE))
    if table is None:
        raise BackupHurt
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    with (
        _driver(connection).cursor() as cursor,
        cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN (FORMAT BINARY)') as copy,
    ):
        for block in blocks:
            copy.write(block)


@contextmanager
def _one_moment(database: Database) -> Iterator[Connection]:
    with database.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        yield connection


def _copied_out(connection: Connection, words: str) -> Iterator[bytes]:
    with _driver(connection).cursor() as cursor, cursor.copy(words) as copy:
        for piece in copy:
            yield bytes(piece)


def _driver(connection: Connection) -> Any:
    driver = connection.connection.dbapi_connection
    assert driver is not None
    return driver
