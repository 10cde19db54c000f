"""Taking a file in: read part by part, known by its content, cleaned, sealed and kept whole or not at all.

with received(stream, boundary, folder, most) as sent:    # fields, and the file in a sealed spool
    add_file(opened, sent)                                 # to the case of an opened mailbox
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, cast

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from core import clock, config, db, rosters
from core.db import new_id
from core.i18n import Text
from core.sealing import PrivateKey, SharedKey
from core.spool import BLOCK, Spool
from core.vietnamese import nfc
from intake.cases import add_key_set, load
from intake.files import room as space
from intake.files.cleaning import clean
from intake.files.kinds import HEAD, Kind, kind_of
from intake.files.stream import Copy, Stream, chunks_for, seal_stream
from intake.mailbox.mailbox import Mailbox, add_letter
from intake.models import ArrivingFile, Compartment, FileChunk, StoredFile
from intake.seal.compartments import ENTRY, Keys, Reporter, Sides, reporter_proof, write_compartment
from intake.seal.envelope import entry_place
from intake.seal.letters import compact, open_strikeouts
from intake.seal.slots import Side, WrappedKey, fresh_key

MEGABYTE: Final = 1_000_000
_ID: Final = re.compile(r"[0-9a-f]{32}")
_FIELD: Final = 4_096
_NAME: Final = 120
_CHUNKS: Final = cast(Table, FileChunk.__table__).insert()


class NoFile(Exception):
    """The form came without a file, or with an empty one."""


class TooLarge(Exception):
    """The file is larger than this centre takes; nothing of it was kept."""


class TooMany(Exception):
    """The letter has as many files as this centre takes, or it takes none."""


class UnknownKind(Exception):
    """The content of the file is none of the kinds that are taken; nothing of it was kept."""


@dataclass(kw_only=True)
class Sent:
    """A form that was read: its fields, and its file in a sealed spool."""

    fields: dict[str, str] = field(default_factory=dict, repr=False)
    name: str = field(default="", repr=False)
    spool: Spool
    head: bytes = field(default=b"", repr=False)
    sha256: str = ""


def most_bytes() -> int:
    """The size up to which one file is taken, in bytes."""
    return config.current().file_megabytes * MEGABYTE


@contextmanager
def received(stream: IO[bytes], boundary: bytes, most: int) -> Iterator[Sent]:
    """Read a form of several parts without ever holding more than a block of it.

    Raises `TooLarge` as soon as the file is; what was read goes with the block that asked.
    """
    sent = Sent(spool=Spool(spool_folder()))
    try:
        _read(stream, MultipartDecoder(boundary, max_form_memory_size=4 * BLOCK, max_parts=8), sent, most)
        yield sent
    finally:
        sent.spool.close()


def spool_folder() -> Path:
    """Where sealed, unnamed files may lie for the length of a request."""
    return config.current().instance


def _read(stream: IO[bytes], decoder: MultipartDecoder, sent: Sent, most: int) -> None:
    digest, part = hashlib.sha256(), ""
    while True:
        event = decoder.next_event()
        if isinstance(event, NeedData):
            decoder.receive_data(stream.read(BLOCK) or None)
        elif isinstance(event, Epilogue):
            break
        elif isinstance(event, Field):
            part = event.name
            sent.fields.setdefault(part, "")
        elif isinstance(event, File):
            part = "" if sent.spool.size or sent.name else "file"
            sent.name = sent.name or nfc(event.filename)[-_NAME:]
        elif isinstance(event, Data) and part == "file":
            _add(sent, digest, event.data, most)
        elif isinstance(event, Data) and part:
            sent.fields[part] = (sent.fields[part] + event.data.decode(errors="replace"))[:_FIELD]
    sent.spool.done()
    sent.sha256 = digest.hexdigest()


def _add(sent: Sent, digest: Any, piece: bytes, most: int) -> None:
    if sent.spool.size + len(piece) > most:
        raise TooLarge
    sent.spool.write(piece)
    digest.update(piece)
    if len(sent.head) < HEAD:
        sent.head += piece[: HEAD - len(sent.head)]


def add_file(opened: Mailbox, sent: Sent) -> Kind:
    """Clean, seal and keep a file with the case of an opened mailbox; returns what it is.

    Raises `NoFile`, `UnknownKind`, `TooMany`, `NoRoom`, `cleaning.Swells`, `cleaning.CleaningBusy`, `CannotOpen`,
    `NobodyLeft`.
    """
    if not sent.spool.size:
        raise NoFile
    kind = kind_of(sent.head, sent.spool.size)
    if kind is None:
        raise UnknownKind
    with db.reading() as session:
        if _kept_before(session, opened, sent):
            return kind
        require_room(session, opened.case_id)
        space.require(session, 2 * chunks_for(sent.spool.size))
    copy = clean(kind, sent.spool, spool_folder(), 2 * most_bytes())
    try:
        with db.writing() as session:
            _keep(session, opened, sent, kind, copy)
    finally:
        if copy:
            copy.close()
    return kind


def room(session: Session, case_id: str) -> int:
    """How many more files a case may have; one that a browser is still bringing does not count yet."""
    wanted = select(func.count()).select_from(StoredFile).where(StoredFile.case_id == case_id)
    wanted = wanted.where(StoredFile.id.not_in(select(ArrivingFile.file_id)))
    return max(0, config.current().files_per_letter - (session.scalar(wanted) or 0))


def require_room(session: Session, case_id: str) -> None:
    """`TooMany` where a case may have no more files."""
    if not room(session, case_id):
        raise TooMany


def _kept_before(session: Session, opened: Mailbox, sent: Sent) -> bool:
    """Whether this very sending was kept already: a lost answer makes people press the button again."""
    file_id = sent.fields.get("file_id", "")
    row = session.get(StoredFile, file_id)
    ours = row is not None and row.case_id == opened.case_id
    return ours and session.get(ArrivingFile, file_id) is None


def _file_id(session: Session, sent: Sent) -> str:
    """The id the page drew, or another where it is none or belongs to somebody else's file."""
    drawn = sent.fields.get("file_id", "")
    return drawn if _ID.fullmatch(drawn) and session.get(StoredFile, drawn) is None else new_id()


