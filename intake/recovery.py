"""After the roster changed: keys of the handlers' side wrapped anew, by a colleague or with the recovery cards.

Somebody who lost their passphrase enrols again with fresh keys, and two custodians sign the roster that says so. Old
cases are still wrapped to the keys that are gone. Whoever can open such a case puts its keys into slots of the
roster in force; who reads is worked out from the sealed case (intake/readers.py), so that somebody struck out, and
somebody new, get a dead slot as before. Where no colleague is left who could, two recovery cards do it: they bring
back K_S and no names (decision 0009), in memory, and nothing but these slots comes of it.

Each case is a transaction of its own. What was interrupted goes on where it stopped; what was done is not done again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import db, rosters
from core.access import Identity
from core.roster import Roster
from core.sealing import PrivateKey
from intake import cards, handing
from intake.cases import Holder, NoSuchCase
from intake.handing import Hand, HandingDamaged
from intake.models import KeySet
from intake.readers import Readers
from intake.roles import require_may
from intake.slots import RECOVERY, NobodyLeft, Side

ANEW, BY_CARDS = "wrapped_anew", "recovered"


class NeedTwo(Exception):
    """The cards are used by two custodians together; the same one twice is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How many cases were wrapped anew, and how many were not: closed to these keys, damaged, or of a colleague.

    held: a colleague on the roster has kept their keys and wraps the case anew, with its names, at their next sign-in.
    last: the id of the last case that was looked at; the next round goes on behind it.
    """

    done: int = 0
    closed: int = 0
    damaged: int = 0
    held: int = 0
    last: str = ""


def behind(session: Session, after: str = "") -> list[str]:
    """Ids of cases with a key of the handlers' side in slots of an earlier roster, in the order of their ids."""
    now = rosters.current(session)
    old = select(KeySet.case_id).where(
        KeySet.side == Side.HANDLERS.value, KeySet.roster_version < now.version, KeySet.case_id > after
    )
    return list(session.scalars(old.distinct().order_by(KeySet.case_id)))


def wrap_anew(
    identity: Identity | None, seed: bytes, *, after: str = "", going_on: Callable[[], bool] = lambda: True
) -> Outcome:
    """A handler wraps anew what they can open; stops between two cases when `going_on` says so.

    The number of cases closed to them is for the machine and never shown: it would tell of strike-outs.
    Raises `Denied`, `NoRoster`, `RosterRefused`, `LogBroken`.
    """
    handler = require_may(identity, "wrap anew")
    holder = Holder.of(handler, seed)
    with db.reading() as session:
        waiting = behind(session, after)
    return _each(waiting, holder, ANEW, handler.person_id, going_on)


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
    with db.reading() as session:
        rosters.current(session)
        known = list(dict.fromkeys(one.recovery_public for one in reversed(rosters.chain(session))))
        waiting = behind(session)
    seed = _from_cards(typed, known)
    holder = Holder(member_id=RECOVERY, side=Side.HANDLERS, seed=seed, private=PrivateKey.from_seed(seed))
    looked = iter(range(1, len(waiting) + 1))

    def going_on() -> bool:
        progress(next(looked), len(waiting))
        return True

    return _each(waiting, holder, BY_CARDS, who[0], going_on)


def _from_cards(typed: Sequence[str], known: Sequence[bytes]) -> bytes:
    """The key of a set of cards: the present one, or an earlier one that older cases are still wrapped to."""
    for public in known[1:]:
        with suppress(cards.CardsRefused):
            return cards.recover(typed, public)
    return cards.recover(typed, known[0])


# --- one case ---------------------------------------------------------------------------------------


def _each(
    waiting: Sequence[str], holder: Holder, deed: str, who: str, going_on: Callable[[], bool]
) -> Outcome:
    found = Outcome()
    for case_id in waiting:
        if not going_on():
            break
        what = _one(case_id, holder, deed, who)
        found = replace(found, **{what: getattr(found, what) + 1}, last=case_id)
    return found


def _one(case_id: str, holder: Holder, deed: str, who: str) -> str:
    """Wrap one case anew; which field of `Outcome` it counts in."""
    try:
        with db.writing() as session:
            hand = handing.take_up(session, holder, case_id, deed, who=who)
            if _up_to_date(hand):
                return "done"
            if holder.member_id == RECOVERY and _held(hand):
                raise _Held
            handing.make_slots_anew(session, hand, _who_reads(hand))
    except NoSuchCase:
        return "closed"
    except _Held:
        return "held"
    except (HandingDamaged, NobodyLeft):
        return "damaged"
    return "done"


class _Held(Exception):
    """Undoes the line in the log: nothing was done to this case."""


def _up_to_date(hand: Hand) -> bool:
    """A colleague was quicker."""
    return all(
        key_set.roster_version == hand.now.version
        for key_set in hand.case.key_sets.values()
        if key_set.id in hand.opened
    )


def _held(hand: Hand) -> bool:
    """Whether some reader on the roster in force has the keys this case's slots were made to."""
    first = hand.case.first_key_set(Side.HANDLERS)
    then = {one.id: one.seal_public for one in hand.rosters[first.roster_version - 1].handlers}
    return any(then.get(one.id) == one.seal_public for one in hand.readers.present(hand.now))


def _who_reads(hand: Hand) -> Readers:
    """Those who read it; where none of them is on the roster any more, every handler who was not struck out.

    Only the cards ever come to such a case, so that nobody is let in whom a colleague could have let in.
    """
    found = hand.readers
    if found.present(hand.now):
        return found
    everybody = frozenset(_ids(hand.now)) - found.struck - found.gone
    return Readers(ids=found.ids | everybody, told=found.told, gone=found.gone, struck=found.struck)


def _ids(roster: Roster) -> Iterator[str]:
    return (one.id for one in roster.handlers)
