"""Heavy jobs: one at a time, in a child that knows nothing of the server and cannot outstay its time."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from core import heavy
from core.disclosure import RawTable, from_json, protect, to_job
from core.heavy import HeavyBusy, HeavyFailed, run


def test_a_job_gives_its_answer_and_tells_how_far_it_is(lock: Path) -> None:
    heard: list[str] = []
    run("core.heavy:rehearse", {"tell": ["một", "two\nlines"]}, progress=heard.append, lock=lock)
    assert heard == ["một", "two lines"]


def test_the_child_sees_no_secret_and_leaves_no_core_file(
    lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    seen = run("core.heavy:rehearse", {}, lock=lock)
    allowed = {"PATH", "LANG", "LC_CTYPE", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"}
    assert set(seen["environment"]) <= allowed
    assert seen["core"] == 0


def test_a_job_that_reads_a_file_somebody_brought_has_no_network_and_only_so_much_memory(lock: Path) -> None:
    may = "import ctypes; print(ctypes.CDLL(None).unshare(0x50000000))"
    kernel = subprocess.run([sys.executable, "-c", may], capture_output=True, text=True, check=True).stdout
    seen = run("core.heavy:rehearse", {}, lock=lock)
    assert seen["memory"] == 2**30
    assert seen["network"] == ["lo"] or kernel.strip() != "0"
    assert "board.activities.drawing:small_job" in heavy.FROM_FILES


def test_a_job_that_fails_says_what_went_wrong(lock: Path) -> None:
    with pytest.raises(HeavyFailed, match="no such year") as failed:
        run("core.heavy:rehearse", {"fail": "no such year"}, lock=lock)
    assert failed.value.kind == "ValueError"


def test_a_child_that_dies_is_noticed(lock: Path) -> None:
    with pytest.raises(HeavyFailed, match="status 9"):
        run("core.heavy:rehearse", {"die": True}, lock=lock)


def test_a_job_that_outstays_its_time_is_killed(lock: Path) -> None:
    start = time.monotonic()
    with pytest.raises(HeavyFailed, match=r"longer than 0\.5 seconds"):
        run("core.heavy:rehearse", {"sleep": 30}, seconds=0.5, lock=lock)
    assert time.monotonic() - start < 10


def test_after_a_failure_the_next_job_runs(lock: Path) -> None:
    with pytest.raises(HeavyFailed):
        run("core.heavy:rehearse", {"fail": ""}, lock=lock)
    assert run("core.heavy:rehearse", {}, lock=lock, patience=0)


@pytest.mark.slow
def test_only_one_job_runs_at_a_time(lock: Path) -> None:
    first = threading.Thread(target=run, args=("core.heavy:rehearse", {"sleep": 1.5}), kwargs={"lock": lock})
    first.start()
    time.sleep(0.3)
    with pytest.raises(HeavyBusy):
        run("core.heavy:rehearse", {}, lock=lock, patience=0)
    run("core.heavy:rehearse", {}, lock=lock, patience=20)
    first.join()


def test_a_job_that_is_not_listed_does_not_run(lock: Path) -> None:
    with pytest.raises(ValueError, match="not a job that may run"):
        run("os:system", {}, lock=lock)
    told = subprocess.run(
        [sys.executable, "-c", "import os, sys; from core import heavy; heavy.main('os:getcwd', '9')"],
        input=b"{}", capture_output=True, env={"HEAVY_PROGRESS": "2", "PATH": ""}, check=True,
    )  # fmt: skip
    assert json.loads(told.stdout)["failed"] == "ValueError"


def test_a_file_is_written_out_for_the_child_only_when_its_turn_has_come(lock: Path) -> None:
    assert json.loads(heavy.written({"file": b"\x00\xff", "most": 3})) == {"file": "AP8=", "most": 3}
    with pytest.raises(TypeError, match="set does not travel"):
        heavy.written({"file": {1}})
    with heavy._alone(lock, 0), pytest.raises(HeavyBusy):  # not the TypeError: nothing was written out
        run("core.heavy:rehearse", {"tell": {1}}, lock=lock, patience=0)


def test_a_number_that_is_none_never_travels(lock: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        run("core.heavy:rehearse", {"sleep": float("nan")}, lock=lock)


@pytest.mark.slow
def test_every_listed_job_exists_and_takes_a_payload() -> None:
    code = (
        "import importlib, inspect; from core.heavy import JOBS\n"
        "for job in JOBS:\n"
        "    module, name = job.split(':')\n"
        "    found = inspect.signature(getattr(importlib.import_module(module), name)).parameters\n"
        "    assert list(found)[0] == 'payload' and set(found) <= {'payload', 'progress'}, job\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_where_there_is_no_memory_folder_the_lock_still_has_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    assert heavy._lock_file().name == f"heavy-{os.getuid()}.lock"
    monkeypatch.setattr(Path, "is_dir", lambda self: False)
    assert heavy._lock_file().parent != Path("/dev/shm")


@pytest.mark.slow
def test_a_release_is_protected_in_a_child(lock: Path) -> None:
    raw = RawTable(
        name="kind", release="2026-03-31", dims={"kind": ("a", "b", "c")}, rows={("a",): 9, ("b",): 11}
    )
    heard: list[str] = []
    document = run("core.disclosure:protect_job", to_job([raw], []), progress=heard.append, lock=lock)
    assert from_json(document) == protect([raw], [])
    assert heard == ["audit 2026 cases"]


def test_what_the_child_prints_does_not_spoil_its_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code = (
        "import core.heavy as heavy\n"
        "def chatty(payload, progress):\n"
        "    print('hello')\n"
        "    return {'fine': True}\n"
        "heavy.rehearse = chatty\n"
        "import sys; sys.modules['core.heavy'] = heavy\n"
        "heavy.main('core.heavy:rehearse', '9')\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        input=b"{}",
        capture_output=True,
        env={"HEAVY_PROGRESS": "2", "PATH": ""},
        check=True,
    )
    assert json.load(io.BytesIO(told.stdout)) == {"done": {"fine": True}}


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "heavy.lock"
