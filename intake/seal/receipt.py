"""The receipt (mã thư): 24 digits that open one mailbox, and are stored nowhere. Pure apart from randomness.

22 random digits (73 bits) and two check digits (ISO 7064 MOD 97-10, as in an IBAN), so that a typing
error is found before anything is computed. scrypt and HKDF turn a receipt into the token by which the
server finds the mailbox (it keeps only its SHA-256) and the seed of the reporter's own key pair.
A browser does the same with the same numbers (tests/vectors).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from dataclasses import dataclass, field
from typing import Final

from core.i18n import Text
from core.keys import deriving
from core.sealing import KEY_BYTES, SharedKey
from core.sealing import derive as derive_key

DIGITS: Final = 24
GROUP: Final = 4
_RANDOM_DIGITS: Final = DIGITS - 2
SCRYPT_N: Final = 2**13
SCRYPT_R: Final = 8
SCRYPT_P: Final = 1


class NotAReceipt(ValueError):
    """What was typed cannot be a receipt. `reason` says how, in both languages."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return str(self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxKeys:
    """What a receipt is worth: `token` (32 bytes) finds the mailbox, `seed` (32 bytes) opens its letters."""

    token: bytes = field(repr=False)
    seed: bytes = field(repr=False)

    @property
    def token_hash(self) -> str:
        """What the server keeps of the token: SHA-256 in hexadecimal."""
        return token_hash(self.token)


def draw() -> str:
    """A fresh receipt: 24 digits without spaces."""
    random = f"{secrets.randbelow(10**_RANDOM_DIGITS):0{_RANDOM_DIGITS}d}"
    return random + f"{98 - int(random) * 100 % 97:02d}"


def parse(text: str) -> str:
    """The 24 digits of a receipt, however it was typed; `NotAReceipt` with a reason for anything else.

    Spaces, line ends, dashes, dots and the like may stand anywhere; digits of any script count.
    """
    digits = _digits(text)
    if not digits:
        raise NotAReceipt(_EMPTY)
    if len(digits) < DIGITS:
        raise NotAReceipt(_TOO_SHORT.format(found=len(digits), missing=DIGITS - len(digits)))
    if len(digits) > DIGITS:
        raise NotAReceipt(_TOO_LONG.format(found=len(digits)))
    if int(digits) % 97 != 1:
        raise NotAReceipt(_MISTYPED)
    return digits


def groups(receipt: str) -> tuple[str, ...]:
    """The six groups of four digits."""
    return tuple(receipt[start : start + GROUP] for start in range(0, DIGITS, GROUP))


def shown(receipt: str) -> str:
    """The receipt as people see it: "1234 5678 …"."""
    return " ".join(groups(receipt))


def group_matches(receipt: str, index: int, typed: str) -> bool:
    """Whether somebody typed group `index` (0 to 5) back rightly; they may have typed the whole receipt."""
    try:
        digits = _digits(typed)
    except NotAReceipt:
        return False
    return any(
        hmac.compare_digest(digits.encode(), expected.encode())
        for expected in (groups(receipt)[index], receipt)
    )


def derive(receipt: str, installation_id: str) -> MailboxKeys:
    """What a parsed receipt is worth in this installation. 8 MiB and some 20 ms; `Busy` in a crowd."""
    with deriving():
        raw = hashlib.scrypt(
            receipt.encode("ascii"),
            salt=installation_id.encode(),
            n=SCRYPT_N,
            r=SCRYPT_R,
            p=SCRYPT_P,
            dklen=KEY_BYTES,
        )
    root = SharedKey(raw)
    return MailboxKeys(token=derive_key(root, "mailbox").raw, seed=derive_key(root, "seed").raw)


def token_hash(token: bytes) -> str:
    """How a mailbox is found by its token, which a browser may have derived itself."""
    return hashlib.sha256(token).hexdigest()


def _digits(text: str) -> str:
    """The digits of a text in which nothing but digits and separators stands, else `NotAReceipt`."""
    found = []
    for character in text:
        digit = unicodedata.decimal(character, None)
        if digit is not None:
            found.append(str(digit))
        elif unicodedata.category(character)[0] not in "ZPCM":  # separators, punctuation, invisible marks
            raise NotAReceipt(_OTHER_SIGNS)
    return "".join(found)


_EMPTY: Final = Text("Bạn chưa nhập mã thư.", "Please type the letter code.")
_OTHER_SIGNS: Final = Text(
    "Mã thư chỉ có chữ số. Bạn xem lại giúp nhé.", "A letter code has digits only. Please look again."
)
_TOO_SHORT: Final = Text(
    "Mã thư có 24 chữ số; bạn đã nhập {found}, còn thiếu {missing}.",
    "A letter code has 24 digits; you typed {found}, so {missing} are missing.",
)
_TOO_LONG: Final = Text(
    "Mã thư có 24 chữ số; bạn đã nhập {found}.", "A letter code has 24 digits; you typed {found}."
)
_MISTYPED: Final = Text(
    "Có chữ số bị gõ nhầm. Bạn so lại từng nhóm bốn số nhé.",
    "A digit was mistyped. Please compare the groups of four one by one.",
)