def _keep(session: Session, opened: Mailbox, sent: Sent, kind: Kind, copy: Spool | None) -> None:
    case = load(session, opened.case_id, lock=True)
    if _kept_before(session, opened, sent):
        return
    require_room(session, case.id)
    file_id, seed = _file_id(session, sent), opened.keys.seed
    private = PrivateKey.from_seed(seed)
    strikeouts = open_strikeouts(case.file.for_reporter, case_id=case.id, private=private)
    chain = rosters.chain(session)
    roster = chain[strikeouts.roster_version - 1]
    wrapped, ids = {}, {}
    for side in Side:
        wrapped[side] = fresh_key(case.id, side, roster, strikeouts.struck, now=chain[-1])
        ids[side] = add_key_set(session, case.file, wrapped[side], roster).id
    session.add(StoredFile(id=file_id, case_id=case.id))
    session.flush()
    original = _store(session, case.id, file_id, "original", sent.spool)
    clean_one = _store(session, case.id, file_id, "clean", copy) if copy else None
    told = {"file": file_id, "kind": kind.code, "at": clock.now().isoformat(timespec="minutes")}
    whole = {"sha256": sent.sha256}
    for_all = told | whole | {one: original[one] for one in ("bytes", "chunks")} | {"clean": clean_one}
    _entry(session, case.id, "S", {"what": "file", **for_all}, wrapped, ids, seed)
    _entry(
        session,
        case.id,
        "SC",
        {"what": "original", "name": sent.name, **told, **whole, **original},
        wrapped,
        ids,
        seed,
    )
    add_letter(session, case.file, private.public, "reporter", f"({_SENT}: {kind.label})")
    case.file.state = "received"
    case.file.size_class = "files"


_SENT: Final = Text("Đã gửi một tệp", "Sent a file")


def _store(session: Session, case_id: str, file_id: str, copy: Copy, spool: Spool) -> dict[str, Any]:
    """Keep one copy chunk by chunk; returns what opens it."""
    stream = Stream(case_id=case_id, file_id=file_id, copy=copy, key=SharedKey.random())
    connection = session.connection()
    for number, blob in enumerate(seal_stream(spool.pieces(), spool.size, stream)):
        connection.execute(_CHUNKS, {"file_id": file_id, "copy": copy, "number": number, "blob": blob})
    return {
        "key": b64encode(stream.key.raw).decode(),
        "bytes": spool.size,
        "chunks": chunks_for(spool.size),
    }


def _entry(
    session: Session,
    case_id: str,
    sides: Sides,
    words: dict[str, Any],
    wrapped: dict[Side, WrappedKey],
    ids: dict[Side, str],
    seed: bytes,
) -> None:
    place = entry_place(case_id, sides, load(session, case_id).heads)
    handlers, custodians = wrapped[Side.HANDLERS], wrapped[Side.CUSTODIANS]
    keys = Keys(handlers=handlers.key, names=handlers.found.names, custodians=custodians.key)
    blob = write_compartment(compact(words), place, keys, Reporter(proof=reporter_proof(seed)))
    session.add(
        Compartment(
            id=new_id(),
            case_id=case_id,
            kind=ENTRY,
            sequence=place.sequence,
            key_set_s=ids[Side.HANDLERS],
            key_set_c=ids[Side.CUSTODIANS] if sides == "SC" else None,
            blob=blob,
        )
    )
    session.flush()
