"""Letting a person in: their passphrase opens their lock, and only then is the second factor compared.

A name that nobody has opens a dummy of the same cost, so that answer and time are the same. Which of the
three was wrong is never said.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field, replace
from typing import Final

import pyotp
from sqlalchemy.orm import Session

from core import accounts, brakes, clock, db, keys, log, memory, rosters
from core.access import KEY_HOLDERS, Identity, Role
from core.accounts import Person
from core.keys import Secret
from core.log import LogHead
from core.roster import RosterRefused
from core.rosters import NoRoster
from core.sealing import CannotOpen, context, sign

STEP_SECONDS: Final = 30
CODE_LONGEST_WAIT: Final = 120
_LOGGED: Final = KEY_HOLDERS | {Role.ADMINISTRATOR}
_REMEMBERED_SECONDS: Final = 30 * 86400


class NotRecognised(Exception):
    """Name, passphrase and code did not fit together; which of them is not said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A person who may come in.

    `seed`: of handlers and custodians; `refused`: how often the passphrase was right and the code wrong.
    `earlier`: the seed of the keys that they had before the roster named these. `by_phone`: with a code that counts time,
    not one of the recovery codes: somebody's phone and this machine agree on the clock.
    """

    identity: Identity
    sign_name: str
    seed: bytes | None = field(repr=False)
    earlier: bytes | None = field(repr=False)
    refused: int
    codes_left: int
    log_broken: bool
    by_phone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the database says about a name."""

    identity: Identity
    sign_name: str
    lock: bytes = field(repr=False)


def admit(name: str, passphrase: str, code: str, *, ticket: str = "") -> Admitted:
    """The person of this name, passphrase and code.

    Raises `NotRecognised`, `brakes.MustWait`, or `keys.Busy`. Derives a key: call it outside any transaction.
    """
    wanted = accounts.sign_name(name)
    attempt = brakes.attempt("sign-in", wanted, *_from(wanted), ticket=ticket)
    known, opened = _open(wanted, passphrase)
    secret = _check_code(known, opened, passphrase, code)
    attempt.succeeded()
    refused = int(memory.store().get(_refused(known)) or 0)
    memory.store().delete(_refused(known))
    seed, earlier = _in_use(known.identity, secret)
    return Admitted(
        identity=known.identity,
        sign_name=wanted,
        seed=seed,
        earlier=earlier,
        refused=refused,
        codes_left=len(secret.recovery_codes),
        log_broken=not _write_down(known, seed),
        by_phone=secret is opened,
    )


def open_own(person_id: str, passphrase: str, code: str) -> tuple[bytes, Secret]:
    """The lock and what lies in it, for somebody who is signed in and changes something about their lock."""
    with db.reading() as session:
        person = session.get(Person, person_id)
    if person is None:
        raise NotRecognised
    attempt = brakes.attempt("sign-in", person.sign_name, *_from(person.sign_name))
    known, secret = _open(person.sign_name, passphrase)
    _check_code(known, secret, passphrase, code, recovery=False)
    attempt.succeeded()
    return known.lock, secret


def exchange_lock(person_id: str, old: bytes, new: bytes) -> None:
    """Put a new lock in place of the one that was opened; `NotRecognised` if it is no longer there."""
    with db.writing() as session:
        person = session.get(Person, person_id, with_for_update=True)
        if person is None or person.lock != old:
            raise NotRecognised
        person.lock = new


def _from(sign_name: str) -> tuple[str, str]:
    device = brakes.device(sign_name)
    return ("device", device) if device else ("source", brakes.source())


def _open(sign_name: str, passphrase: str) -> tuple[_Known, Secret]:
    with db.reading() as session:
        person = accounts.by_sign_name(session, sign_name)
        known = (
            person and person.lock and _Known(identity=person.identity, sign_name=sign_name, lock=person.lock)
        )
    try:
        secret = keys.open_lock(known.lock if known else keys.DUMMY_LOCK, passphrase)
    except CannotOpen:
        raise NotRecognised from None
    if not known or not _is_own(known.identity, secret.seed):
        raise NotRecognised
    return known, secret


