"""Reminders by mail: the same for everybody, at fixed hours, over TLS, and blind to every letter."""

from __future__ import annotations

import datetime as dt
import email
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask
from sqlalchemy import event

from core import clock, db
from core.access import Role
from core.config import WrongSetting, read
from intake.desk import notices, rota
from intake.keys.founding import Founded
from tests.letters import Reporter

pytestmark = pytest.mark.embedded
MORNING = dt.datetime(2026, 12, 1, 7, 45, tzinfo=clock.ZONE)  # a Tuesday


def test_nothing_is_sent_unless_a_setting_says_so(app: Flask, centre: Founded) -> None:
    assert "switched off" in app.test_cli_runner().invoke(args=["intake", "notices"]).output


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"notice_hours": "7.45"}, "NOTICE_HOURS"),
        ({"notice_hours": "24:00"}, "NOTICE_HOURS"),
        ({"notice_hours": "7:45"}, "SMTP_HOST"),
        ({"notice_to": "ha"}, "NOTICE_TO"),
        ({"notice_from": "Trung tâm"}, "NOTICE_FROM"),
        ({"smtp_user": "x"}, "SMTP_PASSWORD"),
        ({"smtp_port": "0"}, "SMTP_PORT"),
        ({"smtp_ca": "/nowhere.pem"}, "SMTP_CA"),
    ],
)
def test_a_wrong_setting_stops_the_start(tmp_path: Path, settings: dict[str, str], said: str) -> None:
    good = {
        "notice_hours": "7:45",
        "notice_to": "ha = ha@example.vn",
        "notice_from": "nhac@example.vn",
        "smtp_host": "mail.example.vn",
    }
    if settings == {"notice_hours": "7:45"}:
        good = {}
    with pytest.raises(WrongSetting, match=said):
        read({name.upper(): value for name, value in (good | settings).items()}, tmp_path)


def test_the_password_of_the_mail_server_shows_in_no_error(tmp_path: Path) -> None:
    assert "CANARY" not in repr(read({"SMTP_PASSWORD": "CANARY"}, tmp_path))


def test_the_rota_decides_who_is_reminded_and_everybody_is_where_it_is_empty(
    app: Flask, centre: Founded, setup: None
) -> None:
    first, second = centre.of(Role.HANDLER)
    assert set(_round(app).to) == {first.sign_name, second.sign_name}
    with app.app_context(), db.writing() as session:
        session.add(rota.Duty(day=MORNING.date(), person_id=first.person_id))
    assert set(_round(app).to) == {first.sign_name}
    with app.app_context(), db.reading() as session:
        saturday = MORNING + dt.timedelta(days=4)
        assert notices.round_of(session, app.extensions["settings"], saturday) is None


