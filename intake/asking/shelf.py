"""What waits in memory between a handler and the custodians: requests, what was lent, and who refused.

    asked:READER:HANDLER:PLACE   a request, sealed to who reads it; the handler's own copy holds its place
    asked_lent:ID                what a custodian lent, sealed to the handler; the first one is enough
    asked_no:ID:CUSTODIAN        a refusal; asked_no:ID counts them
    asked_open:ID                it was opened; asked_again:ID while what was downloaded may be fetched again

Each handler has places of their own, so that nobody fills those of others. Everything runs out by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from core import memory
from core.access import Identity
from core.installation import installation_id
from core.sealing import CannotOpen, PrivateKey, context, unpad, unseal
from intake.form.asked import About, Ask, read

PLACES: Final = 6
"""Requests of one handler that wait at once; nobody can fill the places of others."""


AGAIN: Final = 3600
"""Seconds after the first download in which a file that broke off is fetched again, each time with its line."""


class NothingLent(Exception):
    """Nothing lent waits here: nobody agreed, the time is over, or it was opened already."""


class TooManyWait(Exception):
    """As many requests of this handler wait as there are places; one must be settled first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A request before it lies in memory: for its handler, and for each custodian."""

    ask: Ask
    mine: bytes = field(repr=False)
    theirs: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a handler's own request stands: "waiting", "refused" by everybody asked, "agreed", or "opened".

    opened: downloaded, and for an hour to be fetched again.
    """

    ask: Ask
    place: int
    asked: int
    state: str
    custodians: tuple[str, ...] = ()


# --- the handler ----------------------------------------------------------------------------------


def send(made: Made) -> None:
    """Lay a request before the custodians, once its line is kept; `TooManyWait` where no place is free."""
    shelf, me, seconds = memory.store(), made.ask.handler, made.ask.seconds
    for number in range(PLACES):
        if shelf.add(place(me, me, number), made.mine, seconds):
            for person_id, sealed in made.theirs.items():
                shelf.put(place(person_id, me, number), sealed, seconds)
            return
    raise TooManyWait


def require_place(identity: Identity) -> None:
    """`TooManyWait` before anything is written down where no place is free."""
    me = identity.person_id
    if all(memory.store().get(place(me, me, number)) is not None for number in range(PLACES)):
        raise TooManyWait


def mine(identity: Identity, seed: bytes) -> Iterator[Standing]:
    """One's own requests, as they stand."""
    me, private, shelf = identity.person_id, PrivateKey.from_seed(seed), memory.store()
    for number in range(PLACES):
        with suppress(CannotOpen, KeyError, TypeError, ValueError):
            found = json.loads(unpad(unseal(shelf.get(place(me, me, number)) or b"", private, bound(me))))
            people, asked = tuple(found.pop("to")), int(found.pop("asked"))
            one = read(found)
            no = int(shelf.get(f"asked_no:{one.ask_id}") or 0)
            state = "refused" if no >= asked else "waiting"
            if shelf.get(f"asked_lent:{one.ask_id}") is not None:
                state = "opened" if shelf.get(f"asked_again:{one.ask_id}") is not None else "agreed"
            yield Standing(ask=one, place=number, asked=asked, state=state, custodians=people)


def standing(identity: Identity, seed: bytes, about: About) -> Standing | None:
    """How one's own request for one thing stands, or None when there is none."""
    return next((one for one in mine(identity, seed) if one.ask.about == about), None)


def lent(found: Standing) -> bytes:
    """What a custodian lent for a request, sealed to its handler; `NothingLent` where nobody did."""
    sealed = memory.store().get(f"asked_lent:{found.ask.ask_id}")
    if sealed is None:
        raise NothingLent
    return sealed


def take_back(found: Standing) -> None:
    """Forget one's own request; a custodian who looks finds nothing to agree to."""
    shelf, me = memory.store(), found.ask.handler
    for person_id in (*found.custodians, me):
        shelf.delete(place(person_id, me, found.place))
    shelf.delete(f"asked_lent:{found.ask.ask_id}")


def claim(one: Ask) -> bool:
    """Take the one turn to open what was lent; False for whoever comes second."""
    return memory.store().add(f"asked_open:{one.ask_id}", b"1", one.seconds)


def opened(found: Standing) -> None:
    """It was opened for the first time. Names are gone; what was downloaded may be fetched again for an hour."""
    if found.ask.about.kind == "names":
        take_back(found)
        return
    shelf, me = memory.store(), found.ask.handler
    for person_id in found.custodians:
        shelf.delete(place(person_id, me, found.place))
    for name in (place(me, me, found.place), f"asked_lent:{found.ask.ask_id}"):
        if (there := shelf.get(name)) is not None:
            shelf.put(name, there, AGAIN)
    shelf.put(f"asked_again:{found.ask.ask_id}", b"1", AGAIN)


def give_back(one: Ask) -> None:
    """Nothing was shown after all: the turn is free again."""
    memory.store().delete(f"asked_open:{one.ask_id}")


# --- the custodian --------------------------------------------------------------------------------


def laid_before(reader: str, handler: str) -> Iterator[bytes]:
    """The requests of one handler as they lie before one reader, still sealed."""
    for number in range(PLACES):
        sealed = memory.store().get(place(reader, handler, number))
        if sealed is not None:
            yield sealed


def lay(given: tuple[Ask, bytes]) -> None:
    """Give the loan to its handler, once its line is kept; of two who agree the first is enough."""
    one, sealed = given
    memory.store().add(f"asked_lent:{one.ask_id}", sealed, one.seconds)


def note_refusal(identity: Identity, one: Ask) -> None:
    """Take the request off one's own page, once the line is kept; others may still agree."""
    if memory.store().add(f"asked_no:{one.ask_id}:{identity.person_id}", b"1", one.seconds):
        memory.store().count(f"asked_no:{one.ask_id}", one.seconds)


def settled(ask_id: str, person_id: str) -> bool:
    """Whether a request needs no answer of this custodian any more."""
    marks = (f"asked_lent:{ask_id}", f"asked_open:{ask_id}", f"asked_no:{ask_id}:{person_id}")
    return any(memory.store().get(mark) is not None for mark in marks)


def place(reader: str, handler: str, number: int) -> str:
    """The name of one place."""
    return f"asked:{reader}:{handler}:{number}"


def bound(reader: str) -> bytes:
    """What every request is bound to."""
    return context("asked", installation_id(), reader)
