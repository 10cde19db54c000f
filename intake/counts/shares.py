"""What one custodian gives another for a release: cells sealed to them, and signatures on the way.

The first custodian's cells wait sealed to the second, so that a case from which one of them is struck out
is counted by the other. Only cells travel, never an answer or a judgement, and no page shows one. The first
signs the hash of her sealed share: she cannot have seen the figures that come of it. The second signs the
figures, by their hash together with the head of the log.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from core import rosters
from core.access import Identity
from core.installation import installation_id
from core.roster import Member
from core.sealing import BadSignature, CannotOpen, PrivateKey, context, pad, seal, sign, unpad, unseal, verify
from intake.counts.counting import Cell
from intake.roles import require_may

_PADDED: Final = 65_536
"""A share's length must not tell how many cases somebody can open: so many bytes hold some 2,500, packed tight."""


class ShareRefused(Exception):
    """A share is not from the custodian it names, not for this one, or of another period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Cells of one custodian, sealed to another; signed by its maker over hash, period and recipient."""

    maker: str
    roster_version: int
    sealed: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """SHA-256 of the sealed bytes, in hexadecimal."""
        return hashlib.sha256(self.sealed).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """As it waits in memory."""
        return {
            "maker": self.maker,
            "roster_version": self.roster_version,
            "sealed": self.sealed.hex(),
            "signature": self.signature.hex(),
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Share:
        """What `to_json` wrote."""
        return cls(
            maker=found["maker"],
            roster_version=found["roster_version"],
            sealed=bytes.fromhex(found["sealed"]),
            signature=bytes.fromhex(found["signature"]),
        )


def custodians(session: Session) -> tuple[Member, ...]:
    """Who can take part in a release: the custodians of the roster in force. `NoRoster`, `RosterRefused`."""
    return rosters.current(session).custodians


def seal_share(
    session: Session, identity: Identity, seed: bytes, cells: Mapping[str, Cell], *, as_of: date, to: str
) -> Share:
    """One's cells for a period, sealed to another custodian (an id) of the roster in force, else `KeyError`."""
    require_may(identity, "count")
    roster = rosters.current(session)
    second = {member.id: member for member in roster.custodians}[to]
    sealed = seal(packed(cells), second.seal_key, _place(as_of, identity.person_id, to))
    return Share(
        maker=identity.person_id,
        roster_version=roster.version,
        sealed=sealed,
        signature=sign(_words(as_of, identity.person_id, to, sealed), seed),
    )


def open_share(
    session: Session, identity: Identity, seed: bytes, share: Share, *, as_of: date
) -> dict[str, Cell]:
    """The cells in a share that was sealed to oneself, or `ShareRefused`."""
    require_may(identity, "count")
    maker = _custodian(session, share.maker, share.roster_version)
    place = _place(as_of, share.maker, identity.person_id)
    try:
        verify(
            _words(as_of, share.maker, identity.person_id, share.sealed), share.signature, maker.sign_public
        )
        return unpacked(unseal(share.sealed, PrivateKey.from_seed(seed), place))
    except (CannotOpen, zlib.error) as refused:
        raise ShareRefused from refused


def packed(cells: Mapping[str, Cell]) -> bytes:
    """Cells as bytes whose length does not tell how many they are; to be sealed by whoever keeps them."""
    said = json.dumps({case_id: dict(cell) for case_id, cell in cells.items()}, sort_keys=True).encode()
    return pad(zlib.compress(said, 9), _PADDED)


def unpacked(words: bytes) -> dict[str, Cell]:
    """The cells that `packed` was given. Raises `CannotOpen`, `zlib.error`."""
    found: dict[str, Cell] = json.loads(zlib.decompress(unpad(words)))
    return found


def sign_figures(identity: Identity, seed: bytes, words: tuple[str | int, ...]) -> bytes:
    """The second custodian's signature under what is published: name, hash and the log's head."""
    require_may(identity, "count")
    return sign(_figures(words), seed)


def figures_signed(
    session: Session, signature: bytes, words: tuple[str | int, ...], *, by: str, roster_version: int
) -> bool:
    """Whether that custodian of that roster version signed these words."""
    try:
        verify(_figures(words), signature, _custodian(session, by, roster_version).sign_public)
    except (BadSignature, ShareRefused):
        return False
    return True


def signers(session: Session) -> dict[tuple[str, int], tuple[str, bytes]]:
    """The custodians of every roster: id and its version → name and the key by which what they sign is checked."""
    chain = rosters.chain(session)
    return {
        (one.id, roster.version): (one.name, one.sign_public) for roster in chain for one in roster.custodians
    }


def signed_by(key: bytes, signature: bytes, installation: str, words: tuple[str | int, ...]) -> bool:
    """Whether the holder of a key signed figures of an installation, which need not be this one."""
    try:
        verify(context("signed release", installation, *words), signature, key)
    except BadSignature:
        return False
    return True


def roster_version(session: Session) -> int:
    """The roster in force, by which signatures made today are checked."""
    return rosters.current(session).version


def _custodian(session: Session, member_id: str, version: int) -> Member:
    chain = rosters.chain(session)
    if not 1 <= version <= len(chain):
        raise ShareRefused
    for member in chain[version - 1].custodians:
        if member.id == member_id:
            return member
    raise ShareRefused


def _place(as_of: date, maker: str, to: str) -> bytes:
    return context("share of a release", installation_id(), as_of.isoformat(), maker, to)


def _words(as_of: date, maker: str, to: str, sealed: bytes) -> bytes:
    digest = hashlib.sha256(sealed).hexdigest()
    return context("signed share of a release", installation_id(), as_of.isoformat(), maker, to, digest)


def _figures(words: tuple[str | int, ...]) -> bytes:
    return context("signed release", installation_id(), *words)
