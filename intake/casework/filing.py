"""Reading and writing the file of one case: permission, log, then what is sealed (house.md).

What a page may write is intake/casefile/kinds.py, what must hold intake/casefile/rules.py. Every entry is a
signed, sealed compartment that is only ever added. The case is locked while one is, so that two colleagues
take turns: the second, whose page was older, is refused and gets their words back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from core import clock, log
from core.access import Identity
from core.i18n import Text
from intake.casefile import classification, rules
from intake.casefile.counted import COUNTED_AFTER
from intake.casefile.kinds import KINDS
from intake.casefile.record import File
from intake.casework.casework import (
    AtHand,
    add,
    at_hand,
    count,
    count_again,
    counted_as,
    entries_of,
    flags_of,
    keep_counts,
    kept_of,
)
from intake.desk.clocks import reporter_wrote_since
from intake.retention import Kept
from intake.roles import require_may
from intake.seal.log_tag import on_case

_READ_FIRST: Final = Text(
    "Người viết vừa viết thêm. Bạn đọc tin ấy trước khi kết thúc.",
    "The reporter has written more. Read that message before you close.",
)
_CHILD: Final = Text(
    "Hồ sơ chưa ghi đã báo ai về người dưới 16 tuổi. Ghi ở phần ấy, hoặc ghi vì sao không ở đây.",
    "The file does not say who was told of a child under 16. Write it there, or say here why not.",
)
_DAMAGED: Final = Text(
    "Có phần không mở được; lời rút lại có thể nằm ở đó. Hỏi lại người viết, rồi chuyển theo quyết định của hai người.",
    "Parts do not open; a withdrawal may be among them. Ask the reporter, then refer by a decision of two people.",
)
_STATE_AFTER: Final = {"ket-thuc": "closed", "mo-lai": "reading"}


class Stale(Exception):
    """Somebody wrote the same part of the file after this page was made; nothing was kept."""


class EntryRefused(Exception):
    """The file as it stands has something against this entry; nothing was kept."""

    def __init__(self, errors: Mapping[str, Text]) -> None:
        super().__init__(", ".join(errors))  # names of questions only: never what was written
        self.errors: Final = dict(errors)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRead:
    """The file of a case as its handler reads it. parts: how long the chain was; a writer says it again."""

    case_id: str
    arrived_on: date
    urgent: bool
    state: str
    parts: int
    damaged: int
    kept: Kept
    flags: Mapping[str, Any] = field(repr=False)
    file: File = field(repr=False)


def read(
    session: Session, identity: Identity, seed: bytes, case_id: str, *, printing: bool = False
) -> FileRead:
    """The whole file, after its line in the log.

    Raises `Denied`, `NoSuchCase`, `CaseDamaged`, `LogBroken`.
    """
    require_may(identity, "print the file" if printing else "read the file")
    hand = at_hand(session, identity, seed, case_id)
    deed = "file_printed" if printing else "file_read"
    log.write(session, deed, who=identity.person_id, about=on_case(hand.side_key))
    entries, unread = entries_of(hand, hand.story_or_damage())
    file, unknown = _file(entries)
    return FileRead(
        case_id=case_id,
        arrived_on=hand.case.file.arrived_on,
        urgent=hand.case.file.urgent,
        state=hand.case.file.state,
        parts=len(hand.case.parts),
        damaged=unread + unknown,
        kept=kept_of(hand.case.file, entries),
        flags=flags_of(hand),
        file=file,
    )


def write(
    session: Session,
    identity: Identity,
    seed: bytes,
    case_id: str,
    *,
    kind: str,
    values: Mapping[str, Any],
    parts: int,
) -> None:
    """Add one entry. values: of `rules.read`; parts: of the `FileRead` on which it was written.

    Raises as `read` does, and `Stale`, `EntryRefused`; KeyError for a kind that is none.
    """
    require_may(identity, "write in the file")
    hand = at_hand(session, identity, seed, case_id)
    log.write(session, KINDS[kind].deed, who=identity.person_id, about=on_case(hand.side_key))
    story = hand.story_or_damage()
    entries, unread = entries_of(hand, story)
    file, unknown = _file(entries)
    if file.written_since(kind, parts):
        raise Stale
    errors = rules.check(kind, file, values, by=identity.person_id, today=clock.today())
    if errors := errors or _against(hand, file, kind, values, damaged=unread + unknown):
        raise EntryRefused(errors)
    before = counted_as(hand, entries)
    added = {"what": "file", "kind": kind, "values": dict(values)}
    add(session, hand, added)
    if kind == "phan-loai":
        session.flush()
        again = at_hand(session, identity, seed, case_id)  # the place after this entry
        gbv_type = classification.first_yes(values)
        count(session, again, story, genuine=str(values["genuine"]), gbv_type=gbv_type)
    hand.case.file.state = _STATE_AFTER.get(kind, hand.case.file.state)
    if kind in COUNTED_AFTER:
        count_again(session, hand, story, before)
    if kind in _STATE_AFTER:  # the reporter is shown until when it is kept
        now = {**added, "role": "handler", "at": clock.now().isoformat()}
        keep_counts(hand, story, [*entries, now])


def _against(
    hand: AtHand, file: File, kind: str, values: Mapping[str, Any], *, damaged: int
) -> dict[str, Text]:
    """What stands against an entry besides the file: words nobody has read yet, a child, or parts that do not open."""
    if kind == "ket-thuc" and reporter_wrote_since(hand.case.file.state, hand.case.file.messages):
        return {"closure": _READ_FIRST}
    untold = not file.of("tre-em") and not values.get("note")
    if kind == "ket-thuc" and untold and flags_of(hand).get("age_group") == "under_16":
        return {"note": _CHILD}
    if kind == "chuyen-gui" and damaged and values.get("consent"):
        return {"consent": _DAMAGED}
    return {}


def _file(entries: Sequence[Mapping[str, Any]]) -> tuple[File, int]:
    """The file out of a case's entries, and how many parts of it are of no kind."""
    file = File.among(entries, KINDS)
    mine = [one for one in entries if one["what"] == "file" and one["role"] == "handler"]
    return file, len(mine) - len(file.entries)
