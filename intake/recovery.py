"""After the roster changed: keys of a side wrapped anew, by a colleague or with the recovery cards.

Somebody who lost their passphrase enrols again with fresh keys, and two custodians sign the roster that says so. Old
cases are still wrapped to the keys that are gone. Whoever can open such a case puts its keys into slots of the
roster in force: a handler K_N, who reads being worked out from the sealed case (intake/readers.py), a custodian K_C,
who keeps it standing in the tally (intake/guards.py), so that somebody struck out, and somebody new, get a dead slot
as before. Where no handler is left who could, two recovery cards do it: they bring back K_S and no names (decision
0009), in memory, and nothing but these slots comes of it.

Each deed writes one line in the log before it opens anything, and one alone: a line for each case would tell every
custodian how many cases somebody can open. What was interrupted goes on where it stopped (intake/wrapping.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from core import db, log, rosters
from core.access import Identity
from core.roster import Roster
from core.sealing import CannotOpen, PrivateKey, SharedKey
from intake import cards, guards, wrapping
from intake.cases import Case, Holder, Opened
from intake.compartments import ENTRY, FIRST, Keys, link, read_compartment, start
from intake.envelope import first_place
from intake.handing import HandingDamaged, for_reporter, read_hand, who_reads
from intake.letters import read_compact
from intake.readers import Readers
from intake.roles import require_may
from intake.slots import RECOVERY, Side
from intake.wrapping import Anew, Closed, Damaged, Held, Outcome

AT_ONCE: Final = 1_500
"""Cases in one press: a few seconds, and the same whatever else lies in the database."""
_EVERYTHING: Final = (*FIRST, ENTRY)


class NeedTwo(Exception):
    """The cards are used by two custodians together; the same one twice is one."""


def wrap_anew(identity: Identity | None, seed: bytes, *, after: str = "", most: int | None = None) -> Outcome:
    """A handler wraps anew what they can open, at most so many cases.

    The number of cases closed to them is for the machine and never shown: it would tell of strike-outs.
    Raises `Denied`, `NoRoster`, `RosterRefused`, `LogBroken`.
    """
    handler = require_may(identity, "wrap anew")
    chain = _write_down("letters_wrapped_anew", handler.person_id)
    holder = Holder.of(handler, seed)
    return wrapping.each(
        Side.HANDLERS,
        _EVERYTHING,
        lambda case, key: _by_handler(case, key, holder, chain),
        after=after,
        most=most,
    )


def wrap_guards_anew(
    identity: Identity | None, seed: bytes, *, after: str = "", most: int | None = None
) -> Outcome:
    """A custodian does the same for their own side. Raises as `wrap_anew` does."""
    custodian = require_may(identity, "wrap the custodians' side anew")
    chain = _write_down("guards_wrapped_anew", custodian.person_id)
    holder = Holder.of(custodian, seed)
    needed = ("flags", "tally")
    return wrapping.each(
        Side.CUSTODIANS,
        needed,
        lambda case, key: _by_custodian(case, key, holder, chain),
        after=after,
        most=most,
    )


def count(identity: Identity, seed: bytes) -> int:
    """How many cases with old slots open to this person: for their own eyes, and for a custodian as a share only.

    After a deed that wrote its line.
    """
    holder = Holder.of(identity, seed)
    with db.reading() as session:
        now, chain = rosters.current(session), rosters.chain(session)
    return wrapping.count_open(holder, now, chain)


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
    return wrapping.each(
        Side.HANDLERS,
        _EVERYTHING,
        lambda case, key: _by_cards(case, key, holder, chain),
        after=after,
        most=most,
        looked=looked,
    )


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


# --- one case ---------------------------------------------------------------------------------------


def _by_handler(case: Case, key: SharedKey, holder: Holder, chain: Sequence[Roster]) -> Anew:
    opened, found, first = _readers(case, key, holder, chain)
    # What lies sealed to the reporter stays true: those who read are the same, and their present keys are found.
    return Anew(opened=opened, left_out=found.left_out(first, chain[-1]))


def _by_cards(case: Case, key: SharedKey, holder: Holder, chain: Sequence[Roster]) -> Anew:
    """Those who read it; where none of them is on the roster any more, every handler who was not struck out.

    Only the cards ever come to such a case, so that nobody is let in whom a colleague could have let in.
    """
    opened, found, first = _readers(case, key, holder, chain)
    if _held(case, found, chain):
        raise Held
    if found.present(chain[-1]):
        return Anew(opened=opened, left_out=found.left_out(first, chain[-1]))
    left_out = found.with_everybody(chain[-1]).left_out(first, chain[-1])
    return Anew(opened=opened, left_out=left_out, for_reporter=_told(case, opened, holder, chain, left_out))


def _told(
    case: Case, opened: Opened, holder: Holder, chain: Sequence[Roster], left_out: tuple[str, ...]
) -> bytes:
    try:
        return for_reporter(read_hand(case, holder, opened, chain), left_out)
    except HandingDamaged:
        raise Damaged from None


def _by_custodian(case: Case, key: SharedKey, holder: Holder, chain: Sequence[Roster]) -> Anew:
    """A tally that does not say who keeps it stays as it is: nobody here could know who was struck out."""
    try:
        opened = case.open_under(key, holder, chain)
        flags, tally = case.first_part("flags"), case.first_part("tally")
    except CannotOpen:
        raise Closed from None
    try:
        heads = [start(case.id), link(start(case.id), flags.blob)]
        mine = Keys(custodians=opened[tally.key_set_c or ""].key)
        place = first_place(case.id, "tally", heads)
        words = read_compartment(tally.blob, place, mine, rosters=chain, proof=None)
        kept = guards.read(read_compact(words.payload), chain)
    except CannotOpen:
        raise Damaged from None
    return Anew(opened=opened, left_out=kept.left_out(chain[-1]))


def _readers(
    case: Case, key: SharedKey, holder: Holder, chain: Sequence[Roster]
) -> tuple[Opened, Readers, Roster]:
    try:
        opened = case.open_under(key, holder, chain)
    except CannotOpen:
        raise Closed from None
    try:
        return opened, *who_reads(case, opened, chain)
    except HandingDamaged:
        raise Damaged from None


def _held(case: Case, found: Readers, chain: Sequence[Roster]) -> bool:
    """Whether some reader on the roster in force has the keys this case's slots were made to."""
    first = case.first_key_set(Side.HANDLERS)
    then = {one.id: one.seal_public for one in chain[first.roster_version - 1].handlers}
    return any(then.get(one.id) == one.seal_public for one in found.present(chain[-1]))
