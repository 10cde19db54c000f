"""The sealed file in which one case goes to an authority, readable by intake/asking/open_export.py alone. Pure.

    "case export 2\n" ‖ length of the heading (4) ‖ heading, JSON in clear ‖ sealed chunks
    heading   how the key of the file is locked: to a public key (X-Wing), or under a passphrase (Argon2id)
    chunk     SEALED bytes, the last one fewer; each bound to the heading, its number, and whether it is the last
    inside    parts: length of the name (2) ‖ name ‖ blocks [length (4) ‖ bytes] ‖ a block of length 0; at the end
              the manifest with the SHA-256 of every part before it, the handler's signature, a name of length 0

It is made piece by piece while it is sent, however large its files are. The heading says nothing of the case, the
centre or the recipient.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Final

from argon2.low_level import Type, hash_secret_raw

from core.passphrase import normalise
from core.sealing import KEY_BYTES, CannotOpen, PublicKey, SharedKey, context, random_bytes, seal, sign

MAGIC: Final = b"case export 2\n"
WRAP: Final = context("case export", "file key")
MEMORY_KIB: Final = 64 * 1024
ROUNDS: Final = 3
SIGNED: Final = b"case export manifest\n"
CHUNK: Final = 65_536
SEALED: Final = CHUNK + 29
Lock = PublicKey | str
"""The recipient's public key, or a passphrase that is told by telephone."""


def build(
    parts: Iterable[tuple[str, Iterable[bytes]]], facts: Mapping[str, Any], seed: bytes, lock: Lock
) -> Iterator[bytes]:
    """The sealed file, in pieces. facts: what the manifest says beside the hashes. seed: the handler's.

    A part that breaks off as damaged (`CannotOpen`) is named as damaged in the manifest and stays as far as it came.
    Takes a tenth of a second under a passphrase before the first piece: call it outside of any transaction.
    """
    key = SharedKey.random()
    heading = json.dumps(_locked(key, lock)).encode()
    front = MAGIC + len(heading).to_bytes(4, "big") + heading
    return chain([front], _sealed(_inside(parts, facts, seed), key, front))


def _inside(
    parts: Iterable[tuple[str, Iterable[bytes]]], facts: Mapping[str, Any], seed: bytes
) -> Iterator[bytes]:
    hashes: dict[str, str] = {}
    damaged: list[str] = []
    for name, pieces in parts:
        digest = hashlib.sha256()
        yield _name(name)
        try:
            for piece in filter(None, pieces):  # an empty block would end the part
                digest.update(piece)
                yield _block(piece)
        except CannotOpen:
            damaged.append(name)
        yield _block(b"")
        hashes[name] = digest.hexdigest()
    manifest = json.dumps(
        {**facts, "files": hashes, "damaged": damaged}, ensure_ascii=False, indent=1
    ).encode()
    for name, words in (("manifest.json", manifest), ("signature", sign(SIGNED + manifest, seed))):
        yield _name(name) + _block(words) + _block(b"")
    yield _name("")


def _name(name: str) -> bytes:
    return len(name).to_bytes(2, "big") + name.encode("ascii")


def _block(piece: bytes) -> bytes:
    return len(piece).to_bytes(4, "big") + piece


def _sealed(clear: Iterator[bytes], key: SharedKey, front: bytes) -> Iterator[bytes]:
    bound, held, number = hashlib.sha256(front).hexdigest(), bytearray(), 0
    for piece in clear:
        held += piece
        while len(held) > CHUNK:
            yield seal(bytes(held[:CHUNK]), key, context("case export", bound, number, "more"))
            del held[:CHUNK]
            number += 1
    yield seal(bytes(held), key, context("case export", bound, number, "last"))


def _locked(key: SharedKey, lock: Lock) -> dict[str, Any]:
    if isinstance(lock, PublicKey):
        return {"lock": "key", "wrap": seal(key.raw, lock, WRAP).hex()}
    salt = random_bytes(16)
    raw = hash_secret_raw(
        normalise(lock), salt, time_cost=ROUNDS, memory_cost=MEMORY_KIB, parallelism=1, hash_len=KEY_BYTES,
        type=Type.ID,
    )  # fmt: skip
    wrap = seal(key.raw, SharedKey(raw), WRAP).hex()
    return {"lock": "passphrase", "memory": MEMORY_KIB, "rounds": ROUNDS, "salt": salt.hex(), "wrap": wrap}
