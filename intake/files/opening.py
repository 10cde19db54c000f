"""Files of a case at the desk: the list, a clean copy for its handler, an original for two (P4).

Permission first, the line in the log and the counts next, and only then is a chunk unsealed. What a deed returns are
pieces to send on; they are read after its transaction, each in a short one of its own.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core import db, log, rosters
from core.access import Identity
from core.db import Database
from core.sealing import CannotOpen, SharedKey, context, seal, unseal
from intake.cases import Case, Holder, NoSuchCase, Opened, load
from intake.casework.casework import AtHand, CaseDamaged, at_hand, entries_of
from intake.casework.names import HalfRefused
from intake.files.kinds import HEAD, KINDS, Kind, kind_of
from intake.files.stream import Copy, Stream, open_stream
from intake.models import Compartment, FileChunk
from intake.roles import require_may
from intake.seal import openings
from intake.seal.compartments import Keys, Place, lend, read_compartment
from intake.seal.envelope import Story, entry_place
from intake.seal.letters import read_compact
from intake.seal.log_tag import on_case

_LARGEST: Final = 2**40
"""No copy says truly that it has more bytes; what a browser wrote may say anything."""
_ID: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One file as the list shows it. row: the number of its entry; clean_bytes: None where no copy was made."""

    row: int
    file_id: str
    kind: Kind
    at: str
    size: int
    sha256: str
    clean_bytes: int | None
    clean: Mapping[str, Any] | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file on its way out: a neutral name, what it is by its content, and its pieces."""

    name: str
    kind: Kind | None
    pieces: Iterator[bytes] = field(repr=False)


def files(session: Session, identity: Identity, seed: bytes, case_id: str) -> list[Listed]:
    """The files of a case, the oldest first. Raises `Denied`, `NoSuchCase`, `CaseDamaged`, `LogBroken`."""
    require_may(identity, "list files")
    hand = at_hand(session, identity, seed, case_id)
    log.write(session, "files_listed", who=identity.person_id, about=on_case(hand.side_key))
    return _listed(hand, hand.story_or_damage())


def open_copy(session: Session, identity: Identity, seed: bytes, case_id: str, row: int) -> Download:
    """The copy without metadata, counted as an opening. `NoSuchCase` also where there is no such copy."""
    require_may(identity, "open copy")
    hand = at_hand(session, identity, seed, case_id)
    log.write(session, "copy_opened", who=identity.person_id, about=on_case(hand.side_key))
    story = hand.story_or_damage()
    one = next((one for one in _listed(hand, story) if one.row == row and one.clean), None)
    if one is None or one.clean is None:
        raise NoSuchCase
    _count(hand, story, "handler")
    return _download(session, case_id, one.file_id, "clean", one.clean)


def lend_file_half(
    session: Session, identity: Identity, seed: bytes, case_id: str, row: int, handler_id: str
) -> bytes:
    """A custodian's half of one original, sealed to one handler. row: of the file's entry in `files`.

    Raises `Denied`, `NoSuchCase`, `LogBroken`; `KeyError` for somebody who is not on the roster.
    """
    require_may(identity, "lend half of a file")
    handler = rosters.current(session).member(handler_id)
    half = _half(session, identity, seed, case_id, row)
    log.write(session, "half_lent", who=identity.person_id, about=on_case(half))
    return seal(half.raw, handler.seal_key, _bound(case_id, row, handler_id))


def open_original(
    session: Session, identity: Identity, seed: bytes, case_id: str, row: int, half: bytes
) -> Download:
    """The untouched original, for a handler to whom a custodian lent their half; counted for both.

    Raises `Denied`, `NoSuchCase`, `CaseDamaged`, `HalfRefused`, `LogBroken`.
    """
    require_may(identity, "open original")
    hand = at_hand(session, identity, seed, case_id)
    log.write(session, "original_opened", who=identity.person_id, about=on_case(hand.side_key))
    story = hand.story_or_damage()
    entries_of(hand, story)  # what is past its date opens to nobody
    try:
        lent = SharedKey(unseal(half, hand.holder.private, _bound(case_id, row, identity.person_id)))
        words = _original(hand, story, row, lent)
    except (CannotOpen, ValueError) as refused:
        raise HalfRefused from refused
    _count(hand, story, "handler", "custodian")
    return _download(session, case_id, str(words["file"]), "original", words)


# --- for a deed that wrote its line itself --------------------------------------------------------


def copies(
    session: Session, hand: AtHand, story: Story, rows: Collection[int]
) -> Iterator[tuple[Listed, Download | None]]:
    """The files at these entries, each with its copy without metadata; None where there is none that opens."""
    for one in _listed(hand, story):
        if one.row in rows:
            copy = None
            if one.clean:
                with suppress(CaseDamaged):
                    copy = _download(session, hand.case.id, one.file_id, "clean", one.clean)
            yield one, copy


def original(session: Session, hand: AtHand, story: Story, row: int, half: SharedKey) -> tuple[str, Download]:
    """The name under which a file was sent, and its original; `CannotOpen` or `CaseDamaged`."""
    words = _original(hand, story, row, half)
    made = _download(session, hand.case.id, str(words["file"]), "original", words)
    return str(words.get("name", "")), made


def half_of(case: Case, opened: Opened, row: int) -> SharedKey:
    """A custodian's half of one original; `CannotOpen` where no file stands there."""
    part, place = _part(case, row)
    found = opened.get(part.key_set_c or "")
    if found is None:
        raise CannotOpen
    return lend(found.key, place)


