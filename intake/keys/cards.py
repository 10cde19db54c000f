"""Recovery cards: the one key that outlives every passphrase, as words on paper and nowhere else. Pure.

At the founding a 32-byte seed is drawn and split by SLIP-39 (Shamir's secret sharing over words) into
three cards of 33 words, any two of which bring it back. The handlers' side of every case is wrapped to
its public key too, names and tallies are not. Nothing here is stored: print or copy the cards, then
forget them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations
from typing import Final

from shamir_mnemonic import MnemonicError, Share, combine_mnemonics, generate_mnemonics
from shamir_mnemonic.wordlist import WORD_INDEX_MAP

from core.i18n import Text
from core.sealing import KEY_BYTES, PrivateKey, random_bytes

CARDS: Final = 3
NEEDED: Final = 2
WORDS: Final = 33
_SEPARATORS: Final = re.compile(r"[^a-z]+")


class CardsRefused(ValueError):
    """These cards do not bring the recovery key back. `reason` says why, in both languages."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return str(self.reason)


def make() -> tuple[bytes, tuple[str, ...]]:
    """A fresh recovery key: its public key (1216 bytes, for the roster) and three cards of 33 words."""
    seed = random_bytes(KEY_BYTES)
    groups: list[list[str]] = generate_mnemonics(1, [(NEEDED, CARDS)], seed)
    return PrivateKey.from_seed(seed).public.raw, tuple(groups[0])


def recover(cards: Sequence[str], public: bytes) -> bytes:
    """The seed behind `public`, from any two of its cards; `CardsRefused` with a reason otherwise.

    Upper case, numbering and line breaks do not matter; a third card is checked and then not needed.
    """
    shares = {}
    for number, typed in enumerate(cards, start=1):
        card = one(typed, number)
        shares[Share.from_mnemonic(card).index] = (number, card)
    if len(shares) < NEEDED:
        raise CardsRefused(_SAME_CARD if len(cards) >= NEEDED else _TOO_FEW)
    sets = {Share.from_mnemonic(card).group_parameters() for _, card in shares.values()}
    if len(sets) > 1:
        raise CardsRefused(_MIXED)
    try:
        seed: bytes = combine_mnemonics([card for _, card in shares.values()][:NEEDED])
    except MnemonicError:
        raise CardsRefused(_MIXED) from None
    if PrivateKey.from_seed(seed).public.raw != public:
        raise CardsRefused(_OTHER_SET)
    return seed


def rehearse(boxes: Sequence[str], public: bytes) -> int:
    """Try every pair of the cards in these boxes (empty ones are passed over); how many pairs there were.

    Each pair brings the key back, or `CardsRefused` names the box it cannot read or the two that do not.
    """
    typed = [(number, words) for number, words in enumerate(boxes, start=1) if words.strip()]
    for number, words in typed:
        one(words, number)
    if len(typed) < NEEDED:
        raise CardsRefused(_TOO_FEW)
    pairs = list(combinations(typed, NEEDED))
    for (first, this), (second, other) in pairs:
        try:
            recover((this, other), public)
        except CardsRefused as refused:
            raise CardsRefused(_PAIR.format(first=first, second=second, reason=refused.reason)) from None
    return len(pairs)


def one(typed: str, number: int = 1) -> str:
    """One card as SLIP-39 writes it, every word and the check at its end verified; else `CardsRefused`."""
    words = [word for word in _SEPARATORS.split(typed.lower()) if word]
    for place, word in enumerate(words, start=1):
        if word not in WORD_INDEX_MAP:
            raise CardsRefused(_NO_SUCH_WORD.format(card=number, place=place, word=word))
    if len(words) != WORDS:
        raise CardsRefused(_WRONG_COUNT.format(card=number, found=len(words)))
    card = " ".join(words)
    try:
        Share.from_mnemonic(card)
    except MnemonicError:
        raise CardsRefused(_MISREAD.format(card=number)) from None
    return card


_NO_SUCH_WORD: Final = Text(
    "Thẻ {card}: từ thứ {place}, “{word}”, không có trong danh sách từ.",
    "Card {card}: word {place}, “{word}”, is not in the list of words.",
)
_WRONG_COUNT: Final = Text(
    "Thẻ {card} phải có 33 từ; bạn đã nhập {found}.", "Card {card} must have 33 words; you typed {found}."
)
_MISREAD: Final = Text(
    "Thẻ {card}: có từ bị nhầm hoặc sai thứ tự. Bạn so lại với thẻ giấy.",
    "Card {card}: a word is wrong or out of order. Please compare with the paper card.",
)
_PAIR: Final = Text("Thẻ {first} và thẻ {second}: {reason}", "Cards {first} and {second}: {reason}")
_TOO_FEW: Final = Text("Cần hai thẻ khác nhau.", "Two different cards are needed.")
_SAME_CARD: Final = Text(
    "Hai lần cùng một thẻ; cần hai thẻ khác nhau.",
    "This is the same card twice; two different ones are needed.",
)
_MIXED: Final = Text("Các thẻ này không cùng một bộ.", "These cards do not belong to the same set.")
_OTHER_SET: Final = Text(
    "Bộ thẻ này không phải của danh sách hiện nay.", "This set of cards is not the one of the present list."
)
