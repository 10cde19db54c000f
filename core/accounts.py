"""People who sign in: who they are, the single-use link by which they enrol, and the lock they open.

An administrator may write a person down; only the person's own enrolment makes their keys, and only the
signatures of two custodians put those keys on the roster (core/rosters.py).
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import pyotp
from sqlalchemy import CheckConstraint, Date, ForeignKey, LargeBinary, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from core import clock, passphrase
from core.access import KEY_HOLDERS, Identity, Role, allowed_spellings, spell
from core.db import ID, Base, new_id
from core.keys import Secret, close, public_keys
from core.roster import say_fingerprint
from core.vietnamese import fold, nfc

STATES: Final = ("invited", "active", "retired")
LINK_DAYS: Final = 7


class NameTaken(Exception):
    """Somebody already signs in under this name."""


class LinkSpent(Exception):
    """An enrolment link was used before, has run out, or never existed."""


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class Person(Base):
    """Somebody who signs in. `lock` is opened by their passphrase and by nothing else."""

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint(_one_of("roles", allowed_spellings()), name="roles_apart"),
        CheckConstraint(_one_of("state", STATES), name="state_known"),
        CheckConstraint("(state = 'invited') = (lock IS NULL) OR state = 'retired'", name="active_has_lock"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    sign_name: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    title_vi: Mapped[str] = mapped_column(String(120))
    title_en: Mapped[str] = mapped_column(String(120))
    roles: Mapped[str] = mapped_column(String(80))
    unit_id: Mapped[str | None] = mapped_column(ForeignKey("unit.id"))
    state: Mapped[str] = mapped_column(String(10))
    lock: Mapped[bytes | None] = mapped_column(LargeBinary)
    seal_public: Mapped[bytes | None] = mapped_column(LargeBinary)
    sign_public: Mapped[bytes | None] = mapped_column(LargeBinary)
    enrolled_on: Mapped[date | None] = mapped_column(Date)

    @property
    def held(self) -> frozenset[Role]:
        """The roles as a set."""
        return frozenset(Role(role) for role in self.roles.split())

    @property
    def holds_keys(self) -> bool:
        """Whether this person can be on the roster."""
        return bool(self.held & KEY_HOLDERS)

    @property
    def identity(self) -> Identity:
        """What the rest of the program may know of a signed-in person."""
        return Identity(person_id=self.id, name=self.name, roles=self.held)


class Enrolment(Base):
    """A single-use link, by the hash of its token."""

    __tablename__ = "enrolment"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), unique=True)
    expires_on: Mapped[date] = mapped_column(Date)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a person writes down at enrolment: shown once, never stored."""

    passphrase: str
    totp: str
    recovery_codes: tuple[str, ...]
    seed: bytes | None

    def __repr__(self) -> str:
        return "Credentials(…)"


def sign_name(text: str) -> str:
    """A sign-in name as it is compared: folded, without spaces, so that it can be typed on any phone."""
    return "".join(character for character in fold(text) if character.isalnum() or character in "._-")[:80]


def invite(
    session: Session,
    *,
    name: str,
    title_vi: str,
    title_en: str,
    roles: frozenset[Role],
    sign_in_as: str = "",
    unit_id: str | None = None,
) -> Person:
    """Write a person down. `RolesExclude` for roles that must be apart, `NameTaken` for a name in use."""
    wanted = sign_name(sign_in_as or name)
    if not wanted.strip("._-") or session.scalar(select(Person.id).where(Person.sign_name == wanted)):
        raise NameTaken
    person = Person(
        id=new_id(),
        sign_name=wanted,
        name=nfc(name).strip(),
        title_vi=nfc(title_vi).strip(),
        title_en=title_en.strip() or nfc(title_vi).strip(),
        roles=spell(roles),
        unit_id=unit_id,
        state="invited",
    )
    session.add(person)
    session.flush()  # the link below refers to the row
    return person


def link(session: Session, person: Person) -> str:
    """A fresh single-use token for a person; any earlier one stops working."""
    session.query(Enrolment).filter_by(person_id=person.id).delete()
    token = secrets.token_urlsafe(32)
    expires = clock.today() + timedelta(days=LINK_DAYS)
    session.add(Enrolment(token_hash=_hash(token), person_id=person.id, expires_on=expires))
    return token


