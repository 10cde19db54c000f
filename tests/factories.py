"""People and centres for tests: founded by the product's own deeds, with cheap locks.

with cheap_locks():                     # the fixture `cheap` in tests that sign people in
    centre = found_centre(app)
    client = signed_in(app, centre.of(Role.HANDLER)[0])
    answer = post(client, "/tai-khoan/da-chep")
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from contextvars import Context
from datetime import date
from typing import Any
from unittest.mock import patch

import pyotp
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Table, func, select
from werkzeug.test import TestResponse

from core import clock, config, db, keys, memory
from core.access import Role
from core.keys import Secret
from core.sealing import random_bytes
from intake.keys import founding
from intake.keys.founding import Founded, Newcomer, Settled
from intake.seal import receipt

PEOPLE = (
    Newcomer(
        name="Nguyễn Thị Quản",
        title_vi="Kế toán",
        title_en="Accountant",
        roles=frozenset({Role.ADMINISTRATOR}),
    ),
    Newcomer(
        name="Lê Văn Giữ",
        title_vi="Chủ tịch công đoàn",
        title_en="Union chair",
        roles=frozenset({Role.CUSTODIAN}),
    ),
    Newcomer(
        name="Phạm Thị Khóa",
        title_vi="Điều dưỡng trưởng",
        title_en="Head nurse",
        roles=frozenset({Role.CUSTODIAN}),
    ),
    Newcomer(
        name="Đỗ Minh Chìa",
        title_vi="Chuyên viên Sở Y tế",
        title_en="Officer",
        roles=frozenset({Role.CUSTODIAN}),
    ),
    Newcomer(name="Trần Thu Hà", title_vi="Bác sĩ", title_en="Doctor", roles=frozenset({Role.HANDLER})),
    Newcomer(
        name="Hoàng Văn Đông", title_vi="Y sĩ", title_en="Assistant doctor", roles=frozenset({Role.HANDLER})
    ),
    Newcomer(
        name="Vũ Thị Ban", title_vi="Phó Giám đốc", title_en="Deputy director", roles=frozenset({Role.BOARD})
    ),
    Newcomer(name="Bùi Thị Thư", title_vi="Thư ký", title_en="Secretary", roles=frozenset({Role.CAMPAIGNER})),
)

CHEAP_KIB = 64


@contextmanager
def cheap_locks() -> Iterator[None]:
    """Argon2id at its smallest, for new locks and for the dummy of unknown names."""
    with patch.object(keys, "MEMORY_KIB", CHEAP_KIB), patch.object(keys, "ROUNDS", 1):
        secret = Secret(seed=None, totp=pyotp.random_base32(), recovery_codes=())
        dummy = keys.close(random_bytes(16).hex(), secret)
        with patch.object(keys, "DUMMY_LOCK", dummy):
            yield


@contextmanager
def cheap_receipts() -> Iterator[None]:
    """Receipts that cost next to nothing; not where a browser derives from them too."""
    with patch.object(receipt, "SCRYPT_N", 2):
        yield


def found_centre(app: Flask, people: Sequence[Newcomer] = PEOPLE) -> Founded:
    """A founded centre: everybody enrolled, cards made, version 1 signed, the log begun.

    A founding costs as much as a test. The same people in the same database on the same day are founded once
    for a run, and copied afterwards: the file of an embedded database, the rows of PostgreSQL.
    """
    with app.app_context():
        database = db.current()
        return _in_a_file(people) if database.embedded else _in_rows(people)


def _in_a_file(people: Sequence[Newcomer]) -> Founded:
    with closing(sqlite3.connect(str(db.current().engine.url.database))) as file:
        key = tuple(people), clock.today(), file.serialize()
        if key not in _FILES:
            made = _founded(people)
            _FILES[key] = made, file.serialize(), _beside()
            return made
        made, pages, beside = _FILES[key]
        file.execute("PRAGMA synchronous = OFF")
        with closing(sqlite3.connect(":memory:")) as kept:
            # Bytes 18 and 19 ask for a journal beside the file, which memory does not have.
            kept.deserialize(pages[:18] + b"\x01\x01" + pages[20:])
            kept.backup(file)
    _put_beside(beside)
    return made


def _in_rows(people: Sequence[Newcomer]) -> Founded:
    tables = db.Base.metadata.sorted_tables
    with db.current().engine.begin() as connection:
        counted = select(*(select(func.count()).select_from(table).scalar_subquery() for table in tables))
        key = tuple(people), clock.today(), tuple(connection.execute(counted).one())
        if key in _ROWS:
            made, changed, beside = _ROWS[key]
            for table in reversed(tables):
                if changed.get(table, ([], []))[0]:
                    connection.execute(table.delete())
            for table in tables:
                if changed.get(table, ([], []))[1]:
                    connection.execute(table.insert(), changed[table][1])
            _put_beside(beside)
            return made
        before = {table: _rows(connection, table) for table in tables}
    made = _founded(people)
    with db.current().engine.begin() as connection:
        after = {table: _rows(connection, table) for table in tables}
    changed = {table: (before[table], after[table]) for table in tables if before[table] != after[table]}
    _ROWS[key] = made, changed, _beside()
    return made


def _rows(connection: Connection, table: Table) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(table.select()).mappings()]


Beside = dict[str, tuple[bytes, int]]
Rows = list[dict[str, Any]]
_FILES: dict[tuple[tuple[Newcomer, ...], date, bytes], tuple[Founded, bytes, Beside]] = {}
_ROWS: dict[
    tuple[tuple[Newcomer, ...], date, tuple[int, ...]],
    tuple[Founded, dict[Table, tuple[Rows, Rows]], Beside],
] = {}


def _put_beside(beside: Beside) -> None:
    for name, (content, mode) in beside.items():
        path = config.current().instance / name
        path.write_bytes(content)
        path.chmod(mode)


def _beside() -> Beside:
    """What a founding keeps in files of its own, the key of the log and those of erasing: bytes and mode."""
    folder = config.current().instance
    return {
        path.name: (path.read_bytes(), path.stat().st_mode & 0o777)
        for path in folder.iterdir()
        if path.is_file() and not path.name.startswith("centre.db")
    }


def _founded(people: Sequence[Newcomer]) -> Founded:
    prepared = founding.prepare(people)
    with db.writing() as session:
        return founding.found(session, prepared)


def add_person(app: Flask, newcomer: Newcomer) -> Settled:
    """One more person, invited and enrolled; a handler or custodian is not on the roster by that."""
    with app.app_context():
        (prepared,) = founding.prepare([newcomer])
        with db.writing() as session:
            return founding.settle(session, prepared)


def code_for(person: Settled) -> str:
    """What this person's phone shows now."""
    return pyotp.TOTP(person.credentials.totp).at(clock.now())


