"""Printed cards: random codes, and the marks that say a card was used without saying by which answer.

A code is 12 digits, 10 drawn and 2 check digits (ISO 7064 MOD 97-10). It is printed and never stored; what
is stored is HMAC-SHA256 of it under a key in the instance folder. The code travels into the answer sealed
to the custodians, so whoever holds the database sees used marks and answers, and nothing that joins them.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from core import config
from core.access import Identity, Role, require
from core.i18n import Text
from survey.models import Card, CardUse, Round

DIGITS: Final = 12
_CHECK: Final = 97


class NotACard(ValueError):
    """These digits are no card's code; `sentence` says what to look at."""

    def __init__(self, sentence: Text) -> None:
        super().__init__(sentence.en)
        self.sentence = sentence


def draw() -> str:
    """A fresh code of 12 digits."""
    body = f"{secrets.randbelow(10 ** (DIGITS - 2)):0{DIGITS - 2}d}"
    return f"{body}{98 - int(body) * 100 % _CHECK:02d}"


def shown(code: str) -> str:
    """A code in groups of four, as it is printed."""
    return " ".join(code[start : start + 4] for start in range(0, DIGITS, 4))


def parse(text: str) -> str:
    """The code somebody typed, or `NotACard` before anything is looked up."""
    digits = "".join(str(int(character)) for character in text if character.isdecimal())
    if len(digits) != DIGITS:
        raise NotACard(
            Text(
                f"Mã trên thẻ có {DIGITS} chữ số; bạn đã nhập {len(digits)}.",
                f"The code on the card has {DIGITS} digits; you typed {len(digits)}.",
            )
        )
    if int(digits) % _CHECK != 1:
        raise NotACard(
            Text(
                "Có một chữ số chưa đúng. Bạn xem lại thẻ nhé.",
                "One of the digits is not right. Please look at the card again.",
            )
        )
    return digits


def make(session: Session, by: Identity | None, *, year: int, count: int) -> list[str]:
    """Draw fresh cards for a year and register them; the codes are returned to be printed and kept nowhere."""
    codes = fresh(session, by, year=year, count=count)
    register(session, by, year=year, codes=codes)
    return codes


def fresh(session: Session, by: Identity | None, *, year: int, count: int) -> list[str]:
    """Codes that no card of the year has yet. They answer nothing until they are registered."""
    require(by, Role.CAMPAIGNER)
    taken = set(session.scalars(select(Card.mark).where(Card.year == year)))
    found: dict[str, str] = {}
    while len(found) < count:
        code = draw()
        if mark(code) not in taken:
            found[mark(code)] = code
    return list(found.values())


def register(session: Session, by: Identity | None, *, year: int, codes: Sequence[str]) -> None:
    """Keep the marks of these codes, so that their cards may answer in this year's rounds."""
    require(by, Role.CAMPAIGNER)
    marks = sorted(mark(code) for code in codes)
    session.execute(insert(Card), [{"year": year, "mark": one} for one in marks])
    for open_round in session.scalars(
        select(Round).where(Round.year == year, Round.state == "open", Round.with_cards)
    ):
        session.execute(
            insert(CardUse), [{"round_id": open_round.id, "mark": one, "used": 0} for one in marks]
        )


def printed(session: Session, year: int) -> int:
    """How many cards of a year there are."""
    return session.scalar(select(func.count()).select_from(Card).where(Card.year == year)) or 0


def mark(code: str) -> str:
    """The mark of a card: 64 hexadecimal digits."""
    return hmac.digest(_key(config.current().instance / "cards.key"), code.encode(), "sha256").hex()


@cache
def _key(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    # Written whole under another name first: a second process must never read half a key.
    draft = path.with_suffix(f".{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secrets.token_bytes(32))
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_bytes()
