"""The roster as it stands in this installation: its versions in the database, the highest one seen pinned outside it.

Verification itself is pure and lives in core/roster.py; here are the rows, the pin, and the making of a new version.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from flask import current_app
from sqlalchemy import Integer, LargeBinary, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from core import clock, config
from core.access import Role
from core.accounts import Person, with_role
from core.db import Base
from core.installation import installation_id
from core.roster import Member, Roster, RosterRefused, SignedRoster, verify_chain
from core.sealing import sign

DAYS_VALID: Final = 400


class RosterVersion(Base):
    """One signed version of the roster, and a proposed one that still waits for its second signature."""

    __tablename__ = "roster_version"

    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    document: Mapped[bytes] = mapped_column(LargeBinary)
    signatures: Mapped[bytes] = mapped_column(LargeBinary)
    """JSON: member id → signature in hexadecimal."""
    complete: Mapped[bool] = mapped_column(default=False)


class NoRoster(Exception):
    """Nobody is rostered yet, so nothing can be sealed."""


def _signed(row: RosterVersion) -> SignedRoster:
    signatures = {member: bytes.fromhex(text) for member, text in json.loads(row.signatures).items()}
    return SignedRoster(roster=Roster.decode(row.document), signatures=signatures)


def _pin_path() -> Path:
    return config.current().instance / "roster.seen"


def highest_seen() -> int:
    """The highest version this machine has ever verified; kept outside the database, against rolling it back."""
    try:
        return int(_pin_path().read_text(encoding="ascii").split()[0])
    except FileNotFoundError:
        return 0


def _pin(version: int) -> None:
    if version <= highest_seen():
        return
    fresh = _pin_path().with_suffix(f".{os.getpid()}")
    fresh.write_text(f"{version}\n", encoding="ascii")
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    fresh.replace(_pin_path())


def chain(session: Session) -> tuple[Roster, ...]:
    """Every version, verified from the first to the last. Raises `NoRoster` or `RosterRefused`."""
    rows = session.scalars(select(RosterVersion).where(RosterVersion.complete).order_by(RosterVersion.version)).all()
    if not rows:
        if highest_seen():
            raise RosterRefused("the roster has been rolled back: this machine has seen a later version")
        raise NoRoster
    cache = current_app.extensions.setdefault("roster_chain", {})
    key = (rows[-1].version, rows[-1].document, rows[-1].signatures, clock.today(), highest_seen())
    if cache.get("key") != key:
        verified = verify_chain([_signed(row) for row in rows], today=clock.today(), highest_seen=highest_seen())
        _pin(verified[-1].version)
        cache.update(key=key, chain=verified)
    found: tuple[Roster, ...] = cache["chain"]
    return found


def current(session: Session) -> Roster:
    """The roster that reports are sealed to now."""
    return chain(session)[-1]


def version(session: Session, number: int) -> Roster:
    """The roster of an earlier version, to read the slots of older reports."""
    return chain(session)[number - 1]


def member_of(person: Person) -> Member:
    """A handler or custodian as the roster names them."""
    assert person.seal_public is not None
    assert person.sign_public is not None
    return Member(
        id=person.id,
        name=person.name,
        title_vi=person.title_vi,
        title_en=person.title_en,
        role="handler" if Role.HANDLER in person.held else "custodian",
        seal_public=person.seal_public,
        sign_public=person.sign_public,
    )


def propose(session: Session, recovery_public: bytes) -> Roster:
    """A new version naming every enrolled handler and custodian; it counts once two custodians have signed it."""
    before = list(session.scalars(select(RosterVersion).order_by(RosterVersion.version)))
    for row in before:
        if not row.complete:
            session.delete(row)
    complete = [row for row in before if row.complete]
    session.flush()  # the unfinished proposal gives its number free
    people = with_role(session, Role.HANDLER) + with_role(session, Role.CUSTODIAN)
    last = Roster.decode(complete[-1].document) if complete else None
    roster = Roster(
        version=last.version + 1 if last else 1,
        previous=last.fingerprint if last else "",
        installation=installation_id(),
        made_on=clock.today(),
        not_after=clock.today() + timedelta(days=DAYS_VALID),
        members=tuple(member_of(person) for person in people if person.state == "active"),
        recovery_public=recovery_public,
    )
    session.add(RosterVersion(version=roster.version, document=roster.encode(), signatures=b"{}", complete=False))
    return roster


def proposed(session: Session) -> tuple[Roster, Sequence[str]] | None:
    """The version that waits for signatures, and who has signed it; None when nothing waits."""
    row = session.scalars(select(RosterVersion).where(~RosterVersion.complete)).first()
    if row is None:
        return None
    return Roster.decode(row.document), tuple(json.loads(row.signatures))


def add_signature(session: Session, custodian_id: str, seed: bytes) -> bool:
    """Sign the waiting version; True when it is complete and now in force.

    Raises `NoRoster` when nothing waits. Completeness is what verification says, not a count made here.
    """
    row = session.scalars(select(RosterVersion).where(~RosterVersion.complete).with_for_update()).first()
    if row is None:
        raise NoRoster
    signatures = json.loads(row.signatures)
    signatures[custodian_id] = sign(row.document, seed).hex()
    row.signatures = json.dumps(signatures, sort_keys=True).encode()
    earlier = session.scalars(select(RosterVersion).where(RosterVersion.complete).order_by(RosterVersion.version))
    candidate = [*(_signed(done) for done in earlier), _signed(row)]
    try:
        verify_chain(candidate, today=clock.today(), highest_seen=highest_seen())
    except RosterRefused:
        return False
    row.complete = True
    return True
