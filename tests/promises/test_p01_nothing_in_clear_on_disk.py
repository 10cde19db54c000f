"""P1: nothing a reporter writes is ever written to a disk in clear.

Canaries go through every door without scripts while every file that the server's processes open for
writing is watched, deleted ones and temporary folders included: by the kernel's own account of every
write where `strace` may attach, and by looking into the processes' open files many times a second anyway.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex

import pytest

from core import memory
from core.access import Role
from intake.keys.founding import Founded
from tests.letters import hidden
from tests.servers import Served
from tests.wires import Wire

pytestmark = [pytest.mark.embedded, pytest.mark.slow]

TEMPORARY = {Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp"), Path("/dev/shm")}
_WRITE = re.compile(r"(?:write|pwrite64|writev|pwritev2?)\(\d+<([^>]*)>")


@dataclass
class Watch:
    """What the server's processes wrote, and into which files."""

    pids: list[int]
    canaries: list[bytes] = field(default_factory=list)
    files: set[str] = field(default_factory=set)
    found: set[str] = field(default_factory=set)
    looks: int = 0

    def canary(self) -> str:
        """A word that nobody else uses."""
        word = "CANARY" + token_hex(12)
        self.canaries.append(word.encode())
        return word

    def look(self) -> None:
        """Read every regular file that one of the processes has open for writing, deleted or not."""
        self.looks += 1
        for pid in self.pids:
            with suppress(OSError):
                for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                    with suppress(OSError):
                        self._look_into(pid, descriptor)

    def _look_into(self, pid: int, descriptor: Path) -> None:
        name = str(descriptor.readlink())
        flags = int(
            Path(f"/proc/{pid}/fdinfo/{descriptor.name}").read_text().split("flags:")[1].split()[0], 8
        )
        if not name.startswith("/") or name.startswith("/dev/null") or not flags & (os.O_WRONLY | os.O_RDWR):
            return
        self.files.add(name)
        self.search(name, descriptor.read_bytes())

    def search(self, name: str, content: bytes) -> None:
        """Note which canaries stand in these bytes."""
        for canary in self.canaries:
            if canary in content:
                self.found.add(f"{canary.decode()} in {name}")

    def sweep(self, *folders: Path, newer_than: float) -> None:
        """Read every file in these folders that changed since."""
        for folder in folders:
            # os.walk passes over a folder that goes while it is read: other tests come and go beside this one.
            for path in (Path(here) / name for here, _, names in os.walk(folder) for name in names):
                with suppress(OSError):
                    if path.is_file() and not path.is_symlink() and path.stat().st_mtime >= newer_than:
                        self.search(str(path), path.read_bytes())

    def read_trace(self, trace: Path) -> int:
        """Search the kernel's account; returns how many writes to files it holds."""
        writes = 0
        with trace.open("rb") as lines:
            for line in lines:
                found = _WRITE.search(line[:400].decode(errors="replace"))
                if found and found.group(1).startswith("/") and not found.group(1).startswith("/dev/null"):
                    writes += 1
                    self.search(found.group(1), line)
        return writes


@contextmanager
def watching(served: Served) -> Iterator[Watch]:
    """Look into the processes all the time until the block ends."""
    watch, stop = Watch(served.pids()), threading.Event()

    def look() -> None:
        while not stop.is_set():
            watch.look()
            time.sleep(0.002)

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield watch
    finally:
        stop.set()
        looking.join()


@contextmanager
def traced(served: Served, into: Path) -> Iterator[bool]:
    """The kernel's account of every write of the processes, where that is possible."""
    strace = shutil.which("strace")
    if strace is None or os.getuid():
        yield False
        return
    calls = "trace=write,pwrite64,writev,pwritev,pwritev2"
    arguments = [strace, "-f", "-y", "-s", "3000000", "-e", calls, "-o", str(into)]
    for pid in served.pids():
        arguments += ["-p", str(pid)]
    tracer = subprocess.Popen(arguments, stderr=subprocess.DEVNULL)
    time.sleep(1.0)
    possible = tracer.poll() is None
    try:
        yield possible
    finally:
        if possible:
            tracer.send_signal(signal.SIGINT)
        tracer.wait(timeout=20)


