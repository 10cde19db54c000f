"""The shelf that forgets: shared by processes, in memory only, private to one user of the machine."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core import memory
from core.memory import NoMemory, Store, Tmpfs

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Store]:
    opened = memory.open_store("", tmp_path)
    yield opened
    opened.close()
    shutil.rmtree(memory.folder(tmp_path))


def test_what_was_put_is_got(shelf: Store) -> None:
    shelf.put("a", b"1", 60)
    shelf.put("a", b"2", 60)
    assert shelf.get("a") == b"2"
    shelf.delete("a")
    assert shelf.get("a") is None
    shelf.delete("a")


def test_what_has_run_out_is_gone(shelf: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.put("a", b"1", 60)
    monkeypatch.setattr("core.memory.time.time", lambda: _later(61))
    assert shelf.get("a") is None
    assert shelf.add("a", b"2", 60)


def test_what_has_run_out_is_wiped_and_not_only_hidden(
    shelf: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.put("a", b"a word that must go", 60)
    monkeypatch.setattr("core.memory.time.time", lambda: _later(61))
    shelf.put("b", b"2", 60)
    assert b"a word that must go" not in (memory.folder(tmp_path) / "memory.db").read_bytes()


def test_only_the_first_may_add(shelf: Store) -> None:
    assert shelf.add("a", b"first", 60)
    assert not shelf.add("a", b"second", 60)
    assert shelf.get("a") == b"first"


def test_of_many_at_once_exactly_one_adds(shelf: Store) -> None:
    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(lambda number: shelf.add("a", b"%d" % number, 60), range(64)))
    assert won.count(True) == 1
    assert shelf.get("a") == b"%d" % won.index(True)


def test_no_count_is_lost_when_many_count_at_once(shelf: Store) -> None:
    with ThreadPoolExecutor(16) as pool:
        counted = list(pool.map(lambda _: shelf.count("tries", 60), range(200)))
    assert sorted(counted) == list(range(1, 201))
    assert shelf.get("tries") == b"200"


def test_a_count_begins_anew_when_its_time_is_over(shelf: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        shelf.count("tries", 60)
    monkeypatch.setattr("core.memory.time.time", lambda: _later(61))
    assert shelf.count("tries", 60) == 1


def test_counting_on_does_not_make_the_window_longer(shelf: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.count("tries", 60)
    monkeypatch.setattr("core.memory.time.time", lambda: _later(40))
    assert shelf.count("tries", 60) == 2
    monkeypatch.setattr("core.memory.time.time", lambda: _later(80))
    assert shelf.count("tries", 60) == 1


def test_other_processes_see_the_same_shelf(shelf: Store, tmp_path: Path) -> None:
    shelf.put("a", b"from here", 60)
    script = (
        "import sys; from pathlib import Path; from core import memory\n"
        "shelf = memory.open_store('', Path(sys.argv[1]))\n"
        "shelf.put('b', shelf.get('a') + b' and there', 60); shelf.count('n', 60)"
    )
    shelf.count("n", 60)
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, cwd=ROOT)
    assert shelf.get("b") == b"from here and there"
    assert shelf.count("n", 60) == 3


def test_the_secret_of_this_boot_is_one_for_all_and_another_after_it(shelf: Store) -> None:
    first = memory.boot_secret(shelf)
    assert len(first) == 32
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: memory.boot_secret(shelf), range(16))) == {first}
    shelf.delete("boot")
    assert memory.boot_secret(shelf) != first


def test_nobody_else_on_the_machine_may_look(shelf: Store, tmp_path: Path) -> None:
    shelf.put("a", b"1", 60)
    folder = memory.folder(tmp_path)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert folder.is_relative_to("/dev/shm")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make a folder of somebody else")
def test_a_folder_that_somebody_else_made_first_is_refused(tmp_path: Path) -> None:
    folder = memory.folder(tmp_path)
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    try:
        with pytest.raises(NoMemory, match="belongs to somebody else"):
            memory.open_store("", tmp_path)
    finally:
        folder.rmdir()


def test_a_folder_on_a_disk_is_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_lies_in_memory", lambda _path: False)
    with pytest.raises(NoMemory, match="MEMORY_URL"):
        memory.open_store("", tmp_path)


def test_a_missing_folder_is_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "SHARED_MEMORY", tmp_path / "none")
    with pytest.raises(NoMemory, match="MEMORY_URL"):
        memory.open_store("", tmp_path)


def test_the_root_of_this_machine_is_not_taken_for_memory() -> None:
    assert memory._lies_in_memory(Path("/dev/shm"))
    assert not memory._lies_in_memory(Path("/proc"))


def test_two_installations_share_nothing(shelf: Store, tmp_path: Path) -> None:
    other = Tmpfs(memory.folder(tmp_path / "other"))
    try:
        shelf.put("a", b"1", 60)
        assert other.get("a") is None
    finally:
        other.close()
        shutil.rmtree(memory.folder(tmp_path / "other"))


def _later(seconds: float) -> float:
    import datetime

    return datetime.datetime.now(datetime.UTC).timestamp() + seconds
