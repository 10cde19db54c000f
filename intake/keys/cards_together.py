"""Two custodians bring letters back with two cards, each in a session of their own: no browser sees both cards.

    first      lay    → their card, signed and sealed to every other custodian of the roster, for a quarter of an hour
    second     join   → with the second card the key is there: sealed under the second's seed, for half an hour
               go_on  → so many letters at a press, until none is left; then the key is forgotten

All of it lies in memory; a restart of the machine forgets it, and what was done stays done. Which letters, and how
many, is told to nobody: a custodian who was struck out of one would learn of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from core import clock, db, memory, once, rosters
from core.access import Identity, Role
from core.installation import installation_id
from core.roster import Member
from core.sealing import CannotOpen, PrivateKey, context, pad, seal, sign, unpad, unseal, verify
from intake.keys import cards, recovery
from intake.keys.recovery import NeedTwo
from intake.keys.wrapping import Outcome
from intake.roles import require_may

WAIT_SECONDS: Final = 15 * 60
KEY_SECONDS: Final = 30 * 60
_PADDED: Final = 1_024
_SIGNATURE: Final = 64
_RUNNING: Final = "cards at work"


class NothingLaid(Exception):
    """No other custodian has laid a card, or its time is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """A card that another custodian has typed in their own session."""

    by: Member
    minutes_left: int
    card: str = field(repr=False)


def lay(identity: Identity, seed: bytes, typed: str) -> None:
    """Lay one card before the other custodians. Raises `Denied`, `CardsRefused`, `NoRoster`, `RosterRefused`."""
    me = require_may(identity, "recover").person_id
    card = cards.one(typed)
    words = json.dumps({"by": me, "card": card, "at": clock.now().timestamp()}).encode()
    signed = sign(_signed(words), seed) + words
    for other in _custodians():
        if other.id != me:
            sealed = seal(pad(signed, _PADDED), other.seal_key, _place(other.id))
            memory.store().put(_shelf(other.id, me), sealed, WAIT_SECONDS)
    memory.store().put(_mine(me), str(clock.now().timestamp()).encode(), WAIT_SECONDS)


def mine_lies(identity: Identity) -> bool:
    """Whether this custodian's own card still lies before the others."""
    return memory.store().get(_mine(identity.person_id)) is not None


def take_back(identity: Identity) -> None:
    """Forget one's own card."""
    memory.store().delete(_mine(identity.person_id))
    for other in _custodians():
        memory.store().delete(_shelf(other.id, identity.person_id))


def laid(identity: Identity, seed: bytes) -> Laid | None:
    """The card that another custodian laid; what is forged or does not open is not there."""
    me = require_may(identity, "recover").person_id
    private = PrivateKey.from_seed(seed)
    for other in _custodians():
        sealed = memory.store().get(_shelf(me, other.id)) if other.id != me else None
        try:
            found = _read(unpad(unseal(sealed or b"", private, _place(me))), other)
        except (CannotOpen, KeyError, TypeError, ValueError):
            continue
        left = round((found["at"] + WAIT_SECONDS - clock.now().timestamp()) / 60)
        return Laid(by=other, minutes_left=max(1, left), card=str(found["card"]))
    return None


def join(identity: Identity, seed: bytes, typed: str) -> None:
    """Add the second card: from now on `go_on` works, for half an hour.

    Raises `Denied`, `NothingLaid`, `NeedTwo`, `CardsRefused`, `NoRoster`, `RosterRefused`.
    """
    found = laid(identity, seed)
    if found is None:
        raise NothingLaid
    if found.by.id == identity.person_id:
        raise NeedTwo
    key = recovery.cards_seed([found.card, cards.one(typed, 2)])
    once.forget(_RUNNING, seed)
    run = {"key": key.hex(), "by": found.by.id, "name": found.by.name, "after": "", "held": 0, "shut": 0}
    once.keep(_RUNNING, seed, run, KEY_SECONDS)
    for other in _custodians():
        memory.store().delete(_shelf(other.id, found.by.id))
    memory.store().delete(_mine(found.by.id))


def running(seed: bytes) -> bool:
    """Whether the key of the cards lies ready for this custodian."""
    return once.look(_RUNNING, seed) is not None


def go_on(identity: Identity, seed: bytes) -> Outcome:
    """Some letters more; `more` of what it returns says whether to go on. Raises `NothingLaid`, and as `recover` does.

    held and closed are those of the whole run, the damaged ones among the closed.
    """
    run = once.look(_RUNNING, seed)
    if run is None:
        raise NothingLaid
    first = Identity(person_id=run["by"], name=run["name"], roles=frozenset({Role.CUSTODIAN}))
    both, key = (first, identity), bytes.fromhex(run["key"])
    found = recovery.bring_back(both, key, after=run["after"], most=recovery.AT_ONCE)
    held, shut = run["held"] + found.held, run["shut"] + found.closed + found.damaged
    once.forget(_RUNNING, seed)
    if found.more:
        run |= {"after": found.last or run["after"], "held": held, "shut": shut}
        once.keep(_RUNNING, seed, run, KEY_SECONDS)
    return replace(found, held=held, closed=shut, damaged=0)


# --- inside ---------------------------------------------------------------------------------------


def _custodians() -> Sequence[Member]:
    with db.reading() as session:
        return rosters.current(session).custodians


def _read(signed: bytes, other: Member) -> dict[str, Any]:
    signature, words = signed[:_SIGNATURE], signed[_SIGNATURE:]
    verify(_signed(words), signature, other.sign_public)
    found: dict[str, Any] = json.loads(words)
    if found["by"] != other.id:
        raise CannotOpen
    return found


def _shelf(to: str, by: str) -> str:
    return f"card_laid:{to}:{by}"


def _mine(by: str) -> str:
    return f"card_lies:{by}"


def _place(to: str) -> bytes:
    return context("card laid", installation_id(), to)


def _signed(words: bytes) -> bytes:
    return context("card laid by", installation_id(), hashlib.sha256(words).hexdigest())