def test_a_reminder_goes_out_in_its_hour_and_at_no_other(
    app: Flask, centre: Founded, setup: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {}
    for minutes in (-1, 0, 19, 20, 12 * 60):
        moment = MORNING + dt.timedelta(minutes=minutes)
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        found[minutes] = notices.hour_now(app.extensions["settings"])
    assert found == {-1: None, 0: MORNING, 19: MORNING, 20: None, 12 * 60: None}


def test_the_check_says_when_the_command_last_ran_and_that_it_never_did(
    app: Flask, centre: Founded, setup: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = app.extensions["settings"]
    assert notices.ran(settings) == (
        "NOTICE_HOURS is set and `flask intake notices` never ran: set up its timer.",
        True,
    )
    monkeypatch.setattr(clock, "now", lambda: MORNING + dt.timedelta(hours=4))
    _run(app)
    assert notices.ran(settings) == ("`flask intake notices` last ran on 2026-12-01 at 11:45.", False)
    monkeypatch.setattr(clock, "now", lambda: MORNING + dt.timedelta(days=5))
    said = app.test_cli_runner().invoke(args=["instance", "check"]).output
    assert (
        "BAD reminders: `flask intake notices` last ran on 2026-12-01 at 11:45. Is its timer running?" in said
    )


def test_letters_change_nothing_and_no_table_of_cases_is_read(
    app: Flask, centre: Founded, reporter: Reporter, setup: None
) -> None:
    before = [bytes(notices.mail(app.extensions["settings"], MORNING, to)) for to in _round(app).to.values()]
    reporter.writes(danger_now="yes", struck=[centre.of(Role.HANDLER)[0]])
    said: list[str] = []
    with app.app_context():
        event.listen(db.current().engine, "before_cursor_execute", lambda *words: said.append(str(words[2])))
    after = [bytes(notices.mail(app.extensions["settings"], MORNING, to)) for to in _round(app).to.values()]
    assert [_without_id(one) for one in before] == [_without_id(one) for one in after]
    assert said
    assert not [
        one for one in said for table in ("case_file", "compartment", "letter", "key_set") if table in one
    ]


def test_mails_travel_one_by_one_over_tls_and_once_an_hour(
    app: Flask, centre: Founded, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: MORNING + dt.timedelta(minutes=3))
    assert "2 reminders sent" in _run(app)
    assert "0 reminders sent" in _run(app)
    assert [len(one) for one in server.to] == [1, 1]
    first, second = server.mails
    assert first.get_payload() == second.get_payload()
    assert first["Date"] == second["Date"] == "Tue, 01 Dec 2026 07:45:00 +0700"
    assert {first["To"], second["To"]} == {"ha@example.vn", "dong@example.vn"}
    assert "http" not in str(first)


def test_a_server_that_nobody_vouches_for_gets_no_mail(
    app: Flask, centre: Founded, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: MORNING)
    _set(app, smtp_ca="")
    said = _run(app, code=1)
    assert "2 of 2 reminders could not be sent" in said
    assert "example.vn" not in said
    assert server.mails == []
    _set(app, smtp_ca=str(server.certificate))  # nothing was marked as sent, so the next try sends it
    assert "2 reminders sent" in _run(app)


def test_a_server_without_tls_gets_no_mail(
    app: Flask, centre: Founded, plain: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: MORNING)
    assert "could not be sent" in _run(app, code=1)
    assert plain.mails == []


def test_one_can_be_tried_at_any_hour(app: Flask, centre: Founded, server: Server) -> None:
    name = centre.of(Role.HANDLER)[0].sign_name
    assert "1 reminders sent" in _run(app, "--try", name)
    assert len(server.mails) == 1
    assert "NOTICE_TO has no address" in _run(app, "--try", "nobody", code=1)


# --- furniture ------------------------------------------------------------------------------------


@dataclass
class Server:
    """A mail server on this machine that speaks as much SMTP as a client needs."""

    tls: bool
    certificate: Path
    mails: list[Message] = field(default_factory=list)
    to: list[list[str]] = field(default_factory=list)
    _socket: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.certificate)
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._socket.accept()
            except OSError:
                return
            with suppress(OSError):
                self._talk(line)

    def _talk(self, line: Any) -> None:
        line.sendall(b"220 here\r\n")
        reader, sealed, to = line.makefile("rb"), False, []
        while said := reader.readline():
            verb = said[:4].upper()
            if verb == b"EHLO":
                line.sendall(b"250-here\r\n250 STARTTLS\r\n" if self.tls and not sealed else b"250 here\r\n")
            elif verb == b"STAR" and self.tls:
                line.sendall(b"220 go\r\n")
                line = self._context.wrap_socket(line, server_side=True)
                reader, sealed = line.makefile("rb"), True
            elif verb == b"RCPT":
                to.append(said.decode())
                line.sendall(b"250 ok\r\n")
            elif verb == b"DATA":
                assert sealed
                line.sendall(b"354 go on\r\n")
                told = b"".join(iter(reader.readline, b".\r\n"))
                self.mails.append(email.message_from_bytes(told))
                self.to.append(to)
                line.sendall(b"250 ok\r\n")
            else:
                line.sendall(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
        line.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this machine by nobody's authority, with its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("mail") / "mail.pem"
    none = serialization.NoEncryption()
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path.write_bytes(key.private_bytes(pem, pkcs8, none) + made.public_bytes(pem))
    return path


@pytest.fixture
def setup(app: Flask, centre: Founded) -> None:
    """Reminders switched on."""
    first, second = (one.sign_name for one in centre.of(Role.HANDLER))
    _set(
        app,
        notice_hours="7:45, 13:15",
        notice_from="nhac@example.vn",
        notice_to=f"{first} = ha@example.vn, {second} = dong@example.vn",
        smtp_host="localhost",
    )


@pytest.fixture
def server(app: Flask, setup: None, certificate: Path) -> Iterator[Server]:
    yield from _served(app, certificate, tls=True)


@pytest.fixture
def plain(app: Flask, setup: None, certificate: Path) -> Iterator[Server]:
    yield from _served(app, certificate, tls=False)


def _served(app: Flask, certificate: Path, *, tls: bool) -> Iterator[Server]:
    one = Server(tls=tls, certificate=certificate)
    _set(app, smtp_port=one.port, smtp_ca=str(certificate))
    yield one
    one.close()


def _set(app: Flask, **settings: Any) -> None:
    app.extensions["settings"] = replace(app.extensions["settings"], **settings)


def _round(app: Flask) -> notices.Round:
    with app.app_context(), db.reading() as session:
        found = notices.round_of(session, app.extensions["settings"], MORNING)
    assert found is not None
    return found


def _run(app: Flask, *words: str, code: int = 0) -> str:
    ran = app.test_cli_runner().invoke(args=["intake", "notices", *words])
    assert ran.exit_code == code, ran.output
    return ran.output


def _without_id(mail: bytes) -> bytes:
    return b"\n".join(line for line in mail.splitlines() if not line.startswith(b"Message-ID"))