def everything_goes_through(watch: Watch, served: Served, centre: Founded) -> None:
    """Every door without scripts, with canaries in every answer that takes words."""
    with Wire(served.url) as wire, Wire(served.url) as handler:
        _all_doors(watch, wire, handler, centre)


def _all_doors(watch: Watch, wire: Wire, handler: Wire, centre: Founded) -> None:
    words = {
        "narrative": watch.canary() + "\n" + "dòng kể " * 400 + watch.canary(),
        "reporter_name": watch.canary(),
        "people_involved": watch.canary(),
        "affected_person": watch.canary(),
        "contact_mode": "phone",
        "safe_contact": watch.canary(),
    }
    assert wire.post("/thu", {"narrative": watch.canary()}).status == 422
    case_id, receipt = wire.writes(**words)
    watch.canaries.append(receipt.encode())
    mailbox = wire.post("/hop-thu", {"receipt": receipt})
    sent = {"receipt": receipt, "message_id": hidden(mailbox.text, "message_id"), "message": watch.canary()}
    assert wire.post("/hop-thu/gui", sent).status == 200
    assert wire.post("/hop-thu/gui", sent | {"message": watch.canary() * 300}).status == 422
    for size in (400_000, 515_000, 600_000):
        # Werkzeug's own way is to write an upload above 500,000 bytes to a temporary file.
        pieces = {"tep": watch.canary().encode() * (size // 30)}
        assert wire.upload("/thu", {"narrative": watch.canary()}, pieces).status in {413, 422}
    wire.post("/thu", {"narrative": watch.canary() * 30_000})
    wire.get(f"/thu?{watch.canary()}")
    wire.get(f"/{watch.canary()}")
    handler.signs_in(centre.of(Role.HANDLER)[0])
    assert case_id in handler.get("/lam-viec/").text
    opened = handler.post(f"/lam-viec/{case_id}/mo", {"csrf_token": handler.token()})
    assert watch.canaries[1].decode() in opened.text
    reply = {"csrf_token": handler.token(), "message": watch.canary(), "state": "answered"}
    assert handler.post(f"/lam-viec/{case_id}/tra-loi", reply).status == 303
    assert reply["message"] in wire.post("/hop-thu", {"receipt": receipt}).text


def test_no_canary_is_written_to_any_file(served: Served, centre: Founded, tmp_path: Path) -> None:
    begun, trace = time.time() - 1, tmp_path / "trace"
    with watching(served) as watch, traced(served, trace) as exact:
        everything_goes_through(watch, served, centre)
    if exact:
        assert watch.read_trace(trace) > 20, "the kernel's account is empty"
        assert watch.canaries[1] in trace.read_bytes(), "the account would not show a word that was written"
        trace.unlink()
    watch.look()
    watch.sweep(served.instance, memory.folder(served.instance), newer_than=0)
    watch.sweep(*TEMPORARY - {tmp_path}, newer_than=begun)
    watch.search("the server's own log", served.log.read_bytes())
    assert watch.looks > 50
    assert len(watch.canaries) > 15
    assert any(name.startswith(str(served.instance)) for name in watch.files), watch.files
    assert not watch.found


def test_every_file_the_server_writes_lies_in_its_instance_or_in_memory(
    served: Served, centre: Founded
) -> None:
    with watching(served) as watch:
        everything_goes_through(watch, served, centre)
    allowed = (str(served.instance), str(memory.folder(served.instance)), str(served.log))
    assert not [name for name in watch.files if not name.startswith(allowed)]


def test_the_watch_itself_finds_a_file_that_was_deleted_while_open(tmp_path: Path) -> None:
    watch = Watch([os.getpid()])
    word = watch.canary()
    with (tmp_path / "spooled").open("w+", encoding="ascii") as file:
        (tmp_path / "spooled").unlink()
        file.write(word)
        file.flush()
        watch.look()
    assert any(word in found and "deleted" in found for found in watch.found)
