"""The sealed file in which one case goes to an authority, readable by intake/open_export.py alone. Pure.

    "case export 1\\n" ‖ length of the heading (4) ‖ heading, JSON in clear ‖ format (1) ‖ nonce (12) ‖ sealed body
    heading   how the key of the file is locked: to a public key (X-Wing), or under a passphrase (Argon2id)
    body      JSON: the files by name, the manifest as text, and the handler's signature under it

The heading says nothing of the case, the centre or the recipient.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from argon2.low_level import Type, hash_secret_raw

from core.passphrase import normalise
from core.sealing import KEY_BYTES, PublicKey, SharedKey, context, random_bytes, seal, sign

MAGIC: Final = b"case export 1\n"
WRAP: Final = context("case export", "file key")
MEMORY_KIB: Final = 64 * 1024
ROUNDS: Final = 3
SIGNED: Final = b"case export manifest\n"
Lock = PublicKey | str
"""The recipient's public key, or a passphrase that is told by telephone."""


def build(files: Mapping[str, str], facts: Mapping[str, Any], seed: bytes, lock: Lock) -> bytes:
    """The sealed file. facts: what the manifest says beside the SHA-256 of each file. seed: the handler's.

    Takes a tenth of a second under a passphrase: call it outside of any transaction.
    """
    hashes = {name: hashlib.sha256(words.encode()).hexdigest() for name, words in files.items()}
    manifest = json.dumps({**facts, "files": hashes}, ensure_ascii=False, indent=1)
    body = {
        "files": dict(files),
        "manifest": manifest,
        "signature": sign(SIGNED + manifest.encode(), seed).hex(),
    }
    key = SharedKey.random()
    heading = json.dumps(_locked(key, lock)).encode()
    front = MAGIC + len(heading).to_bytes(4, "big") + heading
    return front + seal(json.dumps(body, ensure_ascii=False).encode(), key, front)


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
