"""What others wrote in a case while somebody was writing: shown beside their own words, nothing is overwritten.

A case only grows, so two people at once never spoil each other's work. But an answer written without knowing of
a colleague's answer is often the wrong one: a form carries how long the case was when it was shown.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import log
from core.access import Identity
from intake.casework.casework import IN_THREAD, Entry, at_hand, entries_of, in_thread
from intake.models import Compartment
from intake.roles import require_may
from intake.seal.log_tag import on_case


def length(session: Session, case_id: str) -> int:
    """How many parts a case has now: what a form carries."""
    return session.scalar(select(func.count()).where(Compartment.case_id == case_id)) or 0


def written(session: Session, identity: Identity, seed: bytes, case_id: str, seen: int) -> list[Entry]:
    """What others wrote since the case had so many parts; the case stays locked until the caller commits.

    A line is in the log only where something is shown. Raises `Denied`, `NoSuchCase`, `CaseDamaged`, `LogBroken`.
    """
    require_may(identity, "open story")
    hand = at_hand(session, identity, seed, case_id)
    if not 0 < seen < len(hand.case.parts):
        return []
    log.write(session, "messages_seen", who=identity.person_id, about=on_case(hand.side_key))
    words, _damaged = entries_of(hand, hand.story_or_damage())
    return [
        in_thread(one) for one in words if one["row"] >= seen and not one["mine"] and one["what"] in IN_THREAD
    ]
