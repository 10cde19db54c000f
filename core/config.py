"""Settings: read once from the environment or `config.toml` in the instance folder, typed, frozen.

A wrong setting stops the start with one line that names it. The environment wins over the file.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import time
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlsplit

from flask import current_app

DEMONSTRATION: Final = "demonstration"
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class WrongSetting(Exception):
    """A setting cannot be used; the message names it and says what would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an installation decides. Each field is one environment variable in capitals."""

    instance: Path
    """Folder of the database, the key files and config.toml."""
    database_url: str = ""
    """Empty: the embedded database in the instance folder. Or postgresql://…"""
    board_database_url: str = ""
    """The same PostgreSQL by a role that reads published figures only, for the board's pages; empty: as all others."""
    host: str = "127.0.0.1"
    """Address to listen on; beyond loopback only with a certificate."""
    port: int = 8000
    """Port to listen on."""
    public_url: str = ""
    """https address people use when a proxy on this machine answers for the centre."""
    tls_certificate: str = ""
    """Path of a PEM certificate, to answer https without a proxy."""
    tls_key: str = ""
    """Path of its key."""
    memory_url: str = ""
    """Empty: memory-backed files of this machine. Or redis://… of a Valkey without persistence."""
    workers: int = 2
    """Processes that answer pages."""
    threads: int = 8
    """Pages answered at once in a process."""
    file_megabytes: int = 25
    """Size up to which one file is taken."""
    files_per_letter: int = 5
    """How many files one letter may have; 0 takes none."""
    files_megabytes: int = 0
    """How much all files together may take; 0 leaves it to the disk."""
    reserve_megabytes: int = 500
    """Room on the disk that is kept for words: where less would be left, no file is taken in."""
    idle_minutes: int = 10
    """A signed-in person is signed out after so long without a page."""
    session_hours: int = 8
    """… and after so long in any case."""
    retention_months: int = 24
    """A closed case is kept so long after the last word in it."""
    retention_months_out_of_scope: int = 6
    """… and so long where it was closed as out of scope."""
    exit_url: str = ""
    """Where "leave at once" leads; empty: a plain page of this server."""
    notice_hours: str = ""
    """Hours at which handlers are reminded by mail, as `7:45, 13:15`; empty: no mail is ever sent."""
    notice_to: str = ""
    """Who gets it, as `sign-in name = address, …`."""
    notice_from: str = ""
    """The address it comes from."""
    smtp_host: str = ""
    """Name of the mail server; it must offer TLS."""
    smtp_port: int = 465
    """Its port: 465 speaks TLS from the first byte, any other after STARTTLS."""
    smtp_user: str = ""
    """Name to sign in with there; empty: without."""
    smtp_password: str = field(default="", repr=False)
    """… and its password."""
    smtp_ca: str = ""
    """Path of a PEM certificate to trust in place of the machine's; for a mail server of one's own."""

    @property
    def database(self) -> str:
        """The address of the database as SQLAlchemy reads it."""
        return (
            _address(self.database_url) if self.database_url else f"sqlite:///{self.instance / 'centre.db'}"
        )

    @property
    def board_database(self) -> str:
        """The address of the database for the board's pages; empty where they have none of their own."""
        return _address(self.board_database_url) if self.board_database_url else ""

    @property
    def secure(self) -> bool:
        """Whether people reach this server over https."""
        return bool(self.public_url or self.tls_certificate)