def sign_in(client: FlaskClient, person: Settled, **other: str) -> TestResponse:
    """Send the sign-in form with this person's name, passphrase and code; `other` replaces any of them."""
    sent = {"name": person.sign_name, "passphrase": person.credentials.passphrase, "code": code_for(person)}
    return _alone(client.post, "/dang-nhap", data={**sent, **other})


def forget_codes(app: Flask, person: Settled) -> None:
    """As if half a minute had passed: the person's present code may be used again."""
    with app.app_context():
        step = int(clock.now().timestamp()) // 30
        for near in (step - 1, step, step + 1):
            memory.store().delete(f"totp:{person.person_id}:{near}")


def signed_in(app: Flask, person: Settled) -> FlaskClient:
    """A browser in which this person has signed in."""
    client = app.test_client()
    forget_codes(app, person)
    answer = sign_in(client, person)
    assert answer.status_code == 302, f"{person.name} could not sign in: {answer.status_code}"
    return client


def token_of(client: FlaskClient) -> str:
    """The form token of the session in this browser."""
    page = _alone(client.get, "/tai-khoan").text
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)
    assert found, "nobody is signed in here"
    return found.group(1)


def post(client: FlaskClient, path: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
    """Send a form of a signed-in person, with their token."""
    sent = {**(data or {}), "csrf_token": token_of(client)}
    return _alone(client.post, path, data=sent, **options)


def _alone(call: Callable[..., TestResponse], *args: Any, **options: Any) -> TestResponse:
    """A request as from outside: a context that the test has open would lend it another page's token."""
    return Context().run(call, *args, **options)
