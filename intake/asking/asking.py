"""Asking a custodian to act together (P4): a request and its answers, in memory until its time is over.

    handler      ask    → sealed to every custodian whom the reporter did not strike out, signed by the handler
    custodian    agree  → what they lend, sealed to that handler; or refuse, without a reason
    handler      open   → once; then request and loan are gone

A deed makes what is to lie in memory; its page lays it there once the line of the log is kept. Nothing of it
reaches the database but that line, so that nobody finds later who asked. A restart of the machine forgets a request;
it is then asked again. Every custodian's shelf gets a request of one length: for a struck-out one (P5) to no key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Final, TypeVar

from sqlalchemy.orm import Session

from core import clock, db, log, rosters
from core.access import Identity
from core.db import new_id
from core.installation import installation_id
from core.roster import Member, Roster
from core.sealing import (
    KEY_BYTES,
    CannotOpen,
    PrivateKey,
    PublicKey,
    context,
    pad,
    random_bytes,
    seal,
    sign,
    unpad,
    unseal,
    verify,
)
from intake.asking import authority, shelf
from intake.asking.shelf import Made, NothingLent, bound
from intake.cases import NoSuchCase
from intake.casework import names
from intake.casework.casework import AtHand, CaseDamaged, at_hand, entries_of
from intake.files import opening
from intake.form.asked import About, Ask, Kind, Wish, read
from intake.roles import require_may
from intake.seal.barred import Barred
from intake.seal.envelope import Story
from intake.seal.log_tag import on_case

REASON: Final = 600
_PADDED: Final = 8_192
Shown = TypeVar("Shown")


class NobodyToAsk(Exception):
    """No custodian of this case is on the roster any more, so nobody can lend a half."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matter:
    """What differs between requests: who may ask, what the log says, what a custodian does."""

    may: str
    asked: str
    lend: Callable[[Session, Identity, bytes, Ask], bytes]
    refused: str


def _names(session: Session, identity: Identity, seed: bytes, one: Ask) -> bytes:
    return _bind(session, one, names.lend_half(session, identity, seed, one.about.case_id, one.handler))


def _original(session: Session, identity: Identity, seed: bytes, one: Ask) -> bytes:
    about = one.about
    half = opening.lend_file_half(session, identity, seed, about.case_id, about.row, one.handler)
    return _bind(session, one, half)


_MATTERS: Final[Mapping[Kind, _Matter]] = {
    "names": _Matter(may="open name", asked="name_asked", lend=_names, refused="name_refused"),
    "original": _Matter(may="open original", asked="name_asked", lend=_original, refused="name_refused"),
    "authority": _Matter(
        may="ask to hand to an authority",
        asked="export_asked",
        lend=authority.lend,
        refused="export_refused",
    ),
}


# --- the handler ----------------------------------------------------------------------------------


def ask(
    session: Session, identity: Identity, seed: bytes, about: About, reason: str, wish: Wish | None = None
) -> Made:
    """A request, sealed to each custodian who can lend a half; for `send`.

    Raises `Denied`, `NoSuchCase`, `PastRetention`, `CaseDamaged`, `NobodyToAsk`, `LogBroken`; ValueError for a reason
    that is empty or too long, or for a wish where none belongs.
    """
    matter = _MATTERS[about.kind]
    require_may(identity, matter.may)
    if not 0 < len(reason) <= REASON or (about.kind == "authority") is not bool(wish):
        raise ValueError("request")
    hand = at_hand(session, identity, seed, about.case_id)
    log.write(session, matter.asked, who=identity.person_id, about=on_case(hand.side_key))
    story = hand.story_or_damage()
    entries_of(hand, story)  # what is past its date opens to nobody
    people = _who_can_lend(hand, story)
    wish = authority.completed(hand, story, wish) if wish else None
    at = clock.now().timestamp()
    made = Ask(ask_id=new_id(), about=about, handler=identity.person_id, reason=reason, at=at, wish=wish)
    return _sealed(made, seed, people, hand.rosters[-1])


def open_once(
    identity: Identity, seed: bytes, about: About, deed: Callable[[Session, Ask, bytes], Shown]
) -> Shown:
    """What was agreed to, one single time: line in the log and counts first, in a transaction of its own.

    A file that was downloaded may be fetched again for an hour: a line may break off. Raises `NothingLent`, and
    whatever the deed raises; nothing was shown then, so it may be tried again.
    """
    found = shelf.standing(identity, seed, about)
    if found is None:
        raise NothingLent
    sealed = _unbound(found.ask, seed, shelf.lent(found))
    first = shelf.claim(found.ask)
    if not first and found.state != "opened":
        raise NothingLent
    try:
        with db.writing() as session:
            shown = deed(session, found.ask, sealed)
    except Exception:
        if first:
            shelf.give_back(found.ask)
        raise
    if first:
        shelf.opened(found)
    return shown


