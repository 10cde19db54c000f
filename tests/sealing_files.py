"""A browser that seals files, written in Python: for tests of the server's half of it.

bringing = Bringing.of(app, reporter.receipt, answered)      # answered: body, where → (status, words)
bringing.brings(original, clean=copy)
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from core import db, rosters
from core.db import new_id
from core.installation import installation_id
from core.sealing import PrivateKey, SharedKey
from intake.cases import load
from intake.files.stream import COPIES, Copy, Stream, chunks_for, seal_stream
from intake.seal import receipt
from intake.seal.compartments import Keys, Place, Reporter, link, reporter_proof, write_compartment
from intake.seal.letters import compact, open_strikeouts, seal_letter
from intake.seal.receipt import MailboxKeys
from intake.seal.slots import Side, WrappedKey, fresh_key

NONE: Mapping[str, Any] = MappingProxyType({})
HERE = "/hop-thu/tep-niem-phong"
Answered = Callable[[str, bytes], tuple[int, dict[str, Any]]]


def by_client(client: FlaskClient) -> Answered:
    """Ask the application itself."""

    def ask(where: str, body: bytes) -> tuple[int, dict[str, Any]]:
        answer = client.post(HERE + where, data=body, content_type="application/octet-stream")
        return answer.status_code, json.loads(answer.data)

    return ask


@dataclass
class Bringing:
    """One letter's file on its way. `ask` sends; everything before is made here."""

    app: Flask
    keys: MailboxKeys = field(repr=False)
    case_id: str
    ask: Answered
    file_id: str = field(default_factory=new_id)
    kind: str = "jpg"

    @classmethod
    def of(cls, app: Flask, digits: str, ask: Answered, **more: Any) -> Bringing:
        """For the letter of a receipt."""
        with app.app_context():
            keys = receipt.derive(digits, installation_id())
        status, found = ask("/mo", b"\1" + keys.token)
        assert status == 200, found
        return cls(app=app, keys=keys, case_id=found["case"], ask=ask, **more)

    @property
    def head(self) -> bytes:
        """What every body about this file begins with."""
        return b"\1" + self.keys.token + bytes.fromhex(self.file_id)

    def begins(self, original: int, clean: int = 0) -> tuple[int, dict[str, Any]]:
        """Say how many chunks will come."""
        return self.ask("/bat-dau", self.head + _number(clean) + _number(original))

    def adds(self, copy: Copy, number: int, blob: bytes) -> tuple[int, dict[str, Any]]:
        """Bring one chunk."""
        return self.ask("/manh", self.head + bytes([COPIES.index(copy)]) + _number(number) + blob)

    def sealed(self, body: bytes, copy: Copy = "original") -> tuple[Stream, list[bytes]]:
        """A copy of the file as chunks, under a fresh key."""
        stream = Stream(case_id=self.case_id, file_id=self.file_id, copy=copy, key=SharedKey.random())
        return stream, list(seal_stream([body], len(body), stream))

    def finishes(
        self,
        original: bytes,
        told: dict[Copy, Stream],
        clean: bytes | None = None,
        lies: Mapping[str, Any] = NONE,
    ) -> tuple[int, dict[str, Any]]:
        """Bring what describes the file."""
        return self.ask("/xong", self.described(original, told, clean, lies))

    def brings(self, original: bytes, clean: bytes | None = None) -> tuple[int, dict[str, Any]]:
        """All of it, as the browser does."""
        streams: dict[Copy, Stream] = {}
        said = self.begins(chunks_for(len(original)), chunks_for(len(clean)) if clean else 0)
        bodies: tuple[tuple[Copy, bytes | None], ...] = (("clean", clean), ("original", original))
        for copy, body in bodies:
            if body and said[0] == 200:
                streams[copy], chunks = self.sealed(body, copy)
                for number, blob in enumerate(chunks):
                    said = self.adds(copy, number, blob)
                    assert said[0] == 200, said
        return said if said[0] != 200 else self.finishes(original, streams, clean)

    def described(
        self,
        original: bytes,
        told: dict[Copy, Stream],
        clean: bytes | None = None,
        lies: Mapping[str, Any] = NONE,
    ) -> bytes:
        """The body that makes the file whole; `lies` change what it says."""
        with self.app.app_context(), db.reading() as session:
            case, chain = load(session, self.case_id), rosters.chain(session)
            private = PrivateKey.from_seed(self.keys.seed)
            kept = open_strikeouts(case.file.for_reporter, case_id=case.id, private=private)
            place, letter = case.next_place(Side.HANDLERS), case.file.messages
        roster = chain[kept.roster_version - 1]
        wrapped = {side: fresh_key(self.case_id, side, roster, kept.struck, now=chain[-1]) for side in Side}
        first, second = self._entries(place, wrapped, {**self._words(original, told, clean), **lies})
        line = compact({"who": "reporter", "day": "2026-11-24", "text": "(Đã gửi một tệp: Ảnh)"})
        numbers = b"".join(map(_number, (roster.version, place.sequence, letter)))
        return b"".join(
            (
                self.head,
                bytes.fromhex(chain[-1].fingerprint),
                numbers,
                *(wrapped[side].slots for side in Side),
                first,
                second,
                seal_letter(line, case_id=self.case_id, sequence=letter, reporter=private.public),
            )
        )

    def _words(self, original: bytes, told: dict[Copy, Stream], clean: bytes | None) -> dict[str, Any]:
        copy = _opens(told["clean"], clean) | {"kind": self.kind} if clean else None
        return {
            "file": self.file_id,
            "kind": self.kind,
            "at": "2026-11-24T12:00+07:00",
            "sha256": hashlib.sha256(original).hexdigest(),
            **_opens(told["original"], original),
            "clean": copy,
        }

    def _entries(
        self, place: Place, wrapped: dict[Side, WrappedKey], words: dict[str, Any]
    ) -> Iterator[bytes]:
        handlers, custodians = wrapped[Side.HANDLERS], wrapped[Side.CUSTODIANS]
        keys = Keys(handlers=handlers.key, names=handlers.found.names, custodians=custodians.key)
        author = Reporter(proof=reporter_proof(self.keys.seed))
        shown = {name: value for name, value in words.items() if name != "key"}
        first = write_compartment(compact({"what": "file", **shown}), place, keys, author)
        yield first
        hidden = {name: value for name, value in words.items() if name != "clean"}
        then = Place(
            case_id=place.case_id,
            kind=place.kind,
            sequence=place.sequence + 1,
            sides="SC",
            before=link(place.before, first),
        )
        yield write_compartment(compact({"what": "original", "name": "a.jpg", **hidden}), then, keys, author)


def _opens(stream: Stream, body: bytes) -> dict[str, Any]:
    key = b64encode(stream.key.raw).decode()
    return {"key": key, "bytes": len(body), "chunks": chunks_for(len(body))}


def _number(value: int) -> bytes:
    return value.to_bytes(4, "big")
