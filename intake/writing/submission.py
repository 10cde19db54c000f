"""Taking a report in: sealed in memory before anything of it touches a database session.

    draft = draw()                          # case id and receipt, carried by the check-your-answers page
    sent = send(report, roster, draft)      # the same draft again finds the first result

Keys are derived and everything is sealed outside of any transaction; the transaction itself only writes
ciphertext and takes milliseconds, so that reports sent at the same moment are all kept.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, cast

from flask import current_app
from sqlalchemy import Table, bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import clock, db, rosters
from core.access import Role
from core.db import new_id
from core.installation import installation_id
from core.keys import Busy
from core.roster import Member, Roster, RosterRefused
from core.rosters import NoRoster
from core.sealing import PrivateKey
from intake import eraser
from intake.desk import rota
from intake.eraser import eraser_path
from intake.form.report import Report, split, urgent
from intake.models import CaseFile, Compartment, ErasedCase, KeySet
from intake.seal import openings, receipt
from intake.seal.compartments import Place
from intake.seal.envelope import seal_case
from intake.seal.receipt import MailboxKeys, NotAReceipt
from intake.seal.slots import Side, lock_slots

_GLANCE_SECONDS: Final = 1.0
_TRIES: Final = 12
_CASE_ID: Final = re.compile(r"[0-9a-f]{32}")

# On the tables, written once: rows of objects cost a letter twice the time of its sealing.
_CASES, _KEYS, _PARTS = (cast(Table, one.__table__).insert() for one in (CaseFile, KeySet, Compartment))
_ERASED: Final = select(ErasedCase.mark).where(ErasedCase.mark == bindparam("mark"))
_IN_PLACE: Final = select(CaseFile.id).where(CaseFile.eraser_slot == bindparam("place"))


class ChannelClosed(Exception):
    """No report can be sealed: nobody is rostered, or the roster does not verify or has run out."""


class NobodyLeft(Exception):
    """The reporter struck out everybody of one side, so nothing is stored."""

    def __init__(self, role: Role) -> None:
        super().__init__(role.value)
        self.role: Final = role


class PlaceTaken(Exception):
    """Another case took this eraser key first; draw again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is drawn before sealing and travels with the answers: the case's id, the receipt's 24 digits."""

    case_id: str
    receipt: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A report as its rows will hold it: nothing readable left."""

    case_id: str
    mailbox: str
    arrived_on: date
    urgent: bool
    eraser_slot: int
    roster_version: int
    slots: dict[Side, bytes] = field(repr=False)
    compartments: tuple[tuple[Place, bytes], ...] = field(repr=False)
    for_reporter: bytes = field(repr=False)
    openings_handlers: bytes = field(repr=False)
    openings_reporter: bytes = field(repr=False)


# --- who would read it ---------------------------------------------------------------------------


def readers_now() -> Roster:
    """The roster that a report is sealed to now, or `ChannelClosed`."""
    try:
        with db.reading() as session:
            return rosters.current(session)
    except (NoRoster, RosterRefused) as refused:
        raise ChannelClosed from refused


def readers_then(fingerprint: str) -> Roster | None:
    """The version of that fingerprint, to tell who came and went since; none where there never was one."""
    try:
        with db.reading() as session:
            known = rosters.chain(session)
    except (NoRoster, RosterRefused) as refused:
        raise ChannelClosed from refused
    return next((roster for roster in known if roster.fingerprint == fingerprint), None)


def readers_glanced() -> Roster:
    """The same, looked up at most once a second: for the page everybody opens and few send."""
    known = current_app.extensions.get("roster_glanced")
    if known is None or time.monotonic() - known[0] > _GLANCE_SECONDS:
        try:
            known = (time.monotonic(), readers_now())
        except ChannelClosed:
            known = (time.monotonic(), None)
        current_app.extensions["roster_glanced"] = known
    roster: Roster | None = known[1]
    if roster is None:
        raise ChannelClosed
    return roster


def readers(roster: Roster, report: Report) -> list[Member]:
    """The handlers who would be able to read it."""
    return [member for member in roster.handlers if member.id not in report.struck_out]


def require_readers(roster: Roster, report: Report) -> None:
    """`NobodyLeft` when strike-outs leave no handler, or no custodian to guard the names."""
    if not readers(roster, report):
        raise NobodyLeft(Role.HANDLER)
    if all(member.id in report.struck_out for member in roster.custodians):
        raise NobodyLeft(Role.CUSTODIAN)


# --- sending -------------------------------------------------------------------------------------


def draw() -> Draft:
    """A fresh case id and receipt."""
    return Draft(case_id=new_id(), receipt=receipt.draw())


def drawn(case_id: str, digits: str) -> Draft:
    """The draft that a page carried; a fresh one where it was tampered with."""
    try:
        parsed = receipt.parse(digits)
    except NotAReceipt:
        return draw()
    return Draft(case_id=case_id, receipt=parsed) if _CASE_ID.fullmatch(case_id) else draw()


