"""The hash-chained log: who did what and when, never what was said.

Each line is sealed to the custodians (through one log key, wrapped to each of them). The chain is a MAC over
the ciphertext under a key that moves on with every line and is then gone, so that whoever takes the machine
tomorrow cannot rewrite today. The key lies in a file outside the database (`log.key`: 8 bytes line number,
32 bytes key); the first key is sealed to the custodians, so that they, and only they, can check the chain.
A deed writes its line in its own transaction, before anything is unsealed: no line, no opening.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import secrets
import struct
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from flask import current_app
from sqlalchemy import Integer, LargeBinary, Result, Row, event, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from core import clock, config
from core.db import Base
from core.i18n import Text
from core.roster import Roster
from core.sealing import CannotOpen, PrivateKey, PublicKey, context, pad, seal, unpad, unseal

_RECORD: Final = struct.Struct(">Q32s")
_AFRESH: Final = {"populate_existing": True}
_LINE_BYTES: Final = 512
"""Every line is padded to this: its length must not tell an opening from a sign-in."""


class LogBroken(Exception):
    """The log cannot be written, or its chain does not hold; nothing may be opened until this is settled."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


_NOT_STARTED: Final = Text("Nhật ký chưa bắt đầu.", "The log has not been started.")
_KEY_MISSING: Final = Text("Thiếu tệp khóa của nhật ký.", "The key file of the log is missing.")
_ROLLED_BACK: Final = Text(
    "Nhật ký trong cơ sở dữ liệu cũ hơn khóa của nó: nó đã bị lùi lại.",
    "The log in the database is older than its key: it was turned back.",
)
_KEY_CHANGED: Final = Text("Tệp khóa của nhật ký đã bị thay.", "The key file of the log was replaced.")


def _line_missing(number: int) -> Text:
    return Text(f"Thiếu dòng {number}.", f"Line {number} is missing.")


def _line_changed(number: int) -> Text:
    return Text(
        f"Dòng {number} đã bị sửa, đổi chỗ hoặc viết lại.",
        f"Line {number} was changed, moved or written anew.",
    )


def _tail_removed(number: int) -> Text:
    return Text(f"Các dòng sau dòng {number} đã bị xóa.", f"Lines after line {number} were removed.")


class LogLine(Base):
    """One sealed line and its link in the chain."""

    __tablename__ = "log_line"

    sequence: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    mac: Mapped[bytes] = mapped_column(LargeBinary)


class LogHead(Base):
    """The one row every writer takes in turn: the number and link of the last line."""

    __tablename__ = "log_head"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    sequence: Mapped[int] = mapped_column(Integer)
    mac: Mapped[bytes] = mapped_column(LargeBinary)
    public: Mapped[bytes] = mapped_column(LargeBinary)
    """Public key the lines are sealed to."""
    wraps: Mapped[bytes] = mapped_column(LargeBinary)
    """JSON: custodian id → the log's private seed and first chain key, sealed to that custodian, in hex."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line as a custodian reads it."""

    sequence: int
    at: str
    deed: str
    who: str
    about: str
    detail: Mapping[str, Any]


def begin(session: Session, roster: Roster) -> None:
    """Start the log at the founding: one key pair, wrapped to every custodian of the first roster."""
    seed, first = secrets.token_bytes(32), secrets.token_bytes(32)
    public = PrivateKey.from_seed(seed).public.raw
    session.add(
        LogHead(number=1, sequence=0, mac=b"\0" * 32, public=public, wraps=_wraps(roster, seed, first))
    )
    _store_key(0, first, fresh=True)


def started(session: Session) -> bool:
    """Whether the installation is founded, so that deeds can be written down."""
    return session.scalar(select(LogHead.number)) is not None


def write_if_started(session: Session, deed: str, *, who: str | None, about: str = "") -> None:
    """Add one line for a deed that may also happen before the founding, when there is no log yet."""
    if started(session):
        write(session, deed, who=who, about=about)


def share(session: Session, roster: Roster, log_seed: bytes, first_key: bytes) -> None:
    """Give the log's keys to the custodians of a new roster, and to nobody else from now on."""
    head = session.scalars(select(LogHead).with_for_update(), execution_options=_AFRESH).first()
    if head is None:
        raise LogBroken(_NOT_STARTED)
    head.wraps = _wraps(roster, log_seed, first_key)


