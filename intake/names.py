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
from intake import openings
from intake.cases import Case, Holder, NoSuchCase, Opened, load
from intake.compartments import lend
from intake.envelope import read_story
from intake.letters import read_compact
from intake.log_tag import on_case
from intake.report import sound
from intake.roles import require_may
from intake.slots import Side


class HalfRefused(Exception):
    """What was lent is not this case's half, or was lent to somebody else."""


def lend_half(session: Session, identity: Identity, seed: bytes, case_id: str, handler_id: str) -> bytes:
    """The custodian's half of one case's name, sealed to one handler on the roster in force.

    Raises `Denied`, `NoSuchCase` (also for a custodian who was struck out), `LogBroken`; `KeyError` for
    somebody who is not on the roster.
    """
    require_may(identity, "lend half of a name")
    handler = rosters.current(session).member(handler_id)
    case, holder, opened = _opened(session, identity, seed, case_id)
    half = lend(opened[case.first_key_set(holder.side).id].key, case.first_place("identity"))
    log.write(session, "half_lent", who=identity.person_id, about=on_case(half))
    return seal(half.raw, handler.seal_key, _place(case_id, handler_id))


def refuse_half(session: Session, identity: Identity, seed: bytes, case_id: str) -> None:
    """Write down that a custodian who could lend a half does not. Raises as `lend_half` does."""
    require_may(identity, "lend half of a name")
    case, holder, opened = _opened(session, identity, seed, case_id)
    half = lend(opened[case.first_key_set(holder.side).id].key, case.first_place("identity"))
    log.write(session, "name_refused", who=identity.person_id, about=on_case(half))


def open_name(
    session: Session, identity: Identity, seed: bytes, case_id: str, half: bytes
) -> Mapping[str, Any]:
    """The names of a case, for a handler to whom a custodian lent their half; counted for both.

    Raises `Denied`, `NoSuchCase`, `HalfRefused`, `LogBroken`.
    """
    require_may(identity, "open name")
    case, holder, opened = _opened(session, identity, seed, case_id)
    side_key = opened[case.first_key_set(Side.HANDLERS).id].key
    log.write(session, "name_opened", who=identity.person_id, about=on_case(side_key))
    try:
        lent = SharedKey(unseal(half, holder.private, _place(case_id, identity.person_id)))
        chain = rosters.chain(session)
        names = sound(read_compact(case.read_first("identity", opened, chain, lent).payload))
        story = read_story(case.read_first("story", opened, chain))
        counts = openings.read_by_handler(case.file.openings_handlers, side_key, case_id)
    except (CannotOpen, ValueError) as refused:
        raise HalfRefused from refused
    counts = openings.one_more(counts, "handler", "custodian")
    case.file.openings_handlers = openings.for_handlers(counts, side_key, case_id)
    case.file.openings_reporter = openings.for_reporter(counts, story.reporter, case_id)
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
