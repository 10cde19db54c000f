"""Asking a custodian to open names together (P4): a request and its answers, in memory for a quarter of an hour.

    handler      ask    → sealed to every custodian whom the reporter did not strike out, signed by the handler
    custodian    agree  → their half, sealed to that handler; or refuse, without a reason
    handler      open   → once; then request and half are gone

Nothing of it reaches the database but the lines of the log, so that nobody finds later who asked. A restart of
the machine forgets a request; it is then asked again. A struck-out custodian is sent nothing (P5).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any, Final, TypeVar

from sqlalchemy.orm import Session

from core import clock, db, log, memory, once, rosters
from core.access import Identity
from core.db import new_id
from core.installation import installation_id
from core.roster import Member, Roster
from core.sealing import CannotOpen, PrivateKey, context, pad, seal, sign, unpad, unseal, verify
from intake import names
from intake.cases import Case
from intake.casework import CaseDamaged, at_hand, entries_of
from intake.files import opening
from intake.files.opening import Download
from intake.log_tag import on_case
from intake.roles import require_may
from intake.slots import Side

WAIT_SECONDS: Final = 15 * 60
"""How long a request waits for a custodian, and a half for its handler."""
_AT_ONCE: Final = 8
Shown = TypeVar("Shown")
_PADDED: Final = 4_096
_REASON: Final = 500


class NobodyToAsk(Exception):
    """No custodian of this case is on the roster any more, so nobody can lend a half."""


class NothingLent(Exception):
    """No half waits here: nobody agreed, the time is over, or the names were shown already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a custodian reads before they agree: who asks and why; of the case a label, and no word."""

    ask_id: str
    case_id: str
    handler: str
    reason: str = field(repr=False)
    at: float
    row: int = 0
    """Zero asks for names; else the number of a file's entry, for its untouched original."""

    @property
    def label(self) -> str:
        """Six letters by which both know that they speak of the same case."""
        return label_of(self.case_id)

    @property
    def minutes_left(self) -> int:
        """Whole minutes until it is forgotten, at least one."""
        return max(1, round((self.at + WAIT_SECONDS - clock.now().timestamp()) / 60))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a handler's own request stands: "waiting", "refused" by everybody asked, or "agreed"."""

    ask: Ask
    asked: int
    state: str


def label_of(case_id: str) -> str:
    """Six hexadecimal digits that name a case aloud and lead nowhere."""
    return hashlib.sha256(b"label" + case_id.encode()).hexdigest()[:6].upper()


# --- the handler ----------------------------------------------------------------------------------


def ask(
    session: Session, identity: Identity, seed: bytes, case_id: str, reason: str, row: int = 0
) -> dict[str, bytes]:
    """A request, sealed to each custodian who can lend a half: id of a person → bytes; for `send`.

    row: see `Ask`; a request for a file is sent and looked up under `file_key` in place of the case's id.

    Raises `Denied`, `NoSuchCase`, `CaseDamaged`, `NobodyToAsk`, `LogBroken`; ValueError for a reason that is
    empty or too long.
    """
    require_may(identity, "open name")
    if not 0 < len(reason) <= _REASON:
        raise ValueError("reason")
    chain = rosters.chain(session)
    people = _who_can_lend(session, identity, seed, case_id, chain)
    made = Ask(
        ask_id=new_id(),
        case_id=case_id,
        handler=identity.person_id,
        reason=reason,
        at=clock.now().timestamp(),
        row=row,
    )
    words = json.dumps(asdict(made) | {"asked": len(people)}, ensure_ascii=False).encode()
    signed = sign(_signed(words), seed) + words
    sealed = {one.id: seal(pad(signed, _PADDED), one.seal_key, _place(one.id)) for one in people}
    return {"": words, **sealed}


def send(seed: bytes, case_id: str, made: Mapping[str, bytes]) -> bool:
    """Lay a request before the custodians, once its line is kept. False where one waits already."""
    if not once.keep("name asked", _mine(seed, case_id), json.loads(made[""]), WAIT_SECONDS):
        return False
    for person_id, sealed in made.items():
        if person_id:
            any(memory.store().add(_desk(person_id, n), sealed, WAIT_SECONDS) for n in range(_AT_ONCE))
    return True


def standing(seed: bytes, case_id: str) -> Standing | None:
    """How one's own request about a case stands, or None when there is none."""
    found = once.look("name asked", _mine(seed, case_id))
    if found is None:
        return None
    asked = int(found.pop("asked"))
    mine = Ask(**found)
    if memory.store().get(f"name_half:{mine.ask_id}") is not None:
        return Standing(ask=mine, asked=asked, state="agreed")
    refused = int(memory.store().get(f"name_no:{mine.ask_id}") or 0)
    return Standing(ask=mine, asked=asked, state="refused" if refused >= asked else "waiting")


def take_back(seed: bytes, case_id: str) -> None:
    """Forget one's own request; a custodian who looks finds nothing to agree to."""
    found = standing(seed, case_id)
    if found:
        memory.store().put(f"name_done:{found.ask.ask_id}", b"1", WAIT_SECONDS)
        memory.store().delete(f"name_half:{found.ask.ask_id}")
    once.forget("name asked", _mine(seed, case_id))


def file_key(case_id: str, row: int) -> str:
    """What stands for the case's id where a request is about one file."""
    return f"{case_id}:{row}"


def open_once(identity: Identity, seed: bytes, case_id: str) -> Mapping[str, Any]:
    """The names, one single time: line in the log and counts first, in a transaction of its own.

    Raises `NothingLent`, and as `names.open_name` does.
    """
    return _once(seed, case_id, lambda session, half: names.open_name(session, identity, seed, case_id, half))


