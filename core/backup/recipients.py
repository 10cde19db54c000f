"""Who may open a backup: a key pair whose private half lies under a drawn passphrase, off the machine.

Two small text files. The public one stays with the machine that makes backups; the locked one and its
passphrase are kept elsewhere, apart from each other.
"""

from __future__ import annotations

import base64
import binascii
import os
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from core import keys, passphrase
from core.keys import Secret
from core.sealing import KEY_BYTES, CannotOpen, NotAKey, PrivateKey, PublicKey, random_bytes

_PUBLIC: Final = "centre backup recipient 1"
_LOCKED: Final = "centre backup key 1, locked by a passphrase; keep it off the machine that makes backups"


class NotARecipient(Exception):
    """This file does not hold the public key of somebody who may open backups."""


class NotABackupKey(Exception):
    """This file does not hold a locked backup key."""


class WrongPassphrase(Exception):
    """The passphrase does not open this key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A fresh pair as text, and the passphrase that is shown once."""

    public: str
    locked: str = field(repr=False)
    passphrase: str = field(repr=False)


def make() -> Pair:
    """Draw a pair and its passphrase. Takes as long as a sign-in."""
    seed, drawn = random_bytes(KEY_BYTES), passphrase.draw()
    lock = keys.close(drawn, Secret(seed=seed, totp="", recovery_codes=()))
    public = PrivateKey.from_seed(seed).public.raw
    return Pair(public=_text(_PUBLIC, public), locked=_text(_LOCKED, lock), passphrase=drawn)


def keep(text: str, path: Path) -> None:
    """Write one of the two files, readable by its owner only; `FileExistsError` for one that is there."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(text)


def read_public(path: Path) -> PublicKey:
    """The key to seal backups to, or `NotARecipient`."""
    try:
        return PublicKey(_bytes(_PUBLIC, path))
    except (NotAKey, ValueError, OSError):
        raise NotARecipient from None


def unlock(path: Path, typed: str) -> PrivateKey:
    """The private key. `NotABackupKey`, `WrongPassphrase`, or `keys.Busy`."""
    try:
        lock = _bytes(_LOCKED, path)
    except (ValueError, OSError):
        raise NotABackupKey from None
    if len(lock) != keys.LOCK_BYTES:
        raise NotABackupKey
    try:
        seed = keys.open_lock(lock, typed).seed
    except CannotOpen:
        raise WrongPassphrase from None
    if seed is None:
        raise NotABackupKey
    return PrivateKey.from_seed(seed)


def _text(heading: str, raw: bytes) -> str:
    return "\n".join([heading, *textwrap.wrap(base64.b64encode(raw).decode(), 76), ""])


def _bytes(heading: str, path: Path) -> bytes:
    first, _, rest = path.read_text(encoding="ascii").partition("\n")
    if first != heading:
        raise ValueError(first)
    try:
        return base64.b64decode("".join(rest.split()), validate=True)
    except binascii.Error as error:
        raise ValueError(first) from error
