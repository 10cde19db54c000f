"""After the roster changed: keys of a side wrapped anew, by a colleague or with the recovery cards.

Somebody who lost their passphrase enrols again with fresh keys, and two custodians sign the roster that says so. Old
cases are still wrapped to the keys that are gone. Whoever can open such a case puts its keys into slots of the
roster in force: a handler K_N, who reads being worked out from the sealed case (intake/seal/readers.py), a custodian K_C,
who keeps it standing in the tally (intake/seal/guards.py), so that somebody struck out, and somebody new, get a dead slot
as before. Where no handler is left who could, two recovery cards do it: they bring back K_S and no names (decision
0009), in memory, and nothing but these slots comes of it.

Each deed writes one line in the log before it opens anything, and one alone: a line for each case would tell every
custodian how many cases somebody can open. What was interrupted goes on where it stopped (intake/keys/wrapping.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from core import db, log, rosters
from core.access import Identity
from core.roster import Roster
from core.sealing import PrivateKey
from intake.cases import Holder
from intake.keys import cards, wrapping
from intake.keys.anew import Way
from intake.keys.wrapping import Outcome
from intake.roles import require_may
from intake.seal.slots import RECOVERY, Side

AT_ONCE: Final = 4_000
"""Cases in one press: a few seconds, and the same whatever else lies in the database."""


class NeedTwo(Exception):
    """The cards are used by two custodians together; the same one twice is one."""


def wrap_anew(identity: Identity | None, seed: bytes, *, after: str = "", most: int | None = None) -> Outcome:
    """A handler wraps anew what they can open, at most so many cases.

    The number of cases closed to them is for the machine and never shown: it would tell of strike-outs.
    Raises `Denied`, `NoRoster`, `RosterRefused`, `LogBroken`.
    """
    handler = require_may(identity, "wrap anew")
    chain = _write_down("letters_wrapped_anew", handler.person_id)
    return wrapping.each(Way.HANDLER, Holder.of(handler, seed), chain, after=after, most=most)


def wrap_guards_anew(
    identity: Identity | None, seed: bytes, *, after: str = "", most: int | None = None
) -> Outcome:
    """A custodian does the same for their own side. Raises as `wrap_anew` does."""
    custodian = require_may(identity, "wrap the custodians' side anew")
    chain = _write_down("guards_wrapped_anew", custodian.person_id)
    return wrapping.each(Way.CUSTODIAN, Holder.of(custodian, seed), chain, after=after, most=most)


def count(identity: Identity, seed: bytes) -> int:
    """How many cases with old slots open to this person: for their own eyes, and for a custodian as a share only.

    After a deed that wrote its line.
    """
    holder = Holder.of(identity, seed)
    with db.reading() as session:
        rosters.current(session)
        chain = rosters.chain(session)
    way = Way.HANDLER if holder.side is Side.HANDLERS else Way.CUSTODIAN
    return wrapping.count_open(way, holder, chain)


def recover(
    custodians: Sequence[Identity],
    typed: Sequence[str],
    *,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Outcome:
    """With two cards and two custodians, wrap anew what no handler's keys open any more.

    Cases that a colleague still holds are left to them. Raises `Denied`, `NeedTwo`, `CardsRefused`, `NoRoster`,
    `RosterRefused`, `LogBroken`.
    """
    who = [require_may(one, "recover").person_id for one in custodians]
    if len(set(who)) < len(who) or len(who) != 2:
        raise NeedTwo
    seed = cards_seed(typed)
    with db.reading() as session:
        of = wrapping.count_behind(session, Side.HANDLERS)
    looked = 0

    def tell(more: int) -> None:
        nonlocal looked
        looked += more
        progress(min(looked, of), of)

    return bring_back(custodians, seed, looked=tell)


def bring_back(
    custodians: Sequence[Identity],
    seed: bytes,
    *,
    after: str = "",
    most: int | None = None,
    looked: Callable[[int], None] = lambda _: None,
) -> Outcome:
    """The same with the key that the cards gave; at most so many cases. Raises as `recover` does."""
    who = [require_may(one, "recover").person_id for one in custodians]
    chain = _write_down("letters_recovered", *who)
    holder = Holder(member_id=RECOVERY, side=Side.HANDLERS, seed=seed, private=PrivateKey.from_seed(seed))
    return wrapping.each(Way.CARDS, holder, chain, after=after, most=most, looked=looked)


def cards_seed(typed: Sequence[str]) -> bytes:
    """The key of a set of cards: the present one, or an earlier one that older cases are still wrapped to.

    Raises `CardsRefused`, `NoRoster`, `RosterRefused`.
    """
    with db.reading() as session:
        rosters.current(session)
        known = list(dict.fromkeys(one.recovery_public for one in reversed(rosters.chain(session))))
    for public in known[1:]:
        with suppress(cards.CardsRefused):
            return cards.recover(typed, public)
    return cards.recover(typed, known[0])


def _write_down(deed: str, *who: str) -> Sequence[Roster]:
    """The lines come first; what they are about stays unsaid. Then the rosters to read by."""
    with db.writing() as session:
        rosters.current(session)
        for one in who:
            log.write(session, deed, who=one)
        return rosters.chain(session)
