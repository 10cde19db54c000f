"""Who may open what: a signed list that the database can neither change nor turn back. Pure.

Each version names its handlers and custodians with their public keys, carries the hash of the version
before, and counts only with the signatures of two custodians of the version before. Version 1 is signed
by two of its own custodians: it is trusted at the founding, when the people sit in one room and compare
`say_fingerprint` aloud. A reader who remembers the highest version seen, and its fingerprint, outside
the database cannot be shown an older or an invented chain.

    chain = verify_chain(stored, today=today, highest_seen=7, fingerprint_seen="…")
    for member in chain[-1].handlers: …

What is signed is `Roster.encode()`, which starts with a word of its own, so that a signature under a
roster is never one under anything else.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final, Literal

from core.i18n import Text
from core.sealing import BadSignature, NotAKey, PublicKey
from core.sealing import verify as verify_signature

MemberRole = Literal["handler", "custodian"]

FORMAT: Final = 1
LEAST_HANDLERS: Final = 2
LEAST_CUSTODIANS: Final = 3
SIGNATURES_NEEDED: Final = 2
LONGEST: Final = timedelta(days=400)
_SIGN_PUBLIC_BYTES: Final = 32


class RosterRefused(Exception):
    """A roster does not verify, so nothing is sealed to it. `reason` says why, in both languages."""

    def __init__(self, reason: Text | str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return str(self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One person on the roster, as a reporter sees them, with both public keys (1216 and 32 bytes)."""

    id: str
    name: str
    title_vi: str
    title_en: str
    role: MemberRole
    seal_public: bytes = field(repr=False)
    sign_public: bytes = field(repr=False)

    @property
    def title(self) -> Text:
        """The title in the language of the page."""
        return Text(self.title_vi, self.title_en)

    @property
    def seal_key(self) -> PublicKey:
        """What is sealed to this person is sealed to this key."""
        return PublicKey(self.seal_public)

    @property
    def spoken(self) -> str:
        """Both keys of this person as digits to compare aloud."""
        return say_fingerprint(self.seal_public + self.sign_public)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """One version. `previous`: fingerprint of the version before, "" for version 1.

    The order of `members` is the order of the slots in every case sealed under this version.
    """

    version: int
    previous: str
    installation: str
    made_on: date
    not_after: date
    members: tuple[Member, ...]
    recovery_public: bytes = field(repr=False)

    def __hash__(self) -> int:
        # Much is looked up by roster for each of thousands of cases; hashing every key in it would take longer.
        return hash((self.version, self.previous, self.made_on))

    @property
    def handlers(self) -> tuple[Member, ...]:
        """The handlers, in slot order."""
        return tuple(member for member in self.members if member.role == "handler")

    @property
    def custodians(self) -> tuple[Member, ...]:
        """The custodians, in slot order."""
        return tuple(member for member in self.members if member.role == "custodian")

    def member(self, member_id: str) -> Member:
        """The person with this id; `KeyError` for somebody who is not on this version."""
        for member in self.members:
            if member.id == member_id:
                return member
        raise KeyError(member_id)

    def encode(self) -> bytes:
        """The one way to write this version down: compact JSON, keys in this order, UTF-8."""
        return _compact(
            {
                "roster": FORMAT,
                "version": self.version,
                "previous": self.previous,
                "installation": self.installation,
                "made_on": self.made_on.isoformat(),
                "not_after": self.not_after.isoformat(),
                "members": [_member_as_json(member) for member in self.members],
                "recovery_public": _text(self.recovery_public),
            }
        )

    @classmethod
    def decode(cls, document: bytes) -> Roster:
        """What `encode` wrote; `RosterRefused` for anything else, even if it would mean the same."""
        try:
            roster = _roster_from_json(json.loads(document))
            faithful = roster.encode() == document
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            raise RosterRefused(_UNREADABLE) from None
        if not faithful:
            raise RosterRefused(_UNREADABLE)
        return roster

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the written form, in hexadecimal."""
        return hashlib.sha256(self.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRoster:
    """A version and the signatures under its written form, by the id of the custodian who gave them."""

    roster: Roster
    signatures: Mapping[str, bytes]


def verify(
    signed: SignedRoster,
    *,
    before: SignedRoster | None,
    today: date | None,
    highest_seen: int,
    fingerprint_seen: str,
) -> Roster:
    """One step: this version, given the one before, which must itself have been verified.

    today: refuses what has run out; None when an old version is only read.
    highest_seen, fingerprint_seen: what this machine remembers elsewhere; 0 and "" at the founding.
    Raises `RosterRefused`.
    """
    roster = signed.roster
    _check_people(roster)
    _check_dates(roster, today)
    _check_place(roster, before.roster if before else None)
    if roster.version < highest_seen:
        raise RosterRefused(_ROLLED_BACK)
    if roster.version == highest_seen and roster.fingerprint != fingerprint_seen:
        raise RosterRefused(_OTHER_CHAIN)
    _check_signatures(signed, before.roster if before else roster)
    return roster


def verify_chain(
    chain: Sequence[SignedRoster], *, today: date | None, highest_seen: int, fingerprint_seen: str
) -> tuple[Roster, ...]:
    """Every version from the first to the one in force, or `RosterRefused`.

    Only the last must still be valid today and reach `highest_seen`; the version seen highest must be
    the very one that was seen, so that a chain invented from version 1 on is refused too.
    """
    if not chain:
        raise RosterRefused(_ROLLED_BACK if highest_seen else _EMPTY)
    before: SignedRoster | None = None
    for signed in chain:
        last = signed is chain[-1]
        seen_here = signed.roster.version == highest_seen
        verify(
            signed,
            before=before,
            today=today if last else None,
            highest_seen=highest_seen if last or seen_here else 0,
            fingerprint_seen=fingerprint_seen,
        )
        before = signed
    return tuple(signed.roster for signed in chain)


def say_fingerprint(public: bytes) -> str:
    """24 digits in groups of four (80 bits) that two people compare aloud: "1234 5678 …"."""
    digits = f"{int.from_bytes(hashlib.sha256(public).digest(), 'big') % 10**24:024d}"
    return " ".join(digits[start : start + 4] for start in range(0, 24, 4))


def _check_people(roster: Roster) -> None:
    if len(roster.handlers) < LEAST_HANDLERS or len(roster.custodians) < LEAST_CUSTODIANS:
        raise RosterRefused(_TOO_FEW)
    ids = [member.id for member in roster.members]
    keys = [member.seal_public for member in roster.members] + [roster.recovery_public]
    signing = [member.sign_public for member in roster.members]
    if any(len(set(values)) < len(values) for values in (ids, keys, signing)):
        raise RosterRefused(_TWICE)


def _check_dates(roster: Roster, today: date | None) -> None:
    if not roster.made_on <= roster.not_after <= roster.made_on + LONGEST:
        raise RosterRefused(_TOO_LONG)
    if today is not None and today > roster.not_after:
        raise RosterRefused(_RUN_OUT)


def _check_place(roster: Roster, before: Roster | None) -> None:
    expected = (before.version + 1, before.fingerprint, before.installation) if before else (1, "", None)
    installation = roster.installation if before else None
    if (roster.version, roster.previous, installation) != expected:
        raise RosterRefused(_OUT_OF_PLACE)


def _check_signatures(signed: SignedRoster, signers: Roster) -> None:
    """Two different custodians of `signers`; one false or foreign signature spoils the whole."""
    document = signed.roster.encode()
    custodians = {member.id: member for member in signers.custodians}
    for member_id, signature in signed.signatures.items():
        if member_id not in custodians:
            raise RosterRefused(_FOREIGN)
        try:
            verify_signature(document, signature, custodians[member_id].sign_public)
        except BadSignature:
            raise RosterRefused(_BROKEN) from None
    if len(signed.signatures) < SIGNATURES_NEEDED:
        raise RosterRefused(_UNSIGNED)


def _member_as_json(member: Member) -> dict[str, str]:
    return {
        "id": member.id,
        "name": member.name,
        "title_vi": member.title_vi,
        "title_en": member.title_en,
        "role": member.role,
        "seal_public": _text(member.seal_public),
        "sign_public": _text(member.sign_public),
    }


def _roster_from_json(written: dict[str, Any]) -> Roster:
    if written["roster"] != FORMAT:
        raise ValueError("written by a newer version")
    members = tuple(
        Member(
            id=str(one["id"]),
            name=str(one["name"]),
            title_vi=str(one["title_vi"]),
            title_en=str(one["title_en"]),
            role="handler" if one["role"] == "handler" else "custodian",
            seal_public=_public(one["seal_public"]),
            sign_public=_bytes(one["sign_public"], _SIGN_PUBLIC_BYTES),
        )
        for one in written["members"]
    )
    return Roster(
        version=int(written["version"]),
        previous=str(written["previous"]),
        installation=str(written["installation"]),
        made_on=date.fromisoformat(written["made_on"]),
        not_after=date.fromisoformat(written["not_after"]),
        members=members,
        recovery_public=_public(written["recovery_public"]),
    )


def _public(text: str) -> bytes:
    # Parsed once here, so that a key no one can seal to is found before the roster is in force.
    return PublicKey(base64.b64decode(text, validate=True)).raw


def _bytes(text: str, size: int) -> bytes:
    found = base64.b64decode(text, validate=True)
    if len(found) != size:
        raise NotAKey(f"a signing key has {size} bytes, not {len(found)}")
    return found


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _compact(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


_UNREADABLE: Final = Text(
    "Danh sách người giữ khóa không đọc được.", "The list of people who hold keys cannot be read."
)
_EMPTY: Final = Text("Chưa có danh sách người giữ khóa nào.", "There is no list of people who hold keys yet.")
_ROLLED_BACK: Final = Text(
    "Danh sách đã bị lùi lại: máy này từng thấy một bản mới hơn.",
    "The list was turned back: this machine has seen a later version.",
)
_OTHER_CHAIN: Final = Text(
    "Danh sách này không phải bản mà máy này từng kiểm tra.",
    "This list is not the one that this machine checked before.",
)
_OUT_OF_PLACE: Final = Text(
    "Bản danh sách này không nối tiếp bản trước.", "This version of the list does not follow the one before."
)
_TOO_FEW: Final = Text(
    "Cần ít nhất hai cán bộ tiếp nhận và ba người giữ khóa.",
    "At least two handlers and three custodians are needed.",
)
_TWICE: Final = Text(
    "Một người hoặc một khóa có mặt hai lần trong danh sách.",
    "A person or a key stands in the list twice.",
)
_TOO_LONG: Final = Text(
    "Danh sách chỉ được có hiệu lực tối đa 400 ngày.", "A list is valid for at most 400 days."
)
_RUN_OUT: Final = Text(
    "Danh sách đã hết hạn; hai người giữ khóa cần ký bản mới.",
    "The list has run out; two custodians need to sign a new version.",
)
_FOREIGN: Final = Text(
    "Có chữ ký của người không giữ khóa trong bản trước.",
    "Somebody signed who was not a custodian of the version before.",
)
_BROKEN: Final = Text(
    "Một chữ ký dưới danh sách không đúng.", "One of the signatures under the list is not true."
)
_UNSIGNED: Final = Text(
    "Danh sách cần chữ ký của hai người giữ khóa khác nhau.",
    "The list needs the signatures of two different custodians.",
)