def invited_by(session: Session, token: str) -> Person:
    """The person a token was made for, or `LinkSpent`."""
    found = session.get(Enrolment, _hash(token))
    if found is None or found.expires_on < clock.today():
        raise LinkSpent
    person = session.get(Person, found.person_id)
    if person is None or person.state == "retired":
        raise LinkSpent
    return person


def draw_credentials(*, with_seed: bool) -> Credentials:
    """Fresh secrets for one person. Drawn, never chosen."""
    return Credentials(
        passphrase=passphrase.draw(),
        totp=pyotp.random_base32(),
        recovery_codes=tuple(f"{secrets.randbelow(10**8):08d}" for _ in range(8)),
        seed=secrets.token_bytes(32) if with_seed else None,
    )


def spoken_keys(seed: bytes) -> str:
    """The 24 digits of somebody's keys out of their own seed: what the database says of them is what is compared."""
    return say_fingerprint(b"".join(public_keys(seed)))


def lock_for(credentials: Credentials, *, earlier: bytes | None = None) -> bytes:
    """The lock a passphrase opens. Slow on purpose: call it outside of any transaction.

    earlier: the seed that is in use until a roster names the new one, of somebody who still holds it.
    """
    hashes = tuple(recovery_hash(code) for code in credentials.recovery_codes)
    return close(
        credentials.passphrase,
        Secret(seed=credentials.seed, totp=credentials.totp, recovery_codes=hashes, earlier=earlier),
    )


def recovery_hash(code: str) -> str:
    """A recovery code as it lies inside the lock."""
    digest = hashlib.sha256(b"recovery" + "".join(code.split()).encode()).digest()
    return base64.b64encode(digest[:16]).decode()


def enrol(session: Session, person: Person, credentials: Credentials, lock: bytes) -> None:
    """Give an invited person their lock and public keys, and spend the link."""
    session.query(Enrolment).filter_by(person_id=person.id).delete()
    person.lock = lock
    person.state = "active"
    person.enrolled_on = clock.today()
    if credentials.seed is not None:
        person.seal_public, person.sign_public = public_keys(credentials.seed)


def withdraw(session: Session, person: Person) -> None:
    """Take back an invitation that was not used: the person was never here. Raises `LinkSpent` if it was."""
    if person.state != "invited":
        raise LinkSpent
    session.query(Enrolment).filter_by(person_id=person.id).delete()
    session.delete(person)
    session.flush()  # the name is free again


def retire(session: Session, person: Person) -> None:
    """Close a person's account: from now on nobody signs in under it.

    The lock of a handler or custodian stays closed where it is until a roster without them is in force
    (`forget_retired`): an administrator alone must not be able to destroy keys.
    """
    session.query(Enrolment).filter_by(person_id=person.id).delete()
    person.state = "retired"
    if not person.holds_keys:
        person.lock = None


def reinstate(person: Person) -> None:
    """Undo `retire` while the lock is still there; `LinkSpent` once it is gone."""
    if person.state != "retired" or person.lock is None:
        raise LinkSpent
    person.state = "active"


def forget_retired(session: Session, still_rostered: frozenset[str]) -> None:
    """Destroy the locks of retired people whom the roster in force no longer names."""
    for person in session.scalars(select(Person).where(Person.state == "retired", Person.lock.is_not(None))):
        if person.id not in still_rostered:
            person.lock = None


def with_role(session: Session, role: Role) -> list[Person]:
    """People who are not retired and hold a role."""
    people = session.scalars(select(Person).where(Person.state != "retired")).all()
    return [person for person in people if role in person.held]


def by_sign_name(session: Session, wanted: str) -> Person | None:
    """The person who signs in under this name (as `sign_name` spells it); nobody who is retired."""
    return session.scalars(
        select(Person).where(Person.sign_name == wanted, Person.state != "retired")
    ).first()


def anyone(session: Session) -> bool:
    """Whether anybody has ever been written down."""
    return session.scalar(select(Person.id).limit(1)) is not None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
