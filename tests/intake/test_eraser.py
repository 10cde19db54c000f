"""A key that was erased is gone, and the file never tells how many cases there are."""

from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import pytest

from core.sealing import CannotOpen
from intake.eraser import AlreadyThere, Erased, NoneLeft, NotAnEraserFile, create, erase, key, take


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "eraser.keys"
    create(path, slots=64)
    return path


def test_a_key_taken_is_found_again_under_its_slot(keys: Path) -> None:
    slot, taken = take(keys)
    assert key(keys, slot) == taken
    assert key(keys, (slot + 1) % 64) != taken


def test_an_erased_key_is_zeros_on_the_disk_and_opens_nothing(keys: Path) -> None:
    slot, taken = take(keys)
    assert taken.raw in keys.read_bytes()
    erase(keys, slot)
    erase(keys, slot)
    assert taken.raw not in keys.read_bytes()
    assert keys.read_bytes()[32 * (slot + 1) :][:32] == bytes(32)
    with pytest.raises(Erased):
        key(keys, slot)
    assert issubclass(Erased, CannotOpen)


def test_erasing_touches_no_other_key(keys: Path) -> None:
    before = keys.read_bytes()
    erase(keys, 7)
    after = keys.read_bytes()
    assert (before[: 32 * 8], before[32 * 9 :]) == (after[: 32 * 8], after[32 * 9 :])


def test_an_erased_slot_is_never_given_out_again(keys: Path) -> None:
    for slot in range(60):
        erase(keys, slot)
    assert {take(keys)[0] for _ in range(60)} == {60, 61, 62, 63}
    for slot in range(60, 64):
        erase(keys, slot)
    with pytest.raises(NoneLeft):
        take(keys)


def test_slots_are_drawn_and_not_counted(keys: Path) -> None:
    drawn = [take(keys)[0] for _ in range(400)]
    assert drawn != sorted(drawn)
    assert len(set(drawn)) > 50


def test_taking_leaves_no_trace_in_the_file(keys: Path) -> None:
    before = keys.read_bytes(), keys.stat().st_mtime_ns
    for _ in range(20):
        take(keys)
    assert (keys.read_bytes(), keys.stat().st_mtime_ns) == before


def test_the_file_is_whole_from_the_start_for_its_owner_only_and_alone(keys: Path) -> None:
    assert keys.stat().st_size == 65 * 32
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert [file.name for file in keys.parent.iterdir()] == ["eraser.keys"]


def test_a_second_founding_never_replaces_the_file(keys: Path) -> None:
    before = keys.read_bytes()
    with pytest.raises(AlreadyThere):
        create(keys, slots=64)
    assert keys.read_bytes() == before
    assert len(list(keys.parent.iterdir())) == 1


def test_a_missing_short_or_foreign_file_is_refused(keys: Path, tmp_path: Path) -> None:
    with pytest.raises(NotAnEraserFile):
        take(tmp_path / "missing")
    for content in [b"", b"short", keys.read_bytes()[:-32], b"x" * 65 * 32]:
        keys.write_bytes(content)
        with pytest.raises(NotAnEraserFile):
            key(keys, 0)


@pytest.mark.parametrize("slot", [-1, 64])
def test_a_slot_outside_the_file_opens_nothing(keys: Path, slot: int) -> None:
    with pytest.raises(CannotOpen):
        key(keys, slot)
    with pytest.raises(CannotOpen):
        erase(keys, slot)


def _erase_some(path: Path, start: int) -> None:
    for slot in range(start, start + 16):
        erase(path, slot)


def test_several_processes_erase_at_once_without_harm(keys: Path) -> None:
    before = keys.read_bytes()
    forked = multiprocessing.get_context("spawn")
    workers = [forked.Process(target=_erase_some, args=(keys, start)) for start in (0, 16)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert keys.read_bytes() == before[:32] + bytes(32 * 32) + before[32 * 33 :]
