"""One heavy job at a time, in a child process that lives only for it.

Workers that serve pages never load numpy, scipy or a chart library. A job gets JSON and gives JSON, in which
bytes are base64; the child has none of the server's environment, leaves no core file, and is killed when its
time is over. One job runs at a time on this machine, whichever worker asks: a lock file in memory-backed
storage sees to it.
"""

from __future__ import annotations

import base64
import ctypes
import fcntl
import importlib
import inspect
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

JOBS: Final = frozenset(
    {
        "board.activities.drawing:small_job",
        "board.report.layout:docx_job",
        "core.charts:draw",
        "core.charts:file_job",
        "core.disclosure:protect_job",
        "core.document:docx_job",
        "core.document:xlsx_job",
        "core.posters.sheet:pdf_job",
        "core.heavy:rehearse",
        "core.unit_book:read_job",
        "survey.card_sheet:pdf_job",
        "survey.collected.job:look_job",
        "survey.collected.job:report_job",
        "survey.effects:count_job",
        "survey.export_files:dta_job",
        "survey.export_files:sav_job",
        "survey.export_files:xlsx_job",
        "survey.xlsform.job:check_job",
    }
)
"""Everything that may run. Each takes a dict and returns a dict, and may take `progress`."""

FROM_FILES: Final = frozenset(
    {
        "board.activities.drawing:small_job",
        "core.heavy:rehearse",
        "core.unit_book:read_job",
        "survey.collected.job:look_job",
        "survey.xlsform.job:check_job",
    }
)
"""Jobs that read a file which somebody brought: they have no network, and only so much memory."""
_MEMORY: Final = 1024 * 2**20
_NEW_NAMESPACES: Final = 0x10000000 | 0x40000000  # a user's own, and in it an empty network

ROOT: Final = Path(__file__).resolve().parent.parent
_QUIET: Final = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
_PROGRESS: Final = "HEAVY_PROGRESS"

Progress = Callable[[str], None]


class HeavyFailed(Exception):
    """A heavy job did not finish; `kind` is the name of what went wrong in the child."""

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind: Final = kind


class HeavyBusy(Exception):
    """Another heavy job is running; this one was not started."""


def run(
    job: str,
    payload: Mapping[str, Any],
    *,
    progress: Progress | None = None,
    seconds: float = 120,
    patience: float = 30,
    lock: Path | None = None,
) -> dict[str, Any]:
    """The answer of a job from `JOBS`.

    seconds: after so long the child is killed. patience: how long to wait for another job to end. Raises
    HeavyBusy, or HeavyFailed with the sentence of the child's own exception. `progress` is called from
    another thread with each line the job tells.
    """
    if job not in JOBS:
        raise ValueError(f"{job!r} is not a job that may run; see core.heavy.JOBS.")
    with _alone(lock or _lock_file(), patience):
        # Written out only now: many who wait with a file in their hands would each hold it five times over.
        return _answer(_child(job, written(payload), progress, seconds))


def written(payload: Mapping[str, Any]) -> bytes:
    """What a child reads: bytes become base64. Raises ValueError for a number that is none."""
    return json.dumps(payload, allow_nan=False, default=_in_letters).encode()


def rehearse(payload: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """A job that shows whether jobs work here: tells `tell`, sleeps, says what it sees, fails on demand."""
    for words in payload.get("tell", ()):
        progress(words)
    time.sleep(payload.get("sleep", 0))
    if "fail" in payload:
        raise ValueError(payload["fail"])
    if payload.get("die"):
        os._exit(9)
    return {
        "environment": sorted(os.environ),
        "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
        "memory": resource.getrlimit(resource.RLIMIT_AS)[0],
        "network": [name for _, name in socket.if_nameindex()],
    }


# --- the parent's side


def _lock_file() -> Path:
    memory = Path("/dev/shm")  # noqa: S108  (a lock holds no data, and every worker must find it)
    folder = memory if memory.is_dir() else Path(tempfile.gettempdir())
    return folder / f"heavy-{os.getuid()}.lock"


@contextmanager
def _alone(path: Path, patience: float) -> Iterator[None]:
    handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        limit = time.monotonic() + patience
        while not _locked(handle):
            if time.monotonic() >= limit:
                raise HeavyBusy("Another calculation is running; try again in a minute.")
            time.sleep(0.05)
        yield
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _in_letters(value: object) -> str:
    if not isinstance(value, bytes):
        raise TypeError(f"{type(value).__name__} does not travel to a child.")
    return base64.b64encode(value).decode()


def _child(job: str, asked: bytes, progress: Progress | None, seconds: float) -> tuple[int, bytes]:
    """Exit status and output of the child."""
    ear, mouth = os.pipe()
    child = subprocess.Popen(  # noqa: S603  (the job is one of JOBS, and no shell is asked)
        [sys.executable, "-m", "core.heavy", job, str(int(seconds) + 5)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env={**_QUIET, _PROGRESS: str(mouth)},
        pass_fds=(mouth,),
    )
    os.close(mouth)
    listener = threading.Thread(target=_listen, args=(ear, progress), daemon=True)
    listener.start()
    try:
        told, _ = child.communicate(asked, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise HeavyFailed("TimeoutExpired", f"The job took longer than {seconds:g} seconds.") from None
    finally:
        child.kill()
        child.communicate()
        listener.join()
    return child.returncode, told


def _listen(ear: int, progress: Progress | None) -> None:
    with os.fdopen(ear, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if progress is not None:
                progress(line.rstrip("\n"))


def _answer(ended: tuple[int, bytes]) -> dict[str, Any]:
    status, told = ended
    if status != 0:
        raise HeavyFailed("Died", f"The job's process ended with status {status}.")
    answer = json.loads(told)
    if "failed" in answer:
        raise HeavyFailed(answer["failed"], answer["sentence"])
    return dict(answer["done"])


# --- the child's side


def main(job: str, seconds: str) -> None:
    """Run one job from standard input to standard output; whatever it prints by accident goes nowhere."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if job in FROM_FILES:
        _close_in()
    signal.alarm(int(seconds))  # should the parent die, nobody else would end this
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    mouth = os.fdopen(int(os.environ.pop(_PROGRESS)), "w", encoding="utf-8", buffering=1)

    def tell(words: str) -> None:
        mouth.write(words.replace("\n", " ") + "\n")

    with out, mouth:
        json.dump(_outcome(job, sys.stdin.buffer.read(), tell), out, allow_nan=False)


def _close_in() -> bool:
    """Leave the network, take only so much memory; whether the kernel let the network go (as decision 0017)."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(4, 0, 0, 0, 0)  # nobody may look into this process
    return bool(libc.unshare(_NEW_NAMESPACES) == 0)


def _outcome(job: str, asked: bytes, tell: Progress) -> dict[str, Any]:
    try:
        if job not in JOBS:
            raise ValueError(f"{job!r} is not a job that may run.")
        module, name = job.split(":")
        function = getattr(importlib.import_module(module), name)
        extra = {"progress": tell} if "progress" in inspect.signature(function).parameters else {}
        done = function(json.loads(asked), **extra)
        json.dumps(done, allow_nan=False)
    except Exception as wrong:  # noqa: BLE001  (whatever it is, the parent must hear its name)
        return {"failed": type(wrong).__name__, "sentence": str(wrong)}
    return {"done": done}


if __name__ == "__main__":
    main(*sys.argv[1:])
