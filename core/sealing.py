"""Two verbs and one failure: `seal`, `unseal`, `CannotOpen`. Pure; bytes in, bytes out.

Everything sealed starts with one byte that says its format, so that what was sealed years ago can
still be read after the suite has changed.

    to a PublicKey   1 ‖ enc (1120) ‖ ciphertext ‖ tag (16)   HPKE base mode (RFC 9180), context in `info`
    to a SharedKey   1 ‖ nonce (12) ‖ ciphertext ‖ tag (16)   AES-256-GCM, context as associated data

The KEM is MLKEM768_X25519 (X-Wing, id 0x647a) with HKDF-SHA256 and AES-256-GCM: what is sealed today
stays closed to whoever stores it now and owns a quantum computer later. npm's `@hpke/core` with
`@hpke/hybridkem-x-wing` reads and writes the same bytes (tests/vectors).

A context is never secret and never empty by default: it says what the sealed thing is and where it
belongs, so that it opens nowhere else. `context()` builds it from words and numbers.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FORMAT: Final = 1
_FORMAT_BYTE: Final = bytes([FORMAT])
_MLKEM_BYTES: Final = 1184
PUBLIC_BYTES: Final = _MLKEM_BYTES + 32
KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
_NONCE_BYTES: Final = 12
_LENGTH_BYTES: Final = 4
PUBLIC_OVERHEAD: Final = 1 + 1120 + 16
SHARED_OVERHEAD: Final = 1 + _NONCE_BYTES + 16

_written: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_WRITERS: Final[dict[type, Any]] = {str: json.encoder.encode_basestring, int: int.__repr__}
"""What the encoder itself calls for words and numbers; some dozen contexts are written for each case that is opened."""
_SUITE: Final = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


class CannotOpen(Exception):
    """Something sealed did not open: wrong key, wrong place, or not what was sealed."""


class BadSignature(CannotOpen):
    """A signature does not belong to this message and this person."""


class NotAKey(ValueError):
    """These bytes are not a key of the kind asked for."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Seals to one person. `raw`: ML-KEM-768 (1184 bytes) ‖ X25519 (32 bytes); else `NotAKey`."""

    raw: bytes = field(repr=False)
    _key: hpke.MLKEM768X25519PublicKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.raw) != PUBLIC_BYTES:
            raise NotAKey(f"a public key has {PUBLIC_BYTES} bytes, not {len(self.raw)}")
        try:
            lattice = MLKEM768PublicKey.from_public_bytes(self.raw[:_MLKEM_BYTES])
        except ValueError:
            raise NotAKey("the lattice half is not an ML-KEM-768 key") from None
        curve = X25519PublicKey.from_public_bytes(self.raw[_MLKEM_BYTES:])
        object.__setattr__(self, "_key", hpke.MLKEM768X25519PublicKey(lattice, curve))

    def _seal(self, plaintext: bytes, context: bytes) -> bytes:
        try:
            return _SUITE.encrypt(plaintext, self._key, context)
        except ValueError:
            raise NotAKey("the curve half is a point of small order") from None


@dataclass(frozen=True, slots=True, eq=False)
class PrivateKey:
    """Opens what was sealed to its `public`. Made from a seed of 32 bytes, the same in every language."""

    public: PublicKey
    _key: hpke.MLKEM768X25519PrivateKey = field(repr=False)

    @classmethod
    def from_seed(cls, seed: bytes) -> PrivateKey:
        """The key pair of a 32-byte seed (X-Wing's expansion: SHAKE-256 to 96 bytes); else `NotAKey`."""
        expanded = hashlib.shake_256(_exactly(seed, KEY_BYTES)).digest(96)
        lattice = MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
        curve = X25519PrivateKey.from_private_bytes(expanded[64:])
        raw = lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()
        return cls(PublicKey(raw), hpke.MLKEM768X25519PrivateKey(lattice, curve))

    def _unseal(self, sealed: bytes, context: bytes) -> bytes:
        return _SUITE.decrypt(sealed, self._key, context)