def _is_own(identity: Identity, seed: bytes | None) -> bool:
    """Whether what lay in the lock belongs to this person: a lock copied into another's row opens no session.

    The roster decides, and the person's row where the roster does not know these keys: before the founding,
    before two custodians have signed, and after enrolling again.
    """
    if seed is None or not identity.roles & KEY_HOLDERS:
        return seed is None and not identity.roles & KEY_HOLDERS
    mine, person_id = keys.public_keys(seed), identity.person_id
    with db.reading() as session:
        person = session.get(Person, person_id)
        try:
            chain = rosters.chain(session)
        except (NoRoster, RosterRefused):
            chain = ()
    named = [(member.id, (member.seal_public, member.sign_public)) for one in chain for member in one.members]
    owners = {public: owner for owner, public in named}
    if mine in owners:
        last = {member.id: member for member in chain[-1].members}.get(person_id)
        return owners[mine] == person_id and (last is None or (last.seal_public, last.sign_public) == mine)
    return person is not None and (person.seal_public, person.sign_public) == mine


def _in_use(identity: Identity, secret: Secret) -> tuple[bytes | None, bytes | None]:
    """Which seed counts now, and the one before it where it still serves.

    Fresh keys count when a roster names them; until then the earlier ones do, which it still names.
    """
    if secret.earlier is None:
        return secret.seed, None
    with db.reading() as session:
        try:
            named = {one.id: one for one in rosters.chain(session)[-1].members}.get(identity.person_id)
        except (NoRoster, RosterRefused):
            named = None
    if named and (named.seal_public, named.sign_public) == keys.public_keys(secret.earlier):
        return secret.earlier, None
    return secret.seed, secret.earlier


def _check_code(
    known: _Known, secret: Secret, passphrase: str, code: str, *, recovery: bool = True
) -> Secret:
    """What lies in the lock from now on, or `NotRecognised`. Reached only with the right passphrase."""
    digits = "".join(character for character in code if character.isalnum())
    try:
        attempt = brakes.attempt(
            "code", known.identity.person_id, brakes.device(known.sign_name), longest=CODE_LONGEST_WAIT
        )
    except brakes.MustWait:
        # To say "wait" here would say that the passphrase was right.
        raise NotRecognised from None
    if _totp_fits(known.identity.person_id, secret.totp, digits):
        left = secret
    elif recovery and accounts.recovery_hash(digits) in secret.recovery_codes:
        left = _use_up(known, secret, passphrase, digits)
    else:
        memory.store().count(_refused(known), _REMEMBERED_SECONDS)
        raise NotRecognised
    attempt.succeeded()
    return left


def totp_step(secret: str, digits: str) -> int | None:
    """The half-minute a code belongs to: this one, the one before or the one after; None for a wrong code."""
    generator = pyotp.TOTP(secret)
    present = int(clock.now().timestamp()) // STEP_SECONDS
    for step in (present, present - 1, present + 1):
        if hmac.compare_digest(generator.generate_otp(step).encode(), digits.encode()):
            return step
    return None


def use_step(person_id: str, step: int) -> bool:
    """Whether a code's half-minute was not used before; from now on it is."""
    return memory.store().add(f"totp:{person_id}:{step}", b"1", 5 * STEP_SECONDS)


def _totp_fits(person_id: str, secret: str, digits: str) -> bool:
    step = totp_step(secret, digits)
    return step is not None and use_step(person_id, step)


def _use_up(known: _Known, secret: Secret, passphrase: str, digits: str) -> Secret:
    """Close the lock anew without the recovery code that was used."""
    used = accounts.recovery_hash(digits)
    codes = tuple(code for code in secret.recovery_codes if code != used)
    left = replace(secret, recovery_codes=codes)
    exchange_lock(known.identity.person_id, known.lock, keys.close(passphrase, left))
    return left


def _refused(known: _Known) -> str:
    return f"refused:{known.identity.person_id}"


def _write_down(known: _Known, seed: bytes | None) -> bool:
    """A line for the sign-in of who holds keys or runs the machine; a custodian signs the log's head.

    A broken log is said, not raised: the custodians must be able to come in and look at it.
    """
    try:
        with db.writing() as session:
            if known.identity.roles & _LOGGED and log.started(session):
                log.write(
                    session,
                    "signed_in",
                    who=known.identity.person_id,
                    detail=_countersign(session, known, seed),
                )
    except log.LogBroken:
        return False
    return True


def _countersign(session: Session, known: _Known, seed: bytes | None) -> dict[str, str | int]:
    """A custodian's signature under the log as it stood when they came in: it cannot be recomputed later."""
    if seed is None or Role.CUSTODIAN not in known.identity.roles:
        return {}
    head = session.get(LogHead, 1, with_for_update=True)
    assert head is not None
    signature = sign(head_words(head.sequence, head.mac), seed)
    return {"head": head.sequence, "mac": head.mac.hex(), "signature": signature.hex()}


def head_words(sequence: int, mac: bytes) -> bytes:
    """What a custodian signs of the log."""
    return context("log head", sequence, mac.hex())
