"""What may be kept in memory only: sessions, brakes, half-done work. Never in the database or a backup.

Two backings, one behaviour: files of this machine's memory (tmpfs), or a Valkey without persistence
for several machines. Values in it are sealed by whoever puts them there.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any, Final, Protocol, cast

from flask import current_app

SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - memory by design, private folder inside


class NoMemory(Exception):
    """This machine offers no memory-backed folder; name a Valkey in MEMORY_URL instead."""


class Store(Protocol):
    """A small shelf that forgets: every value has its seconds to live."""

    def get(self, key: str) -> bytes | None: ...
    def put(self, key: str, value: bytes, seconds: float) -> None: ...
    def add(self, key: str, value: bytes, seconds: float) -> bool: ...
    def delete(self, key: str) -> None: ...
    def count(self, key: str, seconds: float) -> int: ...
    def close(self) -> None: ...


class Tmpfs:
    """A shelf in this machine's memory, shared by its processes."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Anybody of this machine may make a folder there first, under the name we are going to use.
        if folder.is_symlink() or folder.stat().st_uid != os.getuid():
            raise NoMemory(f"{folder} belongs to somebody else of this machine; remove it.")
        folder.chmod(0o700)
        self._path = folder / "memory.db"
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._swept = 0.0
        self._db().execute(
            "CREATE TABLE IF NOT EXISTS shelf (key TEXT PRIMARY KEY, value BLOB, until REAL) WITHOUT ROWID"
        )

    def _db(self) -> sqlite3.Connection:
        found = getattr(self._local, "db", None)
        if found is None:
            # Each thread has its own; `close` alone touches those of others.
            found = sqlite3.connect(self._path, timeout=10, isolation_level=None, check_same_thread=False)
            self._opened.append(found)
            for pragma in ("journal_mode=MEMORY", "synchronous=OFF", "secure_delete=ON", "temp_store=MEMORY"):
                found.execute(f"PRAGMA {pragma}")
            self._local.db = found
        return cast(sqlite3.Connection, found)

    def get(self, key: str) -> bytes | None:
        row = (
            self._db()
            .execute("SELECT value FROM shelf WHERE key=? AND until>?", (key, time.time()))
            .fetchone()
        )
        if row is None:
            return None
        # A counter lies there as a number; everybody gets bytes, as from a Valkey.
        return row[0] if isinstance(row[0], bytes) else str(row[0]).encode()

    def put(self, key: str, value: bytes, seconds: float) -> None:
        self._sweep()
        self._db().execute("INSERT OR REPLACE INTO shelf VALUES (?,?,?)", (key, value, time.time() + seconds))

    def add(self, key: str, value: bytes, seconds: float) -> bool:
        self._sweep()
        now = time.time()
        done = self._db().execute(
            "INSERT INTO shelf VALUES (?1,?2,?3) ON CONFLICT (key) DO UPDATE SET"
            " value=excluded.value, until=excluded.until WHERE until<=?4",
            (key, value, now + seconds, now),
        )
        return done.rowcount == 1

    def delete(self, key: str) -> None:
        self._db().execute("DELETE FROM shelf WHERE key=?", (key,))

    def count(self, key: str, seconds: float) -> int:
        now = time.time()
        row = (
            self._db()
            .execute(
                "INSERT INTO shelf VALUES (?1,'1',?2) ON CONFLICT (key) DO UPDATE SET"
                " value=CASE WHEN until>?3 THEN CAST(value AS INTEGER)+1 ELSE 1 END,"
                " until=CASE WHEN until>?3 THEN until ELSE ?2 END RETURNING CAST(value AS INTEGER)",
                (key, now + seconds, now),
            )
            .fetchone()
        )
        return int(row[0])

    def close(self) -> None:
        """Let go of the shelf; what lies on it stays for other processes."""
        while self._opened:
            self._opened.pop().close()
        self._local = threading.local()

    def _sweep(self) -> None:
        """Throw away what has run out, once a second at most: nothing of it can be read in the meantime."""
        now = time.time()
        if now - self._swept > 1:
            self._swept = now
            self._db().execute("DELETE FROM shelf WHERE until<=?", (now,))


class Valkey:
    """A shelf in a Valkey or Redis that keeps nothing on disk, shared by several machines."""

    def __init__(self, url: str) -> None:
        import redis

        self._client: Any = redis.Redis.from_url(url.replace("valkey://", "redis://", 1))
        try:
            told = self._client.config_get("save", "appendonly")
        except redis.RedisError as error:
            raise NoMemory(
                "The Valkey in MEMORY_URL does not answer, or does not say whether it writes to disk (CONFIG GET)."
            ) from error
        if told.get("save") or told.get("appendonly") == "yes":
            raise NoMemory(
                "The Valkey in MEMORY_URL writes to disk; start it with: --save '' --appendonly no"
            )

    def get(self, key: str) -> bytes | None:
        return cast("bytes | None", self._client.get(key))

    def put(self, key: str, value: bytes, seconds: float) -> None:
        self._client.set(key, value, px=int(seconds * 1000))

    def add(self, key: str, value: bytes, seconds: float) -> bool:
        return bool(self._client.set(key, value, px=int(seconds * 1000), nx=True))

    def delete(self, key: str) -> None:
        self._client.delete(key)

    def count(self, key: str, seconds: float) -> int:
        pipe = self._client.pipeline()
        pipe.incr(key)
        pipe.expire(key, int(seconds) or 1, nx=True)
        return int(pipe.execute()[0])

    def close(self) -> None:
        self._client.close()


def open_store(url: str, instance: Path) -> Store:
    """The shelf of this installation."""
    if url:
        return Valkey(url)
    if not os.access(SHARED_MEMORY, os.W_OK) or not _lies_in_memory(SHARED_MEMORY):
        raise NoMemory(
            f"{SHARED_MEMORY} is not memory that can be written to; set MEMORY_URL to a Valkey without persistence."
        )
    return Tmpfs(folder(instance))


def _lies_in_memory(path: Path) -> bool:
    """Whether a folder is memory: in some containers /dev/shm is a folder on a disk."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()]
    holding = [mount for mount in mounts if path.is_relative_to(mount[1].replace("\\040", " "))]
    return bool(holding) and max(reversed(holding), key=lambda mount: len(mount[1]))[2] in {"tmpfs", "ramfs"}


def folder(instance: Path) -> Path:
    """The private folder in this machine's memory that belongs to an instance."""
    name = hashlib.sha256(str(instance.resolve()).encode()).hexdigest()[:16]
    return SHARED_MEMORY / f"centre-{os.getuid()}-{name}"


def store() -> Store:
    """The shelf of the application at work."""
    return cast(Store, current_app.extensions["memory"])


def boot_secret(shelf: Store) -> bytes:
    """A secret that is gone when the machine's memory is: 32 bytes, the same for all its processes."""
    held = shelf.get("boot")
    if held is None:
        shelf.add("boot", secrets.token_bytes(32), 400 * 86400)
        held = shelf.get("boot")
    assert held is not None, "it was put there a line above"
    return held
