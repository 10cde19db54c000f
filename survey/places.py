"""Places for answers, made beforehand (decision 0006), and what must not remain of how they were filled."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Sequence
from typing import Final

from flask import current_app
from sqlalchemy import bindparam, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core import db
from core.db import Database, new_id
from core.sealing import random_bytes
from survey.models import ANSWER_BYTES, LINK_BYTES, Response

BLOCK: Final = 256
"""Places made at a time. At least a fifth of a round's places stay free, so that a draw is a draw."""
_LOOK: Final = 16
_AHEAD: Final = (
    select(Response.id, Response.filled)
    .where(Response.round_id == bindparam("round"), Response.id >= bindparam("from_here"))
    .order_by(Response.id)
    .limit(_LOOK)
)
_WAIT_MS: Final = 100
_TRIES: Final = 5


def make(session: Session, round_id: str, count: int = BLOCK) -> None:
    """Make free places under random ids, written in the order of those ids."""
    ids = sorted(new_id() for _ in range(count))
    empty = b"{}" + b" " * (ANSWER_BYTES - 2)
    session.execute(
        insert(Response),
        [
            {"round_id": round_id, "id": one, "filled": 0, "answers": empty, "link": random_bytes(LINK_BYTES)}
            for one in ids
        ],
    )


def draw(session: Session, round_id: str) -> str:
    """The id of a free place, at random; more are made when fewer than a fifth are free."""
    for _ in range(8):
        here = {"round": round_id, "from_here": secrets.token_hex(16)}
        ahead = session.connection().execute(_AHEAD, here).all()
        free: list[str] = [row.id for row in ahead if not row.filled]
        if free and len(free) * 5 >= len(ahead):
            return free[0]
        if len(ahead) == _LOOK:
            make(session, round_id)
    everything: Sequence[str] = session.scalars(
        select(Response.id).where(Response.round_id == round_id, Response.filled == 0)
    ).all()
    if not everything:
        make(session, round_id)
        return draw(session, round_id)
    return secrets.choice(everything)


class _Turn:
    """Threads that ask while one is emptying the journal are served together by the next: one sync for many."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = threading.Lock()
        self._asked = 0
        self._served = 0

    def take(self, database: Database) -> None:
        with self._count:
            self._asked += 1
            mine = self._asked
        with self._lock:
            if self._served >= mine:
                return
            with self._count:
                serving = self._asked
            for _ in range(_TRIES):
                # While somebody reads, whoever asked in the meantime tries next; the last one tries longer.
                if _empty(database) or self._asked > serving:
                    break
            self._served = serving


def forget_journal() -> None:
    """Empty the embedded database's journal: until then its pages stand in the order in which they were written."""
    database = db.current()
    if database.embedded:
        turn: _Turn = current_app.extensions.setdefault("journal_turn", _Turn())
        turn.take(database)


def _empty(database: Database) -> bool:
    """Whether the journal is empty now. Somebody who reads for long keeps it; whoever writes next tries again."""
    with database.turn:
        return _checkpoint(database)


def _checkpoint(database: Database) -> bool:
    connection = database.engine.raw_connection()
    try:
        cursor = connection.cursor()
        # Waiting for readers holds up everybody who writes, so it must not last the usual twenty seconds.
        (usual,) = cursor.execute("PRAGMA busy_timeout").fetchone()
        cursor.execute(f"PRAGMA busy_timeout={_WAIT_MS}")
        (busy, _, _) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        cursor.execute(f"PRAGMA busy_timeout={usual}")
        return not busy
    finally:
        connection.close()


def forget_order() -> None:
    """After a round has closed or its links are destroyed: nothing of what was overwritten remains in a file.

    PostgreSQL keeps the old versions of changed rows, with the number of the transaction that wrote each, until
    they are swept; writing the tables anew in id order leaves them behind.
    """
    database = db.current()
    if database.embedded:
        forget_journal()
        return
    try:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SET lock_timeout = '10s'"))
            try:
                for table in ("response", "card_use"):
                    connection.execute(text(f"CLUSTER {table} USING pk_{table}"))
            finally:
                connection.execute(text("RESET lock_timeout"))
    except DBAPIError:
        logging.getLogger("centre").warning("The tables of survey answers could not be written anew.")
