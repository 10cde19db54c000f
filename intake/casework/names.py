"""Opening a name takes two people, by cryptography: a custodian lends their half, a handler joins it (P4).

The key of the identity compartment is made from a key of each side. A custodian seals their half of this one
compartment to one handler's public key; only that handler, in that case, can join it with their own, and no
tally opens with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from core import log, rosters
from core.access import Identity
from core.sealing import CannotOpen, SharedKey, context, seal, unseal
from intake.cases import Case, Holder, NoSuchCase, Opened, load
from intake.casework.casework import at_hand, entries_of, keep_counts
from intake.form.report import sound
from intake.roles import require_may
from intake.seal.compartments import lend
from intake.seal.letters import read_compact
from intake.seal.log_tag import on_case


class HalfRefused(Exception):
    """What was lent is not this case's half, or was lent to somebody else."""


def lend_half(session: Session, identity: Identity, seed: bytes, case_id: str, handler_id: str) -> bytes:
    """The custodian's half of one case's name, sealed to one handler on the roster in force.

    Raises `Denied`, `NoSuchCase` (also for a custodian who was struck out), `LogBroken`; `KeyError` for
    somebody who is not on the roster. A custodian cannot tell whether its date is past: `open_name` looks.
    """
    require_may(identity, "lend half of a name")
    handler = rosters.current(session).member(handler_id)
    case, holder, opened = _opened(session, identity, seed, case_id)
    half = lend(opened[case.first_key_set(holder.side).id].key, case.first_place("identity"))
    log.write(session, "half_lent", who=identity.person_id, about=on_case(half))
    return seal(half.raw, handler.seal_key, _place(case_id, handler_id))


def refuse_half(
    session: Session, identity: Identity, seed: bytes, case_id: str, deed: str = "name_refused"
) -> None:
    """Write down that a custodian who could lend a half does not. Raises as `lend_half` does."""
    require_may(identity, "lend half of a name")
    case, holder, opened = _opened(session, identity, seed, case_id)
    half = lend(opened[case.first_key_set(holder.side).id].key, case.first_place("identity"))
    log.write(session, deed, who=identity.person_id, about=on_case(half))


def open_name(
    session: Session, identity: Identity, seed: bytes, case_id: str, half: bytes
) -> Mapping[str, Any]:
    """The names of a case, for a handler to whom a custodian lent their half; counted for both.

    Raises `Denied`, `NoSuchCase`, `PastRetention`, `CaseDamaged`, `HalfRefused`, `LogBroken`.
    """
    require_may(identity, "open name")
    hand = at_hand(session, identity, seed, case_id)
    log.write(session, "name_opened", who=identity.person_id, about=on_case(hand.side_key))
    story = hand.story_or_damage()
    entries, _ = entries_of(hand, story)  # its time may have ended since a custodian lent
    try:
        lent = SharedKey(unseal(half, hand.holder.private, _place(case_id, identity.person_id)))
        names = sound(read_compact(hand.case.read_first("identity", hand.opened, hand.rosters, lent).payload))
        keep_counts(hand, story, entries, "handler", "custodian")
    except (CannotOpen, ValueError) as refused:
        raise HalfRefused from refused
    return names


def _opened(session: Session, identity: Identity, seed: bytes, case_id: str) -> tuple[Case, Holder, Opened]:
    try:
        holder = Holder.of(identity, seed)
        case = load(session, case_id, lock=True)
        return case, holder, case.open_for(holder, rosters.chain(session))
    except CannotOpen as refused:
        raise NoSuchCase from refused


def _place(case_id: str, handler_id: str) -> bytes:
    return context("half of a name", case_id, handler_id)
