"""Opens a case that a health centre handed over: needs Python 3.11 and the package `cryptography`, nothing else.

    python open_export.py FILE                       asks for the passphrase told by telephone
    python open_export.py FILE --key NAME.key        with the key made before by --make-key
    python open_export.py --make-key NAME            NAME.pub goes to the centre, NAME.key stays here

Nothing of it goes anywhere but into a new folder beside FILE. Every file's hash and the signature are checked first.
"""

from __future__ import annotations

import argparse
import base64
import getpass
import hashlib
import json
import os
import re
import sys
import unicodedata
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

MAGIC = b"case export 1\n"
WRAP = b'["case export","file key"]'
SIGNED = b"case export manifest\n"
PUBLIC = "centre backup recipient 1"
SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


class NotOpened(Exception):
    """Why the file did not open, in a sentence for whoever sits in front of it."""


def main(words: list[str] | None = None) -> int:
    """Open a file or make a key; returns the exit code."""
    asks = argparse.ArgumentParser(description="Opens a case that a health centre handed over.")
    asks.add_argument("file", type=Path, nargs="?")
    asks.add_argument("--key", type=Path, help="the .key made by --make-key")
    asks.add_argument("--make-key", type=Path, metavar="NAME")
    given = asks.parse_args(words)
    try:
        if given.make_key:
            make_key(given.make_key)
        elif given.file:
            open_into(given.file, given.key)
        else:
            asks.print_help()
            return 2
    except (NotOpened, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def make_key(name: Path) -> None:
    """Two files: the public half as text to hand out, the seed to keep."""
    seed = os.urandom(32)
    lattice, curve = _halves(seed)
    public = lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()
    text = base64.b64encode(public).decode()
    lines = "\n".join(text[at : at + 76] for at in range(0, len(text), 76))
    for end, content in ((".key", base64.b64encode(seed).decode()), (".pub", f"{PUBLIC}\n{lines}")):
        path = name.with_name(name.name + end)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(content + "\n")
    sys.stdout.write(
        f"{name}.pub goes to the centre. {name}.key stays here: nobody else may read it.\n"
        f"Read these digits to the centre by telephone: {hashlib.sha256(public).hexdigest()[:16]}\n"
    )


def open_into(path: Path, key: Path | None) -> None:
    """Check everything, then write it into a folder of its own."""
    body = unlock(path.read_bytes(), key)
    files, manifest = body["files"], json.loads(body["manifest"])
    check(body, manifest)
    folder = path.with_name(f"{path.stem}-opened")
    folder.mkdir(mode=0o700)
    for name, words in [*files.items(), ("manifest.json", body["manifest"])]:
        if not re.fullmatch(r"[a-z0-9-]+\.(txt|json)", name):
            raise NotOpened("The file names something that does not belong in it; it is not trusted.")
        (folder / name).write_text(words, encoding="utf-8")
    sys.stdout.write(
        f"{len(files)} files in {folder}. Every hash fits, and {manifest['handler']['name']} signed the manifest "
        f"with the key {manifest['handler']['key'][:16]}.\n"
    )


def check(body: dict[str, Any], manifest: dict[str, Any]) -> None:
    """Every file is the one in the manifest, and the manifest is the one that was signed."""
    found = {name: hashlib.sha256(words.encode()).hexdigest() for name, words in body["files"].items()}
    if found != manifest["files"]:
        raise NotOpened("A file does not fit the manifest; it is not trusted.")
    signer = Ed25519PublicKey.from_public_bytes(bytes.fromhex(manifest["handler"]["key"]))
    try:
        signer.verify(bytes.fromhex(body["signature"]), SIGNED + body["manifest"].encode())
    except InvalidSignature:
        raise NotOpened("The signature does not fit the manifest; it is not trusted.") from None


def unlock(raw: bytes, key: Path | None) -> dict[str, Any]:
    """What is inside, or `NotOpened`."""
    if not raw.startswith(MAGIC):
        raise NotOpened("This is not a case that was handed over, or the file is damaged at its beginning.")
    end = len(MAGIC) + 4
    end += int.from_bytes(raw[len(MAGIC) : end], "big")
    try:
        heading = json.loads(raw[len(MAGIC) + 4 : end])
        file_key = _with_key(heading, key) if heading["lock"] == "key" else _with_words(heading)
        body: dict[str, Any] = json.loads(_open(raw[end:], file_key, raw[:end]))
    except (InvalidTag, ValueError, KeyError):
        raise NotOpened(
            "It does not open: another key, a wrong passphrase, or the file was changed."
        ) from None
    return body


def _with_key(heading: dict[str, Any], key: Path | None) -> bytes:
    if key is None:
        raise NotOpened("This file is locked to a key: --key NAME.key")
    lattice, curve = _halves(base64.b64decode(key.read_text(encoding="ascii")))
    return SUITE.decrypt(
        bytes.fromhex(heading["wrap"])[1:], hpke.MLKEM768X25519PrivateKey(lattice, curve), WRAP
    )


def _with_words(heading: dict[str, Any]) -> bytes:
    typed = getpass.getpass("Passphrase, as it was told by telephone: ")
    plain = unicodedata.normalize("NFKD", typed).casefold().replace("đ", "d")
    letters = re.sub("[^a-z]+", "", plain).encode()
    salt, memory = bytes.fromhex(heading["salt"]), min(int(heading["memory"]), 1 << 19)
    hasher = Argon2id(salt=salt, length=32, iterations=int(heading["rounds"]), lanes=1, memory_cost=memory)
    return _open(bytes.fromhex(heading["wrap"]), hasher.derive(letters), WRAP)


def _open(sealed: bytes, key: bytes, bound: bytes) -> bytes:
    return AESGCM(key).decrypt(sealed[1:13], sealed[13:], bound)


def _halves(seed: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    expanded = hashlib.shake_256(seed).digest(96)
    lattice = MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
    return lattice, X25519PrivateKey.from_private_bytes(expanded[64:])


if __name__ == "__main__":
    sys.exit(main())
