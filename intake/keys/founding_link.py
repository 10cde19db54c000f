"""The single-use link that the first start prints, and the people written down through it.

While nobody could sign in and write people down, whoever starts the program is offered a link. It opens the
page that names the people and gives each their own enrolment link; then it is spent.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import accounts
from core.access import Role
from core.accounts import LinkSpent, NameTaken, Person
from core.installation import installation
from intake.keys.founding import TWICE, FoundingRefused, Newcomer, check_people


def offer_link(session: Session) -> str | None:
    """A fresh token for the founding page, or None once the installation can help itself.

    It can when an administrator has enrolled. Until then a link that was lost is replaced by the next start.
    """
    row = installation(session)
    if row.founded_on is not None or _administrator_enrolled(session):
        return None
    token = secrets.token_urlsafe(32)
    row.founding_token_hash = _hash(token)
    return token


def opens(session: Session, token: str) -> bool:
    """Whether this is the token of the founding page."""
    known = installation(session).founding_token_hash
    return known is not None and hmac.compare_digest(known, _hash(token))


def write_down(session: Session, token: str, people: Sequence[Newcomer]) -> list[tuple[Person, str]]:
    """Write people down and spend the token; each person with the token of their own enrolment link.

    People of an earlier try who have not enrolled are replaced. Raises `LinkSpent` or `FoundingRefused`.
    """
    if not opens(session, token):
        raise LinkSpent
    known = session.scalars(select(Person).where(Person.state != "retired")).all()
    check_people(people, [person.held for person in known if person.state == "active"])
    for person in known:
        if person.state == "invited":
            accounts.withdraw(session, person)
    invited = []
    for one in people:
        try:
            person = accounts.invite(
                session,
                name=one.name,
                title_vi=one.title_vi,
                title_en=one.title_en,
                roles=one.roles,
                sign_in_as=one.sign_in_as,
            )
        except NameTaken:
            raise FoundingRefused(TWICE.format(name=one.name)) from None
        invited.append((person, accounts.link(session, person)))
    installation(session).founding_token_hash = None
    return invited


def _administrator_enrolled(session: Session) -> bool:
    return any(person.state == "active" for person in accounts.with_role(session, Role.ADMINISTRATOR))


def _hash(token: str) -> str:
    return hashlib.sha256(b"founding" + token.encode()).hexdigest()
