"""Ceremonies after the founding, step by step: what is done, what is next, who does it and where."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, render_template

from core import accounts, db, roster_changes, rosters
from core.access import KEY_HOLDERS, Role
from core.roster import Member, Roster, RosterRefused
from core.rosters import NoRoster
from core.sessions import identity, signed_in
from intake.keys import ceremonies, recovery_pages
from intake.keys.ceremonies import Ceremony, Facts

pages = Blueprint("ceremonies", __name__, url_prefix="/doi-nguoi")

# A page is offered to those who may open it; to the others it is only named.
_MAY_OPEN = {
    "administrator.people": frozenset({Role.ADMINISTRATOR}),
    "roster.show": KEY_HOLDERS,
    "recovery.wrap_anew": KEY_HOLDERS,
    "sign_in.own_account": frozenset(Role),
}


@pages.get("/")
@signed_in(Role.CUSTODIAN, Role.HANDLER, Role.ADMINISTRATOR)
def choose() -> str:
    """Which one."""
    me = identity()
    assert me is not None
    return render_template(
        "intake/ceremonies.html",
        kinds=list(Ceremony),
        titles=ceremonies.TITLES,
        when=ceremonies.WHEN,
        cards_too=Role.CUSTODIAN in me.roles,
    )


@pages.get('/<any("them", "mat-cum-tu", "thoi", "hang-nam"):kind>')
@signed_in(Role.CUSTODIAN, Role.HANDLER, Role.ADMINISTRATOR)
def show(kind: str) -> str:
    """How far one has come."""
    ceremony, me = Ceremony(kind), identity()
    assert me is not None
    found = ceremonies.steps(ceremony, _facts())
    return render_template(
        "intake/ceremony.html",
        ceremony=ceremony,
        titles=ceremonies.TITLES,
        when=ceremonies.WHEN,
        steps=found,
        may={page for page, roles in _MAY_OPEN.items() if me.roles & roles},
    )


def _facts() -> Facts:
    with db.reading() as session:
        try:
            force: Roster | None = rosters.chain(session)[-1]
        except (NoRoster, RosterRefused):
            force = None
        waiting = rosters.proposed(session)
        people = accounts.with_role(session, Role.HANDLER) + accounts.with_role(session, Role.CUSTODIAN)
        enrolled = tuple(rosters.member_of(one) for one in people if one.state == "active")
        invited = tuple(one.name for one in people if one.state == "invited")
    members = force.members if force else ()
    changes = roster_changes.between(members, enrolled)
    fresh = {one.id for one in changes.rekeyed}
    return Facts(
        new=_names(changes.new),
        gone=_names(changes.gone),
        rekeyed=_names(changes.rekeyed),
        invited=invited,
        to_renew=_names([one for one in members if one.id not in fresh]),
        waiting=waiting is not None,
        signed=len(waiting[1]) if waiting else 0,
        unwrapped=_names([one for one in members if force and recovery_pages.has_to_wrap(one.id, force)]),
    )


def _names(people: Sequence[Member]) -> tuple[str, ...]:
    return tuple(one.name for one in people)
