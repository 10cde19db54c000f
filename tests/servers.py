"""Real servers for the tests: PostgreSQL of the machine's package, in a folder that is gone afterwards."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
import pytest


def _binaries() -> Path:
    folders = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()]
    if folders:
        return max(folders, key=lambda path: float(path.parent.name))
    found = shutil.which("initdb")
    if found is None:
        pytest.fail("PostgreSQL is missing: apt install postgresql")
    return Path(found).resolve().parent


def _account() -> pwd.struct_passwd:
    """PostgreSQL refuses to run as root: then it runs as the package's own user, or as nobody."""
    if os.getuid():
        return pwd.getpwuid(os.getuid())
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _end_with_parent() -> None:
    """Ask the kernel to stop the server even when the test run is killed."""
    ctypes.CDLL(None).prctl(1, signal.SIGQUIT)  # PR_SET_PDEATHSIG


@dataclass
class Postgres:
    """A running server, its folder in memory where there is such a folder; nothing in it is synced."""

    folder: Path
    _numbers: Iterator[int] = field(default_factory=count)

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[Postgres]:
        """Make a cluster, start it, and leave nothing behind."""
        place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        folder = Path(tempfile.mkdtemp(prefix="test-pg-", dir=place))
        account, binaries = _account(), _binaries()
        os.chown(folder, account.pw_uid, account.pw_gid)
        who = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if not os.getuid() else {}
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": str(folder)}
        making = [str(binaries / "initdb"), "-D", str(folder / "data"), "-U", "postgres", "-A", "trust"]
        making += ["-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        try:
            subprocess.run(making, check=True, capture_output=True, cwd=folder, env=environment, **who)
            options = "listen_addresses= fsync=off full_page_writes=off synchronous_commit=off "
            options += (
                f"unix_socket_directories={folder} shared_buffers=64MB max_connections=200 wal_level=minimal "
            )
            options += "max_wal_senders=0 autovacuum=off"
            running = [str(binaries / "postgres"), "-D", str(folder / "data")]
            running += [word for option in options.split() for word in ("-c", option)]
            with (folder / "log").open("wb") as log:
                process = subprocess.Popen(
                    running,
                    stdout=log,
                    stderr=log,
                    cwd=folder,
                    env=environment,
                    preexec_fn=_end_with_parent,
                    **who,
                )
            server = cls(folder)
            server._wait(process)
            try:
                yield server
            finally:
                process.send_signal(signal.SIGQUIT)
                process.wait(timeout=20)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def url(self, name: str) -> str:
        """The setting DATABASE_URL of a database in here."""
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def create(self, name: str) -> None:
        """An empty database."""
        self._say(f'CREATE DATABASE "{name}" TEMPLATE template0')

    def copy(self, template: str) -> str:
        """The name of a fresh copy of another database."""
        name = f"t{next(self._numbers)}"
        self._say(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return name

    def drop(self, name: str) -> None:
        """Take a database away, whoever is still connected."""
        self._say(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _say(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        for _ in range(400):
            if process.poll() is not None:
                break
            try:
                self._say("SELECT 1")
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        pytest.fail("PostgreSQL did not start:\n" + (self.folder / "log").read_text()[-2000:])