def _address(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in {"postgres", "postgresql"} else url


def read(environment: Mapping[str, str], instance: Path | None = None) -> Settings:
    """The settings of this installation, or `WrongSetting` with one line that says what to change."""
    folder = Path(instance or environment.get("INSTANCE") or Path(__file__).parent.parent / "instance")
    values: dict[str, Any] = {"instance": folder.absolute()}
    values |= _from_file(folder / "config.toml")
    for one in fields(Settings):
        if one.name != "instance" and one.name.upper() in environment:
            values[one.name] = environment[one.name.upper()]
    settings = Settings(**{name: _typed(name, value) for name, value in values.items()})
    _check(settings)
    return settings


def from_environment() -> Settings:
    """The settings of this process."""
    return read(os.environ)


def is_demonstration(settings: Settings) -> bool:
    """Whether this is the throwaway centre of `make demo`, which marks its own folder."""
    return (settings.instance / DEMONSTRATION).exists()


def current() -> Settings:
    """The settings of the application at work."""
    return cast(Settings, current_app.extensions["settings"])


def _from_file(path: Path) -> dict[str, Any]:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WrongSetting(f"{path} cannot be read as TOML: {error}") from error
    except OSError as error:
        raise WrongSetting(f"{path} cannot be read: {error.strerror}") from error
    known = {one.name for one in fields(Settings)} - {"instance"}
    for name in found:
        if name not in known:
            raise WrongSetting(
                f"{path} names an unknown setting '{name}'; known are: {', '.join(sorted(known))}"
            )
    return found


def _typed(name: str, value: Any) -> Any:
    kind = {one.name: one.type for one in fields(Settings)}[name]
    if kind == "str" and not isinstance(value, str):
        raise WrongSetting(f"{name.upper()} must be text in quotation marks, not {value}")
    if kind != "int":
        return value
    if isinstance(value, bool | float):
        raise WrongSetting(f"{name.upper()} must be a whole number, not {value}")
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise WrongSetting(f"{name.upper()} must be a whole number, not '{value}'") from error


_BOUNDS: Final = {
    "port": (1, 65535),
    "workers": (1, 64),
    "threads": (1, 256),
    "file_megabytes": (1, 100),
    "files_per_letter": (0, 50),
    "files_megabytes": (0, 100_000_000),
    "reserve_megabytes": (0, 1_000_000),
    "idle_minutes": (2, 120),
    "session_hours": (1, 24),
    "retention_months": (6, 120),
    "retention_months_out_of_scope": (1, 120),
    "smtp_port": (1, 65535),
}
_HOUR: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_ADDRESS: Final = re.compile(r"[^@\s,=<>\"]+@[^@\s,=<>\"]+")


def notice_hours(settings: Settings) -> tuple[time, ...]:
    """The hours at which reminders go out, in order; none where they are switched off. Or `WrongSetting`."""
    found = set()
    for said in filter(None, (one.strip() for one in settings.notice_hours.split(","))):
        fits = _HOUR.fullmatch(said)
        if not fits:
            raise WrongSetting(f"NOTICE_HOURS must be hours like '7:45, 13:15', not '{said}'")
        found.add(time(int(fits[1]), int(fits[2])))
    return tuple(sorted(found))


def notice_to(settings: Settings) -> dict[str, str]:
    """Sign-in name → address of everybody who is reminded. Or `WrongSetting`."""
    found = {}
    for said in filter(None, (one.strip() for one in settings.notice_to.split(","))):
        name, _, address = (part.strip() for part in said.partition("="))
        if not name or not _ADDRESS.fullmatch(address):
            raise WrongSetting("NOTICE_TO must be like 'ha = ha@example.vn, dong = dong@example.vn'")
        found[name] = address
    return found


def _check(settings: Settings) -> None:
    for name, (low, high) in _BOUNDS.items():
        if not low <= getattr(settings, name) <= high:
            raise WrongSetting(
                f"{name.upper()} must lie between {low} and {high}, not {getattr(settings, name)}"
            )
    if settings.database_url and urlsplit(settings.database_url).scheme not in {
        "postgresql",
        "postgres",
        "sqlite",
    }:
        raise WrongSetting(
            "DATABASE_URL must begin with postgresql:// (or be empty for the embedded database)"
        )
    board = urlsplit(settings.board_database_url).scheme
    if board and not (settings.database_url and board in {"postgresql", "postgres"}):
        raise WrongSetting(
            "BOARD_DATABASE_URL must begin with postgresql://, beside a DATABASE_URL that does"
        )
    if settings.memory_url and urlsplit(settings.memory_url).scheme not in {
        "redis",
        "rediss",
        "valkey",
        "unix",
    }:
        raise WrongSetting("MEMORY_URL must begin with redis:// (or be empty for memory-backed files)")
    if settings.public_url and urlsplit(settings.public_url).scheme != "https":
        raise WrongSetting("PUBLIC_URL must begin with https://")
    if bool(settings.tls_certificate) != bool(settings.tls_key):
        raise WrongSetting("TLS_CERTIFICATE and TLS_KEY are needed together")
    for name in ("tls_certificate", "tls_key"):
        path = getattr(settings, name)
        if path and not os.access(path, os.R_OK):
            raise WrongSetting(f"{name.upper()} names {path}, which cannot be read")
    _check_notices(settings)
    if settings.exit_url and urlsplit(settings.exit_url).scheme != "https":
        raise WrongSetting("EXIT_URL must begin with https:// (or be empty for a plain page of this server)")
    if settings.host not in LOOPBACK and not settings.tls_certificate:
        raise WrongSetting(
            f"HOST={settings.host} would carry people's words over plain HTTP. Keep HOST=127.0.0.1 behind "
            "a proxy with a certificate (docs/operations.md shows one), or set TLS_CERTIFICATE and TLS_KEY."
        )


def _check_notices(settings: Settings) -> None:
    if not notice_hours(settings):
        return
    for name in ("smtp_host", "notice_from", "notice_to"):
        if not getattr(settings, name):
            raise WrongSetting(f"NOTICE_HOURS is set, and so {name.upper()} is needed as well")
    notice_to(settings)
    if not _ADDRESS.fullmatch(settings.notice_from):
        raise WrongSetting(f"NOTICE_FROM must be one address, not '{settings.notice_from}'")
    if bool(settings.smtp_user) != bool(settings.smtp_password):
        raise WrongSetting("SMTP_USER and SMTP_PASSWORD are needed together")
    if settings.smtp_ca and not os.access(settings.smtp_ca, os.R_OK):
        raise WrongSetting(f"SMTP_CA names {settings.smtp_ca}, which cannot be read")
