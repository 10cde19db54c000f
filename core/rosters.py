"""The roster of this installation: its versions in the database, the highest one seen pinned outside it.

Verification itself is pure and lives in core/roster.py; here are the rows, the pin, and new versions.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from flask import current_app
from sqlalchemy import Integer, LargeBinary, event, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from core import clock, config
from core.access import Role
from core.accounts import Person, with_role
from core.db import Base
from core.i18n import Text
from core.installation import installation_id
from core.roster import Member, Roster, RosterRefused, SignedRoster, verify_chain
from core.sealing import sign, sign_public

DAYS_VALID: Final = 400

_RUN_OUT: Final = Text(
    "Danh sách đã hết hạn; hai người giữ khóa cần ký bản mới.",
    "The list has run out; two custodians need to sign a new version.",
)


class RosterVersion(Base):
    """One signed version of the roster, and a proposed one that still waits for its second signature."""

    __tablename__ = "roster_version"

    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    document: Mapped[bytes] = mapped_column(LargeBinary)
    signatures: Mapped[bytes] = mapped_column(LargeBinary)
    """JSON: member id → signature in hexadecimal."""
    complete: Mapped[bool] = mapped_column(default=False)


_COMPLETE: Final = (
    select(RosterVersion.version, RosterVersion.document, RosterVersion.signatures)
    .where(RosterVersion.complete)
    .order_by(RosterVersion.version)
)
_SPOILT_PIN: Final = Text(
    "Tệp roster.seen trên máy chủ bị hỏng; người quản trị máy cần phục hồi nó từ bản sao lưu.",
    "The file roster.seen on the server is damaged; whoever keeps the machine must restore it from a backup.",
)


class NotASigner(Exception):
    """Only a custodian of the version before, with the keys it names, may sign the next one."""


class NoRoster(Exception):
    """Nobody is rostered yet, so nothing can be sealed."""


def _signed(row: Any) -> SignedRoster:
    signatures = {member: bytes.fromhex(text) for member, text in json.loads(row.signatures).items()}
    return SignedRoster(roster=Roster.decode(row.document), signatures=signatures)


def _pin_path() -> Path:
    return config.current().instance / "roster.seen"


def seen() -> tuple[int, str]:
    """The highest version this machine has ever verified, and its fingerprint; (0, "") before the founding.

    Kept outside the database, against rolling the roster back or inventing another from version 1 on.
    """
    try:
        version, _, fingerprint = _pin_path().read_text(encoding="ascii").strip().partition(" ")
        return int(version), fingerprint
    except FileNotFoundError:
        return 0, ""
    except ValueError:
        raise RosterRefused(_SPOILT_PIN) from None


def _pin(roster: Roster) -> None:
    if roster.version <= seen()[0]:
        return
    fresh = _pin_path().with_suffix(f".{secrets.token_hex(8)}")
    fresh.touch(mode=0o600)
    fresh.write_text(f"{roster.version} {roster.fingerprint}\n", encoding="ascii")
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    fresh.replace(_pin_path())


def _verified(rows: Sequence[SignedRoster], *, today: date | None = None) -> tuple[Roster, ...]:
    version, fingerprint = seen()
    return verify_chain(rows, today=today, highest_seen=version, fingerprint_seen=fingerprint)


def chain(session: Session) -> tuple[Roster, ...]:
    """Every version, verified from the first to the last, to read by; even after the last has run out.

    Raises `NoRoster` or `RosterRefused`.
    """
    rows = session.execute(_COMPLETE).all()
    if not rows:
        if seen()[0]:
            _verified([])  # refuses: this machine has seen one
        raise NoRoster
    cache = current_app.extensions.setdefault("roster_chain", {})
    key = (tuple((row.version, row.document, row.signatures) for row in rows), seen())
    if cache.get("key") != key:
        verified = _verified([_signed(row) for row in rows])
        _pin(verified[-1])
        cache.update(key=key, chain=verified)
    found: tuple[Roster, ...] = cache["chain"]
    return found


def current(session: Session) -> Roster:
    """The roster that reports are sealed to now. `NoRoster`, or `RosterRefused` once it has run out."""
    last = chain(session)[-1]
    if last.not_after < clock.today():
        raise RosterRefused(_RUN_OUT)
    return last


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
    """A new version with every enrolled handler and custodian; it counts once two custodians signed it."""
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
    session.add(
        RosterVersion(version=roster.version, document=roster.encode(), signatures=b"{}", complete=False)
    )
    return roster


def proposed(session: Session) -> tuple[Roster, Sequence[str]] | None:
    """The version that waits for signatures, and who has signed it; None when nothing waits."""
    row = session.scalars(select(RosterVersion).where(~RosterVersion.complete)).first()
    if row is None:
        return None
    return Roster.decode(row.document), tuple(json.loads(row.signatures))


def may_sign(signers: Roster, custodian_id: str, seed: bytes) -> bool:
    """Whether this seed belongs to this custodian on the version that the next one must be signed by."""
    return any(
        member.id == custodian_id and member.sign_public == sign_public(seed) for member in signers.custodians
    )


def add_signature(session: Session, custodian_id: str, seed: bytes) -> bool:
    """Sign the waiting version; True when it is complete and now in force.

    Raises `NoRoster` when nothing waits, `NotASigner` for a key whose signature would spoil the whole.
    Completeness is what verification says, not a count made here.
    """
    row = session.scalars(select(RosterVersion).where(~RosterVersion.complete).with_for_update()).first()
    if row is None:
        raise NoRoster
    earlier = session.scalars(
        select(RosterVersion).where(RosterVersion.complete).order_by(RosterVersion.version)
    )
    signed = [_signed(done) for done in earlier]
    if not may_sign(signed[-1].roster if signed else Roster.decode(row.document), custodian_id, seed):
        raise NotASigner
    signatures = json.loads(row.signatures)
    signatures[custodian_id] = sign(row.document, seed).hex()
    row.signatures = json.dumps(signatures, sort_keys=True).encode()
    try:
        _verified([*signed, _signed(row)], today=clock.today())
    except RosterRefused:
        return False
    row.complete = True
    roster = Roster.decode(row.document)
    # Remembered as soon as it is kept, and not before: an undone deed must leave no pin behind.
    event.listen(session, "after_commit", lambda _session: _pin(roster), once=True)
    return True
