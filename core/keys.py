"""A person's lock: what their passphrase opens when they sign in.

Everybody has one. Inside lie the second factor's secret, the hashes of their recovery codes and, for
handlers and custodians, the seed of their keys. Signing in *is* opening the lock; the server stores
nothing else that could check a passphrase, and nothing at rest that could open it.

    lock   format (1) ‖ memory in KiB (4) ‖ rounds (1) ‖ lanes (1) ‖ salt (16) ‖ sealed secret

All locks have the same length, with a seed or without. Argon2id's parameters stand in the lock, so that
they can be raised for new locks while old ones still open.
"""

from __future__ import annotations

import base64
import json
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from argon2.low_level import Type, hash_secret_raw

from core.passphrase import normalise
from core.sealing import (
    KEY_BYTES,
    SHARED_OVERHEAD,
    CannotOpen,
    PrivateKey,
    SharedKey,
    pad,
    random_bytes,
    seal,
    sign_public,
    unpad,
    unseal,
)

FORMAT: Final = 1
MEMORY_KIB: Final = 64 * 1024
ROUNDS: Final = 3
LANES: Final = 1
# A spoilt lock must not be able to ask for a machine's whole memory or a day of its time.
_MOST_MEMORY_KIB: Final = 512 * 1024
_MOST_ROUNDS: Final = 16
_MOST_LANES: Final = 4

AT_ONCE: Final = 2
PATIENCE: Final = 30.0

_HEADER: Final = struct.Struct(">BIBB16s")
_SECRET_BYTES: Final = 2048
LOCK_BYTES: Final = _HEADER.size + SHARED_OVERHEAD + _SECRET_BYTES


class Busy(Exception):
    """Too many people are signing in or opening a mailbox at this moment; trying again helps."""


derivations: Final = threading.BoundedSemaphore(AT_ONCE)


@contextmanager
def deriving(patience: float = PATIENCE) -> Iterator[None]:
    """A turn at a slow key derivation: two at once in a process, the others wait up to `patience` seconds.

    Memory is the reason (64 MiB each). Raises `Busy`. Never hold a transaction while waiting here.
    """
    if not derivations.acquire(timeout=patience):
        raise Busy
    try:
        yield
    finally:
        derivations.release()


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """What lies in a lock. `seed`: 32 bytes, None for people who hold no keys; `recovery_codes`: hashes.

    earlier: the seed before it, where somebody renewed their keys themselves: it serves until a roster names the
    new ones, and then to wrap anew what is still wrapped to the old.
    """

    seed: bytes | None = field(repr=False)
    totp: str = field(repr=False)
    recovery_codes: tuple[str, ...] = field(repr=False)
    earlier: bytes | None = field(default=None, repr=False)


def close(passphrase: str, secret: Secret) -> bytes:
    """A lock around a secret. Takes a tenth of a second and 64 MiB."""
    header = _HEADER.pack(FORMAT, MEMORY_KIB, ROUNDS, LANES, random_bytes(16))
    return header + seal(pad(_encode(secret), _SECRET_BYTES), _key(passphrase, header), header)


def open_lock(lock: bytes, passphrase: str) -> Secret:
    """What lies in a lock; `CannotOpen` for a wrong passphrase or a spoilt lock; `Busy` in a crowd."""
    header, sealed = lock[: _HEADER.size], lock[_HEADER.size :]
    return _decode(unpad(unseal(sealed, _key(passphrase, header), header)))


def public_keys(seed: bytes) -> tuple[bytes, bytes]:
    """What the roster says of a person: the public keys for sealing (1216 bytes) and signing (32 bytes)."""
    return PrivateKey.from_seed(seed).public.raw, sign_public(seed)


def _key(passphrase: str, header: bytes) -> SharedKey:
    try:
        written, memory, rounds, lanes, salt = _HEADER.unpack(header)
    except struct.error:
        raise CannotOpen from None
    if written != FORMAT or memory > _MOST_MEMORY_KIB or rounds > _MOST_ROUNDS or lanes > _MOST_LANES:
        raise CannotOpen
    if rounds < 1 or lanes < 1 or memory < 8 * lanes:
        raise CannotOpen
    with deriving():
        raw = hash_secret_raw(
            normalise(passphrase),
            salt,
            time_cost=rounds,
            memory_cost=memory,
            parallelism=lanes,
            hash_len=KEY_BYTES,
            type=Type.ID,
        )
    return SharedKey(raw)


def _encode(secret: Secret) -> bytes:
    inside = {
        "seed": _text(secret.seed),
        "totp": secret.totp,
        "recovery_codes": list(secret.recovery_codes),
        "earlier": _text(secret.earlier),
    }
    return json.dumps(inside, separators=(",", ":")).encode()


def _decode(inside: bytes) -> Secret:
    found = json.loads(inside)
    return Secret(
        seed=_raw(found["seed"]),
        totp=found["totp"],
        recovery_codes=tuple(found["recovery_codes"]),
        earlier=_raw(found.get("earlier")),  # locks from before somebody could renew their keys say nothing
    )


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else base64.b64encode(raw).decode()


def _raw(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)


# For names nobody has: opening it fails, in the same time as a real lock with a wrong passphrase.
DUMMY_LOCK: Final = _HEADER.pack(FORMAT, MEMORY_KIB, ROUNDS, LANES, random_bytes(16)) + seal(
    bytes(_SECRET_BYTES), SharedKey.random(), b""
)
