"""What an administrator may do about people: invite, hand out links, retire. Never with anybody's keys.

An invitation to be a handler or custodian changes nothing by itself: two custodians must sign.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import accounts, log, sessions
from core.access import Identity, Role, require
from core.accounts import Enrolment, Person
from core.units import Unit
from core.vietnamese import nfc


class NoSuchPerson(Exception):
    """Nobody has this id."""


class LastAdministrator(Exception):
    """The only administrator who can sign in cannot be retired; enrol another first."""


class UnitNeeded(Exception):
    """A unit reporter was given no unit, or one that does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """What an administrator writes down about a person."""

    name: str
    title_vi: str
    title_en: str
    roles: frozenset[Role]
    sign_in_as: str
    unit_id: str | None


def invite(session: Session, identity: Identity | None, wanted: Appointment) -> tuple[Person, str]:
    """Write a person down; returns them and the token of their link.

    Raises `Denied`, `RolesExclude`, `NameTaken`, `UnitNeeded`.
    """
    who = require(identity, Role.ADMINISTRATOR)
    _check_unit(session, wanted.unit_id, needed=Role.UNIT in wanted.roles)
    person = accounts.invite(
        session,
        name=wanted.name,
        title_vi=wanted.title_vi,
        title_en=wanted.title_en,
        roles=wanted.roles,
        sign_in_as=wanted.sign_in_as,
        unit_id=wanted.unit_id,
    )
    log.write_if_started(session, "invited", who=who.person_id, about=person.id)
    return person, accounts.link(session, person)


def renew_link(session: Session, identity: Identity | None, person_id: str) -> str:
    """A fresh link for somebody who has not enrolled, or must enrol again; the earlier one stops working."""
    who = require(identity, Role.ADMINISTRATOR)
    person = _person(session, person_id)
    if person.state == "retired":
        raise NoSuchPerson
    log.write_if_started(session, "link_renewed", who=who.person_id, about=person.id)
    return accounts.link(session, person)


def revoke_link(session: Session, identity: Identity | None, person_id: str) -> None:
    """Make an unused link worthless, without touching what the person has."""
    who = require(identity, Role.ADMINISTRATOR)
    session.query(Enrolment).filter_by(person_id=_person(session, person_id).id).delete()
    log.write_if_started(session, "link_revoked", who=who.person_id, about=person_id)


def edit(
    session: Session,
    identity: Identity | None,
    person_id: str,
    *,
    title_vi: str,
    title_en: str,
    unit_id: str | None,
) -> None:
    """Change title and unit. Names and roles stay: another role is another invitation."""
    who = require(identity, Role.ADMINISTRATOR)
    person = _person(session, person_id)
    _check_unit(session, unit_id, needed=Role.UNIT in person.held)
    person.title_vi = nfc(title_vi).strip()
    person.title_en = nfc(title_en).strip() or person.title_vi
    person.unit_id = unit_id
    log.write_if_started(session, "person_edited", who=who.person_id, about=person.id)


def retire(session: Session, identity: Identity | None, person_id: str) -> None:
    """Close an account, or take back an invitation nobody has used; every session ends at once."""
    who = require(identity, Role.ADMINISTRATOR)
    person = _person(session, person_id)
    others = [one for one in accounts.with_role(session, Role.ADMINISTRATOR) if one.id != person.id]
    if Role.ADMINISTRATOR in person.held and not any(one.state == "active" for one in others):
        raise LastAdministrator
    if person.state == "invited":
        log.write_if_started(session, "withdrawn", who=who.person_id, about=person.id)
        accounts.withdraw(session, person)
        return
    log.write_if_started(session, "retired", who=who.person_id, about=person.id)
    accounts.retire(session, person)
    sessions.end_all(person.id)


def reinstate(session: Session, identity: Identity | None, person_id: str) -> None:
    """Take back a retirement; `LinkSpent` when two custodians have signed a roster without the person."""
    who = require(identity, Role.ADMINISTRATOR)
    person = _person(session, person_id)
    log.write_if_started(session, "reinstated", who=who.person_id, about=person.id)
    accounts.reinstate(person)


def open_links(session: Session) -> dict[str, Enrolment]:
    """Person id → the link they have not used yet."""
    return {link.person_id: link for link in session.scalars(select(Enrolment))}


def _person(session: Session, person_id: str) -> Person:
    person = session.get(Person, person_id)
    if person is None:
        raise NoSuchPerson
    return person


def _check_unit(session: Session, unit_id: str | None, *, needed: bool) -> None:
    if unit_id is None:
        if needed:
            raise UnitNeeded
    elif session.get(Unit, unit_id) is None:
        raise UnitNeeded