def take_back(session: Session, identity: Identity, seed: bytes, one: Ask) -> None:
    """Write down that a handler takes back what they asked for; its page then takes it out of memory.

    Without the tag of a case that does not open to them any more. Raises `Denied`, `LogBroken`.
    """
    require_may(identity, _MATTERS[one.about.kind].may)
    try:
        about = on_case(at_hand(session, identity, seed, one.about.case_id).side_key)
    except NoSuchCase:
        log.write(session, "request_taken_back", who=identity.person_id)
        return
    log.write(session, "request_taken_back", who=identity.person_id, about=about)


# --- the custodian --------------------------------------------------------------------------------


def waiting(session: Session, identity: Identity, seed: bytes) -> list[Ask]:
    """Requests that wait for this custodian, the oldest first; what is forged, answered or put back is not shown."""
    require_may(identity, "lend half of a name")
    roster, me = rosters.current(session), identity.person_id
    private, now = PrivateKey.from_seed(seed), clock.now().timestamp()
    found = []
    for handler in roster.handlers:
        for sealed in shelf.laid_before(me, handler.id):
            with suppress(CannotOpen, KeyError, TypeError, ValueError):
                one = _verified(unpad(unseal(sealed, private, bound(me))), handler)
                if not one.over(now) and not shelf.settled(one.ask_id, me):
                    found.append(one)
    return sorted(found, key=lambda one: one.at)


def agree(session: Session, identity: Identity, seed: bytes, ask_id: str) -> tuple[Ask, bytes]:
    """What one lends for a request, sealed to whoever asked; for `lay`.

    Raises `NothingLent` where no such request waits, and as `names.lend_half` does.
    """
    one = _one(session, identity, seed, ask_id)
    return one, _MATTERS[one.about.kind].lend(session, identity, seed, one)


def refuse(session: Session, identity: Identity, seed: bytes, ask_id: str) -> Ask:
    """Write down that one does not lend a half; nobody is asked why. Raises as `agree` does."""
    one = _one(session, identity, seed, ask_id)
    names.refuse_half(session, identity, seed, one.about.case_id, _MATTERS[one.about.kind].refused)
    return one


# --- inside ---------------------------------------------------------------------------------------


def _sealed(made: Ask, seed: bytes, people: list[Member], roster: Roster) -> Made:
    words = json.dumps(asdict(made), ensure_ascii=False).encode()
    signed = pad(sign(_signed(words), seed) + words, _PADDED)
    can = {one.id for one in people}
    theirs = {
        one.id: seal(signed, one.seal_key if one.id in can else _nobody(), bound(one.id))
        for one in roster.custodians
    }
    own = json.dumps({**asdict(made), "to": list(theirs), "asked": len(people)}, ensure_ascii=False)
    key = PrivateKey.from_seed(seed).public
    mine = seal(pad(own.encode(), _PADDED), key, bound(made.handler))
    return Made(ask=made, mine=mine, theirs=theirs)


def _bind(session: Session, one: Ask, half: bytes) -> bytes:
    """A half for this one request: put back into memory, it serves no later one of the same case."""
    return seal(half, rosters.current(session).member(one.handler).seal_key, _loan(one))


def _unbound(one: Ask, seed: bytes, sealed: bytes) -> bytes:
    """What `_bind` made; `NothingLent` where it was lent for another request. An agreement binds itself."""
    if one.about.kind == "authority":
        return sealed
    try:
        return unseal(sealed, PrivateKey.from_seed(seed), _loan(one))
    except CannotOpen as refused:
        raise NothingLent from refused


def _loan(one: Ask) -> bytes:
    return context("lent for a request", one.ask_id)


def _nobody() -> PublicKey:
    return PrivateKey.from_seed(random_bytes(KEY_BYTES)).public


def _one(session: Session, identity: Identity, seed: bytes, ask_id: str) -> Ask:
    for one in waiting(session, identity, seed):
        if one.ask_id == ask_id:
            return one
    raise NothingLent


def _who_can_lend(hand: AtHand, story: Story) -> list[Member]:
    """Custodians of the roster in force who stood on that of the story, and whom the story does not strike out.

    Whoever came since has no key to this case, whatever its slots look like now.
    """
    first = _first_roster(hand, story)
    with_key, barred = {one.id for one in first.custodians}, Barred.of(first, story.strikeouts.struck)
    people = [one for one in hand.rosters[-1].custodians if one.id in with_key and not barred.bars(one)]
    if not people:
        raise NobodyToAsk
    return people


def _first_roster(hand: AtHand, story: Story) -> Roster:
    try:
        return hand.rosters[story.strikeouts.roster_version - 1]
    except IndexError as damage:
        raise CaseDamaged from damage


def _verified(signed: bytes, handler: Member) -> Ask:
    signature, words = signed[:64], signed[64:]
    one = read(json.loads(words))
    verify(_signed(words), signature, handler.sign_public)
    if one.handler != handler.id:
        raise CannotOpen
    return one


def _signed(words: bytes) -> bytes:
    return context("asked for", installation_id(), hashlib.sha256(words).hexdigest())