def write(
    session: Session,
    deed: str,
    *,
    who: str | None,
    about: str | Callable[[int], str] = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add one line: the deed's name, the person's id, what it is about (a person, a release), plain facts.

    A case is never named here, since every custodian reads the line: `about` is then a function that makes a
    tag of the line's number (intake/seal/log_tag.py).
    Raises `LogBroken` when it cannot be written; the caller's transaction then keeps nothing.
    """
    # Read again even if this session has seen it: another writer may have gone before us.
    head = session.scalars(select(LogHead).with_for_update(), execution_options=_AFRESH).first()
    if head is None:
        raise LogBroken(_NOT_STARTED)
    sequence = head.sequence + 1
    named = about if isinstance(about, str) else about(sequence)
    facts = {"at": clock.now().isoformat(timespec="minutes"), "deed": deed, "who": who or "", "about": named}
    words = json.dumps(facts | {"detail": dict(detail or {})}, ensure_ascii=False, sort_keys=True)
    sealed = seal(pad(words.encode(), _LINE_BYTES), PublicKey(head.public), context("log", sequence))
    mac = _link(_key_at(sequence), sequence, head.mac, sealed)
    session.add(LogLine(sequence=sequence, sealed=sealed, mac=mac))
    head.sequence, head.mac = sequence, mac
    session.info["log_sequence"] = sequence
    listen(session)


def listen(session: Session) -> None:
    """See to it that the chain key moves on when this session's lines are kept."""
    if not session.info.get("log_listens"):
        session.info["log_listens"] = True
        event.listen(session, "after_commit", _move_on)


def keys_for(session: Session, person_id: str, seed: bytes) -> tuple[bytes, bytes]:
    """The log's private seed and first chain key, for a custodian who opens them with their own seed."""
    head = session.get(LogHead, 1)
    if head is None:
        raise LogBroken(_NOT_STARTED)
    wrap = json.loads(head.wraps).get(person_id)
    if wrap is None:
        raise CannotOpen
    both = unseal(bytes.fromhex(wrap), PrivateKey.from_seed(seed), context("log", person_id))
    return both[:32], both[32:]


def read(
    session: Session,
    log_seed: bytes,
    *,
    newest_first: bool = True,
    limit: int = 200,
    offset: int = 0,
    before: int | None = None,
) -> list[Line]:
    """Lines as a custodian reads them; a line that does not open is there too, with an empty deed.

    before: a number; only lines before it.
    """
    order = LogLine.sequence.desc() if newest_first else LogLine.sequence
    private = PrivateKey.from_seed(log_seed)
    asked = select(LogLine.sequence, LogLine.sealed).order_by(order).limit(limit).offset(offset)
    if before is not None:
        asked = asked.where(LogLine.sequence < before)
    return [_line(row, private) for row in session.execute(asked)]


def _line(row: Row[int, bytes], private: PrivateKey) -> Line:
    # Anybody with the database can seal a line; what it then holds must not keep the others from being read.
    try:
        facts = json.loads(unpad(unseal(row.sealed, private, context("log", row.sequence))))
        words = {name: str(facts[name]) for name in ("at", "deed", "who", "about")}
        datetime.fromisoformat(words["at"])
        return Line(sequence=row.sequence, **words, detail=dict(facts["detail"]))
    except (CannotOpen, KeyError, TypeError, ValueError):
        return Line(sequence=row.sequence, at="", deed="", who="", about="", detail={})


def check(session: Session, first_key: bytes) -> int:
    """Check the whole chain; returns the number of lines. Raises `LogBroken` naming the first bad line."""
    # Before any row: lines may be added while we read, so that the file would seem to run ahead.
    in_file = _read_key()
    head = session.scalars(select(LogHead), execution_options=_AFRESH).first()
    if head is None:
        raise LogBroken(_NOT_STARTED)
    key, mac, expected = first_key, b"\0" * 32, 0
    # Closed whatever happens: on PostgreSQL the rows come through a cursor of the server's.
    with closing(_rows(session, head.sequence)) as rows:
        for row in rows:
            expected += 1
            if row.sequence != expected:
                raise LogBroken(_line_missing(expected))
            if not hmac.compare_digest(_link(key, row.sequence, mac, row.sealed), row.mac):
                raise LogBroken(_line_changed(expected))
            key, mac = _next(key), row.mac
    if head.sequence != expected or head.mac != mac:
        raise LogBroken(_tail_removed(expected))
    _check_key_file(*in_file, expected, key)
    return expected


def check_shape(session: Session) -> int:
    """What can be told without a custodian: no line is missing, and the newest ones fit the key file.

    Returns the number of lines. Raises `LogBroken`. Older links need the first key: `check`.
    """
    number, key = _read_key()
    head = session.scalars(select(LogHead), execution_options=_AFRESH).first()
    if head is None:
        raise LogBroken(_NOT_STARTED)
    mac, expected = b"\0" * 32, 0
    with closing(_rows(session, head.sequence)) as rows:
        for row in rows:
            expected += 1
            if row.sequence != expected:
                raise LogBroken(_line_missing(expected))
            if expected > number:
                if not hmac.compare_digest(_link(key, expected, mac, row.sealed), row.mac):
                    raise LogBroken(_line_changed(expected))
                key = _next(key)
            mac = row.mac
    if head.sequence != expected or head.mac != mac or number > expected:
        raise LogBroken(_tail_removed(expected))
    return expected


def _check_key_file(number: int, held: bytes, lines: int, key: bytes) -> None:
    """The key file stands where the chain ends, or a little behind: the newest lines cannot be cut off."""
    if number > lines:
        raise LogBroken(_tail_removed(lines))
    for _ in range(lines - number):
        held = _next(held)
    if not hmac.compare_digest(held, key):
        raise LogBroken(_KEY_CHANGED)


def _wraps(roster: Roster, log_seed: bytes, first_key: bytes) -> bytes:
    wraps = {
        member.id: seal(log_seed + first_key, member.seal_key, context("log", member.id)).hex()
        for member in roster.custodians
    }
    return json.dumps(wraps).encode()


def _rows(session: Session, last: int) -> Result[tuple[int, bytes, bytes]]:
    """Lines up to the head as it was read; a later one belongs to somebody who wrote in the meantime.

    Columns and not objects: making objects takes four times as long as checking what is in them.
    """
    lines = select(LogLine.sequence, LogLine.sealed, LogLine.mac)
    lines = lines.where(LogLine.sequence <= last).order_by(LogLine.sequence)
    return session.execute(lines.execution_options(yield_per=1000))


def _link(key: bytes, sequence: int, before: bytes, sealed: bytes) -> bytes:
    return hmac.digest(key, sequence.to_bytes(8) + before + hashlib.sha256(sealed).digest(), "sha256")


def _next(key: bytes) -> bytes:
    return hashlib.sha256(b"next" + key).digest()


def _path() -> Path:
    return config.current().instance / "log.key"


def _key_at(sequence: int) -> bytes:
    """The chain key of a line. The file may lag behind the database after a crash, never run ahead of it."""
    number, key = _read_key()
    # The file names the line already written with the key before this one.
    if number > sequence - 1:
        raise LogBroken(_ROLLED_BACK)
    for _ in range(sequence - 1 - number):
        key = _next(key)
    return key


def _read_key() -> tuple[int, bytes]:
    """The number of the last line whose key is gone, and the key of the line after it."""
    try:
        number, key = _RECORD.unpack(_path().read_bytes())
    except (FileNotFoundError, struct.error) as error:
        raise LogBroken(_KEY_MISSING) from error
    return int(number), bytes(key)


def _move_on(session: Session) -> None:
    """Overwrite the chain key once the line is safe, so that it cannot be written anew."""
    sequence = session.info.pop("log_sequence", None)
    if sequence is not None and current_app:
        _store_key(sequence, None)


def _store_key(sequence: int, key: bytes | None, *, fresh: bool = False) -> None:
    path = _path()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if not fresh:
            number, held = _RECORD.unpack(os.pread(descriptor, _RECORD.size, 0))
            if number >= sequence:
                return
            for _ in range(sequence - number):
                held = _next(held)
            key = held
        assert key is not None
        os.pwrite(descriptor, _RECORD.pack(sequence, key), 0)
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)
