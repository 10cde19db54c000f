"""Real servers for the tests: PostgreSQL of the machine's package, and the program as `make run` starts it."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
import pytest

from core import memory


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


ROOT = Path(__file__).parent.parent


@dataclass
class Served:
    """The program itself, started as `make run` starts it."""

    process: subprocess.Popen[str]
    url: str
    port: int
    instance: Path
    log: Path

    def said(self) -> str:
        """Everything it has printed so far."""
        return self.log.read_text(encoding="utf-8")

    def pids(self) -> list[int]:
        """Its process and those that answer pages."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [self.process.pid, *map(int, children)]


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        return port


@contextmanager
def serving(instance: Path, **settings: str) -> Iterator[Served]:
    """Start the program on a free port, wait for its first page, and stop it afterwards.

    `settings` are environment variables: `serving(tmp_path / "instance", WORKERS="1")`.
    """
    port = int(settings.pop("PORT", "") or free_port())
    keep = {
        name: value
        for name, value in os.environ.items()
        if name in {"PATH", "HOME", "LANG", "LD_LIBRARY_PATH"}
    }
    environment = {**keep, "INSTANCE": str(instance), "PORT": str(port), "PYTHONUNBUFFERED": "1", **settings}
    log = instance.parent / f"{instance.name}.log"
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            [sys.executable, "serve.py"],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=_end_with_parent,
        )
    served = Served(process, f"http://127.0.0.1:{port}", port, instance, log)
    try:
        _wait_until_it_answers(served)
        yield served
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(memory.folder(instance), ignore_errors=True)


def _wait_until_it_answers(served: Served) -> None:
    for _ in range(600):
        if served.process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(served.url + "/healthz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.05)
    pytest.fail("the program did not start:\n" + served.said()[-2000:])
