"""A lock opens for its passphrase and for no other, always as slowly, and two at a time."""

from __future__ import annotations

import struct
import threading
from time import process_time

import pytest

from core import keys
from core.keys import DUMMY_LOCK, LOCK_BYTES, Busy, Secret, close, deriving, open_lock, public_keys
from core.sealing import CannotOpen, PrivateKey, sign, verify

HANDLER = Secret(seed=bytes(range(32)), totp="JBSWY3DPEHPK3PXP", recovery_codes=("aaaa", "bbbb"))
ADMINISTRATOR = Secret(seed=None, totp="JBSWY3DPEHPK3PXQ", recovery_codes=())
PASSPHRASE = "sao-tuyet ngong-quen doan-dua hat-diu"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id at its least: what is tested here is not how slow it is."""
    monkeypatch.setattr(keys, "MEMORY_KIB", 8)
    monkeypatch.setattr(keys, "ROUNDS", 1)


@pytest.mark.parametrize("secret", [HANDLER, ADMINISTRATOR])
def test_a_lock_opens_for_its_passphrase(secret: Secret, quick: None) -> None:
    assert open_lock(close(PASSPHRASE, secret), "Sao Tuyết, ngỗng quên; đoàn dừa hạt dịu") == secret


def test_a_lock_stays_closed_for_any_other(quick: None) -> None:
    lock = close(PASSPHRASE, HANDLER)
    for wrong in ["", "sao-tuyet", PASSPHRASE + " xa"]:
        with pytest.raises(CannotOpen):
            open_lock(lock, wrong)


def test_a_spoilt_lock_opens_for_nobody_and_asks_for_nothing_monstrous(quick: None) -> None:
    lock = close(PASSPHRASE, HANDLER)
    for at in [0, 1, 2, 3, 4, 5, 6, 7, 22, 23, 60, len(lock) - 1]:
        for flip in (1, 0x80):
            with pytest.raises(CannotOpen):
                open_lock(lock[:at] + bytes([lock[at] ^ flip]) + lock[at + 1 :], PASSPHRASE)
    for length in [0, 10, 22, 23, 40]:
        with pytest.raises(CannotOpen):
            open_lock(lock[:length], PASSPHRASE)
    for memory, rounds, lanes in [(2**31, 1, 1), (8, 255, 1), (8, 1, 200), (0, 1, 1), (8, 0, 1), (8, 1, 0)]:
        greedy = struct.pack(">BIBB16s", 1, memory, rounds, lanes, bytes(16))
        with pytest.raises(CannotOpen):
            open_lock(greedy + lock[23:], PASSPHRASE)


def test_locks_with_and_without_a_seed_look_alike(quick: None) -> None:
    many = Secret(seed=bytes(32), totp="A" * 64, recovery_codes=tuple("c" * 44 for _ in range(10)))
    locks = [close(PASSPHRASE, secret) for secret in (HANDLER, ADMINISTRATOR, many)]
    assert {len(lock) for lock in locks} == {len(DUMMY_LOCK)} == {LOCK_BYTES}
    assert len({lock[:7] for lock in locks}) == 1
    assert len({lock[7:] for lock in locks}) == 3


def test_a_new_lock_costs_64_mib_and_three_rounds() -> None:
    format_, memory, rounds, lanes, _ = struct.unpack(">BIBB16s", close(PASSPHRASE, ADMINISTRATOR)[:23])
    assert (format_, memory, rounds, lanes) == (1, 65536, 3, 1)
    assert DUMMY_LOCK[:7] == struct.pack(">BIBB", 1, 65536, 3, 1)


@pytest.mark.slow
def test_a_name_nobody_has_costs_the_same_time() -> None:
    lock = close(PASSPHRASE, HANDLER)

    def fastest(locked: bytes) -> float:
        times = []
        for _ in range(3):
            began = process_time()
            with pytest.raises(CannotOpen):
                open_lock(locked, "wrong")
            times.append(process_time() - began)
        return min(times)

    known, unknown = fastest(lock), fastest(DUMMY_LOCK)
    assert 0.5 < known / unknown < 2


def test_two_derive_at_once_and_a_third_is_told_to_wait(quick: None) -> None:
    lock = close(PASSPHRASE, HANDLER)
    with deriving(), deriving():
        with pytest.raises(Busy), deriving(patience=0.01):
            pytest.fail("a third got in")
        opened: list[Secret] = []
        waiting = threading.Thread(target=lambda: opened.append(open_lock(lock, PASSPHRASE)))
        waiting.start()
        waiting.join(0.05)
        assert opened == []
    waiting.join()
    assert opened == [HANDLER]


def test_a_turn_is_given_back_even_when_something_breaks() -> None:
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), deriving(patience=0.01):
            raise ZeroDivisionError


def test_the_public_keys_belong_to_the_seed() -> None:
    assert HANDLER.seed is not None
    seal_public, sign_public = public_keys(HANDLER.seed)
    assert seal_public == PrivateKey.from_seed(HANDLER.seed).public.raw
    verify(b"message", sign(b"message", HANDLER.seed), sign_public)


def test_a_secret_never_shows_itself() -> None:
    assert repr(HANDLER) == "Secret()"
