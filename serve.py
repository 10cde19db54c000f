"""`python serve.py` brings an installation up and answers for it: what `make run` does in the end.

It stands beside app.py so that app.py stays the factory that tests, commands and every worker process import:
nothing of the server, its processes or the start's one-line errors is loaded there.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import socket
import stat
import sys
from pathlib import Path
from typing import Any, Final

from flask import Flask, url_for
from sqlalchemy.exc import OperationalError

from app import create_app
from core import config, installation, quiet
from core.config import Settings, WrongSetting
from core.gateway import Gateway, Large
from core.memory import NoMemory
from intake.files import arriving
from intake.keys import founding_link
from survey import rounds

PREPARATIONS: Final = (installation.prepare, rounds.prepare, arriving.prepare)
"""What each part does with a database that lacks its data; each is harmless when nothing is missing."""

QUEUE: Final = 2048
"""Requests one process receives at once, slow ones included; the next ones wait with the system, unread."""


class CannotStart(Exception):
    """The installation cannot be brought up here; the message says in one line what would help."""


def make_ready(app: Flask) -> None:
    """Bring the database to this version and load the product's own data where there is none yet."""
    # Here and not above: each worker imports this module, and Alembic with all it loads is 12 MB.
    from core import migrate

    database = app.extensions["database"]
    migrate.migrate(database)
    with app.app_context():
        for prepare in PREPARATIONS:
            with database.writing() as session:
                prepare(session)


def worker() -> Any:
    """One process that answers pages: the server calls this in each of them."""
    quiet.close_process()
    quiet.hush()
    settings = config.from_environment()
    app = create_app(settings)
    quiet.watch(app)
    gc.collect()
    gc.freeze()  # what was loaded to start stays for good: looking through it again costs a page 0.1 s
    return Gateway(
        app.wsgi_app,
        threads=settings.threads,
        limit=app.config["MAX_CONTENT_LENGTH"],
        large=Large(
            ends="/hop-thu/tep",
            limit=settings.file_megabytes * 1_000_000 + 65_536,
            folder=settings.instance,
            reserve_megabytes=settings.reserve_megabytes,
        ),
        end=lambda: os._exit(0),
    )


def check_place(settings: Settings) -> None:
    """The instance folder is there, ours alone, and can be written to; `CannotStart` otherwise."""
    folder = settings.instance
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_uid == os.getuid():
            folder.chmod(0o700)
        probe = folder / f".write-{os.getpid()}"
        os.close(os.open(probe, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        probe.unlink()
    except OSError as error:
        raise CannotStart(
            f"The folder {folder} cannot be written to ({error.strerror}). INSTANCE may name another."
        ) from error
    open_to_others = [path.name for path in sorted(folder.iterdir()) if _readable_by_others(path)]
    if open_to_others:
        names = ", ".join(open_to_others)
        raise CannotStart(
            f"Other people of this machine may read {names} in {folder}. Then: chmod 600 {folder}/*"
        )


def _readable_by_others(path: Path) -> bool:
    mode = path.lstat().st_mode
    return stat.S_ISREG(mode) and bool(mode & 0o077) and path.name not in {"README.md", ".gitignore"}


def check_port(settings: Settings) -> None:
    """Nobody else answers on this address yet; `CannotStart` otherwise."""
    where = f"{settings.host}:{settings.port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as door:
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            door.bind(address)
    except OSError as error:
        reason = "is in use by another program" if error.errno == 98 else f"cannot be used ({error.strerror})"
        raise CannotStart(f"{where} {reason}. PORT may name another, as in: make run PORT=8001") from error


def prepare(settings: Settings) -> str | None:
    """Everything before the first page. Returns the path of the founding link while there are no people."""
    check_place(settings)
    check_port(settings)
    app = create_app(settings)
    try:
        make_ready(app)
        return _founding_link(app)
    except OperationalError as error:
        raise CannotStart(_database_line(settings)) from error
    finally:
        app.extensions["database"].engine.dispose()
        app.extensions["memory"].close()


def _founding_link(app: Flask) -> str | None:
    with app.test_request_context():
        with app.extensions["database"].writing() as session:
            token = founding_link.offer_link(session)
        return url_for("founder.show", token=token) if token else None


def _database_line(settings: Settings) -> str:
    if not settings.database_url:
        return f"The database in {settings.instance} cannot be opened; is the disk full or the file damaged?"
    return "The PostgreSQL in DATABASE_URL does not answer, or refuses this name and password."


def address_of(settings: Settings) -> str:
    """Where people on this machine open the pages."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    here = f"{'https' if settings.tls_certificate else 'http'}://{host}:{settings.port}"
    return settings.public_url.rstrip("/") or here


def answer(settings: Settings) -> None:
    """Serve until somebody stops the program."""
    from granian.constants import Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.server import Server

    # One heap for all threads. Each heap keeps the two 8 MiB buffers of letter codes (scrypt) it last lent: after a
    # bench two heaps held 30 MB of freed memory, one holds 20 MB. Handing them back each time costs a letter 4 ms more.
    os.environ.setdefault("MALLOC_ARENA_MAX", "1")
    # A fresh process knows nothing of this one's start: less memory, and no open file to inherit.
    multiprocessing.set_start_method("spawn", force=True)
    Server(
        "serve:worker",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.RSGI,
        workers=settings.workers,
        backpressure=QUEUE,
        websockets=False,
        http1_settings=HTTP1Settings(header_read_timeout=10_000, max_buffer_size=64 * 1024),
        log_level=LogLevels.error,
        log_dictconfig=_SERVER_LOG,
        log_access=False,
        ssl_cert=Path(settings.tls_certificate) if settings.tls_certificate else None,
        ssl_key=Path(settings.tls_key) if settings.tls_key else None,
        respawn_failed_workers=True,
        workers_kill_timeout=5,
        working_dir=Path(__file__).parent,
    ).serve()


_SERVER_LOG: Final = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"quiet": {"()": "core.quiet.WithoutWords"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "quiet", "stream": "ext://sys.stderr"}
    },
    "loggers": {"_granian": {"handlers": ["console"], "level": "ERROR", "propagate": False}},
}


def main() -> int:
    """Start, or say in one line why not. Returns the exit code."""
    from core.migrate import DatabaseTooNew

    quiet.close_process()
    try:
        settings = config.from_environment()
        link = prepare(settings)
    except (CannotStart, DatabaseTooNew, NoMemory, WrongSetting) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if quiet.swap_in_use():
        sys.stderr.write("This machine may swap memory to disk, words included: see docs/operations.md.\n")
    address = address_of(settings)
    if link:
        sys.stdout.write(
            f"Nobody is signed up yet. This link founds the installation; it works once:\n  {address}{link}\n"
        )
    sys.stdout.write(f"Ready on {address} (Ctrl+C ends it)\n")
    sys.stdout.flush()
    quiet.hush()
    answer(settings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