def open_file_once(identity: Identity, seed: bytes, case_id: str, row: int) -> Download:
    """An untouched original, one single time, as `open_once`; raises `NothingLent`, and as `open_original` does."""
    return _once(
        seed,
        file_key(case_id, row),
        lambda session, half: opening.open_original(session, identity, seed, case_id, row, half),
    )


def _once(seed: bytes, key: str, deed: Callable[[Session, bytes], Shown]) -> Shown:
    found = standing(seed, key)
    half = memory.store().get(f"name_half:{found.ask.ask_id}") if found else None
    if found is None or half is None:
        raise NothingLent
    claim = f"name_open:{found.ask.ask_id}"
    if not memory.store().add(claim, b"1", WAIT_SECONDS):
        raise NothingLent
    try:
        with db.writing() as session:
            shown = deed(session, half)
    except Exception:
        memory.store().delete(claim)  # nothing was shown, so it may be tried again
        raise
    take_back(seed, key)
    return shown


# --- the custodian --------------------------------------------------------------------------------


def waiting(session: Session, identity: Identity, seed: bytes) -> list[Ask]:
    """Requests that wait for this custodian, the oldest first; what is forged or answered is not shown."""
    require_may(identity, "lend half of a name")
    roster = rosters.current(session)
    private = PrivateKey.from_seed(seed)
    found = []
    for sealed in _laid_before(identity.person_id):
        with suppress(CannotOpen, KeyError, TypeError, ValueError):
            one = _read(unpad(unseal(sealed, private, _place(identity.person_id))), roster)
            if not _settled(one.ask_id, identity.person_id):
                found.append(one)
    return sorted(found, key=lambda one: one.at)


def agree(session: Session, identity: Identity, seed: bytes, ask_id: str) -> tuple[str, bytes]:
    """One's half of the names asked for, sealed to whoever asked; for `lay`. Raises as `names.lend_half` does.

    `NothingLent` where no such request waits.
    """
    one = _one(session, identity, seed, ask_id)
    if one.row:
        about = (one.case_id, one.row, one.handler)
        return ask_id, opening.lend_file_half(session, identity, seed, *about)
    return ask_id, names.lend_half(session, identity, seed, one.case_id, one.handler)


def lay(lent: tuple[str, bytes]) -> None:
    """Give the half to its handler, once its line is kept; of two who agree the first is enough."""
    ask_id, half = lent
    memory.store().add(f"name_half:{ask_id}", half, WAIT_SECONDS)


def refuse(session: Session, identity: Identity, seed: bytes, ask_id: str) -> None:
    """Write down that one does not lend a half; nobody is asked why. Raises as `agree` does."""
    one = _one(session, identity, seed, ask_id)
    names.refuse_half(session, identity, seed, one.case_id)


def note_refusal(identity: Identity, ask_id: str) -> None:
    """Take the request off one's own page, once the line is kept; others may still agree."""
    if memory.store().add(f"name_no:{ask_id}:{identity.person_id}", b"1", WAIT_SECONDS):
        memory.store().count(f"name_no:{ask_id}", WAIT_SECONDS)


# --- inside ---------------------------------------------------------------------------------------


def _one(session: Session, identity: Identity, seed: bytes, ask_id: str) -> Ask:
    for one in waiting(session, identity, seed):
        if one.ask_id == ask_id:
            return one
    raise NothingLent


def _who_can_lend(
    session: Session, identity: Identity, seed: bytes, case_id: str, chain: tuple[Roster, ...]
) -> list[Member]:
    """Custodians of the roster in force whom the sealed story does not strike out; the line comes first."""
    hand = at_hand(session, identity, seed, case_id)
    log.write(session, "name_asked", who=identity.person_id, about=on_case(hand.side_key))
    story = hand.story_or_damage()
    entries_of(hand, story)  # what is past its date opens to nobody
    with_slot = {one.id for one in _slots_of(hand.case, chain).custodians}
    struck = set(story.strikeouts.struck)
    people = [one for one in chain[-1].custodians if one.id in with_slot and one.id not in struck]
    if not people:
        raise NobodyToAsk
    return people


def _slots_of(case: Case, chain: tuple[Roster, ...]) -> Roster:
    try:
        return chain[case.first_key_set(Side.CUSTODIANS).roster_version - 1]
    except IndexError as damage:
        raise CaseDamaged from damage


def _read(signed: bytes, roster: Roster) -> Ask:
    signature, words = signed[:64], signed[64:]
    found = json.loads(words)
    found.pop("asked")
    one = Ask(**found)
    handler = {member.id: member for member in roster.handlers}[one.handler]
    verify(_signed(words), signature, handler.sign_public)
    return one


def _settled(ask_id: str, person_id: str) -> bool:
    marks = (f"name_half:{ask_id}", f"name_done:{ask_id}", f"name_no:{ask_id}:{person_id}")
    return any(memory.store().get(mark) is not None for mark in marks)


def _laid_before(person_id: str) -> Iterator[bytes]:
    for n in range(_AT_ONCE):
        sealed = memory.store().get(_desk(person_id, n))
        if sealed is not None:
            yield sealed


def _desk(person_id: str, n: int) -> str:
    return f"name_ask:{person_id}:{n}"


def _mine(seed: bytes, case_id: str) -> bytes:
    return seed + case_id.encode()


def _place(person_id: str) -> bytes:
    return context("name asked", installation_id(), person_id)


def _signed(words: bytes) -> bytes:
    return context("name asked for", installation_id(), hashlib.sha256(words).hexdigest())