@dataclass(frozen=True, slots=True)
class SharedKey:
    """Seals and opens. 32 bytes, else `NotAKey`; never shown."""

    raw: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _exactly(self.raw, KEY_BYTES)

    @classmethod
    def random(cls) -> SharedKey:
        """A fresh key from the operating system."""
        return cls(random_bytes(KEY_BYTES))

    def _seal(self, plaintext: bytes, context: bytes) -> bytes:
        nonce = random_bytes(_NONCE_BYTES)
        return nonce + AESGCM(self.raw).encrypt(nonce, plaintext, context)

    def _unseal(self, sealed: bytes, context: bytes) -> bytes:
        nonce, ciphertext = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        return AESGCM(self.raw).decrypt(nonce, ciphertext, context)


def seal(plaintext: bytes, key: PublicKey | SharedKey, context: bytes) -> bytes:
    """Seal bytes to a person or under a shared key. Length hides nothing: `pad` first where it matters."""
    return _FORMAT_BYTE + key._seal(plaintext, context)


def unseal(sealed: bytes, key: PrivateKey | SharedKey, context: bytes) -> bytes:
    """What was sealed, or `CannotOpen`, which never says why: the reason would help only a forger."""
    if sealed[:1] != _FORMAT_BYTE:
        raise CannotOpen
    try:
        return key._unseal(sealed[1:], context)
    except (InvalidTag, ValueError):
        raise CannotOpen from None


def context(*parts: str | int) -> bytes:
    """Words and numbers as one unambiguous byte string: the bytes of JavaScript's `JSON.stringify`.

    Numbers stay within ±(2**53 − 1), as JavaScript can hold no others exactly.
    """
    return f"[{','.join([_WRITERS.get(type(one), _written)(one) for one in parts])}]".encode()


def derive(key: SharedKey, *label: str) -> SharedKey:
    """A key for one purpose (HKDF-SHA256, no salt, the label as `info`); tells nothing about `key`."""
    return _expand(key.raw, label)


def join(first: SharedKey, second: SharedKey, *label: str) -> SharedKey:
    """A key that needs both halves, in this order; either half alone tells nothing about it."""
    return _expand(first.raw + second.raw, label)


def pad(data: bytes, size: int) -> bytes:
    """Length (uint32, big-endian) ‖ data ‖ zeros, up to the next multiple of `size` bytes."""
    framed = len(data).to_bytes(_LENGTH_BYTES, "big") + data
    return framed + bytes(-len(framed) % size)


def unpad(padded: bytes) -> bytes:
    """What `pad` was given, or `CannotOpen` where the length cannot be true."""
    length = int.from_bytes(padded[:_LENGTH_BYTES], "big")
    if not _LENGTH_BYTES + length <= len(padded):
        raise CannotOpen
    return padded[_LENGTH_BYTES : _LENGTH_BYTES + length]


def random_bytes(count: int) -> bytes:
    """Bytes from the operating system's generator."""
    return secrets.token_bytes(count)


def sign(message: bytes, seed: bytes) -> bytes:
    """64 bytes (Ed25519) by the person of this seed. Start each kind of message with a word of its own."""
    return _signing_key(seed).sign(message)


def sign_public(seed: bytes) -> bytes:
    """The 32 bytes by which others check what the person of this seed signs."""
    return _signing_key(seed).public_key().public_bytes_raw()


def verify(message: bytes, signature: bytes, public: bytes) -> None:
    """Nothing, or `BadSignature`."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise BadSignature from None


def _signing_key(seed: bytes) -> Ed25519PrivateKey:
    # The seed itself makes the sealing key; signing takes a derived one: neither use weakens the other.
    return Ed25519PrivateKey.from_private_bytes(derive(SharedKey(seed), "sign").raw)


def _expand(secret: bytes, label: tuple[str, ...]) -> SharedKey:
    hkdf = HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=context(*label))
    return SharedKey(hkdf.derive(secret))


def _exactly(secret: bytes, size: int) -> bytes:
    if len(secret) != size:
        raise NotAKey(f"a key has {size} bytes, not {len(secret)}")
    return secret
