"""Opens a case that a health centre handed over: needs Python 3.11 and the package `cryptography`, nothing else.

    python open_export.py FILE                       asks for the passphrase told by telephone
    python open_export.py FILE --key NAME.key        with the key made before by --make-key
    python open_export.py --make-key NAME            NAME.pub goes to the centre, NAME.key stays here

Nothing of it goes anywhere but into a new folder beside FILE, which gets its name when every file's hash and the
signature were checked. However large the files are, only a small piece is in memory at a time.
"""

from __future__ import annotations

import argparse
import base64
import getpass
import hashlib
import json
import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

MAGIC = b"case export 2\n"
OLD_MAGIC = b"case export 1\n"
CHUNK = 65_536
SEALED = CHUNK + 29
WRAP = b'["case export","file key"]'
SIGNED = b"case export manifest\n"
PUBLIC = "centre backup recipient 1"
WRONG = "It does not open: another key, a wrong passphrase, or the file was changed or cut short."
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
        f"Read these digits to the centre by telephone: {digits(public)}\n"
    )


def digits(public: bytes) -> str:
    """Sixteen digits of a public key, to compare by telephone."""
    return hashlib.sha256(public).hexdigest()[:16]


def open_into(path: Path, key: Path | None) -> None:
    """Write everything into a folder, check it, and give the folder its name."""
    folder = path.with_name(f"{path.stem}-opened")
    if folder.exists():
        raise NotOpened(f"{folder} is there already; move it away first.")
    part = path.with_name(f"{path.stem}-opened.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700)
    try:
        with path.open("rb") as file:
            hashes, manifest = keep(parts_of(file, key), part)
        told = check(hashes, manifest)
        part.rename(folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    sys.stdout.write(
        f"{len(hashes)} files in {folder}. Every hash fits, and {told['handler']['name']} signed the manifest "
        f"with the key {told['handler']['key'][:16]}.\n"
    )
    if told.get("unopened"):
        sys.stdout.write(
            f"{told['unopened']} parts of the case did not open at the centre or were gone: what is stored there may "
            "have been changed.\n"
        )
    if told.get("damaged"):
        sys.stdout.write(f"Damaged already at the centre, and cut short: {', '.join(told['damaged'])}.\n")


def keep(
    parts: Iterator[tuple[str, Iterator[bytes]]], folder: Path
) -> tuple[dict[str, str], dict[str, bytes]]:
    """Write every part as a file; returns their hashes, and the manifest with its signature."""
    hashes: dict[str, str] = {}
    manifest: dict[str, bytes] = {}
    for name, blocks in parts:
        if name in {"manifest.json", "signature"}:
            manifest[name] = b"".join(blocks)
            continue
        if not re.fullmatch(r"[a-z0-9-]+\.[a-z0-9]{2,4}", name) or name in hashes:
            raise NotOpened("The file names something that does not belong in it; it is not trusted.")
        digest = hashlib.sha256()
        with (folder / name).open("xb") as file:
            for block in blocks:
                digest.update(block)
                file.write(block)
        hashes[name] = digest.hexdigest()
    (folder / "manifest.json").write_bytes(manifest.get("manifest.json", b""))
    return hashes, manifest


def check(hashes: dict[str, str], manifest: dict[str, bytes]) -> dict[str, Any]:
    """Every file is the one in the manifest, and the manifest is the one that was signed."""
    if set(manifest) != {"manifest.json", "signature"}:
        raise NotOpened("The manifest is missing; the file is not trusted.")
    told: dict[str, Any] = json.loads(manifest["manifest.json"])
    if hashes != told["files"]:
        raise NotOpened("A file does not fit the manifest; it is not trusted.")
    signer = Ed25519PublicKey.from_public_bytes(bytes.fromhex(told["handler"]["key"]))
    try:
        signer.verify(manifest["signature"], SIGNED + manifest["manifest.json"])
    except InvalidSignature:
        raise NotOpened("The signature does not fit the manifest; it is not trusted.") from None
    return told


def parts_of(file: BinaryIO, key: Path | None) -> Iterator[tuple[str, Iterator[bytes]]]:
    """What is inside: names and their blocks, to be read in order. `NotOpened`."""
    magic = file.read(len(MAGIC))
    if magic not in {MAGIC, OLD_MAGIC}:
        raise NotOpened("This is not a case that was handed over, or the file is damaged at its beginning.")
    try:
        length = file.read(4)
        encoded = file.read(int.from_bytes(length, "big"))
        heading = json.loads(encoded)
        file_key = _with_key(heading, key) if heading["lock"] == "key" else _with_words(heading)
        front = magic + length + encoded
        if magic == OLD_MAGIC:
            yield from _old_parts(json.loads(_open(file.read(), file_key, front)))
        else:
            yield from _parts(_Clear(file, file_key, front))
    except (InvalidTag, ValueError, KeyError):
        raise NotOpened(WRONG) from None


class _Clear:
    """The opened bytes, chunk by chunk; a file without its last chunk was cut short."""

    def __init__(self, file: BinaryIO, key: bytes, front: bytes) -> None:
        self._file, self._key = file, key
        self._bound = hashlib.sha256(front).hexdigest()
        self._held, self._number = bytearray(), 0
        self._next = file.read(SEALED)

    def read(self, count: int) -> bytes:
        """Exactly so many bytes; `NotOpened` where there are fewer, or others than were written."""
        while len(self._held) < count:
            sealed, self._next = self._next, self._file.read(SEALED)
            place = ["case export", self._bound, self._number, "more" if self._next else "last"]
            try:
                self._held += _open(sealed, self._key, json.dumps(place, separators=(",", ":")).encode())
            except (InvalidTag, ValueError):
                raise NotOpened(WRONG) from None
            self._number += 1
        taken = bytes(self._held[:count])
        del self._held[:count]
        return taken

    def end(self) -> None:
        """Nothing may be left."""
        if self._held or self._next:
            raise NotOpened(WRONG)


def _parts(clear: _Clear) -> Iterator[tuple[str, Iterator[bytes]]]:
    while length := int.from_bytes(clear.read(2), "big"):
        name = clear.read(length).decode("ascii")
        blocks = _blocks(clear)
        yield name, blocks
        for _ in blocks:
            pass
    clear.end()


def _blocks(clear: _Clear) -> Iterator[bytes]:
    while left := int.from_bytes(clear.read(4), "big"):
        while left:
            piece = clear.read(min(left, CHUNK))
            left -= len(piece)
            yield piece


def _old_parts(body: dict[str, Any]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """The first format: one sealed JSON with texts alone."""
    manifest = body["manifest"].encode()
    named = {name: words.encode() for name, words in body["files"].items()}
    named |= {"manifest.json": manifest, "signature": bytes.fromhex(body["signature"])}
    for name, words in named.items():
        yield name, iter([words])


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