def send(report: Report, roster: Roster, draft: Draft) -> Draft:
    """Seal and keep a report; returns the draft under which it is kept.

    The same draft again changes nothing and returns itself. A draft whose id or receipt belongs to another
    case gets fresh ones. Raises `NobodyLeft`, `Busy`.
    """
    require_readers(roster, report)
    keys = receipt.derive(draft.receipt, installation_id())
    for _ in range(_TRIES):
        with db.reading() as session:
            match = _known(session, draft, keys)
        if match == "same":
            return draft
        if match == "other":
            draft = draw()
            keys = receipt.derive(draft.receipt, installation_id())
        sealed = seal(report, roster, draft.case_id, keys)
        try:
            with db.writing() as session:
                keep(session, sealed)
        except (IntegrityError, PlaceTaken):
            continue  # somebody was faster with the same id, receipt or place: look again, draw again
        return draft
    raise Busy


def seal(report: Report, roster: Roster, case_id: str, keys: MailboxKeys) -> Sealed:
    """A report sealed to everybody on the roster but those struck out. Touches no database."""
    parts = dict(split(report).items())
    parts["flags"] |= {"arrived_at": clock.now().isoformat(timespec="minutes")}
    case = seal_case(parts, case_id=case_id, roster=roster, struck=report.struck_out, reporter_seed=keys.seed)
    slot, key = eraser.take(eraser_path())
    counts, reporter = openings.none_yet(), PrivateKey.from_seed(keys.seed).public
    return Sealed(
        case_id=case_id,
        mailbox=keys.token_hash,
        arrived_on=clock.today(),
        urgent=urgent(report),
        eraser_slot=slot,
        roster_version=roster.version,
        slots={
            wrapped.side: lock_slots(wrapped.slots, key, case_id=case_id, side=wrapped.side, roster=roster)
            for wrapped in (case.handlers, case.custodians)
        },
        compartments=case.compartments,
        for_reporter=case.strikeouts,
        openings_handlers=openings.for_handlers(counts, case.handlers.key, case_id),
        openings_reporter=openings.for_reporter(counts, reporter, case_id),
    )


def keep(session: Session, sealed: Sealed) -> None:
    """Add the rows of a sealed report. Raises `PlaceTaken`; an id or mailbox in use the database refuses."""
    connection = session.connection()
    if connection.scalar(_IN_PLACE, {"place": sealed.eraser_slot}):
        raise PlaceTaken
    ids = {side: new_id() for side in Side}
    connection.execute(_CASES, _case_file(sealed))
    connection.execute(_KEYS, [_key_set(sealed, side, key_set_id) for side, key_set_id in ids.items()])
    connection.execute(
        _PARTS, [_compartment(sealed.case_id, place, blob, ids) for place, blob in sealed.compartments]
    )


def answer_by(on: date | None = None) -> date:
    """The day by which an answer is promised: two working days on, and somebody is rostered for it."""
    return rota.promised_day(on)


def was_erased(session: Session, case_id: str) -> bool:
    """Whether this sending became a case that was erased: sent again, it must not come back."""
    mark = hashlib.sha256(case_id.encode()).hexdigest()
    return session.connection().scalar(_ERASED, {"mark": mark}) is not None


def _known(session: Session, draft: Draft, keys: MailboxKeys) -> str:
    """Whether this draft was kept before ("same"), or its id or receipt belongs to another case ("other")."""
    if was_erased(session, draft.case_id):
        return "same"
    found = session.execute(
        select(CaseFile.id, CaseFile.mailbox).where(
            (CaseFile.id == draft.case_id) | (CaseFile.mailbox == keys.token_hash)
        )
    ).all()
    if not found:
        return ""
    pair: tuple[Any, Any] = (draft.case_id, keys.token_hash)
    return "same" if [tuple(row) for row in found] == [pair] else "other"


def _case_file(sealed: Sealed) -> dict[str, Any]:
    return {
        "id": sealed.case_id,
        "mailbox": sealed.mailbox,
        "arrived_on": sealed.arrived_on,
        "state": "received",
        "urgent": sealed.urgent,
        "messages": 0,
        "size_class": "words",
        "eraser_slot": sealed.eraser_slot,
        "openings_handlers": sealed.openings_handlers,
        "openings_reporter": sealed.openings_reporter,
        "for_reporter": sealed.for_reporter,
    }


def _key_set(sealed: Sealed, side: Side, key_set_id: str) -> dict[str, Any]:
    return {
        "id": key_set_id,
        "case_id": sealed.case_id,
        "side": side.value,
        "roster_version": sealed.roster_version,
        "blob": sealed.slots[side],
    }


def _compartment(case_id: str, place: Place, blob: bytes, key_sets: Mapping[Side, str]) -> dict[str, Any]:
    return {
        "id": new_id(),
        "case_id": case_id,
        "kind": place.kind,
        "sequence": place.sequence,
        "key_set_s": key_sets[Side.HANDLERS] if "S" in place.sides else None,
        "key_set_c": key_sets[Side.CUSTODIANS] if "C" in place.sides else None,
        "blob": blob,
    }
