"""Taking in a file that the reporter's browser sealed: begun, brought chunk by chunk, made whole at once.

Until it is whole no entry of the case describes it, and nobody sees it: its keys are in the browser alone. A letter has
one such file at a time, a new beginning lets go of the one before, and what was begun before yesterday is swept away:
at the next beginning, once a day by whoever looks at the desk or for files, at a start, and by the commands of the night.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from core import clock, db, memory, rosters
from core.db import new_id
from core.roster import Roster, RosterRefused
from core.rosters import NoRoster
from core.sealing import CannotOpen
from intake.cases import Case, keep_slots, load
from intake.files import room as space
from intake.files.bodies import Begun, Described, NotAFile, Piece, Whole, described
from intake.files.keeping import TooLarge, most_bytes, require_room, room
from intake.files.stream import CHUNK, COPIES, chunks_for
from intake.mailbox.mailbox import NoMailbox
from intake.mailbox.sealed_mailbox import MovedOn, sealed_under
from intake.models import ArrivingFile, CaseFile, Compartment, FileChunk, Letter, StoredFile
from intake.seal.compartments import ENTRY
from intake.seal.receipt import token_hash
from intake.seal.slots import Side, SlotsRefused, on_side

_DAYS: Final = 1
"""A file begun so many days ago may still become whole."""


class NotBegun(Exception):
    """No such file is on its way with this letter: it was never begun, swept away, or another began since."""


class Missing(Exception):
    """Some chunks of the file are not there, so it was not made whole."""


def where(session: Session, token: bytes) -> dict[str, Any]:
    """What a browser needs to seal a file for this letter, JSON-able; or `NoMailbox`."""
    case = _case(session, token)
    return {
        "case": case.id,
        "room": room(session, case.id),
        "short": space.is_short(session),
        "strikeouts": _text(case.file.for_reporter),
        "writing": _writing(session, case),
    }


def begin(session: Session, told: Begun) -> None:
    """Make room for a file; the same beginning again changes nothing.

    Raises `NoMailbox`, `TooLarge`, `TooMany`, `NoRoom`, and `NotAFile` for counts that are no size class.
    """
    case = _case(session, told.token, lock=True)
    if told.original < 1 or any(
        count and chunks_for(count * CHUNK) != count for count in (told.clean, told.original)
    ):
        raise NotAFile
    if max(told.clean, told.original) > chunks_for(most_bytes()):
        raise TooLarge
    known = session.get(StoredFile, told.file_id)
    if known is not None:
        _require_same(session, known, case, told)
        return
    require_room(session, case.id)
    _sweep(session, case.id)
    space.require(session, told.clean + told.original)
    session.add(StoredFile(id=told.file_id, case_id=case.id))
    session.flush()
    session.add(
        ArrivingFile(
            file_id=told.file_id,
            begun_on=clock.today(),
            clean_chunks=told.clean,
            original_chunks=told.original,
        )
    )


def add_chunk(session: Session, piece: Piece) -> None:
    """Keep one chunk; the same one again changes nothing. Raises `NoMailbox`, `NotBegun`, `NotAFile`."""
    arriving = _arriving(session, _case_id(session, piece.token), piece.file_id)
    if piece.number >= (arriving.clean_chunks if piece.copy == "clean" else arriving.original_chunks):
        raise NotAFile
    known = session.get(FileChunk, (piece.file_id, piece.copy, piece.number))
    if known is None:
        chunk = FileChunk(file_id=piece.file_id, copy=piece.copy, number=piece.number, blob=piece.blob)
        session.add(chunk)
    elif known.blob != piece.blob:
        raise NotAFile


def make_whole(session: Session, told: Whole) -> int:
    """Put the file beside the letter; the same again changes nothing. Returns for how many more there is room.

    Raises `NoMailbox`, `NotBegun`, `Missing`, `MovedOn`, `TooMany`, `NotAFile`.
    """
    case = _case(session, told.token, lock=True)
    if not _whole_already(session, case, told.file_id):
        arriving = _arriving(session, case.id, told.file_id)
        _require_chunks(session, arriving)
        roster = sealed_under(session, told.fingerprint, told.roster_version)
        if roster is None:
            raise NotAFile
        parts = described(told.rest, roster)
        if (case.next_place(Side.HANDLERS).sequence, case.file.messages) != (told.part, told.letter):
            raise MovedOn
        require_room(session, case.id)
        _describe(session, case, parts, roster)
        session.delete(arriving)
        session.flush()
    return room(session, case.id)


def sweep(session: Session) -> int:
    """Let go of everybody's files that never became whole in time; how many there were."""
    return _let_go(session, _late())


def prepare(session: Session) -> None:
    """At a start: what was left unfinished before."""
    sweep(session)


def sweep_daily() -> None:
    """The first who comes by on a day sweeps, for all processes."""
    if memory.store().add(f"swept:{clock.today().isoformat()}", b"1", 2 * 86_400):
        with db.writing() as session:
            sweep(session)


