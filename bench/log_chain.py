"""How fast the chain of the log is checked, and the signatures of custodians under it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from core import db, log
from core.access import Role
from core.log import LogHead, LogLine
from intake.keys.founding import Founded

LINES = 100_000


def measure(app: Flask, founded: Founded, line: Callable[[str, str, str], None]) -> None:
    """Write many lines at once, as long as true ones, and check them."""
    custodian = founded.of(Role.CUSTODIAN)[0]
    assert custodian.credentials.seed is not None
    with app.app_context():
        with db.reading() as session:
            _, first = log.keys_for(session, custodian.person_id, custodian.credentials.seed)
        with db.writing() as session:
            _fill(session)
        begun = time.perf_counter()
        with db.reading() as session:
            assert log.check(session, first) >= LINES
        seconds = time.perf_counter() - begun
    line(f"the chain of a log of {LINES:,} lines checked", f"{LINES / seconds:,.0f} lines/s", "≥ 50,000/s")


def _fill(session: Session) -> None:
    head = session.get_one(LogHead, 1)
    _, key = log._read_key()
    rows: list[dict[str, Any]] = []
    for sequence in range(head.sequence + 1, head.sequence + LINES + 1):
        sealed = secrets.token_bytes(1_681)  # as long as a true line
        mac = log._link(key, sequence, rows[-1]["mac"] if rows else head.mac, sealed)
        rows.append({"sequence": sequence, "sealed": sealed, "mac": mac})
        key = log._next(key)
    session.execute(LogLine.__table__.insert(), rows)  # type: ignore[attr-defined]
    session.execute(update(LogHead).values(sequence=rows[-1]["sequence"], mac=rows[-1]["mac"]))
    session.info["log_sequence"] = rows[-1]["sequence"]
    log.listen(session)
