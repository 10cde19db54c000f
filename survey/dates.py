"""What the calendar does by itself: rounds open and close on their days, and links end on theirs.

There is no clock that ticks in the background. Whoever looks at the list of surveys, at the campaigner's desk
or at the custodians' page comes first on that day, and the deed is done before they see the page. Nothing is
late for it: a round past its last day takes no answer even while it still counts as open.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from core import clock, db, rosters
from core.roster import Roster, RosterRefused
from core.rosters import NoRoster
from survey import places, rounds
from survey.models import Round


def keep() -> None:
    """Do what is due today, in one short transaction; only look when nothing is."""
    with db.reading() as session:
        due = session.scalars(select(Round.state).where(or_(_come(), _late(), _links_over()))).all()
        roster = _roster(session) if "planned" in due else None
    ending = any(state != "planned" for state in due)
    if not ending and roster is None:
        return
    with db.writing() as session:
        if roster is not None:
            for found in _held(session, _come()):
                rounds.open_round(session, rounds.BY_DATE, found, roster)
        for found in _held(session, _late()):
            rounds.close_round(session, rounds.BY_DATE, found)
        rounds.destroy_links(session, _held(session, _links_over()))
    if ending:
        places.forget_order()


def _held(session: Session, which: ColumnElement[bool]) -> Sequence[Round]:
    """These rounds, for this transaction alone: two visitors may come first at the same moment."""
    return session.scalars(select(Round).where(which).order_by(Round.id).with_for_update()).all()


def _come() -> ColumnElement[bool]:
    """Planned, and its days have come. One whose days have all passed stays planned until somebody takes it back."""
    today = clock.today()
    return and_(Round.state == "planned", Round.opens_on <= today, Round.closes_on >= today)


def _late() -> ColumnElement[bool]:
    return and_(Round.state == "open", Round.closes_on < clock.today())


def _links_over() -> ColumnElement[bool]:
    last = rounds.last_year_without_links(clock.today())
    return and_(Round.state == "closed", Round.link_wraps.is_not(None), Round.year <= last)


def _roster(session: Session) -> Roster | None:
    """The custodians links are sealed to; without them no round opens by itself."""
    try:
        return rosters.current(session)
    except (NoRoster, RosterRefused):
        return None