# --- inside ---------------------------------------------------------------------------------------


def _case_id(session: Session, token: bytes) -> str:
    found = session.scalars(select(CaseFile.id).where(CaseFile.mailbox == token_hash(token))).first()
    if found is None:
        raise NoMailbox
    return found


def _case(session: Session, token: bytes, *, lock: bool = False) -> Case:
    return load(session, _case_id(session, token), lock=lock)


def _arriving(session: Session, case_id: str, file_id: str) -> ArrivingFile:
    wanted = select(ArrivingFile).join(StoredFile, StoredFile.id == ArrivingFile.file_id)
    found = session.scalars(wanted.where(StoredFile.id == file_id, StoredFile.case_id == case_id)).first()
    if found is None:
        raise NotBegun
    return found


def _whole_already(session: Session, case: Case, file_id: str) -> bool:
    """Whether this very file was made whole before: a lost answer makes a browser ask again."""
    known = session.get(StoredFile, file_id)
    ours = known is not None and known.case_id == case.id
    return ours and session.get(ArrivingFile, file_id) is None


def _require_same(session: Session, known: StoredFile, case: Case, told: Begun) -> None:
    if known.case_id != case.id:
        raise NotAFile
    arriving = session.get(ArrivingFile, known.id)
    if arriving and (arriving.clean_chunks, arriving.original_chunks) != (told.clean, told.original):
        raise NotAFile


def _sweep(session: Session, case_id: str) -> None:
    """Let go of whatever else this letter began, and of everybody's that never became whole in time."""
    _let_go(session, (StoredFile.case_id == case_id) | _late())


def _late() -> ColumnElement[bool]:
    return ArrivingFile.begun_on < clock.today() - timedelta(days=_DAYS)


def _let_go(session: Session, which: ColumnElement[bool]) -> int:
    wanted = select(ArrivingFile.file_id).join(StoredFile, StoredFile.id == ArrivingFile.file_id)
    gone: Sequence[str] = session.scalars(wanted.where(which)).all()
    if gone:
        session.execute(delete(FileChunk).where(FileChunk.file_id.in_(gone)))
        session.execute(delete(ArrivingFile).where(ArrivingFile.file_id.in_(gone)))
        session.execute(delete(StoredFile).where(StoredFile.id.in_(gone)))
    return len(gone)


def _require_chunks(session: Session, arriving: ArrivingFile) -> None:
    counted = select(FileChunk.copy, func.count()).where(FileChunk.file_id == arriving.file_id)
    there: dict[str, int] = dict(session.execute(counted.group_by(FileChunk.copy)).all())
    promised = zip(COPIES, (arriving.clean_chunks, arriving.original_chunks), strict=True)
    if any(there.get(copy, 0) != count for copy, count in promised):
        raise Missing


def _describe(session: Session, case: Case, parts: Described, roster: Roster) -> None:
    """The two entries that say what the file is, and the reporter's own line about it."""
    try:
        sets = {side: keep_slots(session, case.file, side, parts.slots[side], roster).id for side in Side}
    except SlotsRefused as refused:
        raise NotAFile from refused
    at = case.next_place(Side.HANDLERS)
    for sequence, blob, sides in (
        (at.sequence, parts.for_handlers, (Side.HANDLERS,)),
        (at.sequence + 1, parts.for_both, tuple(Side)),
    ):
        session.add(
            Compartment(
                id=new_id(),
                case_id=case.id,
                kind=ENTRY,
                sequence=sequence,
                key_set_s=sets[Side.HANDLERS],
                key_set_c=sets[Side.CUSTODIANS] if Side.CUSTODIANS in sides else None,
                blob=blob,
            )
        )
    session.add(Letter(id=new_id(), case_id=case.id, sequence=case.file.messages, blob=parts.letter))
    case.file.messages += 1
    case.file.state = "received"
    case.file.size_class = "files"


def _writing(session: Session, case: Case) -> dict[str, Any] | None:
    """Where a file's entries would stand and whose keys they need; None where nothing can be added safely."""
    try:
        chain = rosters.chain(session)
        place = case.next_place(Side.HANDLERS)
    except (NoRoster, RosterRefused, CannotOpen):
        return None
    now = chain[-1]
    people = [person for side in Side for person in on_side(now, side)]
    return {
        "part": place.sequence,
        "head": place.before.hex(),
        "letter": case.file.messages,
        "fingerprint": now.fingerprint,
        "recovery": _text(now.recovery_public),
        # Every version, not the one of this letter: which one it is stands sealed to the reporter.
        "versions": [
            {side.value: [person.id for person in on_side(roster, side)] for side in Side} for roster in chain
        ],
        "keys": {person.id: _text(person.seal_public) for person in people},
    }


def _text(raw: bytes) -> str:
    return b64encode(raw).decode()