# --- inside ---------------------------------------------------------------------------------------


def _listed(hand: AtHand, story: Story) -> list[Listed]:
    entries, _ = entries_of(hand, story)
    found = [_read(words) for words in entries if words["what"] == "file" and words["role"] == "reporter"]
    return [one for one in found if one]


def _read(words: Mapping[str, Any]) -> Listed | None:
    """What an entry says of a file, where it is well made: a browser may have written it."""
    kind, clean = KINDS.get(str(words.get("kind"))), words.get("clean")
    if kind is None or not _size(words) or not (clean is None or isinstance(clean, dict)):
        return None
    return Listed(
        row=words["row"],
        file_id=str(words.get("file")),
        kind=kind,
        at=str(words.get("at")),
        size=words["bytes"],
        sha256=str(words.get("sha256"))[:64],
        clean_bytes=_size(clean) if clean else None,
        clean=clean if clean and _size(clean) else None,
    )


def _size(words: Mapping[str, Any]) -> int | None:
    """How many bytes a copy says it has, or None where that is no size."""
    told = words.get("bytes")
    return told if type(told) is int and 0 < told <= _LARGEST else None


def _half(session: Session, identity: Identity, seed: bytes, case_id: str, row: int) -> SharedKey:
    try:
        holder = Holder.of(identity, seed)
        case = load(session, case_id, lock=True)
        opened = case.open_for(holder, rosters.chain(session))
        return half_of(case, opened, row)
    except CannotOpen as refused:
        raise NoSuchCase from refused


def _part(case: Case, row: int) -> tuple[Compartment, Place]:
    """The part that describes an original stands right after the file's entry."""
    part = next((one for one in case.parts if one.sequence == row + 1), None)
    if part is None or not part.key_set_s or not part.key_set_c:
        raise CannotOpen
    return part, entry_place(case.id, "SC", case.heads, row + 1)


def _original(hand: AtHand, story: Story, row: int, half: SharedKey) -> dict[str, Any]:
    part, place = _part(hand.case, row)
    keys = Keys(names=_names_key(hand.opened, part), half=half)
    written = read_compartment(part.blob, place, keys, rosters=hand.rosters, proof=story.proof)
    words = read_compact(written.payload)
    if words.get("what") != "original" or "file" not in words:
        raise CannotOpen
    return dict(words)


def _names_key(opened: Opened, part: Compartment) -> SharedKey | None:
    found = opened.get(part.key_set_s or "")
    return found.names if found else None


def _count(hand: AtHand, story: Story, *roles: str) -> None:
    file = hand.case.file
    try:
        counts = openings.read_by_handler(file.openings_handlers, hand.side_key, file.id)
    except CannotOpen as damage:
        raise CaseDamaged from damage
    counts = openings.one_more(counts, *roles)
    file.openings_handlers = openings.recounted(file.openings_handlers, counts, hand.side_key, file.id)
    file.openings_reporter = openings.for_reporter(counts, story.reporter, file.id)


def _download(session: Session, case_id: str, file_id: str, copy: Copy, words: Mapping[str, Any]) -> Download:
    """The first chunk is opened at once: what the file is, it says itself, whatever a browser called it."""
    size = _size(words)
    try:
        key = SharedKey(b64decode(words["key"], validate=True))
        count = int(words["chunks"])
    except (KeyError, OverflowError, TypeError, ValueError) as damage:
        raise CaseDamaged from damage
    if not _ID.fullmatch(file_id):
        raise CaseDamaged
    stream = Stream(case_id=case_id, file_id=file_id, copy=copy, key=key)
    first = session.scalar(_chunk(file_id, copy, 0))
    if size is None or first is None:
        raise CaseDamaged
    try:
        kind = kind_of(next(open_stream([first], count, size, stream))[:HEAD], size)
    except CannotOpen as damage:
        raise CaseDamaged from damage
    pieces = open_stream(_chunks(db.current(), file_id, copy, count), count, size, stream)
    return Download(name=f"tep-{file_id[:6]}.{kind.code if kind else 'bin'}", kind=kind, pieces=pieces)


def _chunk(file_id: str, copy: Copy, number: int) -> Select[bytes]:
    here = FileChunk.file_id == file_id, FileChunk.copy == copy, FileChunk.number == number
    return select(FileChunk.blob).where(*here)


def _chunks(database: Database, file_id: str, copy: Copy, count: int) -> Iterator[bytes]:
    for number in range(count):
        with database.reading() as session:
            blob = session.scalar(_chunk(file_id, copy, number))
        if blob is None:
            return
        yield blob


def _bound(case_id: str, row: int, handler_id: str) -> bytes:
    return context("half of a file", case_id, row, handler_id)
